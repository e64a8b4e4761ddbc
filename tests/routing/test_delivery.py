"""The states of a delivery."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.delivery import ALLOWED, Delivery, DeliveryState

QUEUED, CONFIRMED, HELD, RECEIVED, ACKNOWLEDGED, REFUSED, UNDELIVERABLE, EXPIRED = DeliveryState

MOVES = {
    (QUEUED, CONFIRMED),
    (QUEUED, HELD),
    (QUEUED, RECEIVED),
    (QUEUED, ACKNOWLEDGED),
    (QUEUED, REFUSED),
    (QUEUED, UNDELIVERABLE),
    (QUEUED, EXPIRED),
    (CONFIRMED, EXPIRED),
    (HELD, EXPIRED),
    (CONFIRMED, QUEUED),
    (CONFIRMED, HELD),
    (CONFIRMED, RECEIVED),
    (CONFIRMED, ACKNOWLEDGED),
    (CONFIRMED, REFUSED),
    (CONFIRMED, UNDELIVERABLE),
    (HELD, QUEUED),
    (HELD, RECEIVED),
    (HELD, ACKNOWLEDGED),
    (HELD, REFUSED),
    (HELD, UNDELIVERABLE),
    (RECEIVED, ACKNOWLEDGED),
    (RECEIVED, REFUSED),
}


@pytest.mark.parametrize("earlier", DeliveryState)
@pytest.mark.parametrize("later", DeliveryState)
def test_only_the_listed_moves_are_allowed(earlier: DeliveryState, later: DeliveryState) -> None:
    """The table holds exactly the moves that can happen, and no state follows itself."""
    assert earlier.can_become(later) == ((earlier, later) in MOVES)


def test_the_final_states() -> None:
    """A delivery ends acknowledged, refused, undeliverable or expired, and nothing else is an end."""
    ends = {ACKNOWLEDGED, REFUSED, UNDELIVERABLE, EXPIRED}
    assert {state for state in DeliveryState if state.is_final} == ends


@given(events=st.lists(st.sampled_from(DeliveryState), max_size=12))
def test_an_outcome_is_never_rewritten(events: list[DeliveryState]) -> None:
    """Whatever reports arrive, in whatever order, the state that was final first stays."""
    state = QUEUED
    outcome = None
    for event in events:
        if state.can_become(event):
            state = event
        outcome = outcome or (state if state.is_final else None)
    assert outcome in {None, state}


def test_every_state_can_be_reached_and_named() -> None:
    """Each state follows another one, and has a name of its own in both languages."""
    assert {later for after in ALLOWED.values() for later in after} == set(DeliveryState)
    assert len({state.vi for state in DeliveryState}) == len(DeliveryState)
    assert len({state.en for state in DeliveryState}) == len(DeliveryState)


def test_a_delivery_is_a_value() -> None:
    """Deliveries with the same content are the same."""
    first, second = (Delivery(code="H26", as_sent="H26", member="hanoi", queue="q") for _ in range(2))
    assert first == second
