"""Pieces from the axis: what a registered gateway may send, and that nobody else gets a byte onto the disk.

The receiving gateway is a whole one; pieces and manifests are put on its queue as a broker would bring them.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uuid_utils import uuid7

from gateway.errors import EnvelopeError, PayloadDiffersError
from gateway.flow.envelope import seal_message, seal_segment
from gateway.flow.segments import cut, is_segment, open_segment
from gateway.flow.stated import Segment
from gateway.keys import SigningKey
from gateway.peers import PeerGateway
from gateway.pieces import SEGMENT, Whole
from gateway.records import Message, OutboxItem, Recipient
from routing.log import Kind
from routing.note import parse_verifier_key
from schemas.document import Attachment
from tests.api.world import World, world
from tests.gateway.test_envelope import MESSAGE, NORTH, RECIPIENT, SOUTH
from tests.gateway.test_receiving import (
    OTHER,
    STRANGER,
    entry,
    envelope,
    from_the_office,
    introduce,
    put,
    waiting,
)

VERIFIERS = [parse_verifier_key(key.verifier) for key in (NORTH, SOUTH)]


def in_pieces(body: bytes, *, key: SigningKey = OTHER, **changes: Any) -> list[bytes]:
    """Return the sealed pieces of a body as `key`'s gateway sends them; `changes` falsify every header."""
    pieces = [body[at : at + SEGMENT] for at in range(0, len(body), SEGMENT)]
    segments = [
        Segment(
            gateway=key.name.removesuffix("/axis"),
            delivery_id=str(uuid7()),
            sha256=sha256(body).hexdigest(),
            size=len(body),
            index=index,
            count=len(pieces),
            piece_sha256=sha256(piece).hexdigest(),
        )
        for index, piece in enumerate(pieces)
    ]
    return [
        seal_segment(replace(segment, **changes), piece, key=key)
        for segment, piece in zip(segments, pieces, strict=True)
    ]


def a_big_document() -> bytes:
    """Return a signed document of several pieces."""
    content = b"%PDF-1.7\n" + os.urandom(400_000)
    attachment = Attachment.of(content, content_id="1", name="a.pdf", content_type="application/pdf")
    return from_the_office(contents={"1": content}, attachments=(attachment,))


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[World]:
    """Run the gateway that receives; the other one shares no payloads with it."""
    async with world(tmp_path) as running:
        await introduce(running)
        peer = PeerGateway(name="gw.other", verifier_key=OTHER.verifier, shares_payloads=False)
        await running.store.registry.put_peer(peer, actor="test")
        yield running


def kept(gateway: World) -> list[Path]:
    """Return the files of unfinished documents."""
    return list((gateway.context.settings.data / "partial").glob("*/*"))


async def counted(gateway: World, name: str, result: str, count: int) -> None:
    """Wait until so much was counted."""
    registry = gateway.context.metrics.registry
    async with asyncio.timeout(20):
        while (registry.get_sample_value(name, {"result": result}) or 0) < count:
            await asyncio.sleep(0.02)


async def test_a_document_in_pieces_arrives(gateway: World) -> None:
    """In any order and with repeats; the bytes are those that were signed, and nothing is left of the pieces."""
    body = a_big_document()
    message_id, manifest = envelope(body, inline=b"")
    pieces = in_pieces(body) * 2
    random.Random(7).shuffle(pieces)
    for each in (*pieces, manifest):
        await put(gateway, each)

    item = await gateway.arrived(message_id)
    content = await gateway.call("GET", f"/v1/inbox/{item['id']}/content", token="tayninh")

    assert content.body == body
    assert kept(gateway) == []


async def test_pieces_that_are_late_refuse_nothing(gateway: World) -> None:
    """A manifest before all its pieces gets no receipt and no refusal; when it comes again with the rest, it arrives."""
    body = a_big_document()
    message_id, manifest = envelope(body, inline=b"")
    pieces = in_pieces(body)
    for each in (*pieces[1:], manifest):
        await put(gateway, each)
    await counted(gateway, "vanthu_axis_arrived_total", "undecided", 1)
    assert await waiting(gateway) == []

    for each in (*in_pieces(body), manifest):
        await put(gateway, each)

    assert (await gateway.arrived(message_id))["document"]["size"] == len(body)
    kinds = {found.kind for found in await gateway.log()}
    assert kinds.isdisjoint({Kind.ARRIVAL_REFUSED, Kind.ARRIVAL_UNDECIDED, Kind.MESSAGE_DISCARDED})


@pytest.mark.parametrize(
    ("key", "changes", "reason"),
    [
        (STRANGER, {}, "axis.bad_envelope"),
        (OTHER, {"gateway": "gw.test"}, "axis.bad_envelope"),
        (OTHER, {"size": 10}, "axis.bad_envelope"),
        (OTHER, {"count": 9}, "axis.bad_envelope"),
        (OTHER, {"index": 3}, "axis.bad_envelope"),
        (OTHER, {"sha256": "../" * 20 + "etc"}, "axis.bad_envelope"),
        (OTHER, {"piece_sha256": "0" * 64}, "axis.payload_differs"),
    ],
    ids=["unregistered", "other's name", "size", "count", "index", "path", "other bytes"],
)
async def test_what_nobody_vouches_for_is_not_written(
    gateway: World, key: SigningKey, changes: dict[str, Any], reason: str
) -> None:
    """It goes to the dead letters with an entry, and not a byte of it to the disk."""
    await put(gateway, in_pieces(os.urandom(2 * SEGMENT), key=key, **changes)[0])

    assert (await entry(gateway, Kind.MESSAGE_DISCARDED)).fields["reason"] == reason
    assert kept(gateway) == []


async def test_a_segment_without_signature(gateway: World) -> None:
    """Whoever has the broker's password can write a header, and nobody believes it."""
    sealed = in_pieces(os.urandom(SEGMENT))[0]
    header, _, piece = sealed.partition(b"\n")
    await put(gateway, header.replace(b'"signature":"', b'"signature":"AAAA') + b"\n" + piece)
    await put(gateway, b'{"axis":{"kind":"segment"},"key":"","signature":""}\n' + piece)

    await counted(gateway, "vanthu_axis_segments_total", "dead", 2)
    assert kept(gateway) == []


async def test_a_segment_in_another_spelling_is_put_aside(gateway: World) -> None:
    """A header that somebody wrote anew is no document and no receipt, whatever it says."""
    header, _, piece = in_pieces(os.urandom(SEGMENT))[0].partition(b"\n")
    await put(gateway, header.replace(b'"kind":"segment"', b'"kind" : "segment"') + b"\n" + piece)

    assert (await entry(gateway, Kind.MESSAGE_DISCARDED)).fields["reason"] == "axis.bad_envelope"
    assert kept(gateway) == []


async def test_pieces_of_one_gateway_for_anothers_manifest(gateway: World) -> None:
    """A registered gateway sends false pieces under a hash that another vouches for: they do not meet."""
    west = SigningKey(name="gw.west/axis", private=STRANGER.private)
    await gateway.store.registry.put_peer(
        PeerGateway(name="gw.west", verifier_key=west.verifier), actor="test"
    )
    body = a_big_document()
    message_id, manifest = envelope(body, inline=b"")
    false = in_pieces(bytes(len(body)), key=west, sha256=sha256(body).hexdigest())
    for each in (*false, manifest):
        await put(gateway, each)
    await counted(gateway, "vanthu_axis_arrived_total", "undecided", 1)
    assert await waiting(gateway) == []

    for each in (*in_pieces(body), *false, manifest):
        await put(gateway, each)

    item = await gateway.arrived(message_id)
    content = await gateway.call("GET", f"/v1/inbox/{item['id']}/content", token="tayninh")
    assert content.body == body


async def test_a_spoiled_transfer_heals(gateway: World) -> None:
    """A gateway whose disk changed a piece while it was read announces one thing and sends another; its next attempt is taken."""
    body = a_big_document()
    message_id, manifest = envelope(body, inline=b"")
    spoiled = in_pieces(bytes(len(body)), sha256=sha256(body).hexdigest())
    for each in (*in_pieces(body)[1:], spoiled[0], manifest):
        await put(gateway, each)
    assert (await entry(gateway, Kind.MESSAGE_DISCARDED)).fields["reason"] == "axis.payload_differs"

    for each in (*in_pieces(body), manifest):
        await put(gateway, each)

    assert (await gateway.arrived(message_id))["document"]["size"] == len(body)


async def test_what_is_too_large_is_refused(gateway: World) -> None:
    """What is announced as bigger than this gateway takes is let go, though it is signed, and its sender hears why."""
    size = gateway.context.settings.max_body + 1
    whole = Whole(gateway="gw.other", sha256="ab" * 32, size=size)
    claim = in_pieces(os.urandom(SEGMENT), size=size, count=whole.count, sha256=whole.sha256)
    small_id, small = envelope(from_the_office())
    big_id, big = envelope(b"", sha256=whole.sha256, size=size)
    unheard_of = envelope(b"", sha256="cd" * 32, size=size)[1]
    for each in (claim[0], small, unheard_of, big):
        await put(gateway, each)

    await gateway.arrived(small_id)
    refused = await entry(gateway, Kind.ARRIVAL_REFUSED)

    assert (refused.document_id, refused.fields["reason"]) == (big_id, "request.body_too_large")
    await counted(gateway, "vanthu_axis_segments_total", "too_large", 1)
    await counted(gateway, "vanthu_axis_arrived_total", "undecided", 1)
    assert kept(gateway) == []


@given(st.data())
def test_only_what_was_signed_is_opened(data: st.DataObject) -> None:
    """A sealed piece comes out as it went in; changed in any one place it does not come out as another."""
    body = data.draw(st.binary(min_size=1, max_size=300))
    [sealed] = in_pieces(body, key=NORTH)
    whole, piece = open_segment(sealed, verifiers=VERIFIERS)
    assert is_segment(sealed)
    assert (whole.sha256, piece.content) == (sha256(body).hexdigest(), body)

    at = data.draw(st.integers(0, len(sealed) - 1))
    changed = bytearray(sealed)
    changed[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises((EnvelopeError, PayloadDiffersError)):
        open_segment(bytes(changed), verifiers=VERIFIERS)


def test_a_manifest_is_no_segment() -> None:
    """What is opened as a piece must be one; a document's own text cannot make it look like one."""
    sealed = seal_message(MESSAGE, RECIPIENT, b'"kind":"segment"\n', key=NORTH)
    assert not is_segment(sealed)
    with pytest.raises(EnvelopeError, match="not a segment"):
        open_segment(sealed, verifiers=VERIFIERS)


@pytest.mark.parametrize("size", [1, SEGMENT, SEGMENT + 1, 3 * SEGMENT])
def test_what_is_cut_fits_together(tmp_path: Path, size: int) -> None:
    """The sender's pieces are what the receiver expects of a document of this size."""
    body = os.urandom(size)
    path = tmp_path / "body"
    path.write_bytes(body)
    message = replace(MESSAGE, sha256=sha256(body).hexdigest(), size=size)

    opened = [
        open_segment(each, verifiers=VERIFIERS) for each in cut(_item(message, RECIPIENT), path, key=NORTH)
    ]

    assert b"".join(piece.content for _, piece in opened) == body
    assert {whole for whole, _ in opened} == {
        Whole(gateway=message.gateway, sha256=message.sha256, size=size)
    }


@pytest.mark.parametrize("size", [0, SEGMENT, 2 * SEGMENT])
def test_a_file_of_another_length_is_not_cut(tmp_path: Path, size: int) -> None:
    """A file that was cut off is found out before the last piece is sent."""
    path = tmp_path / "body"
    path.write_bytes(bytes(size))
    message = replace(MESSAGE, size=2 * SEGMENT + 1)

    with pytest.raises(PayloadDiffersError):
        list(cut(_item(message, RECIPIENT), path, key=NORTH))


def _item(message: Message, recipient: Recipient) -> OutboxItem:
    return OutboxItem(
        id=recipient.delivery_id,
        fence=1,
        attempt=1,
        queue=recipient.queue,
        message=message,
        recipient=recipient,
        body=None,
    )
