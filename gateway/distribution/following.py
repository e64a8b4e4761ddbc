"""Following an upstream registry: its statements are fetched, verified, kept, and become versions of the local registry.

Agencies and the registrations of their certificates are the upstream's; connected systems (members, their prefixes and queues)
are this gateway's own. Rows with future dates come with the rest, so that a change takes effect here at its instant without
anybody asking anybody.

Invariants: nothing is taken over that was not verified against the newest statement that was ever taken over, which is in the
database; taking over the same statement again changes nothing, so that any process may die at any moment; once the newest
statement is out of date by more than `ALLOWANCE`, nothing is decided any more (`stale`).
"""

from __future__ import annotations

import asyncio
import gzip
import os
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import structlog

from gateway.distribution.upstream import Upstream, UpstreamError, UpstreamGoneError
from gateway.errors import GatewayError
from gateway.ports import Clock, StaleRegistryError, Store
from gateway.ports.upstream import Followed, Registered, UpstreamState
from routing.agencies import Agency, Directory
from routing.agency import agency_content
from routing.agency_change import AgencyChange
from routing.errors import RoutingError
from routing.errors_log import LogError
from routing.errors_snapshot import DeltaMismatchError, SnapshotAlteredError, UpstreamStaleError
from routing.snapshot import Header, Known, open_delta, open_snapshot, read_lines
from routing.snapshot_lines import Certificate, completed

POLL: Final = 30.0
"""Seconds between two questions to the upstream."""
ALLOWANCE: Final = timedelta(minutes=10)
"""For how long a statement that is out of date is still relied upon: the clocks of two machines may differ."""
TRIES: Final = 5
"""How often a change is computed again because the local registry changed meanwhile."""

_log = structlog.get_logger()


class Follower:
    """Follows one upstream; `folder` keeps the lines of the version that was taken over last."""

    def __init__(self, upstream: Upstream, *, store: Store, clock: Clock, folder: Path) -> None:
        self.upstream = upstream
        self._store = store
        self._clock = clock
        self._file = folder / "upstream.lines.gz"
        self._state: UpstreamState | None = None
        self._is_first = True
        self.error = ""
        """Why the last question brought nothing; empty if it did."""

    @property
    def state(self) -> UpstreamState | None:
        """The newest statement that this process knows to be taken over."""
        return self._state

    def stale(self, at: datetime) -> UpstreamStaleError | None:
        """Return what to say if nothing may be decided at `at`, because what is known is out of date."""
        state = self._state
        if state is not None and at < state.expires + ALLOWANCE:
            return None
        expires = "–" if state is None else state.expires.isoformat(timespec="seconds")
        return UpstreamStaleError(upstream=str(self.upstream.url.origin()), expires=expires)

    async def open(self) -> None:
        """Learn what was taken over before this process began."""
        self._state = await self._store.upstream.state(self.upstream.verifier.name)

    async def one_pass(self) -> None:
        """Ask once, at once the first time."""
        if not self._is_first:
            await asyncio.sleep(POLL)
        self._is_first = False
        await self.look()

    async def look(self) -> None:
        """Ask the upstream, and take over what is new; what goes wrong is logged and shown by /readyz."""
        await self.open()
        before = self.error
        try:
            await self._follow()
        except (UpstreamError, RoutingError, LogError, GatewayError) as error:
            self.error = f"{getattr(error, 'code', '')} {error}".strip()
            if self.error != before:
                _log.warning("upstream_not_followed", url=str(self.upstream.url), reason=self.error[:500])
        else:
            self.error = ""
        await self.open()

    async def _follow(self) -> None:
        known = self._state
        if known is not None:
            try:
                await self._follow_delta(Known(version=known.version, sha256=known.sha256))
            except (UpstreamGoneError, DeltaMismatchError, SnapshotAlteredError):
                # Whatever was wrong with the way there: the whole is verified by itself, against the same statement.
                _log.info("upstream_fetched_whole", version=known.version)
            else:
                return
        data = await self.upstream.fetch(since=None)
        at = self._clock()
        versions = None if known is None else Known(version=known.version, sha256=known.sha256)
        found = await asyncio.to_thread(open_snapshot, data, (self.upstream.verifier,), known=versions, at=at)
        await self._take_over(found.header, found.lines)

    async def _follow_delta(self, known: Known) -> None:
        data = await self.upstream.fetch(since=known.version)
        at = self._clock()
        delta = await asyncio.to_thread(open_delta, data, (self.upstream.verifier,), known=known, at=at)
        if delta.header.version == known.version:
            await self._store.upstream.extend(_state_of(delta.header))
            return
        lines = await asyncio.to_thread(lambda: delta.apply(self._held()))
        await self._take_over(delta.header, lines)

    async def _take_over(self, header: Header, lines: tuple[bytes, ...]) -> None:
        """Make what a verified statement says a local version."""
        state = _state_of(header)
        name = f"{state.registry} {state.version}"
        for _ in range(TRIES):
            directory = await self._store.registry.directory()
            change, followed = await asyncio.to_thread(_followed, state, lines, directory)
            try:
                await self._store.registry.change_agencies(
                    change, actor=state.registry, source=state.sha256, change_id=name
                )
                version = await self._store.upstream.follow(followed)
            except StaleRegistryError:
                continue
            await asyncio.to_thread(self._keep, lines)
            _log.info("upstream_followed", upstream_version=state.version, registry_version=version)
            return
        raise UpstreamError("the local registry keeps changing")

    def _held(self) -> list[bytes]:
        """Return the lines that were taken over last; none if they are not there, which the hash will tell."""
        try:
            return gzip.decompress(self._file.read_bytes()).split(b"\n")[:-1]
        except (OSError, EOFError):
            return []

    def _keep(self, lines: Iterable[bytes]) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        draft = self._file.with_suffix(f".{os.getpid()}.new")
        draft.write_bytes(gzip.compress(b"".join(line + b"\n" for line in lines), mtime=0))
        draft.replace(self._file)


def _state_of(header: Header) -> UpstreamState:
    return UpstreamState(
        registry=header.registry,
        version=header.version,
        sha256=header.sha256,
        issued=header.issued,
        expires=header.expires,
    )


def _followed(
    state: UpstreamState, lines: tuple[bytes, ...], directory: Directory
) -> tuple[AgencyChange, Followed]:
    """Return what these lines make of the agencies of the local registry, and what else there is.

    Raises:
        SnapshotMalformedError: a line is not what it must be, or a registered certificate is missing.

    """
    items = read_lines(lines)
    pems = {each.sha256: each.pem for each in items if isinstance(each, Certificate)}
    wanted = {agency_content(each): each for each in items if isinstance(each, Agency)}
    held = {agency_content(each): each for each in directory.agencies()}
    change = AgencyChange(
        base_version=directory.version,
        closed=tuple(each for key, each in held.items() if key not in wanted),
        added=tuple(each for key, each in wanted.items() if key not in held),
    )
    registrations = frozenset(
        Registered(
            entity_id=agency.entity_id,
            registration=completed(each, pems),
            pem=pems[each.certificate_sha256],
        )
        for agency in wanted.values()
        for each in agency.certificates
    )
    return change, Followed(state=state, registrations=registrations)
