"""The ten invariants of a trial, each a function from evidence to what contradicts it.

They know nothing of how the evidence came about and share nothing with the product but the kinds of log entries. Each has a test
that plants a violation, because a checker that cannot fail proves nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from gateway.axis.amqp_topology import DEAD_SUFFIX
from routing.log import Kind
from tests.faults.evidence import ACCEPTED, Bounds, Evidence, Placed
from tests.faults.ledger import ACCEPT, CALM, REJECT, Taken

VISIBLE_ENDS: Final = frozenset({"refused", "undeliverable", "expired"})
"""States in which a document is not delivered and its sender can see why."""

_FIRST_REFUSAL: Final = 400
_FIRST_ERROR: Final = 500
_EXPIRED: Final = "certs.certificate_expired"

Invariant = Callable[[Evidence, Bounds], Iterator[str]]


@dataclass(frozen=True, slots=True, order=True)
class Violation:
    """Something that must not be: of which invariant, and what."""

    invariant: str
    text: str


def lost(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Yield message and recipient of whatever was promised and neither came nor ended where its sender can see it."""
    applied = {(each.message_id, each.recipient) for each in evidence.ledger.taken if each.applied}
    ends = _visible_ends(evidence)
    for message_id, attempt in evidence.accepted.items():
        for recipient in attempt.recipients:
            if (message_id, recipient) not in applied | ends:
                yield message_id, recipient


def _visible_ends(evidence: Evidence) -> set[tuple[str, str]]:
    return {
        (fate.message_id, fate.code)
        for deposition in evidence.depositions
        for fate in deposition.fates
        if fate.state in VISIBLE_ENDS and fate.reason
    }


def duplicated(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Yield hash and recipient of whatever was applied more than once."""
    applied = Counter((each.sha256, each.recipient) for each in evidence.ledger.taken if each.applied)
    yield from (fact for fact, times in applied.items() if times > 1)


def none_lost(evidence: Evidence, _bounds: Bounds) -> Iterator[str]:
    """I1: whatever was promised is applied at each addressee, or is in a visible end with a reason."""
    for message_id, recipient in lost(evidence):
        yield f"{message_id} never came to {recipient}"


def none_invented(evidence: Evidence, _bounds: Bounds) -> Iterator[str]:
    """I2: what is applied was attempted, with the same bytes, and for somebody to whom it was addressed."""
    by_hash = {each.sha256: each for each in evidence.ledger.attempts}
    for taken in evidence.ledger.taken:
        attempt = by_hash.get(taken.sha256)
        if attempt is None:
            yield f"{taken.recipient} got {taken.message_id} with bytes that nobody sent ({taken.sha256})"
            continue
        if taken.recipient not in attempt.recipients:
            yield f"{taken.recipient} got {taken.message_id}, which is addressed to {attempt.recipients}"
        promised = evidence.accepted.get(taken.message_id)
        if promised is not None and promised.sha256 != taken.sha256:
            yield f"{taken.message_id} was accepted with other bytes than {taken.recipient} got"


def none_twice(evidence: Evidence, bounds: Bounds) -> Iterator[str]:
    """I3: everything is applied once, is accepted once, and is sent no more often than is reasonable."""
    for sha256, recipient in duplicated(evidence):
        yield f"{recipient} applied {sha256} more than once"
    items: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for taken in evidence.ledger.taken:
        items[taken.sha256, taken.recipient].add(taken.item_id)
    for (sha256, recipient), ids in items.items():
        if len(ids) > 1:
            yield f"{recipient} found {sha256} in its inbox as {', '.join(sorted(ids))}"
    ids_of: defaultdict[str, set[str]] = defaultdict(set)
    for attempt, answer in evidence.acceptances:
        ids_of[attempt.sha256].add(answer.message_id or "")
    for sha256, found in ids_of.items():
        if len(found) > 1:
            yield f"{sha256} was accepted as {', '.join(sorted(found))}"
    for name, times in wire_repeats(evidence).items():
        if times > bounds.attempts:
            yield f"{name} was sent {times} times"


def none_let_in(evidence: Evidence, _bounds: Bounds) -> Iterator[str]:
    """I4: what must be refused is refused for its reason, has an entry that says so, and goes to nobody."""
    discarded = sum(placed.entry.kind is Kind.MESSAGE_DISCARDED for placed in _entries(evidence))
    if discarded < evidence.poison:
        yield f"of {evidence.poison} messages of a stranger only {discarded} have an entry that they were discarded"
    for placed in _entries(evidence):
        sha256 = str(placed.entry.fields.get("payload_sha256"))
        if placed.entry.kind in {Kind.ACCEPTED, Kind.ARRIVED} and sha256 in evidence.hostile:
            yield f"{sha256} has an entry {placed.entry.kind.value}"
    for taken in evidence.ledger.taken:
        if taken.sha256 in evidence.hostile:
            yield f"{taken.recipient} got {taken.sha256}, which should have been refused"
    yield from _hostile_answers(evidence)


def _hostile_answers(evidence: Evidence) -> Iterator[str]:
    """Yield what is wrong with the answers to what must be refused."""
    rejected = {
        (str(placed.entry.fields.get("payload_sha256")), placed.entry.fields["reason"]): placed.entry.t
        for placed in _entries(evidence)
        if placed.entry.kind is Kind.REJECTED
    }
    for answer in evidence.ledger.answers:
        attempt = evidence.attempts.get(answer.attempt)
        if attempt is None or attempt.expect == ACCEPT or not answer.status:
            continue
        reason = attempt.expect.removeprefix(REJECT)
        decided = rejected.get((attempt.sha256, _EXPIRED))
        if answer.code == _EXPIRED and decided and evidence.expiry and decided > evidence.expiry:
            continue  # by a clock that was years ahead, and that is the right answer then
        if answer.status < _FIRST_REFUSAL:
            yield f"{attempt.sha256} was accepted instead of being refused with {reason}"
        elif answer.status < _FIRST_ERROR and answer.code != reason:
            yield f"{attempt.sha256} was refused with {answer.code} instead of {reason}"
        elif answer.code == reason and (attempt.sha256, reason) not in rejected:
            yield f"{attempt.sha256} was refused with {reason}, and no entry says so"


def log_complete(evidence: Evidence, _bounds: Bounds) -> Iterator[str]:
    """I5: what was promised or applied has its entries, and what entries tell of was attempted."""
    kinds: defaultdict[Kind, set[tuple[str, str]]] = defaultdict(set)
    accepted: set[str] = set()
    attempted = {each.sha256 for each in evidence.ledger.attempts}
    for placed in _entries(evidence):
        entry, document_id = placed.entry, placed.entry.document_id or ""
        if entry.kind is Kind.ACCEPTED:
            accepted.add(document_id)
            if entry.fields["payload_sha256"] not in attempted:
                yield f"{document_id} has an entry, and nobody sent it"
        elif "recipient" in entry.fields:
            kinds[entry.kind].add((document_id, str(entry.fields["recipient"])))
    for message_id in evidence.accepted.keys() - accepted:
        yield f"{message_id} was promised, and no entry says that it was accepted"
    arrived = kinds[Kind.DELIVERED_RECEIPT] | kinds[Kind.ACKNOWLEDGED_RECEIPT] | kinds[Kind.LATE_RECEIPT]
    for taken in evidence.ledger.taken:
        fact = (taken.message_id, taken.recipient)
        for what, facts in (
            ("an attempt to publish", kinds[Kind.PUBLISH_ATTEMPT]),
            ("its arrival", kinds[Kind.ARRIVED]),
            ("its receipt", arrived),
        ):
            if fact not in facts:
                yield f"{taken.message_id} was applied by {taken.recipient}, and no entry tells of {what}"


def log_grows_only(evidence: Evidence, bounds: Bounds) -> Iterator[str]:
    """I6: the log agrees with every checkpoint and receipt that anybody was given, and no falsified copy passes."""
    places = {each.leaf_sha256: each for each in _entries(evidence)}
    for attempt, answer in evidence.acceptances:
        if answer.leaf is None:
            if answer.status == ACCEPTED:
                yield f"{answer.message_id} was accepted without a receipt"
            continue
        placed = places.get(answer.leaf)
        if placed is None or placed.index is None:
            yield f"the receipt of {answer.message_id or attempt.sha256} names an entry that is not in the log"
        elif placed.shown_at is not None:
            seconds = placed.shown_at - evidence.calm_since(answer.t)
            if seconds > bounds.in_log_seconds:
                yield f"the entry of {answer.message_id} was under a checkpoint only {seconds:.0f} s later"
    for deposition in evidence.depositions:
        if not deposition.verified:
            found = "; ".join(deposition.findings[:5])
            yield f"the log of {deposition.gateway} does not verify: {found}"
        for way in deposition.unnoticed:
            yield f"a copy of the log of {deposition.gateway} still verifies: {way}"


def in_order(evidence: Evidence, _bounds: Bounds) -> Iterator[str]:
    """I7: a flow's numbers are each of one message and leave nothing out, and while nothing goes wrong its order is kept."""
    flows: defaultdict[tuple[str, str], list[Taken]] = defaultdict(list)
    attempts = {each.sha256: each for each in evidence.ledger.attempts}
    for taken in evidence.ledger.taken:
        if taken.applied and taken.sha256 in attempts:
            flows[attempts[taken.sha256].sender, taken.recipient].append(taken)
    ended = Counter(code for _, code in _visible_ends(evidence))
    for (sender, recipient), applied in flows.items():
        numbers = [taken.flow_seq or 0 for taken in applied]
        if min(numbers) < 1 or len(set(numbers)) < len(numbers):
            yield f"{sender} → {recipient}: numbers are missing or are there twice"
        if (left_out := max(numbers) - len(set(numbers))) > ended[recipient]:
            yield f"{sender} → {recipient}: {left_out} numbers are of no message"
        calm = [taken.flow_seq or 0 for taken in applied if evidence.in_phase(CALM, attempts[taken.sha256].t)]
        if calm != sorted(calm):
            yield f"{sender} → {recipient}: while nothing went wrong, the order was {calm}"


def replayable(evidence: Evidence, _bounds: Bounds) -> Iterator[str]:
    """I8: time and registry version of each entry reproduce its decision."""
    for deposition in evidence.depositions:
        yield from deposition.unreplayable


def heals(evidence: Evidence, bounds: Bounds) -> Iterator[str]:
    """I9: without faults everything is settled before long: nothing is owed, every process is ready, no queue holds anything."""
    for fault, seconds in evidence.heal_seconds.items():
        if seconds is None:
            yield f"after {fault} it never came to rest"
        elif seconds > bounds.heal_seconds:
            yield f"after {fault} it took {seconds:.0f} s to come to rest"
    for deposition in evidence.depositions:
        for place, count in deposition.backlog.items():
            if count:
                yield f"{deposition.gateway}: {count} left in {place}"
    for queue, count in evidence.leftovers.items():
        if count and not queue.endswith(DEAD_SUFFIX):
            yield f"{count} messages left in the queue {queue}"
    yield from evidence.unready


def bounded(evidence: Evidence, bounds: Bounds) -> Iterator[str]:
    """I10: memory and descriptors stay within limits, and refusals come quickly."""
    for what, limit in (("resident", bounds.resident), ("descriptors", bounds.descriptors)):
        most: dict[str, int] = {}
        for sample in evidence.ledger.samples:
            most[sample.process] = max(most.get(sample.process, 0), getattr(sample, what))
        for process, value in most.items():
            if value > limit:
                yield f"{process} used {value:,} of {what}, more than {limit:,}"
    seconds = sorted(each.seconds for each in evidence.ledger.answers if each.status >= _FIRST_REFUSAL)
    if seconds and (slow := seconds[(len(seconds) - 1) * 99 // 100]) > bounds.refusal_seconds:
        yield f"of 100 refusals one took {slow:.2f} s or more"


def wire_repeats(evidence: Evidence) -> dict[str, int]:
    """Return how often each delivery was put on the wire."""
    return dict(
        Counter(
            f"{placed.entry.document_id} for {placed.entry.fields['recipient']}"
            for placed in _entries(evidence)
            if placed.entry.kind is Kind.PUBLISH_ATTEMPT
        )
    )


def _entries(evidence: Evidence) -> Iterator[Placed]:
    for deposition in evidence.depositions:
        yield from deposition.placed


INVARIANTS: Final[Mapping[str, Invariant]] = MappingProxyType(
    {
        "I1": none_lost,
        "I2": none_invented,
        "I3": none_twice,
        "I4": none_let_in,
        "I5": log_complete,
        "I6": log_grows_only,
        "I7": in_order,
        "I8": replayable,
        "I9": heals,
        "I10": bounded,
    }
)


def check(evidence: Evidence, bounds: Bounds) -> list[Violation]:
    """Return everything that contradicts an invariant."""
    found = [
        Violation(name, text) for name, function in INVARIANTS.items() for text in function(evidence, bounds)
    ]
    return found + [Violation(name, text) for name, text in evidence.broken]
