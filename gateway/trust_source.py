"""The trust in force: the certificates of the trust store with the revocation lists of the trust folder.

A certificate in the folder that the store has never seen is taken over into it once, so that an offline site can install trust
with a file; what the store holds does not depend on the file afterwards. Invariants: what is in force is always one version of
the store with one whole reading of the folder; a reading that fails changes nothing of what came from the folder, is reported
once, and never keeps a change of the store from taking effect; `trust` touches neither disk nor database.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Final

import structlog

from certs.errors import BadTrustBundleError
from certs.errors_authority import InadmissibleError
from certs.policy import Policy, default_policy
from certs.policy_file import read_policy
from certs.revocation import OcspAnswer, Revocation, RevocationList
from certs.trust import Trust
from gateway.ports import Clock, TrustStore
from gateway.settings import Settings
from gateway.trust_directory import Signature, TrustDirectory
from gateway.trusted import TrustVersion, expiring

INTERVAL: Final = 5.0
FOLDER: Final = "folder"
"""The actor of what is taken over from the folder."""

log = structlog.get_logger(__name__)


class LiveTrust:
    """`TrustSource` over a store and a folder, made by `open_trust`; `watch` keeps it current."""

    def __init__(
        self,
        store: TrustStore,
        folder: TrustDirectory,
        *,
        revocation: Revocation,
        policy: Policy,
        clock: Clock,
    ) -> None:
        self._store = store
        self._folder = folder
        self._revocation = revocation
        self._policy = policy
        self._clock = clock
        self._turn = asyncio.Lock()
        self._held = TrustVersion(version=0, sha256="", certificates=())
        self._revoked: tuple[tuple[RevocationList, ...], tuple[OcspAnswer, ...]] = ((), ())
        """The lists and answers in force, and below the version whose certificates they were verified against."""
        self._verified_by = 0
        self._signature: Signature | None = None
        self._trust = Trust(anchors=(), policy=policy)
        self._left_out: set[str] = set()
        self._warned_on: date | None = None
        self.problem = ""
        """Why the last reading failed; empty when it did not."""

    def trust(self) -> Trust:
        """Return the anchors in force; none if the store has none."""
        return self._trust

    async def open(self) -> None:
        """Put the first trust in force; what is wrong with the folder is raised here, unlike later."""
        async with self._turn:
            signature = await asyncio.to_thread(self._folder.look)
            await self._take_over()
            self._held = await self._store.current()
            await self._read_revocation()
            self._signature = signature
            self._trust = self._together()

    async def refresh(self) -> bool:
        """Look at folder and store again, and return whether another trust is in force now; whatever fails is reported."""
        before = self._trust.version
        try:
            async with self._turn:
                problem = await self._look_at_folder()
                self._held = await self._store.current()
                if not problem and self._held.version != self._verified_by:
                    # Another authority may speak for lists that nobody could verify before.
                    problem = await self._try_revocation()
                in_force = (self._trust.lists, self._trust.responses)
                if self._held.version != self._trust.number or self._revoked != in_force:
                    self._trust = self._together()
        except Exception as error:  # noqa: BLE001 - whatever a database raises, what is in force stays so
            problem = f"trust store: {error!r}"[:500]
        self._report(problem)
        if self._trust.version == before:
            return False
        log.info(
            "trust_refreshed",
            version=self._held.version,
            anchors=len(self._trust.anchors),
            intermediates=len(self._trust.intermediates),
            revocation_lists=len(self._trust.lists),
            ocsp_answers=len(self._trust.responses),
        )
        return True

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Keep it current while the block runs."""
        task = asyncio.create_task(self.watch(), name="trust")
        try:
            yield
        finally:
            task.cancel()

    async def watch(self, *, interval: float = INTERVAL) -> None:
        """Refresh every `interval` seconds until cancelled, and say once a day what ends soon."""
        while True:
            self._warn_daily()
            await asyncio.sleep(interval)
            await self.refresh()

    async def _look_at_folder(self) -> str:
        """Take over new certificates and read new lists, if anything in the folder has changed; return what is wrong with it."""
        try:
            signature = await asyncio.to_thread(self._folder.look)
            if signature == self._signature:
                return ""
            await self._take_over()
            self._held = await self._store.current()
            await self._read_revocation()
        except (BadTrustBundleError, OSError) as error:
            return str(error)
        self._signature = signature
        return ""

    async def _try_revocation(self) -> str:
        try:
            await self._read_revocation()
        except (BadTrustBundleError, OSError) as error:
            return str(error)
        return ""

    async def _read_revocation(self) -> None:
        """Read lists and answers, verified against what is held.

        Raises:
            BadTrustBundleError: a file cannot be verified.
            OSError: a file cannot be read.

        """
        held = self._held
        bare = held.trust(revocation=self._revocation, policy=self._policy)
        found = await asyncio.to_thread(self._folder.with_revocation, bare)
        self._revoked, self._verified_by = (found.lists, found.responses), held.version

    async def _take_over(self) -> None:
        """Have the store hold every certificate of the folder; one that it does not admit is left out and named once."""
        for found in await asyncio.to_thread(self._folder.certificates):
            try:
                is_new = await self._store.take_over(found.certificate, actor=FOLDER)
            except InadmissibleError as error:
                if str(error) not in self._left_out:
                    log.warning("trust_not_taken_over", file=found.name, code=error.code, reason=str(error))
                self._left_out.add(str(error))
                continue
            if is_new:
                log.info(
                    "trust_taken_over", file=found.name, subject=found.certificate.subject.rfc4514_string()
                )

    def _report(self, problem: str) -> None:
        if problem and problem != self.problem:
            log.warning("trust_not_refreshed", reason=problem, version_kept=self._trust.version)
        self.problem = problem

    def _together(self) -> Trust:
        lists, answers = self._revoked
        trust = self._held.trust(lists=lists, revocation=self._revocation, policy=self._policy)
        return replace(trust, responses=answers) if answers else trust

    def _warn_daily(self) -> None:
        """Name what ends soon, once a day."""
        now = self._clock()
        if self._warned_on == now.date():
            return
        self._warned_on = now.date()
        for each in expiring(self._held, now):
            log.warning(
                "trust_ends_soon",
                certificate_sha256=each.sha256,
                subject=each.subject,
                role=each.role.value,
                ends_at=each.ends_at.isoformat(),
                days_left=(each.ends_at - now).days,
            )


async def open_trust(store: TrustStore, settings: Settings, *, clock: Clock) -> LiveTrust:
    """Make the trust folder if it is missing, take over what is new in it, and return the trust in force.

    Raises:
        BadTrustBundleError: a file is broken, so nobody knows whom its author meant to trust.
        BadPolicyError: the policy file cannot be used.
        OSError: the folder or a file cannot be read.

    """
    policy = await asyncio.to_thread(_policy, settings)
    folder = TrustDirectory(settings.trust_folder)
    await asyncio.to_thread(folder.make)
    trust = LiveTrust(store, folder, revocation=settings.revocation, policy=policy, clock=clock)
    await trust.open()
    return trust


def _policy(settings: Settings) -> Policy:
    return read_policy(settings.policy.read_bytes()) if settings.policy else default_policy()
