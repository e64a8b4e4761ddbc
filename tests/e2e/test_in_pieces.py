"""A hundred megabytes between gateways that share only a broker: byte for byte, with flat memory, whoever dies on the way."""

from __future__ import annotations

import asyncio
import hashlib
import os
from pathlib import Path

import pytest

from gateway.client import Client, InboxItem
from tests.e2e.test_big_documents import MIB, _big_document, _post, _sha256
from tests.support.apart import Process, apart
from tests.support.exchange import correspondents
from tests.support.rabbitmq import RabbitMQ

ALLOWED = 48 * MIB
"""Octets by which the peak of either process may grow: what is in flight and taken ahead, and the blocks of an examination."""

LONG = 240


async def came(client: Client, message_id: str) -> InboxItem:
    """Wait for a big document to be in the caller's inbox."""
    async with asyncio.timeout(LONG):
        while True:
            for item in (await client.inbox(wait=5)).items:
                if item.document.id == message_id:
                    return item


def unfinished(process: Process) -> int:
    """Return how many bytes of unfinished documents are on a gateway's disk."""
    return sum(path.stat().st_blocks * 512 for path in (process.data / "partial").glob("*/*.data"))


@pytest.mark.timeout(600)
async def test_a_hundred_megabytes_in_pieces(rabbitmq: RabbitMQ, tmp_path: Path) -> None:
    """The peaks of both processes hardly grow, a small document overtakes, and nothing is left of the pieces."""
    people = correspondents()
    big = tmp_path / "big.edxml"
    _big_document(people, big)
    async with apart(tmp_path, rabbitmq, people) as (north, south):
        async with north.client() as hanoi, south.client() as tuyen_quang:
            first = await hanoi.submit_document(people.document(content=os.urandom(MIB)))
            warmed = await came(tuyen_quang, first.id)
            await _sha256(south.url, south.token, warmed.id)
            before = north.peak, south.peak

            message_id = await _post(north.url, north.token, big)
            small = await hanoi.submit_document(people.document())
            await came(tuyen_quang, small.id)
            assert message_id not in [each.document.id for each in (await tuyen_quang.inbox()).items]

            item = await came(tuyen_quang, message_id)
            digest = await _sha256(south.url, south.token, item.id)
        grown = [each.peak - was for each, was in zip((north, south), before, strict=True)]
        assert max(grown) < ALLOWED
        assert not list((south.data / "partial").glob("*/*"))
    with big.open("rb") as file:
        assert digest == hashlib.file_digest(file, "sha256").hexdigest()


@pytest.mark.timeout(600)
async def test_both_sides_die_on_the_way(rabbitmq: RabbitMQ, tmp_path: Path) -> None:
    """What was acknowledged survives the receiver's death, what was not sent survives the sender's, and it arrives once."""
    people = correspondents()
    document = people.document(content=os.urandom(24 * MIB))
    async with apart(tmp_path, rabbitmq, people) as (north, south):
        async with north.client() as hanoi:
            sent = await hanoi.submit_document(document)
        kept = await _kept_at_least(south, MIB)
        await south.kill()
        assert unfinished(south) >= kept
        await south.start()
        await _kept_at_least(south, kept + MIB)
        await north.kill()
        await north.start()
        async with south.client() as tuyen_quang:
            item = await came(tuyen_quang, sent.id)
            assert await tuyen_quang.inbox_content(item.id) == document
            assert [each.document.id for each in (await tuyen_quang.inbox()).items] == [sent.id]


async def _kept_at_least(process: Process, size: int) -> int:
    """Wait until so much of a document is on a gateway's disk, and return how much it is by then."""
    async with asyncio.timeout(LONG):
        while (kept := unfinished(process)) < size:
            await asyncio.sleep(0.001)
    return kept
