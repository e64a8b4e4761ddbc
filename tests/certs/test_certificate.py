"""What is remembered of certificates is bounded, and only of those that are not large."""

import sys

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from certs.certificate import MOST, fingerprint, keep, key_fingerprint, name_of, names_of
from tests.support import pki


def _another(der: bytes) -> x509.Certificate:
    return x509.load_der_x509_certificate(der)


def test_the_answer_is_that_of_the_certificate() -> None:
    """Two objects of one certificate have the same facts, and those of another have others."""
    first, second = (
        pki.signer()[0].public_bytes(Encoding.DER),
        pki.root().certificate.public_bytes(Encoding.DER),
    )
    for ask in (fingerprint, key_fingerprint, name_of):
        for _ in range(2):
            assert ask(_another(first)) == ask(_another(first)) != ask(_another(second))


def test_a_usual_certificate_is_kept() -> None:
    """It lives on, so that its number is nobody else's."""
    certificate = _another(pki.signer()[0].public_bytes(Encoding.DER))
    before = sys.getrefcount(certificate)
    fingerprint(certificate)
    fingerprint(certificate)
    assert sys.getrefcount(certificate) == before + 1


def test_a_large_certificate_is_not_kept() -> None:
    """Anybody may send one."""
    comment = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"x" * 9_000)
    certificate = pki.certificate(pki.root(), extensions=((comment, False),))
    before = sys.getrefcount(certificate)
    assert fingerprint(certificate) == fingerprint(_another(certificate.public_bytes(Encoding.DER)))
    assert sys.getrefcount(certificate) == before


def test_there_is_an_end_to_remembering() -> None:
    """Its size is bounded, and what is new is known."""
    known: dict[int, str] = {}
    for number in range(3 * MOST):
        keep(known, number, "x")
        assert number in known
        assert len(known) <= MOST


def test_a_name_that_is_no_text_is_none() -> None:
    """An attribute of bits is there, without a value that could be taken for a text."""
    bits = x509.NameAttribute(NameOID.X500_UNIQUE_IDENTIFIER, b"\0abc", x509.name._ASN1Type.BitString)
    text = x509.NameAttribute(NameOID.COMMON_NAME, "Kẻ ký")
    certificate = pki.certificate(pki.root(), name=x509.Name([bits, text]))
    assert names_of(certificate) == (((bits.oid.dotted_string, None),), ((text.oid.dotted_string, "Kẻ ký"),))
