"""Change sets over the small home scenario, and the directory that a change makes."""

from collections.abc import Iterable
from datetime import datetime

from routing.agencies import Directory
from routing.agency_change import AgencyChange
from routing.changes.apply import applied
from routing.changes.operation import Op, Operation
from routing.changes.validate import validate
from tests.support.registry import BEFORE, CUT_OVER


def an_operation(
    op: Op | None = Op.CLOSE,
    code: str = "H26.2",
    *,
    row: int = 2,
    name: str | None = None,
    parent: str | None = None,
    kind: str | None = None,
    valid_from: datetime | None = CUT_OVER,
    successors: tuple[str, ...] = (),
    aliases: tuple[str, ...] | None = None,
    forward_until: datetime | None = None,
) -> Operation:
    """Return one row of a change set that takes effect at the cut-over."""
    return Operation(
        row=row,
        op=op,
        code=code,
        name=name,
        parent=parent,
        kind=kind,
        valid_from=valid_from,
        successors=successors,
        aliases=aliases,
        forward_until=forward_until,
    )


def an_opening(
    code: str,
    name: str = "Ủy ban nhân dân xã Mới",
    *,
    row: int = 2,
    parent: str | None = None,
    valid_from: datetime = CUT_OVER,
    aliases: tuple[str, ...] | None = None,
) -> Operation:
    """Return a row that opens a commune."""
    return an_operation(
        Op.OPEN,
        code,
        row=row,
        name=name,
        parent=parent,
        kind="commune",
        valid_from=valid_from,
        aliases=aliases,
    )


def numbered(*operations: Operation) -> tuple[Operation, ...]:
    """Return the operations with the rows that they have in a file."""
    return tuple(
        Operation(**{name: getattr(each, name) for name in each.__slots__} | {"row": row})
        for row, each in enumerate(operations, start=2)
    )


def after(change: AgencyChange, directory: Directory) -> Directory:
    """Return the directory of the version that the change makes."""
    return directory.after(change, version=directory.version + 1)


def made(directory: Directory, *operations: Operation) -> Directory:
    """Return the directory after operations that are applied without being validated."""
    return after(applied(operations, directory), directory)


def faults(
    directory: Directory, *operations: Operation, now: datetime = BEFORE, retroactive: bool = False
) -> list[tuple[int, str, str, str]]:
    """Return (row, column, value, reason) of every fault of a change set."""
    return [
        (each.row, str(each.facts["column"]), str(each.facts["value"]), str(each.facts["reason"]))
        for each in validate(operations, directory, now=now, retroactive=retroactive)
    ]


def cells(rows: Iterable[Iterable[str]]) -> bytes:
    """Return a CSV file of rows whose cells need no quotation marks."""
    return "\r\n".join([",".join(row) for row in rows] + [""]).encode()
