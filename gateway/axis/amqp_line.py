"""The line that publishes: a connection and its one channel, and messages put on the wire in one piece.

A write of its own for each message costs three to four times the CPU, here and in the broker. Invariant: no two messages under
way bear the same id, because aiormq pairs what the broker returns with its message by that id (docs/adr/0004).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import chain

from aio_pika import DeliveryMode
from aiormq import Channel, spec
from aiormq.abc import ChannelFrame
from pamqp.body import ContentBody
from pamqp.frame import marshal
from pamqp.header import ContentHeader

from gateway.axis import amqp_topology
from gateway.axis.amqp_connection import AxisConnection
from gateway.records import AxisMessage


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Line:
    """A connection and the one channel on it that publishes."""

    connection: AxisConnection
    channel: Channel

    async def write(self, messages: Sequence[AxisMessage]) -> list[asyncio.Future[object]]:
        """Put messages on the wire in one piece and return a future for the broker's word on each.

        Raising in between leaves the channel's count of deliveries wrong: drop the line then.

        Raises:
            ValueError: two messages under way bear the same id, so an answer could be taken for the other's.

        """
        channel = self.channel
        payload = b"".join(chain.from_iterable(self._frames(message) for message in messages))
        in_one_piece = ChannelFrame(payload=payload, should_close=False)
        confirmations: list[asyncio.Future[object]] = []
        async with channel.lock:
            ids = {message.id for message in messages}
            if len(ids) < len(messages) or not ids.isdisjoint(channel.message_id_delivery_tag):
                raise ValueError("every attempt to send needs a message id of its own")
            for message in messages:
                channel.delivery_tag += 1
                confirmation = channel.create_future()
                channel.confirmations[channel.delivery_tag] = confirmation
                channel.message_id_delivery_tag[message.id] = channel.delivery_tag
                confirmations.append(confirmation)
                confirmation.add_done_callback(partial(self._forget, message.id))
            await channel.write_queue.put(in_one_piece)
        return confirmations

    def _forget(self, message_id: str, _: asyncio.Future[object]) -> None:
        self.channel.message_id_delivery_tag.pop(message_id, None)

    def _frames(self, message: AxisMessage) -> Iterator[bytes]:
        number = self.channel.number
        yield _publish(number, message.queue)
        properties = spec.Basic.Properties(message_id=message.id, delivery_mode=DeliveryMode.PERSISTENT)
        yield marshal(ContentHeader(properties=properties, body_size=len(message.body)), number)
        size = self.channel.max_content_size
        for start in range(0, len(message.body), size):
            yield marshal(ContentBody(message.body[start : start + size]), number)


@lru_cache(maxsize=4096)
def _publish(channel: int, queue: str) -> bytes:
    """Return the frame before a message to a queue: always the same, and dearer to make than the message's own frames."""
    method = spec.Basic.Publish(exchange=amqp_topology.EXCHANGE, routing_key=queue, mandatory=True)
    return marshal(method, channel)
