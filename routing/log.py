"""The entries of the routing log: what they are, how they become bytes, and how they are read back.

One entry, one *leaf* of the tree, is the exact bytes of one RFC 8785 JSON object (`routing.canonical`) of
at most 65,534 bytes, as a C2SP tlog-tiles entry bundle can hold. The bytes are stored and hashed as they
are and never written anew. Members common to all entries:

======================  =====================================================================================
``v``                   version of these rules, 1
``kind``                what happened, one of `Kind`
``t``                   when, as the writing process saw it: UTC milliseconds since 1970
``instance``            the process that wrote it
``document_id``, ``seq``  the gateway's id of the document, and 1, 2, 3 … for the entries of its own history
``prev``                leaf hash of the previous entry of that history; absent when ``seq`` is 1
======================  =====================================================================================

so that one document's life is complete and ordered by itself, whatever other entries lie between. Further
members depend on the kind: `routing.log_kinds.REQUIRED` names those that must be there, `SHAPES` what a
member of a given name always looks like; a ``reason`` is an error code, never a sentence. Others may be
added freely; readers pass them on.

Invariants: SHA-256 values are lowercase hexadecimal everywhere, so that they can be searched for as text;
an entry that could not be read back is not written; unknown versions and kinds are refused, never skipped.
No personal data in clear: subjects, names and file names go into ``commitments`` (see `commitment`);
whoever erases the salt and the value beside the log erases the data and leaves the log intact.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from types import MappingProxyType
from typing import Final, cast

from routing.canonical import Json, canonical_json, read_canonical_json
from routing.errors_log import EntryKindUnknown, EntryMalformed, EntryTooLarge, EntryVersionUnknown
from routing.log_kinds import DOCUMENT_KINDS, REQUIRED, Kind

__all__ = ["FIRST_SEQ", "MAX_LEAF", "VERSION", "Kind", "LogEntry", "commitment", "leaf", "read_leaf"]

VERSION: Final = 1
FIRST_SEQ: Final = 1
MAX_LEAF: Final = 65_534
SALT_SIZE: Final = 32

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_LATEST = (datetime(9999, 12, 31, tzinfo=UTC) - _EPOCH) // _MILLISECOND
_HISTORY = ("document_id", "seq", "prev")
_COMMON = frozenset({"v", "kind", "t", "instance", *_HISTORY})
_KINDS: Mapping[str, Kind] = MappingProxyType({kind.value: kind for kind in Kind})
_MUST_HAVE = {kind: ("t", "instance", *names) for kind, names in REQUIRED.items()}
_MAX_TEXT = 1024
_HEX = re.compile(r"[0-9a-f]{64}").fullmatch
_REASON = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*").fullmatch


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One entry of the routing log, read and checked; `fields` holds the members that depend on the kind."""

    kind: Kind
    t: datetime
    instance: str
    document_id: str | None
    seq: int | None
    prev: bytes | None
    fields: Mapping[str, Json]


def leaf(
    kind: Kind,
    *,
    t: datetime,
    instance: str,
    document_id: str | None = None,
    seq: int | None = None,
    prev: bytes | None = None,
    **fields: Json,
) -> bytes:
    """Write one entry as the bytes that are hashed into the tree.

    `t` must be aware. Kinds that speak of one document take its id, the number `seq` of this entry in its
    history, and from the second on `prev`, the 32-byte leaf hash of the one before; the others take none.

    Raises:
        EntryMalformed: if a member is missing, has the wrong shape or is not allowed for this kind.
        EntryTooLarge: if the entry has more than 65,534 bytes.
        NotCanonical: if a value is of a type that entries cannot hold.

    """
    if t.tzinfo is None:
        raise EntryMalformed(kind=kind, field="t", reason="the time has no time zone")
    body: dict[str, Json] = {
        "v": VERSION,
        "kind": kind.value,
        "t": (t - _EPOCH) // _MILLISECOND,
        "instance": instance,
    }
    if document_id is not None:
        body["document_id"] = document_id
    if seq is not None:
        body["seq"] = seq
    if prev is not None:
        body["prev"] = prev.hex()
    if "v" in fields:
        raise EntryMalformed(kind=kind, field="v", reason="the name is reserved")
    body |= fields
    _check(kind, body)
    raw = canonical_json(body)
    if len(raw) > MAX_LEAF:
        raise EntryTooLarge(size=len(raw), limit=MAX_LEAF)
    return raw


def read_leaf(raw: bytes) -> LogEntry:
    """Read the bytes of one entry back, accepting nothing that `leaf` would not have written.

    Raises:
        EntryTooLarge: if `raw` has more than 65,534 bytes.
        NotCanonical: if `raw` is not one JSON object in canonical form.
        EntryVersionUnknown, EntryKindUnknown: if the entry is written to other rules than these.
        EntryMalformed: if a member is missing, has the wrong shape or is not allowed for its kind.

    """
    if len(raw) > MAX_LEAF:
        raise EntryTooLarge(size=len(raw), limit=MAX_LEAF)
    body = read_canonical_json(raw)
    version = body.get("v")
    if type(version) is not int or version != VERSION:
        raise EntryVersionUnknown(version=str(version))
    kind = _KINDS.get(str(body.get("kind")))
    if kind is None:
        raise EntryKindUnknown(kind=str(body.get("kind")))
    _check(kind, body)
    return _entry(kind, body)


def commitment(value: str | bytes, salt: bytes) -> str:
    """Commit to `value` without revealing it: SHA-256(salt ‖ value) in hexadecimal; text is taken as UTF-8.

    The salt must be 32 random bytes, new for every value: a subject line alone could be guessed and tried.

    Raises:
        ValueError: if the salt does not have 32 bytes.

    """
    if len(salt) != SALT_SIZE:
        raise ValueError(f"a salt has {SALT_SIZE} bytes, not {len(salt)}")
    return sha256(salt + (value.encode() if isinstance(value, str) else value)).hexdigest()


def _is_text(value: Json) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _MAX_TEXT


def _is_texts(value: Json) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(map(_is_text, value))


def _is_count(value: Json) -> bool:
    return type(value) is int and value >= 0


def _is_sha256(value: Json) -> bool:
    return isinstance(value, str) and _HEX(value) is not None


def _is_sha256s(value: Json) -> bool:
    return isinstance(value, dict) and all(map(_is_sha256, value.values()))


def _is_reason(value: Json) -> bool:
    return isinstance(value, str) and len(value) <= _MAX_TEXT and _REASON(value) is not None


def _is_object(value: Json) -> bool:
    return isinstance(value, dict)


def _is_time(value: Json) -> bool:
    return type(value) is int and 0 <= value <= _LATEST


SHAPES: Mapping[str, Callable[[Json], bool]] = MappingProxyType(
    {
        **dict.fromkeys(("t", "deliver_by_t"), _is_time),
        "recipients": _is_texts,
        "reason": _is_reason,
        "commitments": _is_sha256s,
        **dict.fromkeys(("query", "verdict"), _is_object),
        **dict.fromkeys(("instance", "document_id", "about", "status_code", "status_message"), _is_text),
        **dict.fromkeys(("sender", "recipient", "to", "agency", "entity", "member", "gateway"), _is_text),
        **dict.fromkeys(("actor", "change", "credential", "delivery", "origin", "verifier_key"), _is_text),
        **dict.fromkeys(("former_member", "explanation", "resolved_code", "stage"), _is_text),
        "chain": _is_texts,
        **dict.fromkeys(("rule", "purpose", "message", "relation", "registration"), _is_text),
        **dict.fromkeys(
            ("certificate_subject", "role", "revocation", "trusted_from", "trusted_until"), _is_text
        ),
        **dict.fromkeys(("usages", "agency_codes"), _is_texts),
        **dict.fromkeys(
            ("seq", "attempt", "count", "entries", "payload_size", "registry_version", "trust_number"),
            _is_count,
        ),
        **dict.fromkeys(("issuer", "justification", "rolled_back_by"), _is_text),
        **dict.fromkeys(("sha256",), _is_sha256),
        **dict.fromkeys(("prev", "payload_sha256", "registry_sha256"), _is_sha256),
        **dict.fromkeys(
            ("certificate_sha256", "change_sha256", "receipt_sha256", "trust_sha256"), _is_sha256
        ),
    }
)


def _check(kind: Kind, body: Mapping[str, Json]) -> None:
    """Refuse an entry that lacks a member, has one of the wrong shape, or does not fit its history."""
    for name in _MUST_HAVE[kind]:
        if name not in body:
            raise EntryMalformed(kind=kind, field=name, reason="it is missing")
    for name, value in body.items():
        shape = SHAPES.get(name)
        if shape is not None and not shape(value):
            raise EntryMalformed(kind=kind, field=name, reason="it has the wrong shape")
    _check_history(kind, body)


def _check_history(kind: Kind, body: Mapping[str, Json]) -> None:
    """Refuse an entry that is not numbered and chained as its kind demands."""
    if kind not in DOCUMENT_KINDS:
        for name in _HISTORY:
            if name in body:
                raise EntryMalformed(kind=kind, field=name, reason="this kind belongs to no document")
        return
    for name in ("document_id", "seq"):
        if name not in body:
            raise EntryMalformed(kind=kind, field=name, reason="it is missing")
    seq = cast("int", body["seq"])
    if seq < FIRST_SEQ:
        raise EntryMalformed(kind=kind, field="seq", reason="a history begins with 1")
    if (seq == FIRST_SEQ) == ("prev" in body):
        raise EntryMalformed(kind=kind, field="prev", reason="every entry but the first has it")


def _entry(kind: Kind, body: Mapping[str, Json]) -> LogEntry:
    """Name the members that `_check` has found to be there and well shaped."""
    prev = body.get("prev")
    return LogEntry(
        kind=kind,
        t=_EPOCH + cast("int", body["t"]) * _MILLISECOND,
        instance=cast("str", body["instance"]),
        document_id=cast("str | None", body.get("document_id")),
        seq=cast("int | None", body.get("seq")),
        prev=bytes.fromhex(prev) if isinstance(prev, str) else None,
        fields=MappingProxyType({name: value for name, value in body.items() if name not in _COMMON}),
    )
