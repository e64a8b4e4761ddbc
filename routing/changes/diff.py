"""What a change does, told to people code by code, and the hash by which proposer and approver sign for it.

Both follow from the versions that the change closes and adds, and from nothing else, so that whoever signs, signs
for what is made and not for a file that should lead to it.

Invariants: the hash is the same whatever order the versions come in and whatever else was changed meanwhile, and
differs when anything about the change differs; a diff of a change and one of its rollback say the opposite.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from json import JSONEncoder

from routing.agencies import Directory
from routing.agency import Agency, agency_content
from routing.agency_change import AgencyChange
from routing.changes.apply import plain
from routing.changes.operation import Op
from routing.changes.timeline import in_order
from routing.registrations import text_of
from routing.status import Status

_CANONICAL = JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """What becomes of a code at a moment: the version before that moment and the one from then on, None where there is none.

    `before` has the successors. With `withdrawn`, it was planned or recorded so, and shall not be any more.
    `instant` is None for what holds since ever.
    """

    code: str
    op: Op
    instant: datetime | None
    before: Agency | None
    after: Agency | None
    withdrawn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How much a change does: per operation and per moment, what is withdrawn counted apart."""

    codes: int
    per_op: Mapping[Op, int]
    per_instant: Mapping[datetime | None, int]
    withdrawn: int


def diff(change: AgencyChange, directory: Directory) -> tuple[Diff, ...]:
    """Return what the change does, by moment and code, to a directory that has what it closes, or what it adds."""
    closed, added = _by_code(change.closed), _by_code(change.added)
    found: list[Diff] = []
    for code in change.codes:
        gone = closed.get(code, [])
        new = added.get(code, [])
        keys = {agency_content(each) for each in (*gone, *new)}
        kept = [plain(each) for each in directory.versions(code) if agency_content(each) not in keys]
        before, after = _events([*kept, *gone]), _events([*kept, *new])
        found += [_told(code, *event) for key, event in after.items() if key not in before]
        found += [_told(code, *event, withdrawn=True) for key, event in before.items() if key not in after]
    return tuple(sorted(found, key=_place))


def counts(diffs: Iterable[Diff]) -> Counts:
    """Return how many there are of what."""
    diffs = tuple(diffs)
    made = [each for each in diffs if not each.withdrawn]
    return Counts(
        codes=len({each.code for each in diffs}),
        per_op=Counter(each.op for each in made),
        per_instant=Counter(each.instant for each in made),
        withdrawn=len(diffs) - len(made),
    )


def diff_sha256(change: AgencyChange) -> str:
    """Return the SHA-256, in hex, of what the change closes and adds, whichever version it is made of.

    Each version is one line of RFC 8785 JSON; the lines are sorted as bytes and each ends in a line feed, as in
    `routing.registry_hash`. Certificates are left out: they belong to the entity and are not part of a change.
    """
    lines = [
        _CANONICAL.encode({name: _fields(agency)}).encode()
        for name, agencies in (("added", change.added), ("closed", change.closed))
        for agency in agencies
    ]
    lines.sort()
    return hashlib.sha256(b"".join(line + b"\n" for line in lines)).hexdigest()


def _fields(agency: Agency) -> dict[str, object]:
    return {
        "aliases": sorted(agency.aliases),
        "code": agency.code,
        "entity_id": agency.entity_id,
        "forward_until": text_of(agency.forward_until),
        "kind": agency.kind,
        "name": agency.name,
        "parent": agency.parent,
        "status": agency.status.value,
        "successors": agency.successors,
        "valid_from": text_of(agency.valid_from),
        "valid_to": text_of(agency.valid_to),
    }


def _by_code(agencies: Iterable[Agency]) -> dict[str, list[Agency]]:
    found: dict[str, list[Agency]] = {}
    for agency in agencies:
        found.setdefault(agency.code, []).append(plain(agency))
    return found


_Event = tuple[Op, datetime | None, Agency | None, Agency | None]


def _events(versions: Iterable[Agency]) -> dict[object, _Event]:
    """Return what happens in the history of one code, by what makes two such events the same."""
    return {_key(*event): event for event in _transitions(versions)}


def _transitions(versions: Iterable[Agency]) -> Iterator[_Event]:
    earlier: Agency | None = None
    for version in (*in_order(versions), None):
        adjoining = earlier is not None and version is not None and earlier.valid_to == version.valid_from
        if earlier is not None and not adjoining and earlier.valid_to is not None:
            yield Op.CLOSE, earlier.valid_to, earlier, None
        if version is not None:
            before = earlier if adjoining else None
            yield _op(before, version), version.valid_from, before, version
        earlier = version


def _op(before: Agency | None, after: Agency) -> Op:
    if after.status is Status.ANNULLED:
        return Op.ANNUL
    if before is None or before.status is Status.ANNULLED:
        return Op.OPEN
    if before.entity_id != after.entity_id:
        return Op.RECONSTITUTE
    if before.status is not after.status:
        return Op.SUSPEND if after.status is Status.SUSPENDED else Op.RESUME
    return Op.RENAME


def _key(op: Op, instant: datetime | None, before: Agency | None, after: Agency | None) -> object:
    """Return what is the same of an event whatever happens before and after it."""
    ending = None if before is None else (before.successors, before.forward_until)
    return op, instant, ending, None if after is None else _description(after)


def _description(agency: Agency) -> tuple[object, ...]:
    aliases = tuple(sorted(agency.aliases))
    return agency.entity_id, agency.name, agency.parent, agency.kind, aliases, agency.status


def _told(
    code: str,
    op: Op,
    instant: datetime | None,
    before: Agency | None,
    after: Agency | None,
    *,
    withdrawn: bool = False,
) -> Diff:
    return Diff(code=code, op=op, instant=instant, before=before, after=after, withdrawn=withdrawn)


def _place(told: Diff) -> tuple[bool, float, str, bool]:
    since = 0.0 if told.instant is None else told.instant.timestamp()
    return told.instant is not None, since, told.code, not told.withdrawn
