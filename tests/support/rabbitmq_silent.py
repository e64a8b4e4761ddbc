"""Queues of a test's RabbitMQ that lose their leader, for good or for a while: declared as ever, and without an answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable

import aio_pika
from aio_pika.abc import AbstractIncomingMessage

from gateway.axis.amqp_topology import arguments
from tests.support.rabbitmq import RabbitMQ, RabbitMQError

TRIES = 10
ANSWER_SECONDS = 5.0


async def lose_young_queue(rabbitmq: RabbitMQ, name: str) -> str:
    """Declare a queue and kill the broker at once, until it is one that does not come back; return its name."""
    for number in range(TRIES):
        queue = f"{name}.{number}"
        connection = await aio_pika.connect(rabbitmq.url)
        channel = await connection.channel()
        await channel.declare_queue(queue, durable=True, arguments=arguments(queue))
        await asyncio.to_thread(rabbitmq.kill)
        await connection.close()
        await asyncio.to_thread(rabbitmq.restart)
        if not await answers(rabbitmq, queue):
            return queue
    message = f"all of {TRIES} young queues outlived their broker"
    raise RabbitMQError(message)


async def answers(rabbitmq: RabbitMQ, queue: str) -> bool:
    """Say whether a queue takes a consumer."""

    async def passed_over(_: AbstractIncomingMessage) -> None:
        pass

    connection = await aio_pika.connect(rabbitmq.url)
    try:
        channel = await connection.channel()
        async with asyncio.timeout(ANSWER_SECONDS):
            await (await channel.get_queue(queue, ensure=False)).consume(passed_over)
    except TimeoutError:
        return False
    else:
        return True
    finally:
        await connection.close()


async def silence(rabbitmq: RabbitMQ, queues: Iterable[str]) -> None:
    """Stop the leaders of these queues from answering."""
    await asyncio.to_thread(_with_leaders, rabbitmq, queues, "sys:suspend(Leader)")


async def give_voice(rabbitmq: RabbitMQ, queues: Iterable[str]) -> None:
    """Let them answer again."""
    await asyncio.to_thread(_with_leaders, rabbitmq, queues, "sys:resume(Leader)")


def _with_leaders(rabbitmq: RabbitMQ, queues: Iterable[str], what: str) -> None:
    names = ",".join(f"<<{json.dumps(queue)}>>" for queue in queues)
    rabbitmq.control(
        "eval",
        f'[begin {{ok, Queue}} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"/">>, queue, Name)), '
        f"{{Leader, _}} = amqqueue:get_pid(Queue), {what} end || Name <- [{names}]].",
    )
