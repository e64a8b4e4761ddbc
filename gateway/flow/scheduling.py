"""Making approved changes of the registry: one new version each, which takes effect at its instant by itself.

A process that dies in between loses nothing: what is approved is found again, and a version that was made already says of which
change set. Several processes may try at once; the version that a change is made of is in force only once. An emergency that
nobody ratified in time is taken back here, loudly.
"""

from __future__ import annotations

from typing import Final

import structlog

from gateway.change_sets import ChangeSet
from gateway.flow.change_looking import again, change_in, undoing
from gateway.flow.change_reading import faulty
from gateway.flow.notifying import CHANGES, LOG, Bell, wait
from gateway.flow.registrar import DIFFERS
from gateway.ports import ChangeMovedError, Clock, StaleRegistryError, Store, UnavailableError
from routing.agency_change import AgencyChange
from routing.change_approval import OfficerRole
from routing.change_state import ChangeState
from routing.errors import RegistryInconsistent
from routing.errors_change import ChangeOvertaken

LOOK_AGAIN: Final = 1.0

_log = structlog.get_logger()


class Scheduler:
    """Makes what is approved, takes back what lapsed, then waits for the bell or the next look."""

    def __init__(self, *, store: Store, clock: Clock, bell: Bell, gateway: str) -> None:
        self._store = store
        self._clock = clock
        self._bell = bell
        self._gateway = gateway
        self._stuck: set[str] = set()
        """Emergencies that cannot be taken back, each told once by this process."""

    async def one_pass(self) -> None:
        """Go on with everything that is due, then wait."""
        rung = self._bell.listen(CHANGES)
        for change in await self._store.changes.due():
            await self._safely(change)
        await wait(rung, LOOK_AGAIN)

    async def _safely(self, change: ChangeSet) -> None:
        """Go on with one change set; whatever is wrong with it must not hold up the others."""
        try:
            await (self._lapse(change) if change.state is ChangeState.SCHEDULED else self._make(change))
        except UnavailableError:
            raise
        except (ChangeMovedError, StaleRegistryError):
            # Somebody else was faster; the next pass sees what they did.
            self._bell.ring(CHANGES)
        except Exception as error:  # noqa: BLE001 - as above
            if getattr(error, "retry", False):
                _log.warning("change_set_waits", change=change.id, reason=str(error))
            else:
                _log.exception("change_set_failed", change=change.id)

    async def _make(self, change: ChangeSet) -> None:
        made = await self._store.changes.version_made(change.id)
        if made is None:
            ready = await self._ready(change)
            if ready is None:
                return
            change, agencies = ready
            made = await self._version(change, agencies)
            if made is None:
                return
        await self._store.changes.scheduled(change, made)
        if change.expires_at is not None:
            _log.warning("registry_emergency", change=change.id, expires_at=change.expires_at.isoformat())
        _log.info("change_set_scheduled", change=change.id, registry_version=made)
        self._bell.ring(LOG)

    async def _ready(self, change: ChangeSet) -> tuple[ChangeSet, AgencyChange] | None:
        """Return the change as one of the version in force; None if it does not do there what was signed."""
        directory = await self._store.registry.directory()
        if directory.version != change.base_version:
            try:
                findings = await again(self._store, change, directory, now=change.changed_at)
            except ChangeOvertaken as error:
                findings = faulty((error,), directory)
            if findings.diff_sha256 != change.diff_sha256 and change.first is None:
                # What undoes an emergency was signed by nobody: it is made anew.
                await self._store.changes.withdraw(change, actor=self._gateway, reason=DIFFERS)
                self._bell.ring(CHANGES)
                return None
            change = await self._store.changes.revalidate(change, findings, reason=DIFFERS)
            if change.state is not ChangeState.APPROVED:
                _log.warning("change_set_signatures_void", change=change.id, reason=DIFFERS)
                self._bell.ring(LOG)
                return None
        return change, await change_in(self._store, change.id, base_version=directory.version)

    async def _version(self, change: ChangeSet, agencies: AgencyChange) -> int | None:
        """Make the version; None if the registry refuses, which voids the signatures."""
        approval = change.approval(OfficerRole.APPROVER) or change.first
        try:
            made = await self._store.registry.change_agencies(
                agencies,
                actor=self._gateway if approval is None else approval.officer,
                source=change.source_sha256 or change.diff_sha256 or "",
                change_id=change.id,
            )
        except RegistryInconsistent as error:
            directory = await self._store.registry.directory()
            await self._store.changes.revalidate(change, faulty((error,), directory), reason=error.code)
            _log.warning("change_set_signatures_void", change=change.id, reason=error.code)
            self._bell.ring(LOG)
            return None
        return made.version

    async def _lapse(self, change: ChangeSet) -> None:
        """Prepare what takes an emergency back that nobody ratified."""
        try:
            undo = await undoing(self._store, change, at=self._clock(), actor=self._gateway)
        except ChangeOvertaken as error:
            if change.id not in self._stuck:
                self._stuck.add(change.id)
                _log.error("emergency_cannot_be_taken_back", change=change.id, reason=str(error))
            return
        kept = await self._store.changes.lapse(change, undo)
        _log.error("emergency_lapsed", change=change.id, expires_at=change.expires_at, undo=kept.id)
        self._bell.ring(CHANGES)
        self._bell.ring(LOG)
