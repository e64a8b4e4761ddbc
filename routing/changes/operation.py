"""One row of a change set: what is to become of one code from one moment on.

Invariant: an operation says what was written. A cell that cannot be read is `None` (or empty) in its field and
is described in `unread`; `routing.changes.validate` tells of it together with all other faults.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from routing.errors_change import ChangeFault, Reason


class Op(StrEnum):
    """What can be done with a code."""

    OPEN = "open"
    """It names a new entity."""

    CLOSE = "close"
    """Its entity ends; others may take over."""

    RECONSTITUTE = "reconstitute"
    """It names a new entity instead of the one that had it (QĐ 09/2025/QĐ-TTg)."""

    RENAME = "rename"
    """The same entity gets another name, parent, kind, or other older forms of its code."""

    SUSPEND = "suspend"
    """Nothing is sent in its name or to it for now."""

    RESUME = "resume"
    """It is active again."""

    ANNUL = "annul"
    """It was issued in error."""

    @property
    def vi(self) -> str:
        """The Vietnamese name, for display."""
        return _NAMES[self]


_NAMES = {
    Op.OPEN: "mở mã",
    Op.CLOSE: "đóng mã",
    Op.RECONSTITUTE: "lập cơ quan mới giữ mã cũ",
    Op.RENAME: "đổi thông tin",
    Op.SUSPEND: "tạm dừng",
    Op.RESUME: "hoạt động lại",
    Op.ANNUL: "hủy mã cấp nhầm",
}

NAMES_OTHERS = frozenset({Op.CLOSE, Op.RECONSTITUTE, Op.ANNUL})
"""What ends an entity and may therefore name successors."""

DESCRIBES = frozenset({Op.OPEN, Op.RECONSTITUTE, Op.RENAME})
"""What says how a code is to be described; elsewhere name, parent, kind and older forms are there for readers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A cell that could not be read: its column, what stood in it, and why."""

    column: str
    value: str
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What one row says.

    `row` is counted as the code administrator sees it, 0 for what no row says. None stands for an empty cell: what
    is described stays as it was. A `parent` of "" is none, and `aliases` of () are none; `successors` are codes,
    the default first.
    """

    row: int
    op: Op | None
    code: str
    name: str | None = None
    parent: str | None = None
    kind: str | None = None
    valid_from: datetime | None
    successors: tuple[str, ...] = ()
    aliases: tuple[str, ...] | None = None
    forward_until: datetime | None = None
    unread: tuple[Unread, ...] = ()

    @property
    def readable(self) -> bool:
        """Whether the row says what is to be done, and when."""
        return not self.unread and self.op is not None and self.valid_from is not None

    def fault(self, column: str, reason: Reason, value: str) -> ChangeFault:
        """Return a fault of this row."""
        return ChangeFault(reason, row=self.row, column=column, value=value)
