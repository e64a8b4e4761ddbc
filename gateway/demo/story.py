"""The story of `make run`: one signed letter from Hà Nội to Tuyên Quang and back again as a status, then the audit of it all.

Every step goes through the HTTP API of a gateway that runs in this process, exactly as two document systems would call it. The
data folder may be used again: registry, connections, keys and tokens are kept, only the letter is a new one each time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from gateway.app import Running, running
from gateway.client import Client
from gateway.clock import utc_now
from gateway.demo.cast import HANOI, SIDES, TUYEN_QUANG
from gateway.demo.connections import connect, load_registry, token_file
from gateway.demo.exchange import Systems, exchange
from gateway.demo.narration import MARKED, QUIET, Narrator, program
from gateway.demo.pki import identities
from gateway.demo.record import Audit, show_audit, show_log, show_timeline
from gateway.settings import Settings

PRIVATE = "demo"
"""Folder in the data folder for the sides' keys and tokens, and for the last letter."""

LETTER = "cong-van.edxml"

Hold = Callable[[], Awaitable[None]]
"""Called when the story is told; the gateway serves until it returns."""


async def tell(settings: Settings, *, audit: Audit, hold: Hold) -> None:
    """Run a gateway, tell the story on standard output, and serve until `hold` returns.

    Raises:
        OSError: the port is taken, or the data folder cannot be used.
        ClientError: the gateway refused what it should have accepted.
        StoryError: something else did not go as the story says.

    """
    narrator = Narrator()
    narrator.title("Vanthu", "cổng liên thông văn bản · a gateway for official correspondence")
    private = settings.data / PRIVATE
    keys = await asyncio.to_thread(
        identities, SIDES, folder=private, trust_folder=settings.trust_folder, at=utc_now()
    )
    async with AsyncExitStack() as stack:
        gateway = await _start(narrator, settings, stack)
        token = await asyncio.to_thread(gateway.admin_token_file.read_text)
        admin = await stack.enter_async_context(Client(gateway.url, token=token.strip()))
        await load_registry(narrator, admin)
        tokens = await connect(narrator, admin, SIDES, keys, private)
        systems = Systems(
            admin=admin,
            hanoi=await stack.enter_async_context(Client(gateway.url, token=tokens[HANOI.member_id])),
            tuyen_quang=await stack.enter_async_context(
                Client(gateway.url, token=tokens[TUYEN_QUANG.member_id])
            ),
            receipt_key=gateway.keys.receipt.verifier,
        )
        sent = await exchange(narrator, systems, keys)
        await asyncio.to_thread((private / LETTER).write_bytes, sent.letter.signed)
        found = await show_timeline(narrator, systems.hanoi, sent)
        await show_log(narrator, gateway, systems, sent, found)
        await show_audit(narrator, gateway, audit)
        _invite(narrator, gateway)
        await hold()


async def _start(narrator: Narrator, settings: Settings, stack: AsyncExitStack) -> Running:
    with narrator.step("Khởi động cổng", "start the gateway") as step:
        gateway = await stack.enter_async_context(running(settings))
        step.fact("địa chỉ · address", (gateway.url, MARKED))
        step.fact(
            "dữ liệu · data", str(settings.data), ("  SQLite, trục nhúng · embedded axis, no broker", QUIET)
        )
    return gateway


def _invite(narrator: Narrator, gateway: Running) -> None:
    """Say where to look next."""
    data = gateway.settings.data
    with narrator.aside("Xem tiếp", "look around") as step:
        step.fact("thử API · try the API", (f"{gateway.url}/docs", MARKED))
        step.fact("mô tả · OpenAPI", f"{gateway.url}/openapi.yaml")
        step.fact("số liệu · metrics", f"{gateway.url}/metrics")
        step.fact("sẵn sàng · readiness", f"{gateway.url}/readyz")
        step.fact("checkpoint", f"{gateway.url}/v1/log/checkpoint")
        step.fact("quản trị · admin token", str(gateway.admin_token_file))
    with narrator.aside(
        "Gửi lại công văn vừa rồi", "send the same letter again: the first answer comes back"
    ) as step:
        step.lines(f"export VANTHU_CLIENT_URL={gateway.url}", style=MARKED)
        step.lines(f"export VANTHU_CLIENT_TOKEN=$(cat {token_file(data / PRIVATE, HANOI)})", style=MARKED)
        step.lines(f"{program()} send {data / PRIVATE / LETTER}", style=MARKED)
