"""Revocation lists and OCSP answers through the API, as `Client.revocation`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.client.transport import Transport, decode

PATH = "/v1/trust/revocation"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldList:
    """A revocation list that is held; times are aware."""

    issuer: str
    number: str | None
    is_delta: bool
    this_update: datetime
    next_update: datetime
    age_s: int
    is_stale: bool
    is_current: bool
    entries: int
    sha256: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldAnswer:
    """An OCSP answer that is held."""

    issuer: str
    serial: str
    status: str
    this_update: datetime
    next_update: datetime
    age_s: int
    is_stale: bool
    sha256: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchingFrom:
    """An address from which something is fetched, and how that goes."""

    url: str
    type: str
    sha256: str | None = None
    tried_at: datetime | None = None
    fetched_at: datetime | None = None
    due_at: datetime | None = None
    failures: int = 0
    last_error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationState:
    """All that the gateway holds of revocation."""

    at: datetime
    required: str
    hosts: tuple[str, ...]
    lists: tuple[HeldList, ...]
    answers: tuple[HeldAnswer, ...]
    answers_omitted: int
    origins: tuple[FetchingFrom, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A list or answer that the gateway took; `changed` is False if it was there already."""

    type: str
    issuer: str
    number: str | None
    serial: str | None
    sha256: str
    this_update: datetime
    next_update: datetime
    changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenLists:
    """What became of a file that was handed in."""

    taken: tuple[Taken, ...]


class RevocationData:
    """The calls."""

    def __init__(self, url: str, transport: Transport) -> None:
        self._url = url
        self._transport = transport

    async def state(self) -> RevocationState:
        """Read what is held and how old it is."""
        answer = await self._transport.call("GET", PATH, repeatable=True)
        state: RevocationState = decode(self._url + PATH, answer, RevocationState)
        return state

    async def hand_in(self, content: bytes) -> TakenLists:
        """Hand in lists (DER, PEM) or an OCSP answer; the same again changes nothing."""
        headers = {"Content-Type": "application/octet-stream"}
        answer = await self._transport.call("POST", PATH, headers=headers, body=content, repeatable=True)
        taken: TakenLists = decode(self._url + PATH, answer, TakenLists)
        return taken
