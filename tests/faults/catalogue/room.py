"""F20: a disk is full, and later it is not."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Final

from tests.faults.disks import SmallDisk, small_disk, why_not
from tests.faults.host import HostFault, quiet, trying
from tests.faults.lone import Host, Lone
from tests.faults.trial import Outcome
from tests.faults.world import Plan

_MEBIBYTES: Final = 64
_SENDERS: Final = 2
_TRIES: Final = 3
"""Answers to wait for while there is no room."""

_ACCEPTED: Final = (201, 202)
_SECONDS: Final = 60.0

DISKS: Final = {"everything": "", "bodies": "payloads", "spool": "gateway/0/spool"}
"""By what is on the small disk: the folder that it is mounted at."""


class DiskIsFull(HostFault):
    """F20: no room for database and log, for bodies, or for bodies on their way in."""

    id = "F20"
    title = "a disk is full"

    def why_not(self) -> str | None:
        """See `disks`."""
        return why_not()

    async def trial(self, plan: Plan, folder: Path, *, long: bool, plant: str | None) -> Outcome:
        """Fill the disk, wait for answers, free it; nobody helps the gateway to go on."""
        chance = random.Random(plan.seed)
        outcomes = []
        for name in DISKS if long else ["everything"]:
            place = folder / name / "place"
            with small_disk(place / DISKS[name], _MEBIBYTES) as disk:
                # The reserve that is kept free is as small as this disk; what it does not catch has to be caught by the writes.
                host = Host(place=place, plant=plant, settings={"VANTHU_DISK_RESERVE": str(2**20)})
                ledger = folder / name / "ledger"
                async with trying(self, quiet(plan, senders=_SENDERS), ledger, host) as (lone, verdict):
                    for _ in range(5 if long else 1):
                        await lone.accepted(3)
                        await _no_room(lone, disk, chance, everything=not DISKS[name])
                        verdict.times += 1
                        await lone.accepted(3)
                outcomes.append(verdict.told)
        return Outcome(
            rows=tuple(row for each in outcomes for row in each.rows),
            repeats=sum(each.repeats for each in outcomes),
            violations=tuple(violation for each in outcomes for violation in each.violations),
        )


async def _no_room(lone: Lone, disk: SmallDisk, chance: random.Random, *, everything: bool) -> None:
    """Let there be no room until a few big documents have been answered; none of them may be accepted."""
    lone.load.pause()
    async with asyncio.timeout(_SECONDS):
        while lone.load.unanswered:
            await asyncio.sleep(0.05)
    disk.fill()
    letters = [
        await asyncio.to_thread(lone.cast.letter, chance, hostile=False, big=True) for _ in range(_TRIES)
    ]
    for letter in letters:
        disk.fill()
        answer = await lone.load.try_once(letter)
        if answer.status in _ACCEPTED and everything:
            lone.wrong("I10", f"{letter.document_id} was accepted while there was no room for it")
    disk.free()
    lone.load.resume()
    async with asyncio.timeout(_SECONDS):
        for letter in letters:
            await lone.load.deliver(letter)
