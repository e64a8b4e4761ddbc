"""`vanthu send` and `vanthu parked` against a gateway that keeps what it cannot decide."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio

from certs.revocation import Revocation
from gateway.app import Running, running
from gateway.clock import utc_now
from gateway.demo.cast import HANOI, SIDES, TUYEN_QUANG
from gateway.demo.letter import write_letter
from gateway.demo.pki import identities
from gateway.settings import Settings
from tests.cli.world import command, copy_evidence, lines_wider_than


@pytest_asyncio.fixture
async def gateway(evidence: Path, tmp_path: Path) -> AsyncIterator[Running]:
    """Run a gateway with the data of an exchange, which must know of every certificate that it is not revoked."""
    folder = tmp_path / "data"
    await asyncio.to_thread(copy_evidence, evidence, folder)
    settings = Settings(data=folder, port=0, log_level="error", revocation=Revocation.REQUIRE)
    async with running(settings) as started:
        yield started


async def _call(gateway: Running, *arguments: str) -> tuple[int, str]:
    """Run the real command, beside the gateway's own output, and return its exit code and what it printed."""
    token = (gateway.settings.data / "demo" / "hanoi.token").read_text().strip()
    ended = await asyncio.to_thread(command, *arguments, "--url", gateway.url, "--token", token)
    return ended.returncode, ended.stdout


async def _listed(gateway: Running, *arguments: str) -> Any:
    code, told = await _call(gateway, "parked", "list", "--json", *arguments)
    assert code == 0
    return json.loads(told)["items"]


async def test_sent_listed_and_withdrawn(gateway: Running, tmp_path: Path) -> None:
    """Sending says that it is kept, why and until when, and exits 2; the list shows it until it is taken back."""
    data = gateway.settings.data
    keys = identities(SIDES, folder=data / "demo", trust_folder=data / "trust", at=utc_now())
    file = tmp_path / "letter.edxml"
    file.write_bytes(write_letter(HANOI, TUYEN_QUANG, keys[HANOI.code]).signed)

    code, told = await _call(gateway, "send", str(file))
    assert code == 2
    assert "CHƯA KẾT LUẬN ĐƯỢC, ĐANG LƯU GIỮ" in told
    assert "certs.revocation_unknown" in told
    assert "giữ đến · kept until" in told
    assert lines_wider_than(100, told) == []

    (item,) = await _listed(gateway)
    assert item["outcome"] == "parked"
    code, told = await _call(gateway, "parked", "list")
    assert (code, "CHỜ" in told) == (0, True)
    code, told = await _call(gateway, "parked", "withdraw", item["id"])
    assert (code, "đã rút · withdrawn" in told) == (0, True)
    code, told = await _call(gateway, "parked", "list")
    assert (code, "Không có văn bản nào" in told) == (0, True)
    assert item["id"] in {each["id"] for each in await _listed(gateway, "--state", "withdrawn")}
    assert (await _call(gateway, "parked", "list", "--state", "lost"))[0] == 1
