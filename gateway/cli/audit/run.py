"""One audit from beginning to end, in one pass over the log and one over the tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from gateway.cli.audit.access import check_access
from gateway.cli.audit.bodies import Bodies
from gateway.cli.audit.findings import Difference, differs
from gateway.cli.audit.indexes import check_indexes
from gateway.cli.audit.messages import check_messages
from gateway.cli.audit.registry import check_registry
from gateway.cli.audit.testimony import Testimony
from gateway.cli.audit.transit import Queues, check_arrivals, check_deliveries
from gateway.store import Audit, open_audit
from gateway.store.errors import DamagedDatabaseError
from routing.audit import AuditReport, audit
from routing.findings import AuditFinding
from routing.note import Verifier

MOST = 100
"""Findings that are kept; all are counted."""


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
    target: str | Path, *, verifiers: Sequence[Verifier], payloads: Path, at: datetime
) -> AuditResult:
    """Audit a database, or a copy of one, under the keys of its log; `at` is the moment of the audit.

    Without `verifiers` nothing is proven and the result is incomplete at best.

    Raises:
        StoreError: it is no database of a gateway, or of another version of this software.

    """
    result = AuditResult(key=verifiers[0].label if verifiers else None)
    with open_audit(target) as database:
        for line in database.integrity():
            result.add(_damaged(line))
        try:
            _audit(database, result, verifiers, Bodies(payloads, at=at))
        except DamagedDatabaseError as error:
            result.add(_damaged(str(error.facts.get("reason", error))))
    return result


def _audit(database: Audit, result: AuditResult, verifiers: Sequence[Verifier], bodies: Bodies) -> None:
    log = Testimony()
    result.report = report = audit(
        log.listen(database.entries()),
        # Without a key every checkpoint would count as unreadable, which proves nothing.
        checkpoints=database.checkpoints() if verifiers else (),
        origin=verifiers[0].name if verifiers else "",
        verifiers=verifiers,
        nodes=database.node,
        max_findings=MOST,
    )
    for finding in report.findings:
        result.add(_of_log(finding))
    result.found += report.found - len(report.findings)
    if not verifiers:
        result.add(_no_key())
    for difference in _tables(database, log, report, bodies, verifiers):
        result.add(difference)


def _tables(
    database: Audit, log: Testimony, report: AuditReport, bodies: Bodies, verifiers: Sequence[Verifier]
) -> Iterator[Difference]:
    size, root = database.head()
    if (size, root) != (report.entries, report.root or root):
        yield differs(
            "log_head", "root", logged=f"{report.entries} entries", found=f"{size} entries, {root.hex()}"
        )
    pinned = {str(verifier) for verifier in verifiers}
    if pinned and log.log_key is not None and log.log_key not in pinned:
        yield differs("log_entry[0]", "verifier_key", logged=log.log_key, found=min(pinned))
    yield from check_registry(database, log)
    yield from bodies.check_rows(database)
    yield from check_messages(database, log, bodies)
    queues = Queues(database)
    yield from check_deliveries(database, log, queues)
    yield from check_arrivals(database, log, bodies, queues)
    yield from check_access(database, log)
    yield from check_indexes(database)


def _of_log(finding: AuditFinding) -> Difference:
    facts = {"index": finding.index, **finding.facts}
    return Difference(
        code=finding.code,
        where=f"log[{finding.index}]",
        vi=finding.vi.format(**facts),
        en=finding.en.format(**facts),
        incomplete=finding.retry,
    )


def _damaged(reason: str) -> Difference:
    return Difference(
        code="evidence.database_damaged",
        where="database",
        vi=f"Tệp cơ sở dữ liệu bị hỏng: {reason}",
        en=f"The database file is damaged: {reason}",
    )


def _no_key() -> Difference:
    return Difference(
        code="evidence.no_key",
        where="--vkey",
        vi="Không có khóa kiểm tra nên không xác minh được chữ ký của checkpoint nào.",
        en="Without a verifier key no checkpoint's signature can be checked.",
        incomplete=True,
    )
