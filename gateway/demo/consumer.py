"""A system that reads its queue straight from the broker, and stores every document exactly once.

An example to copy, kept small on purpose; docs/consumer-kit.md says why each step is where it is. It needs three rights on the
broker (configure nothing, write the exchange `vanthu.axis`, read its own queue) and one key of its own.

The order that everything rests on: check, commit, send receipts, acknowledge. Whatever ends the process in between, the messages
come again, and the primary key of `document` drops what is there already, in the same transaction that would store it.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import sqlite3
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import aio_pika
from aio_pika.abc import AbstractIncomingMessage
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from routing.canonical import canonical_json
from routing.errors_log import LogError
from routing.note import Verifier, parse_verifier_key, verifier_key
from routing.statement import StatementType, open_statement, sign_statement

AXIS: Final = StatementType(name="axis")
EXCHANGE: Final = "vanthu.axis"
CANARY: Final = "vanthu.canary"
"""The AMQP type of an empty message that shows that a new queue works; it is acknowledged, and that is all."""

PREFETCH: Final = 100
PATIENCE: Final = 20.0
"""Seconds to wait for the broker in each step."""

TABLE: Final = """
CREATE TABLE IF NOT EXISTS document (
    delivery_id TEXT PRIMARY KEY, message_id TEXT NOT NULL, gateway TEXT NOT NULL, recipient TEXT NOT NULL,
    sha256 TEXT NOT NULL, body BLOB NOT NULL, stored_at INTEGER NOT NULL
) STRICT
"""


class NotForUsError(Exception):
    """A message that can never be taken; it goes to the dead letters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """Who we are, whom we believe, and where documents are."""

    name: str
    key: Ed25519PrivateKey
    pinned: tuple[Verifier, ...]
    payloads: Path | None
    reply_queue: str

    @property
    def key_name(self) -> str:
        """The name under which a gateway has to register our key."""
        return f"{self.name}/axis"


def opened(kit: Kit, envelope: bytes) -> tuple[Mapping[str, Any], bytes]:
    """Return what a pinned gateway vouches for, and the document.

    Raises:
        NotForUsError: nobody we believe signed it, it speaks for another gateway, or the document is another one.
        OSError: the document is not in the shared folder (yet).

    """
    line, _, inline = envelope.partition(b"\n")
    try:
        signed = open_statement(AXIS, json.loads(line), kit.pinned)
        facts = signed.facts
        if signed.signer.name != f"{facts['gateway']}/axis":
            raise NotForUsError("signed with another gateway's key")
        if facts["kind"] != "message":
            return facts, b""
        document = inline or _payload(kit, str(facts["sha256"]))
    except (LogError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotForUsError(type(error).__name__) from error
    if hashlib.sha256(document).hexdigest() != facts["sha256"]:
        raise NotForUsError("another document than the manifest names")
    return facts, document


def _payload(kit: Kit, sha256: str) -> bytes:
    """Return a document over 16 KiB from the shared folder."""
    if kit.payloads is None or len(sha256) != hashlib.sha256().digest_size * 2 or not sha256.isalnum():
        raise ValueError("no folder for bigger documents")
    return (kit.payloads / sha256[:2] / sha256[2:4] / sha256).read_bytes()


def store(database: sqlite3.Connection, taken: Sequence[tuple[Mapping[str, Any], bytes]]) -> int:
    """Commit documents, and by the same transaction the ids that tell them from their repeats; return how many were new."""
    rows = [
        (
            facts["delivery_id"],
            facts["message_id"],
            facts["gateway"],
            facts["recipient_code"],
            facts["sha256"],
            body,
            time.time_ns() // 1_000_000,
        )
        for facts, body in taken
    ]
    with database:
        before = database.total_changes
        database.executemany(
            "INSERT INTO document VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (delivery_id) DO NOTHING", rows
        )
        # Your own work on a new document belongs here, in this transaction, and nowhere else.
        return database.total_changes - before


def receipt(kit: Kit, facts: Mapping[str, Any]) -> bytes:
    """Return the signed receipt that ends the sender's responsibility, and with it the repeats."""
    told = {
        "kind": "receipt",
        "gateway": kit.name,
        "delivery_id": facts["delivery_id"],
        "message_id": facts["message_id"],
        "sha256": facts["sha256"],
        "stage": "received",
        "at": time.time_ns() // 1_000_000,
    }
    return canonical_json(sign_statement(AXIS, told, key=kit.key, key_name=kit.key_name)) + b"\n"


async def checked(
    kit: Kit, batch: Sequence[AbstractIncomingMessage]
) -> tuple[list[tuple[Mapping[str, Any], bytes]], list[AbstractIncomingMessage]]:
    """Return the documents of a batch, and the messages to acknowledge; what nobody vouches for is put aside."""
    taken: list[tuple[Mapping[str, Any], bytes]] = []
    good: list[AbstractIncomingMessage] = []
    for message in batch:
        if message.type == CANARY:
            good.append(message)
            continue
        try:
            facts, document = await asyncio.to_thread(opened, kit, message.body)
        except NotForUsError as error:
            _say(f"put aside: {error}")
            await message.reject(requeue=False)
            continue
        except OSError as error:
            # Acknowledged without a receipt: its sender sends it again, and it holds up nobody meanwhile.
            _say(f"not there yet: {type(error).__name__}")
            good.append(message)
            continue
        good.append(message)
        if facts["kind"] == "message":
            taken.append((facts, document))
    return taken, good


async def take(
    kit: Kit,
    database: sqlite3.Connection,
    exchange: aio_pika.abc.AbstractExchange,
    batch: Sequence[AbstractIncomingMessage],
) -> None:
    """Check, commit, send receipts, acknowledge: in this order."""
    taken, good = await checked(kit, batch)
    new = await asyncio.to_thread(store, database, taken)
    _say(f"committed {new} of {len(taken)}")
    await asyncio.gather(*(_tell(kit, exchange, facts) for facts, _ in taken))
    if good:
        await good[-1].ack(multiple=True)
    _say(f"acknowledged {len(good)}")


async def _tell(kit: Kit, exchange: aio_pika.abc.AbstractExchange, facts: Mapping[str, Any]) -> None:
    await exchange.publish(
        # A fresh id for every attempt: the library pairs the broker's answers by it.
        aio_pika.Message(
            receipt(kit, facts), message_id=str(uuid4()), delivery_mode=aio_pika.DeliveryMode.PERSISTENT
        ),
        routing_key=kit.reply_queue.format(member=facts["member_id"]),
        mandatory=True,
        timeout=PATIENCE,
    )


async def consume(kit: Kit, database: sqlite3.Connection, *, broker: str, queue: str) -> None:
    """Consume until something fails; a plain connection, because a new one is simpler to trust than one that mends itself."""
    async with await aio_pika.connect(broker, timeout=PATIENCE) as connection:
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        await channel.set_qos(prefetch_count=PREFETCH)
        exchange = await channel.get_exchange(EXCHANGE, ensure=False)
        source = await channel.get_queue(queue, ensure=False)
        arrived: asyncio.Queue[AbstractIncomingMessage | None] = asyncio.Queue()
        channel.close_callbacks.add(lambda *_: arrived.put_nowait(None))
        await source.consume(arrived.put, timeout=PATIENCE)
        while (first := await arrived.get()) is not None:
            batch = [first]
            while not arrived.empty() and (another := arrived.get_nowait()) is not None:
                batch.append(another)
            await take(kit, database, exchange, batch)


async def forever(kit: Kit, database: sqlite3.Connection, *, broker: str, queue: str) -> None:
    """Consume, and begin again after whatever went wrong: what was not acknowledged comes again."""
    while True:
        try:
            await consume(kit, database, broker=broker, queue=queue)
        except Exception as error:  # noqa: BLE001 - a lost connection surfaces as many things; only the kind is told: no credentials
            _say(f"begins again: {type(error).__name__}")
        await asyncio.sleep(1)


def main(arguments: Sequence[str]) -> None:
    """Run the kit, or print the public half of its key."""
    parser = argparse.ArgumentParser(prog="consumer", description=__doc__)
    parser.add_argument("--name", required=True, help="our name among gateways, as the member's gateway")
    parser.add_argument("--key", type=Path, required=True, help="our Ed25519 key (PEM)")
    parser.add_argument(
        "--show-key", action="store_true", help="print what a gateway registers as peer, and end"
    )
    parser.add_argument(
        "--trust", action="append", default=[], help="verifier key of a gateway that we believe"
    )
    parser.add_argument("--queue", default="", help="our queue")
    parser.add_argument("--reply-queue", default="member.{member}", help="where receipts for a member go")
    parser.add_argument("--database", type=Path, default=Path("documents.db"))
    parser.add_argument("--payloads", type=Path, help="the shared folder of documents over 16 KiB")
    options = parser.parse_args(arguments)
    key = load_pem_private_key(options.key.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        parser.error("--key: not an Ed25519 key")
    kit = Kit(
        name=options.name,
        key=key,
        pinned=tuple(parse_verifier_key(each) for each in options.trust),
        payloads=options.payloads,
        reply_queue=options.reply_queue,
    )
    if options.show_key:
        _say(verifier_key(kit.key_name, key.public_key()))
        return
    with closing(sqlite3.connect(options.database, check_same_thread=False)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")  # NORMAL loses the last commits in a power cut
        database.execute(TABLE)
        # The address holds a password, so it comes from the environment.
        asyncio.run(forever(kit, database, broker=os.environ["BROKER_URL"], queue=options.queue))


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
