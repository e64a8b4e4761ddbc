"""The faults, by their names in the plan; one class each, in the module of what they are done to."""

from __future__ import annotations

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
