"""Dead letters and deliveries that keep failing, as `Client.dead_letters`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from gateway.client.parts import part
from gateway.client.transport import Transport, decode


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadCause:
    """The letters that wait for one cause, and what to do."""

    cause: str
    letters: int
    first_seen: datetime
    last_seen: datetime
    deaths: int = 0
    vi: str = ""
    en: str = ""
    fix_vi: str = ""
    fix_en: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StuckReason:
    """Deliveries of the gateway that keep failing for one reason."""

    reason: str
    count: int
    first: datetime
    last: datetime
    attempts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadOrder:
    """What was ordered, and how far it is."""

    id: str
    act: str
    reason: str
    rate: int
    total: int
    done: int
    failed: int
    created_at: datetime
    cause: str | None = None
    actor: str = ""
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadOverview:
    """Everything that waits for an operator."""

    causes: tuple[DeadCause, ...]
    stuck: tuple[StuckReason, ...]
    orders: tuple[DeadOrder, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One dead letter; `claims` is what its envelope says of itself, believed by nobody."""

    id: str
    queue: str
    cause: str
    sha256: str
    size: int
    times: int
    state: str
    first_seen: datetime
    last_seen: datetime
    attempt: str = ""
    vi: str = ""
    en: str = ""
    fix_vi: str = ""
    fix_en: str = ""
    decided_at: datetime | None = None
    order: str | None = None
    claims: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterPage:
    """Letters, the oldest first; `next` continues the list."""

    items: tuple[Letter, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which letters or deliveries: one by its `id`, those of one `cause`, or all."""

    id: str | None = None
    cause: str | None = None


class DeadLettersResource:
    """Shows dead letters and orders what becomes of them, over the transport of a client."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def overview(self) -> DeadOverview:
        """Show what waits by cause, what keeps failing, and the last orders."""
        path = "/v1/dead-letters/causes"
        overview: DeadOverview = decode(
            path, await self._transport.call("GET", path, repeatable=True), DeadOverview
        )
        return overview

    async def letters(
        self,
        *,
        state: str | None = None,
        cause: str | None = None,
        after: str | None = None,
        limit: int | None = None,
    ) -> LetterPage:
        """List letters in one state (by default those that wait), and of one cause."""
        path = "/v1/dead-letters"
        asked = {"state": state, "cause": cause, "after": after, "limit": limit}
        parameters = {name: str(value) for name, value in asked.items() if value is not None}
        answer = await self._transport.call("GET", path, parameters=parameters, repeatable=True)
        page: LetterPage = decode(path, answer, LetterPage)
        return page

    async def letter(self, letter_id: str) -> Letter:
        """Show one letter."""
        path = f"/v1/dead-letters/{part(letter_id)}"
        letter: Letter = decode(path, await self._transport.call("GET", path, repeatable=True), Letter)
        return letter

    async def resend(self, chosen: Chosen, *, reason: str, rate: int) -> DeadOrder:
        """Order that letters be examined again, so many each second."""
        return await self._order("/v1/dead-letters:resend", chosen, reason=reason, rate=rate)

    async def retry(self, chosen: Chosen, *, reason: str, rate: int) -> DeadOrder:
        """Order that deliveries which keep failing be tried now, so many each second."""
        return await self._order("/v1/dead-letters:retry", chosen, reason=reason, rate=rate)

    async def discard(self, chosen: Chosen, *, reason: str) -> int:
        """Give letters up; return how many."""
        path = "/v1/dead-letters:discard"
        answer = await self._post(path, chosen, reason=reason)
        return int(decode(path, answer, dict[str, int])["discarded"])

    async def _order(self, path: str, chosen: Chosen, *, reason: str, rate: int) -> DeadOrder:
        order: DeadOrder = decode(path, await self._post(path, chosen, reason=reason, rate=rate), DeadOrder)
        return order

    async def _post(self, path: str, chosen: Chosen, **facts: Any) -> Any:  # noqa: ANN401 - an answer, and JSON members
        which = {"id": chosen.id, "cause": chosen.cause, "all": chosen.id is None and chosen.cause is None}
        body = msgspec.json.encode({name: value for name, value in which.items() if value} | facts)
        headers = {"Content-Type": "application/json"}
        return await self._transport.call("POST", path, headers=headers, body=body)
