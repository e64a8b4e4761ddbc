"""Making what a plan calls for on a broker, with an account that may: declare, let age, try with a canary, bind."""

from __future__ import annotations

import asyncio
from functools import partial

from yarl import URL

from gateway.axis import amqp_topology
from gateway.axis.amqp_connection import AxisConnection, Broker
from gateway.axis.amqp_security import Security
from gateway.axis.amqp_young import YoungQueues
from gateway.axis.plan import Plan

TIMEOUT = 20.0
HEARTBEAT = 10


def vhost_of(url: str) -> str:
    """Return the virtual host that an address names, as the AMQP library reads it.

    Raises:
        ValueError: it is no address.

    """
    return URL(url).path[1:].replace("%2F", "/") or "/"


async def apply_queues(url: str, plan: Plan, *, age: float, security: Security) -> frozenset[str]:
    """Declare and bind all queues of a plan; return those that are new.

    Raises:
        ValueError: the address is not one of AMQP, or a certificate cannot be used.
        GatewayError: the password cannot be read.
        AxisError: the broker cannot be reached, holds a queue with other properties, or this account may not do it.

    """
    broker = await asyncio.to_thread(
        partial(Broker, url, timeout=TIMEOUT, heartbeat=HEARTBEAT, security=security)
    )
    connection = await broker.connect("topology")
    try:
        async with broker.guard(connection):
            declared = await _declare(connection, plan, plan.queues)
            if declared.new:
                await asyncio.sleep(age)
                young = YoungQueues(broker, partial(_declare, connection, plan), age=0)
                await young.take(declared)
            await amqp_topology.bind(connection, plan.queues - declared.new, seconds=TIMEOUT)
    finally:
        await connection.leave()
    return declared.new


async def _declare(connection: AxisConnection, plan: Plan, queues: frozenset[str]) -> amqp_topology.Declared:
    return await amqp_topology.declare(connection, queues, max_bytes=plan.max_bytes, seconds=TIMEOUT)
