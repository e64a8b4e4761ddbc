"""Dates, times and numbers as edXML writes them (QCVN 102:2016/BTTTT; QĐ 28/2018/QĐ-TTg Điều 14.4).

Each reader returns None for what it cannot read and never guesses: forms are accepted only where one
reading is possible. Times without a zone are Vietnam time (UTC+7, no summer time).
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final, Generic, TypeVar

T = TypeVar("T")

VIETNAM: Final = timezone(timedelta(hours=7))
DATE_FORM: Final = "yyyy/MM/dd"
TIMESTAMP_FORM: Final = "yyyy/MM/dd HH:mm:ss"

_OLDEST_YEAR: Final = 1900
_MOST_DIGITS: Final = 9
_YEAR_FIRST: Final = re.compile(r"([0-9]{4})([/-])([0-9]{1,2})\2([0-9]{1,2})")
_DAY_FIRST: Final = re.compile(r"([0-9]{1,2})([/-])([0-9]{1,2})\2([0-9]{4})")
_STANDARD_DATE: Final = re.compile(r"[0-9]{4}/[0-9]{2}/[0-9]{2}")
_TIME: Final = re.compile(r"([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})?")


@dataclass(frozen=True, slots=True)
class Read(Generic[T]):
    """A value and whether it was written in the form of the standard."""

    value: T
    is_standard: bool


def read_date(text: str) -> Read[date] | None:
    """Read yyyy/MM/dd; yyyy-MM-dd and dd/MM/yyyy are understood too, as is a missing leading zero."""
    if found := _YEAR_FIRST.fullmatch(text):
        year, _, month, day = found.groups()
    elif found := _DAY_FIRST.fullmatch(text):
        day, _, month, year = found.groups()
    else:
        return None
    if int(year) < _OLDEST_YEAR:
        return None
    try:
        value = date(int(year), int(month), int(day))
    except ValueError:
        return None
    return Read(value, _STANDARD_DATE.fullmatch(text) is not None)


def read_timestamp(text: str) -> Read[datetime] | None:
    """Read yyyy/MM/dd HH:mm:ss in Vietnam time, or ISO 8601 with or without a zone; the result is in UTC."""
    day_text, separator, time_text = text.replace("T", " ", 1).partition(" ")
    day = read_date(day_text)
    time = _TIME.fullmatch(time_text)
    if not separator or day is None or time is None:
        return None
    hour, minute, second, zone = time.groups()
    try:
        offset = VIETNAM if zone is None else datetime.strptime(zone, "%z").tzinfo
        moment = datetime(
            day.value.year, day.value.month, day.value.day, int(hour), int(minute), int(second), tzinfo=offset
        )
        in_utc = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    is_standard = day.is_standard and zone is None and len(text) == len(TIMESTAMP_FORM) and "T" not in text
    return Read(in_utc, is_standard)


def read_number(text: str) -> int | None:
    """Read an unsigned number of at most nine digits."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None


def vietnam_date(at: datetime) -> date:
    """Return the date that the calendar in Vietnam shows at an instant.

    Raises: ValueError if `at` carries no zone.
    """
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return at.astimezone(VIETNAM).date()
