"""What operations do to a directory, as the change of versions that the next version of the registry is made of.

Invariant: the change holds whole versions; those that an operation leaves as they are are not in it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from routing.agencies import Directory
from routing.agency import Agency, agency_content
from routing.agency_change import AgencyChange
from routing.changes.cells import cell_faults
from routing.changes.operation import Operation
from routing.changes.timeline import Versions, unfold
from routing.errors_change import ChangeRefused


def applied(operations: Iterable[Operation], directory: Directory) -> AgencyChange:
    """Return what the operations make of the directory; whether that may be is for `validate` to say.

    Raises:
        ChangeRefused: a row cannot be read, or cannot be carried out.

    """
    operations = tuple(operations)
    unread = [fault for each in operations if not each.readable for fault in cell_faults(each)]
    unfolded = unfold(operations, directory)
    faults = sorted((*unread, *unfolded.faults), key=lambda fault: fault.row)
    if faults:
        raise ChangeRefused(tuple(faults))
    return change_to(unfolded.versions, directory)


def change_to(versions: Mapping[str, Versions], directory: Directory) -> AgencyChange:
    """Return the change that gives codes these versions instead of those that they have."""
    closed: list[Agency] = []
    added: list[Agency] = []
    for code in sorted(versions):
        before = {agency_content(each): each for each in directory.versions(code)}
        after = {agency_content(each): each for each in versions[code]}
        closed += [plain(each) for key, each in before.items() if key not in after]
        added += [plain(each) for key, each in after.items() if key not in before]
    return AgencyChange(base_version=directory.version, closed=tuple(closed), added=tuple(added))


def plain(agency: Agency) -> Agency:
    """Return a version without what the directory derives from its neighbours."""
    return agency if agency.reconstituted_at is None else replace(agency, reconstituted_at=None)
