"""How correspondence looks on the wire: progress at each recipient, statuses, and who speaks of whom.

A part of `wire` with its conventions. Who said what, and when, is for everyone who sees the document; the words and the person in
a status are only for its two sides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from gateway.api.wire import moment
from gateway.flow.progress import NOBODY, Course, claimed_time, recipient_of
from gateway.mentions import Mention
from gateway.records import Json, Message, MessageKind
from schemas.codelists import STATUS_CODES
from schemas.references import Relation


def progress(course: Course | None) -> dict[str, Json]:
    """Write how far a document is at one recipient; nothing is known of it before its first status."""
    found = (course or Course()).progress
    return {
        **_status(found.status_code),
        "reached_at": moment(found.reached_at),
        "closed": found.is_closed,
        "take_back": found.take_back.value,
        "asked_at": moment(found.asked_at),
        "answered_at": moment(found.answered_at),
    }


def statuses(
    mentions: Iterable[Mention],
    courses: Mapping[str, Course],
    *,
    member_id: str | None,
    same: Mapping[str, str] = NOBODY,
) -> list[Json]:
    """Write every status about a document, in the order in which it became known here."""
    return [
        _said(mention, courses, same, is_party=_has_part(mention, member_id))
        for mention in mentions
        if mention.message.kind is MessageKind.STATUS
    ]


def references(message: Message, spoken_of: Sequence[tuple[Relation, Message]]) -> list[Json]:
    """Write the documents that a message speaks of; one that is not known here has no id."""
    known = [_reference(relation, found) for relation, found in spoken_of]
    seen = {(each["relation"], name) for each in known for name in (each["document_id"], each["number"])}
    return known + [
        {
            "relation": each["relation"],
            "id": None,
            "document_id": each["document_id"],
            "number": each.get("code", ""),
        }
        for each in message.refers_to
        if not {(each["relation"], each["document_id"]), (each["relation"], each.get("code"))} & seen
    ]


def referred_by(mentions: Iterable[Mention], *, member_id: str | None) -> list[Json]:
    """Write the documents that speak of one: answers, recalls, updates, replacements; the reason is for their two sides."""
    return [
        {
            "relation": mention.relation.value,
            "id": mention.message.id,
            "document_id": mention.message.document_id,
            "number": mention.message.number,
            "sender": mention.message.sender_code,
            "recipients": [each.code for each in mention.addressees],
            "reason": mention.message.reason if _has_part(mention, member_id) else None,
            "accepted_at": moment(mention.message.accepted_at),
            "noted_at": moment(mention.noted_at),
        }
        for mention in mentions
        if mention.message.kind is MessageKind.EDOC
    ]


def _reference(relation: Relation, found: Message) -> dict[str, Json]:
    return {
        "relation": relation.value,
        "id": found.id,
        "document_id": found.document_id,
        "number": found.number,
    }


def _said(
    mention: Mention, courses: Mapping[str, Course], same: Mapping[str, str], *, is_party: bool
) -> dict[str, Json]:
    message = mention.message
    recipient = recipient_of(mention, same=same)
    return {
        "id": message.id,
        **_status(message.status_code),
        "sender": message.sender_code,
        "recipient": recipient,
        "stated_at": moment(claimed_time(message)),
        "noted_at": moment(mention.noted_at),
        "effect": courses[recipient].effects[message.id].value,
        "description": (message.subject or None) if is_party else None,
        "staff": message.staff if is_party else None,
    }


def _has_part(mention: Mention, member_id: str | None) -> bool:
    """Say whether a member's system sent a status or got it."""
    return member_id is not None and member_id in {
        mention.message.member_id,
        *(each.member_id for each in mention.addressees),
    }


def _status(code: str | None) -> dict[str, Json]:
    name = STATUS_CODES.get(code) if code else None
    return {"status_code": code, "vi": name.vi if name else None, "en": name.en if name else None}
