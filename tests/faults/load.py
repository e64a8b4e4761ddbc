"""The load: systems that write until they are answered, systems that empty their inboxes, and an observer; all keep books."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Final
from uuid import uuid4

from gateway.client import Client, ClientError, InboxItem, ProblemError, Submitted, UnexpectedAnswerError
from tests.faults.cast import SYSTEMS, Cast, Letter, System
from tests.faults.gateways import Gateway
from tests.faults.ledger import Answer, Attempt, Books, Sample, Shown, Taken, now
from tests.support.service import ONCE, Service

ANSWER_SECONDS: Final = 15.0
"""For so long a client waits; then it does not know what became of its document."""

MOST_BEHIND: Final = 100
TAKE_SECONDS: Final = 20.0
LOOK_SECONDS: Final = 0.5
_PAGE: Final = 20
_DECIDED_BELOW: Final = 500
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
_NOT_NOW: Final = frozenset({0, 408, 425, 429, 500, 502, 503, 504})


class Load:
    """Everybody outside the gateways. `pause` and `resume` govern the senders; receivers and observer never rest."""

    def __init__(
        self, cast: Cast, gateways: Sequence[Gateway], books: Books, *, seed: int, tokens: dict[str, str]
    ) -> None:
        self.cast = cast
        self.books = books
        self.gateways = {each.name: each for each in gateways}
        self.tokens = tokens
        self.resting: set[Service] = set()
        """Processes that a load balancer would send nothing to."""

        self.on_answer: Callable[[Attempt, Answer, Service], None] | None = None
        """Told of every answer, and of the process that was asked."""

        self.between = 0.05
        """Seconds between two documents of one sender, and between two tries of one document."""

        self.most_behind = MOST_BEHIND
        """Deliveries under way beyond which nobody writes anything new, so that what is slow is not drowned."""

        self.unanswered = 0
        """Documents that are written and not decided on yet."""

        self._chance = random.Random(seed)
        self._going = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._clients: dict[tuple[Service, str], Client] = {}
        self._stack = AsyncExitStack()
        self._held: set[tuple[str, str]] = set()
        self._promised = 0
        self._turns = count()

    async def start(self, senders: int) -> None:
        """Begin: receivers and observer at once, so many senders when they may."""
        for system in SYSTEMS:
            self._tasks.append(asyncio.create_task(self._receive(system)))
        for gateway in self.gateways.values():
            self._tasks.append(asyncio.create_task(self._observe(gateway)))
        self._tasks += [asyncio.create_task(self._send_on()) for _ in range(senders)]

    def resume(self) -> None:
        """Let the senders write."""
        self._going.set()

    def pause(self) -> None:
        """Let the senders finish what they are at, and write nothing new."""
        self._going.clear()

    async def stop(self) -> None:
        """End everything; an exception that ended a task comes out here."""
        for task in self._tasks:
            task.cancel()
        ends = await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._stack.aclose()
        for end in ends:
            if isinstance(end, Exception):
                raise end

    async def client(self, service: Service, member: str) -> Client:
        """Return the client of a system at one process."""
        if (service, member) not in self._clients:
            made = Client(service.url, token=self.tokens[member], backoff=ONCE)
            self._clients[service, member] = await self._stack.enter_async_context(made)
        return self._clients[service, member]

    # Senders

    async def _send_on(self) -> None:
        while True:
            await self._going.wait()
            if self._promised - len(self._held) > self.most_behind:
                await asyncio.sleep(self.between)
                continue
            letter = await asyncio.to_thread(self.cast.letter, self._chance)
            await self.deliver(letter)
            await asyncio.sleep(self.between)

    async def deliver(self, letter: Letter) -> Answer:
        """Send a letter until it is decided on, and return the decision."""
        self.unanswered += 1
        try:
            while True:
                answer = await self.try_once(letter)
                if answer.status not in _NOT_NOW:
                    if answer.message_id is not None:
                        self._promised += len(letter.recipients)
                    return answer
                await asyncio.sleep(self.between * self._chance.uniform(1, 3))
        finally:
            self.unanswered -= 1

    async def try_once(
        self, letter: Letter, *, at: Client | None = None, body: bytes | None = None
    ) -> Answer:
        """Send once, with books before and after; by default to any process that is not resting."""
        gateway = self.gateways[letter.sender.gateway]
        number = self._pick(gateway)
        attempt = Attempt(
            attempt=uuid4().hex,
            document_id=letter.document_id,
            key=letter.key,
            sha256=letter.sha256 if body is None else sha256(body).hexdigest(),
            sender=letter.sender.code,
            recipients=letter.recipients,
            gateway=gateway.name,
            process=number,
            expect=letter.expect,
            t=now(),
        )
        await self.books.write(attempt)
        service = gateway.services[number]
        client = at or await self.client(service, letter.sender.member)
        answer = await _answer(client, attempt, letter.body if body is None else body)
        if self.on_answer is not None:
            self.on_answer(attempt, answer, service)
        await self.books.write(answer)
        return answer

    def _pick(self, gateway: Gateway) -> int:
        awake = [number for number, each in enumerate(gateway.services) if each not in self.resting]
        return self._chance.choice(awake or range(len(gateway.services)))

    # Receivers

    async def _receive(self, system: System) -> None:
        services = self.gateways[system.gateway].services
        while True:
            client = await self.client(services[next(self._turns) % len(services)], system.member)
            try:
                async with asyncio.timeout(TAKE_SECONDS):
                    page = await client.inbox(wait=1, limit=_PAGE)
                    await self._take(client, system, page.items)
            except (ClientError, TimeoutError):
                await asyncio.sleep(self.between)

    async def _take(self, client: Client, system: System, items: Sequence[InboxItem]) -> None:
        """Read all, write down in the order of their flows what is new, and only then acknowledge."""
        items = sorted(items, key=lambda item: item.flow_seq or 0)
        bodies = await asyncio.gather(*(client.inbox_content(item.id) for item in items))
        await self.books.write(
            *(self._taken(system, item, body) for item, body in zip(items, bodies, strict=True))
        )
        await asyncio.gather(*(client.acknowledge(item.id) for item in items))

    def _taken(self, system: System, item: InboxItem, body: bytes) -> Taken:
        fact = (item.document.id, item.recipient.code)
        taken = Taken(
            member=system.member,
            recipient=item.recipient.code,
            item_id=item.id,
            message_id=item.document.id,
            sha256=sha256(body).hexdigest(),
            applied=fact not in self._held,
            flow_seq=item.flow_seq,
            t=now(),
        )
        self._held.add(fact)
        return taken

    # Observer

    async def _observe(self, gateway: Gateway) -> None:
        last = ""
        while True:
            for number, service in enumerate(gateway.services):
                sample = _sample(f"{gateway.name}/{number}", service.pid)
                if sample is not None:
                    await self.books.write(sample)
                with suppress(ClientError, TimeoutError):
                    client = await self.client(service, SYSTEMS[0].member)
                    async with asyncio.timeout(TAKE_SECONDS):
                        note = await client.checkpoint()
                    if note != last:
                        last = note
                        await self.books.write(Shown(gateway=gateway.name, note=note, t=now()))
            await asyncio.sleep(LOOK_SECONDS)


async def _answer(client: Client, attempt: Attempt, body: bytes) -> Answer:
    began = now()
    submitted: Submitted | None = None
    status, code, retry_after = 0, None, None
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            submitted = await client.submit_document(body, key=attempt.key)
        status = 201 if submitted.outcome == "accepted" else 202
    except ProblemError as error:
        status, code, retry_after = error.status, error.code, error.retry_after
    except UnexpectedAnswerError as error:
        status = error.status
    except (ClientError, TimeoutError):
        pass
    ended = now()
    return Answer(
        attempt=attempt.attempt,
        status=status,
        seconds=ended - began,
        t=ended,
        message_id=submitted.id if submitted else None,
        code=code,
        leaf=submitted.receipt.get("receipt", {}).get("entry_sha256") if submitted else None,
        retry_after=retry_after,
    )


def _sample(process: str, pid: int | None) -> Sample | None:
    """Look at what a process uses; None if it is gone."""
    if pid is None:
        return None
    try:
        resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES
        descriptors = len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208 - names are enough
    except (OSError, IndexError):
        return None
    return Sample(process=process, resident=resident, descriptors=descriptors, t=now())
