"""Dates, times and numbers."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.values import VIETNAM, read_date, read_number, read_timestamp, vietnam_date


@pytest.mark.parametrize(
    ("text", "standard"),
    [
        ("2025/06/30", True),
        ("2025-06-30", False),
        ("30/06/2025", False),
        ("30-06-2025", False),
        ("30/6/2025", False),
        ("2025/6/30", False),
    ],
)
def test_clear_dates(text: str, standard: bool) -> None:
    """The standard form is taken as such, other clear forms are marked."""
    read = read_date(text)
    assert read is not None
    assert (read.value, read.is_standard) == (date(2025, 6, 30), standard)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2014/02/30",
        "2025/13/01",
        "06/30/2025",
        "0034/01/01",
        "1899/12/31",
        "25/06/30",
        "2025/06-30",
        "2025.06.30",
        "20250630",
        "２０２５/06/30",
        "2025/06/30 ",
    ],
)
def test_impossible_dates(text: str) -> None:
    """What is no date of the calendar, or not clear, is not guessed."""
    assert read_date(text) is None


@pytest.mark.parametrize(
    ("text", "standard"),
    [
        ("2025/06/30 19:00:00", True),
        ("2025-06-30 19:00:00", False),
        ("30/06/2025 19:00:00", False),
        ("2025-06-30T19:00:00", False),
        ("2025-06-30T12:00:00Z", False),
        ("2025-06-30T12:00:00.1234567Z", False),
        ("2025-06-30T19:00:00+07:00", False),
    ],
)
def test_clear_times(text: str, standard: bool) -> None:
    """A time without zone is Vietnam time; the result is in UTC."""
    read = read_timestamp(text)
    assert read is not None
    assert (read.value, read.is_standard) == (datetime(2025, 6, 30, 12, 0, tzinfo=UTC), standard)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2025/06/30",
        "2025/06/30 24:00:00",
        "2025/06/30 19:00",
        "2025/06/30 19:00:60",
        "2014/02/30 10:00:00",
        "2025-06-30T19:00:00+99:00",
        "2025/06/30  19:00:00",
        "9999/12/31 23:59:59-08:00",
        "now",
    ],
)
def test_impossible_times(text: str) -> None:
    """What is no time, or lies outside the calendar, is not guessed."""
    assert read_timestamp(text) is None


@given(st.dates(date(1900, 1, 1)))
def test_written_dates_are_read_back(day: date) -> None:
    """Every date from 1900 on survives writing and reading."""
    read = read_date(f"{day:%Y/%m/%d}")
    assert read is not None
    assert (read.value, read.is_standard) == (day, True)


@given(st.text(alphabet="0123456789/-:. TZ+", max_size=30))
def test_any_text_is_read_or_not(text: str) -> None:
    """No text makes a reader fail."""
    read_date(text)
    read_timestamp(text)
    read_number(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("007", 7),
        ("999999999", 999999999),
        ("1000000000", None),
        ("-1", None),
        ("٣", None),
        ("", None),
    ],
)
def test_numbers(text: str, number: int | None) -> None:
    """Only ASCII digits are a number, and not too many of them."""
    assert read_number(text) == number


def test_vietnam_date_turns_at_seventeen_utc() -> None:
    """The day in Vietnam begins seven hours before that in UTC, whatever the zone of the instant."""
    before = datetime(2025, 6, 30, 16, 59, 59, tzinfo=UTC)
    assert vietnam_date(before) == date(2025, 6, 30)
    assert vietnam_date(before + timedelta(seconds=1)) == date(2025, 7, 1)
    assert vietnam_date(before.astimezone(timezone(timedelta(hours=-5)))) == date(2025, 6, 30)
    assert VIETNAM.utcoffset(None) == timedelta(hours=7)


def test_an_instant_needs_a_zone() -> None:
    """A time without zone is a mistake of the caller."""
    with pytest.raises(ValueError, match="time zone"):
        vietnam_date(datetime(2025, 6, 30))  # noqa: DTZ001 - the point of the test
