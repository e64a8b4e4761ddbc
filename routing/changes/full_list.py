"""A full list of agencies as a change set: what it takes to make the directory say what the list says.

Invariants: what the list and the directory say alike is not touched; what the list lacks is closed, without
successors, because a list names none. Certificates are not compared: they are registered by themselves.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from routing.agencies import Directory
from routing.agency import Agency
from routing.changes.operation import Op, Operation

_FIRST_ROW = 2
"""The row of the first agency, under the header."""


def operations_from_list(
    agencies: Iterable[Agency], directory: Directory, at: datetime
) -> tuple[Operation, ...]:
    """Return what opens, renames and closes codes at `at` so that those in force are the ones on the list.

    The agencies are taken as `routing.agency_csv` reads them, one row after the other. One that the list has begin
    after `at` opens then.
    """
    listed = tuple(agencies)
    told = tuple(_told(listed, directory, at))
    codes = {each.code for each in listed}
    gone = sorted(
        agency.code for agency in directory.agencies() if agency.code not in codes and agency.in_force(at)
    )
    return (*told, *(Operation(row=0, op=Op.CLOSE, code=code, valid_from=at) for code in gone))


def _told(agencies: Iterable[Agency], directory: Directory, at: datetime) -> Iterator[Operation]:
    for row, wanted in enumerate(agencies, start=_FIRST_ROW):
        found = directory.agency(wanted.code, at)
        if found is None:
            yield Operation(
                row=row,
                op=Op.OPEN,
                code=wanted.code,
                name=wanted.name,
                parent=wanted.parent,
                kind=wanted.kind,
                valid_from=at if wanted.valid_from is None else max(at, wanted.valid_from),
                aliases=wanted.aliases,
            )
        elif _described(found) != _described(wanted):
            yield Operation(
                row=row,
                op=Op.RENAME,
                code=wanted.code,
                name=wanted.name,
                parent=wanted.parent or "",
                kind=wanted.kind,
                valid_from=at,
                aliases=wanted.aliases,
            )


def _described(agency: Agency) -> tuple[object, ...]:
    return agency.name, agency.parent, agency.kind, sorted(agency.aliases)
