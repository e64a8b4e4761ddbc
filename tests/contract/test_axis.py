"""The contract of `ports.AxisLink`, run against the embedded link and against RabbitMQ."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import aio_pika
import pytest
from sqlalchemy import select

from gateway.axis.amqp import AmqpLink
from gateway.axis.amqp_topology import DEAD_SUFFIX
from gateway.axis.local import LocalLink
from gateway.ports import AxisLink
from gateway.records import AxisMessage, Incoming, SendOutcome, SendResult
from gateway.store.database import open_database
from gateway.store.tables import axis_message
from gateway.store.writer import Writer
from tests.support.axis import SECONDS, drain, messages, numbers, receive, results, take
from tests.support.rabbitmq import RabbitMQ


class Road(Protocol):
    """Where messages go: links come and go, what is on the road stays."""

    deliveries: int
    """How often something is handed out before it is dead."""

    def link(self) -> AbstractAsyncContextManager[AxisLink]:
        """Open a link, and close it at the end."""

    async def dead(self, queue: str, count: int) -> list[bytes]:
        """Return a queue's dead letters, at least `count`, looking behind the link's back."""


class LocalRoad:
    """An SQLite file."""

    deliveries = 10

    def __init__(self, folder: Path) -> None:
        self._url = f"sqlite:///{folder / 'axis.db'}"

    @asynccontextmanager
    async def link(self) -> AsyncIterator[AxisLink]:
        """Open database, writer and link."""
        database = await asyncio.to_thread(open_database, self._url)
        writer = Writer(database.writes, clock=None)
        link = LocalLink(database, writer)
        try:
            yield link
        finally:
            await link.close()
            await writer.close()
            await asyncio.to_thread(database.close)

    async def dead(self, queue: str, count: int) -> list[bytes]:
        """Read the dead rows."""
        database = await asyncio.to_thread(open_database, self._url)
        query = (
            select(axis_message.c.body)
            .where(axis_message.c.queue == queue, axis_message.c.dead)
            .limit(count + 1)
        )
        try:
            return await database.read(lambda connection: list(connection.execute(query).scalars()))
        finally:
            await asyncio.to_thread(database.close)


class AmqpRoad:
    """A RabbitMQ node."""

    deliveries = 11

    def __init__(self, node: RabbitMQ) -> None:
        self._url = node.url

    @asynccontextmanager
    async def link(self) -> AsyncIterator[AxisLink]:
        """Open a link of its own."""
        link = AmqpLink(self._url)
        try:
            yield link
        finally:
            await link.close()

    async def dead(self, queue: str, count: int) -> list[bytes]:
        """Take them from the dead-letter queue, where they arrive a moment later."""
        bodies: list[bytes] = []
        async with await aio_pika.connect(self._url) as connection, connection.channel() as channel:
            tomb = await channel.get_queue(queue + DEAD_SUFFIX)
            async with tomb.iterator(no_ack=True, timeout=SECONDS) as letters:
                async for letter in letters:
                    bodies.append(letter.body)
                    if len(bodies) >= count:
                        break
        return bodies


@pytest.fixture(params=["local", "amqp"])
def road(request: pytest.FixtureRequest, tmp_path: Path) -> Road:
    """Lend a road of each kind."""
    if request.param == "local":
        return LocalRoad(tmp_path)
    return AmqpRoad(request.getfixturevalue("rabbitmq"))


@pytest.fixture
def queue() -> str:
    """Return a queue name that no other test uses."""
    return f"axis.{uuid4().hex}"


async def test_send_receive_settle(road: Road, queue: str) -> None:
    """A confirmed message arrives as it was sent, and does not come again once it is settled."""
    async with road.link() as link:
        await link.declare(frozenset({queue}))
        (outcome,) = await link.send(messages(queue, [b"\x00\xffthe body"]))
        (incoming,) = await take(stream := receive(link, queue), 1)
        await link.settle(done=[incoming])
        del stream

    assert outcome == SendOutcome(result=SendResult.CONFIRMED)
    assert (incoming.queue, incoming.body) == (queue, b"\x00\xffthe body")

    async with road.link() as link:
        await link.declare(frozenset({queue}))
        await link.send(messages(queue, [b"the next"]))

        assert await drain(link, queue, count=1) == [b"the next"]


async def test_empty_send_and_settle(road: Road) -> None:
    """Sending nothing and settling nothing does nothing."""
    async with road.link() as link:
        await link.settle(done=())

        assert await link.send(()) == ()


async def test_order_within_a_queue(road: Road, queue: str) -> None:
    """Messages of one sender arrive in the order in which they were sent, across batches."""
    async with road.link() as link:
        await link.declare(frozenset({queue}))
        for start in range(0, 600, 150):
            await link.send(messages(queue, numbers(600)[start : start + 150]))

        assert await drain(link, queue, count=600) == numbers(600)


async def test_unsettled_come_again(road: Road, queue: str) -> None:
    """What was received and not settled comes again on the next link; what was settled does not."""
    async with road.link() as link:
        await link.declare(frozenset({queue}))
        await link.send(messages(queue, numbers(10)))
        stream = receive(link, queue)
        received = await take(stream, 10)
        await link.settle(done=[received[2], received[7]])

    async with road.link() as link:
        await link.declare(frozenset({queue}))
        again = await drain(link, queue, count=8)

    assert sorted(again) == sorted(set(numbers(10)) - {b"2", b"7"})


async def test_settling_out_of_order(road: Road, queue: str) -> None:
    """Messages may be settled in any order and in pieces, and then nothing of them is left."""
    async with road.link() as link:
        await link.declare(frozenset({queue}))
        await link.send(messages(queue, numbers(9)))
        stream = receive(link, queue)
        received = await take(stream, 9)
        await link.settle(done=received[6:])
        await asyncio.gather(link.settle(done=received[:2]), link.settle(done=received[4:6]))
        await link.settle(done=received[2:4])

    async with road.link() as link:
        await link.declare(frozenset({queue}))
        await link.send(messages(queue, [b"the next"]))

        assert await drain(link, queue, count=1) == [b"the next"]


async def test_settling_again_is_harmless(road: Road, queue: str) -> None:
    """A message that was settled before, on this link or on one that is gone, may be settled again."""
    async with road.link() as link:
        await link.declare(frozenset({queue}))
        await link.send(messages(queue, numbers(2)))
        stream = receive(link, queue)
        received = await take(stream, 2)
        await link.settle(done=received)
        await link.settle(done=received)
        await link.send(messages(queue, [b"the next"]))

        assert [incoming.body for incoming in await take(stream, 1)] == [b"the next"]

    async with road.link() as link:
        await link.settle(done=received, dead=received)


async def test_unknown_queue_is_returned(road: Road, queue: str) -> None:
    """A message for a queue that nobody declared comes back, whatever its name."""
    async with road.link() as link:
        outcomes = await link.send(
            [*messages(queue, [b"lost"]), *messages("q" * 300, [b"lost"]), *messages("", [b"lost"])]
        )

    assert results(outcomes) == {SendResult.RETURNED}
    assert all(outcome.reason for outcome in outcomes)


async def test_a_queue_that_opens_is_told_once(road: Road, queue: str) -> None:
    """Whoever waits hears when a queue takes messages that took none before, and nothing when it is declared again."""
    async with road.link() as link:
        (returned,) = await link.send(messages(queue, [b"x"]))
        waiting = asyncio.create_task(link.opened())
        await asyncio.sleep(0)
        assert not waiting.done()

        await link.declare(frozenset({queue}))
        async with asyncio.timeout(SECONDS):
            await waiting
        await link.declare(frozenset({queue}))
        (confirmed,) = await link.send(messages(queue, [b"x"]))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await link.opened()

    assert [returned.result, confirmed.result] == [SendResult.RETURNED, SendResult.CONFIRMED]


async def test_each_send_gets_its_own_outcome(road: Road, queue: str) -> None:
    """Interleaved and concurrent, each routable message is confirmed and each unroutable one returned."""
    async with road.link() as link:
        await link.declare(frozenset({queue}))
        batches = [
            [
                AxisMessage(
                    id=uuid4().hex, queue=queue if (batch + place) % 3 else f"{queue}.missing", body=b"x"
                )
                for place in range(70)
            ]
            for batch in range(8)
        ]
        answers = await asyncio.gather(*(link.send(batch) for batch in batches))

        for batch, outcomes in zip(batches, answers, strict=True):
            expected = [
                SendResult.CONFIRMED if message.queue == queue else SendResult.RETURNED for message in batch
            ]
            assert [outcome.result for outcome in outcomes] == expected
        routable = sum(message.queue == queue for batch in batches for message in batch)
        assert len(await drain(link, queue, count=routable)) == routable


async def test_big_bodies(road: Road, queue: str) -> None:
    """Bodies of a megabyte, of many frames and of none arrive unchanged, more of them than may be in flight."""
    bodies = [bytes([number]) * 2**20 for number in range(12)] + [b"", b"y" * 131_064, b"z" * 131_065]
    async with road.link() as link:
        await link.declare(frozenset({queue}))

        assert results(await link.send(messages(queue, bodies))) == {SendResult.CONFIRMED}
        assert await drain(link, queue, count=len(bodies)) == bodies


async def test_many_messages(road: Road, queue: str) -> None:
    """Of 2,000 messages on two queues, sent while they are received, none is lost, doubled or out of order."""
    queues = {b"a": f"{queue}.a", b"b": f"{queue}.b"}
    async with road.link() as link:
        await link.declare(frozenset(queues.values()))

        async def send(name: bytes) -> list[SendOutcome]:
            bodies = [name + number for number in numbers(1000)]
            batches = [messages(queues[name], bodies[start : start + 200]) for start in range(0, 1000, 200)]
            return [outcome for batch in batches for outcome in await link.send(batch)]

        receiving = asyncio.create_task(drain(link, *queues.values(), count=2000))
        sent = await asyncio.gather(*(send(name) for name in queues))
        received = await receiving

        assert [results(outcomes) for outcomes in sent] == [{SendResult.CONFIRMED}] * 2
        for name in queues:
            assert [body[1:] for body in received if body.startswith(name)] == numbers(1000)
        assert len(received) == 2000


async def test_batches_are_bounded(road: Road, queue: str) -> None:
    """A batch holds at most 200 messages, however many wait."""
    async with road.link() as link:
        await link.declare(frozenset({queue}))
        await link.send(messages(queue, numbers(450)))
        stream = receive(link, queue)
        sizes: list[int] = []
        while sum(sizes) < 450:
            batch = await anext(stream)
            await link.settle(done=batch)
            sizes.append(len(batch))

    assert max(sizes) <= 200


async def test_dead_letters_are_kept(road: Road, queue: str) -> None:
    """What can never be processed leaves the queue and is kept, while its neighbours go on."""
    async with road.link() as link:
        await link.declare(frozenset({queue}))
        await link.send(messages(queue, numbers(6)))
        stream = receive(link, queue)
        received = await take(stream, 6)
        await link.settle(
            done=[*received[:2], *received[3:4], *received[5:]], dead=[received[2], received[4]]
        )

        assert sorted(await road.dead(queue, 2)) == [b"2", b"4"]

    async with road.link() as link:
        await link.declare(frozenset({queue}))
        await link.send(messages(queue, [b"the next"]))

        assert await drain(link, queue, count=1) == [b"the next"]


async def test_dead_letters_can_be_taken_off(road: Road, queue: str) -> None:
    """Each tells its queue, its id and what it died of; settled, it is gone; unsettled, it comes again."""
    async with road.link() as link:
        await link.declare(frozenset({queue}))
        sent = messages(queue, numbers(3))
        await link.send(sent)
        stream = receive(link, queue)
        received = await take(stream, 3)
        await link.settle(done=received[:1], dead=received[1:])
        letters = await take(dead := link.receive_dead(frozenset({queue})), 2)
        await link.settle(done=[each for each in letters if each.body == b"1"])
        del dead

    assert {(each.body, each.queue, each.id, each.died_of) for each in letters} == {
        (b"1", queue, sent[1].id, "rejected"),
        (b"2", queue, sent[2].id, "rejected"),
    }
    assert [each.died_of for each in received] == [None] * 3
    assert await road.dead(queue, 1) == [b"2"]


async def test_what_was_handed_out_before_comes_alone(road: Road, queue: str) -> None:
    """After a receiver that settled nothing, its messages come one by one, each when the one before is settled, then the rest."""
    async with road.link() as link:
        await link.declare(frozenset({queue}))
        await link.send(messages(queue, numbers(4)))
        await take(receive(link, queue), 4)

    async with road.link() as link:
        await link.declare(frozenset({queue}))
        stream = receive(link, queue)
        batches = []
        for _ in range(4):
            batch = await take(stream, 1)
            await link.settle(done=batch)
            batches.append(batch)
        await link.send(messages(queue, [b"new"]))
        (fresh,) = await take(stream, 1)

    assert [len(batch) for batch in batches] == [1, 1, 1, 1]
    assert sorted(batch[0].body for batch in batches) == numbers(4)
    assert all(batch[0].redelivered for batch in batches)
    assert (fresh.body, fresh.redelivered) == (b"new", False)


async def hand_over(
    link: AxisLink, stream: AsyncIterator[tuple[Incoming, ...]], taken: set[bytes]
) -> list[Incoming]:
    """Take a batch, and settle it unless the poison is in it."""
    batch = await take(stream, 1)
    if all(each.body != b"poison" for each in batch):
        await link.settle(done=batch)
        taken.update(each.body for each in batch)
    return batch


async def test_what_ends_every_receiver_is_counted_out(road: Road, queue: str) -> None:
    """A message whose receivers end before they settle it dies of the delivery limit, and none of its neighbours with it."""
    async with road.link() as link:
        await link.declare(frozenset({queue}))
        await link.send(messages(queue, [b"before", b"poison", *numbers(20)]))

    taken: set[bytes] = set()
    for _ in range(road.deliveries):
        async with road.link() as link:
            await link.declare(frozenset({queue}))
            stream = receive(link, queue)
            while b"poison" not in {each.body for each in await hand_over(link, stream, taken)}:
                continue
        # As if the process had ended.
    async with road.link() as link:
        await link.declare(frozenset({queue}))
        stream = receive(link, queue)
        while len(taken) < 21:
            await hand_over(link, stream, taken)
        dying = asyncio.ensure_future(anext(stream))
        (letter,) = await take(link.receive_dead(frozenset({queue})), 1)
        dying.cancel()

    assert (letter.body, letter.died_of) == (b"poison", "delivery_limit")
    assert taken == {b"before", *numbers(20)}


async def test_declaring_again_changes_nothing(road: Road, queue: str) -> None:
    """Queues that exist keep what they hold."""
    async with road.link() as link:
        await link.declare(frozenset({queue}))
        await link.send(messages(queue, [b"kept"]))
        await link.declare(frozenset({queue, f"{queue}.more"}))

        assert await drain(link, queue, count=1) == [b"kept"]


async def test_receive_takes_only_its_queues(road: Road, queue: str) -> None:
    """Messages on other queues stay there for their own receiver."""
    mine, other = f"{queue}.mine", f"{queue}.other"
    async with road.link() as link:
        await link.declare(frozenset({mine, other}))
        await link.send([*messages(other, [b"o"]), *messages(mine, [b"m"])])

        assert await drain(link, mine, count=1) == [b"m"]
        assert await drain(link, other, count=1) == [b"o"]


async def test_backlog_on_many_queues(road: Road, queue: str) -> None:
    """What waits on the first queues comes while the last ones are not consumed yet, which disturbs nothing."""
    queues = [f"{queue}.{number}" for number in range(12)]
    async with road.link() as link:
        await link.declare(frozenset(queues))
        for each in queues:
            assert results(await link.send(messages(each, numbers(3)))) == {SendResult.CONFIRMED}
        stream = receive(link, *queues)
        taken: list[Incoming] = []
        while len(taken) < 3 * len(queues):
            batch = await take(stream, 1)
            taken += batch
            await link.settle(done=batch)

    assert {each: [found.body for found in taken if found.queue == each] for each in queues} == dict.fromkeys(
        queues, numbers(3)
    )


async def test_close_ends_receiving(road: Road, queue: str) -> None:
    """A receiver that waits for messages ends quietly when its link is closed, one that was never started too."""
    async with road.link() as link:
        await link.declare(frozenset({queue}))
        await link.send(messages(queue, [b"first"]))
        arrived = asyncio.Event()

        async def receive() -> list[bytes]:
            bodies: list[bytes] = []
            async for batch in link.receive(frozenset({queue})):
                bodies += [incoming.body for incoming in batch]
                arrived.set()
            return bodies

        receiving = asyncio.create_task(receive())
        async with asyncio.timeout(SECONDS):
            await arrived.wait()
            await link.close()

            assert await receiving == [b"first"]
            assert await receive() == []


async def test_cancelled_receiver_lets_go(road: Road, queue: str) -> None:
    """A receiver that is cancelled stops at once, and its messages go to the next one."""
    async with road.link() as link:
        await link.declare(frozenset({queue}))
        receiving = asyncio.create_task(take(receive(link, queue), 2))
        await link.send(messages(queue, [b"only one"]))
        receiving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await receiving

        assert await drain(link, queue, count=1) == [b"only one"]


async def test_cancelled_sender_hurts_nobody(road: Road, queue: str) -> None:
    """A sender that goes away leaves the outcomes of the others as they are."""
    async with road.link() as link:
        await link.declare(frozenset({queue}))
        impatient = asyncio.create_task(link.send(messages(queue, numbers(150))))
        patient = [asyncio.create_task(link.send(messages(queue, numbers(50)))) for _ in range(3)]
        await asyncio.sleep(0)
        impatient.cancel()

        assert [results(outcomes) for outcomes in await asyncio.gather(*patient)] == [
            {SendResult.CONFIRMED}
        ] * 3


async def test_ready(road: Road) -> None:
    """A link that works says so by not raising."""
    async with road.link() as link:
        await link.ready()


async def test_foreign_tag_is_refused(road: Road, queue: str) -> None:
    """A message that another kind of link delivered cannot be settled here."""
    async with road.link() as link:
        with pytest.raises(TypeError):
            await link.settle(done=[Incoming(queue=queue, body=b"", tag="1")])
