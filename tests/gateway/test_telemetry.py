"""Everything that a gateway says on standard output is a line of JSON, also what libraries say, and nothing is said twice."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from typing import Any
from uuid import uuid4

import pytest
from yarl import URL

from tests.faults.proxy import Address, Proxy
from tests.support.axis import SECONDS
from tests.support.rabbitmq import RabbitMQ

LIBRARIES = """
import logging, sys
import structlog
from gateway.telemetry import set_up

set_up(sys.argv[1], worker=2)
structlog.get_logger().warning("ours", n=1)
for name in ("aiormq.connection", "asyncio"):
    for level in (logging.INFO, logging.WARNING, logging.ERROR):
        try:
            raise ConnectionResetError("by peer")
        except OSError:
            token = "a secret in a local variable"
            logging.getLogger(name).log(level, "the %s is\\ngone", "line", exc_info=True)
"""
AXIS = """
import asyncio, sys
from gateway.axis.amqp import AmqpLink
from gateway.telemetry import set_up

async def receive(url, queue):
    link = AmqpLink(url)
    await link.declare(frozenset({queue}))
    async for _ in link.receive(frozenset({queue})):
        pass

set_up("info")
asyncio.run(receive(*sys.argv[1:]))
"""


def said(level: str) -> list[dict[str, Any]]:
    """Return what a process says whose libraries have something to say."""
    done = subprocess.run(
        [sys.executable, "-c", LIBRARIES, level], capture_output=True, text=True, timeout=SECONDS, check=True
    )
    assert done.stderr == ""
    assert "a secret" not in done.stdout
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_libraries_speak_json() -> None:
    """A warning of a library has the members that ours have, the name of the library, and a traceback inside the line."""
    ours, *theirs = said("info")

    assert ours["event"] == "ours"
    warning = next(each for each in theirs if each["logger"] == "asyncio")
    assert {name: warning[name] for name in ("event", "level", "worker")} == {
        "event": "the line is\ngone",
        "level": "warning",
        "worker": 2,
    }
    assert warning["timestamp"][:2] == "20"
    assert warning["exception"][0]["exc_type"] == "ConnectionResetError"


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("debug", ["ours", "aiormq.connection error", "asyncio warning", "asyncio error"]),
        ("warning", ["ours", "aiormq.connection error", "asyncio warning", "asyncio error"]),
        ("error", ["aiormq.connection error", "asyncio error"]),
    ],
)
def test_who_is_heard(level: str, expected: list[str]) -> None:
    """Of libraries only warnings, of the one that speaks AMQP only errors: what it warns of is an event of ours."""
    assert [
        f"{each['logger']} {each['level']}" if "logger" in each else each["event"] for each in said(level)
    ] == expected


async def test_a_broker_that_goes_away(rabbitmq: RabbitMQ) -> None:
    """It is told by an event of ours, with the reason; every line is JSON, and there is no traceback."""
    lines: list[dict[str, Any]] = []
    async with Proxy(Address(port=rabbitmq.port)) as way:
        url = str(URL(rabbitmq.url).with_port(way.port))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", AXIS, url, f"axis.{uuid4().hex}"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        assert process.stdout is not None

        async def read_until(event: str) -> None:
            assert process.stdout is not None
            while not lines or lines[-1]["event"] != event:
                lines.append(json.loads(await process.stdout.readline()))

        async with asyncio.timeout(SECONDS):
            await read_until("axis_queues_in_use")
            reading = asyncio.create_task(read_until("axis_receiving_interrupted"))
            while not reading.done():
                way.reset()
                await asyncio.sleep(0.2)
        process.kill()
        await process.wait()
    await reading

    assert lines[-1]["reason"]
    assert not any("exception" in each or "logger" in each for each in lines)
