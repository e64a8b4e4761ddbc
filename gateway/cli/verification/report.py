"""The report of `vanthu verify`: what was found about one file, in the words of ETSI EN 319 102-1, as JSON and as an exit code.

The fields are a contract (docs/verify.md): none is ever left out, what is unknown is null, and new ones may be added. The first
finding decided; those of level `warning` decide nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from certs.indication import Indication, Scope, SubIndication
from certs.revocation import Status
from certs.timestamp import Timestamp
from certs.verdict import Signer, Verdict, status_facts
from gateway.cli.exits import Exit
from gateway.cli.verification.stamps import VALID, timestamp_as_json
from gateway.flow.findings import Fault, Finding, Level

VERSION: Final = 1
MAX_FINDINGS: Final = 100
"""So many findings are told; a file of 1 MB can have a hundred thousand faults."""

EXITS: Final = {
    Indication.TOTAL_PASSED: Exit.OK,
    Indication.TOTAL_FAILED: Exit.REFUSED,
    Indication.INDETERMINATE: Exit.UNDECIDED,
    Indication.NO_SIGNATURE_FOUND: Exit.UNREADABLE,
}
PASSED: Final = ("Chữ ký số hợp lệ.", "The signature is valid.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What was found out about the content of a file.

    `errors` are empty exactly after TOTAL_PASSED, and the first of them decided; `remarks` and `notes` decide nothing.
    `agency_code` is there only if the signer is bound to it, and `binding` says by what.
    """

    indication: Indication
    sub_indication: SubIndication | None = None
    errors: tuple[Fault, ...] = ()
    remarks: tuple[Fault, ...] = ()
    notes: tuple[Fault, ...] = ()
    form: str | None = None
    scope: Scope = Scope.NONE
    verdict: Verdict | None = None
    signer: Signer | None = None
    chain: tuple[str, ...] = ()
    revocation: tuple[Status, ...] = ()
    agency_code: str | None = None
    binding: str | None = None
    timestamps: tuple[Timestamp, ...] = ()
    details: Mapping[str, Any] | None = None
    """Fields of the report that only this type of file has, or fills in its own way."""

    def __post_init__(self) -> None:
        """Make a pass with something against it impossible."""
        if (self.indication is Indication.TOTAL_PASSED) != (not self.errors):
            raise ValueError("a file passes if nothing speaks against it, or not at all")

    @classmethod
    def of(cls, verdict: Verdict, *, remarks: tuple[Fault, ...] = ()) -> Judgement:
        """Take over a verdict on an XML signature."""
        return cls(
            indication=verdict.indication,
            sub_indication=verdict.sub_indication,
            errors=verdict.errors,
            remarks=(*verdict.warnings, *remarks),
            notes=verdict.notes,
            form=verdict.form.value if verdict.form is not None else None,
            scope=verdict.scope,
            verdict=verdict,
            signer=verdict.signer,
            chain=verdict.chain,
            revocation=verdict.revocation,
            timestamps=verdict.timestamps,
        )

    @classmethod
    def failed(cls, error: Fault) -> Judgement:
        """Say that the file does not have the form that it should have."""
        return cls(
            indication=Indication.TOTAL_FAILED,
            sub_indication=SubIndication.FORMAT_FAILURE,
            errors=(error,),
        )

    @classmethod
    def undecided(cls, error: Fault, sub_indication: SubIndication | None) -> Judgement:
        """Say that nothing could be decided."""
        return cls(
            indication=Indication.INDETERMINATE,
            sub_indication=sub_indication,
            errors=(error,),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A judgement with the file, the time and the anchors that it is about."""

    kind: str
    judgement: Judgement
    policy: str
    at: datetime
    trust_version: str | None
    document_sha256: str
    size: int

    @property
    def exit(self) -> Exit:
        """The exit code that says the indication."""
        return EXITS[self.judgement.indication]

    @property
    def reason(self) -> tuple[str, str]:
        """Why it is so, in Vietnamese and in English."""
        if self.judgement.errors:
            return self.findings[0].vi, self.findings[0].en
        return VALID if self.kind == "tst" else PASSED

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What speaks against the file, and then what else was noticed."""
        decided = Level.UNDECIDED if self.judgement.indication is Indication.INDETERMINATE else Level.REFUSE
        errors = (Finding.of(error, level=decided) for error in self.judgement.errors[:MAX_FINDINGS])
        room = MAX_FINDINGS - min(len(self.judgement.errors), MAX_FINDINGS)
        remarks = (Finding.of(remark, level=Level.WARNING) for remark in self.judgement.remarks[:room])
        return (*errors, *remarks)

    def as_json(self) -> dict[str, Any]:
        """Return the report as a JSON document."""
        judgement = self.judgement
        reason_vi, reason_en = self.reason
        findings = self.findings
        verdict = judgement.verdict
        view = verdict.signed_view if verdict is not None else None
        return {
            "v": VERSION,
            "type": self.kind,
            "indication": judgement.indication.value,
            "sub_indication": judgement.sub_indication.value if judgement.sub_indication else None,
            "code": findings[0].code if judgement.errors else None,
            "reason_vi": reason_vi,
            "reason_en": reason_en,
            "policy": self.policy,
            "anchors": self.trust_version,
            "control_time": _instant(self.at),
            "document_sha256": self.document_sha256,
            "size": self.size,
            "scope": judgement.scope.value,
            "decorative": verdict.legacy if verdict is not None else False,
            "best_signature_time": moment_facts(verdict),
            "signed_view_sha256": view.sha256 if view is not None else None,
            "signature": signature_facts(verdict),
            "signer": signer_facts(judgement.signer, judgement.agency_code, judgement.binding),
            "chain": chain_facts(judgement.chain, judgement.revocation),
            "notes": [
                {"code": each.code, "en": each.en.format(**each.facts), "vi": each.vi.format(**each.facts)}
                for each in judgement.notes
            ],
            "timestamps": [timestamp_as_json(each) for each in judgement.timestamps],
            "signatures": None,
            "original_value": None,
            "findings": [finding.as_json() for finding in findings],
            "findings_omitted": len(judgement.errors) + len(judgement.remarks) - len(findings),
            **(judgement.details or {}),
        }


def moment_facts(verdict: Verdict | None) -> dict[str, str] | None:
    """Return what the report says of when a signature is known to have existed; nothing where nobody signed."""
    if verdict is None or verdict.signer is None:
        return None
    return {"t": _instant(verdict.moment.at), "source": verdict.moment.source.value}


def signature_facts(verdict: Verdict | None) -> dict[str, Any] | None:
    """Return what the report says of how a signature was made; nothing where none was looked at."""
    if verdict is None or verdict.form is None:
        return None
    return {
        "form": verdict.form.value,
        "method": verdict.algorithm,
        "digest": verdict.evidence.digest,
        "c14n": verdict.evidence.canonicalization,
        "claimed_time": verdict.evidence.signing_time,
    }


def signer_facts(
    signer: Signer | None, agency_code: str | None, binding: str | None
) -> dict[str, Any] | None:
    """Return what the report says of who signed, and by what they may speak for an agency."""
    if signer is None:
        return None
    return {
        "subject": signer.subject,
        "serial": signer.serial_number,
        "certificate_sha256": signer.certificate_sha256,
        "spki_sha256": signer.spki_sha256,
        "subject_serial_number": signer.subject_serial_number,
        "not_before": _instant(signer.not_before),
        "not_after": _instant(signer.not_after),
        "agency_code": agency_code,
        "binding": binding,
    }


def chain_facts(fingerprints: tuple[str, ...], statuses: tuple[Status, ...]) -> list[dict[str, Any]]:
    """Return what the report says of each certificate of a path, signer first."""
    last = len(fingerprints) - 1
    return [
        {
            "sha256": sha256,
            "role": "EE" if place == 0 else "ANCHOR" if place == last else "CA",
            "revocation": status_facts(statuses[place]) if place < len(statuses) else None,
        }
        for place, sha256 in enumerate(fingerprints)
    ]


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
