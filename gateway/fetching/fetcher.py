"""The loop that keeps revocation lists and answers current.

What is fetched: the lists that the certificates of held authorities point to, what a judgement lacked (`certs.sought`), and
whatever was fetched before. Invariants: without a listed host nothing is called; what comes counts only once it is verified and
is not older than what is held; one process at a time fetches, and what goes wrong with one address holds up no other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

import structlog
from yarl import URL

from certs.errors import BadTrustBundleError
from certs.revocation import current_lists
from certs.trust import Trust
from certs.whereabouts import list_addresses, ocsp_request, responder_addresses
from gateway.errors_revocation import OlderListError
from gateway.fetching.hosts import Hosts
from gateway.fetching.timing import ASKED, FORGOTTEN, LOOK, after_failure, after_success
from gateway.fetching.web import Downloaded, DownloadError, Web
from gateway.ports import Clock, TrustSource
from gateway.ports.revocation import Kept, Origin, RevocationStock
from gateway.settings import Settings, SettingsError
from gateway.telemetry import Metrics

TICK: Final = 1.0
MOST: Final = 5000
"""Addresses that are asked for between two passes; more are asked for again."""

_log = structlog.get_logger()


class Fetcher:
    """Fetches towards `hosts` and hands what comes to `stock`."""

    def __init__(
        self, *, hosts: Hosts, trust: TrustSource, stock: RevocationStock, clock: Clock, metrics: Metrics
    ) -> None:
        self._hosts = hosts
        self._trust = trust
        self._stock = stock
        self._clock = clock
        self._metrics = metrics
        self._wanted: dict[str, Origin] = {}
        self._urgent: set[str] = set()
        self._looked_at: Trust | None = None
        self._next_look: datetime | None = None
        self._told: frozenset[str] = frozenset()

    async def one_pass(self) -> None:
        """Wait a little, and look once."""
        await asyncio.sleep(TICK)
        await self.look()

    async def look(self) -> None:
        """Fetch what is wanted and due."""
        trust, now = self._trust.trust(), self._clock()
        self._tell_stale(trust, now=now)
        self._gather(trust, now=now)
        is_due = self._next_look is None or self._next_look <= now
        if self._hosts and (is_due or self._wanted):
            async with self._stock.turn() as is_ours:
                if is_ours:
                    await self._fetch_due(trust, now=now)

    def _tell_stale(self, trust: Trust, *, now: datetime) -> None:
        """Warn of each list once when it is out of date."""
        stale = [each for each in current_lists(trust.lists, at=now) if each.next_update < now]
        for each in stale:
            if each.sha256 not in self._told:
                due = each.next_update.isoformat()
                _log.warning("revocation_list_stale", issuer=each.issuer, number=each.number, due=due)
        self._told = frozenset(each.sha256 for each in stale)

    def _gather(self, trust: Trust, *, now: datetime) -> None:
        """Learn what is wanted: of the authorities when they change, and what judgements lacked."""
        before, self._looked_at = self._looked_at, trust
        pairs = trust.sought.take()
        if before is not trust:
            # A judgement that began under the trust before may have noted something there.
            pairs += before.sought.take() if before is not None else ()
            for authority in trust.authorities():
                self._want(Origin(url=url, wanted_at=now) for url in list_addresses(authority))
        for certificate, issuer in pairs:
            origins = [Origin(url=url, wanted_at=now) for url in list_addresses(certificate)]
            question = ocsp_request(certificate, issuer).hex()
            responders = responder_addresses(certificate)
            origins += [Origin(url=url, question=question, wanted_at=now) for url in responders]
            self._urgent.update(self._want(origins))

    def _want(self, origins: Iterable[Origin]) -> list[str]:
        """Take what may be fetched at all, and return its keys."""
        taken = [each for each in origins if self._allows(each)][: MOST - len(self._wanted)]
        self._wanted |= {each.key: each for each in taken}
        return [each.key for each in taken]

    def _allows(self, origin: Origin) -> bool:
        try:
            return self._hosts.allows(URL(origin.url))
        except ValueError:
            return False

    async def _fetch_due(self, trust: Trust, *, now: datetime) -> None:
        wanted, self._wanted = self._wanted, {}
        urgent, self._urgent = self._urgent, set()
        known = {each.key: each for each in await self._stock.origins()}
        known |= {key: replace(known.get(key, each), wanted_at=now) for key, each in wanted.items()}
        gone = [each for each in known.values() if not self._allows(each) or _is_forgotten(each, now=now)]
        for each in gone:
            del known[each.key]
        await self._stock.forget(*gone)
        await self._stock.record(*(each for key, each in known.items() if key in wanted))
        async with Web(self._hosts) as web:
            for key, origin in known.items():
                if _is_due(origin, is_urgent=key in urgent, now=now):
                    known[key] = await self._fetch(origin, web, trust)
        dues = [each.due_at for each in known.values() if each.due_at is not None]
        self._next_look = min([now + LOOK, *dues])

    async def _fetch(self, origin: Origin, web: Web, trust: Trust) -> Origin:
        """Fetch from one address, and write down how that went."""
        now = self._clock()
        try:
            came = await _call(origin, web)
            kept = await self._stock.keep(came.data, trust=trust, source=origin.url) if came else ()
        except (DownloadError, BadTrustBundleError, OlderListError, OSError) as error:
            if str(error) != origin.error:
                _log.warning("revocation_not_fetched", url=origin.url, reason=str(error))
            failures = origin.failures + 1
            due = after_failure(failures, now=now)
            after = replace(origin, error=str(error)[:500], failures=failures, tried_at=now, due_at=due)
        else:
            due = _next_after(kept, origin, trust, now=now)
            after = replace(origin, error="", failures=0, tried_at=now, fetched_at=now, due_at=due)
            if came is not None:
                after = replace(after, etag=came.etag, modified=came.modified, sha256=_first(kept))
        self._metrics.revocation.fetches.labels("failed" if after.error else "fetched").inc()
        await self._stock.record(after)
        return after


def fetching(
    settings: Settings, *, trust: TrustSource, stock: RevocationStock, clock: Clock, metrics: Metrics
) -> Callable[[], Awaitable[None]]:
    """Return one pass of a fetcher towards the hosts that the settings list.

    Raises:
        SettingsError: what they list is no list of hosts.

    """
    try:
        hosts = Hosts.parse(settings.revocation_hosts)
    except ValueError as error:
        raise SettingsError(f"VANTHU_REVOCATION_HOSTS: {error}") from error
    return Fetcher(hosts=hosts, trust=trust, stock=stock, clock=clock, metrics=metrics).one_pass


async def _call(origin: Origin, web: Web) -> Downloaded | None:
    """Return what came, None if it is what is held already.

    Raises:
        DownloadError: nothing usable came.

    """
    if origin.question:
        return await web.post(origin.url, bytes.fromhex(origin.question))
    return await web.get(origin.url, etag=origin.etag, modified=origin.modified)


def _first(kept: Sequence[Kept]) -> str:
    return kept[0].sha256 if kept else ""


def _next_after(kept: Sequence[Kept], origin: Origin, trust: Trust, *, now: datetime) -> datetime:
    """Return when to fetch again what came, or what the server says that it has not changed."""
    lives = [(each.this_update, each.next_update) for each in kept]
    lives = lives or [
        (each.this_update, each.next_update) for each in trust.lists if each.sha256 == origin.sha256
    ]
    lives = lives or [(now, now)]
    return min(after_success(begin, end, now=now) for begin, end in lives)


def _is_due(origin: Origin, *, is_urgent: bool, now: datetime) -> bool:
    if origin.tried_at is None or origin.due_at is None:
        return True
    # A clock that was put back must not keep anything from being fetched.
    return origin.due_at <= now or origin.tried_at > now or (is_urgent and now - origin.tried_at >= ASKED)


def _is_forgotten(origin: Origin, *, now: datetime) -> bool:
    return origin.wanted_at is None or now - origin.wanted_at > FORGOTTEN
