"""The client's calls about the routing log: its signed head, its entries, and the proof that one is in it."""

from __future__ import annotations

from typing import Any

from gateway.client.answers import LogPage
from gateway.client.transport import Transport, decode


class LogCalls:
    """What `Client` can ask about the routing log."""

    url: str
    _transport: Transport

    async def checkpoint(self) -> str:
        """Read the latest signed head of the routing log, a C2SP note."""
        return (await self._transport.call("GET", "/v1/log/checkpoint", repeatable=True)).body.decode()

    async def entries(self, *, start: int = 0, limit: int | None = None) -> LogPage:
        """Read entries of the routing log from an index on."""
        path, parameters = "/v1/log/entries", {"start": str(start)}
        if limit is not None:
            parameters["limit"] = str(limit)
        answer = await self._transport.call("GET", path, parameters=parameters, repeatable=True)
        page: LogPage = decode(self.url + path, answer, LogPage)
        return page

    async def proof(self, index: int) -> dict[str, Any]:
        """Read the proof that an entry is in the log."""
        path = f"/v1/log/entries/{index}/proof"
        answer = await self._transport.call("GET", path, repeatable=True)
        found: dict[str, Any] = decode(self.url + path, answer, dict[str, Any])
        return found
