"""The trust store through the API, as `Client.trust`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from gateway.client.transport import Transport, decode

PATH = "/v1/trust/certificates"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedCertificate:
    """A certification authority's certificate and the terms on which the gateway relies upon it."""

    sha256: str
    role: str
    state: str
    subject: str
    issuer: str
    not_after: datetime
    ends_at: datetime
    days_left: int
    serial: str = ""
    not_before: datetime | None = None
    usages: tuple[str, ...] = ()
    trusted_from: datetime | None = None
    trusted_until: datetime | None = None
    revocation: str | None = None
    codes: tuple[str, ...] = ()
    note: str = ""
    reason: str = ""
    actor: str = ""
    changed_at: datetime | None = None
    since_version: int = 0
    pem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustVersion:
    """What is relied upon at a version of the trust store."""

    version: int
    sha256: str
    certificates: tuple[TrustedCertificate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustChange:
    """What became of one certificate, and the version that this made."""

    version: int
    sha256: str
    changed: bool
    certificate: TrustedCertificate


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustTerms:
    """The terms on which somebody wants to rely on an authority; what is left out is as the gateway has it."""

    usages: Sequence[str] | None = None
    trusted_from: datetime | None = None
    trusted_until: datetime | None = None
    revocation: str | None = None
    codes: Sequence[str] = ()
    note: str = ""


class TrustResource:
    """Certification authorities that a gateway relies upon; every method raises `ClientError` and nothing else."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list(self, *, everything: bool = False, version: int | None = None) -> TrustVersion:
        """Read what is relied upon; `everything`: what was retired, too."""
        asked = {"all": "true"} if everything else {}
        if version is not None:
            asked["version"] = str(version)
        answer = await self._transport.call("GET", PATH, parameters=asked, repeatable=True)
        found: TrustVersion = decode(self._transport.url + PATH, answer, TrustVersion)
        return found

    async def add(self, pem: str, terms: TrustTerms, *, replace: bool = False) -> TrustChange:
        """Rely on an authority; `replace`: on these terms, if it is there already."""
        stated = {
            "pem": pem,
            "usages": terms.usages,
            "trusted_from": _moment(terms.trusted_from),
            "trusted_until": _moment(terms.trusted_until),
            "revocation": terms.revocation,
            "codes": list(terms.codes),
            "note": terms.note,
            "replace": replace,
        }
        return await self._change(PATH, stated)

    async def retire(self, sha256: str, *, reason: str, at: datetime | None = None) -> TrustChange:
        """Stop relying on an authority, now or at a moment."""
        return await self._change(f"{PATH}/{sha256}:retire", {"reason": reason, "at": _moment(at)})

    async def _change(self, path: str, stated: dict[str, Any]) -> TrustChange:
        headers = {"Content-Type": "application/json"}
        answer = await self._transport.call("POST", path, headers=headers, body=msgspec.json.encode(stated))
        made: TrustChange = decode(self._transport.url + path, answer, TrustChange)
        return made


def _moment(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()
