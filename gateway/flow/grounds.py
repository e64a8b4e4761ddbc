"""What a decision rested on, as the routing log and the messages keep it: enough to make it again.

Nothing personal is in it. Times are whole milliseconds since 1970-01-01 UTC; the registry and the trust are named by version.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache

from certs.evidence import Evidence
from certs.verdict import TimeSource, Verdict
from gateway.flow.examination import Examination
from gateway.flow.stated import milliseconds
from gateway.records import Json
from routing.canonical import canonical_json
from routing.closed_codes import ClosedCodeRule, Grace
from routing.resolve import Resolved

FORWARDED_PER_ENTRY = 50
"""The most closed codes whose successors an entry names; a document has seldom more than one."""


def verdict_facts(examination: Examination) -> dict[str, Json]:
    """Return the signature verdict as facts, which is empty for a status message, and beside it the warnings if there are any.

    They are kept with the message, so that a retry of the same bytes hears the same warnings.
    """
    facts = _facts(examination.verdict) if examination.verdict is not None else {}
    warnings = [finding.as_json() for finding in examination.warnings]
    return {**facts, **({"warnings": warnings} if warnings else {})}


def evidence(examination: Examination) -> dict[str, Json] | None:
    """Return what was found in the signature, from which it can be judged again."""
    return _recorded(examination.verdict.evidence)[0] if examination.verdict is not None else None


def _facts(verdict: Verdict) -> dict[str, Json]:
    """Return a verdict as facts, with the hash of the evidence that it rests on."""
    return {**verdict.facts(), "evidence_sha256": _recorded(verdict.evidence)[1]}


@lru_cache(maxsize=100)
def _recorded(found: Evidence) -> tuple[dict[str, Json], str]:
    """Return evidence as it is kept, and its SHA-256; the message and its entries all ask for it."""
    recorded = found.as_json()
    return recorded, hashlib.sha256(canonical_json(recorded)).hexdigest()


def decision(examination: Examination, sha256: str, size: int) -> Mapping[str, Json]:
    """Return what a decision rested on, so that it can be made again from the entry alone."""
    binding = examination.binding
    facts: dict[str, Json] = {
        "payload_sha256": sha256,
        "payload_size": size,
        "registry_version": examination.registry_version,
        "registry_sha256": examination.registry_sha256,
        "trust_version": examination.trust_version,
        "decided_t": milliseconds(examination.at),
        "rule": binding.rule.value if binding else "none",
    }
    if examination.trust_number is not None:
        facts["trust_number"] = examination.trust_number
    if binding is not None:
        facts["evidence"] = binding.evidence
        if binding.registration is not None:
            facts["registration"] = binding.registration.id
    if examination.verdict is not None:
        facts["verdict"] = _facts(examination.verdict)
    if examination.signatures is not None and examination.signatures.pdfs:
        facts["signature_mode"] = examination.signatures.mode.value
        facts["attached"] = [each.facts() for each in examination.signatures.pdfs]
    return facts | _around_closed_codes(examination)


def _around_closed_codes(examination: Examination) -> dict[str, Json]:
    """Return which moment's codes counted, if not that of the decision, and by which rules codes counted after their end."""
    facts: dict[str, Json] = {}
    if examination.codes_at != examination.at:
        facts["codes_t"] = milliseconds(examination.codes_at)
    if examination.late is not None:
        facts["late"] = _late(examination.late)
    if examination.forwarded:
        facts["forwarded"] = [_forwarded(each) for each in examination.forwarded[:FORWARDED_PER_ENTRY]]
    return facts


def _late(late: Grace) -> dict[str, Json]:
    return {
        "rule": ClosedCodeRule.CLOSED_CODE_GRACE.value,
        "code": late.agency.code,
        "entity": late.agency.entity_id,
        "proven_t": milliseconds(late.proven_at),
        "time_source": TimeSource.TIMESTAMP.value,
        "until_t": milliseconds(late.until),
    }


def _forwarded(resolved: Resolved) -> dict[str, Json]:
    return {
        "rule": resolved.rule.value if resolved.rule is not None else "",
        "code": resolved.closed.code if resolved.closed is not None else "",
        "as_sent": resolved.as_sent,
        "to": resolved.agency.code,
    }
