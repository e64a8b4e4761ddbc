"""The background loops of a gateway, made over its collaborators and kept running.

None of them is needed for what was answered to be true; each goes on from the store where the last process left off.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from datetime import timedelta

from gateway.api.context import Context
from gateway.clock import utc_now
from gateway.fetching.fetcher import fetching
from gateway.flow.burying import Collector
from gateway.flow.expiring import Expiry
from gateway.flow.forwarding import LANES, AsideForwarder, Forwarder, Outgoing
from gateway.flow.inquiring import Inquirer
from gateway.flow.judging import Judge
from gateway.flow.parking import Terms
from gateway.flow.piecing import Pieces
from gateway.flow.receiving import Receiver
from gateway.flow.recovering import Recovery
from gateway.flow.reexamining import Reexaminer
from gateway.flow.resending import Resender
from gateway.flow.scheduling import Scheduler
from gateway.flow.shipping import Shipper
from gateway.flow.succeeding import Succession
from gateway.flow.supervision import as_it_is, forever
from gateway.flow.timekeeping import Timekeeper
from gateway.parked import Room
from gateway.settings import Settings
from routing.heading import Patience

CANCEL_AGAIN = 1.0
"""Seconds that a loop gets to end before it is cancelled once more."""

Loop = Callable[[], Awaitable[None]]


def loops_of(context: Context, executor: Executor) -> dict[str, Loop]:
    """Make the loops that forward, receive, decide on what is parked, follow successors, and fetch what tells of revocation."""
    outgoing = _outgoing(context)
    pieces = pieces_of(context)
    succession = Succession(
        gateway=context.settings.name,
        store=context.store,
        patience=patience_of(context.settings),
        clock=context.clock,
        bell=context.bell,
    )
    receiver = _receiver(context, executor, pieces)
    reexaminer = Reexaminer(
        store=context.store,
        payloads=context.payloads,
        trust=context.trust,
        intake=context.intake,
        receiver=receiver,
        clock=context.clock,
        bell=context.bell,
    )
    scheduler = Scheduler(
        store=context.store, clock=context.clock, bell=context.bell, gateway=context.settings.name
    )
    return {
        "forward": Forwarder(outgoing).one_pass,
        **{name: AsideForwarder(outgoing, lane).one_pass for name, lane in LANES.items()},
        "receive": receiver.one_pass,
        "reexamine": reexaminer.one_pass,
        "sweep": pieces.one_pass,
        "schedule": scheduler.one_pass,
        "succeed": succession.one_pass,
        "inquire": _inquirer(context).one_pass,
        "expire": Expiry(store=context.store, bell=context.bell).one_pass,
        "reckon": context.reckoning.one_pass,
        "pressure": context.pressure.one_pass,
        **_dead(context, receiver),
        **_outward(context),
        **_recovery(context),
    }


def _recovery(context: Context) -> dict[str, Loop]:
    """Make the loop that waits for a broker that was away; the embedded link is where the database is."""
    if not context.settings.axis:
        return {}
    recovery = Recovery(documents=context.store.documents, link=context.link, bell=context.bell)
    return {"recover": recovery.one_pass}


def _outward(context: Context) -> dict[str, Loop]:
    """Make the loops that ask others: authorities, and the gateway whose registry is followed, if there is one."""
    fetch = fetching(
        context.settings,
        trust=context.trust,
        stock=context.stock,
        clock=context.clock,
        metrics=context.metrics,
    )
    follow = {} if context.follower is None else {"follow": context.follower.one_pass}
    return {"fetch": fetch, **follow}


def _dead(context: Context, receiver: Receiver) -> dict[str, Loop]:
    """Make the loops that collect dead letters, and work off what was ordered about them."""
    collector = Collector(
        gateway=context.settings.name, store=context.store, link=context.link, bell=context.bell
    )
    resender = Resender(
        letters=context.store.dead_letters, receiver=receiver, clock=context.clock, bell=context.bell
    )
    return {"bury": collector.one_pass, "resend": resender.one_pass}


def _inquirer(context: Context) -> Inquirer:
    return Inquirer(
        gateway=context.settings.name,
        inquiries=context.store.inquiries,
        link=context.link,
        key=context.keys.axis,
        bell=context.bell,
    )


def _outgoing(context: Context) -> Outgoing:
    shipper = Shipper(
        documents=context.store.documents,
        payloads=context.payloads,
        link=context.link,
        key=context.keys.axis,
    )
    return Outgoing(
        gateway=context.settings.name,
        documents=context.store.documents,
        registry=context.store.registry,
        shipper=shipper,
        resend_after=timedelta(seconds=context.settings.resend_after),
        bell=context.bell,
        metrics=context.metrics,
        patience=patience_of(context.settings),
    )


def pieces_of(context: Context) -> Pieces:
    """Return what keeps the pieces of documents that are not all here."""
    settings = context.settings
    return Pieces(
        partial=context.partial,
        payloads=context.payloads,
        most=settings.max_body,
        keep=timedelta(seconds=settings.partial_for),
        clock=utc_now,  # files bear the times of this host, and no database's
        metrics=context.metrics,
    )


def _receiver(context: Context, executor: Executor, pieces: Pieces) -> Receiver:
    return Receiver(
        gateway=context.settings.name,
        store=context.store,
        pieces=pieces,
        judge=judge_of(context, executor, pieces),
        link=context.link,
        bell=context.bell,
        metrics=context.metrics,
        ask_after=timedelta(seconds=context.settings.resend_after),
    )


def judge_of(context: Context, executor: Executor, pieces: Pieces) -> Judge:
    """Make what judges arrivals; examinations run in `executor`."""
    return Judge(
        gateway=context.settings.name,
        store=context.store,
        payloads=context.payloads,
        pieces=pieces,
        trust=context.trust,
        key=context.keys.axis,
        clock=context.clock,
        executor=executor,
        pdf=context.pdf,
        terms=terms_of(context.settings),
        grace=timedelta(days=context.settings.code_grace),
        patience=patience_of(context.settings),
    )


def timekeeper_of(context: Context, *, tolerance: float) -> Timekeeper:
    """Make what watches the clock by which this gateway decides."""
    return Timekeeper(
        documents=context.store.documents,
        log=context.store.log,
        bell=context.bell,
        metrics=context.metrics,
        tolerance=tolerance,
    )


def patience_of(settings: Settings) -> Patience:
    """Return for how long old queues are left to be read, and for how long deliveries are held."""
    return Patience(queue=timedelta(seconds=settings.queue_grace), hold=timedelta(hours=settings.hold))


def terms_of(settings: Settings) -> Terms:
    """Return for how long, and how much for one member, is kept of what cannot be decided."""
    room = Room(documents=settings.parked_documents, size=settings.parked_bytes)
    return Terms(keep=timedelta(seconds=settings.parked_for), room=room)


@asynccontextmanager
async def looping(
    loops: dict[str, Loop], explain: Callable[[Exception], Exception] = as_it_is
) -> AsyncIterator[None]:
    """Run loops until the block ends; `explain` as in `forever`."""
    tasks = [
        asyncio.create_task(forever(name, one_pass, explain), name=name) for name, one_pass in loops.items()
    ]
    try:
        yield
    finally:
        await _end(tasks)


async def _end(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel tasks until they are gone: in Python 3.11 a library's `asyncio.wait_for` may swallow a cancellation."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=CANCEL_AGAIN)
