"""Documents that could not be decided when they came, as `Client.parked`."""

from __future__ import annotations

from gateway.client.answers import Parked, ParkedPage
from gateway.client.parts import part
from gateway.client.transport import Transport, decode


class ParkedResource:
    """Lists and withdraws, over the transport of a client."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list(
        self, *, state: str = "parked", after: str | None = None, limit: int | None = None
    ) -> ParkedPage:
        """List this system's documents that could not be decided when they came, by what became of them."""
        path, asked = "/v1/documents", {"state": state, "after": after, "limit": limit}
        parameters = {name: str(value) for name, value in asked.items() if value is not None}
        answer = await self._transport.call("GET", path, parameters=parameters, repeatable=True)
        page: ParkedPage = decode(path, answer, ParkedPage)
        return page

    async def withdraw(self, message_id: str) -> Parked:
        """Take back a document that waits to be decided."""
        path = f"/v1/documents/{part(message_id)}/withdraw"
        answer = await self._transport.call("POST", path, repeatable=True)
        withdrawn: Parked = decode(path, answer, Parked)
        return withdrawn
