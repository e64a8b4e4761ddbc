"""What an arrived message is, put together from its manifest and from what its own bytes say.

The manifest is believed for what only the sending gateway knows (ids, time of acceptance); everything else is read from the
document again.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from gateway.flow import grounds
from gateway.flow.envelope import Manifest
from gateway.flow.examination import Examination, kind_of
from gateway.flow.summary import NOTHING, summary
from gateway.records import Message, MessageKind, Recipient
from routing.agencies import Directory

AHEAD: Final = timedelta(minutes=2)
"""So far ahead of the database's clock here may another gateway's be."""

_SKEW: Final = timedelta(days=1)
"""More than any process's clock is wrong."""


def codes_at(manifest: Manifest, *, at: datetime, grace: timedelta) -> datetime:
    """Return the moment whose codes count for an arrival: that of its acceptance, if it is neither ahead nor long ago."""
    is_believed = at - grace <= manifest.accepted_at <= at + AHEAD
    return manifest.accepted_at if is_believed else at


def is_clearly_recent(manifest: Manifest, *, at: datetime, grace: timedelta) -> bool:
    """Say whether the time of acceptance is the moment that counts, even if the clock which says `at` is wrong."""
    return timedelta(0) <= at - manifest.accepted_at < grace - _SKEW


def sha256_of(body: bytes) -> str:
    """Return the SHA-256 of bytes in memory."""
    return hashlib.sha256(body).hexdigest()


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file without reading it into memory at once."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def host(directory: Directory, member_id: str | None) -> str | None:
    """Return the gateway that hosts a member; None for no such member."""
    return next((member.gateway for member in directory.members if member.id == member_id), None)


def serving_member(manifest: Manifest, examination: Examination) -> str | None:
    """Return the member that serves the manifest's addressee, if the document names that addressee."""
    return next(
        (delivery.member for delivery in examination.deliveries if delivery.code == manifest.recipient_code),
        None,
    )


def recipient_of(manifest: Manifest, examination: Examination) -> Recipient:
    """Return the addressee of the envelope, with what the document and the directory say of it."""
    delivery = next(
        (delivery for delivery in examination.deliveries if delivery.code == manifest.recipient_code), None
    )
    return Recipient(
        delivery_id=manifest.delivery_id,
        code=manifest.recipient_code,
        as_sent=delivery.as_sent if delivery else manifest.recipient_code,
        member_id=delivery.member if delivery else "",
        queue=delivery.queue if delivery else "",
    )


def message_of(manifest: Manifest, examination: Examination, *, about: str | None) -> Message:
    """Return the arrived message; parts that could not be read are empty (it is then refused)."""
    content = examination.message
    return Message(
        id=manifest.message_id,
        kind=kind_of(content) if content else MessageKind.EDOC,
        about=about,
        gateway=manifest.gateway,
        member_id=manifest.member_id,
        sender_code=examination.sender.agency.code if examination.sender else "",
        sender_as_sent=examination.sender.as_sent if examination.sender else "",
        accepted_at=manifest.accepted_at,
        sha256=manifest.sha256,
        size=manifest.size,
        registry_version=manifest.registry_version,
        verdict=grounds.verdict_facts(examination),
        **(summary(content) if content else NOTHING),
    )
