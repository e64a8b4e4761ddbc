"""What a change would touch beside the registry: documents under way, who wrote lately, systems and certificates.

A dry run: the directory with the change made is put together in memory, and asked the same questions as the one in force.
Of a change that was made already it tells what it did, from the version before it and the version that it made.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gateway.change_sets import ChangeSet, Traffic
from gateway.flow.change_looking import change_in
from gateway.ports import Clock, Store
from gateway.records import Json
from routing.agencies import Directory
from routing.agency_change import AgencyChange
from routing.succession import Goes, Succession, Waits, succession

DAYS: Final = 30
MOST: Final = 1000
"""Rows of each kind that are told; all are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sides:
    """The directory without and with a change, and the moments at which each is asked."""

    before: Directory
    after: Directory
    now: datetime
    then: datetime


async def impact_of(store: Store, seen: ChangeSet, *, clock: Clock) -> Mapping[str, Json]:
    """Return what a change set touches, as JSON; empty lists where it has faults."""
    now = clock()
    change, before, after = await _sides(store, seen)
    traffic = await store.changes.traffic(change.codes, since=now - timedelta(days=DAYS))
    sides = _Sides(before=before, after=after, now=now, then=max((*seen.instants, now)))
    return await asyncio.to_thread(_told, seen, change, traffic, sides)


async def _sides(store: Store, seen: ChangeSet) -> tuple[AgencyChange, Directory, Directory]:
    registry = store.registry
    if seen.version is not None:
        before = await registry.directory_at(seen.version - 1)
        change = await change_in(store, seen.id, base_version=before.version)
        return change, before, await registry.directory_at(seen.version)
    before = await registry.directory()
    change = await change_in(store, seen.id, base_version=before.version)
    return change, before, await asyncio.to_thread(before.after, change, version=before.version + 1)


def _told(seen: ChangeSet, change: AgencyChange, traffic: Traffic, sides: _Sides) -> Mapping[str, Json]:
    documents = list(_documents(traffic, sides))
    codes = sorted(_codes(traffic), key=_busy)
    members, certificates = list(_members(change, sides)), list(_certificates(change, sides))
    return {
        "id": seen.id,
        "base_version": sides.before.version,
        "days": DAYS,
        "totals": {
            "codes": len(change.codes),
            "codes_in_use": len(codes),
            "documents": len(documents),
            "becomes": dict(Counter(str(each["becomes"]) for each in documents)),
            "members": len(members),
            "certificates": len(certificates),
        },
        "documents": documents[:MOST],
        "codes": codes[:MOST],
        "members": members[:MOST],
        "certificates": certificates[:MOST],
    }


def _documents(traffic: Traffic, sides: _Sides) -> Iterable[dict[str, Json]]:
    for each in traffic.under_way:
        found = succession(
            each.code,
            accepted_at=min(each.accepted_at, sides.now),
            now=sides.then,
            directory=sides.after,
        )
        yield {
            "delivery": each.delivery_id,
            "document": each.message_id,
            "code": each.code,
            "member": each.member_id,
            "state": each.state,
            **_outcome(found),
        }


def _outcome(found: Succession) -> dict[str, Json]:
    if isinstance(found, Goes):
        return {"becomes": "rerouted", "to": found.code, "reason": None, "candidates": []}
    if isinstance(found, Waits):
        return {
            "becomes": "held",
            "to": None,
            "reason": found.cause.value,
            "candidates": list(found.candidates),
        }
    return {"becomes": "unchanged", "to": found.code, "reason": None, "candidates": []}


def _codes(traffic: Traffic) -> Iterable[dict[str, Json]]:
    waiting = Counter(each.code for each in traffic.under_way)
    for code in traffic.sent.keys() | traffic.received.keys() | waiting.keys():
        yield {
            "code": code,
            "sent": traffic.sent.get(code, 0),
            "received": traffic.received.get(code, 0),
            "under_way": waiting[code],
        }


def _busy(each: Mapping[str, Json]) -> tuple[int, str]:
    return -(each["sent"] + each["received"] + each["under_way"]), each["code"]


def _members(change: AgencyChange, sides: _Sides) -> Iterable[dict[str, Json]]:
    """Yield the prefixes that a system will not serve any more for the body for which it serves them now."""
    for member in sides.before.members:
        for prefix, entity in member.services():
            if prefix not in change.codes:
                continue
            bearer = sides.before.agency(prefix, sides.now)
            later = sides.after.agency(prefix, sides.then)
            if bearer is None or (entity and entity != bearer.entity_id):
                continue
            if later is None or later.entity_id != bearer.entity_id:
                yield {
                    "member": member.id,
                    "prefix": prefix,
                    "entity": bearer.entity_id,
                    "entity_after": None if later is None else later.entity_id,
                    "bound": bool(entity),
                }


def _certificates(change: AgencyChange, sides: _Sides) -> Iterable[dict[str, Json]]:
    """Yield the registrations of bodies that end."""
    for code in sorted(change.codes):
        bearer = sides.before.agency(code, sides.now)
        later = sides.after.agency(code, sides.then)
        if bearer is None or (later is not None and later.entity_id == bearer.entity_id):
            continue
        for each in bearer.certificates:
            yield {
                "code": code,
                "entity": bearer.entity_id,
                "registration": each.id,
                "certificate_sha256": each.certificate_sha256,
            }
