"""What gateways state to each other on the axis, as it is read from signed facts.

A registered gateway may sign any JSON. Invariant: of whatever it signs, names are texts that every database takes, numbers and
times are in range, and hashes may become the names of files; the rest is refused here, before anything is done with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, TypeAlias, TypeVar

from gateway.records import Json

SEGMENT_KIND: Final = "segment"
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MAX_TEXT: Final = 1000
"""Characters in a name or a reason; real ones have less than a hundred."""

T = TypeVar("T")

_MAX_NUMBER: Final = 2**31
_SHA256: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


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


def read(facts: Mapping[str, Any]) -> Stated:
    """Return what signed facts state.

    Raises:
        ValueError: they state nothing that is known here, or something that cannot be.
        KeyError: something is missing.

    """
    reader = _READERS.get(_text(facts["kind"]))
    if reader is None:
        raise ValueError("unknown kind")
    return reader(facts)


def _manifest(facts: Mapping[str, Any]) -> Manifest:
    return Manifest(
        gateway=_text(facts["gateway"]),
        message_id=_text(facts["message_id"]),
        about=_if_stated(_text, facts, "about"),
        member_id=_text(facts["member_id"]),
        delivery_id=_text(facts["delivery_id"]),
        recipient_code=_text(facts["recipient_code"]),
        sha256=_hash(facts["sha256"]),
        size=_size(facts["size"]),
        accepted_at=_moment(facts["accepted_at"]),
        registry_version=_number(facts["registry_version"]),
        resolved_code=_if_stated(_text, facts, "resolved_code"),
        resolved_version=_if_stated(_number, facts, "resolved_version"),
        chosen_at=_if_stated(_moment, facts, "chosen_at"),
        flow_seq=_if_stated(_flow_seq, facts, "flow_seq"),
    )


def _receipt(facts: Mapping[str, Any]) -> Receipt:
    return Receipt(
        gateway=_text(facts["gateway"]),
        delivery_id=_text(facts["delivery_id"]),
        message_id=_text(facts["message_id"]),
        sha256=_hash(facts["sha256"]),
        stage=Stage(facts["stage"]),
        reason=_if_stated(_text, facts, "reason"),
        at=_moment(facts["at"]),
    )


def _segment(facts: Mapping[str, Any]) -> Segment:
    return Segment(
        gateway=_text(facts["gateway"]),
        delivery_id=_text(facts["delivery_id"]),
        sha256=_hash(facts["sha256"]),
        size=_size(facts["size"]),
        index=_number(facts["index"]),
        count=_number(facts["count"]),
        piece_sha256=_hash(facts["piece_sha256"]),
    )


def _inquiry(facts: Mapping[str, Any]) -> Inquiry:
    return Inquiry(
        gateway=_text(facts["gateway"]),
        delivery_id=_text(facts["delivery_id"]),
        message_id=_text(facts["message_id"]),
    )


_READERS: Final[dict[str, Callable[[Mapping[str, Any]], Stated]]] = {
    "message": _manifest,
    "receipt": _receipt,
    SEGMENT_KIND: _segment,
    "inquiry": _inquiry,
}


def _if_stated(read_one: Callable[[Json], T], facts: Mapping[str, Json], name: str) -> T | None:
    return read_one(facts[name]) if name in facts else None


def _text(value: Json) -> str:
    # Printable also because people see it, on terminals and in telemetry.
    if not isinstance(value, str) or len(value) > MAX_TEXT or not value.isprintable():
        raise ValueError("not a short text")
    return value


def _hash(value: Json) -> str:
    """Return a hash that may become the name of a file."""
    if not isinstance(value, str) or not _SHA256.fullmatch(value):
        raise ValueError("not a SHA-256 in lowercase hex")
    return value


def _size(value: Json) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("not a number of bytes")
    return value


def _number(value: Json) -> int:
    number = _size(value)
    if number >= _MAX_NUMBER:
        raise ValueError("not a number of things")
    return number


def _moment(value: Json) -> datetime:
    try:
        return moment(_size(value))
    except OverflowError:
        raise ValueError("not a moment of our era") from None


def _flow_seq(value: Json) -> int:
    number = _size(value)
    if number < 1:
        raise ValueError("a number in a flow counts from 1")
    return number
