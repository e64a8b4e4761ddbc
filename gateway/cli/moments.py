"""Moments that people name on a command line: Vietnam time unless they say otherwise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from gateway.clock import utc_now

VIETNAM: Final = timezone(timedelta(hours=7))
FORMATS: Final = ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z")
"""The forms of ISO 8601 in which a moment may be written."""


def moment(at: datetime | None) -> datetime:
    """Return the moment meant, in UTC; None is now.

    Raises:
        typer.BadParameter: there is no such moment in UTC, because the calendar ends before it.

    """
    if at is None:
        return utc_now()
    try:
        return (at if at.tzinfo else at.replace(tzinfo=VIETNAM)).astimezone(UTC)
    except OverflowError as error:
        import typer  # noqa: PLC0415 - start-up time

        raise typer.BadParameter(f"{at.isoformat()}: ngoài lịch · outside the calendar") from error
