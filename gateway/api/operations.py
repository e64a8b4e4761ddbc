"""For whoever keeps the gateway running: is it alive, could it accept a document right now, and what do the numbers say.

`/readyz` tries everything that an acceptance needs, for real, but at most once a second however often it is asked. It tells the
world which part fails, and only the operator's telemetry why.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

import structlog
from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from certs.admission import Role
from certs.revocation import current_lists
from gateway.api import wire
from gateway.api.certificates import count_certificates
from gateway.api.context import Context
from gateway.api.problems import RETRY_AFTER
from gateway.ports import UnavailableError
from gateway.records import Json
from gateway.trusted import SOON, TrustVersion, expiring

TIMEOUT: Final = 5.0
FRESH: Final = 1.0

_PROBE: Final = b"vanthu readiness probe\n"
_PROBE_SHA256: Final = hashlib.sha256(_PROBE).hexdigest()
_log = structlog.get_logger()

Probe: TypeAlias = Callable[[Context], Awaitable[dict[str, Json]]]
"""Tries one dependency and returns what is worth knowing of it; raises whatever is wrong."""


class Readiness:
    """The outcome of the checks, kept for a second and never made twice at the same time."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._checked_at = float("-inf")
        self._checks: dict[str, Json] = {}

    async def checks(self, context: Context) -> dict[str, Json]:
        """Return each check with whether it passed and how long it took."""
        async with self._lock:
            now = asyncio.get_running_loop().time()
            if now - self._checked_at > FRESH:
                self._checks = await _run(context)
                self._checked_at = now
            return self._checks


READINESS: Final = web.AppKey("readiness", Readiness)


async def alive(_request: web.Request, _context: Context) -> web.StreamResponse:
    """Say that the process answers."""
    return wire.answer({"status": "ok"})


async def ready(request: web.Request, context: Context) -> web.StreamResponse:
    """Say whether a document could be accepted and forwarded right now."""
    checks = await request.app[READINESS].checks(context)
    failed = {name for name, check in checks.items() if not check["ok"]}
    if failed - _BORNE:
        headers = {"Retry-After": RETRY_AFTER}
        return wire.answer({"status": "failed", "checks": checks}, status=503, headers=headers)
    return wire.answer({"status": "degraded" if failed else "ok", "checks": checks})


async def metrics(_request: web.Request, context: Context) -> web.StreamResponse:
    """Show the numbers to Prometheus."""
    for place, count in (await context.store.documents.backlog()).items():
        context.metrics.backlog.labels(place).set(count)
    _measure_trust(context, await context.store.trust.current())
    count, remaining = _revocation(context)
    context.metrics.revocation.lists.set(count)
    context.metrics.revocation.next_update.set(math.nan if remaining is None else remaining)
    context.metrics.revocation.age.clear()
    now = context.clock()
    for each in current_lists(context.trust.trust().lists, at=now):
        age = (now - each.this_update).total_seconds()
        context.metrics.revocation.age.labels(each.issuer, each.sha256).set(age)
    await count_certificates(context)
    context.metrics.registry_emergencies.set(await context.store.changes.emergencies())
    now = context.clock()
    for road, waiting in (await context.store.parked.backlog()).items():
        context.metrics.parked.labels(road.value).set(waiting.documents)
        context.metrics.parked_bytes.labels(road.value).set(waiting.size)
        age = (now - waiting.oldest).total_seconds() if waiting.oldest else 0.0
        context.metrics.parked_oldest.labels(road.value).set(age)
    held = await context.store.under_way.held()
    context.metrics.axis_blocked.set(bool(context.link.blocked))
    context.metrics.axis_silent.set(len(context.link.silent))
    context.metrics.held.set(sum(each.deliveries for each in held))
    oldest = min((each.since for each in held), default=now)
    context.metrics.held_oldest.set((now - oldest).total_seconds())
    await _count_dead(context)
    context.metrics.log_size.set(_size_of(await context.store.log.checkpoint()))
    body = await asyncio.to_thread(context.metrics.exposition)
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})


def _size_of(note: str | None) -> int:
    """Return how many entries our own checkpoint speaks of: other workers place entries, too."""
    return 0 if note is None else int(note.split("\n", 2)[1])


async def _count_dead(context: Context) -> None:
    """Set the numbers about dead letters; a cause of which none waits any more is not told."""
    context.metrics.dead_letters.clear()
    for group in await context.store.dead_letters.causes():
        context.metrics.dead_letters.labels(group.cause.code).set(group.letters)
    context.metrics.stuck.set(sum(each.count for each in await context.store.dead_letters.stuck()))


async def _run(context: Context) -> dict[str, Json]:
    outcomes = await asyncio.gather(*(_try(name, probe, context) for name, probe in _PROBES.items()))
    return dict(zip(_PROBES, outcomes, strict=True))


async def _try(name: str, probe: Probe, context: Context) -> dict[str, Json]:
    loop = asyncio.get_running_loop()
    begun = loop.time()
    passed, facts = True, {}
    try:
        async with asyncio.timeout(TIMEOUT):
            facts = await probe(context)
    except Exception as error:  # noqa: BLE001 - whatever a dependency raises means that it is not ready
        passed = False
        _log.warning("not_ready", check=name, error=repr(error)[:500])
    return {"ok": passed, "ms": round((loop.time() - begun) * 1000, 3), **facts}


async def _try_database(context: Context) -> dict[str, Json]:
    await context.store.ready()
    return {}


async def _try_registry(context: Context) -> dict[str, Json]:
    directory = await context.store.registry.directory()
    facts: dict[str, Json] = {
        "version": directory.version,
        "agencies": len(directory),
        "members": len(directory.members),
        "emergencies": await context.store.changes.emergencies(),
    }
    follower = context.follower
    if follower is None:
        return facts
    if (stale := follower.stale(context.clock())) is not None:
        raise stale
    state = follower.state
    return {
        **facts,
        "upstream": str(follower.upstream.url.origin()),
        "upstream_version": None if state is None else state.version,
        "upstream_expires": None if state is None else wire.moment(state.expires),
        "upstream_error": follower.error or None,
    }


async def _try_axis(context: Context) -> dict[str, Json]:
    if context.link.blocked:
        raise UnavailableError(f"the broker takes no messages: {context.link.blocked}")
    await context.link.ready()
    return {"blocked": context.link.blocked, "silent": [*sorted(context.link.silent)]}


async def _try_pressure(context: Context) -> dict[str, Json]:
    """Say how near the limits are; at one of them no document is taken."""
    pressure = context.pressure
    load, limits = pressure.load, pressure.limits
    return {
        "ok": not (against := pressure.objections()),
        "codes": [error.code for error in against],
        "outbox_rows": load.rows,
        "outbox_rows_limit": limits.rows,
        "outbox_bytes": load.size,
        "outbox_bytes_limit": limits.size,
        "disk_free": load.free,
        "disk_reserve": limits.reserve,
        "log_lag_s": round(load.log_lag, 3),
    }


async def _try_payloads(context: Context) -> dict[str, Json]:
    await context.payloads.put(_PROBE, _PROBE_SHA256)
    if await asyncio.to_thread(lambda: context.payloads.path(_PROBE_SHA256).read_bytes()) != _PROBE:
        raise OSError("the payload store does not hold what was put there")
    return {}


async def _try_trust(context: Context) -> dict[str, Json]:
    trust, now = context.trust.trust(), context.clock()
    held = await context.store.trust.current()
    watched = held.to_watch(now)
    count, remaining = _revocation(context)
    facts: dict[str, Json] = {
        # What is in force here; the store may be a few seconds ahead.
        "version": trust.number,
        "anchors": sum(each.role is Role.ANCHOR for each in watched),
        "intermediates": sum(each.role is Role.INTERMEDIATE for each in watched),
        "retired": len(held.certificates) - len(watched),
        "expiring": {str(days): len(expiring(held, now, days=days)) for days in SOON},
        "revocation": trust.revocation.value,
        "revocation_lists": count,
    }
    return facts if remaining is None else {**facts, "revocation_next_update_s": remaining}


def _measure_trust(context: Context, held: TrustVersion) -> None:
    """Set the numbers about certificates; one that is retired since the last time is not told any more."""
    now = context.clock()
    context.metrics.trust_version.set(held.version)
    context.metrics.trust_expiry.clear()
    for each in held.to_watch(now):
        remaining = (each.ends_at - now).total_seconds()
        context.metrics.trust_expiry.labels(each.sha256, each.role.value).set(remaining)


async def _try_receipts(context: Context) -> dict[str, Json]:
    await context.receipts.ready()
    return {}


async def _try_parked(context: Context) -> dict[str, Json]:
    """Count what waits to be decided; that something does is no fault of this process."""
    backlog = await context.store.parked.backlog()
    oldest = min((each.oldest for each in backlog.values() if each.oldest), default=None)
    age = int((context.clock() - oldest).total_seconds()) if oldest else 0
    return {"documents": sum(each.documents for each in backlog.values()), "oldest_s": age}


def _revocation(context: Context) -> tuple[int, int | None]:
    """Return how many revocation lists count, and the seconds until the first of them is out of date."""
    now = context.clock()
    lists = current_lists(context.trust.trust().lists, at=now)
    due = min((each.next_update for each in lists), default=None)
    return len(lists), None if due is None else int((due - now).total_seconds())


_PROBES: Final[dict[str, Probe]] = {
    "database": _try_database,
    "registry": _try_registry,
    "axis": _try_axis,
    "payloads": _try_payloads,
    "trust": _try_trust,
    "receipts": _try_receipts,
    "parked": _try_parked,
    "pressure": _try_pressure,
}
_BORNE: Final = frozenset({"axis"})
"""What may fail for hours while documents are taken: they wait in the outbox."""
