"""The verdict on a document's signature: a judgement of its evidence, after ETSI EN 319 102-1 §5.1.

A verdict has no truth value: "could not decide" is neither yes nor no, and `if verify(…)` would treat it as one.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from certs.certificate import fingerprint, keep, key_fingerprint, name_of, names_of
from certs.errors import TrustError
from certs.evidence import Evidence
from certs.indication import Form, Indication, Scope, SubIndication
from certs.revocation import Standing, Status
from certs.timestamp import Timestamp, best_time
from certs.xmldsig import SignedView

__all__ = ["Form", "Indication", "Moment", "Scope", "Signer", "SubIndication", "TimeSource", "Verdict"]

_WITH_TIME = {Form.XADES_B: Form.XADES_T, Form.PADES_B: Form.PADES_T}
"""What a signature becomes with a valid time stamp over it."""

Fact = str | int | bool | list[str] | list[dict[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Who signed, as the certificate says; hexadecimal strings and aware datetimes.

    `subject` is the distinguished name (RFC 4514); `subject_serial_number` its serialNumber attribute, and `None`
    when there is not exactly one. Whether the signer may act for an agency is not decided here.
    """

    subject: str
    serial_number: str
    subject_serial_number: str | None
    certificate_sha256: str
    spki_sha256: str
    anchor_sha256: str
    not_before: datetime
    not_after: datetime
    codes: tuple[str, ...] = ()
    """Agency codes for which its anchor is relied upon, each with the units below it; empty: any."""
    issuer_sha256: str | None = None
    issuer_spki_sha256: str | None = None
    """The certificate that issued it on this path, and that one's key; None where there is none."""
    subject_names: tuple[tuple[tuple[str, str | None], ...], ...] = ()
    """The subject as it stands: relative names in order, each one or more attributes (dotted OID, value; None: no text)."""

    @classmethod
    def from_path(
        cls, path: tuple[x509.Certificate, ...], chain: tuple[str, ...], *, codes: tuple[str, ...] = ()
    ) -> "Signer":
        """Describe the first certificate of a validated path; `chain` holds the path's fingerprints."""
        known = _SIGNERS.get((chain, codes))
        if known is not None and known[0] == path:
            return known[1]
        signer = cls._described(path, chain, codes)
        keep(_SIGNERS, (chain, codes), (path, signer))
        return signer

    @classmethod
    def _described(
        cls, path: tuple[x509.Certificate, ...], chain: tuple[str, ...], codes: tuple[str, ...]
    ) -> "Signer":
        leaf = path[0]
        numbers = leaf.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)
        return cls(
            subject=name_of(leaf),
            serial_number=f"{leaf.serial_number:x}",
            subject_serial_number=str(numbers[0].value) if len(numbers) == 1 else None,
            certificate_sha256=chain[0],
            spki_sha256=key_fingerprint(leaf),
            anchor_sha256=chain[-1],
            not_before=leaf.not_valid_before_utc,
            not_after=leaf.not_valid_after_utc,
            codes=codes,
            issuer_sha256=chain[1] if len(path) > 1 else None,
            issuer_spki_sha256=key_fingerprint(path[1]) if len(path) > 1 else None,
            subject_names=names_of(leaf),
        )


_SIGNERS: Final[
    dict[tuple[tuple[str, ...], tuple[str, ...]], tuple[tuple[x509.Certificate, ...], Signer]]
] = {}
"""Agencies sign with few certificates, so who they are is worked out once."""


class TimeSource(StrEnum):
    """How we know that a signature existed at a moment."""

    CONTROL = "CONTROL"
    RECEIPT = "RECEIPT"
    TIMESTAMP = "TIMESTAMP"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The best signature time: the earliest moment at which a signature is known to have existed (EN 319 102-1 §5.5.4)."""

    at: datetime
    source: TimeSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the signature of one document is worth at `control_time`, under a policy.

    `errors` is empty exactly when the indication is TOTAL_PASSED, and the first of them decided; `warnings` and `notes` decide
    nothing. `chain` holds SHA-256 (hex), leaf to anchor, and `revocation` what is known of each but the anchor; it is empty if
    nobody wanted to know. `moment` is the one whose certificates and lists counted. `signed_view` is there only after
    TOTAL_PASSED on the document itself.
    """

    indication: Indication
    control_time: datetime
    policy: str
    moment: Moment
    evidence: Evidence = field(default_factory=Evidence)
    sub_indication: SubIndication | None = None
    errors: tuple[TrustError, ...] = ()
    warnings: tuple[TrustError, ...] = ()
    notes: tuple[TrustError, ...] = ()
    legacy: bool = False
    signer: Signer | None = None
    chain: tuple[str, ...] = ()
    revocation: tuple[Status, ...] = ()
    timestamps: tuple[Timestamp, ...] = ()
    signed_view: SignedView | None = None

    def __post_init__(self) -> None:
        """Make a verdict that contradicts itself impossible."""
        passed = self.indication is Indication.TOTAL_PASSED
        complete = self.evidence.scope is Scope.FULL and self.signer is not None and bool(self.chain)
        if (
            passed == bool(self.errors)
            or (passed and (not complete or self.evidence.errors or self.evidence.signed_view_sha256 is None))
            or (self.signed_view is not None and not passed)
        ):
            raise ValueError("a verdict passes with a full scope, a signer and a signed view, or not at all")
        if passed and any(status.standing is Standing.REVOKED for status in self.revocation):
            raise ValueError("a verdict with a revoked certificate does not pass")

    @property
    def scope(self) -> Scope:
        """How much of the document the signature covers."""
        return self.evidence.scope

    @property
    def form(self) -> Form | None:
        """The kind of signature; None if it was none whose algorithms were looked at."""
        if self.evidence.algorithm is None:
            return None
        stamped = _WITH_TIME.get(self.evidence.form)
        has_time = stamped is not None and best_time(self.timestamps) is not None
        return stamped if has_time else self.evidence.form

    @property
    def algorithm(self) -> str | None:
        """The algorithm of the signature."""
        return self.evidence.algorithm

    def __bool__(self) -> bool:
        """Refuse to be a yes or a no."""
        raise TypeError("a Verdict has three outcomes; compare its indication")

    def facts(self) -> dict[str, Fact]:
        """Return what a log entry needs, flat, without what is unknown."""
        found, passed = self.evidence, self.indication is Indication.TOTAL_PASSED
        known: dict[str, Fact | None] = {
            "indication": self.indication.value,
            "sub_indication": self.sub_indication.value if self.sub_indication else None,
            "errors": [error.code for error in self.errors],
            "warnings": [warning.code for warning in self.warnings] or None,
            "notes": [note.code for note in self.notes] or None,
            "legacy": self.legacy,
            "scope": found.scope.value,
            "form": self.form.value if self.form is not None else None,
            "algorithm": found.algorithm,
            "digest": found.digest,
            "canonicalization": found.canonicalization,
            "chain": list(self.chain),
            "revocation": _revocation_facts(self.chain, self.revocation) or None,
            "timestamps": [timestamp_facts(each) for each in self.timestamps] or None,
            "signed_view_sha256": found.signed_view_sha256 if passed else None,
            "policy": self.policy,
            "control_time": _instant(self.control_time),
            "best_signature_time": _instant(self.moment.at),
            "time_source": self.moment.source.value,
            **(_signer_facts(self.signer) if self.signer else {}),
        }
        return {name: value for name, value in known.items() if value is not None}


def _signer_facts(signer: Signer) -> dict[str, Fact | None]:
    return {
        "signer_subject": signer.subject,
        "signer_serial_number": signer.serial_number,
        "signer_subject_serial_number": signer.subject_serial_number,
        "signer_certificate_sha256": signer.certificate_sha256,
        "signer_spki_sha256": signer.spki_sha256,
        "signer_anchor_sha256": signer.anchor_sha256,
        "signer_not_before": _instant(signer.not_before),
        "signer_not_after": _instant(signer.not_after),
    }


def _revocation_facts(chain: tuple[str, ...], statuses: tuple[Status, ...]) -> list[dict[str, str]]:
    return [
        {"certificate_sha256": sha256, **status_facts(status)}
        for sha256, status in zip(chain, statuses, strict=False)
    ]


def timestamp_facts(timestamp: Timestamp) -> dict[str, str]:
    """Return what is known of one time stamp, without what is unknown."""
    info, authority = timestamp.info, timestamp.authority
    facts = {"indication": timestamp.indication.value}
    if timestamp.errors:
        facts["error"] = timestamp.errors[0].code
    if info is not None:
        facts |= {
            "gen_time": _instant(info.gen_time),
            "policy": info.policy,
            "serial": f"{info.serial_number:x}",
        }
    if authority is not None:
        facts["authority_sha256"] = fingerprint(authority)
    return facts


def status_facts(status: Status) -> dict[str, str]:
    """Return what is known of one certificate's revocation, without what is unknown."""
    facts = {"status": status.standing.value}
    if status.gap is not None:
        facts["why"] = status.gap.value
    if status.entry is not None:
        facts |= {"revoked_since": _instant(status.entry.since), "reason": status.entry.reason.value}
    if status.source is not None:
        facts |= {
            "source": status.source.kind,
            "source_sha256": status.source.sha256,
            "this_update": _instant(status.source.this_update),
            "next_update": _instant(status.source.next_update),
        }
    return facts


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
