"""How dead letters and stuck deliveries look on the wire; a part of `wire` with its conventions. No body is ever shown."""

from __future__ import annotations

import json

from gateway.api.wire import moment
from gateway.dead_letters import CauseGroup, DeadLetter, Order, StuckGroup
from gateway.records import Json

_CLAIMS = ("kind", "gateway", "message_id", "delivery_id", "recipient_code", "sha256", "stage")
_LONGEST = 200


def group(source: CauseGroup) -> dict[str, Json]:
    """Write the letters that wait for one cause, with what to do."""
    return {
        "cause": source.cause.code,
        **source.cause.words,
        "letters": source.letters,
        "deaths": source.deaths,
        "first_seen": moment(source.first_seen),
        "last_seen": moment(source.last_seen),
    }


def stuck(source: StuckGroup) -> dict[str, Json]:
    """Write deliveries of ours that keep failing for one reason."""
    return {
        "reason": source.reason,
        "count": source.count,
        "attempts": source.attempts,
        "first": moment(source.first),
        "last": moment(source.last),
    }


def order(source: Order) -> dict[str, Json]:
    """Write what was ordered and how far it is."""
    return {
        "id": source.id,
        "act": source.act.value,
        "cause": source.cause,
        "actor": source.actor,
        "reason": source.reason,
        "rate": source.rate,
        "total": source.total,
        "done": source.done,
        "failed": source.failed,
        "created_at": moment(source.created_at),
        "finished_at": moment(source.finished_at),
    }


def letter(source: DeadLetter) -> dict[str, Json]:
    """Write a letter."""
    return {
        "id": source.id,
        "queue": source.queue,
        "cause": source.cause.code,
        **source.cause.words,
        "sha256": source.sha256,
        "size": source.size,
        "attempt": source.attempt,
        "times": source.times,
        "state": source.state.value,
        "first_seen": moment(source.first_seen),
        "last_seen": moment(source.last_seen),
        "decided_at": moment(source.decided_at),
        "order": source.order_id,
        "links": {"self": f"/v1/dead-letters/{source.id}"},
    }


def claims(body: bytes | None) -> dict[str, Json]:
    """Return what an envelope says of itself, believed by nobody: short texts from its first line, nothing of the document."""
    line = (body or b"").partition(b"\n")[0]
    try:
        facts = json.loads(line)["axis"]
        found = {name: facts[name] for name in _CLAIMS if isinstance(facts.get(name), str)}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    return {name: text[:_LONGEST] for name, text in found.items()}
