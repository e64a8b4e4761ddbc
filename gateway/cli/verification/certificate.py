"""`--type cert`: whether a certificate would be accepted as a signer's at a given time (RFC 5280 §6).

The first certificate of the file is the one in question; others after it are candidates for its path, as those in the KeyInfo of
a signature are, and trusted for nothing.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from cryptography import x509

from certs.algorithms import describe, is_strong
from certs.certificate import fingerprint, load_certificates
from certs.chain import choose_path, required_of, revocation_of
from certs.errors import KeyTooWeakError, MalformedCertificateError, TrustError
from certs.indication import Indication, SubIndication
from certs.revocation import objection_to
from certs.signed_info import MAX_CERTIFICATES
from certs.trust import Trust
from certs.unreadable import UNREADABLE
from certs.verdict import Signer
from gateway.cli.verification.encodings import split_certificates
from gateway.cli.verification.errors import NotACertificateError
from gateway.cli.verification.report import Judgement


def judge_certificate(source: bytes | Path, *, trust: Trust, at: datetime) -> Judgement:
    """Say whether the first certificate of a file leads to an anchor and may sign documents."""
    broken: list[TrustError] = []
    # What is too large to be held in memory is no certificate.
    ders = split_certificates(source) if isinstance(source, bytes) else ()
    leaves = load_certificates(ders[:1], errors=broken)
    if not leaves:
        return Judgement.failed(NotACertificateError())
    (leaf,) = leaves
    others = load_certificates(ders[1 : 1 + MAX_CERTIFICATES], errors=broken)
    return _judge(leaf, others, trust=trust, at=at)


def _judge(
    leaf: x509.Certificate, others: tuple[x509.Certificate, ...], *, trust: Trust, at: datetime
) -> Judgement:
    try:
        if not is_strong(leaf.public_key()):
            raise KeyTooWeakError(key=describe(leaf.public_key()))
        path = choose_path((leaf,), others, trust=trust, at=at)
    except TrustError as error:
        return Judgement.undecided(error, error.sub_indication)
    except UNREADABLE:
        # Certificates are decoded where they are looked at, and this one holds something that cannot be.
        return Judgement.undecided(MalformedCertificateError(), SubIndication.NO_SIGNING_CERTIFICATE_FOUND)
    chain = tuple(fingerprint(certificate) for certificate in path)
    statuses = revocation_of(path, trust=trust, at=at)
    objection = objection_to(path, statuses, revocation=required_of(path, trust=trust))
    return Judgement(
        indication=objection.indication if objection else Indication.TOTAL_PASSED,
        sub_indication=objection.sub_indication if objection else None,
        errors=(objection,) if objection else (),
        signer=Signer.from_path(path, chain, codes=trust.terms_of(path[-1]).codes),
        chain=chain,
        revocation=statuses,
    )
