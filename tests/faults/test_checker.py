"""The checker finds what contradicts each invariant: silent on sound evidence, and not on any planted violation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from routing.log import Kind, LogEntry
from tests.faults.checker import INVARIANTS, Violation, check
from tests.faults.evidence import Bounds, Deposition, Evidence, Fate, Placed
from tests.faults.ledger import CALM, Answer, Attempt, Ledger, Phase, Sample, Taken

GOOD, BAD, OTHER = "a" * 64, "b" * 64, "d" * 64
LEAF = "c" * 64
AT = datetime(2025, 6, 30, tzinfo=UTC)

ATTEMPT = Attempt(
    attempt="1",
    document_id="H26.1,1",
    key="k",
    sha256=GOOD,
    sender="H26.1",
    recipients=("H60.1",),
    gateway="gw",
    process=0,
    expect="accept",
    t=1.0,
)
HOSTILE = replace(ATTEMPT, attempt="2", sha256=BAD, expect="reject:certs.digest_mismatch")
ANSWER = Answer(attempt="1", status=201, seconds=0.1, t=1.1, message_id="m1", leaf=LEAF)
REFUSAL = Answer(attempt="2", status=422, seconds=0.1, t=2.0, code="certs.digest_mismatch")
TAKEN = Taken(
    member="tuyenquang",
    recipient="H60.1",
    item_id="d1",
    message_id="m1",
    sha256=GOOD,
    applied=True,
    t=3.0,
    flow_seq=1,
)


def _placed(index: int, kind: Kind, document_id: str = "m1", *, leaf: str = "", **fields: str) -> Placed:
    entry = LogEntry(
        kind=kind, t=AT, instance="gw/1", document_id=document_id, seq=1, prev=None, fields=fields
    )
    return Placed(index=index, leaf_sha256=leaf or f"{index:064x}", entry=entry, shown_at=1.5)


LOG = (
    _placed(0, Kind.ACCEPTED, leaf=LEAF, payload_sha256=GOOD),
    _placed(1, Kind.PUBLISH_ATTEMPT, recipient="H60.1"),
    _placed(2, Kind.ARRIVED, recipient="H60.1", payload_sha256=GOOD),
    _placed(3, Kind.DELIVERED_RECEIPT, recipient="H60.1"),
    _placed(4, Kind.REJECTED, "m2", payload_sha256=BAD, reason="certs.digest_mismatch"),
)
TESTIMONY = Deposition(
    gateway="gw", placed=LOG, fates=(Fate(message_id="m1", code="H60.1", state="acknowledged"),)
)
SOUND = Evidence(
    ledger=Ledger(
        attempts=(ATTEMPT, HOSTILE),
        answers=(ANSWER, REFUSAL),
        taken=(TAKEN,),
        samples=(Sample(process="gw/0", resident=10**8, descriptors=50, t=1.0),),
        phases=(
            Phase(fault=CALM, what="began", t=5.0),
            Phase(fault=CALM, what="healed", t=6.0),
            Phase(fault="F1", what="began", t=0.5),
            Phase(fault="F1", what="healed", t=1.2),
        ),
    ),
    depositions=(TESTIMONY,),
    heal_seconds={"F1": 3.0},
)

_EXPIRED = "certs.certificate_expired"

Change = Callable[[], Evidence]


def _ledger(**changes: object) -> Evidence:
    return replace(SOUND, ledger=replace(SOUND.ledger, **changes))  # type: ignore[arg-type]


def _flow(*numbers: int, t: float = 5.5) -> Evidence:
    """Let two documents of one flow, attempted at `t`, be taken with these numbers."""
    hashes = (GOOD, OTHER)
    attempts = [replace(ATTEMPT, attempt=sha256, sha256=sha256, t=t) for sha256 in hashes]
    taken = [
        replace(TAKEN, sha256=sha256, message_id=f"m{number}", flow_seq=number)
        for sha256, number in zip(hashes, numbers, strict=True)
    ]
    return _ledger(attempts=(ATTEMPT, *attempts, HOSTILE), taken=tuple(taken))


def _deposition(**changes: object) -> Evidence:
    return replace(SOUND, depositions=(replace(TESTIMONY, **changes),))  # type: ignore[arg-type]


def _without(index: int) -> Evidence:
    return _deposition(placed=tuple(each for each in LOG if each.index != index))


def _also(*more: Placed) -> Evidence:
    return _deposition(placed=(*LOG, *more))


def _as_expired() -> Evidence:
    """Let the hostile document be refused because its certificate has expired."""
    placed = _placed(4, Kind.REJECTED, "m2", payload_sha256=BAD, reason=_EXPIRED)
    refused = _ledger(answers=(ANSWER, replace(REFUSAL, code=_EXPIRED)))
    return replace(refused, depositions=(replace(TESTIMONY, placed=(*LOG[:4], placed)),))


PLANTED: dict[str, tuple[str, Change]] = {
    "never delivered": ("I1", lambda: _ledger(taken=())),
    "undeliverable without a reason": (
        "I1",
        lambda: replace(
            _ledger(taken=()),
            depositions=(
                replace(TESTIMONY, fates=(Fate(message_id="m1", code="H60.1", state="undeliverable"),)),
            ),
        ),
    ),
    "bytes that nobody sent": ("I2", lambda: _ledger(taken=(TAKEN, replace(TAKEN, sha256="d" * 64)))),
    "an addressee that is none": ("I2", lambda: _ledger(taken=(TAKEN, replace(TAKEN, recipient="H22.1")))),
    "other bytes than were promised": ("I2", lambda: _ledger(taken=(TAKEN, replace(TAKEN, sha256=BAD)))),
    "applied twice": ("I3", lambda: _ledger(taken=(TAKEN, TAKEN))),
    "two inbox items": ("I3", lambda: _ledger(taken=(TAKEN, replace(TAKEN, item_id="d2", applied=False)))),
    "accepted under two ids": ("I3", lambda: _ledger(answers=(ANSWER, replace(ANSWER, message_id="m9")))),
    "sent without end": ("I3", lambda: _also(*(_placed(9, Kind.PUBLISH_ATTEMPT, recipient="H60.1"),) * 99)),
    "hostile, accepted": ("I4", lambda: _ledger(answers=(ANSWER, replace(REFUSAL, status=201)))),
    "hostile, applied": ("I4", lambda: _ledger(taken=(TAKEN, replace(TAKEN, sha256=BAD, message_id="m2")))),
    "hostile, in the log": ("I4", lambda: _also(_placed(5, Kind.ACCEPTED, "m2", payload_sha256=BAD))),
    "hostile, refused for another reason": (
        "I4",
        lambda: _ledger(answers=(ANSWER, replace(REFUSAL, code="schemas.unreadable"))),
    ),
    "hostile, refused as expired before it is": (
        "I4",
        lambda: replace(_as_expired(), expiry=AT),
    ),
    "refused without an entry": ("I4", lambda: _without(4)),
    "poison without an entry": ("I4", lambda: replace(SOUND, poison=1)),
    "promised without an entry": ("I5", lambda: _without(0)),
    "applied and never sent": ("I5", lambda: _without(1)),
    "applied and never arrived": ("I5", lambda: _without(2)),
    "applied without a receipt": ("I5", lambda: _without(3)),
    "an entry out of nothing": (
        "I5",
        lambda: _also(_placed(5, Kind.ACCEPTED, "m7", payload_sha256="e" * 64)),
    ),
    "a receipt for no entry": ("I6", lambda: _ledger(answers=(replace(ANSWER, leaf="f" * 64), REFUSAL))),
    "no receipt": ("I6", lambda: _ledger(answers=(replace(ANSWER, leaf=None), REFUSAL))),
    "an entry that was never placed": (
        "I6",
        lambda: _deposition(placed=(replace(LOG[0], index=None), *LOG[1:])),
    ),
    "a late checkpoint": ("I6", lambda: _deposition(placed=(replace(LOG[0], shown_at=99.0), *LOG[1:]))),
    "a log that does not verify": ("I6", lambda: _deposition(verified=False, findings=("log.contradicted",))),
    "a falsified copy that verifies": ("I6", lambda: _deposition(unnoticed=("an entry was taken out",))),
    "out of order": ("I7", lambda: _flow(2, 1)),
    "a number that is there twice": ("I7", lambda: _flow(1, 1)),
    "a number of no message": ("I7", lambda: _flow(1, 3)),
    "no number": ("I7", lambda: _ledger(taken=(replace(TAKEN, flow_seq=None),))),
    "a decision that is not reproduced": ("I8", lambda: _deposition(unreplayable=("m1",))),
    "no rest": ("I9", lambda: replace(SOUND, heal_seconds={"F1": None})),
    "late rest": ("I9", lambda: replace(SOUND, heal_seconds={"F1": 121.0})),
    "a backlog": ("I9", lambda: _deposition(backlog={"outbox": 1})),
    "a queue that is not empty": ("I9", lambda: replace(SOUND, leftovers={"member.hanoi": 1})),
    "a process that is not ready": ("I9", lambda: replace(SOUND, unready=("gw/0: axis",))),
    "memory": (
        "I10",
        lambda: _ledger(samples=(Sample(process="gw/0", resident=10**10, descriptors=5, t=1.0),)),
    ),
    "descriptors": (
        "I10",
        lambda: _ledger(samples=(Sample(process="gw/0", resident=5, descriptors=9999, t=1.0),)),
    ),
    "slow refusals": ("I10", lambda: _ledger(answers=(ANSWER, replace(REFUSAL, seconds=9.0)))),
    "what a fault saw itself": ("I3", lambda: replace(SOUND, broken=(("I3", "seen"),))),
}


def test_sound_evidence_contradicts_nothing() -> None:
    """The evidence from which every planted violation is made is sound itself."""
    assert check(SOUND, Bounds()) == []


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_violation_is_found(name: str) -> None:
    """Each way of being wrong is found under its invariant."""
    invariant, change = PLANTED[name]

    assert invariant in {each.invariant for each in check(change(), Bounds())}


def test_every_invariant_can_fail() -> None:
    """None of the ten is left without a planted violation."""
    assert {invariant for invariant, _ in PLANTED.values()} == set(INVARIANTS)


def test_order_is_not_expected_while_something_goes_wrong() -> None:
    """What was sent during a fault may come in any order; its numbers tell."""
    found = check(_flow(2, 1, t=1.0), Bounds())

    assert "I7" not in {each.invariant for each in found}


def test_a_visible_end_is_no_loss() -> None:
    """A document that its sender sees as undeliverable, with the reason, is not lost."""
    fate = Fate(message_id="m1", code="H60.1", state="undeliverable", reason="routing.no_successor")

    found = check(replace(_ledger(taken=()), depositions=(replace(TESTIMONY, fates=(fate,)),)), Bounds())

    assert found == []


def test_a_clock_that_is_years_ahead_expires_certificates() -> None:
    """What is refused as expired, by an entry whose own time is after the end of all certificates, is refused for a reason."""
    assert check(replace(_as_expired(), expiry=AT - timedelta(days=1)), Bounds()) == []


def test_a_receipt_that_came_late_is_one() -> None:
    """Where a deadline passed on the way, the receipt after it has an entry of another kind."""
    late = _deposition(placed=(*LOG[:3], _placed(3, Kind.LATE_RECEIPT, recipient="H60.1"), LOG[4]))

    assert check(late, Bounds()) == []


def test_an_acknowledgement_that_was_lost_is_no_duplicate() -> None:
    """An item that is read again because its acknowledgement was lost is recognised and not applied."""
    assert check(_ledger(taken=(TAKEN, replace(TAKEN, applied=False))), Bounds()) == []


def test_waiting_during_a_fault_does_not_count() -> None:
    """The time for a checkpoint begins when the fault under which the entry was written is over."""
    late = _deposition(placed=(replace(LOG[0], shown_at=61.15), *LOG[1:]))

    assert check(late, Bounds()) == []
    assert check(replace(late, ledger=replace(late.ledger, phases=())), Bounds()) == [
        Violation("I6", "the entry of m1 was under a checkpoint only 60 s later")
    ]
