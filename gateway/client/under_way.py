"""Notices to this system, and the tasks of code administrators, as `Client.under_way`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from gateway.client.parts import part
from gateway.client.transport import Transport, decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What the gateway says of one delivery, by a kind such as held, rerouted or expired; with the signed receipt of it."""

    id: str
    kind: str
    at: datetime
    message: str
    document_id: str
    delivery: str
    code: str
    vi: str = ""
    en: str = ""
    resolved_code: str | None = None
    reason: str = ""
    explanation: str | None = None
    receipt: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticePage:
    """Notices, the oldest first; `next` continues the list."""

    items: tuple[Notice, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A code that may take over."""

    code: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Deliveries to one code that wait for a decision; those not decided by `deadline` go back to their senders."""

    code: str
    cause: str
    deliveries: int
    since: datetime
    deadline: datetime
    name: str = ""
    vi: str = ""
    en: str = ""
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskList:
    """Everything that waits for the code administrators."""

    items: tuple[Task, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What was decided for one code, and for how many deliveries."""

    code: str
    deliveries: int
    to: str | None = None


class UnderWayResource:
    """Reads notices and tasks, and resolves these, over the transport of a client."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def notices(
        self, *, wait: int = 0, after: str | None = None, limit: int | None = None
    ) -> NoticePage:
        """List what this system is told of its documents; with `wait` (0-60 seconds) only when something is there."""
        path, asked = "/v1/notices", {"wait": wait or None, "after": after, "limit": limit}
        parameters = {name: str(value) for name, value in asked.items() if value is not None}
        answer = await self._transport.call("GET", path, parameters=parameters, repeatable=True)
        page: NoticePage = decode(path, answer, NoticePage)
        return page

    async def tasks(self) -> TaskList:
        """List the codes for which deliveries are held."""
        path = "/v1/registry/tasks"
        tasks: TaskList = decode(path, await self._transport.call("GET", path, repeatable=True), TaskList)
        return tasks

    async def resolve(self, code: str, *, to: str | None, reason: str) -> Resolved:
        """Send what is held for a code to another one, or (None) back to its senders."""
        path = f"/v1/registry/tasks/{part(code)}/resolve"
        decided: dict[str, Any] = {"return": True} if to is None else {"to": to}
        body = msgspec.json.encode({**decided, "reason": reason})
        headers = {"Content-Type": "application/json"}
        answer = await self._transport.call("POST", path, headers=headers, body=body)
        resolved: Resolved = decode(path, answer, Resolved)
        return resolved
