"""Changes of the registry through the API, as `Client.changes`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from gateway.client.parts import part
from gateway.client.transport import READ_SECONDS, Transport, decode

PATH = "/v1/registry/changes"
SLOW_SECONDS = 10 * READ_SECONDS
"""Longest silence while a big file is validated."""

MEDIA = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""The media types of files, by their suffix."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFile:
    """A file of changes, or (with `at`) a whole list of agencies as it is to be from that moment on."""

    name: str
    media: str
    content: bytes
    at: datetime | None = None
    retroactive: bool = False

    @classmethod
    def read(cls, path: Path, *, at: datetime | None = None, retroactive: bool = False) -> ChangeFile:
        """Read a file; its suffix says what it is, CSV where it says nothing.

        Raises:
            OSError: it cannot be read.

        """
        media = MEDIA.get(path.suffix.lower(), MEDIA[".csv"])
        return cls(
            name=path.name[:200], media=media, content=path.read_bytes(), at=at, retroactive=retroactive
        )

    def parameters(self) -> dict[str, str]:
        """Return what is asked beside the file."""
        asked = {"name": self.name, "of": "changes" if self.at is None else "agencies"}
        if self.at is not None:
            asked["at"] = self.at.isoformat()
        return asked | ({"retroactive": "true"} if self.retroactive else {})


class ChangesResource:
    """Change sets, signatures and versions; every method raises `ClientError` and nothing else."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def draft(
        self, file: ChangeFile, *, title: str, legal_basis: str = "", held: bool = False
    ) -> dict[str, Any]:
        """Hand in a file as a new change set; its faults are in the answer."""
        asked = {**file.parameters(), "title": title, "legal_basis": legal_basis}
        if held:
            asked["held"] = "true"
        return await self._upload("POST", PATH, file, asked)

    async def replace(self, change_id: str, file: ChangeFile) -> dict[str, Any]:
        """Put another file in the place of the one that is there."""
        return await self._upload("PUT", f"{PATH}/{part(change_id)}/source", file, file.parameters())

    async def show(self, change_id: str) -> dict[str, Any]:
        """Read a change set."""
        return await self._get(f"{PATH}/{part(change_id)}")

    async def list(
        self, *, state: str | None = None, before: str | None = None, limit: int = 50
    ) -> dict[str, Any]:
        """Read change sets, the newest first."""
        return await self._get(PATH, state=state, before=before, limit=limit)

    async def lines(self, change_id: str) -> bytes:
        """Read the text whose SHA-256 is signed."""
        path = f"{PATH}/{part(change_id)}/lines"
        return (await self._transport.call("GET", path, repeatable=True)).body

    async def diff(self, change_id: str, *, after: int = 0, limit: int = 100) -> dict[str, Any]:
        """Read a part of what it does, code by code."""
        return await self._get(f"{PATH}/{part(change_id)}/diff", after=after, limit=limit)

    async def impact(self, change_id: str) -> dict[str, Any]:
        """Read which documents, systems and certificates it touches."""
        return await self._get(f"{PATH}/{part(change_id)}/impact")

    async def validate(self, change_id: str) -> dict[str, Any]:
        """Have it validated against the version of the registry in force."""
        return await self._post(change_id, "validate", None)

    async def propose(self, change_id: str, statement: Mapping[str, object]) -> dict[str, Any]:
        """Hand in the proposer's signature."""
        return await self._post(change_id, "propose", statement)

    async def approve(self, change_id: str, statement: Mapping[str, object]) -> dict[str, Any]:
        """Hand in the approver's signature."""
        return await self._post(change_id, "approve", statement)

    async def declare_emergency(
        self, change_id: str, statement: Mapping[str, object], *, reason: str, hours: float
    ) -> dict[str, Any]:
        """Put it in force on one signature, for a limited time."""
        stated = {"statement": statement, "reason": reason, "hours": hours}
        return await self._post(change_id, "emergency", stated)

    async def release(self, change_id: str) -> dict[str, Any]:
        """Let go on what was approved beforehand and held."""
        return await self._post(change_id, "release", None)

    async def withdraw(self, change_id: str, *, reason: str = "") -> dict[str, Any]:
        """End it before it is scheduled."""
        return await self._post(change_id, "withdraw", {"reason": reason})

    async def roll_back(
        self,
        change_id: str,
        *,
        at: datetime | None = None,
        title: str = "",
        legal_basis: str = "",
        held: bool = False,
    ) -> dict[str, Any]:
        """Make a change set that takes this one back."""
        stated = {
            "at": None if at is None else at.isoformat(),
            "title": title,
            "legal_basis": legal_basis,
            "held": held,
        }
        return await self._post(change_id, "rollback", stated)

    async def registry(self) -> dict[str, Any]:
        """Read the version in force and what is to come."""
        return await self._get("/v1/registry")

    async def versions(self, *, before: int | None = None, limit: int = 50) -> dict[str, Any]:
        """Read the versions of the registry, the newest first."""
        return await self._get("/v1/registry/versions", before=before, limit=limit)

    async def template(self, name: str) -> bytes:
        """Read a template, such as `changes.csv`."""
        path = f"/v1/registry/templates/{part(name)}"
        return (await self._transport.call("GET", path, repeatable=True)).body

    async def officers(self) -> dict[str, Any]:
        """Read the keys of all officers."""
        return await self._get("/v1/registry/officers")

    async def register_key(self, credential_id: str, verifier_key: str) -> dict[str, Any]:
        """Make this the key under which the holder of a token signs."""
        path = f"/v1/tokens/{part(credential_id)}/officer-key"
        return await self._call("POST", path, {"verifier_key": verifier_key})

    async def _get(self, path: str, **asked: object) -> dict[str, Any]:
        given = {name: str(value) for name, value in asked.items() if value is not None}
        answer = await self._transport.call("GET", path, parameters=given, repeatable=True)
        found: dict[str, Any] = decode(self._transport.url + path, answer, dict[str, Any])
        return found

    async def _post(self, change_id: str, verb: str, stated: Mapping[str, object] | None) -> dict[str, Any]:
        return await self._call("POST", f"{PATH}/{part(change_id)}/{verb}", stated)

    async def _call(self, method: str, path: str, stated: Mapping[str, object] | None) -> dict[str, Any]:
        headers = {} if stated is None else {"Content-Type": "application/json"}
        body = None if stated is None else msgspec.json.encode(stated)
        answer = await self._transport.call(method, path, headers=headers, body=body, silence=SLOW_SECONDS)
        found: dict[str, Any] = decode(self._transport.url + path, answer, dict[str, Any])
        return found

    async def _upload(
        self, method: str, path: str, file: ChangeFile, asked: dict[str, str]
    ) -> dict[str, Any]:
        answer = await self._transport.call(
            method,
            path,
            parameters=asked,
            headers={"Content-Type": file.media},
            body=file.content,
            silence=SLOW_SECONDS,
        )
        found: dict[str, Any] = decode(self._transport.url + path, answer, dict[str, Any])
        return found
