"""The faults, by their names in the plan; one class each, in the module of what they are done to."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from tests.faults.catalogue.broker import BrokerDies, BrokerFreezes
from tests.faults.catalogue.workers import WorkersDie
from tests.faults.fault import Fault

FAULTS: Final[Mapping[str, Fault]] = MappingProxyType(
    {fault.id: fault for fault in (WorkersDie(), BrokerDies(), BrokerFreezes())}
)
"""By id; a new fault is entered here."""
