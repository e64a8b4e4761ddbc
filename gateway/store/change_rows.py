"""The rows behind change sets: how they come to be, move on, and become records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Column, Connection, Row, func, insert, select, update

from gateway.change_sets import (
    Approval,
    ChangeContent,
    ChangeSet,
    Findings,
    NewApproval,
    NewChange,
    Source,
    SourceType,
)
from gateway.ports import ChangeMovedError
from gateway.store.planning import source_of_change
from gateway.store.tables import change_approval, change_content, change_set, registry_version
from routing.change_approval import OfficerRole
from routing.change_state import ChangeState

_FIELDS: Final[tuple[Column[Any], ...]] = tuple(change_set.c)
_OPEN: Final = tuple(
    state.value
    for state in (ChangeState.DRAFT, ChangeState.VALIDATED, ChangeState.APPROVED, ChangeState.SCHEDULED)
)
_CHUNK: Final = 500


def add(connection: Connection, now: datetime, new: NewChange, *, state: ChangeState) -> ChangeSet:
    """Insert a change set."""
    row = {
        "id": new.id,
        "revision": 1,
        "title": new.title,
        "legal_basis": new.legal_basis,
        "state": state.value,
        **source_values(new.source),
        "retroactive": int(new.retroactive),
        "held": int(new.held),
        **findings_values(new.findings),
        "proposer": new.proposer,
        "rolls_back": new.rolls_back,
        "created_at": now,
        "changed_at": now,
    }
    connection.execute(insert(change_set), row)
    connection.execute(
        insert(change_content),
        {
            "change_id": new.id,
            "source": new.source.content,
            "lines": new.findings.lines,
            "diff": new.findings.diff,
        },
    )
    return existing(connection, new.id)


def source_values(source: Source) -> dict[str, Any]:
    """Return the columns that name a file."""
    return {
        "source_name": source.name,
        "source_type": source.type.value,
        "source_sha256": source.sha256,
        "effective_at": source.effective_at,
    }


def findings_values(found: Findings) -> dict[str, Any]:
    """Return the columns that hold what validation found."""
    return {
        "base_version": found.base_version,
        "faults": list(found.faults),
        "fault_count": found.fault_count,
        "diff_sha256": found.diff_sha256,
        "counts": dict(found.counts),
        "instants": [each.isoformat() for each in found.instants],
    }


def put_content(
    connection: Connection, change_id: str, found: Findings, *, source: Source | None = None
) -> None:
    """Put another change in place of those that are there, and another file if one is given."""
    values: dict[str, Any] = {"lines": found.lines, "diff": found.diff}
    if source is not None:
        values["source"] = source.content
    connection.execute(update(change_content).where(change_content.c.change_id == change_id).values(**values))


def move(
    connection: Connection, now: datetime, seen: ChangeSet, state: ChangeState | None = None, **values: object
) -> ChangeSet:
    """Change a row that is still as it was seen; without a `state` it keeps its own.

    Raises:
        ChangeMovedError: it is not, or must not move there.

    """
    if state is not None and not seen.state.can_become(state):
        raise ChangeMovedError(f"{seen.id} is {seen.state}")
    if state is not None:
        values["state"] = state.value
    done = connection.execute(
        update(change_set)
        .where(change_set.c.id == seen.id, change_set.c.revision == seen.revision)
        .values(revision=seen.revision + 1, changed_at=now, **values)
    )
    if done.rowcount != 1:
        raise ChangeMovedError(f"{seen.id} has moved on from revision {seen.revision}")
    return existing(connection, seen.id)


def keep_signature(connection: Connection, now: datetime, seen: ChangeSet, new: NewApproval) -> None:
    """Insert a signature over the diff that was seen."""
    connection.execute(
        insert(change_approval),
        {
            "change_id": seen.id,
            "officer": new.officer,
            "role": new.role.value,
            "verifier_key": new.verifier_key,
            "base_version": seen.base_version,
            "diff_sha256": seen.diff_sha256,
            "signed_at": new.signed_at,
            "signature": new.signature,
            "at": now,
        },
    )


def void(connection: Connection, now: datetime, change_id: str) -> bool:
    """Let no signature over a change set count any more, and tell whether one did."""
    counting = (change_approval.c.change_id == change_id) & change_approval.c.void_at.is_(None)
    return connection.execute(update(change_approval).where(counting).values(void_at=now)).rowcount > 0


def existing(connection: Connection, change_id: str) -> ChangeSet:
    """Return a change set that is there."""
    found = find(connection, change_id)
    if found is None:
        raise AssertionError(f"change set {change_id} is gone")
    return found


def find(connection: Connection, change_id: str) -> ChangeSet | None:
    """Return a change set, or None."""
    row = connection.execute(select(*_FIELDS).where(change_set.c.id == change_id)).one_or_none()
    return None if row is None else _records(connection, [row])[0]


def content(connection: Connection, change_id: str) -> ChangeContent:
    """Return what is big of a change set.

    Raises:
        KeyError: there is none.

    """
    names = ("source", "lines", "diff")
    query = select(*(change_content.c[name] for name in names))
    row = connection.execute(query.where(change_content.c.change_id == change_id)).one_or_none()
    if row is None:
        raise KeyError(change_id)
    return ChangeContent(source=row.source, lines=row.lines, diff=row.diff)


def page(
    connection: Connection, *, state: ChangeState | None, before: str | None, limit: int
) -> tuple[ChangeSet, ...]:
    """Return change sets, the newest first; ids are UUIDv7, which sort by time."""
    query = select(*_FIELDS).order_by(change_set.c.id.desc()).limit(limit)
    if state is not None:
        query = query.where(change_set.c.state == state.value)
    if before is not None:
        query = query.where(change_set.c.id < before)
    return tuple(_records(connection, connection.execute(query).all()))


def pending(connection: Connection, *, now: datetime) -> tuple[ChangeSet, ...]:
    """Return those with something still to come, the oldest first."""
    query = select(*_FIELDS).where(change_set.c.state.in_(_OPEN)).order_by(change_set.c.id)
    found = _records(connection, connection.execute(query).all())
    return tuple(each for each in found if _is_pending(each, now))


def _is_pending(change: ChangeSet, now: datetime) -> bool:
    if change.state is not ChangeState.SCHEDULED or change.expires_at is not None:
        return True
    return max(change.instants, default=now) > now


def due(connection: Connection, *, now: datetime) -> tuple[ChangeSet, ...]:
    """Return what the gateway has to go on with, the oldest first."""
    approved = (change_set.c.state == ChangeState.APPROVED.value) & (change_set.c.held == 0)
    undone = select(change_set.c.rolls_back).where(approved, change_set.c.rolls_back.is_not(None))
    lapsed = (
        (change_set.c.state == ChangeState.SCHEDULED.value)
        & (change_set.c.expires_at <= now)
        & change_set.c.id.not_in(undone)
    )
    query = select(*_FIELDS).where(approved | lapsed).order_by(change_set.c.id)
    return tuple(_records(connection, connection.execute(query).all()))


def emergencies(connection: Connection) -> int:
    """Count those that stand on one officer's signature."""
    boxed = change_set.c.expires_at.is_not(None)
    return int(connection.execute(select(func.count()).select_from(change_set).where(boxed)).scalar_one())


def version_made(connection: Connection, change_id: str) -> int | None:
    """Return the version of the registry that says that it was made of this change set."""
    query = select(registry_version.c.version).where(registry_version.c.source == source_of_change(change_id))
    version: int | None = connection.execute(query).scalar_one_or_none()
    return version


def _records(connection: Connection, rows: Sequence[Row[Any]]) -> list[ChangeSet]:
    signed = _approvals(connection, [row.id for row in rows])
    return [_record(row, signed.get(row.id, ())) for row in rows]


def _approvals(connection: Connection, ids: Sequence[str]) -> Mapping[str, tuple[Approval, ...]]:
    found: dict[str, list[Approval]] = {}
    for start in range(0, len(ids), _CHUNK):
        query = select(change_approval).where(change_approval.c.change_id.in_(ids[start : start + _CHUNK]))
        for row in connection.execute(query.order_by(change_approval.c.id)):
            found.setdefault(row.change_id, []).append(_approval(row))
    return MappingProxyType({change_id: tuple(each) for change_id, each in found.items()})


def _approval(row: Row[Any]) -> Approval:
    facts = row._asdict()
    del facts["id"], facts["change_id"]
    return Approval(**{**facts, "role": OfficerRole(facts["role"])})


def _record(row: Row[Any], approvals: Iterable[Approval]) -> ChangeSet:
    facts = row._asdict()
    return ChangeSet(
        **{
            **facts,
            "state": ChangeState(facts["state"]),
            "source_type": SourceType(facts["source_type"]),
            "retroactive": bool(facts["retroactive"]),
            "held": bool(facts["held"]),
            "faults": tuple(facts["faults"]),
            "instants": tuple(datetime.fromisoformat(text) for text in facts["instants"]),
            "approvals": tuple(approvals),
        }
    )
