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

    async def peers(self) -> dict[str, Any]:
        """List the gateways that this one believes; needs a role."""
        return await self._read("/v1/peers", {})

    async def put_peer(self, name: str, *, verifier_key: str, shares_payloads: bool) -> dict[str, Any]:
        """Let the gateway believe another one under this key, on these terms only."""
        stated = {"name": name, "verifier_key": verifier_key, "shares_payloads": shares_payloads}
        return await self._write("POST", "/v1/peers", stated)

    async def end_peer(self, name: str) -> dict[str, Any]:
        """Let the gateway believe nothing of another one any more."""
        return await self._write("DELETE", f"/v1/peers/{part(name)}", None)

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
        return await self._write("PUT", path, {"contacts": list(contacts)})

    async def _write(self, method: str, path: str, stated: Mapping[str, object] | None) -> dict[str, Any]:
        headers = {} if stated is None else {"Content-Type": "application/json"}
        body = None if stated is None else msgspec.json.encode(stated)
        # What ends something is not repeated: the second answer would be that there is no such thing.
        repeatable = stated is not None
        answer = await self._transport.call(method, path, headers=headers, body=body, repeatable=repeatable)
        found: dict[str, Any] = decode(self._transport.url + path, answer, dict[str, Any])
        return found

    async def _read(self, path: str, parameters: dict[str, Any]) -> dict[str, Any]:
        asked = {name: str(value) for name, value in parameters.items() if value is not None}
        answer = await self._transport.call("GET", path, parameters=asked, repeatable=True)
        found: dict[str, Any] = decode(self._transport.url + path, answer, dict[str, Any])
        return found
