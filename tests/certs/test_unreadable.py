"""Certificates are read whole or not at all, what is said of them is right, and whatever the library raises is foreseen."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final

import pytest
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtensionOID, NameOID

from certs.certificate import (
    fingerprint,
    key_fingerprint,
    key_of,
    load_certificate,
    load_certificates,
    name_of,
    names_of,
)
from certs.errors import TrustError
from certs.unreadable import UNREADABLE
from tests.support import pki
from tests.support.tsa import der, oid

ROOT: Final = pki.root()
DER: Final = pki.signer()[0].public_bytes(Encoding.DER)


def _with(*extensions: x509.ExtensionType) -> bytes:
    made = pki.certificate(ROOT, extensions=tuple((each, False) for each in extensions))
    return made.public_bytes(Encoding.DER)


def _replaced(old: bytes, new: bytes, octets: bytes = DER) -> bytes:
    assert octets.count(old) >= 1
    return octets.replace(old, new)


def _twice() -> bytes:
    kinds = (x509.ObjectIdentifier("1.2.3.4"), x509.ObjectIdentifier("1.2.3.5"))
    return _replaced(
        oid("1.2.3.5"), oid("1.2.3.4"), _with(*(x509.UnrecognizedExtension(each, b"\5\0") for each in kinds))
    )


def _odd_name() -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "odd name")])
    made = pki.certificate(ROOT, name=name).public_bytes(Encoding.DER)
    return _replaced(der(0x0C, b"odd name"), der(0x03, b"odd name"), made)


def _odd_alternative() -> bytes:
    odd = der(0x30, der(0xA3, der(0x30)))
    return _with(x509.UnrecognizedExtension(ExtensionOID.SUBJECT_ALTERNATIVE_NAME, odd))


UNREAD: Final[dict[str, tuple[Callable[[], bytes], type[Exception]]]] = {
    "rubbish": (lambda: b"rubbish", ValueError),
    "version": (lambda: _replaced(b"\xa0\3\2\1\2", b"\xa0\3\2\1\5"), x509.InvalidVersion),
    "kind of key": (
        lambda: _replaced(oid("1.2.840.10045.2.1"), oid("1.2.840.10045.2.9")),
        UnsupportedAlgorithm,
    ),
    "kind of name": (_odd_name, TypeError),
}


@pytest.mark.parametrize("name", UNREAD)
def test_what_cannot_be_read(name: str) -> None:
    """It is an error to add, and the certificates beside it are read."""
    octets, kind = UNREAD[name]
    with pytest.raises(kind) as caught:
        load_certificate(octets())
    assert isinstance(caught.value, UNREADABLE)

    errors: list[TrustError] = []
    assert load_certificates([octets(), DER], errors=errors) == (load_certificate(DER),)
    assert [error.code for error in errors] == ["certs.malformed_certificate"]


@pytest.mark.parametrize(
    ("octets", "kind"),
    [(_twice, x509.DuplicateExtension), (_odd_alternative, x509.UnsupportedGeneralNameType)],
)
def test_extensions_that_cannot_be_read(octets: Callable[[], bytes], kind: type[Exception]) -> None:
    """Extensions are read where they are asked for, and what is raised there is foreseen as well."""
    certificate = load_certificate(octets())
    with pytest.raises(kind) as caught:
        list(certificate.extensions)
    assert isinstance(caught.value, UNREADABLE)


def test_what_is_large_is_not_remembered() -> None:
    """A certificate of ordinary size is the same object when it comes again; a very large one is not kept."""
    large = _with(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), bytes(1 << 13)))

    assert load_certificate(DER) is load_certificate(bytes(bytearray(DER)))
    assert load_certificate(large) == load_certificate(large)
    assert load_certificate(large) is not load_certificate(large)


def test_what_is_said_of_one() -> None:
    """Names, keys and digests are those of the certificate."""
    certificate = load_certificate(DER)
    spki = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    assert fingerprint(certificate) == hashlib.sha256(DER).hexdigest()
    assert key_fingerprint(certificate) == hashlib.sha256(spki).hexdigest()
    assert key_of(certificate) == certificate.public_key()
    assert name_of(certificate) == certificate.subject.rfc4514_string()


def test_names() -> None:
    """Every attribute of every relative name in order; a value that is no text is none."""
    odd = x509.NameAttribute(NameOID.X500_UNIQUE_IDENTIFIER, b"\0x", _type=x509.name._ASN1Type.BitString)
    pair = [x509.NameAttribute(NameOID.COMMON_NAME, "x"), x509.NameAttribute(NameOID.SERIAL_NUMBER, "1")]
    name = x509.Name([x509.RelativeDistinguishedName(pair), x509.RelativeDistinguishedName([odd])])

    first, second = names_of(pki.certificate(ROOT, name=name))
    assert sorted(first) == [("2.5.4.3", "x"), ("2.5.4.5", "1")]
    assert second == (("2.5.4.45", None),)
