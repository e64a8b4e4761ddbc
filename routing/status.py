"""What an agency's code is at a moment: in force, or why it is not.

*Entity* and *code* are two things, as in the GLEIF data model: a body may go on under another code, and a
code may name another body (QĐ 09/2025/QĐ-TTg). What is said here is said of the code.

Invariant: a version of a code (`routing.agencies.Agency`) is `ACTIVE`, `SUSPENDED` or `ANNULLED` in its
interval; `MERGED` and `CLOSED` are what a code is after the end of its last version, and `PLANNED` what it
is before the first.
"""

from enum import StrEnum


class Status(StrEnum):
    """What a code is at a moment."""

    PLANNED = "planned"
    """It comes into force later."""

    ACTIVE = "active"

    SUSPENDED = "suspended"
    """Its body exists, but nothing is sent in its name or to it for now."""

    MERGED = "merged"
    """It ended, and others took over: one successor, or several with a default."""

    CLOSED = "closed"
    """It ended, and nobody took over."""

    ANNULLED = "annulled"
    """It was issued in error and never counts."""

    @property
    def vi(self) -> str:
        """The Vietnamese name, for display."""
        return _NAMES[self][0]

    @property
    def en(self) -> str:
        """The English name, for display."""
        return _NAMES[self][1]


VERSION_STATUSES = frozenset({Status.ACTIVE, Status.SUSPENDED, Status.ANNULLED})
"""What a version of a code can be in its interval."""

_NAMES = {
    Status.PLANNED: ("chưa có hiệu lực", "not yet in force"),
    Status.ACTIVE: ("đang hoạt động", "active"),
    Status.SUSPENDED: ("tạm dừng", "suspended"),
    Status.MERGED: ("đã sáp nhập", "merged"),
    Status.CLOSED: ("đã đóng", "closed"),
    Status.ANNULLED: ("đã hủy do cấp nhầm", "annulled"),
}
