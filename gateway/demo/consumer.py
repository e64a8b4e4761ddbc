"""A system that reads its queue straight from the broker, and stores every document exactly once.

An example to copy, kept small on purpose; docs/consumer-kit.md says why each step is where it is. It needs three rights on the
broker (configure nothing, write the exchange `vanthu.axis`, read its own queue) and one key of its own.

The order that everything rests on: check, commit, send receipts, acknowledge. Whatever ends the process in between, the messages
come again, and the primary key of `document` (consumer_store.py) drops what is there already, in the same transaction that would
store it.
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
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias
from uuid import uuid4

import aio_pika
from aio_pika.abc import AbstractExchange, AbstractIncomingMessage
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gateway.demo.consumer_store import Documents, Facts, NotForUsError, length_of
from routing.canonical import canonical_json
from routing.errors_log import LogError
from routing.note import Verifier, parse_verifier_key, verifier_key
from routing.statement import StatementType, open_statement, sign_statement

AXIS: Final = StatementType(name="axis")
EXCHANGE: Final = "vanthu.axis"
CANARY: Final = "vanthu.canary"
"""The AMQP type of an empty message that shows that a new queue works; it is acknowledged, and that is all."""

STATED: Final = {
    "message": {"delivery_id": str, "message_id": str, "recipient_code": str, "sha256": str, "size": int},
    "segment": {"delivery_id": str, "sha256": str, "size": int, "index": int, "piece_sha256": str},
}
"""What a document and a piece of one have to state, by kind."""

PREFETCH: Final = 100
PATIENCE: Final = 20.0
"""Seconds to wait for the broker in each step."""

Message: TypeAlias = AbstractIncomingMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """Who we are, and whom we believe."""

    name: str
    key: Ed25519PrivateKey
    pinned: tuple[Verifier, ...]
    reply_queue: str

    @property
    def key_name(self) -> str:
        """The name under which a gateway has to register our key."""
        return f"{self.name}/axis"


def opened(kit: Kit, envelope: bytes) -> tuple[Facts, bytes]:
    """Return what a pinned gateway vouches for, and the document, or the piece of one, that came inside.

    Raises:
        NotForUsError: nobody we believe signed it, it speaks for another gateway, or the bytes are other ones.

    """
    line, _, content = envelope.partition(b"\n")
    try:
        signed = open_statement(AXIS, json.loads(line), kit.pinned)
        facts: Facts = signed.facts
        if signed.signer.name != f"{facts['gateway']}/axis":
            raise NotForUsError("signed with another gateway's key")
        needed = STATED.get(facts["kind"], {})
        if any(not isinstance(facts.get(name), of) for name, of in needed.items()):
            raise NotForUsError("something is not stated")
        is_piece = facts["kind"] == "segment"
        if is_piece and (facts["index"] < 0 or len(content) != length_of(facts)):
            raise NotForUsError("no piece of a document of this size")
        if content and hashlib.sha256(content).hexdigest() != facts["piece_sha256" if is_piece else "sha256"]:
            raise NotForUsError("other bytes than were signed for")
    except (LogError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotForUsError(type(error).__name__) from error
    return facts, content


def receipt(kit: Kit, facts: Facts) -> bytes:
    """Return the signed receipt that ends the sender's responsibility, and with it the repeats."""
    told = {
        "kind": "receipt",
        "gateway": kit.name,
        "delivery_id": facts["delivery_id"],
        "message_id": facts["message_id"],
        "sha256": facts["sha256"],
        "stage": "acknowledged",  # the system itself has it; a gateway that only stores for one says "received" first
        "at": time.time_ns() // 1_000_000,
    }
    return canonical_json(sign_statement(AXIS, told, key=kit.key, key_name=kit.key_name)) + b"\n"


def commit(kit: Kit, documents: Documents, batch: Sequence[Message]) -> tuple[list[Facts], list[Message]]:
    """Check and commit a batch; return the documents that get a receipt, and the messages to put aside."""
    manifests: list[tuple[Message, Facts, bytes]] = []
    pieces: list[tuple[Facts, bytes]] = []
    dead: list[Message] = []
    for message in batch:
        if message.type == CANARY:
            continue
        try:
            facts, content = opened(kit, message.body)
        except NotForUsError as error:
            _say(f"put aside: {error}")
            dead.append(message)
            continue
        if facts["kind"] == "segment":
            pieces.append((facts, content))
        elif facts["kind"] == "message":
            manifests.append((message, facts, content))
    try:
        documents.keep(pieces)
    except OSError as error:
        _say(f"pieces not kept: {type(error).__name__}")
    taken: list[tuple[Facts, bytes | Path]] = []
    for message, facts, content in manifests:
        try:
            taken.append((facts, content if content or documents.has(facts) else documents.whole(facts)))
        except NotForUsError as error:
            _say(f"put aside: {error}")
            dead.append(message)
        except OSError as error:
            # Acknowledged without a receipt: its sender sends it again, and it holds up nobody meanwhile.
            _say(f"not there yet: {error}")
    _say(f"committed {documents.store(taken)} of {len(taken)}")
    return [facts for facts, _ in taken], dead


async def take(kit: Kit, documents: Documents, exchange: AbstractExchange, batch: Sequence[Message]) -> None:
    """Check, commit, send receipts, acknowledge: in this order."""
    stored, dead = await asyncio.to_thread(commit, kit, documents, batch)
    for message in dead:
        await message.reject(requeue=False)
    await asyncio.gather(*(_tell(kit, exchange, facts) for facts in stored))
    if good := [message for message in batch if message not in dead]:
        await good[-1].ack(multiple=True)
    _say(f"acknowledged {len(good)}")


async def _tell(kit: Kit, exchange: AbstractExchange, facts: Facts) -> None:
    await exchange.publish(
        # A fresh id for every attempt: the library pairs the broker's answers by it.
        aio_pika.Message(
            receipt(kit, facts), message_id=str(uuid4()), delivery_mode=aio_pika.DeliveryMode.PERSISTENT
        ),
        routing_key=kit.reply_queue.format(member=facts["member_id"]),
        mandatory=True,
        timeout=PATIENCE,
    )


async def consume(kit: Kit, documents: Documents, *, broker: str, queue: str) -> None:
    """Consume until something fails; a plain connection, because a new one is simpler to trust than one that mends itself."""
    async with await aio_pika.connect(broker, timeout=PATIENCE) as connection:
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        await channel.set_qos(prefetch_count=PREFETCH)
        exchange = await channel.get_exchange(EXCHANGE, ensure=False)
        source = await channel.get_queue(queue, ensure=False)
        arrived: asyncio.Queue[Message | None] = asyncio.Queue()
        channel.close_callbacks.add(lambda *_: arrived.put_nowait(None))
        await source.consume(arrived.put, timeout=PATIENCE)
        _say("ready")
        while (first := await arrived.get()) is not None:
            batch = [first]
            while not arrived.empty() and (another := arrived.get_nowait()) is not None:
                batch.append(another)
            await take(kit, documents, exchange, batch)


async def forever(kit: Kit, documents: Documents, *, broker: str, queue: str) -> None:
    """Consume, and begin again after whatever went wrong: what was not acknowledged comes again."""
    while True:
        try:
            await consume(kit, documents, broker=broker, queue=queue)
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
    parser.add_argument("--files", type=Path, default=Path("documents"), help="our documents over 16 KiB")
    parser.add_argument("--payloads", type=Path, help="where a gateway shares these with us, if one does")
    options = parser.parse_args(arguments)
    key = load_pem_private_key(options.key.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        parser.error("--key: not an Ed25519 key")
    kit = Kit(
        name=options.name,
        key=key,
        pinned=tuple(parse_verifier_key(each) for each in options.trust),
        reply_queue=options.reply_queue,
    )
    if options.show_key:
        _say(verifier_key(kit.key_name, key.public_key()))
        return
    with closing(sqlite3.connect(options.database, check_same_thread=False)) as database:
        documents = Documents(database=database, files=options.files, payloads=options.payloads)
        documents.prepare()
        # The address holds a password, so it comes from the environment.
        asyncio.run(forever(kit, documents, broker=os.environ["BROKER_URL"], queue=options.queue))


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
