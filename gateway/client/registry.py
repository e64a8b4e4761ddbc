"""Looking agencies up, and fetching the registry: agencies, members, and the signed snapshot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from gateway.client.parts import part
from gateway.client.transport import Transport, decode


class RegistryResource:
    """What a gateway tells of its registry."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def find(
        self,
        text: str = "",
        *,
        prefix: str | None = None,
        kind: str | None = None,
        status: str | None = None,
        at: datetime | None = None,
        after: str | None = None,
        limit: int | None = None,
    ) -> dict[str, Any]:
        """Find agencies by name, without diacritics, or by code; `next` of a page is the `after` of the next one."""
        asked = {"q": text or None, "prefix": prefix, "kind": kind, "status": status, "after": after}
        more = {"at": at.isoformat() if at else None, "limit": limit}
        return await self._read("/v1/agencies", asked | more)

    async def history(self, code: str, *, at: datetime | None = None) -> dict[str, Any]:
        """Read everything that is known of a code, whether or not it is in force."""
        return await self._read(f"/v1/agencies/{part(code)}/history", {"at": at.isoformat() if at else None})

    async def members(self) -> dict[str, Any]:
        """List the connected systems; needs a role."""
        return await self._read("/v1/members", {})

    async def snapshot(self, *, since: int | None = None) -> bytes:
        """Fetch the signed registry, or what changed since a version; verify it (`routing.snapshot`) before anything is used."""
        asked = {} if since is None else {"since": str(since)}
        answer = await self._transport.call("GET", "/v1/registry/snapshot", parameters=asked, repeatable=True)
        return answer.body

    async def contacts(self, member_id: str) -> dict[str, Any]:
        """Read whom to call at a connected system."""
        return await self._read(f"/v1/members/{part(member_id)}/contacts", {})

    async def set_contacts(self, member_id: str, contacts: Sequence[Mapping[str, str]]) -> dict[str, Any]:
        """Replace whom to call at a connected system."""
        return await self._put(f"/v1/members/{part(member_id)}/contacts", contacts)

    async def agency_contacts(self, code: str) -> dict[str, Any]:
        """Read whom to call at an agency."""
        return await self._read(f"/v1/agencies/{part(code)}/contacts", {})

    async def set_agency_contacts(self, code: str, contacts: Sequence[Mapping[str, str]]) -> dict[str, Any]:
        """Replace whom to call at an agency."""
        return await self._put(f"/v1/agencies/{part(code)}/contacts", contacts)

    async def _put(self, path: str, contacts: Sequence[Mapping[str, str]]) -> dict[str, Any]:
        body = msgspec.json.encode({"contacts": list(contacts)})
        headers = {"Content-Type": "application/json"}
        answer = await self._transport.call("PUT", path, headers=headers, body=body, repeatable=True)
        found: dict[str, Any] = decode(self._transport.url + path, answer, dict[str, Any])
        return found

    async def _read(self, path: str, parameters: dict[str, Any]) -> dict[str, Any]:
        asked = {name: str(value) for name, value in parameters.items() if value is not None}
        answer = await self._transport.call("GET", path, parameters=asked, repeatable=True)
        found: dict[str, Any] = decode(self._transport.url + path, answer, dict[str, Any])
        return found
