"""What officers do with changes of the registry, step by step: draft, sign, approve, withdraw, roll back.

Invariants: whatever is signed was looked at against the version of the registry in force; proposer and approver are two people
with two keys; a change set in force on one signature is in a box of time. What is approved is made by `gateway.flow.scheduling`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from uuid_utils import uuid7

from gateway.change_sets import (
    LONGEST_EMERGENCY,
    Approval,
    ChangeSet,
    Findings,
    NewApproval,
    NewChange,
    Source,
)
from gateway.errors import NotFoundError
from gateway.flow.change_looking import again, undoing
from gateway.flow.change_reading import look_at
from gateway.ports import ChangeMovedError, Clock, Store
from routing.change_approval import (
    ApprovalFacts,
    OfficerRole,
    Signer,
    check_approval,
    require_another,
)
from routing.change_state import ChangeState
from routing.errors_change_sets import (
    ChangeFaultyError,
    ChangeNotReadyError,
    ChangeOutdatedError,
    EmergencyTooLongError,
    OfficerKeyMissingError,
)
from routing.note import parse_verifier_key

DIFFERS: Final = "registry.diff_changed"
_EDITABLE: Final = frozenset({ChangeState.DRAFT, ChangeState.VALIDATED})


class Registrar:
    """Takes the steps that officers ask for; raises what speaks against one, and then nothing has changed."""

    def __init__(self, *, store: Store, clock: Clock) -> None:
        self._store = store
        self._changes = store.changes
        self._clock = clock

    async def draft(
        self, *, title: str, legal_basis: str, source: Source, retroactive: bool, held: bool, actor: str
    ) -> ChangeSet:
        """Keep a new change set with what was found in its file."""
        findings = await self._look(source, retroactive=retroactive)
        new = NewChange(
            id=str(uuid7()),
            title=title,
            legal_basis=legal_basis,
            source=source,
            retroactive=retroactive,
            held=held,
            findings=findings,
            proposer=actor,
        )
        return await self._changes.create(new)

    async def replace(self, change_id: str, source: Source, *, retroactive: bool) -> ChangeSet:
        """Put another file in its place; signatures do not count any more."""
        seen = await self.existing(change_id)
        _require(seen, seen.state in _EDITABLE and seen.rolls_back is None, "draft / validated")
        findings = await self._look(source, retroactive=retroactive)
        return await _newest(self._changes.replace(seen, source, findings, retroactive=retroactive), seen)

    async def look_again(self, change_id: str) -> ChangeSet:
        """Validate it against the version of the registry that is in force."""
        seen = await self.existing(change_id)
        _require(seen, seen.state in _EDITABLE, "draft / validated")
        return await self._looked_at(seen, always=True)

    async def propose(self, change_id: str, signed: Mapping[str, object], *, actor: str) -> ChangeSet:
        """Take the proposer's signature."""
        seen = await self._signable(change_id)
        approval = await self._checked(seen, signed, OfficerRole.PROPOSER, actor=actor)
        return await _newest(self._changes.propose(seen, approval), seen)

    async def approve(self, change_id: str, signed: Mapping[str, object], *, actor: str) -> ChangeSet:
        """Take the approver's signature; of an emergency it is the ratification."""
        seen = await self.existing(change_id)
        now = self._clock()
        if seen.emergency is not None:
            open_ = seen.expires_at is not None and now < seen.expires_at
            _require(seen, open_ and not seen.state.is_final, "emergency")
        else:
            _require(seen, seen.state is ChangeState.VALIDATED and seen.first is not None, "proposed")
            before = seen.first
            seen = await self._in_time(await self._looked_at(seen))
            if seen.first != before:
                raise _outdated(seen)
        approval = await self._checked(seen, signed, OfficerRole.APPROVER, actor=actor)
        if seen.first is not None:
            require_another(_signer(seen.first), _signer(approval))
        return await _newest(self._changes.approve(seen, approval), seen)

    async def declare_emergency(
        self,
        change_id: str,
        signed: Mapping[str, object],
        *,
        reason: str,
        within: timedelta,
        actor: str,
    ) -> ChangeSet:
        """Take one officer's signature for both, for a limited time."""
        if not timedelta(0) < within <= LONGEST_EMERGENCY:
            hours, limit = (round(each / timedelta(hours=1), 2) for each in (within, LONGEST_EMERGENCY))
            raise EmergencyTooLongError(hours=hours, limit=limit)
        seen = await self._signable(change_id)
        approval = await self._checked(seen, signed, OfficerRole.EMERGENCY, actor=actor)
        step = self._changes.declare_emergency(
            seen, approval, reason=reason, expires_at=self._clock() + within
        )
        return await _newest(step, seen)

    async def release(self, change_id: str, *, actor: str) -> ChangeSet:
        """Let go on what was approved beforehand and held."""
        seen = await self.existing(change_id)
        _require(seen, seen.state is ChangeState.APPROVED and seen.held, "approved, held")
        await self._in_time(seen)
        return await _newest(self._changes.release(seen, actor=actor), seen)

    async def withdraw(self, change_id: str, *, actor: str, reason: str) -> ChangeSet:
        """End it before it is scheduled."""
        seen = await self.existing(change_id)
        _require(seen, seen.state.can_become(ChangeState.WITHDRAWN), "draft / validated / approved")
        return await _newest(self._changes.withdraw(seen, actor=actor, reason=reason), seen)

    async def roll_back(
        self, change_id: str, *, at: datetime | None, title: str, legal_basis: str, held: bool, actor: str
    ) -> ChangeSet:
        """Make a change set that takes a scheduled one back from a moment on, now at the earliest.

        Raises:
            ChangeOvertaken: later changes stand on it.

        """
        seen = await self.existing(change_id)
        _require(seen, seen.state is ChangeState.SCHEDULED, "scheduled / active")
        new = await undoing(self._store, seen, at=max(at or self._clock(), self._clock()), actor=actor)
        new = replace(new, title=title or new.title, legal_basis=legal_basis, held=held)
        return await self._changes.create(new)

    async def existing(self, change_id: str) -> ChangeSet:
        """Return a change set.

        Raises:
            NotFoundError: there is none.

        """
        found = await self._changes.change_set(change_id)
        if found is None:
            raise NotFoundError(what=f"“{change_id}”")
        return found

    async def _signable(self, change_id: str) -> ChangeSet:
        """Return a change set that nobody signed yet, looked at against the version in force."""
        seen = await self.existing(change_id)
        if seen.state is ChangeState.DRAFT:
            raise ChangeFaultyError(change=seen.id, count=seen.fault_count)
        _require(seen, seen.state is ChangeState.VALIDATED and seen.first is None, "validated")
        return await self._in_time(await self._looked_at(seen))

    async def _looked_at(self, seen: ChangeSet, *, always: bool = False) -> ChangeSet:
        """Validate again what rests on another version of the registry than the one in force.

        Raises:
            ChangeOutdatedError: it does something else now; signatures do not count any more.

        """
        directory = await self._store.registry.directory()
        if not always and directory.version == seen.base_version:
            return seen
        findings = await again(self._store, seen, directory, now=self._clock())
        looked = await _newest(self._changes.revalidate(seen, findings, reason=DIFFERS), seen)
        if not always and findings.diff_sha256 != seen.diff_sha256:
            raise _outdated(seen)
        return looked

    async def _in_time(self, seen: ChangeSet) -> ChangeSet:
        """Let pass only what does not begin in the past, or says that it does.

        Raises:
            ChangeOutdatedError: its moment has passed meanwhile.

        """
        if not seen.retroactive and seen.rolls_back is None and min(seen.instants) < self._clock():
            raise ChangeOutdatedError(
                change=seen.id,
                reason_vi="thời điểm hiệu lực đã qua",
                reason_en="its moment of effect has passed",
            )
        return seen

    async def _checked(
        self, seen: ChangeSet, signed: Mapping[str, object], role: OfficerRole, *, actor: str
    ) -> NewApproval:
        """Return a signature that counts."""
        key = await self._changes.officer_key(actor)
        if key is None:
            raise OfficerKeyMissingError(credential=actor)
        now = self._clock()
        expected = ApprovalFacts(
            change=seen.id,
            diff_sha256=seen.diff_sha256 or "",
            role=role,
            base_version=seen.base_version,
            at=now,
        )
        verifier = parse_verifier_key(key.verifier_key)
        signed_at = check_approval(signed, expected, verifier, now=now)
        return NewApproval(
            officer=actor,
            role=role,
            verifier_key=key.verifier_key,
            signed_at=signed_at,
            signature=str(signed["signature"]),
        )

    async def _look(self, source: Source, *, retroactive: bool) -> Findings:
        directory = await self._store.registry.directory()
        return await asyncio.to_thread(look_at, source, directory, now=self._clock(), retroactive=retroactive)


async def _newest(step: Awaitable[ChangeSet], seen: ChangeSet) -> ChangeSet:
    """Take a step, or say that somebody else was faster."""
    try:
        return await step
    except ChangeMovedError as error:
        raise ChangeOutdatedError(
            change=seen.id,
            reason_vi="người khác vừa thay đổi nó",
            reason_en="somebody has just changed it",
        ) from error


def _signer(approval: Approval | NewApproval) -> Signer:
    return Signer(credential=approval.officer, verifier=parse_verifier_key(approval.verifier_key))


def _require(seen: ChangeSet, fits: bool, needed: str) -> None:  # noqa: FBT001 - read as a sentence
    if not fits:
        state = seen.state.value if seen.first is None else f"{seen.state.value}, signed"
        raise ChangeNotReadyError(change=seen.id, state=state, needed=needed)


def _outdated(seen: ChangeSet) -> ChangeOutdatedError:
    return ChangeOutdatedError(
        change=seen.id,
        reason_vi="danh mục đã đổi và phần so sánh nay khác",
        reason_en="the registry has changed, and the diff with it",
    )
