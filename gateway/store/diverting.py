"""Diverting deliveries: rerouted, held, released or given up, each with its entry and its notice in one transaction.

What is decided is pure (`routing.heading`); here it is applied to rows that the caller has locked in the
outbox, under the transaction's time. Invariants: the deliveries are locked after the outbox, in the order of
their ids, and decided on again as they are then; the document itself is never touched; a sender's notice is
there if and only if the entry is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import BindParameter, Connection, bindparam, delete, select

from gateway.records import Event, Json
from gateway.store.bulk import update_rows
from gateway.store.rows import routed_message_of
from gateway.store.staging import Staging
from gateway.store.tables import delivery, outbox
from gateway.store.telling import Told, tell
from routing.delivery import DeliveryState
from routing.heading import RESUMED, Addressee, Course, GiveUp, Hold, Release, Reroute, Rule, Turn
from routing.log import Kind

_IDS: Final[BindParameter[Any]] = bindparam("ids", expanding=True)
_LOCK: Final = (
    select(
        delivery.c.id,
        delivery.c.state,
        delivery.c.member_id,
        delivery.c.queue,
        delivery.c.resolved_code,
        delivery.c.resolved_version,
        delivery.c.chosen_at,
        delivery.c.held_since,
        delivery.c.former_members,
    )
    .where(delivery.c.id.in_(_IDS))
    .order_by(delivery.c.id)
    .with_for_update()
)
_DROP: Final = delete(outbox).where(outbox.c.id.in_(_IDS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """A delivery under way: of which message and whose, to whom, and how far it is."""

    id: str
    message_id: str
    sender: str
    addressee: Addressee
    state: DeliveryState
    held_since: datetime | None

    def turn(self, course: Course, now: datetime) -> Turn | None:
        """Return what has to become of it."""
        return course.turn(self.addressee, self.state, now, held_since=self.held_since)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What people decided, who they are and what they said; it goes into the entry and the notice."""

    turn: Reroute | GiveUp
    actor: str
    explanation: str


class _Ground(NamedTuple):
    """By what, and when, something is decided."""

    course: Course
    now: datetime
    decision: Decision | None


@dataclass(slots=True)
class _Changes:
    deliveries: list[dict[str, Any]] = field(default_factory=list)
    outbox: list[dict[str, Any]] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)


class Diverter:
    """Applies turns to deliveries whose outbox rows are locked."""

    def __init__(self, staging: Staging) -> None:
        self._staging = staging

    def divert(
        self,
        connection: Connection,
        now: datetime,
        journeys: Sequence[Journey],
        course: Course,
        decision: Decision | None = None,
    ) -> int:
        """Do with each what the course says as of `now`, or what people decided; return how many changed."""
        known = {each.id: each for each in journeys}
        changes = _Changes()
        for row in connection.execute(_LOCK, {"ids": list(known)}):
            journey = _as_locked(known[row.id], row)
            turn = decision.turn if decision is not None else journey.turn(course, now)
            if turn is not None and not DeliveryState(row.state).is_final:
                _apply(changes, row, journey, turn, _Ground(course, now, decision))
            elif journey.held_since is not None:
                changes.outbox.append(_waiting(row.id, row.queue, journey.held_since + course.patience.hold))
        update_rows(connection, delivery, changes.deliveries)
        update_rows(connection, outbox, changes.outbox)
        if changes.dropped:
            connection.execute(_DROP, {"ids": changes.dropped})
        tell(connection, now, self._staging, changes.told)
        return len(changes.told)


def astray(rows: Sequence[Any], course: Course, now: datetime) -> Iterator[Journey]:
    """Yield, of rows due in the outbox, the deliveries that cannot go on to where they were going, or are held."""
    for row in rows:
        if row.outbox_kind != "delivery":
            continue
        is_plain = row.resolved_code is None and row.held_since is None
        if is_plain and course.is_unchanged(row.accepted_at, row.registry_version, now):
            continue
        about, recipient = routed_message_of(row)
        addressee = Addressee(
            code=recipient.code,
            accepted_at=about.accepted_at,
            member_id=recipient.member_id,
            resolved_code=recipient.resolved_code,
            chosen_at=row.chosen_at,
        )
        journey = Journey(
            id=row.outbox_id,
            message_id=about.id,
            sender=about.member_id,
            addressee=addressee,
            state=DeliveryState(row.state),
            held_since=row.held_since,
        )
        if row.held_since is not None or journey.turn(course, now) is not None:
            yield journey


def _as_locked(journey: Journey, row: Any) -> Journey:  # noqa: ANN401 - a row of _LOCK
    addressee = replace(
        journey.addressee,
        member_id=row.member_id,
        resolved_code=row.resolved_code,
        chosen_at=row.chosen_at,
    )
    return replace(journey, addressee=addressee, state=DeliveryState(row.state), held_since=row.held_since)


def _apply(changes: _Changes, row: Any, journey: Journey, turn: Turn, ground: _Ground) -> None:  # noqa: ANN401 - a row of _LOCK
    now = ground.now
    changed = _unchanged(row) | {"updated_at": now, "reason": None, "held_since": None}
    due = now
    match turn:
        case Reroute():
            kind, fields = Kind.REROUTED, _rerouted(turn, row)
            changed |= _towards(turn, row, ground)
        case Hold():
            reason = turn.cause.value
            kind, fields = Kind.HELD, {"reason": reason}
            changed |= {"state": DeliveryState.HELD.value, "reason": reason, "held_since": now}
            due = now + ground.course.patience.hold
        case Release():
            kind, fields = Kind.RELEASED, {"reason": RESUMED}
            changed["state"] = DeliveryState.QUEUED.value
        case _:
            kind, fields = Kind.UNDELIVERABLE, {"reason": turn.reason}
            changed |= {"state": DeliveryState.UNDELIVERABLE.value, "reason": turn.reason}
            changes.dropped.append(row.id)
    changes.deliveries.append(changed)
    if not isinstance(turn, GiveUp):
        changes.outbox.append(_waiting(row.id, changed["queue"], due))
    changes.told.append(_told(journey, _event(kind, journey, fields, ground)))


def _towards(turn: Reroute, row: Any, ground: _Ground) -> dict[str, Any]:  # noqa: ANN401 - a row of _LOCK
    return {
        "state": DeliveryState.QUEUED.value,
        "member_id": turn.member.id,
        "queue": turn.member.queue,
        "resolved_code": turn.code,
        "resolved_version": ground.course.directory.version,
        "chosen_at": ground.now if turn.rule is Rule.CHOSEN else row.chosen_at,
        "former_members": _former(row, turn),
    }


def _unchanged(row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row of _LOCK
    names = ("id", "state", "member_id", "queue", "resolved_code", "resolved_version", "chosen_at")
    return {name: getattr(row, name) for name in names} | {"former_members": row.former_members}


def _former(row: Any, turn: Reroute) -> list[str]:  # noqa: ANN401 - a row of _LOCK
    """Return the systems that it was going to, the first one first: what they got before still counts."""
    former = list(row.former_members)
    if row.member_id not in {*former, turn.member.id}:
        former.append(row.member_id)
    return former


def _rerouted(turn: Reroute, row: Any) -> dict[str, Json]:  # noqa: ANN401 - a row of _LOCK
    return {
        "to": turn.code,
        "rule": turn.rule.value,
        "member": turn.member.id,
        "former_member": row.member_id,
        "chain": list(turn.chain),
    }


def _waiting(row_id: str, queue: str, due: datetime) -> dict[str, Any]:
    return {"id": row_id, "queue": queue, "next_at": due, "lease_until": None}


def _event(kind: Kind, journey: Journey, fields: dict[str, Json], ground: _Ground) -> Event:
    facts: dict[str, Json] = {
        "recipient": journey.addressee.code,
        "delivery": journey.id,
        "registry_version": ground.course.directory.version,
        "registry_sha256": ground.course.directory.sha256,
        **fields,
    }
    if ground.decision is not None:
        facts |= {"actor": ground.decision.actor, "explanation": ground.decision.explanation}
    return Event(kind=kind, document_id=journey.message_id, fields=facts)


def _told(journey: Journey, event: Event) -> Told:
    return Told(
        sender=journey.sender,
        message_id=journey.message_id,
        delivery_id=journey.id,
        code=journey.addressee.code,
        event=event,
    )
