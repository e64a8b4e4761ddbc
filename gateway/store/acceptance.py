"""Acceptance: message, body, deliveries, outbox, keys, links and log entries in one transaction, or none of them.

Keys are inserted first and asked questions of afterwards (`gateway.store.claimed_keys`). Invariants: a key
stands for one body for ever; of several acceptances that share a key exactly one is written, the others get
its answer again or a conflict; nothing is decided by an outdated registry, nor as of a time on the other side
of an instant at which the registry says something else: the transaction's time counts, which on PostgreSQL is
the database's, the same for every process; by it a message whose deadline has passed is not accepted either.
A replay is no new decision and needs none of this. Numbers in flows are taken first (`gateway.store.flows`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection, bindparam, select

from gateway.ports import (
    DeadlinePassedError,
    InstantPassedError,
    KeyConflictError,
    NotHeldError,
    StaleRegistryError,
    StillParkedError,
)
from gateway.records import Acceptance, Accepted, IdempotencyKey, Recipient
from gateway.store import content, parking_rows
from gateway.store.bulk import insert_rows
from gateway.store.claimed_keys import Key, Owner, claim_keys, hand_over, key_of, owners_of
from gateway.store.dialects import insert_or_skip
from gateway.store.dispatching import insert_deliveries, numbered
from gateway.store.flows import Numbering
from gateway.store.references import insert_links
from gateway.store.rows import MESSAGE_COLUMNS, RECIPIENT_COLUMNS, message_of, message_row, recipient_of
from gateway.store.sightings import note_sightings
from gateway.store.signatures import insert_evidence
from gateway.store.staging import Staging
from gateway.store.tables import body, delivery, log_entry, message

_ACCEPTED: Final = (
    select(*MESSAGE_COLUMNS, message.c.leaf_sha256, log_entry.c.leaf)
    .join(
        log_entry,
        (log_entry.c.document_id == message.c.id) & (log_entry.c.leaf_hash == message.c.leaf_sha256),
    )
    .where(message.c.id.in_(bindparam("ids", expanding=True)))
)
_INSERT_BODY: Final = insert_or_skip(body)


class _Ground(NamedTuple):
    """What decisions have to be made by: the current version of the registry, at the transaction's time."""

    version: int
    now: datetime

    def objection(self, item: Acceptance) -> StaleRegistryError | DeadlinePassedError | None:
        """Say why an acceptance was decided by something else, or comes too late."""
        if item.message.registry_version != self.version:
            return StaleRegistryError()
        if not item.steady.holds(self.now):
            return InstantPassedError(self.now)
        is_late = item.deliver_by is not None and item.deliver_by <= self.now
        return DeadlinePassedError(self.now) if is_late else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decided:
    """What becomes of each acceptance: written, the first answer again, or refused."""

    written: dict[int, Acceptance]
    replays: dict[int, str]
    refused: dict[int, Exception]


class Acceptances:
    """The operation behind `Documents.accept`."""

    def __init__(self, staging: Staging) -> None:
        self._staging = staging

    def accept(
        self, connection: Connection, now: datetime, items: Sequence[Acceptance]
    ) -> list[Accepted | Exception]:
        """Write what is new and current; replay or refuse the rest."""
        numbering = Numbering(connection, now, items)
        ground = _Ground(content.head_to_rely_on(connection).version, now)
        decided = _decide(connection, items, ground, lost=_lost(connection, items))
        results: dict[int, Accepted | Exception] = dict(decided.refused)
        results |= self._write(connection, now, decided.written, numbering)
        numbering.give_back()
        here = {answer.message.id: answer for answer in results.values() if isinstance(answer, Accepted)}
        earlier = load_accepted(
            connection, {first for first in decided.replays.values() if first not in here}
        )
        for place, first in decided.replays.items():
            results[place] = _again(first, earlier, here)
        return [results[place] for place in range(len(items))]

    def _write(
        self, connection: Connection, now: datetime, passed: dict[int, Acceptance], numbering: Numbering
    ) -> dict[int, Accepted | Exception]:
        if not passed:
            return {}
        were_parked = [each.message.id for each in passed.values() if each.parked is not None]
        written = {place: numbered(each, now, numbering.number(each)) for place, each in passed.items()}
        events = [event for each in written.values() for event in each.events]
        staged = iter(self._staging.stage(connection, now, events, begin=not were_parked))
        answers: dict[int, Accepted | Exception] = {}
        messages = []
        for place, each in written.items():
            first, *_ = [next(staged) for _ in each.events]
            messages.append(message_row(each.message) | {"leaf_sha256": first.leaf_sha256})
            answers[place] = Accepted(
                message=each.message,
                recipients=each.recipients,
                leaf_sha256=first.leaf_sha256,
                entry=first.leaf,
                replayed=False,
            )
        insert_bodies(connection, {each.message.sha256: each.body for each in passed.values()})
        insert_rows(connection, message, messages)
        insert_deliveries(connection, now, written.values())
        insert_evidence(connection, passed.values())
        if were_parked:
            parking_rows.mark_accepted(connection, now, were_parked)
        spoken = insert_links(connection, now, [(each.message, each.links) for each in passed.values()])
        self._staging.stage(connection, now, spoken)
        uses = [each.signed_with for each in passed.values() if each.signed_with is not None]
        note_sightings(connection, now, uses)
        return answers


def find_replay(connection: Connection, keys: Sequence[IdempotencyKey], sha256: str) -> Accepted | None:
    """Return the first acceptance of these bytes if one of the keys stands for it and none for other bytes."""
    owners = set(owners_of(connection, map(key_of, keys)).values())
    if not owners or any(owner.sha256 != sha256 for owner in owners):
        return None
    first = min(owner.message_id for owner in owners)
    return load_accepted(connection, {first}).get(first)


def load_accepted(connection: Connection, ids: Iterable[str]) -> dict[str, Accepted]:
    """Return earlier acceptances by message id, as replays."""
    wanted = list(ids)
    if not wanted:
        return {}
    recipients: dict[str, list[Recipient]] = {}
    for row in connection.execute(
        select(delivery.c.message_id, delivery.c.former_members, *RECIPIENT_COLUMNS)
        .where(delivery.c.message_id.in_(wanted))
        .order_by(delivery.c.message_id, delivery.c.position)
    ):
        # A retry gets the first answer, whoever takes over afterwards.
        first = replace(recipient_of(row[2:]), **dict(zip(("member_id",), row.former_members, strict=False)))
        recipients.setdefault(row.message_id, []).append(first)
    return {
        row.id: Accepted(
            message=message_of(row),
            recipients=tuple(recipients.get(row.id, ())),
            leaf_sha256=row.leaf_sha256,
            entry=row.leaf,
            replayed=True,
        )
        for row in connection.execute(_ACCEPTED, {"ids": wanted})
    }


def insert_bodies(connection: Connection, bodies: dict[str, bytes | None]) -> None:
    """Store bodies by hash unless they are there; always in the same order, so that two processes cannot block each other."""
    rows = [{"sha256": sha256, "body": each} for sha256, each in sorted(bodies.items()) if each is not None]
    if rows:
        # Not with the others: bytes of this size are better sent as bytes.
        connection.execute(_INSERT_BODY[connection.dialect.name], rows)


def _lost(connection: Connection, items: Sequence[Acceptance]) -> set[str]:
    """Lock the parked documents among these, and return those that somebody else holds or has decided."""
    fences = {item.message.id: item.parked for item in items if item.parked is not None}
    return parking_rows.not_held(connection, fences) if fences else set()


def _again(first: str, earlier: dict[str, Accepted], here: dict[str, Accepted]) -> Accepted | Exception:
    """Return the answer of an earlier acceptance, or of one in the same batch; there is none of what is still parked."""
    if first in earlier:
        return earlier[first]
    return replace(here[first], replayed=True) if first in here else StillParkedError(message_id=first)


def _decide(
    connection: Connection, items: Sequence[Acceptance], ground: _Ground, *, lost: set[str]
) -> _Decided:
    candidates = [item for item in items if item.message.id not in lost]
    claimed, taken = claim_keys(connection, candidates, lambda each: ground.objection(each) is None)
    decided = _Decided(written={}, replays={}, refused={})
    won: dict[Key, Owner] = {}
    for place, item in enumerate(items):
        keys = [key_of(key) for key in item.keys]
        sha256 = item.message.sha256
        own = None if item.parked is None else item.message.id
        hits = {key: taken[key] for key in keys if key in taken and taken[key].message_id != own}
        conflict = next((key for key, owner in hits.items() if owner.sha256 != sha256), None)
        if own in lost:
            decided.refused[place] = NotHeldError()
        elif conflict is not None:
            decided.refused[place] = KeyConflictError(
                scope=conflict.scope, message_id=hits[conflict].message_id
            )
        elif hits:
            decided.replays[place] = min(owner.message_id for owner in hits.values())
        elif (stale := ground.objection(item)) is not None:
            decided.refused[place] = stale
        else:
            decided.written[place] = item
            if own is not None:
                lost.add(own)
            mine = dict.fromkeys(keys, Owner(sha256, item.message.id))
            won |= mine
            taken |= mine
    hand_over(connection, claimed=claimed, won=won)
    return decided
