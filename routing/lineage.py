"""Who follows whom: the bodies that a body took over from, and those that took over from it.

A successor is named by the version of a code that ended (QĐ 19/2025/QĐ-TTg and QĐ 09/2025/QĐ-TTg: units are
merged, split and renamed). Where another body took a code over, it follows the body that bore the code
before, whether anybody named it or not: the string is the same, and what was sent to it is about the same
office.

Invariants: a step leads from a version of a code to another one, never more than `MOST_STEPS` of them, and
each version is met once, so that a circle of successors ends.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from routing.agencies import Agency, Directory
from routing.status import Status
from routing.succession import DEPTH

MOST_STEPS: Final = DEPTH
"""How far a line of succession is followed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A body and all that it follows, itself first."""

    versions: tuple[Agency, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes under which these bodies are or were known, the nearest first."""
        return tuple(dict.fromkeys(each.code for each in self.versions))

    def includes(self, code: str, *, directory: Directory, at: datetime) -> bool:
        """Tell whether the code meant one of these bodies at `at`; one that meant nothing then speaks against nobody."""
        if code not in self.codes:
            return False
        then = directory.agency(code, at)
        return then is None or then.entity_id in {each.entity_id for each in self.versions}


def line_of(agency: Agency, *, directory: Directory, at: datetime) -> Line:
    """Return a body with those that it follows, as far as they ended by `at`."""

    def before(version: Agency) -> Iterable[Agency]:
        for each in directory.versions(version.code):
            if _ended_before(each, version.valid_from):
                yield each
        for each in directory.predecessors(version.code, at):
            if version.valid_to is None or _ended_before(each, version.valid_to):
                yield each

    return Line(versions=_walk(agency, before))


def heirs_of(agency: Agency, *, directory: Directory, at: datetime) -> tuple[Agency, ...]:
    """Return the bodies in force at `at` that took over from a version that ended, directly or through others."""

    def after(version: Agency) -> Iterable[Agency]:
        if version.valid_to is None or version.valid_to > at:
            return
        for code in dict.fromkeys((version.code, *version.successors)):
            for each in directory.versions(code):
                is_later = each.valid_to is None or each.valid_to > version.valid_to
                if is_later and (each.valid_from is None or each.valid_from <= at):
                    yield each

    met = _walk(agency, after)[1:]
    return tuple(each for each in met if each.in_force(at) and each.status is Status.ACTIVE)


def _ended_before(version: Agency, moment: datetime | None) -> bool:
    return version.valid_to is not None and moment is not None and version.valid_to <= moment


def _walk(start: Agency, step: Callable[[Agency], Iterable[Agency]]) -> tuple[Agency, ...]:
    """Return everything within `MOST_STEPS` steps, the nearest first."""
    met = {_key(start): start}
    edge = [start]
    for _ in range(MOST_STEPS):
        found = {_key(each): each for version in edge for each in step(version)}
        edge = [each for key, each in found.items() if key not in met]
        met |= {_key(each): each for each in edge}
    return tuple(met.values())


def _key(version: Agency) -> tuple[str, datetime | None]:
    return version.code, version.valid_from
