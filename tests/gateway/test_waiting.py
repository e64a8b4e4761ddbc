"""Bells and loops: no news is lost, and no loop dies of an error."""

import asyncio

import pytest
import structlog

from gateway.flow.notifying import Bell, inbox_of, wait
from gateway.flow.supervision import forever
from gateway.ports import UnavailableError
from gateway.store.errors import OutcomeUnknownError


async def test_news_between_looking_and_waiting_is_not_lost() -> None:
    """Who listened first is woken by a ring that came before the wait began."""
    bell = Bell()
    heard = bell.listen(inbox_of("hanoi"))
    bell.ring(inbox_of("hanoi"))

    async with asyncio.timeout(1):
        await wait(heard, 60)


async def test_a_ring_is_for_its_topic_and_for_those_who_listen() -> None:
    """Another topic, or one that nobody listens to, wakes nobody."""
    bell = Bell()
    bell.ring("outbox")
    heard = bell.listen("outbox")
    bell.ring("log")

    await wait(heard, 0.01)

    assert not heard.is_set()


async def test_a_loop_goes_on_after_errors_and_foreign_cancellation() -> None:
    """An exception, or a cancellation that nobody asked for, costs one pass; a real one ends the loop."""
    passes: list[int] = []
    done = asyncio.Event()

    async def one_pass() -> None:
        passes.append(len(passes))
        if len(passes) == 1:
            raise ConnectionError
        if len(passes) == 2:
            raise asyncio.CancelledError
        if len(passes) == 3:
            raise UnavailableError("the broker is away")
        if len(passes) == 4:
            raise OutcomeUnknownError
        done.set()
        await asyncio.Event().wait()

    with structlog.testing.capture_logs() as lines:
        task = asyncio.create_task(forever("test", one_pass))
        async with asyncio.timeout(5):
            await done.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert [(line["event"], line["loop"]) for line in lines] == [
        ("loop_failed", "test"),
        ("loop_failed", "test"),
        ("loop_waits", "test"),
        ("loop_waits", "test"),
    ]
