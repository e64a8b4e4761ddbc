"""Which errors of the database mean that it cannot be used just now, and not that something was done wrong."""

from __future__ import annotations

from typing import Final

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from gateway.store.errors import DatabaseUnavailableError

_PASSING: Final = (OperationalError, InterfaceError, PoolTimeoutError)


def explained(error: Exception) -> Exception:
    """Return what a caller may hear of an error: of one that passes only that; any other one as it is."""
    if isinstance(error, _PASSING) or (isinstance(error, DBAPIError) and error.connection_invalidated):
        return DatabaseUnavailableError()
    return error
