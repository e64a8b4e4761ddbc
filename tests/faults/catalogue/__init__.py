"""The faults, by their names in the plan; one class each, in the module of what they are done to."""

from __future__ import annotations

import random
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from tests.faults.catalogue.broker import BrokerAlarm, BrokerAway, BrokerDies, BrokerFreezes
from tests.faults.catalogue.clients import ClientsRepeat
from tests.faults.catalogue.queues import Poison, QueuesSuffer
from tests.faults.catalogue.wire import WireDrags, WireLies
from tests.faults.catalogue.workers import RollingRestarts, TwoSequencers, WorkerFreezes, WorkersDie
from tests.faults.fault import Fault

_ALL: Final[tuple[Fault, ...]] = (
    WorkersDie(),
    WorkerFreezes(),
    TwoSequencers(),
    RollingRestarts(),
    BrokerDies(),
    BrokerFreezes(),
    BrokerAway(),
    BrokerAlarm(),
    QueuesSuffer(),
    Poison(),
    WireLies(),
    WireDrags(),
    ClientsRepeat(),
)

FAULTS: Final[Mapping[str, Fault]] = MappingProxyType({fault.id: fault for fault in _ALL})
"""By id; a new fault is entered above."""


def mix(chance: random.Random) -> list[Fault]:
    """Draw one fault of each kind, that is of each module, in an order that is drawn, too."""
    kinds: dict[str, list[Fault]] = {}
    for fault in _ALL:
        kinds.setdefault(type(fault).__module__, []).append(fault)
    drawn = [chance.choice(faults) for faults in kinds.values()]
    chance.shuffle(drawn)
    return drawn
