"""A whole gateway for API tests: real SQLite store, embedded axis, payload folder, PKI and background loops behind a real port.

It stands at `NOW`, the morning after the night of 1 July 2025. Hà Nội (H26) and Tây Ninh (H53) are connected; the Government
Office (G22) is registered but has no system.
"""

from __future__ import annotations

import asyncio
import io
import math
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import aiohttp
from aiohttp import web
from cryptography.hazmat.primitives.serialization import Encoding

from certs.issue import Authority, issue, new_root
from certs.sign import sign_enveloped
from gateway.api.context import Context, Pace
from gateway.app import running
from gateway.flow.access import new_token
from gateway.flow.notifying import MEMBERS
from gateway.ports import Store
from gateway.settings import Settings
from routing.agencies import Member
from routing.agency_csv import parse_agencies
from routing.log import LogEntry, read_leaf
from schemas.document import Attachment, Organization, ResponseFor
from tests.api.contract import check
from tests.support.documents import edxml, status_edxml
from tests.support.pki import Identity
from tests.support.store_samples import Clock

NOW: Final = datetime(2025, 7, 1, 2, 0, tzinfo=UTC)
GATEWAY: Final = "gw.test"
AGENCIES: Final = """\
code,name,parent,kind,valid_from,code_qcvn102
G22,Văn phòng Chính phủ,,central,,000.00.00.G22
H26,Ủy ban nhân dân thành phố Hà Nội,,province,,000.00.00.H26
H26.1,Văn phòng Ủy ban nhân dân thành phố Hà Nội,H26,department,,000.00.01.H26
H53,Ủy ban nhân dân tỉnh Tây Ninh,,province,,000.00.00.H53
H53.1,Văn phòng Ủy ban nhân dân tỉnh Tây Ninh,H53,department,,
"""
HANOI: Final = Member(
    id="hanoi", name="Hệ thống văn bản Hà Nội", prefixes=("H26",), queue="member.hanoi", gateway=GATEWAY
)
TAY_NINH: Final = Member(
    id="tayninh", name="Hệ thống văn bản Tây Ninh", prefixes=("H53",), queue="member.tayninh", gateway=GATEWAY
)

_YEAR: Final = timedelta(days=365)


@cache
def root() -> Authority:
    """Return the trusted root."""
    return new_root("Tổ chức chứng thực gốc", NOW - 5 * _YEAR)


@cache
def stranger() -> Authority:
    """Return a root that nobody trusts."""
    return new_root("Tổ chức lạ", NOW - 5 * _YEAR)


@cache
def identity(code: str, *, trusted: bool = True, expired: bool = False) -> Identity:
    """Return a certificate that names `code`, and its key."""
    return issue(
        root() if trusted else stranger(),
        subject_common_name=f"Cơ quan {code}",
        subject_serial_number=code,
        not_before=NOW - 2 * _YEAR,
        not_after=NOW - timedelta(days=1) if expired else NOW + _YEAR,
    )


def certificate_pem(code: str) -> bytes:
    """Return the certificate of an agency as PEM."""
    return identity(code)[0].public_bytes(Encoding.PEM)


def signed(xml: bytes, by: Identity) -> bytes:
    """Sign an edXML document."""
    return sign_enveloped(xml, key=by[1], certificates=[by[0]])


def unsigned_document(contents: Mapping[str, bytes] | None = None, **changes: Any) -> bytes:
    """Return a new document from Hà Nội to Tây Ninh without a signature; no two are the same."""
    facts: dict[str, Any] = {
        "sender": Organization(organ_id="H26"),
        "recipients": (Organization(organ_id="H53"),),
        "document_id": f"H26,2025/07/01,{uuid4().hex}",
        **changes,
    }
    return edxml(contents, **facts)


def a_document(
    contents: Mapping[str, bytes] | None = None, *, by: Identity | None = None, **changes: Any
) -> bytes:
    """Return a new signed document from Hà Nội to Tây Ninh."""
    return signed(unsigned_document(contents, **changes), by or identity("H26"))


def a_big_document(size: int) -> bytes:
    """Return a new signed document with an attachment of `size` random bytes."""
    content = os.urandom(size)
    attachment = Attachment.of(content, content_id="big", name="ban-do.zip", content_type="application/zip")
    return a_document({"big": content}, attachments=(attachment,))


def a_status(document_id: str, *, sender: str = "H53", about: str = "H26", **changes: Any) -> bytes:
    """Return the status by which Tây Ninh says that it registered a document of Hà Nội."""
    facts: dict[str, Any] = {
        "sender": Organization(organ_id=sender),
        "response_for": ResponseFor(organ_id=about, code="7816/VPCP-TTĐT", document_id=document_id),
        **changes,
    }
    return status_edxml(**facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer that was read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    json: Any


@dataclass(slots=True, kw_only=True)
class World:
    """The gateway, and someone to call it."""

    url: str
    api: web.Application
    context: Context
    store: Store
    clock: Clock
    session: aiohttp.ClientSession
    tokens: dict[str, str]

    async def call(
        self,
        method: str,
        path: str,
        *,
        token: str | None = "hanoi",  # noqa: S107 - the name of a holder, see `tokens`
        body: bytes | AsyncIterator[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Answer:
        """Call the API as one of the `tokens`, by a token itself, or (None) as nobody."""
        content = io.BytesIO(body) if isinstance(body, bytes) else body
        sent = dict(headers or {})
        if token is not None:
            sent.setdefault("Authorization", f"Bearer {self.tokens.get(token, token)}")
        async with self.session.request(
            method,
            self.url + path,
            data=content,
            headers=sent,
            skip_auto_headers=("Content-Type",),
            **options,
        ) as response:
            raw = await response.read()
            is_json = raw and response.content_type.endswith("json")
            answer = Answer(
                status=response.status,
                headers=response.headers.copy(),
                body=raw,
                json=await response.json(content_type=None) if is_json else None,
            )
        check(method, path, status=answer.status, headers=answer.headers, body=answer.json)
        return answer

    async def send(self, body: bytes, *, path: str = "/v1/documents", **options: Any) -> Answer:
        """Send a document or status message."""
        headers = {"Content-Type": "application/edxml+xml", **options.pop("headers", {})}
        return await self.call("POST", path, body=body, headers=headers, **options)

    async def post(self, path: str, body: bytes, media_type: str) -> Answer:
        """Send something else, as the administrator."""
        return await self.call("POST", path, body=body, headers={"Content-Type": media_type}, token="admin")

    async def arrived(self, document_id: str, *, member: str = "tayninh") -> dict[str, Any]:
        """Wait until a document is in a member's inbox, and return the item."""
        async with asyncio.timeout(20):
            while True:
                page = await self.call("GET", "/v1/inbox?wait=10&limit=200", token=member)
                for item in page.json["items"]:
                    if item["document"]["id"] == document_id:
                        found: dict[str, Any] = item
                        return found

    async def state(self, document_id: str, expected: str, *, within: float = 20) -> dict[str, Any]:
        """Wait until the first delivery of a document is in a state, and return the document."""
        async with asyncio.timeout(within):
            while True:
                shown = (await self.call("GET", f"/v1/documents/{document_id}")).json
                if shown["deliveries"][0]["state"] == expected:
                    found: dict[str, Any] = shown
                    return found
                await asyncio.sleep(0.01)

    async def log(self) -> list[LogEntry]:
        """Return all entries of the routing log, after the sequencer has placed them."""
        while await self.store.log.sequence(limit=1000):
            pass
        rows = await self.store.log.entries(start=0, limit=100_000)
        return [read_leaf(row.leaf) for row in rows]

    async def refusals(self, code: str) -> list[LogEntry]:
        """Return the entries that give this code as their reason."""
        return [entry for entry in await self.log() if entry.fields.get("reason") == code]


@asynccontextmanager
async def world(
    folder: Path,
    *,
    pace: Pace | None = None,
    trusted: bool = True,
    agencies: str = AGENCIES,
    now: datetime = NOW,
    **settings: Any,
) -> AsyncIterator[World]:
    """Start a gateway in `folder`, with its own clock, and stop it at the end; `trusted` says whether it knows the root."""
    chosen = Settings(data=folder, name=GATEWAY, host="127.0.0.1", port=0, **settings)
    if trusted:
        await asyncio.to_thread(_trust, chosen.trust_folder)
    clock = Clock(now)
    async with (
        # This clock stands still until it is turned.
        running(chosen, clock=clock, pace=pace or Pace(), clock_tolerance=math.inf) as gateway,
        aiohttp.ClientSession() as session,
    ):
        if agencies:
            loaded = await asyncio.to_thread(parse_agencies, agencies.encode())
            await gateway.store.registry.load_agencies(loaded, actor="test", source_sha256="00" * 32)
        for member in (HANOI, TAY_NINH):
            await gateway.store.registry.put_member(member, actor="test")
        if not chosen.axis:
            await gateway.context.link.declare(frozenset({HANOI.queue, TAY_NINH.queue}))
        gateway.context.bell.ring(MEMBERS)
        yield World(
            url=gateway.url,
            api=gateway.api,
            context=gateway.context,
            store=gateway.store,
            clock=clock,
            session=session,
            tokens=await _tokens(gateway.store, clock),
        )


def _trust(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "root.pem").write_bytes(root().certificate.public_bytes(Encoding.PEM))


async def _tokens(store: Store, clock: Clock) -> dict[str, str]:
    """Issue a token for each system and each kind of person."""
    holders: dict[str, dict[str, Any]] = {
        "hanoi": {"member_id": "hanoi"},
        "tayninh": {"member_id": "tayninh"},
        "admin": {"member_id": None, "roles": {"admin", "registry", "auditor"}},
        "auditor": {"member_id": None, "roles": {"auditor"}},
        "nobody": {"member_id": None},
    }
    tokens = {}
    for name, facts in holders.items():
        tokens[name], credential = new_token(label=name, at=clock(), **facts)
        await store.accounts.issue(credential, actor="test")
    return tokens
