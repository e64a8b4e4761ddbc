"""The states of a change set, and the moves between them."""

from datetime import UTC, datetime, timedelta

import pytest

from routing.change_state import ALLOWED, ChangeState, shown

AT = datetime(2025, 6, 30, 17, 0, tzinfo=UTC)


@pytest.mark.parametrize("state", ChangeState)
def test_every_state_has_names_and_moves(state: ChangeState) -> None:
    """Each state has a name in both languages, and says what it may become."""
    assert state.vi
    assert state.en
    assert state.is_final == (state in {ChangeState.WITHDRAWN, ChangeState.ROLLED_BACK})


def test_only_what_was_approved_is_scheduled() -> None:
    """There is one way to a version, and it leads through the approval."""
    assert {state for state in ALLOWED if state.can_become(ChangeState.SCHEDULED)} == {ChangeState.APPROVED}
    assert {state for state in ALLOWED if state.can_become(ChangeState.APPROVED)} == {ChangeState.VALIDATED}


def test_nothing_that_is_made_is_withdrawn() -> None:
    """Versions never go back: what is made can only be rolled back by another one."""
    assert not ChangeState.SCHEDULED.can_become(ChangeState.WITHDRAWN)
    assert ChangeState.SCHEDULED.can_become(ChangeState.ROLLED_BACK)


def test_active_is_never_stored() -> None:
    """A scheduled change set is active from its first instant on; no other state depends on time."""
    instants = (AT + timedelta(days=1), AT)
    assert shown(ChangeState.SCHEDULED, instants, AT - timedelta(microseconds=1)) is ChangeState.SCHEDULED
    assert shown(ChangeState.SCHEDULED, instants, AT) is ChangeState.ACTIVE
    assert shown(ChangeState.SCHEDULED, (), AT) is ChangeState.ACTIVE
    for state in set(ChangeState) - {ChangeState.SCHEDULED}:
        assert shown(state, instants, AT) is state
    assert not any(state.can_become(ChangeState.ACTIVE) for state in ChangeState)
