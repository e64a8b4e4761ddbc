"""Every change set that anybody signed: held against the entries of its signatures and of the versions that were made.

Drafts are not evidence: what nobody signed says only what somebody had in mind.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row

from gateway.change_sets import unpack
from gateway.cli.audit.approvals import check_approvals
from gateway.cli.audit.findings import Difference, Pairs, compare, differs, missing, unlogged
from gateway.cli.audit.spoken import Spoken
from gateway.cli.audit.testimony import Fields, Testimony
from gateway.store import Audit
from gateway.store.planning import source_of_change
from gateway.store.tables import change_content, change_set
from routing.change_state import ChangeState
from routing.log import Kind

_OPEN: Final = frozenset({ChangeState.DRAFT.value, ChangeState.VALIDATED.value, ChangeState.WITHDRAWN.value})
_UPSTREAM: Final = re.compile(r"\S+/registry [0-9]+")
"""What a version is made of that follows another gateway, which answers for who signed it there."""

_FIRST: Final = frozenset({Kind.REGISTRY_PROPOSED, Kind.REGISTRY_EMERGENCY})


@dataclass(slots=True)
class _Course:
    """What the log says of one change set, taken together; `details` are None while it is only a draft."""

    states: frozenset[str] = _OPEN
    details: Fields | None = None
    sha256: str | None = None
    base_version: int | None = None
    emergency: str | None = None
    expires_at: str | None = None
    reason: str | None = None
    released: bool = False


def check_changes(audit: Audit, log: Testimony) -> Iterator[Difference]:
    """Yield what is wrong with change sets and the signatures over them."""
    made = {each.source: version for version, each in log.activations.items()}
    rows = {row.id: row for row in audit.rows(change_set)}
    undone = {
        str(row.rolls_back) for row in rows.values() if row.rolls_back and source_of_change(row.id) in made
    }
    for change_id, row in rows.items():
        if change_id not in log.changes and row.state not in _OPEN:
            yield unlogged(f"change_set[{change_id}]")
            continue
        course = _course(change_id, log.changes.get(change_id, ()))
        version = made.get(source_of_change(change_id))
        yield from _change(row, course, version, rolled_back=change_id in undone)
    for change_id in sorted(log.changes.keys() - rows.keys()):
        yield missing(f"change_set[{change_id}]")
    yield from _contents(audit, rows)
    yield from check_approvals(audit, log)
    for source, version in made.items():
        prefix, _, change_id = source.partition(" ")
        if prefix != "change" or _UPSTREAM.fullmatch(change_id):
            continue
        if not _may_be_made(log.changes.get(change_id, ())):
            yield unlogged(f"registry_version[{version}].approval")


def _may_be_made(spoken: object) -> bool:
    kinds = {each.kind for each in spoken} if isinstance(spoken, list) else set()
    return not kinds.isdisjoint({Kind.REGISTRY_APPROVED, Kind.REGISTRY_EMERGENCY, Kind.REGISTRY_LAPSED})


def _course(change_id: str, spoken: object) -> _Course:
    course = _Course()
    for each in spoken if isinstance(spoken, list) else ():
        _follow(course, change_id, each)
    return course


def _follow(course: _Course, change_id: str, spoken: Spoken) -> None:
    fields = spoken.fields
    match spoken.kind:
        case kind if kind in _FIRST:
            course.details, course.sha256 = fields, fields["change_sha256"]
            course.base_version = fields["base_version"]
            course.states = frozenset({ChangeState.VALIDATED.value})
            if kind is Kind.REGISTRY_EMERGENCY:
                course.states = frozenset({ChangeState.APPROVED.value})
                course.emergency, course.expires_at = fields["justification"], fields["expires_at"]
        case Kind.REGISTRY_APPROVED:
            course.states = frozenset({ChangeState.APPROVED.value})
        case Kind.REGISTRY_RATIFIED:
            course.expires_at = None
        case Kind.REGISTRY_RELEASED:
            course.released = True
        case Kind.REGISTRY_LAPSED if fields["rolled_back_by"] == change_id:
            course.details, course.sha256 = fields, fields["undo_sha256"]
            course.base_version = fields["undo_base_version"]
            course.states = frozenset({ChangeState.APPROVED.value})
        case Kind.REGISTRY_WITHDRAWN:
            course.states = frozenset({ChangeState.WITHDRAWN.value})
            course.reason, course.expires_at = fields.get("justification"), None
        case Kind.REGISTRY_VOIDED:
            course.states, course.details = _OPEN, None
            course.emergency = course.expires_at = None
        case _:
            pass


def _change(
    row: Row[Any], course: _Course, version: int | None, *, rolled_back: bool
) -> Iterator[Difference]:
    where = f"change_set[{row.id}]"
    states = course.states
    if version is not None and row.version is not None:
        states = frozenset({(ChangeState.ROLLED_BACK if rolled_back else ChangeState.SCHEDULED).value})
        yield from compare(where, {"version": (version, row.version)})
    elif row.version is not None:
        yield differs(where, "version", logged="–", found=row.version)
    if row.state not in states:
        yield differs(where, "state", logged=" / ".join(sorted(states)), found=row.state)
    if course.details is None:
        return
    expires = None if rolled_back else course.expires_at
    pairs: dict[str, tuple[object, object]] = {
        **_details(row, course.details),
        "diff_sha256": (course.sha256, row.diff_sha256),
        "base_version": (course.base_version, row.base_version),
        "held": (bool(course.details["held"]) and not course.released, bool(row.held)),
        "emergency": (course.emergency, row.emergency),
        "expires_at": (expires, _text(row.expires_at)),
        "reason": (course.reason, row.reason),
        "fault_count": (0, row.fault_count),
        "faults": ([], row.faults),
    }
    yield from compare(where, pairs)


def _details(row: Row[Any], logged: Fields) -> Pairs:
    return {
        **{
            name: (logged[name], getattr(row, name))
            for name in ("title", "legal_basis", "source_name", "source_type", "proposer")
        },
        **{name: (logged.get(name), getattr(row, name)) for name in ("source_sha256", "rolls_back")},
        "effective_at": (logged.get("effective_at"), _text(row.effective_at)),
        "instants": (list(logged["instants"]), row.instants),
        "retroactive": (int(bool(logged["retroactive"])), row.retroactive),
        "created_at": (logged["created_at"], _text(row.created_at)),
    }


def _contents(audit: Audit, rows: Mapping[str, Row[Any]]) -> Iterator[Difference]:
    seen = set()
    for row in audit.rows(change_content):
        seen.add(row.change_id)
        owner = rows.get(row.change_id)
        where = f"change_content[{row.change_id}]"
        if owner is None:
            yield unlogged(where)
            continue
        source = None if row.source is None else hashlib.sha256(row.source).hexdigest()
        yield from compare(where, {"source": (owner.source_sha256, source)})
        if owner.diff_sha256 is not None:
            lines = hashlib.sha256(unpack(row.lines)).hexdigest()
            yield from compare(where, {"lines": (owner.diff_sha256, lines)})
    for change_id in sorted(rows.keys() - seen):
        yield missing(f"change_content[{change_id}]")


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
