"""What the routing log says of change sets, in order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from routing.log import Kind, LogEntry

CHANGE_KINDS: Final = frozenset(
    {
        Kind.REGISTRY_PROPOSED,
        Kind.REGISTRY_APPROVED,
        Kind.REGISTRY_WITHDRAWN,
        Kind.REGISTRY_VOIDED,
        Kind.REGISTRY_RELEASED,
        Kind.REGISTRY_EMERGENCY,
        Kind.REGISTRY_RATIFIED,
        Kind.REGISTRY_LAPSED,
    }
)


class Spoken(NamedTuple):
    """One entry about a change set."""

    kind: Kind
    fields: Mapping[str, Any]
    at: datetime


def note_change(changes: dict[str, list[Spoken]], entry: LogEntry) -> None:
    """Note an entry under the change set that it speaks of; a lapse also under the one that undoes it."""
    spoken = Spoken(entry.kind, entry.fields, entry.t)
    changes.setdefault(str(entry.fields["change"]), []).append(spoken)
    if entry.kind is Kind.REGISTRY_LAPSED:
        changes.setdefault(str(entry.fields["rolled_back_by"]), []).append(spoken)
