"""The port for the revocation lists and OCSP answers that the gateway keeps: by import, or fetched from their authorities."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from certs.trust import Trust


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One list or answer that was handed in and is good; `changed` is False if it was there already."""

    kind: str
    issuer: str
    number: int | None
    serial_number: int | None
    sha256: str
    this_update: datetime
    next_update: datetime
    changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """An address from which something is fetched, and how that went; `question` is what an OCSP responder is asked (hex)."""

    url: str
    question: str = ""
    etag: str = ""
    modified: str = ""
    sha256: str = ""
    error: str = ""
    failures: int = 0
    tried_at: datetime | None = None
    fetched_at: datetime | None = None
    due_at: datetime | None = None
    wanted_at: datetime | None = None

    @property
    def key(self) -> str:
        """What tells it from others."""
        return f"{self.url}#{self.question}"


class RevocationStock(Protocol):
    """What is kept, shared by all processes that use the same folder; they take it over as they do files of the operator's."""

    async def keep(self, data: bytes, *, trust: Trust, source: str) -> tuple[Kept, ...]:
        """Verify lists (DER or PEM) or an answer, and keep each in place of an older one of the same authority and scope.

        All of them or none; `source` is told with each. What is there already is not written again.

        Raises:
            BadRevocationListError, BadOcspAnswerError: something cannot be verified by an authority of the trust.
            OlderListError: something newer is held.

        """

    async def sources(self) -> dict[str, str]:
        """Return where what is kept came from, by SHA-256 (hex)."""

    async def origins(self) -> tuple[Origin, ...]:
        """Return the addresses from which anything was or will be fetched."""

    async def record(self, *origins: Origin) -> None:
        """Write down how fetching went."""

    async def forget(self, *origins: Origin) -> None:
        """Fetch nothing from these any more."""

    def turn(self) -> AbstractAsyncContextManager[bool]:
        """Ask to be the one process that fetches now; False if another one is."""
