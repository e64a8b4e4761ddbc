"""Every delivery and arrival: held against the steps that the log tells, receipts opened under the keys that it made known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Row

from gateway.cli.audit.bodies import Bodies
from gateway.cli.audit.findings import Difference, Pairs, compare, differs, missing, unlogged
from gateway.cli.audit.testimony import Fields, Life, Testimony, Transit
from gateway.errors import EnvelopeError
from gateway.flow.envelope import open_envelope
from gateway.flow.stated import Receipt, Stage, moment
from gateway.store import Audit
from gateway.store.tables import arrival, delivery, member
from routing.errors_log import LogError
from routing.note import Verifier, parse_verifier_key


class Queues:
    """Which queue a member had at a version of the registry."""

    def __init__(self, audit: Audit) -> None:
        self._rows: defaultdict[str, list[Row[Any]]] = defaultdict(list)
        for row in audit.rows(member):
            self._rows[row.member_id].append(row)

    def of(self, member_id: object, version: object) -> str | None:
        """Return the queue; None if there was no such member then."""
        if isinstance(member_id, str) and isinstance(version, int):
            for row in self._rows[member_id]:
                if row.since_version <= version and (
                    row.until_version is None or version < row.until_version
                ):
                    return str(row.queue)
        return None


def check_deliveries(audit: Audit, log: Testimony, queues: Queues) -> Iterator[Difference]:
    """Yield what is wrong with deliveries that started here."""
    seen = set()
    for row in audit.rows(delivery):
        seen.add(row.id)
        where = f"delivery[{row.id}]"
        life = log.lives.get(row.message_id, Life())
        routes = {route.get("delivery"): place for place, route in enumerate(life.routes)}
        if row.id not in routes:
            yield unlogged(where)
            continue
        yield from compare(where, _delivery_pairs(row, life, routes[row.id], queues))
    for life in log.lives.values():
        for route in life.routes:
            if route.get("delivery") not in seen:
                yield missing(f"delivery[{route.get('delivery')}]")


def _delivery_pairs(row: Row[Any], life: Life, place: int, queues: Queues) -> Pairs:
    route, transit = life.routes[place], life.transits.get(row.id) or Transit()
    version = life.accepted.get("registry_version") if life.accepted is not None else None
    towards = transit.towards or {}
    member_id = towards.get("member", route.get("member"))
    pairs: dict[str, tuple[object, object]] = {
        "position": (place, row.position),
        "code": (route["code"], row.code),
        "as_sent": (route.get("as_sent"), row.as_sent),
        "member_id": (member_id, row.member_id),
        "queue": (queues.of(member_id, towards.get("registry_version", version)), row.queue),
        "resolved_code": (towards.get("to"), row.resolved_code),
        "resolved_version": (towards.get("registry_version"), row.resolved_version),
        "chosen_at": (transit.chosen_at, row.chosen_at),
        "held_since": (transit.held_since, row.held_since),
        "former_members": (transit.formerly, tuple(row.former_members)),
        "state": (transit.state.value, row.state),
        "attempts": (transit.attempts, row.attempts),
        "flow_seq": (route.get("flow_seq"), row.flow_seq),
        "late_state": (transit.late, row.late_state),
    }
    if transit.settled_at is not None:
        # Before its first receipt a row also notes what the axis said, which is no entry of the log.
        pairs["updated_at"] = (transit.settled_at, row.updated_at)
        pairs["reason"] = (transit.reason, row.reason)
    return pairs


def check_arrivals(audit: Audit, log: Testimony, bodies: Bodies, queues: Queues) -> Iterator[Difference]:
    """Yield what is wrong with arrivals and the receipts that they were given."""
    verifiers = tuple(_verifiers({span.verifier_key for span in log.peers}))
    seen = set()
    for row in audit.rows(arrival):
        seen.add(row.id)
        where = f"arrival[{row.id}]"
        transit = log.lives.get(row.message_id, Life()).transits.get(row.id)
        if transit is None or transit.arrived is None:
            yield unlogged(where)
            continue
        yield from compare(where, _arrival_pairs(row, transit, transit.arrived))
        if transit.refusal is None:
            yield from _addressee(where, row, transit, bodies, queues)
        yield from _receipts(where, row, transit, verifiers)
    for life in log.lives.values():
        for delivery_id, transit in life.transits.items():
            if transit.arrived is not None and delivery_id not in seen:
                yield missing(f"arrival[{delivery_id}]")


def _arrival_pairs(row: Row[Any], transit: Transit, logged: Fields) -> Pairs:
    return {
        "code": (logged["recipient"], row.code),
        "refusal": (transit.refusal, row.refusal),
        "arrived_at": (transit.arrived_at, row.arrived_at),
        "fetched_at": (transit.fetched_at, row.fetched_at),
        "acknowledged_at": (transit.acknowledged_at, row.acknowledged_at),
        "acknowledgement": (transit.acknowledged_at is not None, row.acknowledgement is not None),
    }


def _addressee(
    where: str, row: Row[Any], transit: Transit, bodies: Bodies, queues: Queues
) -> Iterator[Difference]:
    """Hold the addressee of an accepted arrival against the log, the registry and the document."""
    logged = transit.arrived or {}
    taken = transit.handed or logged
    chosen = logged.get("chosen_t")
    member_id, code = taken.get("member"), taken.get("to", logged.get("resolved_code"))
    queue = queues.of(member_id, taken["registry_version"])
    pairs: Pairs = {
        "member_id": (member_id, row.member_id),
        "queue": (queue, row.queue),
        "resolved_code": (code, row.resolved_code),
        "chosen_at": (None if chosen is None else moment(chosen), row.chosen_at),
        "flow_seq": (logged.get("flow_seq"), row.flow_seq),
    }
    yield from compare(where, pairs)
    facts = bodies.facts(logged["payload_sha256"])
    if facts is not None and facts.addressees is not None and row.as_sent not in facts.addressees:
        yield differs(where, "as_sent", logged=", ".join(sorted(facts.addressees)), found=row.as_sent)
    if facts is not None and facts.summary is not None and row.priority != facts.summary["priority"]:
        yield differs(where, "priority", logged=facts.summary["priority"], found=row.priority)


def _receipts(
    where: str, row: Row[Any], transit: Transit, verifiers: tuple[Verifier, ...]
) -> Iterator[Difference]:
    first = Stage.REFUSED if transit.refusal else Stage.RECEIVED
    kept = (("receipt", row.receipt, first), ("acknowledgement", row.acknowledgement, Stage.ACKNOWLEDGED))
    for name, envelope, stage in kept:
        if envelope is None:
            continue
        try:
            receipt, rest = open_envelope(envelope, verifiers=verifiers)
        except EnvelopeError as error:
            yield differs(where, name, logged="a receipt signed by a known gateway", found=error)
            continue
        if rest or not isinstance(receipt, Receipt) or not _is_about(receipt, row, stage):
            yield differs(where, name, logged=stage.value, found="a statement about something else")


def _is_about(receipt: Receipt, row: Row[Any], stage: Stage) -> bool:
    return (receipt.delivery_id, receipt.message_id, receipt.stage) == (row.id, row.message_id, stage)


def _verifiers(keys: Iterable[str]) -> Iterator[Verifier]:
    """Read the keys that the log made known; one that is none was found by the audit of the log already."""
    for text in keys:
        try:
            yield parse_verifier_key(text)
        except LogError:
            continue
