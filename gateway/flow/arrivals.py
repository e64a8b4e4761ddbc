"""What an arrived message is, put together from its manifest and from what its own bytes say; and what a receipt changes.

The manifest is believed for what only the sending gateway knows (ids, time of acceptance); everything else is read from the
document again.
"""

from __future__ import annotations

import asyncio
import hashlib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from gateway.errors import EnvelopeError, PayloadDiffersError, PayloadMissingError
from gateway.flow import entries, grounds
from gateway.flow.errors_under_way import LeftQueueError
from gateway.flow.examination import Examination, kind_of
from gateway.flow.piecing import Pieces
from gateway.flow.stated import Manifest, Receipt, Stage
from gateway.flow.summary import NOTHING, summary
from gateway.pieces import Whole
from gateway.ports import Documents, Payloads
from gateway.records import Delivery, Message, MessageKind, ReceiptStep, Recipient
from routing.agencies import Directory
from routing.delivery import DeliveryState
from routing.heading import Addressee, Arriving, Astray, Course

AHEAD: Final = timedelta(minutes=2)
"""So far ahead of the database's clock here may another gateway's be."""

_SKEW: Final = timedelta(days=1)
"""More than any process's clock is wrong."""


STATE_AFTER: Final = {
    Stage.RECEIVED: DeliveryState.RECEIVED,
    Stage.REFUSED: DeliveryState.REFUSED,
    Stage.ACKNOWLEDGED: DeliveryState.ACKNOWLEDGED,
}


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


async def source_of(manifest: Manifest, inline: bytes, payloads: Payloads, pieces: Pieces) -> bytes | Path:
    """Return the document that the manifest vouches for, after checking every byte of it.

    Raises:
        PayloadMissingError: the payload store does not have it, and no piece of it is here.
        SegmentsMissingError: only some of its pieces are here.
        PayloadDiffersError: it is not the one that the manifest names.
        BodyTooLargeError: pieces of it came, and it is bigger than this gateway takes.

    """
    if inline:
        if sha256_of(inline) != manifest.sha256:
            raise PayloadDiffersError(sha256=manifest.sha256)
        return inline
    try:
        try:
            path, digest = await asyncio.to_thread(_read_payload, payloads, manifest.sha256)
        except FileNotFoundError:
            await _assemble(manifest, payloads, pieces)
            # Also if there was nothing to assemble: for another addressee, it may have become whole meanwhile.
            path, digest = await asyncio.to_thread(_read_payload, payloads, manifest.sha256)
    except FileNotFoundError:
        raise PayloadMissingError(sha256=manifest.sha256) from None
    if digest != manifest.sha256:
        raise PayloadDiffersError(sha256=manifest.sha256)
    return path


async def _assemble(manifest: Manifest, payloads: Payloads, pieces: Pieces) -> None:
    """Make a document of pieces that the manifest's own gateway sent, if there are any."""
    if not manifest.size:
        return
    whole = Whole(gateway=manifest.gateway, sha256=manifest.sha256, size=manifest.size)
    path = await pieces.finish(whole)
    if path is not None:
        await payloads.adopt(path, whole.sha256)


def _read_payload(payloads: Payloads, sha256: str) -> tuple[Path, str]:
    path = payloads.path(sha256)
    return path, file_sha256(path)


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file without reading it into memory at once."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def host(directory: Directory, member_id: str | None) -> str | None:
    """Return the gateway that hosts a member; None for no such member."""
    return next((member.gateway for member in directory.members if member.id == member_id), None)


def hosted_queues(directory: Directory, gateway: str) -> frozenset[str]:
    """Return the queues of the members that a gateway hosts."""
    return frozenset(member.queue for member in directory.members if member.gateway == gateway)


async def receipt_step(
    receipt: Receipt, documents: Documents, directory: Directory, sha256: str
) -> ReceiptStep:
    """Return what a receipt changes; `sha256` is that of its envelope.

    Raises:
        EnvelopeError: it is about no delivery of this gateway, or none of its own.

    """
    delivery = await documents.delivery(receipt.delivery_id)
    if delivery is None:
        raise EnvelopeError(reason="a receipt for no delivery of this gateway")
    if not vouches(receipt, delivery, directory):
        raise EnvelopeError(reason="a receipt from a gateway that does not host the addressee")
    return ReceiptStep(
        delivery_id=delivery.id,
        state=STATE_AFTER[receipt.stage],
        reason=receipt.reason,
        event=entries.receipt_came(receipt, delivery, sha256=sha256),
    )


def vouches(receipt: Receipt, delivery: Delivery, directory: Directory) -> bool:
    """Tell whether a receipt comes from a gateway that may say so: the addressee's, or one that it was sent to before.

    A gateway that the document has left speaks only for what it took: that it refuses does not end what goes on elsewhere.
    """
    if host(directory, delivery.member_id) == receipt.gateway:
        return True
    formerly = {host(directory, member_id) for member_id in delivery.former_members}
    return receipt.stage is not Stage.REFUSED and receipt.gateway in formerly


def arriving_of(
    manifest: Manifest, examination: Examination, course: Course, *, gateway: str
) -> Arriving | None:
    """Return whose inbox takes an arrival here; None if the document or the registry does not say so.

    Raises:
        LeftQueueError: its addressee has left this queue; whoever sent it sends it anew.

    """
    if all(delivery.code != manifest.recipient_code for delivery in examination.deliveries):
        return None
    addressee = Addressee(
        code=manifest.recipient_code,
        accepted_at=manifest.accepted_at,
        member_id="",
        resolved_code=manifest.resolved_code,
        chosen_at=manifest.chosen_at,
    )
    arriving = course.arriving(addressee, examination.at, gateway=gateway)
    if isinstance(arriving, Astray):
        raise LeftQueueError(recipient=manifest.recipient_code)
    return arriving


def recipient_of(manifest: Manifest, examination: Examination, arriving: Arriving | None) -> Recipient:
    """Return the addressee of the envelope, with what the document and the directory say of it."""
    delivery = next(
        (delivery for delivery in examination.deliveries if delivery.code == manifest.recipient_code), None
    )
    return Recipient(
        delivery_id=manifest.delivery_id,
        code=manifest.recipient_code,
        as_sent=delivery.as_sent if delivery else manifest.recipient_code,
        member_id=arriving.member.id if arriving else "",
        queue=arriving.member.queue if arriving else "",
        resolved_code=arriving.resolved_code if arriving else None,
        chosen_at=manifest.chosen_at,
        flow_seq=manifest.flow_seq,
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
