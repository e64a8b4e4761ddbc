"""How far a set of changes to the registry has come, and which step may follow which.

::

    draft ──► validated ──► approved ──► scheduled ──► active
      │         │  ▲  │         │            │            │
      ├─────────┘  └──┼─────────┤            └────────────┴──► rolled_back
      └───────────────┴─────────┴──► withdrawn

A draft has faults, or was never looked at. Validated means without a fault against the version of the registry
that it names; the proposer signs then, and the approval of another officer makes it approved. From there on the
gateway goes on by itself: it makes the version (scheduled), which takes effect at its instant.

Invariants: a change set moves only along `ALLOWED`; `ACTIVE` is never stored, it is what a scheduled change set
is called from its first instant on (`shown`); what is withdrawn or rolled back stays so.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType


class ChangeState(StrEnum):
    """How far a change set has come."""

    DRAFT = "draft"
    VALIDATED = "validated"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    ACTIVE = "active"
    WITHDRAWN = "withdrawn"
    ROLLED_BACK = "rolled_back"

    @property
    def vi(self) -> str:
        """The Vietnamese name, for display."""
        return _NAMES[self][0]

    @property
    def en(self) -> str:
        """The English name, for display."""
        return _NAMES[self][1]

    @property
    def is_final(self) -> bool:
        """Whether nothing more can happen to the change set."""
        return not ALLOWED[self]

    def can_become(self, later: "ChangeState") -> bool:
        """Tell whether a change set in this state may move to `later`."""
        return later in ALLOWED[self]


ALLOWED: Mapping[ChangeState, frozenset[ChangeState]] = MappingProxyType(
    {
        ChangeState.DRAFT: frozenset({ChangeState.DRAFT, ChangeState.VALIDATED, ChangeState.WITHDRAWN}),
        ChangeState.VALIDATED: frozenset(
            {ChangeState.DRAFT, ChangeState.VALIDATED, ChangeState.APPROVED, ChangeState.WITHDRAWN}
        ),
        ChangeState.APPROVED: frozenset(
            {ChangeState.DRAFT, ChangeState.VALIDATED, ChangeState.SCHEDULED, ChangeState.WITHDRAWN}
        ),
        ChangeState.SCHEDULED: frozenset({ChangeState.ROLLED_BACK}),
        ChangeState.ACTIVE: frozenset({ChangeState.ROLLED_BACK}),
        ChangeState.WITHDRAWN: frozenset(),
        ChangeState.ROLLED_BACK: frozenset(),
    }
)
"""The states that each state may be followed by."""

_NAMES = {
    ChangeState.DRAFT: ("bản nháp", "draft"),
    ChangeState.VALIDATED: ("đã kiểm tra", "validated"),
    ChangeState.APPROVED: ("đã phê duyệt", "approved"),
    ChangeState.SCHEDULED: ("đã lên lịch", "scheduled"),
    ChangeState.ACTIVE: ("đang có hiệu lực", "active"),
    ChangeState.WITHDRAWN: ("đã rút", "withdrawn"),
    ChangeState.ROLLED_BACK: ("đã hoàn tác", "rolled back"),
}


def shown(state: ChangeState, instants: Iterable[datetime], at: datetime) -> ChangeState:
    """Return the state at `at`: a scheduled change set is active from its first instant on."""
    if state is ChangeState.SCHEDULED and min(instants, default=at) <= at:
        return ChangeState.ACTIVE
    return state
