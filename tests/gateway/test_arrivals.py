"""Which moment's codes count for an arrival, and when this process's clock is good enough to say so."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.flow.arrivals import AHEAD, codes_at, is_clearly_recent
from gateway.flow.stated import Manifest

NOW = datetime(2025, 7, 1, tzinfo=UTC)
GRACE = timedelta(days=30)
TICK = timedelta(milliseconds=1)


def accepted(before: timedelta) -> Manifest:
    """Return a manifest that states this acceptance."""
    return Manifest(
        gateway="gw.other",
        message_id="m",
        about=None,
        member_id="vpcp",
        delivery_id="d",
        recipient_code="H39",
        sha256="00" * 32,
        size=1,
        accepted_at=NOW - before,
        registry_version=1,
    )


@pytest.mark.parametrize(
    ("before", "counts"),
    [(timedelta(0), True), (GRACE, True), (GRACE + TICK, False), (-AHEAD, True), (-AHEAD - TICK, False)],
    ids=str,
)
def test_its_time_of_acceptance_counts_within_limits(before: timedelta, *, counts: bool) -> None:
    """Neither far ahead nor longer ago than the grace."""
    expected = NOW - before if counts else NOW
    assert codes_at(accepted(before), at=NOW, grace=GRACE) == expected


@pytest.mark.parametrize(
    ("before", "grace", "is_clear"),
    [
        (timedelta(0), GRACE, True),
        (-TICK, GRACE, False),
        (timedelta(days=29) - TICK, GRACE, True),
        (timedelta(days=29), GRACE, False),
        (timedelta(0), timedelta(0), False),
    ],
    ids=str,
)
def test_a_clock_that_is_wrong_does_not_matter_where_it_is_clear(
    before: timedelta, grace: timedelta, *, is_clear: bool
) -> None:
    """Else the database is asked."""
    assert is_clearly_recent(accepted(before), at=NOW, grace=grace) is is_clear
