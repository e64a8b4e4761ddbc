"""The port for changes of the registry: change sets, signatures over them, and the keys of officers."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

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
from routing.change_state import ChangeState


class ChangeMovedError(Exception):
    """The change set is not at the revision that somebody looked at; nothing was done."""


class Changes(Protocol):
    """Change sets move only along `routing.change_state.ALLOWED`, and only from the revision that the caller has seen.

    A method that takes a `ChangeSet` raises `ChangeMovedError` if that is not its newest revision, or the move not allowed.
    """

    async def create(self, new: NewChange) -> ChangeSet:
        """Keep a new change set, as a draft or validated. Nothing is logged before it is signed."""

    async def replace(
        self, seen: ChangeSet, source: Source, findings: Findings, *, retroactive: bool
    ) -> ChangeSet:
        """Put another file in its place. Signatures do not count any more, which is logged as `registry_voided`."""

    async def revalidate(self, seen: ChangeSet, findings: Findings, *, reason: str) -> ChangeSet:
        """Put another validation in place of the one that is there.

        With the same diff, signatures keep counting and its state stays. With another diff or with faults they do not count any
        more: logged as `registry_voided` with the `reason`, which is a code.
        """

    async def propose(self, seen: ChangeSet, approval: NewApproval) -> ChangeSet:
        """Keep the proposer's signature. Logs `registry_proposed`."""

    async def approve(self, seen: ChangeSet, approval: NewApproval) -> ChangeSet:
        """Keep the approver's signature; it is approved then. Logs `registry_approved`.

        One that is in force as an emergency is ratified instead: it stays what it is, but does not lapse. Logs
        `registry_ratified`.
        """

    async def declare_emergency(
        self, seen: ChangeSet, approval: NewApproval, *, reason: str, expires_at: datetime
    ) -> ChangeSet:
        """Approve it on one officer's signature, until `expires_at`. Logs `registry_emergency`."""

    async def release(self, seen: ChangeSet, *, actor: str) -> ChangeSet:
        """Let an approved change set that is held go on. Logs `registry_released`."""

    async def withdraw(self, seen: ChangeSet, *, actor: str, reason: str) -> ChangeSet:
        """End it before it was scheduled. Logs `registry_withdrawn` unless it was only a draft."""

    async def scheduled(self, seen: ChangeSet, version: int) -> ChangeSet:
        """Note the version that was made of it. A change set that it rolls back is rolled back by that."""

    async def lapse(self, seen: ChangeSet, undo: NewChange) -> ChangeSet:
        """Keep an approved change set that undoes an emergency which nobody ratified. Logs `registry_lapsed`.

        It stands on nobody's signature. The emergency is rolled back when that one is scheduled, and lapses again if that one
        is withdrawn.
        """

    async def change_set(self, change_id: str) -> ChangeSet | None:
        """Return a change set."""

    async def content(self, change_id: str) -> ChangeContent:
        """Return what is big of a change set.

        Raises:
            KeyError: there is none.

        """

    async def page(
        self, *, state: ChangeState | None = None, before: str | None = None, limit: int = 100
    ) -> tuple[ChangeSet, ...]:
        """Return change sets, the newest first, from before one of them."""

    async def pending(self) -> tuple[ChangeSet, ...]:
        """Return those that are neither withdrawn nor rolled back nor wholly in the past, the oldest first."""

    async def due(self) -> tuple[ChangeSet, ...]:
        """Return what the gateway has to go on with: approved change sets that are not held, and lapsed emergencies.

        An emergency that an approved change set is about to undo is not among them.
        """

    async def emergencies(self) -> int:
        """Return how many change sets stand on one officer's signature, for a limited time."""

    async def traffic(self, codes: frozenset[str], *, since: datetime) -> Traffic:
        """Return the deliveries under way to these codes, and how many messages they sent and received since a moment."""

    async def version_made(self, change_id: str) -> int | None:
        """Return the version of the registry that was made of a change set, also if that was not noted yet."""

    async def versions(self, *, before: int | None = None, limit: int = 100) -> tuple[RegistryVersion, ...]:
        """Return versions of the registry, the newest first, from before one of them."""

    async def known_at(self, moment: datetime) -> RegistryVersion | None:
        """Return the version of the registry that was the newest at a moment; None before the first."""

    async def register_key(self, credential_id: str, verifier_key: str, *, actor: str) -> OfficerKey:
        """Make this the key under which a credential's holder signs. Logs `key_rotated` with purpose `officer`.

        The one before it does not count for new signatures any more. The same key again changes nothing.

        Raises:
            OfficerKeyTakenError: it is or was that of another credential, which can still be used.

        """

    async def officer_key(self, credential_id: str) -> OfficerKey | None:
        """Return the key under which a credential's holder signs now."""

    async def officer_keys(self) -> tuple[OfficerKey, ...]:
        """Return every key of every officer that there ever was, the oldest first."""
