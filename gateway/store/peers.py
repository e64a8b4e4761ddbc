"""The rows behind other gateways: one a name and what was stated of it, closed when something else is stated or it ends.

Invariant: every row is told by one entry of the routing log, written in the same transaction, and so is its end.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from gateway.peers import PeerGateway
from gateway.records import Event
from gateway.store import content
from gateway.store.tables import peer
from routing.log import Kind


def current(connection: Connection) -> tuple[PeerGateway, ...]:
    """Return the gateways whose envelopes are believed, in the order in which they were made known."""
    query = select(peer).where(peer.c.until.is_(None)).order_by(peer.c.id)
    return tuple(
        PeerGateway(name=row.name, verifier_key=row.verifier_key, shares_payloads=row.shares_payloads)
        for row in connection.execute(query)
    )


def put(connection: Connection, now: datetime, stated: PeerGateway, *, actor: str) -> Event | None:
    """Believe a gateway on these terms only; return what the log is to say of it, None if nothing changes."""
    # Whoever changes peers at the same time takes turns here.
    content.head_to_change(connection)
    known = next((each for each in current(connection) if each.name == stated.name), None)
    if known == stated:
        return None
    _close(connection, now, stated.name)
    facts = {"name": stated.name, "verifier_key": stated.verifier_key, "since": now}
    connection.execute(insert(peer), {**facts, "shares_payloads": stated.shares_payloads})
    fields: dict[str, Any] = {
        "gateway": stated.name,
        "verifier_key": stated.verifier_key,
        "shares_payloads": stated.shares_payloads,
        "actor": actor,
    }
    if known is not None and known.verifier_key == stated.verifier_key:
        return Event(kind=Kind.PEER_CHANGED, fields=fields)
    return Event(kind=Kind.KEY_ROTATED, fields={**fields, "purpose": "peer"})


def end(connection: Connection, now: datetime, name: str, *, actor: str) -> Event | None:
    """Believe nothing of a gateway any more; return what the log is to say of it, None if it was not believed."""
    content.head_to_change(connection)
    known = next((each for each in current(connection) if each.name == name), None)
    if known is None:
        return None
    _close(connection, now, name)
    fields = {"gateway": name, "verifier_key": known.verifier_key, "actor": actor}
    return Event(kind=Kind.PEER_REMOVED, fields=fields)


def _close(connection: Connection, now: datetime, name: str) -> None:
    connection.execute(update(peer).where(peer.c.name == name, peer.c.until.is_(None)).values(until=now))
