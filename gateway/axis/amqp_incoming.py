"""What a message of RabbitMQ is to us: its body and id, and of a dead letter what it died of."""

from __future__ import annotations

from typing import Any, Final

from aiormq.abc import DeliveredMessage

from gateway.axis.amqp_topology import DEAD_SUFFIX
from gateway.records import Incoming

DEATHS: Final = "x-death"
DEATH: Final = "x-first-death-reason"


def incoming_of(queue: str, message: DeliveredMessage, tag: object) -> Incoming:
    """Return a message as it came; of a dead letter also the queue on which it died, and of what."""
    properties = message.header.properties
    headers = properties.headers or {}
    died_of = headers.get(DEATH)
    if queue.endswith(DEAD_SUFFIX):
        queue = queue.removesuffix(DEAD_SUFFIX)
        died_of = _death(headers.get(DEATHS), queue) or died_of or ""
    return Incoming(
        queue=queue,
        body=message.body,
        tag=tag,
        id=properties.message_id or "",
        redelivered=bool(message.redelivered),
        died_of=None if died_of is None else str(died_of),
    )


def _death(deaths: Any, queue: str) -> str | None:  # noqa: ANN401 - whatever stands in a header
    """Return what the broker says of the death on this queue, whatever else the message went through."""
    if not isinstance(deaths, list):
        return None
    told = (death for death in deaths if isinstance(death, dict) and death.get("queue") == queue)
    return next((str(death["reason"]) for death in told if "reason" in death), None)
