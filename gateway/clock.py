"""The clock: the only place in the product that reads it. Everything else takes `at`, or a `Clock` that this one satisfies."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the current time, aware and UTC."""
    return datetime.now(UTC)
