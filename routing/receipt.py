"""Receipts: what a gateway signs about a document, and whoever holds one can hold against it later.

Three types of statement (`routing.statement`), so that none can be taken for another:

``receipt``
    this gateway accepted this document, of these bytes, at this time;
``delivery_receipt``
    this is how far a document came at one recipient: stored for it, taken over by it, refused; or it is held,
    goes on to whoever took over (``resolved_code``), or cannot be delivered;
``refusal_receipt``
    this gateway refused these bytes, for this reason.

Each names the log entry that it was made from, and when that entry will be under a checkpoint: a log that
lacks the entry after that time, or has another in its place, is proven false by the receipt alone
(`routing.receipt_entry`).

Invariants: the key that signs is named after the gateway and the purpose, so that no other key of a gateway,
and no other gateway's key, vouches for what it did; a member that is not known is left out, never null.
"""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from routing.canonical import Json
from routing.delivery import DeliveryState
from routing.errors_log import ReceiptMismatch, StatementMalformed
from routing.log import SHAPES
from routing.note import PrivateKey, Verifier
from routing.statement import StatementType, open_statement, sign_statement

RECEIPT: Final = StatementType(name="receipt")
DELIVERY_RECEIPT: Final = StatementType(name="delivery_receipt")
REFUSAL_RECEIPT: Final = StatementType(name="refusal_receipt")
VERSION: Final = 1
STAGES: Final = frozenset(DeliveryState) - {DeliveryState.CONFIRMED}
"""How far a delivery can be said to have come; what only the axis says of it is the gateway's own business."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_TIMES = frozenset({"accepted_at", "recorded_at", "refused_at", "in_log_by", "peer_at"})
_TEXTS = ("delivery_id", "resolved_code", "peer", "indication", "sub_indication", "trust_version")
_HASHES = ("entry_sha256", "signer_certificate_sha256", "peer_receipt_sha256")
_ENVELOPE = frozenset({"key", "signature"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """What every receipt says; hashes in hexadecimal, times aware."""

    gateway: str
    origin: str
    """The log that holds the entry."""
    document_id: str
    """The gateway's own id of the document."""
    payload_sha256: str
    entry_sha256: str
    """Leaf hash of the entry that the receipt was made from."""
    in_log_by: datetime
    """From then on, every checkpoint of the log covers the entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt(_Named):
    """What a gateway vouches for when it accepts a document, and what its decision rested on."""

    payload_size: int
    accepted_at: datetime
    registry_version: int | None = None
    trust_version: str | None = None
    indication: str | None = None
    signer_certificate_sha256: str | None = None

    @property
    def at(self) -> datetime:
        """When it happened."""
        return self.accepted_at


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReceipt(_Named):
    """How far a document came at one recipient, as the gateway that signs has seen it.

    A gateway that sent the document away relies on the receipt of the gateway that hosts the recipient: `peer`
    is that gateway, `peer_at` when it happened there, `peer_receipt_sha256` the hash of its receipt as it came.
    Without them the gateway that signs hosts the recipient itself.
    """

    delivery_id: str
    recipient: str
    stage: DeliveryState
    recorded_at: datetime
    reason: str | None = None
    resolved_code: str | None = None
    """The code of whoever took over from the recipient, and gets the document from now on."""
    peer: str | None = None
    peer_at: datetime | None = None
    peer_receipt_sha256: str | None = None

    @property
    def at(self) -> datetime:
        """When it was recorded."""
        return self.recorded_at


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalReceipt(_Named):
    """That a gateway refused these bytes, and the code of the reason."""

    payload_size: int
    reason: str
    refused_at: datetime
    registry_version: int | None = None
    trust_version: str | None = None
    indication: str | None = None
    sub_indication: str | None = None
    signer_certificate_sha256: str | None = None

    @property
    def at(self) -> datetime:
        """When it happened."""
        return self.refused_at


AnyReceipt: TypeAlias = Receipt | DeliveryReceipt | RefusalReceipt


def _is_stage(value: Json) -> bool:
    return value in STAGES


_SHAPES: Mapping[str, Callable[[Json], bool]] = MappingProxyType(
    {
        **{name: SHAPES[name] for name in ("gateway", "origin", "document_id", "recipient", "reason")},
        **{name: SHAPES[name] for name in ("payload_sha256", "payload_size", "registry_version")},
        **dict.fromkeys(_TEXTS, SHAPES["gateway"]),
        **dict.fromkeys(_HASHES, SHAPES["payload_sha256"]),
        **dict.fromkeys(_TIMES, SHAPES["t"]),
        "stage": _is_stage,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """How one type of receipt is written: its statement, its record, and the members that it has."""

    statement: StatementType
    record: type[AnyReceipt]

    @property
    def required(self) -> frozenset[str]:
        return frozenset(
            each.name for each in dataclasses.fields(self.record) if each.default is dataclasses.MISSING
        )

    @property
    def known(self) -> frozenset[str]:
        return frozenset(each.name for each in dataclasses.fields(self.record))


_FORMS: Mapping[str, _Form] = MappingProxyType(
    {
        statement.name: _Form(statement=statement, record=record)
        for statement, record in (
            (RECEIPT, Receipt),
            (DELIVERY_RECEIPT, DeliveryReceipt),
            (REFUSAL_RECEIPT, RefusalReceipt),
        )
    }
)


def key_name(gateway: str) -> str:
    """Return the one name under which a gateway signs receipts."""
    return f"{gateway}/receipt"


def sign_receipt(receipt: AnyReceipt, *, key: PrivateKey, key_name: str) -> dict[str, Json]:
    """Sign a receipt; the result can be written as JSON.

    Raises:
        ReceiptMismatch: if `key_name` is not the name of the gateway's key for receipts.
        StatementMalformed: if a member of the receipt has the wrong shape.
        VerifierKeyMalformed: if `key_name` cannot name a key.

    """
    _check_name(receipt.gateway, key_name)
    form = next(form for form in _FORMS.values() if form.record is type(receipt))
    facts: dict[str, Json] = {"v": VERSION, "kind": form.statement.name}
    for name in form.known:
        value = getattr(receipt, name)
        if value is not None:
            facts[name] = (value - _EPOCH) // _MILLISECOND if name in _TIMES else value
    _check_shapes(form, facts)
    return sign_statement(form.statement, facts, key=key, key_name=key_name)


def open_receipt(signed: Mapping[str, object], verifiers: Iterable[Verifier]) -> AnyReceipt:
    """Return the receipt in `signed`, as read from JSON, if one of the `verifiers` signed it for its gateway.

    Raises:
        StatementError: if it is no receipt, malformed, not signed, signed by an unknown key, or by one that
            does not sign receipts for this gateway.

    """
    form = _form_of(signed)
    statement = open_statement(form.statement, signed, verifiers)
    facts = statement.facts
    _check_shapes(form, facts)
    members: dict[str, Any] = {name: value for name, value in facts.items() if name in form.known}
    for name in _TIMES & members.keys():
        members[name] = _EPOCH + members[name] * _MILLISECOND
    if "stage" in members:
        members["stage"] = DeliveryState(members["stage"])
    receipt = form.record(**members)
    _check_name(receipt.gateway, statement.signer.name)
    return receipt


def verify_receipt(signed: Mapping[str, object], verifiers: Iterable[Verifier]) -> Receipt:
    """Return the receipt of an acceptance in `signed`, as `open_receipt` does.

    Raises:
        StatementError: as `open_receipt`, or it is a receipt of another type.

    """
    receipt = open_receipt(signed, verifiers)
    if not isinstance(receipt, Receipt):
        raise ReceiptMismatch(reason="it is not the receipt of an acceptance")
    return receipt


def _form_of(signed: Mapping[str, object]) -> _Form:
    named = [name for name in signed if name not in _ENVELOPE]
    form = _FORMS.get(named[0]) if len(named) == 1 else None
    if form is None:
        raise StatementMalformed(statement=RECEIPT.name, reason="it is not a receipt of a known type")
    return form


def _check_name(gateway: str, name: str) -> None:
    if name != key_name(gateway):
        raise ReceiptMismatch(reason=f"a key named {name} does not sign receipts for {gateway}")


def _check_shapes(form: _Form, facts: Mapping[str, Json]) -> None:
    name = form.statement.name
    members = facts.keys() - {"v", "kind"}
    if not {"v", "kind"} <= facts.keys() or not form.required <= members <= form.known:
        raise StatementMalformed(statement=name, reason="it lacks a member or has one too many")
    if type(facts["v"]) is not int or facts["v"] != VERSION or facts["kind"] != name:
        raise StatementMalformed(statement=name, reason="its version or kind is not known")
    for member in sorted(members):
        if not _SHAPES[member](facts[member]):
            raise StatementMalformed(statement=name, reason=f"{member} has the wrong shape")
