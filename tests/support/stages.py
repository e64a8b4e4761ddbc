"""A gateway whose background loops a test starts when it wants them, so that documents are under way when an instant comes.

Until the instant the system of Tây Ninh serves everything under H53; from then on some of it is the business of a new system.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import aiohttp

from gateway.api import make_api
from gateway.api.context import Pace
from gateway.app import _composed, _serving
from gateway.flow.access import new_token
from gateway.flow.sequencing import Sequencer
from gateway.loops import Loop, looping, loops_of
from gateway.settings import Settings
from routing.agencies import Agency, Member
from routing.status import Status
from tests.api.world import GATEWAY, HANOI, NOW, TAY_NINH, World, _tokens, _trust
from tests.support.registry import an_agency
from tests.support.store_samples import Clock

INSTANT: Final = NOW + timedelta(days=1)
JUST_BEFORE: Final = INSTANT - timedelta(seconds=1)
GRACE: Final = timedelta(days=7)
HOLD: Final = timedelta(hours=72)

MERGED, SPLIT, CLOSED, TAKEN_OVER, SUSPENDED = "H53.1", "H53.2", "H53.3", "H53.4", "H53.5"
SUCCESSOR, HALF, OTHER_HALF = "H54.1", "H54.2", "H54.3"


def until_the_instant(code: str, *successors: str) -> Agency:
    """Return an agency that ends then."""
    return an_agency(code, f"Cơ quan cũ {code}", valid_to=INSTANT, successors=successors)


def agencies(*, resumed_at: datetime | None = None, extra: Iterable[Agency] = ()) -> list[Agency]:
    """Return the agencies on both sides of the instant; `extra` ones stand in for those of the same code."""
    suspended = replace(
        until_the_instant(SUSPENDED), valid_from=INSTANT, status=Status.SUSPENDED, valid_to=None
    )
    listed = [
        *(an_agency(code, f"Cơ quan {code}") for code in ("H26", "H53", "H54", SUCCESSOR, HALF, OTHER_HALF)),
        until_the_instant(MERGED, SUCCESSOR),
        until_the_instant(SPLIT, HALF, OTHER_HALF),
        until_the_instant(CLOSED),
        until_the_instant(TAKEN_OVER),
        an_agency(TAKEN_OVER, "Cơ quan mới", valid_from=INSTANT),
        until_the_instant(SUSPENDED),
        replace(suspended, valid_to=resumed_at),
    ]
    if resumed_at is not None:
        listed.append(replace(suspended, valid_from=resumed_at, status=Status.ACTIVE))
    others = {each.code for each in extra}
    return [each for each in listed if each.code not in others] + list(extra)


def new_member(gateway: str = GATEWAY) -> Member:
    """Return the system that comes with the instant; under the code that lives on it serves the new body only."""
    taking_over = an_agency(TAKEN_OVER, valid_from=INSTANT).entity_id
    return Member(
        id="moi",
        name="Hệ thống mới",
        prefixes=("H54", TAKEN_OVER),
        queue="member.moi",
        gateway=gateway,
        entities=("", taking_over),
    )


@dataclass(slots=True, kw_only=True)
class Stage(World):
    """The gateway, someone to call it, and the loops that do not run yet."""

    loops: dict[str, Loop]
    stack: AsyncExitStack

    async def start(self, *names: str) -> None:
        """Let loops run from now on."""
        await self.stack.enter_async_context(looping({name: self.loops[name] for name in names}))

    async def load(self, listed: Iterable[Agency]) -> None:
        """Make a version of the registry."""
        await self.store.registry.load_agencies(list(listed), actor="test", source_sha256="00" * 32)

    async def delivery(self, document_id: str, state: str) -> dict[str, Any]:
        """Wait until the first delivery of a document is in a state, and return it."""
        shown = await self.state(document_id, state)
        found: dict[str, Any] = shown["deliveries"][0]
        return found

    async def notices(self) -> list[dict[str, Any]]:
        """Return what Hà Nội is told."""
        items: list[dict[str, Any]] = (await self.call("GET", "/v1/notices")).json["items"]
        return items


@asynccontextmanager
async def stage(
    folder: Path, *, name: str = GATEWAY, members: Iterable[Member] | None = None, **settings: Any
) -> AsyncIterator[Stage]:
    """Start a gateway shortly before the instant, all of its loops still standing but for the log's."""
    chosen = Settings(data=folder, name=name, host="127.0.0.1", port=0, **settings)
    await asyncio.to_thread(_trust, chosen.trust_folder)
    clock = Clock(JUST_BEFORE)
    executor = ThreadPoolExecutor(max_workers=2)
    async with AsyncExitStack() as stack:
        context = await stack.enter_async_context(
            _composed(chosen, clock=clock, pace=Pace(), executor=executor)
        )
        store = context.store
        await store.registry.load_agencies(agencies(), actor="test", source_sha256="00" * 32)
        connected = list(members or (HANOI, TAY_NINH, new_member()))
        for member in connected:
            await store.registry.put_member(member, actor="test")
        await context.link.declare(frozenset(member.queue for member in connected))
        api = make_api(context)
        url = await stack.enter_async_context(_serving(api, chosen, Pace()))
        sequencer = Sequencer(log=store.log, bell=context.bell, metrics=context.metrics)
        loops = loops_of(context, executor) | {"sequence": sequencer.one_pass}
        tokens = await _tokens(store, clock)
        tokens["moi"], credential = new_token(label="moi", at=clock(), member_id="moi")
        await store.accounts.issue(credential, actor="test")
        session = await stack.enter_async_context(aiohttp.ClientSession())
        made = Stage(
            url=url,
            api=api,
            context=context,
            store=store,
            clock=clock,
            session=session,
            tokens=tokens,
            loops=loops,
            stack=await stack.enter_async_context(AsyncExitStack()),
        )
        await made.start("sequence")
        yield made
        await made.stack.aclose()
        await sequencer.drain()
