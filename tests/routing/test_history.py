"""The life of a document: every road that can be taken, and the ones that cannot."""

import pytest

from routing.canonical import Json
from routing.findings import AuditFinding, HistoryBroken, HistoryGap, HistoryIllegal
from routing.history import MOVES, STAYS, History
from routing.log import Kind, read_leaf
from routing.log_kinds import INTAKE, RECEIVING, SENDING
from routing.merkle import leaf_hash
from tests.routing.entries import entry

K = Kind
SENT = (K.ACCEPTED, K.PUBLISH_ATTEMPT)


def follow(*kinds: Kind | tuple[Kind, str]) -> list[AuditFinding]:
    """Let entries of these kinds (for a recipient) follow each other, properly numbered and chained."""
    history, prev = History(), None
    findings: list[AuditFinding] = []
    for seq, step in enumerate(kinds, 1):
        kind, recipient = step if isinstance(step, tuple) else (step, "H57.4")
        changes = {"recipient": recipient} if kind in SENDING | RECEIVING else {}
        raw = entry(kind, seq=seq, prev=prev, **changes)
        findings += history.follow(read_leaf(raw), index=seq - 1, entry_hash=leaf_hash(raw))
        prev = leaf_hash(raw)
    return findings


@pytest.mark.parametrize(
    "kinds",
    [
        (K.REJECTED,),
        (K.UNDECIDED, K.UNDECIDED, K.REJECTED),
        (K.UNDECIDED, *SENT),
        (*SENT, K.BROKER_CONFIRMED, K.DELIVERED_RECEIPT, K.ACKNOWLEDGED_RECEIPT, K.STATUS, K.STATUS),
        (K.ARRIVED, K.STATUS, K.FETCHED, K.STATUS),
        (K.ACCEPTED, K.REFERRED, K.PUBLISH_ATTEMPT, K.REFERRED, K.STATUS, K.REFERRED),
        (K.ARRIVED, K.REFERRED, K.FETCHED, K.ACKNOWLEDGED, K.REFERRED),
        (*SENT, K.BROKER_CONFIRMED, K.PUBLISH_ATTEMPT, K.BROKER_CONFIRMED, K.DELIVERED_RECEIPT),
        (*SENT, K.RETURNED, K.PUBLISH_ATTEMPT, K.PUBLISH_ATTEMPT, K.RETURNED, K.UNDELIVERABLE),
        (*SENT, K.DELIVERED_RECEIPT, K.BROKER_CONFIRMED, K.RETURNED, K.ACKNOWLEDGED_RECEIPT),
        (*SENT, K.ACKNOWLEDGED_RECEIPT, K.DELIVERED_RECEIPT, K.BROKER_CONFIRMED),
        (*SENT, K.BROKER_CONFIRMED, K.REFUSED_RECEIPT, K.DELIVERED_RECEIPT),
        (K.ACCEPTED, K.HELD, K.RELEASED, K.PUBLISH_ATTEMPT),
        (K.ACCEPTED, K.HELD, K.REROUTED, K.PUBLISH_ATTEMPT, K.HELD, K.BROKER_CONFIRMED, K.UNDELIVERABLE),
        (*SENT, K.UNDELIVERABLE, K.BROKER_CONFIRMED, K.DELIVERED_RECEIPT),
        (*SENT, K.UNDELIVERABLE, K.RELEASED, K.PUBLISH_ATTEMPT),
        (K.ACCEPTED, K.EXPIRED),
        (K.ACCEPTED, K.HELD, K.EXPIRED),
        (*SENT, K.RETURNED, K.EXPIRED, K.LATE_RECEIPT, K.LATE_RECEIPT),
        (*SENT, K.BROKER_CONFIRMED, K.EXPIRED, K.BROKER_CONFIRMED, K.LATE_RECEIPT),
        (K.ARRIVED, K.FETCHED, K.FETCHED, K.ACKNOWLEDGED, K.FETCHED, K.PAYLOAD_ERASED),
        (K.ARRIVED, K.RECIPIENT_REFUSED),
        (K.ARRIVAL_UNDECIDED, K.ARRIVAL_UNDECIDED, K.ARRIVAL_REFUSED),
        (*SENT, K.ARRIVED, K.BROKER_CONFIRMED, K.FETCHED, K.DELIVERED_RECEIPT, K.ACKNOWLEDGED),
        (K.ARRIVED, (K.ARRIVED, "H40"), K.FETCHED, (K.ACKNOWLEDGED, "H40"), K.RECIPIENT_REFUSED),
        (K.REJECTED, K.PAYLOAD_ERASED),
        (K.PARKED, K.PARKED, *SENT, K.ARRIVED, K.DELIVERED_RECEIPT),
        (K.PARKED, K.REJECTED),
        (K.PARKED, K.WITHDRAWN),
    ],
    ids=str,
)
def test_roads_that_can_be_taken(kinds: tuple[Kind, ...]) -> None:
    """Nothing is found wrong with a history that can happen, late confirms and early receipts included."""
    assert not follow(*kinds)


@pytest.mark.parametrize(
    ("kinds", "reason"),
    [
        ((K.ACCEPTED, K.ACCEPTED), "it follows accepted"),
        ((K.ACCEPTED, K.REJECTED), "it follows accepted"),
        ((K.REJECTED, K.ACCEPTED), "it follows rejected"),
        ((K.REJECTED, K.UNDECIDED), "it follows rejected"),
        ((K.ARRIVED, K.ACCEPTED), "had arrived before"),
        ((K.PUBLISH_ATTEMPT,), "was not accepted"),
        ((K.REJECTED, K.PUBLISH_ATTEMPT), "was not accepted"),
        ((K.UNDECIDED, K.DELIVERED_RECEIPT), "was not accepted"),
        ((K.ACCEPTED, (K.PUBLISH_ATTEMPT, "H58")), "not addressed to H58"),
        ((K.ACCEPTED, K.BROKER_CONFIRMED), "it comes first"),
        ((K.ACCEPTED, K.DELIVERED_RECEIPT), "it comes first"),
        ((K.ACCEPTED, K.RELEASED), "it comes first"),
        ((*SENT, K.RELEASED), "it follows publish_attempt"),
        ((K.ACCEPTED, K.HELD, K.PUBLISH_ATTEMPT), "it follows held"),
        ((*SENT, K.UNDELIVERABLE, K.PUBLISH_ATTEMPT), "it follows undeliverable"),
        ((*SENT, K.EXPIRED, K.PUBLISH_ATTEMPT), "it follows expired"),
        ((*SENT, K.EXPIRED, K.DELIVERED_RECEIPT), "it follows expired"),
        ((*SENT, K.EXPIRED, K.RELEASED), "it follows expired"),
        ((*SENT, K.DELIVERED_RECEIPT, K.EXPIRED), "it follows delivered_receipt"),
        ((*SENT, K.LATE_RECEIPT), "it follows publish_attempt"),
        ((K.ACCEPTED, K.LATE_RECEIPT), "it comes first"),
        ((*SENT, K.DELIVERED_RECEIPT, K.DELIVERED_RECEIPT), "it follows delivered_receipt"),
        ((*SENT, K.DELIVERED_RECEIPT, K.UNDELIVERABLE), "it follows delivered_receipt"),
        ((*SENT, K.DELIVERED_RECEIPT, K.PUBLISH_ATTEMPT), "it follows delivered_receipt"),
        ((*SENT, K.ACKNOWLEDGED_RECEIPT, K.REFUSED_RECEIPT), "it follows acknowledged_receipt"),
        ((*SENT, K.REFUSED_RECEIPT, K.ACKNOWLEDGED_RECEIPT), "it follows refused_receipt"),
        ((K.FETCHED,), "it comes first"),
        ((K.ACKNOWLEDGED,), "it comes first"),
        ((K.ARRIVED, K.ARRIVED), "it follows arrived"),
        ((K.ARRIVED, (K.FETCHED, "H58")), "it comes first"),
        ((K.ARRIVED, K.ACKNOWLEDGED, K.RECIPIENT_REFUSED), "it follows acknowledged"),
        ((K.ARRIVED, K.RECIPIENT_REFUSED, K.FETCHED), "it follows recipient_refused"),
        ((K.ARRIVAL_REFUSED, K.ARRIVED), "it follows arrival_refused"),
        ((K.REJECTED, K.ARRIVED), "is rejected"),
        ((K.UNDECIDED, K.ARRIVED), "is undecided"),
        ((K.PAYLOAD_ERASED,), "neither accepted nor received"),
        ((K.STATUS,), "neither accepted nor received"),
        ((K.REJECTED, K.STATUS), "is rejected"),
        ((K.REFERRED,), "neither accepted nor received"),
        ((K.REJECTED, K.REFERRED), "is rejected"),
        ((K.UNDECIDED, K.REFERRED), "is undecided"),
        ((K.ROUTED,), "was not accepted"),
        ((K.UNDECIDED, K.ROUTED), "was not accepted"),
        ((K.UNDECIDED, K.PARKED), "it follows undecided"),
        ((K.WITHDRAWN,), "it comes first"),
        ((K.UNDECIDED, K.WITHDRAWN), "it follows undecided"),
        ((K.ACCEPTED, K.PARKED), "it follows accepted"),
        ((K.ACCEPTED, K.WITHDRAWN), "it follows accepted"),
        ((K.REJECTED, K.PARKED), "it follows rejected"),
        ((K.PARKED, K.WITHDRAWN, K.ACCEPTED), "it follows withdrawn"),
        ((K.PARKED, K.UNDECIDED), "it follows parked"),
        ((K.PARKED, K.PUBLISH_ATTEMPT), "was not accepted"),
        ((K.PARKED, K.ROUTED), "was not accepted"),
        ((K.PARKED, K.STATUS), "is parked"),
        ((K.PARKED, K.ARRIVED), "is parked"),
        ((K.PARKED, K.WITHDRAWN, K.REFERRED), "is withdrawn"),
    ],
    ids=str,
)
def test_roads_that_cannot_be_taken(kinds: tuple[Kind, ...], reason: str) -> None:
    """The last entry of each of these cannot follow the ones before, and only that is found."""
    (finding,) = follow(*kinds)
    assert isinstance(finding, HistoryIllegal)
    assert finding.index == len(kinds) - 1
    assert reason in str(finding)


def test_one_fault_is_found_once() -> None:
    """After an impossible entry the history goes on from it."""
    assert len(follow(K.FETCHED, K.FETCHED, K.ACKNOWLEDGED)) == 1
    assert len(follow(K.PUBLISH_ATTEMPT, K.BROKER_CONFIRMED, K.DELIVERED_RECEIPT)) == 1
    to = "H58"
    assert len(follow(K.ACCEPTED, (K.PUBLISH_ATTEMPT, to), (K.BROKER_CONFIRMED, to))) == 1


def test_further_recipients_are_addressed_too() -> None:
    """A document may be sent to the recipients that further entries name, and its first ones keep their state."""
    history, prev = History(), None
    lives: list[tuple[Kind, dict[str, Json]]] = [
        (K.ACCEPTED, {"recipients": ["H1"]}),
        (K.PUBLISH_ATTEMPT, {"recipient": "H1"}),
        (K.ROUTED, {"recipients": ["H1", "H2"]}),
        (K.PUBLISH_ATTEMPT, {"recipient": "H2"}),
        (K.BROKER_CONFIRMED, {"recipient": "H1"}),
    ]
    for seq, (kind, changes) in enumerate(lives, 1):
        raw = entry(kind, seq=seq, prev=prev, **changes)  # type: ignore[arg-type]  # no member named document_id
        assert not history.follow(read_leaf(raw), index=seq, entry_hash=leaf_hash(raw))
        prev = leaf_hash(raw)


@pytest.mark.parametrize(("seq", "expected"), [(3, 2), (1, 2), (7, 2)])
def test_numbers_must_run(seq: int, expected: int) -> None:
    """A missing or repeated number is found, and the count goes on from it."""
    history = History()
    first = entry(K.ARRIVED)
    assert not history.follow(read_leaf(first), index=0, entry_hash=leaf_hash(first))
    prev = None if seq == 1 else leaf_hash(first)
    second = entry(K.FETCHED, seq=seq, prev=prev)
    found = history.follow(read_leaf(second), index=1, entry_hash=leaf_hash(second))
    assert isinstance(found[0], HistoryGap)
    assert f"number {seq} where {expected}" in str(found[0])
    third = entry(K.FETCHED, seq=seq + 1, prev=leaf_hash(second))
    assert not history.follow(read_leaf(third), index=2, entry_hash=leaf_hash(third))


def test_the_chain_must_hold() -> None:
    """An entry that names another predecessor is found."""
    history = History()
    first = entry(K.ARRIVED)
    history.follow(read_leaf(first), index=0, entry_hash=leaf_hash(first))
    second = entry(K.FETCHED, seq=2, prev=bytes(32))
    (finding,) = history.follow(read_leaf(second), index=1, entry_hash=leaf_hash(second))
    assert isinstance(finding, HistoryBroken)
    assert finding.index == 1


def test_the_tables_are_closed() -> None:
    """Every state knows what may follow, on its own side only."""
    states = (INTAKE | SENDING | RECEIVING) - {K.PAYLOAD_ERASED, K.STATUS, K.REFERRED, K.ROUTED}
    assert MOVES.keys() == states
    assert STAYS.keys() <= states
    for state in states:
        side = next(kinds for kinds in (INTAKE, SENDING, RECEIVING) if state in kinds)
        assert MOVES[state] | STAYS.get(state, frozenset()) <= side
        assert not MOVES[state] & STAYS.get(state, frozenset())
