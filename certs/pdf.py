"""The verdict on the signatures in a PDF: facts become evidence, which is judged as that of an XML signature is.

ETSI EN 319 102-1 §5.3 for each signature, ISO 32000-2 §12.8 for what it is over. Invariants:

1. A signature passes only if it has the one accepted shape, its algorithms are on the allow-list, the octets that it is over are
those signed and are everything but its own value, nothing but more signatures and what keeps them verifiable came after it, its
value was made with the key of the certificate that it names, and `certs.judgement` finds nothing against that certificate. 2. The
file passes only if it has a signature and all of them pass; the worst of them is what the file is. 3. What could not be examined
is INDETERMINATE, never a pass and never "no signature".
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from certs.algorithms import SIGNATURE_ALGORITHMS, Scheme, SignatureAlgorithm, describe, fits, is_strong
from certs.certificate import load_certificates
from certs.errors import (
    AlgorithmForbiddenError,
    KeyTooWeakError,
    MalformedCertificateError,
    NoCertificateError,
    SignatureWrongError,
    TrustError,
)
from certs.errors_pdf import (
    PdfByteRangeError,
    PdfDigestMismatchError,
    PdfEncryptedError,
    PdfModifiedError,
    PdfSignatureShapeError,
    PdfUndecidedError,
    PdfUnreadableError,
    PdfUnsignedError,
)
from certs.errors_xades import SigningCertificateError
from certs.evidence import Evidence, Stamp
from certs.indication import Form, Indication, Scope, SubIndication
from certs.judgement import judge
from certs.pdf_facts import CmsFacts, Coverage, DocumentTimestamp, PdfFacts, PdfSignature
from certs.pdf_rules import HARMLESS, PdfChange, PdfShapeRule
from certs.trust import Trust
from certs.verdict import Verdict

_ALGORITHMS: Final = {row.name: row for row in SIGNATURE_ALGORITHMS.values()}
_COVERED: Final = frozenset({Coverage.ENTIRE_FILE, Coverage.ENTIRE_REVISION})
_PADES: Final = "ETSI.CAdES.detached"
_WORST_FIRST: Final = (
    Indication.TOTAL_FAILED,
    Indication.INDETERMINATE,
    Indication.NO_SIGNATURE_FOUND,
    Indication.TOTAL_PASSED,
)


class SignerRole(StrEnum):
    """For whom a signature in a PDF stands (Decree 30/2020/NĐ-CP, Article 5.1: both make an original)."""

    AGENCY = "agency"
    PERSON = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedPdf:
    """One signature: what was found, and what it is worth."""

    facts: PdfSignature
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfVerdict:
    """What is known of a PDF: each signature in the order in which they were made, and the whole.

    `fault` is what is wrong with the file as a whole; then there are no signatures.
    """

    signatures: tuple[SignedPdf, ...] = ()
    timestamps: tuple[DocumentTimestamp, ...] = ()
    fault: TrustError | None = None

    def __post_init__(self) -> None:
        """Make a verdict on nothing impossible."""
        if (self.fault is None) != bool(self.signatures):
            raise ValueError("a PDF has signatures or a fault")

    def __bool__(self) -> bool:
        """Refuse to be a yes or a no."""
        raise TypeError("a PdfVerdict has four outcomes; compare its indication")

    @property
    def ranked(self) -> tuple[SignedPdf, ...]:
        """The signatures, the worst first: it makes the file what it is."""
        return tuple(sorted(self.signatures, key=lambda each: _WORST_FIRST.index(each.verdict.indication)))

    @property
    def indication(self) -> Indication:
        """The outcome."""
        return self.fault.indication if self.fault is not None else self.ranked[0].verdict.indication

    @property
    def sub_indication(self) -> SubIndication | None:
        """Why the file did not pass."""
        return self.errors[0].sub_indication if self.errors else None

    @property
    def errors(self) -> tuple[TrustError, ...]:
        """Everything that speaks against the file; the first decided."""
        if self.fault is not None:
            return (self.fault,)
        return tuple(error for each in self.ranked for error in each.verdict.errors)

    def has_original_value(self, roles: Collection[SignerRole | None]) -> bool:
        """Tell whether the file passes with signatures of agency and person; `roles` are those of its signatures."""
        return self.indication is Indication.TOTAL_PASSED and set(SignerRole) <= set(roles)


def judge_pdf(
    facts: PdfFacts, *, trust: Trust, at: datetime, existed_at: datetime | None = None
) -> PdfVerdict:
    """Say whether a PDF is signed, wholly and validly, at the instant `at`; `existed_at` as `certs.judgement` has it."""
    fault = _fault(facts)
    if fault is not None:
        return PdfVerdict(timestamps=facts.timestamps, fault=fault)
    signatures = tuple(
        SignedPdf(facts=each, verdict=judge(evidence_of(each), trust=trust, at=at, existed_at=existed_at))
        for each in facts.signatures
    )
    return PdfVerdict(signatures=signatures, timestamps=facts.timestamps)


def _fault(facts: PdfFacts) -> TrustError | None:
    if facts.obstacle is not None:
        return PdfUndecidedError(facts.obstacle)
    if facts.unreadable is not None:
        return PdfUnreadableError(reason=facts.unreadable)
    if facts.encrypted:
        return PdfEncryptedError()
    return None if facts.signatures else PdfUnsignedError()


def evidence_of(facts: PdfSignature) -> Evidence:
    """Return what the facts about a signature prove, whomever one trusts."""
    cms = facts.cms
    if cms is None or facts.shape is not None:
        shape = PdfSignatureShapeError(facts.shape or PdfShapeRule.CMS, field=facts.field)
        return Evidence(errors=(shape,), form=_form(facts))
    errors = list(_faults(facts, cms))
    signers: tuple[x509.Certificate, ...] = ()
    try:
        signers = (_signer(cms),)
    except TrustError as error:
        errors.append(error)
    # What proves a signature wrong goes before what only leaves it open; otherwise the order stays.
    errors.sort(key=lambda error: _WORST_FIRST.index(error.indication))
    return Evidence(
        errors=tuple(errors),
        scope=_scope(facts),
        form=_form(facts),
        algorithm=cms.algorithm,
        digest=cms.digest,
        signing_time=facts.claimed_time,
        signers=signers,
        certificates=load_certificates(cms.certificates, errors=[]),
        # RFC 3161 App. A: over the octets of the signature, so a time stamp that was copied from another is over something else.
        stamps=tuple(Stamp(token=token, stamped=cms.value) for token in cms.tokens),
        signed_view_sha256=facts.signed_sha256 if facts.digest_matches else None,
    )


def _form(facts: PdfSignature) -> Form:
    return Form.PADES_B if facts.sub_filter == _PADES else Form.PDF_CMS


def _scope(facts: PdfSignature) -> Scope:
    """Say how much of the file a signature is over; what came later and is harmless does not count."""
    if not facts.digest_matches:
        return Scope.NONE
    whole = facts.contiguous and facts.coverage in _COVERED and facts.change in HARMLESS
    return Scope.FULL if whole else Scope.PARTIAL


def _faults(facts: PdfSignature, cms: CmsFacts) -> Iterator[TrustError]:
    """Yield what is wrong with a signature, whoever made it."""
    if cms.forbidden is not None or cms.algorithm not in _ALGORITHMS:
        yield AlgorithmForbiddenError(algorithm=cms.forbidden or "-")
    if cms.digest is not None and not facts.digest_matches:
        yield PdfDigestMismatchError(field=facts.field)
    if not facts.contiguous or facts.coverage not in _COVERED:
        yield PdfByteRangeError(field=facts.field)
    elif facts.change not in HARMLESS:
        yield PdfModifiedError(facts.change or PdfChange.OTHER, field=facts.field)
    if cms.signer is not None and not cms.names_signer:
        yield SigningCertificateError()


def _signer(cms: CmsFacts) -> x509.Certificate:
    """Return the certificate that the signature names and was made with.

    Raises: NoCertificateError, MalformedCertificateError, KeyTooWeakError, SignatureWrongError.
    """
    if cms.signer is None:
        raise NoCertificateError
    leaves = load_certificates([cms.signer], errors=[])
    if not leaves:
        raise MalformedCertificateError
    (leaf,) = leaves
    key = leaf.public_key()
    if not is_strong(key):
        raise KeyTooWeakError(key=describe(key))
    algorithm = _ALGORITHMS.get(cms.algorithm or "")
    if algorithm is not None and not _is_signed_by(leaf, algorithm, cms):
        raise SignatureWrongError
    return leaf


def _is_signed_by(leaf: x509.Certificate, algorithm: SignatureAlgorithm, cms: CmsFacts) -> bool:
    """Tell whether the value is the signature over the signed attributes."""
    key = leaf.public_key()
    if not fits(key, algorithm):
        return False
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(cms.value, cms.signed_attributes, _padding(algorithm, cms), algorithm.hash)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(cms.value, cms.signed_attributes, ec.ECDSA(algorithm.hash))
    except (InvalidSignature, ValueError, OverflowError):
        # A salt that does not fit into the key is refused before anything is verified.
        return False
    return True


def _padding(algorithm: SignatureAlgorithm, cms: CmsFacts) -> padding.AsymmetricPadding:
    """Return the padding; RFC 4056 lets the salt be of another length than XML Signature does."""
    if algorithm.scheme is not Scheme.RSA_PSS:
        return padding.PKCS1v15()
    return padding.PSS(padding.MGF1(algorithm.hash), cms.pss_salt or algorithm.hash.digest_size)
