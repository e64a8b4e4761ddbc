"""`ports.Changes` over a database: each step is one transaction with the entry that tells of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeAlias

from sqlalchemy import Connection

from gateway.change_sets import (
    ChangeContent,
    ChangeSet,
    Findings,
    NewApproval,
    NewChange,
    OfficerKey,
    RegistryVersion,
    Source,
    Traffic,
)
from gateway.ports import ChangeMovedError
from gateway.records import Event
from gateway.store import change_entries as entries
from gateway.store import change_rows as rows
from gateway.store import change_traffic, officer_keys, registry_history
from gateway.store.database import Database
from gateway.store.dialects import transaction_time
from gateway.store.staging import Staging
from gateway.store.writer import Writer
from routing.change_state import ChangeState
from routing.errors import RoutingError
from routing.log import Kind

_Step: TypeAlias = Callable[[Connection, datetime], Any]

REPLACED = "registry.change_replaced"


class SqlChanges:
    """Change sets and officers' keys."""

    def __init__(self, database: Database, writer: Writer, staging: Staging) -> None:
        self._database = database
        self._writer = writer
        self._staging = staging

    async def create(self, new: NewChange) -> ChangeSet:
        """See `ports.Changes`."""
        return await self._change(partial(rows.add, new=new, state=new.findings.state))

    async def replace(
        self, seen: ChangeSet, source: Source, findings: Findings, *, retroactive: bool
    ) -> ChangeSet:
        """See `ports.Changes`."""

        def step(connection: Connection, now: datetime) -> ChangeSet:
            self._void(connection, now, seen, REPLACED)
            rows.put_content(connection, seen.id, findings, source=source)
            values = {**rows.source_values(source), **rows.findings_values(findings)}
            return rows.move(
                connection, now, seen, findings.state, retroactive=int(retroactive), reason=None, **values
            )

        return await self._change(step)

    async def revalidate(self, seen: ChangeSet, findings: Findings, *, reason: str) -> ChangeSet:
        """See `ports.Changes`."""

        def step(connection: Connection, now: datetime) -> ChangeSet:
            same = findings.diff_sha256 is not None and findings.diff_sha256 == seen.diff_sha256
            if same and (seen.first is not None or seen.state is ChangeState.APPROVED):
                return rows.move(connection, now, seen)
            voided = not same and self._void(connection, now, seen, reason)
            rows.put_content(connection, seen.id, findings)
            values = {**rows.findings_values(findings), "reason": reason if voided else seen.reason}
            if voided:
                values |= {"emergency": None, "expires_at": None}
            return rows.move(connection, now, seen, findings.state, **values)

        return await self._change(step)

    async def propose(self, seen: ChangeSet, approval: NewApproval) -> ChangeSet:
        """See `ports.Changes`."""
        return await self._change(
            partial(self._sign, seen=seen, approval=approval, kind=Kind.REGISTRY_PROPOSED, state=None)
        )

    async def approve(self, seen: ChangeSet, approval: NewApproval) -> ChangeSet:
        """See `ports.Changes`."""
        if seen.emergency is None:
            step = partial(
                self._sign,
                seen=seen,
                approval=approval,
                kind=Kind.REGISTRY_APPROVED,
                state=ChangeState.APPROVED,
            )
        else:
            step = partial(
                self._sign,
                seen=seen,
                approval=approval,
                kind=Kind.REGISTRY_RATIFIED,
                state=None,
                expires_at=None,
            )
        return await self._change(step)

    async def declare_emergency(
        self, seen: ChangeSet, approval: NewApproval, *, reason: str, expires_at: datetime
    ) -> ChangeSet:
        """See `ports.Changes`."""
        return await self._change(
            partial(
                self._sign,
                seen=seen,
                approval=approval,
                kind=Kind.REGISTRY_EMERGENCY,
                state=ChangeState.APPROVED,
                emergency=reason,
                expires_at=expires_at,
            )
        )

    async def release(self, seen: ChangeSet, *, actor: str) -> ChangeSet:
        """See `ports.Changes`."""

        def step(connection: Connection, now: datetime) -> ChangeSet:
            if seen.state is not ChangeState.APPROVED:
                raise ChangeMovedError(f"{seen.id} is {seen.state}")
            self._stage(connection, now, entries.released(seen, actor))
            return rows.move(connection, now, seen, held=0)

        return await self._change(step)

    async def withdraw(self, seen: ChangeSet, *, actor: str, reason: str) -> ChangeSet:
        """See `ports.Changes`."""

        def step(connection: Connection, now: datetime) -> ChangeSet:
            if rows.void(connection, now, seen.id) or seen.state is ChangeState.APPROVED:
                self._stage(connection, now, entries.withdrawn(seen, actor, reason))
            values = {"reason": reason or None, "expires_at": None}
            return rows.move(connection, now, seen, ChangeState.WITHDRAWN, **values)

        return await self._change(step)

    async def scheduled(self, seen: ChangeSet, version: int) -> ChangeSet:
        """See `ports.Changes`."""

        def step(connection: Connection, now: datetime) -> ChangeSet:
            undone = None if seen.rolls_back is None else rows.find(connection, seen.rolls_back)
            if undone is not None and undone.state.can_become(ChangeState.ROLLED_BACK):
                rows.move(connection, now, undone, ChangeState.ROLLED_BACK, expires_at=None)
            return rows.move(connection, now, seen, ChangeState.SCHEDULED, version=version)

        return await self._change(step)

    async def lapse(self, seen: ChangeSet, undo: NewChange) -> ChangeSet:
        """See `ports.Changes`."""

        def step(connection: Connection, now: datetime) -> ChangeSet:
            rows.move(connection, now, seen)
            kept = rows.add(connection, now, undo, state=ChangeState.APPROVED)
            self._stage(connection, now, entries.lapsed(seen, kept))
            return kept

        return await self._change(step)

    async def change_set(self, change_id: str) -> ChangeSet | None:
        """See `ports.Changes`."""
        return await self._database.read(partial(rows.find, change_id=change_id))

    async def content(self, change_id: str) -> ChangeContent:
        """See `ports.Changes`."""
        return await self._database.read(partial(rows.content, change_id=change_id))

    async def page(
        self, *, state: ChangeState | None = None, before: str | None = None, limit: int = 100
    ) -> tuple[ChangeSet, ...]:
        """See `ports.Changes`."""
        return await self._database.read(partial(rows.page, state=state, before=before, limit=limit))

    async def pending(self) -> tuple[ChangeSet, ...]:
        """See `ports.Changes`."""
        return await self._database.read(self._now(rows.pending))

    async def due(self) -> tuple[ChangeSet, ...]:
        """See `ports.Changes`."""
        return await self._database.read(self._now(rows.due))

    async def emergencies(self) -> int:
        """See `ports.Changes`."""
        return await self._database.read(rows.emergencies)

    async def traffic(self, codes: frozenset[str], *, since: datetime) -> Traffic:
        """See `ports.Changes`."""
        return await self._database.read(partial(change_traffic.traffic, codes=codes, since=since))

    async def version_made(self, change_id: str) -> int | None:
        """See `ports.Changes`."""
        return await self._database.read(partial(rows.version_made, change_id=change_id))

    async def versions(self, *, before: int | None = None, limit: int = 100) -> tuple[RegistryVersion, ...]:
        """See `ports.Changes`."""
        return await self._database.read(partial(registry_history.page, before=before, limit=limit))

    async def known_at(self, moment: datetime) -> RegistryVersion | None:
        """See `ports.Changes`."""
        return await self._database.read(partial(registry_history.known_at, moment=moment))

    async def register_key(self, credential_id: str, verifier_key: str, *, actor: str) -> OfficerKey:
        """See `ports.Changes`."""

        def step(connection: Connection, now: datetime) -> OfficerKey:
            made, is_new = officer_keys.register(connection, now, credential_id, verifier_key)
            if is_new:
                event = entries.key_registered(credential_id, verifier_key, actor=actor)
                self._stage(connection, now, event)
            return made

        key: OfficerKey = await self._writer.write(self._steps, step)
        return key

    async def officer_key(self, credential_id: str) -> OfficerKey | None:
        """See `ports.Changes`."""
        return await self._database.read(partial(officer_keys.current, credential_id=credential_id))

    async def officer_keys(self) -> tuple[OfficerKey, ...]:
        """See `ports.Changes`."""
        return await self._database.read(officer_keys.every)

    def _sign(
        self,
        connection: Connection,
        now: datetime,
        *,
        seen: ChangeSet,
        approval: NewApproval,
        kind: Kind,
        state: ChangeState | None,
        **values: Any,  # noqa: ANN401 - the columns of a row
    ) -> ChangeSet:
        """Keep a signature and log it. A first one says all of what was signed."""
        rows.keep_signature(connection, now, seen, approval)
        is_first = kind in {Kind.REGISTRY_PROPOSED, Kind.REGISTRY_EMERGENCY}
        more = {}
        if is_first:
            values["reason"] = None
        if kind is Kind.REGISTRY_EMERGENCY:
            more = {"justification": values["emergency"], **entries.until(values["expires_at"])}
        self._stage(connection, now, entries.signed(kind, seen, approval, first=is_first, **more))
        return rows.move(connection, now, seen, state, **values)

    def _void(self, connection: Connection, now: datetime, seen: ChangeSet, reason: str) -> bool:
        if not rows.void(connection, now, seen.id):
            return False
        self._stage(connection, now, entries.voided(seen, reason))
        return True

    def _stage(self, connection: Connection, now: datetime, event: Event) -> None:
        self._staging.stage(connection, now, [event])

    def _now(
        self, query: Callable[..., tuple[ChangeSet, ...]]
    ) -> Callable[[Connection], tuple[ChangeSet, ...]]:
        clock = self._writer.clock
        return lambda connection: query(connection, now=transaction_time(connection, clock))

    async def _change(self, step: Callable[[Connection, datetime], ChangeSet]) -> ChangeSet:
        made: ChangeSet = await self._writer.write(self._steps, step)
        return made

    def _steps(self, connection: Connection, now: datetime, items: Sequence[_Step]) -> list[Any]:
        return [_undone_if_refused(connection, now, item) for item in items]


def _undone_if_refused(connection: Connection, now: datetime, step: _Step) -> Any:  # noqa: ANN401 - what the step returns
    """Take a step, or take back what it wrote if it is refused, so that its neighbours in the transaction stand."""
    point = connection.begin_nested()
    try:
        made = step(connection, now)
    except (RoutingError, ChangeMovedError) as error:
        point.rollback()
        return error
    point.commit()
    return made
