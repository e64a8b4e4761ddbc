"""Whether the registry may be relied upon at all: never, once what is known of an upstream registry is out of date.

Invariant: an examination that could not rely on the registry is undecided, whatever the document is like; nothing is kept of it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

from certs.trust import Trust
from gateway.flow.examination import Examination, Outcome
from gateway.flow.findings import Fault, Finding
from routing.agencies import Directory

Freshness: TypeAlias = Callable[[datetime], Fault | None]
"""Returns what speaks against relying on the registry at a moment."""


def always_fresh(_at: datetime) -> None:
    """Rely on the registry: it is this gateway's own."""


def unreliable(fault: Fault, *, directory: Directory, trust: Trust, at: datetime) -> Examination:
    """Return the examination that was not made because the registry may not be relied upon."""
    return Examination(
        outcome=Outcome.UNDECIDED,
        findings=(Finding.of(fault),),
        at=at,
        registry_version=directory.version,
        registry_sha256=directory.sha256,
        trust_version=trust.version,
        trust_number=trust.number,
        message=None,
        parties=None,
        verdict=None,
        sender=None,
        binding=None,
        deliveries=(),
        codes_at=at,
    )
