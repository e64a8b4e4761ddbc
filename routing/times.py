"""Moments as people in Vietnam read them, for the texts of findings."""

from datetime import datetime, timedelta, timezone
from typing import Final

# Vietnam has had this offset without summer time since 1975; the texts that show it concern later moments.
VIETNAM: Final = timezone(timedelta(hours=7))


def shown(moment: datetime | None) -> str:
    """Return a moment in the time of Vietnam (ISO 8601); nothing for an open end."""
    return "" if moment is None else moment.astimezone(VIETNAM).isoformat()
