"""The faults of the host that a gateway runs on, by their names in the plan."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from tests.faults.catalogue.calls import CallFails, DiesAtCall
from tests.faults.catalogue.clock import ClockIsSet
from tests.faults.catalogue.database import CommitsAreCut, DatabaseDies
from tests.faults.catalogue.limits import ConnectionsRunOut
from tests.faults.catalogue.power import PowerFails
from tests.faults.catalogue.room import DiskIsFull
from tests.faults.host import HostFault

_ALL: Final[tuple[HostFault, ...]] = (
    DiesAtCall(),
    CallFails(),
    DatabaseDies(),
    CommitsAreCut(),
    PowerFails(),
    DiskIsFull(),
    ConnectionsRunOut(),
    ClockIsSet(),
)

HOST_FAULTS: Final[Mapping[str, HostFault]] = MappingProxyType({fault.id: fault for fault in _ALL})
"""By id; a new fault is entered above."""
