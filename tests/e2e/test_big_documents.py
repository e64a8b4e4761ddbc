"""A hundred megabytes in a few files: from system to system, byte for byte, and never in memory as a whole."""

from __future__ import annotations

import asyncio
import hashlib
import os
from pathlib import Path

import aiohttp
import pytest

from gateway.client import Client
from schemas.document import Attachment, Organization
from tests.cli.world import started
from tests.e2e.test_story import arrived
from tests.support.documents import edxml
from tests.support.exchange import RECIPIENT, SENDER, Correspondents, connect, correspondents

MIB = 2**20
FILES, SIZE = 4, 25 * MIB
ALLOWED = 48 * MIB
"""Octets by which the peak may grow: blocks in flight, and what the database and the C library keep for next time."""


def _peak(process_id: int) -> int:
    status = Path(f"/proc/{process_id}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def _big_document(pen: Correspondents, path: Path) -> None:
    contents = {str(number): os.urandom(SIZE) for number in range(FILES)}
    attachments = tuple(
        Attachment.of(
            content, content_id=name, name=f"phu-luc-{name}.bin", content_type="application/octet-stream"
        )
        for name, content in contents.items()
    )
    file = edxml(
        contents,
        attachments=attachments,
        sender=Organization(organ_id=SENDER),
        recipients=(Organization(organ_id=RECIPIENT),),
        document_id=f"{SENDER},big",
    )
    path.write_bytes(pen.sign(file))


async def _post(url: str, token: str, path: Path) -> str:
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/edxml+xml",
        "Content-Length": str(path.stat().st_size),
    }
    async with aiohttp.ClientSession() as session:
        with path.open("rb") as body:
            async with session.post(f"{url}/v1/documents", data=body, headers=headers) as answer:
                assert answer.status == 201, await answer.text()
                return str((await answer.json())["id"])


async def _sha256(url: str, token: str, item_id: str) -> str:
    digest = hashlib.sha256()
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.get(f"{url}/v1/inbox/{item_id}/content") as answer,
    ):
        assert answer.status == 200
        async for chunk in answer.content.iter_chunked(MIB):
            digest.update(chunk)
    return digest.hexdigest()


@pytest.mark.timeout(300)
def test_a_hundred_megabytes(tmp_path: Path) -> None:
    """Accepted, examined twice, delivered and fetched; the gateway's memory hardly notices."""
    pen = correspondents()
    pen.trust(tmp_path / "data" / "trust")
    big = tmp_path / "big.edxml"
    _big_document(pen, big)
    with started("serve", "--port", "0", "--data", tmp_path / "data", until="listening") as (process, lines):
        url = lines[-1].partition('"url": "')[2].partition('"')[0]
        before, after, found = asyncio.run(_exchange(url, tmp_path / "data", pen, big, process.pid))
    with big.open("rb") as file:
        assert found == hashlib.file_digest(file, "sha256").hexdigest()
    assert after - before < ALLOWED, f"the peak grew by {(after - before) // MIB} MiB"


async def _exchange(
    url: str, data: Path, pen: Correspondents, big: Path, process_id: int
) -> tuple[int, int, str]:
    admin_token = (data / "admin.token").read_text().strip()
    async with Client(url, token=admin_token) as admin:
        sender, recipient = await connect(admin)
    async with Client(url, token=sender) as hanoi, Client(url, token=recipient) as tuyenquang:
        sent = await hanoi.submit_document(pen.document(content=os.urandom(MIB)))
        first = await arrived(tuyenquang, sent.id)
        await _sha256(url, recipient, first.id)
        before = _peak(process_id)
        message_id = await _post(url, sender, big)
        item = await arrived(tuyenquang, message_id)
        digest = await _sha256(url, recipient, item.id)
    return before, _peak(process_id), digest
