"""What a fault is: something that is done to a world under load, and taken back.

`inject` returns when it has done its work and says how often; `heal` puts everything right, however far `inject` came, and may be
called twice. What is drawn, is drawn from the chance it is given and from nothing else, so that a seed repeats it.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, TypeAlias

from tests.faults.world import World

Options: TypeAlias = Mapping[str, float]


class Fault(ABC):
    """One fault of the plan."""

    id: ClassVar[str]
    title: ClassVar[str]
    matters: ClassVar[frozenset[str]]
    """The invariants that it is most likely to break; all are checked all the same."""

    @abstractmethod
    def draw(self, chance: random.Random, *, long: bool) -> Options:
        """Draw how it shall be: gentle enough for every run of the tests, or `long`."""

    @abstractmethod
    async def inject(self, world: World, options: Options) -> int:
        """Do it, and return how many times it was done."""

    async def heal(self, world: World) -> None:
        """Put everything right."""
        for gateway in world.gateways:
            gateway.axis.heal()
            await gateway.revive()
