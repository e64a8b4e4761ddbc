"""What only a broker can do to a link: die, freeze, run full, refuse, forget. None of it may lose a confirmed message."""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count
from uuid import uuid4

import aio_pika
import pytest
from aio_pika.abc import AbstractIncomingMessage
from structlog.testing import capture_logs
from structlog.tracebacks import ExceptionDictTransformer

from gateway.axis.amqp import AmqpLink
from gateway.axis.amqp_lane import IN_PIECES
from gateway.axis.amqp_subscription import Tag
from gateway.axis.errors import AxisUnreachableError, QueueConflictError
from gateway.pieces import SEGMENT
from gateway.records import SendOutcome, SendResult
from tests.support.axis import SECONDS, drain, eventually, messages, numbers, receive, results, take
from tests.support.rabbitmq import RabbitMQ, free_ports

PASSWORD = "very-secret-word"


@pytest.fixture
def queue() -> str:
    """Return a queue name that no other test uses."""
    return f"axis.{uuid4().hex}"


@asynccontextmanager
async def closing(link: AmqpLink) -> AsyncIterator[AmqpLink]:
    """Close a link at the end."""
    try:
        yield link
    finally:
        await link.close()


class Traffic:
    """Senders and a receiver that go on whatever happens, and what they know afterwards."""

    def __init__(self, link: AmqpLink, queue: str) -> None:
        self.link = link
        self.queue = queue
        self.attempted: set[bytes] = set()
        self.confirmed: set[bytes] = set()
        self.received: set[bytes] = set()
        self.unknown = asyncio.Event()
        self.over = asyncio.Event()

    async def send(self, sender: int) -> None:
        """Send batches of bodies that never repeat until it is over."""
        for batch in count():
            if self.over.is_set():
                break
            bodies = [b"%d-%d-%d" % (sender, batch, place) for place in range(20)]
            self.attempted.update(bodies)
            outcomes = await self.link.send(messages(self.queue, bodies))
            self.confirmed.update(
                body
                for body, outcome in zip(bodies, outcomes, strict=True)
                if outcome.result == SendResult.CONFIRMED
            )
            if SendResult.UNKNOWN in results(outcomes):
                self.unknown.set()
                await asyncio.sleep(0.05)

    async def receive(self) -> None:
        """Receive and settle until cancelled."""
        async for batch in receive(self.link, self.queue):
            self.received.update(incoming.body for incoming in batch)
            await self.link.settle(done=batch)


async def send_until_confirmed(link: AmqpLink, queue: str, body: bytes) -> list[SendOutcome]:
    """Send the same body again and again until it is confirmed; return every outcome."""
    outcomes: list[SendOutcome] = []
    async with asyncio.timeout(2 * SECONDS):
        while SendResult.CONFIRMED not in results(outcomes):
            outcomes += await link.send(messages(queue, [body]))
            await asyncio.sleep(0.05)  # a link that waits before it connects again answers at once
    return outcomes


async def test_broker_killed_while_sending(rabbitmq: RabbitMQ, queue: str) -> None:
    """Through a kill and a restart nothing confirmed is lost, nothing is invented, and the link goes on by itself."""
    async with closing(AmqpLink(rabbitmq.url, timeout=5)) as link:
        await link.declare(frozenset({queue}))
        declared = time.monotonic()
        traffic = Traffic(link, queue)
        receiving = asyncio.create_task(traffic.receive())
        sending = asyncio.gather(traffic.send(1), traffic.send(2))
        # A quorum queue that dies in its first second does not come back.
        await eventually(lambda: time.monotonic() > declared + 2)
        await asyncio.to_thread(rabbitmq.kill)
        await eventually(traffic.unknown.is_set)
        before = len(traffic.confirmed)
        await asyncio.to_thread(rabbitmq.restart)
        await eventually(lambda: len(traffic.confirmed) >= before + 100)
        traffic.over.set()
        await sending
        await eventually(lambda: traffic.confirmed <= traffic.received)
        receiving.cancel()

    assert before > 0
    assert traffic.received <= traffic.attempted


async def test_broker_frozen(rabbitmq: RabbitMQ, queue: str) -> None:
    """A frozen broker makes every outcome unknown within the time limit, stops no close, and the link goes on when it thaws."""
    async with closing(AmqpLink(rabbitmq.url, timeout=1.5)) as link:
        await link.declare(frozenset({queue}))
        await link.send(messages(queue, [b"before"]))
        leaving = AmqpLink(rabbitmq.url)
        await leaving.ready()
        rabbitmq.freeze()
        try:
            began = time.monotonic()
            outcomes = await link.send(messages(queue, [b"frozen"] * 120))
            took = time.monotonic() - began
            with pytest.raises(AxisUnreachableError):
                await link.ready()
            async with asyncio.timeout(8):
                await leaving.close()
        finally:
            rabbitmq.thaw()
        await send_until_confirmed(link, queue, b"after")
        received = [b""]
        stream = receive(link, queue)
        while received[-1] != b"after":
            batch = await take(stream, 1)
            received += [incoming.body for incoming in batch]
            await link.settle(done=batch)

    assert results(outcomes) == {SendResult.UNKNOWN}
    assert took < 6
    assert set(received[1:]) <= {b"before", b"frozen", b"after"}


async def test_broker_silent_for_longer_than_the_heartbeat(rabbitmq: RabbitMQ, queue: str) -> None:
    """Aiormq cancels its callers when a peer is silent for too long: that is an unknown outcome, and receiving begins anew."""
    async with closing(AmqpLink(rabbitmq.url, timeout=SECONDS, heartbeat=1)) as link:
        await link.declare(frozenset({queue}))
        await link.send(messages(queue, [b"before"]))
        stream = receive(link, queue)
        (before,) = await take(stream, 1)
        waiting = asyncio.create_task(take(stream, 1))
        rabbitmq.freeze()
        try:
            async with asyncio.timeout(15):
                outcomes = await link.send(messages(queue, [b"frozen"]))
                await eventually(lambda: isinstance(before.tag, Tag) and bool(before.tag.subscription.ended))
        finally:
            rabbitmq.thaw()
        again = await waiting

    assert results(outcomes) == {SendResult.UNKNOWN}
    assert again[0].body == b"before"


async def test_settling_what_a_lost_connection_delivered(rabbitmq: RabbitMQ, queue: str) -> None:
    """A late settlement after a reconnect does nothing: the message comes again and is settled then."""
    async with closing(AmqpLink(rabbitmq.url)) as link:
        await link.declare(frozenset({queue}))
        await link.send(messages(queue, numbers(3)))
        stream = receive(link, queue)
        stale = await take(stream, 3)
        await asyncio.to_thread(rabbitmq.control, "close_all_connections", "test")
        again = await take(stream, 1)
        await link.settle(done=stale[:1], dead=stale[1:])
        while len(again) < 3:  # what was handed out before comes one by one
            await link.settle(done=again[-1:])
            again += await take(stream, 1)
        await link.settle(done=again[-1:])
        await send_until_confirmed(link, queue, b"next")

        assert sorted(incoming.body for incoming in again) == numbers(3)
        assert all(incoming.redelivered for incoming in again)
        assert [incoming.body for incoming in await take(stream, 1)] == [b"next"]


async def test_blocked_broker(rabbitmq: RabbitMQ, queue: str) -> None:
    """A broker that an alarm keeps from taking messages looks connected; outcomes are unknown and the link is not ready."""
    async with closing(AmqpLink(rabbitmq.url, timeout=1.5)) as link:
        await link.declare(frozenset({queue}))
        await asyncio.to_thread(rabbitmq.control, "set_disk_free_limit", "900GB")
        try:
            outcomes = await link.send(messages(queue, [b"blocked"]))
            with pytest.raises(AxisUnreachableError, match="alarm"):
                await link.ready()
        finally:
            await asyncio.to_thread(rabbitmq.control, "set_disk_free_limit", "10MB")
        await send_until_confirmed(link, queue, b"after")
        await link.ready()

    assert results(outcomes) == {SendResult.UNKNOWN}


async def test_blocked_broker_is_known(rabbitmq: RabbitMQ, queue: str) -> None:
    """The broker's own notice says why it takes nothing; then nothing is sent, and when the alarm is over the link finds out."""
    async with closing(AmqpLink(rabbitmq.url, timeout=1.5)) as link:
        await link.declare(frozenset({queue}))
        with capture_logs() as logs:
            await asyncio.to_thread(rabbitmq.control, "set_vm_memory_high_watermark", "0.0000001")
            try:
                (first,) = await link.send(messages(queue, [b"blocked"]))
                reason = link.blocked
                began = time.monotonic()
                later = await link.send(messages(queue, numbers(100)))
                took = time.monotonic() - began
            finally:
                await asyncio.to_thread(rabbitmq.control, "set_vm_memory_high_watermark", "absolute", "2GB")
            await eventually(lambda: not link.blocked)
        await link.ready()
        await link.send(messages(queue, [b"after"]))
        bodies = await drain(link, queue, count=1)
        while bodies[-1] != b"after":
            bodies += await drain(link, queue, count=1)

    assert reason == "low on memory"
    assert first.result is SendResult.UNKNOWN
    assert {outcome.reason for outcome in later} == {"the broker takes no messages: low on memory"}
    assert took < 1
    assert set(bodies) <= {b"blocked", b"after"}
    assert [each["event"] for each in logs if "blocked" in each["event"]] == [
        "axis_blocked",
        "axis_unblocked",
    ]


async def test_id_used_twice(rabbitmq: RabbitMQ, queue: str) -> None:
    """Messages under way with the same id get no outcome rather than each other's, and later ones are not hurt."""
    async with closing(AmqpLink(rabbitmq.url)) as link:
        await link.declare(frozenset({queue}))
        (message,) = messages(queue, [b"x"])
        twins = [message, replace(message, queue=f"{queue}.missing")]
        together = await link.send(twins)
        apart = await asyncio.gather(*(link.send([twin]) for twin in twins))
        again = await link.send([message])
        await send_until_confirmed(link, queue, b"after")

    assert results(together) == {SendResult.UNKNOWN}
    assert "id of its own" in together[0].reason
    assert (
        {SendResult.UNKNOWN}
        <= results(apart[0] + apart[1])
        <= {SendResult.UNKNOWN, SendResult.RETURNED, SendResult.CONFIRMED}
    )
    assert apart[0][0].result != SendResult.RETURNED
    assert apart[1][0].result != SendResult.CONFIRMED
    assert results(again) == {SendResult.CONFIRMED}


async def test_settling_that_is_cancelled(rabbitmq: RabbitMQ, queue: str) -> None:
    """Nobody knows which of the messages were acknowledged, so those that were not come again."""
    async with closing(AmqpLink(rabbitmq.url)) as link:
        await link.declare(frozenset({queue}))
        await link.send(messages(queue, numbers(5)))
        stream = receive(link, queue)
        received = await take(stream, 5)
        settling = asyncio.create_task(link.settle(done=received[::2]))
        await asyncio.sleep(0)
        settling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await settling
        again = await take(stream, 2)

    assert {b"1", b"3"} <= {incoming.body for incoming in again}


async def test_full_queue(rabbitmq: RabbitMQ, queue: str) -> None:
    """A queue that is full refuses what comes, and what it holds is still there; its neighbours are not touched."""
    async with closing(AmqpLink(rabbitmq.url, max_queue_bytes=10_000)) as link:
        await link.declare(frozenset({queue, f"{queue}.other"}))
        with capture_logs() as logs:
            outcomes = [
                outcome
                for number in range(40)
                for outcome in await link.send(messages(queue, [b"%d" % number + b"x" * 1000]))
            ]
        confirmed = sum(outcome.result == SendResult.CONFIRMED for outcome in outcomes)
        (neighbour,) = await link.send(messages(f"{queue}.other", [b"fine"]))

        assert results(outcomes) == {SendResult.CONFIRMED, SendResult.UNKNOWN}
        assert {outcome.reason for outcome in outcomes} == {"", "the queue is full or failed (nack)"}
        assert neighbour.result == SendResult.CONFIRMED
        assert not logs  # no connection was replaced for that
        assert len(await drain(link, queue, count=confirmed)) == confirmed


async def test_queue_deleted_while_receiving(rabbitmq: RabbitMQ, queue: str) -> None:
    """A receiver whose queue is deleted carries on with the others, and finds the queue when it is there again."""
    kept = f"{queue}.kept"
    async with closing(AmqpLink(rabbitmq.url, watch_interval=0.2)) as link:
        await link.declare(frozenset({queue, kept}))
        stream = receive(link, queue, kept)
        waiting = asyncio.create_task(take(stream, 1))
        await link.send(messages(queue, [b"first"]))
        first = await waiting
        await link.settle(done=first)
        async with await aio_pika.connect(rabbitmq.url) as connection, connection.channel() as channel:
            await channel.queue_delete(queue)
        waiting = asyncio.create_task(take(stream, 1))
        await link.send(messages(kept, [b"kept"]))
        await link.settle(done=await waiting)
        waiting = asyncio.create_task(take(stream, 1))
        await link.declare(frozenset({queue}))
        await link.send(messages(queue, [b"again"]))
        # What was kept comes again where its settling was too late for the subscription that ended.
        came = [incoming.body for incoming in await waiting if incoming.body != b"kept"]
        came = came or [incoming.body for incoming in await take(stream, 1)]

        assert came == [b"again"]


async def test_receiving_before_any_queue_exists(rabbitmq: RabbitMQ, queue: str) -> None:
    """A receiver may come first: it waits for its queues."""
    async with closing(AmqpLink(rabbitmq.url)) as link:
        waiting = asyncio.create_task(take(receive(link, queue), 1))
        assert results(await link.send(messages(queue, [b"too early"]))) == {SendResult.RETURNED}
        await link.declare(frozenset({queue}))
        await link.send(messages(queue, [b"here"]))

        assert [incoming.body for incoming in await waiting] == [b"here"]


async def _give_back(message: AbstractIncomingMessage) -> None:
    await message.nack(requeue=True)


async def test_poisonous_message_ends_as_dead_letter(rabbitmq: RabbitMQ, queue: str) -> None:
    """A message that is given back unsettled again and again moves to the dead-letter queue after its last delivery."""
    async with closing(AmqpLink(rabbitmq.url)) as link:
        await link.declare(frozenset({queue}))
        await link.send(messages(queue, [b"poison"]))
        async with await aio_pika.connect(rabbitmq.url) as connection, connection.channel() as channel:
            source = await channel.get_queue(queue)
            # It comes back at once until the broker has counted enough; then nothing comes any more.
            tag = await source.consume(_give_back)
            tomb = await channel.get_queue(f"{queue}.dead")
            async with tomb.iterator(timeout=SECONDS) as letters:
                dead = await anext(letters)
                await dead.ack()
            await source.cancel(tag)

    assert dead.body == b"poison"
    assert dead.headers["x-first-death-reason"] == "delivery_limit"


async def test_conflicting_queue(rabbitmq: RabbitMQ, queue: str) -> None:
    """A queue of the same name with other properties is reported, and the link still works."""
    async with await aio_pika.connect(rabbitmq.url) as connection, connection.channel() as channel:
        await channel.declare_queue(queue, durable=True)
    async with closing(AmqpLink(rabbitmq.url)) as link:
        with pytest.raises(QueueConflictError, match=queue):
            await link.declare(frozenset({queue}))
        await link.ready()


async def test_queue_name_too_long(rabbitmq: RabbitMQ) -> None:
    """A name that AMQP cannot carry is refused before anything is declared."""
    async with closing(AmqpLink(rabbitmq.url)) as link:
        with pytest.raises(ValueError, match="250"):
            await link.declare(frozenset({"đ" * 126}))


async def test_wrong_password(rabbitmq: RabbitMQ, queue: str, caplog: pytest.LogCaptureFixture) -> None:
    """Refused credentials are told clearly, and no text, cause, frame or log line repeats the password."""
    caplog.set_level(logging.DEBUG)
    url = f"amqp://guest:{PASSWORD}@127.0.0.1:{rabbitmq.port}/"
    async with closing(AmqpLink(url)) as link:
        with pytest.raises(AxisUnreachableError, match="ACCESS_REFUSED") as caught:
            await link.ready()
        (outcome,) = await link.send(messages(queue, [b"x"]))
        (told,) = await asyncio.to_thread(
            ExceptionDictTransformer(show_locals=True), (caught.type, caught.value, caught.tb)
        )

    assert outcome.result == SendResult.UNKNOWN
    assert PASSWORD not in outcome.reason
    assert PASSWORD not in caplog.text
    assert PASSWORD not in "".join(traceback.format_exception(caught.value))
    assert PASSWORD not in repr([frame for frame in told["frames"] if frame["filename"] != __file__])


async def test_nobody_listens(queue: str) -> None:
    """Without a broker sends end at once, receivers wait, and closing does not hang."""
    (port,) = free_ports(1)
    async with closing(AmqpLink(f"amqp://guest:{PASSWORD}@127.0.0.1:{port}/")) as link:
        waiting = asyncio.create_task(take(receive(link, queue), 1))
        outcomes = [outcome for _ in range(50) for outcome in await link.send(messages(queue, [b"x"]))]
        with pytest.raises(AxisUnreachableError, match=str(port)):
            await link.ready()
        with pytest.raises(AxisUnreachableError):
            await link.declare(frozenset({queue}))
    with pytest.raises(StopAsyncIteration):
        await waiting

    assert results(outcomes) == {SendResult.UNKNOWN}
    assert not any(PASSWORD in outcome.reason for outcome in outcomes)


async def test_closed_link(rabbitmq: RabbitMQ, queue: str) -> None:
    """A closed link says so and opens nothing again."""
    async with closing(AmqpLink(rabbitmq.url)) as link:
        await link.ready()
    (outcome,) = await link.send(messages(queue, [b"x"]))

    assert outcome.result == SendResult.UNKNOWN
    assert "closed" in outcome.reason
    with pytest.raises(AxisUnreachableError, match="closed"):
        await link.ready()


async def test_closed_while_opening(rabbitmq: RabbitMQ) -> None:
    """A connection that opens while its link is being closed does not stay open."""
    link = AmqpLink(rabbitmq.url)
    getting_ready = asyncio.create_task(link.ready())
    await asyncio.sleep(0)
    await link.close()

    with pytest.raises(AxisUnreachableError, match="closed"):
        await getting_ready


async def test_broker_without_tls(rabbitmq: RabbitMQ) -> None:
    """An encrypted address is never served in clear."""
    async with closing(AmqpLink(f"amqps://guest:{PASSWORD}@127.0.0.1:{rabbitmq.port}/", timeout=5)) as link:
        with pytest.raises(AxisUnreachableError) as caught:
            await link.ready()

    assert PASSWORD not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    "url",
    [
        "http://guest:very-secret-word@host/",
        "amqp://",
        "amqp://guest:very-secret-word@host:port/",
        "",
        "guest:very-secret-word",
    ],
)
def test_address_that_is_none(url: str) -> None:
    """An address that cannot be one is refused without repeating it."""
    with pytest.raises(ValueError, match="amqp://") as caught:
        AmqpLink(url)

    assert PASSWORD not in "".join(traceback.format_exception(caught.value))


async def test_little_is_taken_ahead_where_messages_are_pieces(rabbitmq: RabbitMQ, queue: str) -> None:
    """A subscription for pieces holds 8 MiB of one queue at most, and gets the next as it settles one."""
    pieces = [number.to_bytes(2, "big") + bytes(SEGMENT) for number in range(IN_PIECES.queue + 30)]
    async with closing(AmqpLink(rabbitmq.url)) as link:
        await link.declare(frozenset({queue}))
        assert results(await link.send(messages(queue, pieces))) == {SendResult.CONFIRMED}
        stream = link.receive(frozenset({queue}), in_pieces=True)
        seen = await take(stream, IN_PIECES.queue)
        alone = len(seen) - IN_PIECES.queue
        assert alone in {0, 1}  # the first may come alone, before the others
        await link.settle(done=seen[:alone])
        for settled in range(alone, 30):
            await link.settle(done=[seen[settled]])
            [following] = await take(stream, 1)
            seen.append(following)

    assert [incoming.body for incoming in seen] == pieces


@pytest.mark.parametrize("queues", [1, 3, 4, 62, 250, 1000])
def test_what_is_taken_ahead_is_bounded_for_all_queues_together(queues: int) -> None:
    """32 MiB of pieces at most, but for the one message of each queue without which nothing would come."""
    of_each = IN_PIECES.of_each(queues)
    assert 1 <= of_each <= IN_PIECES.queue
    assert of_each * queues <= max(IN_PIECES.all, queues)


async def test_bytes_in_flight_are_capped_over_all_sends(rabbitmq: RabbitMQ, queue: str) -> None:
    """However many send slices at once, no more than 8 MiB wait for the broker's word."""
    slices = [messages(queue, [bytes(SEGMENT)] * 32) for _ in range(10)]
    async with closing(AmqpLink(rabbitmq.url)) as link:
        await link.declare(frozenset({queue}))
        await link.ready()
        line = link._publisher._line
        assert line is not None
        sending = asyncio.gather(*(link.send(each) for each in slices))
        most = 0
        while not sending.done():
            waiting = [each for each in line.channel.confirmations.values() if not each.done()]
            most = max(most, len(waiting))
            await asyncio.sleep(0)
        outcomes = [outcome for each in await sending for outcome in each]

    assert 0 < most * SEGMENT <= 8 * 2**20
    assert results(outcomes) == {SendResult.CONFIRMED}


async def test_the_next_node_is_taken_when_one_is_away(rabbitmq: RabbitMQ, queue: str) -> None:
    """Of several addresses the next is tried until one answers, and then stays; texts name all and no password."""
    (dead,) = free_ports(1)
    urls = f"amqp://guest:{PASSWORD}@127.0.0.1:{dead}/ {rabbitmq.url}"
    async with closing(AmqpLink(urls, timeout=SECONDS)) as link:
        await link.declare(frozenset({queue}))
        with capture_logs() as logs:
            assert results(await link.send(messages(queue, [b"1"]))) == {SendResult.CONFIRMED}
        assert logs == []
        assert await drain(link, queue, count=1) == [b"1"]
        assert f":{dead}/" in str(link._broker)
        assert PASSWORD not in str(link._broker)


@pytest.mark.parametrize("urls", ["", "  ", "amqp://a/ amqps://b/", "amqp://a/ http://b/"])
def test_addresses_that_do_not_fit_together(urls: str) -> None:
    """All are addresses of AMQP, with or without TLS."""
    with pytest.raises(ValueError, match="amqp://user"):
        AmqpLink(urls)
