"""The client's calls about agencies' certificates: registering them, what becomes of them, and when they end."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote

import msgspec

from gateway.client.transport import Transport, decode


class CertificateCalls:
    """What `Client` can say and ask about certificates."""

    url: str
    _transport: Transport

    async def register_certificate(
        self, code: str, pem: bytes, **terms: str | datetime | None
    ) -> dict[str, Any]:
        """Register a certificate for the agency that bears this code now.

        `terms` are the query parameters of the resource: `by`, `profile`, `issuer`, `attributes`, `since` (its `from`), `until`
        and `replaces`. A profile needs the authority's certificate after the agency's.
        """
        path = f"/v1/agencies/{_part(code)}/certificates"
        asked = {
            {"since": "from"}.get(name, name): each.isoformat() if isinstance(each, datetime) else each
            for name, each in terms.items()
            if each is not None
        }
        headers = {"Content-Type": "application/x-pem-file"}
        answer = await self._transport.call("POST", path, parameters=asked, headers=headers, body=pem)
        registered: dict[str, Any] = decode(self.url + path, answer, dict[str, Any])
        return registered

    async def registrations(self, code: str | None = None) -> dict[str, Any]:
        """Read what is registered for the agency that bears this code now; without a code, for every agency."""
        return await self._get(
            "/v1/certificates" if code is None else f"/v1/agencies/{_part(code)}/certificates"
        )

    async def suspend_registration(self, code: str, registration: str, *, reason: str) -> dict[str, Any]:
        """Let a registration not count until it is resumed."""
        return await self._change(code, registration, "suspend", {"reason": reason})

    async def resume_registration(self, code: str, registration: str, *, reason: str) -> dict[str, Any]:
        """Let a suspended registration count again."""
        return await self._change(code, registration, "resume", {"reason": reason})

    async def revoke_registration(
        self,
        code: str,
        registration: str,
        *,
        reason: str,
        since: datetime | None = None,
        compromised: bool = False,
    ) -> dict[str, Any]:
        """End a registration for good; `compromised` ends every other certificate with this key, too."""
        stated: dict[str, object] = {"reason": reason, "compromised": compromised}
        if since is not None:
            stated["since"] = since.isoformat()
        return await self._change(code, registration, "revoke", stated)

    async def certificate_calendar(self, *, days: int) -> dict[str, Any]:
        """Read what ends within some days, and who still signs with an old certificate."""
        return await self._get("/v1/certificates/calendar", days=str(days))

    async def _get(self, path: str, **parameters: str) -> dict[str, Any]:
        answer = await self._transport.call("GET", path, parameters=parameters, repeatable=True)
        found: dict[str, Any] = decode(self.url + path, answer, dict[str, Any])
        return found

    async def _change(
        self, code: str, registration: str, verb: str, stated: dict[str, object]
    ) -> dict[str, Any]:
        path = f"/v1/agencies/{_part(code)}/certificates/{_part(registration)}/{verb}"
        headers = {"Content-Type": "application/json"}
        answer = await self._transport.call("POST", path, headers=headers, body=msgspec.json.encode(stated))
        after: dict[str, Any] = decode(self.url + path, answer, dict[str, Any])
        return after


def _part(text: str) -> str:
    """Write an id or code as one segment of a path."""
    return quote(text, safe="")
