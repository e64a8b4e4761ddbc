"""Query parameters and path parts as values; what does not fit is refused with what would.

Unknown and repeated parameters are refused too: a mistyped `wiat=30` that is silently ignored looks like a gateway that does not
wait.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from aiohttp import web

from gateway.errors import BadParameterError, NotFoundError
from routing.errors import printable

IDENTIFIER: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DECIMAL: Final = re.compile(r"[0-9]{1,15}")


class Parameters:
    """The query parameters of one request, of which `known` may stand there, each at most once.

    Raises:
        BadParameterError: another one stands there, or one stands there twice.

    """

    def __init__(self, request: web.Request, *known: str) -> None:
        self._values = request.query
        for name in self._values:
            if name not in known:
                expected = ", ".join(known) or "–"
                raise BadParameterError(name=printable(name), found="?", expected=expected)
            if len(self._values.getall(name)) > 1:
                raise BadParameterError(name=name, found="2×", expected="1×")

    def integer(self, name: str, *, default: int, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`."""
        text = self._values.get(name)
        if text is None:
            return default
        if not _DECIMAL.fullmatch(text) or not low <= int(text) <= high:
            raise BadParameterError(name=name, found=printable(text), expected=f"{low}–{high}")
        return int(text)

    def identifier(self, name: str) -> str | None:
        """Return an identifier made by the gateway."""
        text = self._values.get(name)
        if text is not None and not IDENTIFIER.fullmatch(text):
            raise BadParameterError(name=name, found=printable(text), expected="UUID")
        return text

    def flag(self, name: str) -> bool:
        """Return whether `true` stands there; `false` is as good as nothing."""
        text = self._values.get(name, "false")
        if text not in {"true", "false"}:
            raise BadParameterError(name=name, found=printable(text), expected="true, false")
        return text == "true"

    def text(self, name: str) -> str | None:
        """Return a text as it stands there."""
        return self._values.get(name)

    def instant(self, name: str) -> datetime | None:
        """Return a moment in UTC, given in RFC 3339 with its offset."""
        text = self._values.get(name)
        return None if text is None else instant(text, name=name)


def instant(text: str, *, name: str) -> datetime:
    """Read a moment in RFC 3339.

    Raises:
        BadParameterError: it is none, or has no offset.

    """
    # A plus sign that was not percent-encoded arrives as a space.
    with suppress(ValueError, OverflowError):
        moment = datetime.fromisoformat(text.replace(" ", "+"))
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    expected = "RFC 3339, 2025-07-01T00:00:00+07:00"
    raise BadParameterError(name=name, found=printable(text), expected=expected)


def path_identifier(request: web.Request, name: str) -> str:
    """Return an identifier from the path.

    Raises:
        NotFoundError: it is none, so nothing can have it.

    """
    text = request.match_info[name]
    if not IDENTIFIER.fullmatch(text):
        raise NotFoundError(what=f"“{printable(text)}”")
    return text
