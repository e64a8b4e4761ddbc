"""Looking again at what is kept of a change set: over another version of the registry, and the other way round.

Invariant: nothing is decided here; slow work is done in a thread.
"""

from __future__ import annotations

import asyncio
from datetime import datetime

from uuid_utils import uuid7

from gateway.change_sets import ChangeSet, Findings, NewChange, Source, SourceType, unpack
from gateway.flow.change_reading import look_at, look_at_rollback
from gateway.ports import Store
from routing.agencies import Directory
from routing.agency_change import AgencyChange
from routing.change_lines import change_of


async def again(store: Store, seen: ChangeSet, directory: Directory, *, now: datetime) -> Findings:
    """Look again at what a change set was made from, over another version of the registry.

    Raises:
        ChangeOvertaken: it takes back a change on which later ones stand.

    """
    if seen.rolls_back is not None:
        change = await change_in(store, seen.rolls_back, base_version=directory.version)
        return await asyncio.to_thread(look_at_rollback, change, directory, at=seen.effective_at or now)
    content = await store.changes.content(seen.id)
    source = Source(
        name=seen.source_name,
        type=seen.source_type,
        content=content.source,
        sha256=seen.source_sha256,
        effective_at=seen.effective_at,
    )
    return await asyncio.to_thread(look_at, source, directory, now=now, retroactive=seen.retroactive)


async def undoing(store: Store, seen: ChangeSet, *, at: datetime, actor: str) -> NewChange:
    """Return the change set that takes another one back from `at` on.

    Raises:
        ChangeOvertaken: later changes stand on it.

    """
    directory = await store.registry.directory()
    change = await change_in(store, seen.id, base_version=directory.version)
    findings = await asyncio.to_thread(look_at_rollback, change, directory, at=at)
    return NewChange(
        id=str(uuid7()),
        title=f"Hoàn tác: {seen.title}"[:200],
        legal_basis="",
        source=Source(name="", type=SourceType.ROLLBACK, content=None, sha256=None, effective_at=at),
        retroactive=False,
        findings=findings,
        proposer=actor,
        rolls_back=seen.id,
    )


async def change_in(store: Store, change_id: str, *, base_version: int) -> AgencyChange:
    """Return the change that a change set holds, as one of that version of the registry."""
    packed = (await store.changes.content(change_id)).lines
    return await asyncio.to_thread(lambda: change_of(unpack(packed), base_version=base_version))
