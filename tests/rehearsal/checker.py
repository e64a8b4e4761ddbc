"""The checker: holds every log entry against the registry version that it names, and the ledger against the log.

It runs when everything is over, on the database alone. Two oracles: the registry of the version named, asked again at the time of
the entry (every decision can be replayed), and the plain rules of the cast, which know nothing of the registry.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from gateway.store import Audit, open_audit
from routing.log import Kind, LogEntry, read_leaf
from tests.rehearsal.cast import INSTANT, Fate
from tests.rehearsal.ledger import Ledger, Sent
from tests.support.replaying import directories, replay

_FINAL_GOOD = "acknowledged"
_FINAL_BAD = "undeliverable"


@dataclass(slots=True, kw_only=True)
class Report:
    """What was counted, and everything that is wrong."""

    counts: Counter[str] = field(default_factory=Counter)
    entries: Counter[Kind] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def wrong(self, kind: str, text: str) -> None:
        """Count a fault under its kind."""
        self.counts[kind] += 1
        self.faults.append(f"{kind}: {text}")


def check(database: str, ledger: Ledger) -> Report:
    """Replay the log and settle the ledger."""
    report = Report()
    with open_audit(database) as audit, directories(database) as of_version:
        entries = [read_leaf(leaf) for _, leaf, _ in audit.entries()]
        for entry in entries:
            report.entries[entry.kind] += 1
            for fault in replay(entry, of_version):
                report.wrong("not replayable", fault)
        _settle(audit, entries, ledger, report)
    for each in ledger.broken:
        report.wrong("broken promise", each)
    return report


def _settle(audit: Audit, entries: list[LogEntry], ledger: Ledger, report: Report) -> None:
    decided_at = {
        entry.fields["payload_sha256"]: entry.t
        for entry in entries
        if entry.kind in {Kind.ACCEPTED, Kind.REJECTED} and "payload_sha256" in entry.fields
    }
    states: defaultdict[str, list[str]] = defaultdict(list)
    for delivery in audit.deliveries():
        states[delivery.message_id].append(delivery.state.value)
    for sent in ledger.sent:
        at = decided_at.get(sent.sha256)
        if at is None:
            report.wrong("undecided", f"no entry tells of {sent.sha256} ({sent.refusal})")
        elif sent.document_id is None:
            _settle_refusal(sent, at, report)
        else:
            _settle_acceptance(sent, at, states[sent.document_id], ledger, report)


def _settle_refusal(sent: Sent, at: datetime, report: Report) -> None:
    report.counts[f"refused {_side(at)}"] += 1
    report.counts[f"refused as {sent.refusal}"] += 1
    if sent.pen.may_sign(at) and sent.addressee.exists(at):
        report.wrong(
            "wrongly refused", f"{sent.pen.code} → {sent.addressee.code} at {at} with {sent.refusal}"
        )


def _settle_acceptance(sent: Sent, at: datetime, states: list[str], ledger: Ledger, report: Report) -> None:
    report.counts[f"accepted {_side(at)}"] += 1
    road = f"{sent.document_id} {sent.pen.code}/{sent.pen.system} → {sent.addressee.code} accepted at {at}"
    if not (sent.pen.may_sign(at) and sent.addressee.exists(at)):
        report.wrong("wrongly accepted", road)
    taken = ledger.taken.get(sent.sha256, [])
    strangers = {system for system, _ in taken} - sent.addressee.systems(at)
    if strangers:
        report.wrong("misrouted", f"{road} was taken by {', '.join(sorted(strangers))}")
    if len(taken) > 1:
        report.wrong("duplicated", f"{road} was taken {len(taken)} times")
    for state in states:
        report.counts[f"deliveries {state}"] += 1
    if states == [_FINAL_GOOD] and taken:
        report.counts["delivered"] += 1
    elif states == [_FINAL_BAD] and not taken and sent.addressee.may_fail and at < INSTANT:
        report.counts["told undeliverable"] += 1
    else:
        report.wrong("lost", f"{road} is {states} and was taken {len(taken)} times")


def _side(at: datetime) -> str:
    return "before" if at < INSTANT else "since"


def longest_silence(ledger: Ledger, around: timedelta) -> float:
    """Return the longest time in seconds, near the instant, in which no sender got an answer."""
    moments = sorted(each.ended for each in ledger.sent if abs(each.ended - INSTANT) <= around)
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(moments)]
    return max(gaps, default=0.0)


def fates(ledger: Ledger) -> Counter[Fate]:
    """Count what was sent by what the night does to its addressee."""
    return Counter(each.addressee.fate for each in ledger.sent)
