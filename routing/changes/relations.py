"""What is wrong between codes: successors, parents and older forms, in the registry as it would be after the change.

Invariant: a row whose own cells are at fault is not blamed for what only follows from that, and neither are the rows
that rely on it.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from routing.agencies import Directory
from routing.changes.operation import DESCRIBES, Op, Operation
from routing.changes.timeline import Step, Unfolded
from routing.changes.world import World
from routing.errors import RegistryFault
from routing.errors_change import ChangeFault, ChangeReason, Reason
from routing.table_file import CANONICAL, scheme_of

_ENDS = frozenset({Op.CLOSE, Op.ANNUL})


def relation_faults(
    operations: Iterable[Operation], unfolded: Unfolded, directory: Directory
) -> Iterator[ChangeFault]:
    """Yield what is wrong between the codes of a change, and between them and the rest of the registry."""
    world = World(directory, unfolded.versions)
    made = {id(step.operation) for step in unfolded.steps}
    excused = {each.code for each in operations if id(each) not in made}
    yield from _successor_faults(unfolded.steps, world, excused)
    yield from _parent_faults(unfolded.steps, world, excused)
    yield from _alias_faults(unfolded, world)


def _successor_faults(steps: Iterable[Step], world: World, excused: set[str]) -> Iterator[ChangeFault]:
    ending = {(step.operation.code, step.at): step for step in steps if step.op in _ENDS}
    circle = _circles(ending)
    blamed: set[tuple[str, str]] = set()
    for step in steps:
        for successor in dict.fromkeys(step.operation.successors):
            reason = _dangling(step, successor, world)
            if reason is None:
                continue
            blamed.add((step.operation.code, successor))
            if successor in excused:
                continue
            if (successor, step.at) in ending:
                both = {(successor, step.at), (step.operation.code, step.at)} <= circle
                reason = ChangeReason.SUCCESSOR_CYCLE if both else ChangeReason.SUCCESSOR_ENDS
            yield step.fault(reason, "successors", successor)
    for (code, at), step in ending.items():
        waiting = [each for each in world.awaiting(code, at) if (each, code) not in blamed]
        if waiting:
            yield step.fault(ChangeReason.AWAITED_SUCCESSOR, "code", _shown(waiting))


def _dangling(step: Step, successor: str, world: World) -> ChangeReason | None:
    if successor == step.operation.code or scheme_of(successor) not in CANONICAL:
        return None
    if world.agency(successor, step.at) is not None:
        return None
    known = bool(world.versions(successor))
    return ChangeReason.SUCCESSOR_NOT_IN_FORCE if known else ChangeReason.SUCCESSOR_UNKNOWN


_Ending = tuple[str, datetime]


def _circles(ending: dict[_Ending, Step]) -> set[_Ending]:
    """Return the codes, each with its moment, that end in favour of each other in a circle, or between circles.

    What leads nowhere is taken away until nothing does, and then what nothing leads to.
    """
    onward = {
        place: {(code, place[1]) for code in step.operation.successors if (code, place[1]) in ending}
        for place, step in ending.items()
    }
    for _ in range(2):
        backward: dict[_Ending, set[_Ending]] = {place: set() for place in onward}
        for place, targets in onward.items():
            for target in targets:
                backward[target].add(place)
        left = {place: len(targets) for place, targets in onward.items()}
        loose = [place for place, count in left.items() if not count]
        while loose:
            for place in backward[loose.pop()]:
                left[place] -= 1
                if not left[place]:
                    loose.append(place)
        within = {place for place, count in left.items() if count}
        onward = {place: backward[place] & within for place in within}
    return set(onward)


def _parent_faults(steps: Iterable[Step], world: World, excused: set[str]) -> Iterator[ChangeFault]:
    blamed: set[str] = set()
    rooted: dict[datetime, set[str]] = {}
    ended: dict[str, Step] = {}
    for step in steps:
        if step.op in DESCRIBES:
            reason, parent = _bad_parent(step, world, rooted.setdefault(step.at, set()))
            if reason is not None and parent not in excused:
                blamed.add(step.operation.code)
                yield step.fault(reason, "parent", parent)
        elif step.op in _ENDS:
            ended[step.operation.code] = step
    for parent, children in world.orphans({code: step.at for code, step in ended.items()}).items():
        orphans = sorted(set(children) - blamed)
        if orphans and parent not in excused:
            yield ended[parent].fault(ChangeReason.OPEN_CHILDREN, "code", _shown(orphans))


def _shown(codes: list[str]) -> str:
    """Return the first of some codes, and how many more there are."""
    return codes[0] if len(codes) == 1 else f"{codes[0]} (+{len(codes) - 1})"


def _bad_parent(step: Step, world: World, rooted: set[str]) -> tuple[Reason | None, str]:
    """Return what speaks against the parent that a code has from a step on; `rooted` are codes known to lead to a root."""
    agency = world.agency(step.operation.code, step.at)
    parent = None if agency is None else agency.parent
    if agency is None or parent is None or scheme_of(parent) not in CANONICAL:
        return None, ""
    if step.op is Op.RENAME and step.operation.parent is None:
        return None, ""
    if not world.versions(parent):
        return ChangeReason.PARENT_UNKNOWN, parent
    if world.agency(parent, step.at) is None:
        return ChangeReason.PARENT_NOT_IN_FORCE, parent
    if not world.throughout(parent, step.at, world.ends(agency)):
        return ChangeReason.PARENT_ENDS, parent
    return (RegistryFault.PARENT_CYCLE if _circular(agency.code, step.at, world, rooted) else None), parent


def _circular(code: str, at: datetime, world: World, rooted: set[str]) -> bool:
    """Tell whether a code is its own ancestor at a moment."""
    path: set[str] = set()
    current: str | None = code
    while current is not None and current not in rooted and current not in path:
        path.add(current)
        agency = world.agency(current, at)
        current = None if agency is None else agency.parent
    if current is not None and current in path:
        return current == code
    rooted |= path
    return False


def _alias_faults(unfolded: Unfolded, world: World) -> Iterator[ChangeFault]:
    owners: dict[str, str] = {}
    codes = unfolded.versions.keys()
    for step in unfolded.steps:
        code = step.operation.code
        if step.op is Op.OPEN and world.owner(code) not in {None, code}:
            yield step.fault(ChangeReason.CODE_IS_ALIAS)
        for alias in dict.fromkeys(step.operation.aliases or ()) if step.op in DESCRIBES else ():
            owner = owners.setdefault(alias, code)
            known = world.owner(alias)
            if alias in codes or alias == known:
                yield step.fault(ChangeReason.ALIAS_IS_CODE, "code_qcvn102", alias)
            elif owner != code or known not in {None, code}:
                yield step.fault(ChangeReason.ALIAS_TAKEN, "code_qcvn102", alias)
