"""Log entries and whole logs for tests, with every member that each kind must have."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from routing.audit import AuditReport, audit
from routing.canonical import Json
from routing.checkpoint import Checkpoint, sign_checkpoint
from routing.log import Kind, leaf
from routing.log_kinds import DOCUMENT_KINDS, REQUIRED
from routing.merkle import Frontier, leaf_hash
from routing.note import Verifier

AT = datetime(2025, 6, 30, 17, 0, 0, 123_000, tzinfo=UTC)
ORIGIN = "gw.example.gov.vn/routing/2025"
SHA256 = "ab" * 32

MEMBERS: dict[str, Json] = {
    "actor": "admin-7",
    "attempt": 1,
    "certificate_sha256": SHA256,
    "certificate_subject": "CN=Tổ chức chứng thực gốc",
    "change": "change-12",
    "change_sha256": SHA256,
    "credential": "cred-3",
    "deliver_by_t": 1_751_302_799_000,
    "entity": "entity-9",
    "count": 3,
    "entries": 12,
    "explanation": "the key is registered now",
    "former_member": "H39",
    "gateway": "gw.other.example",
    "justification": "mã bị cấp nhầm, văn bản đang đi lạc",
    "issuer": "CN=Tổ chức chứng thực,C=VN",
    "member": "H57",
    "message": "message-1",
    "origin": ORIGIN,
    "payload_sha256": SHA256,
    "payload_size": 48_211,
    "purpose": "checkpoints",
    "query": {"document_id": "0197"},
    "reason": "registry.code_closed",
    "receipt_sha256": SHA256,
    "recipient": "H57.4",
    "recipients": ["H57.4"],
    "registration": "registration-1",
    "registry_sha256": SHA256,
    "registry_version": 412,
    "relation": "recalls",
    "role": "anchor",
    "rolled_back_by": "change-13",
    "rule": "signer.certificate",
    "sender": "H26.3.1",
    "sha256": SHA256,
    "stage": "received",
    "status_code": "01",
    "status_message": "status-1",
    "to": "H57.9",
    "trust_number": 3,
    "trust_sha256": SHA256,
    "trusted_until": "2025-06-30T17:00:00+00:00",
    "usages": ["signature"],
    "verifier_key": "name+00000000+key",
}


def required(kind: Kind, **changes: Json) -> dict[str, Any]:
    """Give every member that `kind` must have, with some changed or added."""
    return {name: MEMBERS[name] for name in REQUIRED[kind]} | changes


def entry(
    kind: Kind, *, document_id: str = "doc-1", seq: int = 1, prev: bytes | None = None, **changes: Json
) -> bytes:
    """Write one entry of any kind."""
    members = required(kind, **changes)
    if kind in DOCUMENT_KINDS:
        return leaf(kind, t=AT, instance="gw-1", document_id=document_id, seq=seq, prev=prev, **members)
    return leaf(kind, t=AT, instance="gw-1", **members)


class Log:
    """A log in memory, with everything that a store keeps of one, open to tampering."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self.key = key
        self.rows: list[tuple[int | None, bytes, bytes]] = []
        self.nodes: dict[tuple[int, int], bytes] = {}
        self.checkpoints: list[tuple[int, str]] = []
        self.frontier = Frontier()
        self._heads: dict[str, tuple[int, bytes]] = {}

    def add(self, kind: Kind, document_id: str = "doc-1", **changes: Json) -> None:
        """Append an entry of `kind`, chained to the one before of its document."""
        self.put(self.chain(kind, document_id, **changes))

    def stage(self, kind: Kind, document_id: str = "doc-1", **changes: Json) -> None:
        """Write an entry that is not in the tree yet."""
        raw = self.chain(kind, document_id, **changes)
        self.rows.append((None, raw, leaf_hash(raw)))

    def chain(self, kind: Kind, document_id: str = "doc-1", **changes: Json) -> bytes:
        """Write the document's next entry and move its head on."""
        seq, prev = self._heads.get(document_id, (0, None))
        raw = entry(kind, document_id=document_id, seq=seq + 1, prev=prev, **changes)
        if kind in DOCUMENT_KINDS:
            self._heads[document_id] = (seq + 1, leaf_hash(raw))
        return raw

    def put(self, raw: bytes) -> None:
        """Append any bytes."""
        hashed = leaf_hash(raw)
        self.rows.append((self.frontier.size, raw, hashed))
        for level, index, node in self.frontier.append(hashed):
            self.nodes[level, index] = node

    def checkpoint(self, **changes: object) -> None:
        """Sign the log as it is, or something else."""
        facts = {"origin": ORIGIN, "size": self.frontier.size, "root": self.frontier.root()} | changes
        note = sign_checkpoint(Checkpoint(**facts), self.key)  # type: ignore[arg-type]  # the test's business
        self.checkpoints.append((self.frontier.size, note))

    def read(self, level: int, index: int) -> bytes:
        """Read a stored node."""
        return self.nodes[level, index]

    def audit(self, *, with_nodes: bool = True, verifiers: Iterable[Verifier] | None = None) -> AuditReport:
        """Audit the log as it is now."""
        own = [Verifier.of(ORIGIN, self.key.public_key())]
        return audit(
            self.rows,
            checkpoints=self.checkpoints,
            origin=ORIGIN,
            verifiers=own if verifiers is None else verifiers,
            nodes=self.read if with_nodes else None,
        )
