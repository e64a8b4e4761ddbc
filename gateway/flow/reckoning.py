"""Reckoning: the loss ledger kept up to date, gaps found and told once, and what heals by itself healed.

Every few seconds the new entries of the log are added up and the sum of what is owed is compared with the rows: a delivery that
vanished from either side shows at once, however old it is. What is owed is then checked document by document, in portions, and
everything else at a slow pace: once a day, when somebody asks, and when the sum does not come out. A gap is told as an error when
it is found, stays in the report for as long as it is there, and is looked at again in every pass.

Only one thing heals by itself: what is owed and not in the outbox any more is put back, with an entry in the log. Everything else
needs people, because one of the two sides is wrong and no rule says which.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

import structlog

from gateway.flow.notifying import LOG, OUTBOX, Bell
from gateway.ledger import GapCount, Page, Report, gaps_by_kind
from gateway.ports import Clock, Ledger
from gateway.telemetry import Metrics
from routing.ledger import Gap, GapKind, Term

PORTION: Final = 200
"""Documents in one snapshot: a few milliseconds."""

PORTIONS: Final = 60
"""Portions in one step, after which the sum is made again: with much to look at, that is every few seconds, too."""

STEP: Final = 1000
"""Entries of the log that are added up at once."""

BEHIND: Final = 5000
"""With more entries than this not in the sums yet, there is no answer."""

REST: Final = 5.0
BREATH: Final = 0.05
"""Seconds between portions, so that a count of everything takes no more than a fraction of one processor."""

EVERY: Final = timedelta(days=1)
"""How often everything is counted."""

KEPT: Final = 10_000
"""The most gaps that are kept and looked at again; further ones are told in telemetry and found again when these are gone."""

SHOWN: Final = 100
TOLD: Final = 20
"""Ids in one line of telemetry."""

_log = structlog.get_logger()


class _Walk:
    """How far a walk through documents has come, and what it has met."""

    def __init__(self) -> None:
        self.is_under_way = False
        self.after: str | None = None
        self.documents = 0
        self.overdue: dict[str, None] = {}

    def begin(self) -> None:
        """Begin anew."""
        self.is_under_way, self.after, self.documents, self.overdue = True, None, 0, {}

    def took(self, page: Page) -> None:
        """Note a portion."""
        self.after = page.last
        self.is_under_way = page.last is not None
        self.documents += page.documents
        self.overdue |= dict.fromkeys(page.overdue)


class Reckoning:
    """Keeps the ledger of one gateway; `overdue_after` is how long the axis may take to bring a receipt."""

    def __init__(
        self, *, ledger: Ledger, clock: Clock, bell: Bell, metrics: Metrics, overdue_after: timedelta
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._bell = bell
        self._metrics = metrics
        self._overdue_after = overdue_after
        self._gaps: dict[Gap, None] = {}
        self._was_even = True
        self._wanted = asyncio.Event()
        self._turn = asyncio.Lock()
        self._looked_up = False
        self._owed = _Walk()
        self._everything = _Walk()
        self.report = Report()

    def want_recount(self) -> None:
        """Have everything counted in the next pass."""
        self._wanted.set()

    async def one_pass(self) -> None:
        """Do one step; then rest, unless there is more to look at or a count of everything is wanted."""
        try:
            await self._step()
        except Exception:
            # What was known before may not be true any more.
            self.report = replace(self.report, balance=None)
            raise
        if self._is_walking:
            return
        try:
            async with asyncio.timeout(REST):
                await self._wanted.wait()
        except TimeoutError:
            return

    async def reckon(self) -> Report:
        """Look at all there is to look at now, and return the report."""
        await self._step()
        while self._is_walking:
            await self._step()
        return self.report

    @property
    def _is_walking(self) -> bool:
        return self._owed.is_under_way or self._everything.is_under_way

    async def _step(self) -> None:
        """Bring the report up to date, go on with what is under way, and heal what can be healed."""
        async with self._turn:
            if not self._looked_up:
                self.report = replace(self.report, recounted_at=await self._ledger.recounted())
                self._looked_up = True
            await self._look_again()
            await self._balance()
            await self._check_owed()
            if self._everything.is_under_way or self._is_due():
                await self._recount()
            await self._heal()
            self._publish()

    async def _look_again(self) -> None:
        """Forget the gaps that are not there any more."""
        names = sorted({gap.document_id for gap in self._gaps})
        there: set[Gap] = set()
        for start in range(0, len(names), PORTION):
            there.update(await self._ledger.check(names[start : start + PORTION]))
        self._gaps = {gap: None for gap in self._gaps if gap in there}

    async def _balance(self) -> None:
        while await self._ledger.advance(limit=STEP):
            continue
        balance = await self._ledger.balance(most=BEHIND)
        self.report = replace(self.report, balance=balance)

    async def _check_owed(self) -> None:
        before = self._clock() - self._overdue_after
        if await self._walk(
            self._owed,
            lambda after: self._ledger.owed(after=after, limit=PORTION, overdue_before=before),
        ):
            overdue = self._owed.overdue
            self.report = replace(
                self.report,
                overdue=len(overdue),
                overdue_first=tuple(overdue)[:SHOWN],
                owed_at=self._clock(),
            )

    def _is_due(self) -> bool:
        last = self.report.recounted_at
        if self._wanted.is_set() or last is None or self._clock() - last >= EVERY:
            return True
        balance = self.report.balance
        # Once for each time that the sum goes wrong; as long as it stays wrong, counting again tells nothing new.
        return balance is not None and balance.differs and self._was_even

    async def _recount(self) -> None:
        self._wanted.clear()
        is_done = await self._walk(
            self._everything, lambda after: self._ledger.page(after=after, limit=PORTION)
        )
        counted = self._everything.documents
        self.report = replace(self.report, recounting=None if is_done else counted)
        if not is_done:
            return
        if not self._gaps:
            # Written down only if nothing was found: the next process must find again what was.
            await self._ledger.note_recount()
        self.report = replace(self.report, recounted_at=self._clock())
        _log.info("ledger_recounted", documents=counted, gaps=len(self._gaps))

    async def _walk(self, walk: _Walk, ask: Callable[[str | None], Awaitable[Page]]) -> bool:
        """Go on with a walk for a while, or begin it; note the gaps, and return whether it came to its end."""
        if not walk.is_under_way:
            walk.begin()
        for _ in range(PORTIONS):
            page = await ask(walk.after)
            self._note(page.gaps)
            walk.took(page)
            if not walk.is_under_way:
                return True
            await asyncio.sleep(BREATH)
        return False

    def _note(self, gaps: tuple[Gap, ...]) -> None:
        """Keep new gaps, and tell them once."""
        fresh = [gap for gap in gaps if gap not in self._gaps]
        for kind in dict.fromkeys(gap.kind for gap in fresh):
            ids = [gap.subject for gap in fresh if gap.kind is kind]
            _log.error("ledger_gap", kind=kind.value, count=len(ids), ids=ids[:TOLD])
        room = KEPT - len(self._gaps)
        self._gaps |= dict.fromkeys(fresh[: max(0, room)])

    async def _heal(self) -> None:
        """Put back what fell out of the outbox; not what has no body, which could never be sent."""
        bodiless = {gap.document_id for gap in self._gaps if gap.kind is GapKind.BODY_MISSING}
        fallen = {
            gap.subject: gap
            for gap in self._gaps
            if gap.kind is GapKind.NOT_IN_OUTBOX and gap.document_id not in bodiless
        }
        back = await self._ledger.requeue(sorted(fallen))
        if not back:
            return
        for delivery_id in back:
            del self._gaps[fallen[delivery_id]]
        _log.error("ledger_healed", kind=GapKind.NOT_IN_OUTBOX.value, count=len(back), ids=list(back[:TOLD]))
        self.report = replace(self.report, healed=self.report.healed + len(back))
        self._metrics.ledger.healed.inc(len(back))
        self._bell.ring(OUTBOX)
        self._bell.ring(LOG)

    def _publish(self) -> None:
        """Put the gaps into the report, and all numbers into the metrics."""
        balance = self.report.balance
        counts = gaps_by_kind(self._gaps, shown=SHOWN)
        is_even = balance is None or not balance.differs
        if balance is not None and not is_even:
            off = sum(abs(balance.logged[term] - balance.owed[term]) for term in Term if term.is_under_way)
            if self._was_even:
                _log.error("ledger_gap", kind=GapKind.SUM.value, count=off, ids=[])
            counts = (GapCount(kind=GapKind.SUM, count=off, first=()), *counts)
        self._was_even = is_even
        self.report = replace(self.report, gaps=counts)
        found = {each.kind: each.count for each in counts}
        self._metrics.ledger.show(
            {} if balance is None else balance.totals.by_term(),
            {kind.value: found.get(kind, 0) for kind in GapKind},
            overdue=self.report.overdue,
        )
