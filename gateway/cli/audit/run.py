"""One audit from beginning to end, in one pass over the log and one over the tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from gateway.cli.audit.access import check_access
from gateway.cli.audit.approvals import check_officer_keys
from gateway.cli.audit.bodies import Bodies
from gateway.cli.audit.certificates import check_certificates
from gateway.cli.audit.changes import check_changes
from gateway.cli.audit.findings import Difference, differs
from gateway.cli.audit.flows import check_flows
from gateway.cli.audit.indexes import check_indexes
from gateway.cli.audit.messages import check_messages
from gateway.cli.audit.notices import check_notices
from gateway.cli.audit.parked import check_first_seen, check_parked
from gateway.cli.audit.references import check_references
from gateway.cli.audit.registry import check_registry
from gateway.cli.audit.testimony import Testimony
from gateway.cli.audit.transit import Queues, check_arrivals, check_deliveries
from gateway.cli.audit.trust import check_trust
from gateway.payloads_s3 import S3Payloads
from gateway.store import Audit, open_audit
from gateway.store.errors import DamagedDatabaseError
from routing.audit import AuditReport, audit
from routing.findings import AuditFinding
from routing.note import Verifier

MOST = 100
"""Findings that are kept; all are counted."""

NONSENSE = (TypeError, ValueError, KeyError, AttributeError)
"""What a value of the wrong kind can raise wherever it is looked at."""


class Conclusion(StrEnum):
    """What an audit comes to."""

    VALID = "valid"
    INVALID = "invalid"
    INCOMPLETE = "incomplete"


@dataclass(slots=True)
class AuditResult:
    """What was looked at and what was found; `report` is missing only if the database broke off before its end."""

    key: str | None
    report: AuditReport | None = None
    found: int = 0
    invalid: bool = False
    findings: list[Difference] = field(default_factory=list)

    @property
    def conclusion(self) -> Conclusion:
        """Altered evidence outweighs missing evidence, and missing evidence outweighs the rest."""
        if self.invalid:
            return Conclusion.INVALID
        return Conclusion.INCOMPLETE if self.found else Conclusion.VALID

    def add(self, finding: Difference) -> None:
        """Count a finding, and keep it if there is room."""
        self.found += 1
        self.invalid = self.invalid or not finding.incomplete
        if len(self.findings) < MOST:
            self.findings.append(finding)


def audit_database(
    target: str | Path, *, verifiers: Sequence[Verifier], payloads: Path | S3Payloads, at: datetime
) -> AuditResult:
    """Audit a database, or a copy of one, under the keys of its log; `at` is the moment of the audit.

    Without `verifiers` nothing is proven and the result is incomplete at best.

    Raises:
        StoreError: it is no database of a gateway, or of another version of this software.

    """
    result = AuditResult(key=verifiers[0].label if verifiers else None)
    with open_audit(target) as database:
        for line in database.integrity():
            result.add(_damaged("database", line))
        log = Testimony()
        try:
            result.report = _audit_log(database, log, verifiers)
        except DamagedDatabaseError as error:
            # What the log says is not known to its end, so the tables cannot be held against it.
            result.add(_damaged("log_entry", error.facts.get("reason")))
            return result
        _take_over(result, result.report, verifiers)
        for difference in _tables(database, log, result.report, Bodies(payloads, at=at), verifiers):
            result.add(difference)
    return result


def damaged(reason: object) -> AuditResult:
    """Return what is to be said of a database that cannot even be opened."""
    result = AuditResult(key=None)
    result.add(_damaged("database", reason))
    return result


def _audit_log(database: Audit, log: Testimony, verifiers: Sequence[Verifier]) -> AuditReport:
    return audit(
        log.listen(database.entries()),
        # Without a key every checkpoint would count as unreadable, which proves nothing.
        checkpoints=database.checkpoints() if verifiers else (),
        origin=verifiers[0].name if verifiers else "",
        verifiers=verifiers,
        nodes=database.node,
        max_findings=MOST,
    )


def _take_over(result: AuditResult, report: AuditReport, verifiers: Sequence[Verifier]) -> None:
    for finding in report.findings:
        result.add(_of_log(finding))
    result.found += report.found - len(report.findings)
    if not verifiers:
        result.add(_no_key())


def _tables(
    database: Audit, log: Testimony, report: AuditReport, bodies: Bodies, verifiers: Sequence[Verifier]
) -> Iterator[Difference]:
    """Hold each part of the database against the log; a part that makes no sense at all does not stop the others."""
    parts: dict[str, Callable[[], Iterator[Difference]]] = {
        "log_head": lambda: _head(database, report),
        "log_opened": lambda: _opened(log, verifiers),
        "registry": lambda: check_registry(database, log),
        "change_set": lambda: check_changes(database, log),
        "officer_key": lambda: check_officer_keys(database, log),
        "trust": lambda: check_trust(database, log),
        "body": lambda: bodies.check_rows(database),
        "message": lambda: check_messages(database, log, bodies),
        "delivery": lambda: check_deliveries(database, log, Queues(database)),
        "flow": lambda: check_flows(database, log),
        "arrival": lambda: check_arrivals(database, log, bodies, Queues(database)),
        "notice": lambda: check_notices(database, log),
        "reference": lambda: check_references(database, log),
        "parked": lambda: check_parked(database, log),
        "first_seen": lambda: check_first_seen(database, log),
        "access": lambda: check_access(database, log),
        "certificate": lambda: check_certificates(database, log),
        "index": lambda: check_indexes(database),
    }
    for name, part in parts.items():
        try:
            yield from part()
        except DamagedDatabaseError as error:
            yield _damaged(name, error.facts.get("reason"))
        except NONSENSE as error:
            yield _damaged(name, f"{type(error).__name__}: {error}")


def _head(database: Audit, report: AuditReport) -> Iterator[Difference]:
    size, root = database.head()
    if (size, root) != (report.entries, report.root or root):
        yield differs(
            "log_head", "root", logged=f"{report.entries} entries", found=f"{size} entries, {root.hex()}"
        )


def _opened(log: Testimony, verifiers: Sequence[Verifier]) -> Iterator[Difference]:
    """Compare the key that the log announced in its first entry with those that are believed."""
    believed = {str(verifier) for verifier in verifiers}
    if believed and log.log_key is not None and log.log_key not in believed:
        yield differs("log_entry[0]", "verifier_key", logged=log.log_key, found=min(believed))


def _of_log(finding: AuditFinding) -> Difference:
    facts = {"index": finding.index, **finding.facts}
    return Difference(
        code=finding.code,
        where=f"log[{finding.index}]",
        vi=finding.vi.format(**facts),
        en=finding.en.format(**facts),
        incomplete=finding.retry,
    )


def _damaged(where: str, reason: object) -> Difference:
    return Difference(
        code="evidence.database_damaged",
        where=where,
        vi=f"Cơ sở dữ liệu bị hỏng hoặc chứa giá trị vô nghĩa: {reason}",
        en=f"The database is damaged, or holds a value that means nothing: {reason}",
    )


def _no_key() -> Difference:
    return Difference(
        code="evidence.no_key",
        where="--vkey",
        vi="Không có khóa kiểm tra nên không xác minh được chữ ký của checkpoint nào.",
        en="Without a verifier key no checkpoint's signature can be checked.",
        incomplete=True,
    )
