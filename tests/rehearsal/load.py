"""The load: every pen writes to every addressee as fast as it is answered, and every system empties its inbox."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from itertools import cycle
from typing import Final
from uuid import uuid4

from certs.sign import sign_tree
from gateway.client import Backoff, Client, ClientError, InboxItem, ProblemError
from schemas.document import Organization
from schemas.splice import open_file
from tests.rehearsal.cast import ADDRESSEES, GO_HOME, INSTANT, Addressee, Pen
from tests.rehearsal.ledger import Ledger, Sent
from tests.support.clocks import InjectedClock
from tests.support.documents import edxml

LEAVE: Final = timedelta(seconds=2)
"""How long before the instant the staff of bodies that end look into their inboxes for the last time."""

KEPT: Final = 20
"""How many acceptances each sender asks for again after the instant, as if their answers had been lost."""

ONCE: Final = Backoff(tries=1)
_PAGE: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What senders and receivers share."""

    clock: InjectedClock
    ledger: Ledger
    urls: tuple[str, ...]
    tokens: dict[str, str]
    over: asyncio.Event

    async def send(self, pen: Pen, number: int) -> None:
        """Write to one addressee after the other until the load is over."""
        whom = cycle(ADDRESSEES[number % len(ADDRESSEES) :] + ADDRESSEES[: number % len(ADDRESSEES)])
        kept: list[tuple[bytes, str, str]] = []
        async with self._client(number, pen.system) as client:
            while not self.over.is_set():
                if kept and self.clock.now() >= INSTANT:
                    await self._ask_again(client, *kept.pop())
                    continue
                addressee = next(whom)
                document, key = _document(pen, addressee), str(uuid4())
                accepted = await self._send_one(client, pen, addressee, document, key)
                if accepted is not None and len(kept) < KEPT and self.clock.now() < INSTANT:
                    kept.append((document, key, accepted))

    async def write_to_all(self, pen: Pen) -> None:
        """Write once to every addressee, first to those that nobody, or no one body, will follow."""
        async with self._client(0, pen.system) as client:
            for addressee in sorted(ADDRESSEES, key=lambda each: not each.may_fail):
                await self._send_one(client, pen, addressee, _document(pen, addressee), str(uuid4()))

    async def take(self, system: str, number: int) -> None:
        """Empty the inbox of a system; that of a body that ends only until shortly before the instant."""
        async with self._client(number, system) as client:
            while not (system in GO_HOME and self.clock.now() >= INSTANT - LEAVE):
                with suppress(ClientError):
                    page = await client.inbox(wait=1, limit=_PAGE)
                    await asyncio.gather(*(self._take_one(client, system, item) for item in page.items))

    def _client(self, number: int, system: str) -> Client:
        return Client(self.urls[number % len(self.urls)], token=self.tokens[system], backoff=ONCE)

    async def _send_one(
        self, client: Client, pen: Pen, addressee: Addressee, document: bytes, key: str
    ) -> str | None:
        began, document_id, refusal = self.clock.now(), None, None
        try:
            document_id = (await client.submit_document(document, key=key)).id
        except ProblemError as error:
            refusal = error.code
        except ClientError as error:
            self.ledger.broken.append(f"no answer to {pen.code} → {addressee.code}: {error!r}")
            return None
        self.ledger.sent.append(
            Sent(
                sha256=sha256(document).hexdigest(),
                pen=pen,
                addressee=addressee,
                began=began,
                ended=self.clock.now(),
                document_id=document_id,
                refusal=refusal,
            )
        )
        return document_id

    async def _ask_again(self, client: Client, document: bytes, key: str, accepted: str) -> None:
        """Send what was accepted before the instant once more: the first answer has to come again."""
        try:
            again = (await client.submit_document(document, key=key)).id
        except ClientError as error:
            self.ledger.broken.append(f"a retry of an accepted document was refused: {error}")
            return
        self.ledger.answered_again += 1
        if again != accepted:
            self.ledger.broken.append(f"a retry of {accepted} was answered with {again}")

    async def _take_one(self, client: Client, system: str, item: InboxItem) -> None:
        body = await client.inbox_content(item.id)
        await client.acknowledge(item.id)
        self.ledger.taken[sha256(body).hexdigest()].append((system, item.recipient.code))


def _document(pen: Pen, addressee: Addressee) -> bytes:
    xml = edxml(
        sender=Organization(organ_id=pen.code),
        recipients=(Organization(organ_id=addressee.code),),
        document_id=f"{pen.code},{uuid4().hex}",
    )
    opened, out = open_file(xml), io.BytesIO()
    sign_tree(opened.tree, out, key=pen.key, certificates=[pen.certificate], contents=opened.canonical)
    return out.getvalue()


def numbered(pens: tuple[Pen, ...], senders: int) -> Iterator[tuple[int, Pen]]:
    """Yield so many senders for each pen."""
    yield from enumerate(pen for _ in range(senders) for pen in pens)
