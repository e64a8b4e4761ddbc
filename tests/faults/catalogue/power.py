"""F19: the power fails, and what the disk holds at that instant is all that is left."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from signal import Signals
from typing import Final

from tests.faults.cast import Letter
from tests.faults.disks import DiskImage, disk_image, scratch, why_not
from tests.faults.host import HostFault, quiet, trying
from tests.faults.lone import Host, Lone
from tests.faults.trial import Outcome
from tests.faults.world import Plan

_MEBIBYTES: Final = 96
_SENDERS: Final = 3


class PowerFails(HostFault):
    """F19: database, bodies and log on one disk, under load, again and again."""

    id = "F19"
    title = "the power fails: SQLite, bodies and log"

    def why_not(self) -> str | None:
        """See `disks`."""
        return why_not()

    async def trial(self, plan: Plan, folder: Path, *, long: bool, plant: str | None) -> Outcome:
        """Cut the power a few times, a hundred times in a long run."""
        chance = random.Random(plan.seed)
        with scratch() as copies, disk_image(_MEBIBYTES) as disk:
            # The disk is smaller than what the gateway keeps free by default.
            host = Host(place=disk.place, plant=plant, settings={"VANTHU_DISK_RESERVE": "0"})
            async with trying(self, quiet(plan, senders=_SENDERS), folder / "ledger", host) as (
                lone,
                verdict,
            ):
                await asyncio.to_thread(disk.flush)
                for number in range(100 if long else 3):
                    await lone.accepted(chance.randint(1, 8))
                    await lone.load.deliver(await asyncio.to_thread(_big, lone, chance))
                    await cut(lone, disk, copies / f"{number % 2}.img")
                    verdict.times += 1
        return verdict.told


def _big(lone: Lone, chance: random.Random) -> Letter:
    """Write a letter whose body is a file of its own."""
    return lone.cast.letter(chance, hostile=False, big=True)


async def cut(lone: Lone, disk: DiskImage, copy: Path) -> None:
    """Let the host lose its power at this instant, and start the gateway on what its disk held."""
    lone.service.signal(Signals.SIGSTOP)
    await asyncio.to_thread(disk.copy, copy)
    await lone.service.end(Signals.SIGKILL)
    await asyncio.to_thread(disk.exchange, copy)
    await lone.service.start()
