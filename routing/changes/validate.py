"""Everything that speaks against a change set, all at once, each with row, column, value and reason.

A row is first judged for itself (`cells`), then in its place in the history of its code (`timeline`), then against
what the registry would be after the whole change (`relations`), so that rows may rely on each other in any order.

Invariant: a change set without faults gives a directory without contradictions.
"""

from collections.abc import Iterable
from datetime import datetime

from routing.agencies import Directory
from routing.changes.cells import cell_faults
from routing.changes.operation import Operation
from routing.changes.relations import relation_faults
from routing.changes.timeline import unfold
from routing.errors_change import ChangeFault, ChangeReason
from routing.table_file import VIETNAM


def validate(
    operations: Iterable[Operation], directory: Directory, *, now: datetime, retroactive: bool = False
) -> tuple[ChangeFault, ...]:
    """Return every fault of a change set over a directory, by row; none when it may be made as it is.

    With `retroactive`, moments before `now` are allowed.
    """
    operations = tuple(operations)
    faults: list[ChangeFault] = []
    for operation in operations:
        faults += cell_faults(operation)
        if not retroactive and operation.valid_from is not None and operation.valid_from < now:
            shown = operation.valid_from.astimezone(VIETNAM).isoformat()
            faults.append(operation.fault("valid_from", ChangeReason.RETROACTIVE, shown))
    unfolded = unfold(operations, directory)
    faults += unfolded.faults
    faults += relation_faults(operations, unfolded, directory)
    return tuple(sorted(faults, key=lambda fault: fault.row))
