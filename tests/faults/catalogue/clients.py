"""Faults of clients: they repeat themselves a hundred times at once, contradict themselves, and do not hear the answer."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from dataclasses import replace
from typing import Final

from yarl import URL

from gateway.client import Client, ClientError
from tests.faults.fault import Fault, Options
from tests.faults.ledger import ACCEPT, REJECT
from tests.faults.proxy import Address, Proxy
from tests.faults.world import World
from tests.support.service import ONCE

_CONFLICT: Final = "intake.key_reused"
_HEARD_SECONDS: Final = 3.0


class ClientsRepeat(Fault):
    """F25: the same key many times at once, the same key with another body, and an answer that is lost."""

    id = "F25"
    title = "clients repeat and contradict themselves"
    matters = frozenset({"I3", "I4"})

    def draw(self, chance: random.Random, *, long: bool) -> Options:
        """Draw how many times at once, and how often all of it."""
        return {"rounds": 5 if long else 1, "times": 100 if long else 25, "seed": chance.randrange(2**32)}

    async def inject(self, world: World, options: Options) -> int:
        """Go through the three."""
        chance = random.Random(options["seed"])
        for _ in range(int(options["rounds"])):
            await self._at_once(world, chance, int(options["times"]))
            await self._other_body(world, chance)
            await self._lost_answer(world, chance)
        return int(options["rounds"]) * (int(options["times"]) + 2)

    async def _at_once(self, world: World, chance: random.Random, times: int) -> None:
        letter = world.cast.letter(chance, hostile=False)
        answers = await asyncio.gather(*(world.load.try_once(letter) for _ in range(times)))
        last = await world.load.deliver(letter)
        ids = {each.message_id for each in (*answers, last) if each.message_id}
        if len(ids) != 1:
            world.wrong("I3", f"{times} times the same key at once came to {len(ids)} acceptances")
        if odd := {each.status for each in answers} - {0, 201, 503}:
            world.wrong("I3", f"the same key and body at once was answered with {sorted(odd)}")

    async def _other_body(self, world: World, chance: random.Random) -> None:
        letter = world.cast.letter(chance, hostile=False)
        await world.load.deliver(letter)
        other = world.cast.letter(chance, hostile=False, sender=letter.sender)
        other = replace(other, key=letter.key, expect=REJECT + _CONFLICT)
        answer = await world.load.deliver(other)
        if (answer.status, answer.code) != (409, _CONFLICT):
            world.wrong(
                "I3", f"another body under a used key was answered with {answer.status} {answer.code}"
            )

    async def _lost_answer(self, world: World, chance: random.Random) -> None:
        letter = world.cast.letter(chance, hostile=False)
        if letter.expect != ACCEPT:
            raise AssertionError("a good letter was asked for")
        service = world.load.gateways[letter.sender.gateway].services[0]
        async with Proxy(Address(port=URL(service.url).port)) as proxy:
            proxy.down.swallow = True
            token = world.load.tokens[letter.sender.member]
            async with Client(f"http://127.0.0.1:{proxy.port}", token=token, backoff=ONCE) as deaf:
                with suppress(TimeoutError, ClientError):
                    async with asyncio.timeout(_HEARD_SECONDS):
                        await world.load.try_once(letter, at=deaf)
        await world.load.deliver(letter)
