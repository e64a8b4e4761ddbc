"""What travels on the axis: a signed manifest of about 1 KB and, when small, the document behind it.

Wire form: one line of canonical JSON (a statement signed with the sending gateway's axis key, `routing.statement`), a line feed,
and the document's bytes when they are at most `SMALL`. A bigger document stays in the shared payload store and is named by its
hash; where the store is not shared, its pieces come first, each behind a signed line of its own (docs/adr/0028). The broker is
trusted with nothing: a manifest, and every piece, is believed only under the key of a registered gateway.

A manifest states what only the sending gateway knows; whatever can be read from the document is read there again on arrival.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, TypeAlias

from gateway.errors import EnvelopeError
from gateway.keys import SigningKey
from gateway.records import Json, Message, Recipient
from routing.canonical import canonical_json
from routing.errors_log import LogError
from routing.note import Verifier
from routing.statement import StatementType, open_statement, sign_statement

AXIS = StatementType(name="axis")
SEGMENT_KIND = "segment"
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Stage(StrEnum):
    """What a receipt says: stored for the addressee, refused on arrival, or acknowledged by the addressee's system."""

    RECEIVED = "received"
    REFUSED = "refused"
    ACKNOWLEDGED = "acknowledged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One message for one addressee, as the sending gateway vouches for it."""

    gateway: str
    message_id: str
    about: str | None
    member_id: str
    delivery_id: str
    recipient_code: str
    sha256: str
    size: int
    accepted_at: datetime
    registry_version: int
    resolved_code: str | None = None
    """The code that took over from `recipient_code`, by version `resolved_version` of the sending gateway's registry."""
    resolved_version: int | None = None
    chosen_at: datetime | None = None
    """When the code administrators of the sending gateway chose `resolved_code`; None where it follows by rule."""
    flow_seq: int | None = None
    """Its number among all messages from this sender's code to `recipient_code`, from 1; a gap is one still to come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of one delivery, as the receiving gateway vouches for it."""

    gateway: str
    delivery_id: str
    message_id: str
    sha256: str
    stage: Stage
    reason: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One piece of a document, as the sending gateway vouches for it; the piece's bytes come behind."""

    gateway: str
    delivery_id: str
    sha256: str
    size: int
    index: int
    count: int
    piece_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """The question what became of a delivery that arrived, asked by the gateway that sent it; the answer is the last receipt."""

    gateway: str
    delivery_id: str
    message_id: str


Stated: TypeAlias = Manifest | Receipt | Segment | Inquiry
"""What an envelope can say."""


def milliseconds(moment: datetime) -> int:
    """Return a moment as whole milliseconds since 1970-01-01 UTC, the only form of time inside signed statements."""
    return (moment - EPOCH) // timedelta(milliseconds=1)


def moment(value: int) -> datetime:
    """Return the moment of a number of milliseconds."""
    return EPOCH + timedelta(milliseconds=value)


def seal_message(message: Message, recipient: Recipient, body: bytes | None, *, key: SigningKey) -> bytes:
    """Make the envelope of one delivery; `body` is the document when it travels inside."""
    facts: dict[str, Json] = {
        "kind": "message",
        "gateway": message.gateway,
        "message_id": message.id,
        "member_id": message.member_id,
        "delivery_id": recipient.delivery_id,
        "recipient_code": recipient.code,
        "sha256": message.sha256,
        "size": message.size,
        "accepted_at": milliseconds(message.accepted_at),
        "registry_version": message.registry_version,
    }
    if message.about is not None:
        facts["about"] = message.about
    if recipient.resolved_code is not None:
        facts["resolved_code"] = recipient.resolved_code
        facts["resolved_version"] = recipient.resolved_version or message.registry_version
    if recipient.chosen_at is not None:
        facts["chosen_at"] = milliseconds(recipient.chosen_at)
    if recipient.flow_seq is not None:
        facts["flow_seq"] = recipient.flow_seq
    return _seal(facts, body or b"", key=key)


def seal_receipt(receipt: Receipt, *, key: SigningKey) -> bytes:
    """Make the envelope of one receipt."""
    facts: dict[str, Json] = {
        "kind": "receipt",
        "gateway": receipt.gateway,
        "delivery_id": receipt.delivery_id,
        "message_id": receipt.message_id,
        "sha256": receipt.sha256,
        "stage": receipt.stage.value,
        "at": milliseconds(receipt.at),
    }
    if receipt.reason is not None:
        facts["reason"] = receipt.reason
    return _seal(facts, b"", key=key)


def seal_segment(segment: Segment, piece: bytes, *, key: SigningKey) -> bytes:
    """Make the envelope of one piece of a document."""
    facts: dict[str, Json] = {
        "kind": SEGMENT_KIND,
        "gateway": segment.gateway,
        "delivery_id": segment.delivery_id,
        "sha256": segment.sha256,
        "size": segment.size,
        "index": segment.index,
        "count": segment.count,
        "piece_sha256": segment.piece_sha256,
    }
    return _seal(facts, piece, key=key)


def seal_inquiry(inquiry: Inquiry, *, key: SigningKey) -> bytes:
    """Make the envelope of one question; asked again it is the same bytes."""
    facts: dict[str, Json] = {
        "kind": "inquiry",
        "gateway": inquiry.gateway,
        "delivery_id": inquiry.delivery_id,
        "message_id": inquiry.message_id,
    }
    return _seal(facts, b"", key=key)


def open_envelope(envelope: bytes, *, verifiers: Sequence[Verifier]) -> tuple[Stated, bytes]:
    """Return what a registered gateway vouches for, and the bytes that came inside (empty if none did).

    `verifiers` are the verifier keys of the registered gateways; a key is good only for statements of its own gateway.

    Raises:
        EnvelopeError: not an envelope, no registered gateway signed it, or it speaks for another gateway.

    """
    line, _, body = envelope.partition(b"\n")
    try:
        signed = open_statement(AXIS, json.loads(line), verifiers)
        stated = _stated(signed.facts)
    except LogError as error:
        raise EnvelopeError(reason=error.code) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise EnvelopeError(reason=f"unreadable ({type(error).__name__})") from error
    if signed.signer.name != f"{stated.gateway}/axis":
        raise EnvelopeError(reason="signed with another gateway's key")
    return stated, body


def _seal(facts: Mapping[str, Json], body: bytes, *, key: SigningKey) -> bytes:
    statement = sign_statement(AXIS, facts, key=key.private, key_name=key.name)
    return canonical_json(statement) + b"\n" + body


def _stated(facts: Mapping[str, Json]) -> Stated:
    read = _READERS.get(facts["kind"])
    if read is None:
        raise ValueError("unknown kind")
    return read(facts)


def _manifest(facts: Mapping[str, Any]) -> Manifest:
    return Manifest(
        gateway=facts["gateway"],
        message_id=facts["message_id"],
        about=facts.get("about"),
        member_id=facts["member_id"],
        delivery_id=facts["delivery_id"],
        recipient_code=facts["recipient_code"],
        sha256=_hash(facts["sha256"]),
        size=_number(facts["size"]),
        accepted_at=moment(facts["accepted_at"]),
        registry_version=facts["registry_version"],
        resolved_code=facts.get("resolved_code"),
        resolved_version=facts.get("resolved_version"),
        chosen_at=moment(facts["chosen_at"]) if "chosen_at" in facts else None,
        flow_seq=_flow_seq(facts),
    )


def _receipt(facts: Mapping[str, Any]) -> Receipt:
    return Receipt(
        gateway=facts["gateway"],
        delivery_id=facts["delivery_id"],
        message_id=facts["message_id"],
        sha256=facts["sha256"],
        stage=Stage(facts["stage"]),
        reason=facts.get("reason"),
        at=moment(facts["at"]),
    )


def _segment(facts: Mapping[str, Any]) -> Segment:
    return Segment(
        gateway=facts["gateway"],
        delivery_id=facts["delivery_id"],
        sha256=_hash(facts["sha256"]),
        size=_number(facts["size"]),
        index=_number(facts["index"]),
        count=_number(facts["count"]),
        piece_sha256=_hash(facts["piece_sha256"]),
    )


def _inquiry(facts: Mapping[str, Any]) -> Inquiry:
    return Inquiry(gateway=facts["gateway"], delivery_id=facts["delivery_id"], message_id=facts["message_id"])


_READERS: Final[dict[Json, Callable[[Mapping[str, Any]], Stated]]] = {
    "message": _manifest,
    "receipt": _receipt,
    SEGMENT_KIND: _segment,
    "inquiry": _inquiry,
}


def _hash(value: Json) -> str:
    """Return a hash that may become the name of a file: whoever signed it, JSON holds anything."""
    if not isinstance(value, str) or not _SHA256.fullmatch(value):
        raise ValueError("not a SHA-256 in lowercase hex")
    return value


def _number(value: Json) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("not a number of things")
    return value


def _flow_seq(facts: Mapping[str, Json]) -> int | None:
    """Return the number in the flow; gateways of before state none."""
    number = facts.get("flow_seq")
    if number is not None and (type(number) is not int or number < 1):
        raise ValueError("a number in a flow counts from 1")
    return number
