"""What operations make of the versions of their codes, one code at a time, in the order of their moments.

`unfold` works on the versions that a code has and returns those that it has afterwards. An operation that makes no
sense at its place (a code that is not there is closed) does nothing and becomes a fault.

Invariants: an operation changes nothing before its moment; the entity goes on through everything but `OPEN` and
`RECONSTITUTE`; ending an entity ends it for good, whatever was planned for it; what is amended from a moment on stays
so until a version that was planned to differ in that very respect.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby, pairwise
from types import MappingProxyType
from typing import Any

from routing.agencies import Directory
from routing.agency import Agency, entity_id
from routing.changes.operation import Op, Operation
from routing.errors_change import ChangeFault, ChangeReason, Reason
from routing.status import Status
from routing.table_file import CANONICAL, VIETNAM, scheme_of

Versions = tuple[Agency, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An operation whose row could be read as far as code, operation and moment go."""

    operation: Operation
    op: Op
    at: datetime

    def fault(self, reason: Reason, column: str = "code", value: str | None = None) -> ChangeFault:
        """Return a fault of its row; the value is the code, or the moment, unless another is given."""
        if value is None:
            value = self.at.astimezone(VIETNAM).isoformat() if column == "valid_from" else self.operation.code
        return self.operation.fault(column, reason, value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfolded:
    """What a change makes of the codes that it touches, and which of its steps could not be made."""

    versions: Mapping[str, Versions]
    steps: tuple[Step, ...]
    faults: tuple[ChangeFault, ...]


def unfold(operations: Iterable[Operation], directory: Directory) -> Unfolded:
    """Return the versions that each touched code has afterwards; `steps` are those that were made."""
    steps = [
        Step(operation=each, op=each.op, at=each.valid_from)
        for each in operations
        if each.op is not None and each.valid_from is not None and scheme_of(each.code) in CANONICAL
    ]
    steps.sort(key=lambda step: (step.operation.code, step.at))
    versions: dict[str, Versions] = {}
    made: list[Step] = []
    faults: list[ChangeFault] = []
    for code, group in groupby(steps, key=lambda step: step.operation.code):
        versions[code] = _unfold_code(directory.versions(code), tuple(group), made, faults)
    return Unfolded(versions=MappingProxyType(versions), steps=tuple(made), faults=tuple(faults))


def _unfold_code(
    found: Versions, steps: tuple[Step, ...], made: list[Step], faults: list[ChangeFault]
) -> Versions:
    for i, step in enumerate(steps):
        try:
            if i and steps[i - 1].at == step.at:
                same = steps[i - 1].op is step.op
                raise step.fault(ChangeReason.REPEATED if same else ChangeReason.CONTRADICTION)
            found = _MAKE[step.op](step, found)
        except ChangeFault as fault:
            faults.append(fault)
        else:
            made.append(step)
    for earlier, later in pairwise(found):
        if earlier.valid_to is None or later.valid_from is None or later.valid_from < earlier.valid_to:
            reaching = [step for step in steps if step.op in _BEGINS and _began(step, earlier)]
            faults += [step.fault(ChangeReason.OVERLAP, "valid_from") for step in reaching]
    return found


_BEGINS = frozenset({Op.OPEN, Op.RECONSTITUTE})


def _began(step: Step, version: Agency) -> bool:
    """Tell whether a version is of the entity that takes the code with this step."""
    return version.entity_id == entity_id(step.operation.code, step.at)


def _in_force(step: Step, versions: Versions) -> Agency:
    """Return the version that the step is about; of two that overlap, the one that begins last.

    Raises:
        ChangeFault: there is none.

    """
    for version in reversed(versions):
        if version.in_force(step.at):
            return version
    raise step.fault(ChangeReason.NOT_IN_FORCE if versions else ChangeReason.UNKNOWN_CODE)


def in_order(versions: Iterable[Agency]) -> Versions:
    """Return versions of one code, the oldest first."""
    return tuple(sorted(versions, key=lambda each: (each.valid_from is not None, each.valid_from)))


def _ended(step: Step, versions: Versions) -> Versions:
    """Return the versions with the entity in force ended for good, and what was planned for it dropped.

    Raises:
        ChangeFault: no entity is in force, or nothing would be left of the version that ends.

    """
    version = _in_force(step, versions)
    if version.valid_from == step.at:
        raise step.fault(ChangeReason.EMPTY_INTERVAL, "valid_from")
    ended = replace(
        version,
        valid_to=step.at,
        successors=step.operation.successors,
        forward_until=step.operation.forward_until,
    )
    return (*(each for each in versions if not _goes_on(each, version, step.at)), ended)


def _goes_on(each: Agency, version: Agency, at: datetime) -> bool:
    """Tell whether a version is `version` or continues its entity after `at`."""
    later = each.valid_from is not None and each.valid_from > at
    return each is version or (later and each.entity_id == version.entity_id)


def _new(step: Step, before: Agency | None = None) -> Agency:
    """Return the version with which a new entity takes the code, described as the entity before it where nothing is said."""
    operation = step.operation
    described = before or Agency(
        code=operation.code, entity_id="", name="", parent=None, kind="", valid_from=step.at
    )
    return Agency(
        code=operation.code,
        entity_id=entity_id(operation.code, step.at),
        valid_from=step.at,
        **{
            "name": described.name,
            "parent": described.parent,
            "kind": described.kind,
            "aliases": described.aliases,
        }
        | _described(operation),
    )


def _described(operation: Operation) -> dict[str, Any]:
    """Return what an operation says of a code, by the fields of a version."""
    said = {
        "name": operation.name,
        "parent": operation.parent,
        "kind": operation.kind,
        "aliases": operation.aliases,
    }
    found = {name: value for name, value in said.items() if value is not None}
    return found | ({"parent": None} if operation.parent == "" else {})


def _open(step: Step, versions: Versions) -> Versions:
    if any(each.in_force(step.at) for each in versions):
        raise step.fault(ChangeReason.ALREADY_IN_FORCE)
    return in_order((*_without_annulled(versions, step.at), _new(step)))


def _without_annulled(versions: Versions, at: datetime) -> Iterable[Agency]:
    """Yield the versions, those issued in error only as far as they lie before `at`: the code is free again."""
    for each in versions:
        if each.status is not Status.ANNULLED or (each.valid_to is not None and each.valid_to <= at):
            yield each
        elif each.valid_from is None or each.valid_from < at:
            yield replace(each, valid_to=at)


def _close(step: Step, versions: Versions) -> Versions:
    return in_order(_ended(step, versions))


def _reconstitute(step: Step, versions: Versions) -> Versions:
    return in_order((*_ended(step, versions), _new(step, _in_force(step, versions))))


def _rename(step: Step, versions: Versions) -> Versions:
    return _amended(step, versions, _described(step.operation))


def _suspend(step: Step, versions: Versions) -> Versions:
    if _in_force(step, versions).status is Status.SUSPENDED:
        raise step.fault(ChangeReason.ALREADY_SUSPENDED)
    return _amended(step, versions, {"status": Status.SUSPENDED})


def _resume(step: Step, versions: Versions) -> Versions:
    if _in_force(step, versions).status is not Status.SUSPENDED:
        raise step.fault(ChangeReason.NOT_SUSPENDED)
    return _amended(step, versions, {"status": Status.ACTIVE})


def _annul(step: Step, versions: Versions) -> Versions:
    version = _in_force(step, versions)
    rest = [each for each in versions if not _goes_on(each, version, step.at)]
    following = [
        each.valid_from for each in rest if each.valid_from is not None and each.valid_from > step.at
    ]
    annulled = replace(
        version,
        status=Status.ANNULLED,
        valid_from=step.at,
        valid_to=min(following, default=None),
        successors=step.operation.successors,
        forward_until=None,
    )
    if version.valid_from != step.at:
        rest.append(replace(annulled, status=version.status, valid_from=version.valid_from, valid_to=step.at))
    return in_order((*rest, annulled))


def _amended(step: Step, versions: Versions, said: dict[str, Any]) -> Versions:
    """Return the versions with the entity in force described otherwise from the step on.

    Raises:
        ChangeFault: no entity is in force, or it is described so already.

    """
    version = _in_force(step, versions)
    told = {name: value for name, value in said.items() if getattr(version, name) != value}
    if not told:
        raise step.fault(ChangeReason.UNCHANGED)
    amended: list[Agency] = []
    for each in versions:
        if each is version:
            if version.valid_from != step.at:
                amended.append(replace(version, valid_to=step.at, successors=(), forward_until=None))
            amended.append(replace(version, valid_from=step.at, **told))
        elif told and _goes_on(each, version, step.at):
            told = {
                name: value for name, value in told.items() if getattr(each, name) == getattr(version, name)
            }
            amended.append(replace(each, **told))
        else:
            amended.append(each)
    return tuple(amended)


_MAKE: dict[Op, Callable[[Step, Versions], Versions]] = {
    Op.OPEN: _open,
    Op.CLOSE: _close,
    Op.RECONSTITUTE: _reconstitute,
    Op.RENAME: _rename,
    Op.SUSPEND: _suspend,
    Op.RESUME: _resume,
    Op.ANNUL: _annul,
}
