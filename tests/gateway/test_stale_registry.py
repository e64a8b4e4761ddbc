"""The registry changes between the examination of a document and its acceptance: it is examined again, and nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.flow.accepting import Submission
from gateway.flow.intake import Intake
from gateway.flow.spool import spool
from gateway.loops import terms_of
from gateway.records import Accepted, MessageKind
from tests.api.world import GATEWAY, HANOI, TAY_NINH, World, a_big_document, world

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Meddling(ThreadPoolExecutor):
    """Does something after the first job, before its result is seen."""

    def __init__(self, meddle: Callable[[], object]) -> None:
        super().__init__(max_workers=1)
        self._todo = [meddle]

    def submit(self, work: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """Run a job, and then what is still to do."""

        def job() -> Any:
            result = work(*arguments, **named)
            while self._todo:
                self._todo.pop()()
            return result

        return super().submit(job)


def _intake(gateway: World) -> Intake:
    """Return an intake of this gateway under which the registry changes once, at the worst moment."""
    context, loop = gateway.context, asyncio.get_running_loop()
    renamed = replace(TAY_NINH, name="Hệ thống văn bản Tây Ninh (mới)")

    def change() -> None:
        put = gateway.store.registry.put_member(renamed, actor="test")
        asyncio.run_coroutine_threadsafe(put, loop).result(timeout=20)

    return Intake(
        gateway=GATEWAY,
        store=gateway.store,
        payloads=context.payloads,
        trust=context.trust,
        clock=gateway.clock,
        executor=Meddling(change),
        bell=context.bell,
        metrics=context.metrics,
        terms=terms_of(context.settings),
        pdf=context.pdf,
    )


@pytest.mark.parametrize("size", [400_000, 60_000], ids=["from its file", "from memory"])
async def test_a_big_document(tmp_path: Path, size: int) -> None:
    """Its file has been taken over into the payload store by then, and is read from there."""
    async with world(tmp_path) as gateway:
        body = a_big_document(size)
        folder = tmp_path / "spool"

        async def chunks() -> Any:
            yield body

        spooled = await spool(chunks(), folder=folder, limit=10_000_000)
        submission = Submission(
            body=spooled, kind=MessageKind.EDOC, caller=HANOI, credential_id="test", key=None
        )
        before = (await gateway.store.registry.directory()).version
        accepted = await _intake(gateway).submit(submission)

        assert isinstance(accepted, Accepted)
        assert accepted.message.registry_version == before + 1
        item = await gateway.arrived(accepted.message.id)
        assert item["document"]["sha256"] == spooled.sha256
