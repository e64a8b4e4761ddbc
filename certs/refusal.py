"""Why there is no path from a certificate to an anchor (RFC 5280 §6, ETSI EN 319 102-1 §5.2.6).

The path builder only says that it found none. Here the certificates are looked at by name and signature alone: who issued whom,
whether allowed or not. Invariant: nothing here ever accepts anything; it only chooses the words of a refusal.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from certs.algorithms import describe, is_strong
from certs.certificate import name_of
from certs.errors import (
    AlgorithmForbiddenError,
    CertificateExpiredError,
    CertificateNotYetValidError,
    KeyTooWeakError,
    KeyUsageError,
    TrustError,
    UntrustedCertificateError,
)
from certs.known_paths import CertificatePath
from certs.rules import CertificateRule
from certs.trust import is_issued_by
from certs.unreadable import UNREADABLE

MAX_MOMENTS = 32
"""So many moments at which a certificate of the line begins or ends are tried, those nearest to the one that counts."""

_HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)


def explain_refusal(
    leaf: x509.Certificate,
    authorities: Iterable[x509.Certificate],
    *,
    anchors: tuple[x509.Certificate, ...],
    path_at: Callable[[datetime], CertificatePath | None],
    at: datetime,
) -> TrustError:
    """Say why a certificate has no path at a moment; `path_at` gives the path that it has at another one."""
    line = _lineage(leaf, authorities)
    if not set(anchors).intersection(line):
        return UntrustedCertificateError(subject=name_of(leaf))
    moments = {moment for each in line for moment in (each.not_valid_before_utc, each.not_valid_after_utc)}
    for moment in sorted(moments, key=lambda moment: abs(moment - at))[:MAX_MOMENTS]:
        for certificate in path_at(moment) or ():
            if at > certificate.not_valid_after_utc:
                since = certificate.not_valid_after_utc.isoformat()
                return CertificateExpiredError(subject=name_of(certificate), since=since)
            if at < certificate.not_valid_before_utc:
                since = certificate.not_valid_before_utc.isoformat()
                return CertificateNotYetValidError(subject=name_of(certificate), since=since)
    return _weakness(line) or KeyUsageError(CertificateRule.PATH, subject=name_of(leaf))


def _lineage(leaf: x509.Certificate, authorities: Iterable[x509.Certificate]) -> tuple[x509.Certificate, ...]:
    """Return the certificate and those that issued it, at however many removes, the nearest first."""
    line = [leaf]
    remaining = list(authorities)
    for issued in line:  # it grows while it is walked through
        issuers = [each for each in remaining if is_issued_by(issued, each)]
        line += issuers
        remaining = [each for each in remaining if each not in issuers]
    return tuple(line)


def _weakness(line: tuple[x509.Certificate, ...]) -> TrustError | None:
    """Return the first algorithm or key on the way up that nothing should rest on."""
    for certificate in line:
        if not is_strong(certificate.public_key()):
            return KeyTooWeakError(key=describe(certificate.public_key()))
        if not _is_soundly_signed(certificate):
            return AlgorithmForbiddenError(algorithm=certificate.signature_algorithm_oid.dotted_string)
    return None


def _is_soundly_signed(certificate: x509.Certificate) -> bool:
    try:
        return isinstance(certificate.signature_hash_algorithm, _HASHES)
    except UNREADABLE:
        return False
