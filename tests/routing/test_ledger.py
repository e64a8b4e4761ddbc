"""The equation of the loss ledger, and the law that it never raises a false alarm and never keeps a true one back."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.delivery import ALLOWED, DeliveryState
from routing.ledger import (
    TERMS,
    Awaiting,
    Gap,
    GapKind,
    Holdings,
    Line,
    Story,
    Term,
    shortfalls,
    story,
)
from routing.log_kinds import SENDING, Kind

DOCUMENT = "doc"
IDS = ("d1", "d2", "d3")
MOVES: dict[DeliveryState, tuple[Kind, ...]] = {
    DeliveryState.QUEUED: (Kind.RELEASED, Kind.REROUTED),
    DeliveryState.CONFIRMED: (Kind.BROKER_CONFIRMED,),
    DeliveryState.HELD: (Kind.HELD,),
    DeliveryState.RECEIVED: (Kind.DELIVERED_RECEIPT,),
    DeliveryState.ACKNOWLEDGED: (Kind.ACKNOWLEDGED_RECEIPT,),
    DeliveryState.REFUSED: (Kind.REFUSED_RECEIPT,),
    DeliveryState.UNDELIVERABLE: (Kind.UNDELIVERABLE,),
    DeliveryState.EXPIRED: (Kind.EXPIRED,),
}
"""The entries that bring a delivery to a state."""


@dataclass(slots=True)
class World:
    """A gateway in small: the log and the rows of one document."""

    lines: list[Line] = field(
        default_factory=lambda: [Line("accepted", 5, routes=IDS[:2]), Line("routed", 5, routes=IDS[2:])]
    )
    states: dict[str, str] = field(default_factory=lambda: dict.fromkeys(IDS, "queued"))
    outbox: set[str] = field(default_factory=lambda: set(IDS))

    def move(self, delivery_id: str, to: DeliveryState, kind: Kind) -> None:
        """Do in one step what a transaction does."""
        self.lines.append(Line(kind.value, 6, delivery_id))
        self.states[delivery_id] = to.value
        if not TERMS[to.value].is_under_way:
            self.outbox.discard(delivery_id)

    def told(self) -> Story:
        """Return what the log says."""
        return story(self.lines)

    def gaps(self, **changes: object) -> list[Gap]:
        """Return what the ledger says."""
        facts: dict[str, object] = {"states": self.states, "outbox": frozenset(self.outbox), **changes}
        return list(shortfalls(DOCUMENT, self.told(), Holdings(**facts)))  # type: ignore[arg-type]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Return a world after any lawful moves, with entries between them that move nothing."""
    world = World()
    for _ in range(draw(st.integers(0, 12))):
        delivery_id = draw(st.sampled_from(IDS))
        if draw(st.booleans()):
            world.lines.append(
                Line(draw(st.sampled_from(("publish_attempt", "returned", "requeued"))), 6, delivery_id)
            )
        later = sorted(ALLOWED[DeliveryState(world.states[delivery_id])])
        if later:
            to = draw(st.sampled_from(later))
            world.move(delivery_id, to, draw(st.sampled_from(MOVES[to])))
    return world


def test_every_state_has_its_term() -> None:
    """No state of a delivery is left out of the sum; `expired` belongs to it whether or not it is there yet."""
    assert {state.value for state in DeliveryState} <= TERMS.keys()
    assert set(TERMS.values()) == set(Term)
    assert TERMS["expired"] is Term.EXPIRED


def test_an_entry_of_expiry_is_known_by_its_value() -> None:
    """It moves the delivery, as every other end does."""
    told = story([Line("accepted", 1, routes=("d1",)), Line("expired", 2, "d1")])
    assert told.promised == {"d1": Term.EXPIRED}


def test_what_is_under_way_is_what_is_owed() -> None:
    """Pending and held, and nothing else."""
    assert {term for term in Term if term.is_under_way} == {Term.PENDING, Term.HELD}


@given(worlds())
def test_lawful_moves_leave_no_gap(world: World) -> None:
    """Whatever becomes of a document, in whatever order: no false alarm, and every delivery stands at one term."""
    assert world.gaps() == []
    assert sum(world.told().counts().values()) == len(IDS)
    assert {name: TERMS[state] for name, state in world.states.items()} == dict(world.told().promised)


@given(worlds(), st.sampled_from(IDS), st.sampled_from(sorted(TERMS)))
def test_a_row_that_moves_alone_is_a_gap(world: World, name: str, state: str) -> None:
    """If a row stands at another term than the log, that delivery is named, and no other."""
    before = TERMS[world.states[name]]
    world.states[name] = state
    found = world.gaps()

    assert {gap.subject for gap in found} <= {name}
    assert (GapKind.STATE_UNFOUNDED in {gap.kind for gap in found}) == (TERMS[state] is not before)


@given(worlds(), st.sampled_from(IDS))
def test_whatever_is_taken_away_is_missed(world: World, name: str) -> None:
    """A row, or a place in the outbox that is needed."""
    owed = TERMS[world.states[name]].is_under_way
    world.outbox.discard(name)
    assert [gap.kind for gap in world.gaps()] == ([GapKind.NOT_IN_OUTBOX] if owed else [])

    del world.states[name]
    assert [(gap.kind, gap.subject) for gap in world.gaps()] == [(GapKind.DELIVERY_MISSING, name)]


@given(worlds())
def test_a_body_is_missed_only_while_it_is_owed(world: World) -> None:
    """What is over at every recipient may be erased."""
    owed = any(TERMS[state].is_under_way for state in world.states.values())
    assert [gap.kind for gap in world.gaps(has_body=False)] == ([GapKind.BODY_MISSING] if owed else [])


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"has_message": False}, GapKind.MESSAGE_MISSING),
        ({"outbox": frozenset()}, GapKind.NOT_IN_OUTBOX),
        ({"arrivals": {"a1": Awaiting(refused=False, is_open=True)}}, GapKind.ARRIVAL_UNLOGGED),
    ],
)
def test_each_kind_is_told(changes: dict[str, object], kind: GapKind) -> None:
    """What is wrong beside the deliveries."""
    assert {gap.kind for gap in World().gaps(**changes)} == {kind}


def test_a_row_that_nobody_promised() -> None:
    """It is named, with its state."""
    world = World()
    world.states["d9"] = "received"
    assert world.gaps() == [Gap(GapKind.DELIVERY_UNPROMISED, "d9", DOCUMENT, "received")]


def test_a_state_that_nobody_knows() -> None:
    """It belongs to no term, so it is a gap and not left out."""
    world = World()
    world.states["d1"] = "mislaid"
    assert world.gaps() == [Gap(GapKind.STATE_UNKNOWN, "d1", DOCUMENT, "mislaid")]


def test_what_is_over_is_not_in_the_outbox() -> None:
    """It would be sent for ever."""
    world = World()
    world.move("d1", DeliveryState.RECEIVED, Kind.DELIVERED_RECEIPT)
    world.outbox.add("d1")
    assert [gap.kind for gap in world.gaps()] == [GapKind.STILL_IN_OUTBOX]


@pytest.mark.parametrize(("came", "refused"), [("arrived", True), ("arrival_refused", False)])
def test_an_arrival_is_what_the_log_says(came: str, refused: bool) -> None:
    """Taken or refused, and there."""
    told = story([Line(came, 1, "a1")])
    wrong = Holdings(has_message=False, arrivals={"a1": Awaiting(refused=refused, is_open=not refused)})
    right = Holdings(has_message=False, arrivals={"a1": Awaiting(refused=not refused, is_open=False)})

    assert [gap.kind for gap in shortfalls(DOCUMENT, told, wrong)] == [GapKind.ARRIVAL_MISSING]
    assert [gap.kind for gap in shortfalls(DOCUMENT, told, Holdings())] == [GapKind.ARRIVAL_MISSING]
    assert list(shortfalls(DOCUMENT, told, right)) == []


def test_an_inbox_needs_its_body() -> None:
    """Until its system took the document over."""
    told = story([Line("arrived", 1, "a1")])
    waits, over = (Awaiting(refused=False, is_open=is_open) for is_open in (True, False))
    assert [
        [gap.kind for gap in shortfalls(DOCUMENT, told, Holdings(has_body=False, arrivals={"a1": each}))]
        for each in (waits, over)
    ] == [[GapKind.BODY_MISSING], []]


def test_an_entry_that_cannot_be_read_hides_everything() -> None:
    """So that is what is said, and nothing else."""
    told = story([Line("accepted", 1, routes=("d1",)), None])
    assert list(shortfalls(DOCUMENT, told, Holdings())) == [Gap(GapKind.ENTRY_UNREADABLE, DOCUMENT, DOCUMENT)]


def test_an_entry_about_an_unknown_delivery_moves_nothing() -> None:
    """A receipt for what was never promised is not part of the sum."""
    told = story([Line("accepted", 7, routes=("d1",)), Line("delivered_receipt", 8, "d2")])
    assert (told.accepted_t, dict(told.promised)) == (7, {"d1": Term.PENDING})


def test_every_kind_about_sending_is_known() -> None:
    """A new kind of entry about a delivery must be placed: it moves the sum, or is one of those that do not."""
    still = {Kind.PUBLISH_ATTEMPT, Kind.BROKER_CONFIRMED, Kind.RETURNED, Kind.REQUEUED}
    moving = {kind for kinds in MOVES.values() for kind in kinds} - still
    # What comes after the end does not move it.
    assert SENDING - {Kind.LATE_RECEIPT} == still | moving
