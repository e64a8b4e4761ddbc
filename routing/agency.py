"""One version of a code: what it names, from when, until when, and which entity that is.

Codes follow QĐ 20/2020/QĐ-TTg: dotted groups, level 1 first. The same code string may name different bodies
over time (QĐ 09/2025/QĐ-TTg: a merged province keeps one predecessor's code). Credentials and certificates
belong to the entity. Intervals are half-open and in UTC: the instant belongs to the new version.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import NAMESPACE_URL, uuid5

from routing.registrations import Registration, check_window
from routing.status import VERSION_STATUSES, Status

_ANNULLED: Final = Status.ANNULLED


def within(at: datetime, valid_from: datetime | None, valid_to: datetime | None) -> bool:
    """Tell whether `at` lies in [valid_from, valid_to)."""
    return (valid_from is None or valid_from <= at) and (valid_to is None or at < valid_to)


def entity_id(code: str, valid_from: datetime | None) -> str:
    """Return the identity of the entity that takes the code at `valid_from`, the same on every load.

    A UUID of version 5 (RFC 9562 §5.5); two loads of one list agree on who is who without asking each other.
    """
    since = "" if valid_from is None else valid_from.isoformat()
    return str(uuid5(NAMESPACE_URL, f"urn:vanthu:agency:{code}:{since}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """What a code names in [valid_from, valid_to); None is an open end.

    `successors` are codes, the default first. `aliases` are older forms of the code. `certificates` are
    the registrations of the entity, the same on each of its versions. `status` is what the code is in this
    interval. Until `forward_until`, what is sent to the code after its end goes to its one successor; None
    means that it is refused. `reconstituted_at` is the moment when this entity took the code over from
    another one; the `Directory` derives it from the versions of the code, whatever it was given.
    """

    code: str
    entity_id: str
    name: str
    parent: str | None
    kind: str
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    successors: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    certificates: tuple[Registration, ...] = ()
    status: Status = Status.ACTIVE
    forward_until: datetime | None = None
    reconstituted_at: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse naive times, empty intervals, and what no version can be."""
        check_window(self.valid_from, self.valid_to)
        if self.status not in VERSION_STATUSES:
            raise ValueError(f"a version of a code is never {self.status}")

    def in_force(self, at: datetime) -> bool:
        """Tell whether the code names this entity at `at`, be it suspended or not."""
        # Written out, because every lookup comes here.
        since, until = self.valid_from, self.valid_to
        return (
            (since is None or since <= at) and (until is None or at < until) and self.status is not _ANNULLED
        )


_SET: Final = tuple(getattr(Agency, name).__set__ for name in Agency.__slots__)


def recalled(facts: tuple[Any, ...]) -> Agency:
    """Return the version with these values, in the order of its fields; they were checked when it was first made.

    There may be a hundred thousand, and this takes half the time of making one.
    """
    version = object.__new__(Agency)
    one, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve, last = _SET
    one(version, facts[0])
    two(version, facts[1])
    three(version, facts[2])
    four(version, facts[3])
    five(version, facts[4])
    six(version, facts[5])
    seven(version, facts[6])
    eight(version, facts[7])
    nine(version, facts[8])
    ten(version, facts[9])
    eleven(version, facts[10])
    twelve(version, facts[11])
    last(version, None)
    return version


class AgencyContent(NamedTuple):
    """What is compared of a version: everything but its certificates, which live by themselves, and what is derived."""

    code: str
    entity_id: str
    name: str
    parent: str | None
    kind: str
    valid_from: datetime | None
    valid_to: datetime | None
    successors: tuple[str, ...]
    aliases: tuple[str, ...]
    status: str
    forward_until: datetime | None


def agency_content(source: Agency) -> AgencyContent:
    """Return what is compared of a version. The order of successors counts, that of aliases does not."""
    return AgencyContent(
        source.code,
        source.entity_id,
        source.name,
        source.parent,
        source.kind,
        source.valid_from,
        source.valid_to,
        source.successors,
        tuple(sorted(source.aliases)),
        source.status.value,
        source.forward_until,
    )
