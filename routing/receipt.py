"""Receipts: what a sender gets for an accepted document, and can hold against the gateway later.

A receipt (a statement of type ``receipt``) says: this gateway accepted this document, of these bytes, at
this time; the entry with this leaf hash says so in its log and will be under a checkpoint by the time
promised. A log that lacks the entry after that time, or has another in its place, is proven false by the
receipt alone.

Invariants: the name of the signing key is that of the gateway, or begins with it and a slash, so that no
gateway's key vouches for another's acts; a receipt says nothing of a log entry other than the one it names
(`match_receipt`).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from routing.canonical import Json
from routing.errors_log import ReceiptMismatch, StatementMalformed
from routing.log import SHAPES, Kind, LogEntry, read_leaf
from routing.merkle import leaf_hash
from routing.note import Verifier
from routing.statement import StatementType, open_statement, sign_statement

RECEIPT: Final = StatementType(name="receipt")
VERSION: Final = 1

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_TIMES = ("accepted_at", "in_log_by")
_SHAPES: Mapping[str, Callable[[Json], bool]] = MappingProxyType(
    {
        **{
            name: SHAPES[name]
            for name in ("gateway", "origin", "document_id", "payload_sha256", "payload_size")
        },
        **dict.fromkeys(_TIMES, SHAPES["t"]),
        "entry_sha256": SHAPES["payload_sha256"],
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a gateway vouches for when it accepts a document; hashes in hexadecimal, times aware."""

    gateway: str
    origin: str
    """The log that holds the entry."""
    document_id: str
    payload_sha256: str
    payload_size: int
    entry_sha256: str
    """Leaf hash of the entry of kind accepted."""
    accepted_at: datetime
    in_log_by: datetime
    """From then on, every checkpoint of the log covers the entry."""


def sign_receipt(receipt: Receipt, *, key: Ed25519PrivateKey, key_name: str) -> dict[str, Json]:
    """Sign a receipt; the result can be written as JSON.

    Raises:
        ReceiptMismatch: if `key_name` is not a name of the gateway.
        StatementMalformed: if a member of the receipt has the wrong shape.
        VerifierKeyMalformed: if `key_name` cannot name a key.

    """
    _check_name(receipt.gateway, key_name)
    facts: dict[str, Json] = {"v": VERSION, "kind": RECEIPT.name}
    for name in _SHAPES:
        value = getattr(receipt, name)
        facts[name] = (value - _EPOCH) // _MILLISECOND if name in _TIMES else value
    _check_shapes(facts)
    return sign_statement(RECEIPT, facts, key=key, key_name=key_name)


def verify_receipt(signed: Mapping[str, object], verifiers: Iterable[Verifier]) -> Receipt:
    """Return the receipt in `signed`, as read from JSON, if one of the `verifiers` signed it for its gateway.

    Raises:
        StatementError: if it is malformed, not signed, signed by an unknown key, or by another gateway's.

    """
    statement = open_statement(RECEIPT, signed, verifiers)
    facts = statement.facts
    _check_shapes(facts)
    members: dict[str, Any] = {name: facts[name] for name in _SHAPES}
    for name in _TIMES:
        members[name] = _EPOCH + members[name] * _MILLISECOND
    receipt = Receipt(**members)
    _check_name(receipt.gateway, statement.signer.name)
    return receipt


def match_receipt(receipt: Receipt, entry: bytes) -> LogEntry:
    """Return the log entry in these bytes if it is the one that the receipt promised, and says the same.

    Raises:
        ReceiptMismatch: if it is another entry or says something else.
        EntryError, NotCanonical: if the bytes are not an entry.

    """
    if leaf_hash(entry).hex() != receipt.entry_sha256:
        raise ReceiptMismatch(reason="the entry is not the one that the receipt names")
    read = read_leaf(entry)
    if read.kind is not Kind.ACCEPTED:
        raise ReceiptMismatch(reason=f"the entry says {read.kind}, not that a document was accepted")
    said = (read.document_id, read.t, read.fields["payload_sha256"], read.fields["payload_size"])
    if said != (receipt.document_id, receipt.accepted_at, receipt.payload_sha256, receipt.payload_size):
        raise ReceiptMismatch(reason="the entry speaks of another document, payload or time")
    return read


def _check_name(gateway: str, key_name: str) -> None:
    if key_name != gateway and not key_name.startswith(gateway + "/"):
        raise ReceiptMismatch(reason=f"a key named {key_name} cannot sign for {gateway}")


def _check_shapes(facts: Mapping[str, Json]) -> None:
    if facts.keys() != {"v", "kind", *_SHAPES}:
        raise StatementMalformed(statement=RECEIPT.name, reason="it lacks a member or has one too many")
    if type(facts["v"]) is not int or facts["v"] != VERSION or facts["kind"] != RECEIPT.name:
        raise StatementMalformed(statement=RECEIPT.name, reason="its version or kind is not known")
    for name, shape in _SHAPES.items():
        if not shape(facts[name]):
            raise StatementMalformed(statement=RECEIPT.name, reason=f"{name} has the wrong shape")
