"""What statuses do to a document, and the laws that hold in any order of arrival."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codelists import STATUS_CODES
from schemas.lifecycle import (
    ASKED,
    LATER,
    Effect,
    Progress,
    TakeBack,
    advance,
    answers_nothing,
    ask_back,
    fold,
)

START = datetime(2025, 6, 30, 12, 0, tzinfo=UTC)
PROCESSING = ("01", "02", "03", "04", "05", "06")

processing = st.sampled_from(PROCESSING)
codes = st.sampled_from(list(STATUS_CODES))
times = st.integers(0, 50).map(lambda minutes: START + timedelta(minutes=minutes))
steps = st.lists(st.tuples(codes, times), max_size=12)


def _at(minutes: int) -> datetime:
    """Give a time some minutes after the start."""
    return START + timedelta(minutes=minutes)


def _fold(*status_codes: str) -> tuple[Progress, tuple[Effect, ...]]:
    """Fold statuses that came a minute apart."""
    return fold((code, _at(minute)) for minute, code in enumerate(status_codes))


def _rank(status_code: str | None) -> int:
    """Give how many statuses are left to come; less is further."""
    return len(LATER[status_code])


def test_the_tables_speak_of_every_status() -> None:
    """Each code of the list is either a step of processing or part of a request."""
    assert set(LATER) - {None} | {code for _, code in ASKED} == set(STATUS_CODES)
    assert LATER[None] == frozenset(PROCESSING)


def test_the_usual_way() -> None:
    """From arrival to completion every status leads on."""
    progress, effects = _fold("01", "03", "04", "05", "06")
    assert progress == Progress(status_code="06", reached_at=_at(4))
    assert set(effects) == {Effect.ADVANCED}
    assert not progress.is_closed


def test_steps_may_be_left_out_and_come_late() -> None:
    """A late arrival is kept as history and takes nothing back."""
    progress, effects = _fold("06", "01", "06", "03")
    assert progress == Progress(status_code="06", reached_at=_at(0))
    assert effects == (Effect.ADVANCED, Effect.LATE, Effect.REPEATED, Effect.LATE)


def test_a_refusal_ends_it() -> None:
    """After 02 nothing counts, and 02 counts after anything."""
    progress, effects = _fold("01", "02", "03", "02", "13", "15")
    assert progress == Progress(status_code="02", reached_at=_at(1))
    assert progress.is_closed
    assert effects[2:] == (Effect.CLOSED, Effect.REPEATED, Effect.CLOSED, Effect.CLOSED)
    assert _fold("06", "02")[0].status_code == "02"


def test_an_agreed_take_back_ends_it() -> None:
    """15 closes the document where it was."""
    progress, effects = _fold("03", "13", "15", "04", "02", "15", "13", "16")
    assert progress.is_closed
    assert (progress.status_code, progress.take_back) == ("03", TakeBack.AGREED)
    assert (progress.asked_at, progress.answered_at) == (_at(1), _at(2))
    assert effects[:3] == (Effect.ADVANCED,) * 3
    assert effects[3:] == (Effect.CLOSED, Effect.CLOSED, Effect.REPEATED, Effect.CLOSED, Effect.CLOSED)


def test_a_refused_take_back_goes_on() -> None:
    """After 16 processing goes on, and the sender may ask again."""
    progress, effects = _fold("03", "13", "16", "04", "13", "13", "15")
    assert progress.is_closed
    assert progress.status_code == "04"
    assert effects[5] is Effect.REPEATED
    assert all(effect is Effect.ADVANCED for effect in (*effects[:5], effects[6]))
    assert not _fold("13", "16")[0].is_closed


def test_processing_goes_on_while_asked() -> None:
    """An open request does not hold up what the receiver says of its work."""
    progress, _ = _fold("13", "01", "03")
    assert progress == Progress(
        status_code="03", reached_at=_at(2), take_back=TakeBack.REQUESTED, asked_at=_at(0)
    )


def test_an_old_request_does_not_ask_again() -> None:
    """A request or answer that comes again after the answer is told by its time."""
    asked = [("13", _at(1)), ("16", _at(2))]
    assert fold([*asked, ("13", _at(1))]) == (
        fold(asked)[0],
        (Effect.ADVANCED, Effect.ADVANCED, Effect.REPEATED),
    )
    again = [*asked, ("13", _at(3)), ("16", _at(2))]
    assert fold(again)[0].take_back is TakeBack.REQUESTED
    assert fold(again)[1][3] is Effect.REPEATED


def test_a_recall_asks_as_status_13_does() -> None:
    """A recall or update document opens the same request."""
    progress, _ = _fold("03")
    assert ask_back(progress, at=_at(1)) == advance(progress, "13", at=_at(1))


@pytest.mark.parametrize("code", ["15", "16"])
def test_answers_to_nothing(code: str) -> None:
    """An answer without an open request changes nothing and can be told."""
    for statuses in ((), ("03",), ("13", "16")):
        progress, _ = _fold(*statuses)
        assert answers_nothing(progress, code)
        after, effect = advance(progress, code, at=_at(9))
        assert after == progress
        assert effect in {Effect.LATE, Effect.REPEATED}
    assert not answers_nothing(_fold("13")[0], code)
    assert not answers_nothing(Progress(), "03")
    assert not answers_nothing(Progress(), "13")


@pytest.mark.parametrize("code", ["07", "", "1", "done"])
def test_unknown_statuses(code: str) -> None:
    """What is no status has no effect to speak of."""
    with pytest.raises(ValueError, match="is not a status"):
        advance(Progress(), code, at=START)


@given(steps)
def test_never_backwards(taken: list[tuple[str, datetime]]) -> None:
    """However statuses come, processing never goes back and only an advance changes anything."""
    progress = Progress()
    for code, at in taken:
        after, effect = advance(progress, code, at=at)
        assert _rank(after.status_code) <= _rank(progress.status_code)
        assert (after != progress) == (effect is Effect.ADVANCED)
        progress = after


@given(steps, codes, times)
def test_idempotent(taken: list[tuple[str, datetime]], code: str, at: datetime) -> None:
    """The same status once more changes nothing."""
    once, _ = advance(fold(taken)[0], code, at=at)
    twice, effect = advance(once, code, at=at)
    assert twice == once
    assert effect is not Effect.ADVANCED


@given(steps, steps)
def test_closed_stays_closed(taken: list[tuple[str, datetime]], more: list[tuple[str, datetime]]) -> None:
    """What has ended is not changed by anything that comes after."""
    progress, _ = fold([*taken, ("02", _at(60))])
    assert progress.is_closed
    for code, at in more:
        after, effect = advance(progress, code, at=at)
        assert after == progress
        assert effect in {Effect.CLOSED, Effect.REPEATED}


@given(
    st.lists(processing, min_size=1, max_size=8).flatmap(lambda s: st.tuples(st.just(s), st.permutations(s)))
)
def test_order_of_arrival_is_of_no_account(orders: tuple[list[str], list[str]]) -> None:
    """The same processing statuses lead to the same one: the furthest."""
    first, second = (_fold(*order)[0].status_code for order in orders)
    assert first == second
    assert first == min(orders[0], key=_rank)


@given(steps)
def test_requests_do_not_move_processing(taken: list[tuple[str, datetime]]) -> None:
    """As long as nothing was given back, processing is where it would be without any request."""
    progress, _ = fold(taken)
    if progress.take_back is not TakeBack.AGREED:
        assert fold(step for step in taken if step[0] in PROCESSING)[0].status_code == progress.status_code
