"""`--type pdf`: every signature in a PDF, whose each is, and whether agency and person signed.

Decree 30/2020/NĐ-CP, Article 5.1 asks for both. The file is read in a process of its own (`gateway.pdf_worker`), which has its
name and nothing else; what it found is judged here. Invariant: if that process fails, the file was not decided, and there is a
report all the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from certs.errors_pdf import PdfUndecidedError
from certs.indication import Indication
from certs.pdf import PdfVerdict, SignedPdf, SignerRole, judge_pdf
from certs.pdf_facts import PdfFacts
from certs.pdf_rules import Obstacle
from certs.trust import Trust
from certs.verdict import Signer
from gateway.cli.verification.documents import FindAgency
from gateway.cli.verification.report import (
    PASSED,
    Judgement,
    chain_facts,
    moment_facts,
    signature_facts,
    signer_facts,
)
from gateway.cli.verification.stamps import timestamp_as_json
from schemas.codes import AgencyCode, Scheme
from schemas.errors import BadAgencyCode

_AGENCIES: Final = frozenset({Scheme.QD20, Scheme.QCVN102, Scheme.QCVN102_SHORT})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attributed:
    """A signature with whom it stands for; `agency` is a code and what binds it."""

    signed: SignedPdf
    role: SignerRole | None
    agency: tuple[str, str] | None


def judge_pdf_file(
    facts: PdfFacts, *, sha256: str, trust: Trust, at: datetime, find: FindAgency | None
) -> Judgement:
    """Judge a PDF; `sha256` is that of the file as the report names it, and without `find` nobody's role is known."""
    if facts.sha256 not in {None, sha256}:
        error = PdfUndecidedError(Obstacle.CHANGED)
        return Judgement.undecided(error, error.sub_indication)
    verdict = judge_pdf(facts, trust=trust, at=at)
    attributed = tuple(_attributed(each, find) for each in verdict.signatures)
    judgement = _judgement(verdict, attributed)
    original = verdict.has_original_value([each.role for each in attributed]) if find is not None else None
    details = {"signatures": [_facts(each) for each in attributed], "original_value": original}
    return replace(judgement, details={**(judgement.details or {}), **details})


def find_by_subject(signer: Signer) -> tuple[str, str] | None:
    """Return the agency whose code, in one of the forms that agencies have, is the serialNumber of the signer's subject."""
    named = signer.subject_serial_number
    try:
        code = AgencyCode.parse(named or "")
    except BadAgencyCode:
        return None
    return (code.value, "subject.serialNumber") if code.scheme in _AGENCIES and code.value == named else None


def _attributed(signed: SignedPdf, find: FindAgency | None) -> _Attributed:
    verdict = signed.verdict
    if find is None or verdict.signer is None or verdict.indication is not Indication.TOTAL_PASSED:
        return _Attributed(signed=signed, role=None, agency=None)
    agency = find(verdict.signer)
    role = SignerRole.PERSON if agency is None else SignerRole.AGENCY
    return _Attributed(signed=signed, role=role, agency=agency)


def _judgement(verdict: PdfVerdict, attributed: tuple[_Attributed, ...]) -> Judgement:
    """Judge the whole; the report's own fields describe what decided or, after a pass, the agency's signature or the last."""
    if not attributed:
        return Judgement(
            indication=verdict.indication, sub_indication=verdict.sub_indication, errors=verdict.errors
        )
    passed = verdict.indication is Indication.TOTAL_PASSED
    if passed:
        leading = ([each for each in attributed if each.role is SignerRole.AGENCY] or attributed)[-1]
    else:
        leading = next(each for each in attributed if each.signed is verdict.ranked[0])
    code, binding = leading.agency or (None, None)
    view = leading.signed.verdict.evidence.signed_view_sha256
    return replace(
        Judgement.of(leading.signed.verdict),
        errors=verdict.errors,
        remarks=tuple(warning for each in attributed for warning in each.signed.verdict.warnings),
        agency_code=code,
        binding=binding,
        details={"signed_view_sha256": view if passed else None},
    )


def _facts(attributed: _Attributed) -> dict[str, Any]:
    facts, verdict = attributed.signed.facts, attributed.signed.verdict
    first = verdict.errors[0] if verdict.errors else None
    code, binding = attributed.agency or (None, None)
    return {
        "field": facts.field,
        "indication": verdict.indication.value,
        "sub_indication": verdict.sub_indication.value if verdict.sub_indication else None,
        "code": first.code if first is not None else None,
        "reason_vi": first.vi.format(**first.facts) if first is not None else PASSED[0],
        "reason_en": first.en.format(**first.facts) if first is not None else PASSED[1],
        "coverage": facts.coverage.value,
        "changes": facts.change.value if facts.change is not None else None,
        "scope": verdict.scope.value,
        "certifies": facts.certifies,
        "signature": signature_facts(verdict),
        "claimed_time": facts.claimed_time,
        "best_signature_time": moment_facts(verdict),
        "timestamps": [timestamp_as_json(each) for each in verdict.timestamps],
        "timestamped": facts.cms is not None and bool(facts.cms.tokens),
        "role": attributed.role.value if attributed.role is not None else None,
        "signer": signer_facts(verdict.signer, code, binding),
        "chain": chain_facts(verdict.chain, verdict.revocation),
    }
