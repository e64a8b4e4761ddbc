"""Every message: held against the entry of its acceptance or arrival, and against the document itself.

The document is asked for what the log must not name: subject, number, document id.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from gateway.cli.audit.bodies import Bodies
from gateway.cli.audit.findings import Difference, Pairs, compare, differs, missing, unlogged
from gateway.cli.audit.testimony import Fields, Life, Testimony
from gateway.flow.stated import moment
from gateway.records import Message
from gateway.store import Audit
from gateway.store.evidence import MessageEvidence
from routing.canonical import canonical_json

KEPT_SINCE_0003 = frozenset({"reason", "refers_to", "promulgation_date", "stated_at", "staff", "priority"})
"""Columns that are empty for messages that were taken before the schema had them; all of them repeat the document."""


def check_messages(audit: Audit, log: Testimony, bodies: Bodies) -> Iterator[Difference]:
    """Yield what is wrong with messages, what is gone, and what the log never heard of."""
    seen = set()
    for evidence in audit.messages():
        message = evidence.message
        seen.add(message.id)
        where = f"message[{message.id}]"
        life = log.lives.get(message.id, Life())
        if life.accepted is not None:
            yield from compare(where, _accepted_pairs(evidence, life, life.accepted))
        elif not _came(life):
            yield unlogged(where)
            continue
        yield from _arrived_differences(where, evidence, life)
        yield from compare(where, _signature_pairs(evidence))
        if message.sha256 not in life.erased:
            yield from bodies.check(message.sha256)
            yield from _body_differences(where, message, bodies)
    for message_id, life in log.lives.items():
        if (life.accepted is not None or _came(life)) and message_id not in seen:
            yield missing(f"message[{message_id}]")


def _came(life: Life) -> bool:
    """Say whether the message arrived here and was let in."""
    return any(each.arrived is not None and each.refusal is None for each in life.transits.values())


def _accepted_pairs(evidence: MessageEvidence, life: Life, logged: Fields) -> Pairs:
    message, deadline = evidence.message, logged.get("deliver_by_t")
    verdict = {name: value for name, value in message.verdict.items() if name != "warnings"}
    return {
        "kind": (logged.get("message"), message.kind.value),
        "member_id": (logged.get("member"), message.member_id),
        "sender_code": (logged["sender"], message.sender_code),
        "sender_as_sent": (logged.get("sender_as_sent"), message.sender_as_sent),
        "about": (logged.get("about"), message.about),
        "status_code": (logged.get("status_code"), message.status_code),
        "sha256": (logged["payload_sha256"], message.sha256),
        "size": (logged["payload_size"], message.size),
        "registry_version": (logged["registry_version"], message.registry_version),
        "priority": (logged.get("priority", 0), message.priority),
        "deliver_by": (None if deadline is None else moment(deadline), message.deliver_by),
        "verdict": (logged.get("verdict", {}), verdict),
        "accepted_at": (life.accepted_at, message.accepted_at),
        "leaf_sha256": (life.leaf_sha256, evidence.leaf_sha256),
        "recipients": (tuple(route["code"] for route in life.routes), evidence.recipients),
    }


def _signature_pairs(evidence: MessageEvidence) -> Pairs:
    """Hold what was found in the signature against its hash in the verdict; documents of before have neither."""
    found = evidence.signature
    actual = None if found is None else hashlib.sha256(canonical_json(found)).hexdigest()
    return {"evidence": (evidence.message.verdict.get("evidence_sha256"), actual)}


def _arrived_differences(where: str, evidence: MessageEvidence, life: Life) -> Iterator[Difference]:
    """Hold a message against the entries of its arrivals here."""
    message = evidence.message
    codes = []
    for transit in life.transits.values():
        if transit.arrived is None or transit.refusal is not None:
            continue
        logged = transit.arrived
        codes.append(logged["recipient"])
        pairs: Pairs = {
            "kind": (logged.get("message"), message.kind.value),
            "gateway": (logged["gateway"], message.gateway),
            "sender_code": (logged.get("sender"), message.sender_code),
            "sha256": (logged["payload_sha256"], message.sha256),
            "size": (logged["payload_size"], message.size),
        }
        yield from compare(where, pairs)
    if sorted(codes) != sorted(evidence.arrived_for):
        yield differs(where, "arrivals", logged=sorted(codes), found=sorted(evidence.arrived_for))


def _body_differences(where: str, message: Message, bodies: Bodies) -> Iterator[Difference]:
    """Hold what people read of a message against the document itself."""
    facts = bodies.facts(message.sha256)
    if facts is None:
        return
    if facts.size != message.size:
        yield differs(where, "size", logged=facts.size, found=message.size)
    for name, said in (facts.summary or {}).items():
        found = getattr(message, name)
        if said != found and not (not found and name in KEPT_SINCE_0003):
            yield differs(where, name, logged=said, found=found)
