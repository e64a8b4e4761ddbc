"""Every document that is or was parked: held against the entries of its parking and of what became of it.

Parked arrivals are not evidence: like the outbox they only say what is still to be done.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from gateway.cli.audit.findings import Difference, Pairs, compare, differs, missing, unlogged
from gateway.cli.audit.testimony import Fields, Life, Testimony
from gateway.flow.stated import moment
from gateway.parked import ParkedState, Road
from gateway.store import Audit
from gateway.store.tables import first_seen, parked


def check_parked(audit: Audit, log: Testimony) -> Iterator[Difference]:
    """Yield parked documents that are not as the log says, that it never heard of, and those that are gone."""
    seen = set()
    for row in audit.rows(parked):
        if row.road != Road.INTAKE.value:
            continue
        seen.add(row.id)
        where = f"parked[{row.id}]"
        life = log.lives.get(row.id, Life())
        if life.parked is None:
            yield unlogged(where)
            continue
        yield from compare(where, _pairs(row, life, life.parked))
        if row.body is not None:
            found = hashlib.sha256(row.body).hexdigest()
            if found != row.sha256:
                yield differs(where, "body", logged=row.sha256, found=found)
    for message_id, life in log.lives.items():
        if life.parked is not None and message_id not in seen:
            yield missing(f"parked[{message_id}]")


def check_first_seen(audit: Audit, log: Testimony) -> Iterator[Difference]:
    """Yield first receipts that the log tells otherwise or not at all, and those that are gone."""
    seen = set()
    for row in audit.rows(first_seen):
        seen.add(row.sha256)
        where = f"first_seen[{row.sha256[:16]}…]"
        logged = log.first_seen.get(row.sha256)
        yield from [unlogged(where)] if logged is None else compare(where, {"at": (logged, row.at)})
    for sha256 in sorted(log.first_seen.keys() - seen):
        yield missing(f"first_seen[{sha256[:16]}…]")


def _pairs(row: Any, life: Life, logged: Fields) -> Pairs:  # noqa: ANN401 - a row of `parked`
    ended = life.ended
    pairs: dict[str, tuple[object, object]] = {
        "member_id": (logged.get("member"), row.member_id),
        "credential_id": (logged.get("credential"), row.credential_id),
        "sender_code": (logged["sender"], row.sender_code),
        "sha256": (logged["payload_sha256"], row.sha256),
        "size": (logged["payload_size"], row.size),
        "received_at": (life.parked_at, row.received_at),
        "state": (ended.state if ended else ParkedState.PARKED.value, row.state),
        "decided_at": (ended.at if ended else None, row.decided_at),
    }
    deadline = logged.get("deliver_by_t")
    pairs["deliver_by"] = (None if deadline is None else moment(deadline), row.deliver_by)
    if ended is not None and ended.reason is not None:
        pairs["reason"] = (ended.reason, row.reason["code"])
    if life.parked_at is not None and isinstance(logged.get("keep_s"), int):
        keep_until = life.parked_at + timedelta(seconds=logged["keep_s"])
        pairs["keep_until"] = (keep_until, row.keep_until)
    return pairs
