"""Column types: what goes into a row comes out of it, and what does not fit is refused before it gets there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Dialect
from sqlalchemy.dialects import sqlite

from gateway.store.columns import Digest, Instant, Json
from tests.support.store_samples import NOON

DIALECT: Dialect = sqlite.dialect()

zones = st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours)))
scalars = st.text() | st.booleans() | st.integers(-(2**53), 2**53)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)


@given(st.datetimes(min_value=datetime(1900, 1, 2), max_value=datetime(9999, 12, 30), timezones=zones))  # noqa: DTZ001
def test_instant_comes_back(moment: datetime) -> None:
    """Any aware time comes back as the same instant, in UTC."""
    kept = Instant().process_bind_param(moment, DIALECT)
    assert isinstance(kept, int)

    back = Instant().process_result_value(kept, DIALECT)

    assert back == moment
    assert back is not None
    assert back.tzinfo is UTC


@given(st.datetimes(timezones=zones), st.datetimes(timezones=zones))
def test_instants_sort_as_times_do(one: datetime, other: datetime) -> None:
    """Rows are ordered by what is kept, so that must be the order of time."""
    kept = [Instant().process_bind_param(each, DIALECT) for each in (one, other)]
    assert kept[0] is not None
    assert kept[1] is not None

    assert (kept[0] < kept[1]) == (one < other)


def test_naive_time_is_refused() -> None:
    """A time without a zone could be any of several instants."""
    with pytest.raises(TypeError):
        Instant().process_bind_param(NOON.replace(tzinfo=None), DIALECT)


@given(st.binary(min_size=32, max_size=32))
def test_digest_comes_back(raw: bytes) -> None:
    """A hash is 32 bytes on disk and the same hex text before and after."""
    kept = Digest().process_bind_param(raw.hex(), DIALECT)

    assert kept == raw
    assert Digest().process_result_value(kept, DIALECT) == raw.hex()


def test_digest_that_is_none_is_refused() -> None:
    """What is not hexadecimal is no hash."""
    with pytest.raises(ValueError, match="hexadecimal"):
        Digest().process_bind_param("no digest", DIALECT)


@given(values)
def test_json_comes_back(value: Any) -> None:
    """Any value of the kinds that evidence is made of comes back equal."""
    kept = Json().process_bind_param(value, DIALECT)

    assert Json().process_result_value(kept, DIALECT) == value


def test_json_takes_read_only_objects() -> None:
    """Records hold mappings that cannot be changed; they are objects like any other."""
    assert Json().process_bind_param(MappingProxyType({"a": [1, True]}), DIALECT) == '{"a":[1,true]}'


@pytest.mark.parametrize("column", [Instant(), Digest()])
def test_nothing_stays_nothing(column: Any) -> None:
    """NULL is None, both ways."""
    assert column.process_bind_param(None, DIALECT) is None
    assert column.process_result_value(None, DIALECT) is None
