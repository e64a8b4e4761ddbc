"""What is marked as a state secret is refused with a reason, and nothing of it stays behind (NĐ 30/2020 Điều 18.2, 22.4)."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import uuid4

import pybase64
import pytest

from schemas.document import Attachment
from tests.api.world import World, a_document, unsigned_document

pytestmark = pytest.mark.asyncio(loop_scope="session")


def _holding(folder: Path, *traces: bytes) -> list[Path]:
    """Return the files of the gateway that hold any of the traces."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if any(trace in path.read_bytes() for trace in traces)]


@pytest.mark.parametrize("size", [1_000, 100_000, 3_000_000])
async def test_a_secret_document_leaves_no_trace(
    gateway: World, size: int, capfd: pytest.CaptureFixture[str]
) -> None:
    """Refused from memory or from the spool: neither answer nor log, database, payloads or telemetry hold anything of it."""
    mark = uuid4().hex
    content = os.urandom(size)
    attachment = Attachment.of(content, content_id="1", name="1.bin", content_type="application/octet-stream")
    body = unsigned_document(
        {"1": content}, attachments=(attachment,), subject=f"TỐI MẬT - V/v {mark}", content=mark
    )

    answer = await gateway.send(body)

    assert answer.status == 422
    assert answer.json["code"] == "schema.state_secret"
    assert len(answer.json["errors"]) == 1
    assert mark not in answer.body.decode()
    assert await gateway.refusals("schema.state_secret")
    told = capfd.readouterr()
    assert mark not in told.out + told.err
    traces = (mark.encode(), content[:40], pybase64.b64encode(content[:39]))
    assert _holding(gateway.context.settings.data, *traces) == []


async def test_the_search_for_traces_finds_what_is_kept(gateway: World) -> None:
    """The same search finds a document that is not a secret, so finding nothing means something."""
    mark = uuid4().hex

    assert (await gateway.send(a_document(subject=f"V/v {mark}"))).status == 201
    assert _holding(gateway.context.settings.data, mark.encode())
