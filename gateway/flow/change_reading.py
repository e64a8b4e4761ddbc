"""From a file to what it would do: every fault of it, or the diff that officers sign. Pure, and slow for big files.

Invariants: nothing is kept of a change set that has a fault but the file and its faults; the same file over the same directory
always gives the same diff, so it can be looked at again whenever the registry has moved on.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from gateway.change_sets import Findings, Source, SourceType, pack
from gateway.records import Json
from gateway.workbook import rows_of_workbook
from routing.agencies import Agency, Directory
from routing.agency_change import AgencyChange
from routing.agency_csv import parse_agencies
from routing.change_lines import lines_of, version_fields
from routing.changes.apply import applied
from routing.changes.diff import Counts, Diff, counts, diff
from routing.changes.full_list import operations_from_list
from routing.changes.operation import Operation
from routing.changes.parse import Media, operations_from_rows, parse_change
from routing.changes.undo import rollback
from routing.changes.validate import validate
from routing.errors import RegistryFileErrors, RoutingError
from routing.errors_change import ChangeFault, ChangeReason, ChangeRefused
from routing.errors_change_sets import WorkbookRefusedError

FAULTS: Final = 1000
"""Faults of one file that are told one by one; the rest is counted."""


def look_at(source: Source, directory: Directory, *, now: datetime, retroactive: bool) -> Findings:
    """Return what a file would do to the directory, or all its faults."""
    try:
        operations = _operations(source, directory)
        faults = validate(operations, directory, now=now, retroactive=retroactive)
        change = None if faults else applied(operations, directory)
    except (ChangeRefused, RegistryFileErrors) as refusal:
        return faulty(refusal.faults, directory)
    except WorkbookRefusedError as refusal:
        return faulty((refusal,), directory)
    if change is None:
        return faulty(faults, directory)
    return found(change, directory, instants=_instants(operations))


def look_at_rollback(change: AgencyChange, directory: Directory, *, at: datetime) -> Findings:
    """Return what taking a change back from `at` on would do.

    Raises:
        ChangeOvertaken: later changes stand on it.

    """
    return found(rollback(change, directory, now=at), directory, instants=(at,))


def found(change: AgencyChange, directory: Directory, *, instants: Sequence[datetime]) -> Findings:
    """Return what is kept of a change; one that does nothing has a fault."""
    if not change.closed and not change.added:
        return faulty((ChangeFault(ChangeReason.NO_OPERATIONS),), directory)
    diffs, lines = diff(change, directory), lines_of(change)
    return Findings(
        base_version=directory.version,
        faults=(),
        fault_count=0,
        lines=pack(lines),
        diff=pack(msgspec.json.encode([_told(each) for each in diffs])),
        diff_sha256=hashlib.sha256(lines).hexdigest(),
        counts=_counted(counts(diffs)),
        instants=tuple(sorted(set(instants))),
    )


def faulty(faults: Iterable[RoutingError], directory: Directory) -> Findings:
    """Return the faults of a file as they are kept."""
    told = [_fault(each) for each in faults]
    return Findings(
        base_version=directory.version,
        faults=tuple(told[:FAULTS]),
        fault_count=len(told),
        lines=pack(b""),
        diff=pack(b"[]"),
        diff_sha256=None,
        counts={},
        instants=(),
    )


def _operations(source: Source, directory: Directory) -> tuple[Operation, ...]:
    content = source.content or b""
    match source.type:
        case SourceType.CHANGES_CSV:
            return parse_change(content, Media.CSV)
        case SourceType.CHANGES_JSON:
            return parse_change(content, Media.JSON)
        case SourceType.CHANGES_XLSX:
            return operations_from_rows(rows_of_workbook(content))
        case SourceType.AGENCIES_CSV:
            return _of_list(content, source, directory)
        case SourceType.AGENCIES_XLSX:
            return _of_list(_as_csv(rows_of_workbook(content)), source, directory)
        case SourceType.ROLLBACK:
            raise AssertionError("a rollback has no file")


def _of_list(content: bytes, source: Source, directory: Directory) -> tuple[Operation, ...]:
    if source.effective_at is None:
        raise AssertionError("a whole list takes effect at a moment")
    return operations_from_list(parse_agencies(content), directory, source.effective_at)


def _as_csv(rows: Iterable[Sequence[str]]) -> bytes:
    """Write the rows of a sheet as the file that they would be, row by row."""
    target = io.StringIO(newline="")
    csv.writer(target).writerows(rows)
    return target.getvalue().encode()


def _instants(operations: Iterable[Operation]) -> tuple[datetime, ...]:
    return tuple(sorted({each.valid_from for each in operations if each.valid_from is not None}))


def _fault(fault: RoutingError) -> Mapping[str, Json]:
    facts = fault.facts
    return {
        "code": fault.code,
        "row": facts.get("row", 0),
        "column": str(facts.get("column", "–")),
        "value": str(facts.get("value", "")),
        "reason": str(facts.get("reason", fault.code)),
        "vi": fault.vi.format(**facts),
        "en": fault.en.format(**facts),
    }


def _told(each: Diff) -> dict[str, Any]:
    return {
        "code": each.code,
        "op": each.op.value,
        "instant": None if each.instant is None else each.instant.isoformat(),
        "before": _version(each.before),
        "after": _version(each.after),
        "withdrawn": each.withdrawn,
    }


def _version(agency: Agency | None) -> dict[str, Any] | None:
    return None if agency is None else version_fields(agency)


def _counted(found: Counts) -> Mapping[str, Json]:
    instants = {"–" if at is None else at.isoformat(): number for at, number in found.per_instant.items()}
    return {
        "codes": found.codes,
        "withdrawn": found.withdrawn,
        "operations": {op.value: number for op, number in found.per_op.items()},
        "instants": instants,
    }
