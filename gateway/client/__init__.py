"""A client of the gateway's HTTP API, as a document-management system would write it; used by the command line and the demo.

    async with Client("https://vanthu.example", token="vt_…") as client:
        sent = await client.submit_document(path)

Refusals are raised as `ProblemError` with the code, the texts in both languages and what to do. Only what is safe is repeated by
itself: reading, acknowledging, and submitting, which always goes with an Idempotency-Key, so that a lost answer never makes a
second document.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self
from uuid import uuid4

import msgspec

from gateway.client.answers import (
    Acknowledged,
    Checked,
    Correspondence,
    Delivery,
    InboxDocument,
    InboxItem,
    InboxPage,
    LogEntry,
    LogPage,
    NewToken,
    Parked,
    ParkedPage,
    Party,
    RegistryVersion,
    Submitted,
)
from gateway.client.certificates import CertificateCalls
from gateway.client.changes import ChangesResource
from gateway.client.dead_letters import DeadLettersResource
from gateway.client.errors import ClientError, Fault, ProblemError, UnexpectedAnswerError, UnreachableError
from gateway.client.ledger import LedgerResource
from gateway.client.log import LogCalls
from gateway.client.parked import ParkedResource
from gateway.client.parts import digest, part
from gateway.client.registry import RegistryResource
from gateway.client.revocation import RevocationData
from gateway.client.transport import READ_SECONDS, Backoff, Transport, decode
from gateway.client.trust import TrustResource
from gateway.client.under_way import UnderWayResource
from gateway.client.verdicts import VerdictResource

__all__ = [
    "Acknowledged",
    "Backoff",
    "Checked",
    "Client",
    "ClientError",
    "Correspondence",
    "Delivery",
    "Fault",
    "InboxDocument",
    "InboxItem",
    "InboxPage",
    "LogEntry",
    "LogPage",
    "NewToken",
    "Parked",
    "ParkedPage",
    "Party",
    "ProblemError",
    "RegistryVersion",
    "Submitted",
    "UnexpectedAnswerError",
    "UnreachableError",
]

EDXML = "application/edxml+xml"


class Client(CertificateCalls, LogCalls):
    """A caller of one gateway, used as an async context manager.

    Every method raises `ClientError` and nothing else, but for OSError where a file given by its path cannot be read or written.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        language: str = "vi",
        backoff: Backoff = Backoff(),  # noqa: B008 - frozen
    ) -> None:
        self.url = url.rstrip("/")
        self._transport = Transport(url, token=token, language=language, backoff=backoff)
        self.changes = ChangesResource(self._transport)
        self.trust = TrustResource(self._transport)
        self.revocation = RevocationData(self.url, self._transport)
        self.verdicts = VerdictResource(self._transport)
        self.parked = ParkedResource(self._transport)
        self.under_way = UnderWayResource(self._transport)
        self.ledger = LedgerResource(self._transport)
        self.registry = RegistryResource(self._transport)
        self.dead_letters = DeadLettersResource(self._transport)

    async def __aenter__(self) -> Self:
        """Open the connection pool."""
        await self._transport.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection pool."""
        await self._transport.__aexit__(kind, error, trace)

    # Sending

    async def submit_document(
        self, body: bytes | Path, *, key: str | None = None, deliver_by: datetime | None = None
    ) -> Submitted:
        """Hand in an edXML document; `key` is the Idempotency-Key, one of its own if none is given.

        What has no receipt by `deliver_by` expires. A file given by its path is read while it is sent: it costs no memory.
        """
        return await self._submit("/v1/documents", body, key, deliver_by)

    async def submit_status(
        self, body: bytes | Path, *, key: str | None = None, deliver_by: datetime | None = None
    ) -> Submitted:
        """Hand in an edXML status message about a document."""
        return await self._submit("/v1/statuses", body, key, deliver_by)

    async def check(self, body: bytes | Path) -> Checked:
        """Have a document or status message examined as if it were sent; a refusal is an answer here, not an error."""
        path = "/v1/documents:check"
        headers = {"Content-Type": EDXML}
        answer = await self._transport.call("POST", path, headers=headers, body=body, repeatable=True)
        checked: Checked = decode(self.url + path, answer, Checked)
        return checked

    async def _submit(
        self, path: str, body: bytes | Path, key: str | None, deliver_by: datetime | None
    ) -> Submitted:
        headers = {"Content-Type": EDXML, "Idempotency-Key": key or str(uuid4())}
        if deliver_by is not None:
            headers["Vanthu-Deliver-By"] = deliver_by.isoformat()
        answer = await self._transport.call("POST", path, headers=headers, body=body, repeatable=True)
        submitted: Submitted = decode(self.url + path, answer, Submitted)
        replayed = answer.headers.get("Idempotency-Replayed", "").lower() == "true"
        return dataclasses.replace(submitted, replayed=replayed)

    async def document(self, message_id: str) -> Correspondence:
        """Read a message's facts, deliveries and timeline."""
        found: Correspondence = await self._read(f"/v1/documents/{part(message_id)}", Correspondence)
        return found

    async def content(self, message_id: str) -> bytes:
        """Read the exact bytes of a message."""
        answer = await self._transport.call(
            "GET", f"/v1/documents/{part(message_id)}/content", repeatable=True
        )
        return answer.body

    # Receiving

    async def inbox(
        self,
        *,
        wait: int = 0,
        code: str | None = None,
        urgent: bool = False,
        after: str | None = None,
        limit: int | None = None,
    ) -> InboxPage:
        """List what is not acknowledged yet, oldest first; with `wait` (0-60 seconds) only when something is there."""
        only = "true" if urgent else None
        asked = {"wait": wait or None, "code": code, "urgent": only, "after": after, "limit": limit}
        page: InboxPage = await self._read("/v1/inbox", InboxPage, asked, silence=READ_SECONDS + wait)
        return page

    async def inbox_item(self, item_id: str) -> InboxItem:
        """Read one inbox item."""
        item: InboxItem = await self._read(f"/v1/inbox/{part(item_id)}", InboxItem)
        return item

    async def inbox_content(self, item_id: str) -> bytes:
        """Fetch the exact bytes of an inbox item; the gateway records that they were fetched."""
        answer = await self._transport.call("GET", f"/v1/inbox/{part(item_id)}/content", repeatable=True)
        return answer.body

    async def save_inbox_content(self, item_id: str, out: BinaryIO) -> str:
        """Fetch an inbox item into a file that can seek, and return the SHA-256 of what was written (hex).

        The bytes are held against the hash that the gateway names.
        """
        path, start = f"/v1/inbox/{part(item_id)}/content", out.tell()
        answer = await self._transport.call("GET", path, out=out, repeatable=True)
        sha256 = await asyncio.to_thread(digest, out, start)
        named = answer.headers.get("ETag", "").strip('"')
        if named != sha256:
            raise UnexpectedAnswerError(self.url + path, answer.status, f"SHA-256 {sha256}, not {named}")
        return sha256

    async def acknowledge(self, item_id: str) -> Acknowledged:
        """Take an item over; saying it again is harmless."""
        path = f"/v1/inbox/{part(item_id)}/ack"
        answer = await self._transport.call("POST", path, repeatable=True)
        taken: Acknowledged = decode(self.url + path, answer, Acknowledged)
        return taken

    # Registry and access

    async def agency(self, code: str, *, at: datetime | None = None) -> dict[str, Any]:
        """Read what a code names now, or at another moment."""
        asked = {"at": at.isoformat() if at else None}
        found: dict[str, Any] = await self._read(f"/v1/agencies/{part(code)}", dict[str, Any], asked)
        return found

    async def load_agencies(self, content: bytes) -> RegistryVersion:
        """Make the agencies of a CSV file the ones in force; the same file again changes nothing."""
        path = "/v1/registry/agencies"
        headers = {"Content-Type": "text/csv; charset=utf-8"}
        answer = await self._transport.call("POST", path, headers=headers, body=content, repeatable=True)
        loaded: RegistryVersion = decode(self.url + path, answer, RegistryVersion)
        return loaded

    async def add_member(
        self,
        member_id: str,
        *,
        name: str,
        prefixes: Sequence[str],
        queue: str | None = None,
        gateway: str | None = None,
        since: datetime | None = None,
    ) -> dict[str, Any]:
        """Connect a system that serves these code prefixes, also for the bodies that bear them at `since`."""
        stated = {
            "id": member_id,
            "name": name,
            "prefixes": list(prefixes),
            "queue": queue,
            "gateway": gateway,
            "since": since.isoformat() if since else None,
        }
        added: dict[str, Any] = await self._state("/v1/members", stated, dict[str, Any])
        return added

    async def issue_member_token(
        self, member_id: str, *, label: str | None = None, expires_at: datetime | None = None
    ) -> NewToken:
        """Make a token with which this member's system sends and receives."""
        stated = {"label": label, "expires_at": expires_at.isoformat() if expires_at else None}
        token: NewToken = await self._state(f"/v1/members/{part(member_id)}/tokens", stated, NewToken)
        return token

    async def issue_token(
        self, *, label: str, roles: Sequence[str], expires_at: datetime | None = None
    ) -> NewToken:
        """Make a token for people with roles: admin, registry, auditor."""
        expires = expires_at.isoformat() if expires_at else None
        stated = {"label": label, "roles": list(roles), "expires_at": expires}
        token: NewToken = await self._state("/v1/tokens", stated, NewToken)
        return token

    async def revoke_token(self, credential_id: str) -> None:
        """Make a token worthless."""
        await self._transport.call("DELETE", f"/v1/tokens/{part(credential_id)}")

    async def receipts(self, document_id: str) -> dict[str, Any]:
        """Read every receipt that the gateway signs about a document so far."""
        path = f"/v1/documents/{part(document_id)}/receipts"
        return dict(await self._read(path, dict[str, Any]))

    async def keys(self) -> dict[str, Any]:
        """Read the gateway's verifier keys; keep them, for they prove nothing when they are fetched in doubt."""
        return dict(await self._read("/v1/keys", dict[str, Any]))

    async def _read(
        self,
        path: str,
        kind: Any,  # noqa: ANN401 - msgspec's own signature
        parameters: Mapping[str, object] | None = None,
        *,
        silence: float = READ_SECONDS,
    ) -> Any:  # noqa: ANN401 - as above
        asked = {name: str(value) for name, value in (parameters or {}).items() if value is not None}
        answer = await self._transport.call("GET", path, parameters=asked, repeatable=True, silence=silence)
        return decode(self.url + path, answer, kind)

    async def _state(self, path: str, stated: Mapping[str, object], kind: Any) -> Any:  # noqa: ANN401 - msgspec's own signature
        given = {name: value for name, value in stated.items() if value is not None}
        headers = {"Content-Type": "application/json"}
        answer = await self._transport.call("POST", path, headers=headers, body=msgspec.json.encode(given))
        return decode(self.url + path, answer, kind)
