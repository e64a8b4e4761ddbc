"""Revocation lists by themselves: what of them is understood, and which delta list goes on from which complete one."""

from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from certs.errors_revocation import BadRevocationListError
from certs.revocation_list import RevocationList, split_lists
from certs.rules import RevocationReason
from tests.support import pki
from tests.support.crl import crl, read, revoked, scope

ROOT = pki.root()
SIGNER = pki.signer()[0]


def _complete(number: int = 2) -> RevocationList:
    return read(crl(ROOT, extensions=((x509.CRLNumber(number), True),)))


def _delta(number: int = 3, base: int = 1) -> RevocationList:
    extensions = ((x509.CRLNumber(number), True), (x509.DeltaCRLIndicator(base), True))
    return read(crl(ROOT, extensions=extensions))


def test_a_delta_list_goes_on_from_what_it_was_made_for() -> None:
    """The complete list's number is between the delta's base and its own, and both are of one authority and scope."""
    delta = _delta(number=3, base=2)

    assert [number for number in range(1, 6) if delta.continues(_complete(number))] == [2, 3]
    assert not _complete().continues(_complete())
    assert not delta.continues(read(crl(ROOT)))
    assert not delta.continues(replace(_complete(), authority="another"))
    limited = read(crl(ROOT, extensions=((x509.CRLNumber(2), True), *scope(only_contains_user_certs=True))))
    assert not delta.continues(limited)


def test_critical_extensions_that_are_understood() -> None:
    """RFC 5280 has these be not critical; who marks them so anyway says nothing that is not understood."""
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(ROOT.key.public_key())
    made = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(ROOT.certificate.subject)
        .last_update(pki.AT)
        .next_update(pki.AT + pki.DAY)
        .add_extension(identifier, critical=True)
        .add_extension(x509.CRLNumber(7), critical=True)
        .sign(ROOT.key, hashes.SHA256())
    )

    assert read(made.public_bytes(Encoding.DER)).number == 7


def test_critical_extensions_of_entries_that_are_understood() -> None:
    """Likewise for why and since when a key is not to be trusted."""
    reason = x509.CRLReason(x509.ReasonFlags.superseded)
    invalid = x509.InvalidityDate(pki.AT.replace(tzinfo=None))
    listed = read(crl(ROOT, revoked(SIGNER, extensions=((reason, True), (invalid, True)))))

    assert listed.entries[SIGNER.serial_number].reason is RevocationReason.SUPERSEDED


def test_what_a_delta_list_takes_off_is_not_on_it() -> None:
    """Whom it lifts is not an entry."""
    extensions = ((x509.CRLNumber(3), False), (x509.DeltaCRLIndicator(2), True))
    entry = revoked(SIGNER, reason=x509.ReasonFlags.remove_from_crl)
    listed = read(crl(ROOT, entry, extensions=extensions))

    assert dict(listed.entries) == {}
    assert listed.lifted == {SIGNER.serial_number}


def test_only_delta_lists_take_anything_off() -> None:
    """In a complete list removeFromCRL has no meaning; beside a revocation it takes nothing off in any."""
    lifting = revoked(SIGNER, reason=x509.ReasonFlags.remove_from_crl)
    number, base = (x509.CRLNumber(3), False), (x509.DeltaCRLIndicator(2), True)

    complete = read(crl(ROOT, lifting, extensions=(number,)))
    assert (dict(complete.entries), complete.lifted) == ({}, frozenset())
    for entries in ((revoked(SIGNER), lifting), (lifting, revoked(SIGNER))):
        delta = read(crl(ROOT, *entries, extensions=(number, base)))
        assert (list(delta.entries), delta.lifted) == ([SIGNER.serial_number], frozenset())


def test_splitting_a_file() -> None:
    """Each list by itself, or none if one cannot be read."""
    one = crl(ROOT, encoding=Encoding.PEM)
    broken = b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"

    assert len(split_lists(one + one)) == 2
    with pytest.raises(BadRevocationListError):
        split_lists(one + broken)
