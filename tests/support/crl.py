"""Revocation lists for tests, good and not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from certs.issue import Authority
from certs.revocation_list import RevocationList
from tests.support import pki

Extensions = tuple[tuple[x509.ExtensionType, bool], ...]


def revoked(
    certificate: x509.Certificate,
    *,
    since: datetime = pki.AT - 2 * pki.DAY,
    reason: x509.ReasonFlags | None = None,
    extensions: Extensions = (),
) -> x509.RevokedCertificate:
    """Return an entry."""
    builder = x509.RevokedCertificateBuilder().serial_number(certificate.serial_number).revocation_date(since)
    if reason is not None:
        builder = builder.add_extension(x509.CRLReason(reason), critical=False)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.build()


def crl(
    ca: Authority,
    *entries: x509.RevokedCertificate,
    this_update: datetime = pki.AT - pki.DAY,
    next_update: datetime | None = None,
    extensions: Extensions = (),
    hash_: hashes.SHA256 | hashes.SHA224 | None = None,
    encoding: Encoding = Encoding.DER,
) -> bytes:
    """Return a list as its authority issues it, in force for a week unless told otherwise."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(ca.certificate.subject)
        .last_update(this_update)
        .next_update(next_update or this_update + 7 * pki.DAY)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca.key.public_key()), critical=False
        )
    )
    for entry in entries:
        builder = builder.add_revoked_certificate(entry)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(ca.key, hash_ or hashes.SHA256()).public_bytes(encoding)


def scope(**changes: object) -> Extensions:
    """Return a critical IssuingDistributionPoint that says only this."""
    facts: Mapping[str, object] = {
        "full_name": None,
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
        **changes,
    }
    return ((x509.IssuingDistributionPoint(**facts), True),)  # type: ignore[arg-type]  # names are checked by the call


def read(data: bytes, *issuers: x509.Certificate) -> RevocationList:
    """Take in one list, by default as one who holds the trusted root."""
    (taken,) = RevocationList.read(data, issuers=issuers or (pki.root().certificate,))
    return taken
