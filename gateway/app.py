"""The composition root: opens what `implementations` picks, starts the loops, and stops them in the right order.

Correctness never depends on a graceful stop, which saves time: `kill -9` loses nothing that was answered with 201.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TypedDict

import structlog
from aiohttp import web

from gateway.api import make_api
from gateway.api.connections import SILENCE, STOPPING, UNDER_WAY, watched
from gateway.api.context import Context, Pace
from gateway.axis.errors import AxisError
from gateway.clock import utc_now
from gateway.distribution.following import Follower
from gateway.first_token import admin_token_file, first_token
from gateway.flow.freshness import Freshness, always_fresh
from gateway.flow.intake import Intake
from gateway.flow.notifying import Bell
from gateway.flow.parking import Terms
from gateway.flow.receipts import Receipts
from gateway.flow.sequencing import Sequencer
from gateway.flow.timekeeping import TOLERANCE
from gateway.folders import prepare, take
from gateway.implementations import (
    beside,
    open_follower,
    open_keys,
    open_link,
    open_own_store,
    open_payloads,
)
from gateway.keys import GatewayKeys
from gateway.loops import looping, loops_of, terms_of, timekeeper_of
from gateway.pdf_worker.client import PdfWorker
from gateway.ports import AxisLink, Clock, Payloads, PdfReader, Store, TrustSource
from gateway.settings import Settings
from gateway.share import Share
from gateway.slots import BACKLOG
from gateway.telemetry import Metrics
from gateway.trust_source import open_trust

_log = structlog.get_logger()

Loop = Callable[[], Awaitable[None]]

DEFAULT_PACE = Pace()
DECLARE_SECONDS = 5.0
FINISH_REQUESTS = 20.0
"""Seconds that requests in flight get to finish when the service stops."""

CUT_SHORT = 1.0
"""Seconds for those that were not finished by then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A gateway that is up: where it listens, and what it is made of."""

    url: str
    context: Context
    api: web.Application

    @property
    def settings(self) -> Settings:
        """How it runs."""
        return self.context.settings

    @property
    def keys(self) -> GatewayKeys:
        """Its signing keys."""
        return self.context.keys

    @property
    def store(self) -> Store:
        """All its durable state."""
        return self.context.store

    @property
    def admin_token_file(self) -> Path:
        """Where the first start left the administrator's token."""
        return admin_token_file(self.settings)


class _Ports(TypedDict):
    """The ports that intake, receiving and the API share."""

    store: Store
    payloads: Payloads
    trust: TrustSource
    clock: Clock
    pdf: PdfReader


class _Own(TypedDict):
    """What is this gateway's own: its name, the terms on which it keeps what it cannot decide, its grace and its deadline."""

    gateway: str
    terms: Terms
    grace: timedelta
    deliver_within: timedelta
    freshness: Freshness


@asynccontextmanager
async def running(
    settings: Settings,
    *,
    clock: Clock = utc_now,
    pace: Pace = DEFAULT_PACE,
    clock_tolerance: float = TOLERANCE,
    share: Share | None = None,
) -> AsyncIterator[Running]:
    """Start a gateway, yield it when it takes requests, and stop it gracefully at the end; a `share` makes it one of several.

    By more than `clock_tolerance` seconds nobody sets the clock of decisions without an alarm.

    Raises:
        SettingsError: a setting does not fit.
        OSError: the port is taken, or a folder cannot be used.
        GatewayError: a key cannot be used.
        DataInUseError: another process has the data folder.
        StoreError: the database cannot be used.

    """
    executor = ThreadPoolExecutor(max_workers=(os.cpu_count() or 1) + 1, thread_name_prefix="examine")
    async with _composed(settings, clock=clock, pace=pace, executor=executor, share=share) as context:
        sequencer = Sequencer(log=context.store.log, bell=context.bell, metrics=context.metrics)
        await _declare_queues(context.store, context.link)
        timekeeper = timekeeper_of(context, tolerance=clock_tolerance)
        loops = loops_of(context, executor) | {"sequence": sequencer.one_pass, "time": timekeeper.one_pass}
        api = make_api(context)
        # At the end requests come first: nothing new is taken at once, and what they leave is still sent meanwhile.
        async with looping(loops, context.store.explain), _serving(api, settings, pace, share) as url:
            yield Running(url=url, context=context, api=api)
        await sequencer.drain()


@asynccontextmanager
async def _composed(
    settings: Settings, *, clock: Clock, pace: Pace, executor: Executor, share: Share | None = None
) -> AsyncIterator[Context]:
    """Pick and open every implementation; close them at the end."""
    async with AsyncExitStack() as stack:
        spool = await asyncio.to_thread(_folders, settings, share, stack)
        keys = await asyncio.to_thread(open_keys, settings)
        receipts = Receipts(gateway=settings.name, origin=keys.log.name, key=keys.receipt)
        stack.callback(receipts.close)
        payloads = await asyncio.to_thread(open_payloads, settings)
        bell, metrics = Bell(), Metrics()
        stack.callback(executor.shutdown, wait=False, cancel_futures=True)
        store = await open_own_store(settings, keys, clock=clock)
        stack.push_async_callback(store.close)
        clock = store.clock
        trust = await open_trust(store.trust, settings, clock=clock)
        link = await asyncio.to_thread(open_link, settings, store)
        stack.push_async_callback(link.close)
        stack.enter_context(trust.watched())
        pdf = stack.enter_context(PdfWorker())
        await first_token(store, settings, clock)
        ports: _Ports = {"store": store, "payloads": payloads, "trust": trust, "clock": clock, "pdf": pdf}
        follower = await open_follower(settings, store, clock=clock)
        store.ledger.has_payload = payloads.has
        intake = Intake(executor=executor, bell=bell, metrics=metrics, **_own(settings, follower), **ports)
        yield Context(
            settings=settings,
            spool=spool,
            intake=intake,
            link=link,
            bell=bell,
            keys=keys,
            receipts=receipts,
            metrics=metrics,
            pace=pace,
            follower=follower,
            **beside(settings, store, keys, bell=bell, metrics=metrics),
            **ports,
        )


def _folders(settings: Settings, share: Share | None, stack: AsyncExitStack) -> Path:
    """Take the data folder, unless the parent of several workers has it, and return the folder for bodies on their way in."""
    if share is not None:
        return prepare(settings, worker=share.number)
    stack.enter_context(take(settings.data))
    return prepare(settings)


def _own(settings: Settings, follower: Follower | None) -> _Own:
    return {
        "gateway": settings.name,
        "terms": terms_of(settings),
        "grace": timedelta(days=settings.code_grace),
        "deliver_within": timedelta(hours=settings.deliver_within),
        "freshness": always_fresh if follower is None else follower.stale,
    }


async def _declare_queues(store: Store, link: AxisLink) -> None:
    """Make the queues before anything is sent to them; without a broker the receiving loop makes them later."""
    members = (await store.registry.directory()).members
    try:
        async with asyncio.timeout(DECLARE_SECONDS):
            await link.declare(frozenset(member.queue for member in members))
    except (AxisError, TimeoutError) as error:
        _log.warning("axis_not_ready", reason=str(error) or "timeout")


@asynccontextmanager
async def _serving(
    api: web.Application, settings: Settings, pace: Pace, share: Share | None = None
) -> AsyncIterator[str]:
    runner = web.AppRunner(
        api,
        handle_signals=False,
        access_log=None,
        shutdown_timeout=CUT_SHORT,
        handler_cancellation=True,
        keepalive_timeout=pace.idle,
    )
    await runner.setup()
    try:
        site = (
            web.TCPSite(runner, settings.host, settings.port)
            if share is None
            else web.SockSite(runner, share.listener, backlog=BACKLOG)
        )
        await site.start()
        host, port = runner.addresses[0][:2]
        url = f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}"  # noqa: S104 - compared, not bound
        _log.info("listening", url=url)
        async with watched(runner, api[SILENCE]):
            yield url
        # Once aiohttp itself stops, it takes no more of a body that is still coming.
        await site.stop()
        api[STOPPING].set()
        await api[UNDER_WAY].over(within=FINISH_REQUESTS)
    finally:
        await runner.cleanup()
