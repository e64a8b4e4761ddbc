"""A time-stamping authority for tests: issues tokens of RFC 3161, good and bad ones, without the code under test.

A `Stamp` says how; the defaults make a good token. `der` and its kin write ASN.1.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from certs.issue import Authority, KeyType, PrivateKey
from tests.support import pki

DATA = b"Du lieu can cap dau thoi gian"
GEN_TIME = pki.AT - 30 * pki.DAY
POLICY = "1.3.6.1.4.1.99999.1"

SHA1 = "1.3.14.3.2.26"
SHA256 = "2.16.840.1.101.3.4.2.1"
SHA384 = "2.16.840.1.101.3.4.2.2"
SHA512 = "2.16.840.1.101.3.4.2.3"
NAMES = {SHA1: "sha1", SHA256: "sha256", SHA384: "sha384", SHA512: "sha512"}
HASHES: dict[str, hashes.HashAlgorithm] = {
    SHA1: hashes.SHA1(),  # noqa: S303 - the point of some tests
    SHA256: hashes.SHA256(),
    SHA384: hashes.SHA384(),
    SHA512: hashes.SHA512(),
}
ECDSA_SHA256 = "1.2.840.10045.4.3.2"
RSA = "1.2.840.113549.1.1.1"
RSA_SHA256 = "1.2.840.113549.1.1.11"
RSA_PSS = "1.2.840.113549.1.1.10"
MGF1 = "1.2.840.113549.1.1.8"
SIGNED_DATA = "1.2.840.113549.1.7.2"
TST_INFO = "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.12"
SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"


def der(tag: int, *contents: bytes) -> bytes:
    """Write one value."""
    body = b"".join(contents)
    size = len(body)
    if size < 0x80:
        return bytes([tag, size]) + body
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(length)]) + length + body


def seq(*contents: bytes) -> bytes:
    """Write a SEQUENCE."""
    return der(0x30, *contents)


def set_of(*contents: bytes) -> bytes:
    """Write a SET OF, in the order that DER prescribes."""
    return der(0x31, *sorted(contents))


def integer(number: int) -> bytes:
    """Write an INTEGER."""
    return der(2, number.to_bytes(number.bit_length() // 8 + 1, signed=True))


def octets(value: bytes) -> bytes:
    """Write an OCTET STRING."""
    return der(4, value)


def oid(dotted: str) -> bytes:
    """Write an OBJECT IDENTIFIER."""
    first, second, *rest = map(int, dotted.split("."))
    body = b""
    for arc in (40 * first + second, *rest):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.insert(0, arc & 0x7F | 0x80)
        body += bytes(groups)
    return der(6, body)


def algorithm(dotted: str, *parameters: bytes) -> bytes:
    """Write an AlgorithmIdentifier."""
    return seq(oid(dotted), *parameters)


def attribute(dotted: str, *values: bytes) -> bytes:
    """Write an Attribute."""
    return seq(oid(dotted), set_of(*values))


def gen_time(moment: datetime) -> bytes:
    """Write a GeneralizedTime of whole seconds."""
    return der(0x18, moment.strftime("%Y%m%d%H%M%SZ").encode())


PURPOSE = ((x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True),)


def authority_certificate(
    ca: Authority | None = None,
    *,
    subject: str = "TSA",
    key: PrivateKey | None = None,
    not_before: datetime = pki.AT - pki.YEAR,
    not_after: datetime = pki.AT + pki.YEAR,
    key_usage: x509.KeyUsage | None = pki.SIGNING_USAGE,
    extensions: tuple[tuple[x509.ExtensionType, bool], ...] = PURPOSE,
) -> x509.Certificate:
    """Issue the certificate of a time-stamping authority, by default a good one for `pki.key()`."""
    return pki.certificate(
        ca or pki.root(),
        subject=subject,
        public_key=key,
        not_before=not_before,
        not_after=not_after,
        key_usage=key_usage,
        extensions=extensions,
    )


@cache
def identity(key_type: KeyType = KeyType.EC_P256) -> pki.Identity:
    """Return a good authority: its certificate, issued by the trusted root, and its key."""
    key = pki.key(key_type)
    return authority_certificate(key=key), key


@dataclass(kw_only=True)
class Stamp:
    """How to make a token."""

    data: bytes = DATA
    identity: pki.Identity = field(default_factory=identity)
    gen_time: bytes = gen_time(GEN_TIME)
    version: int = 1
    policy: str = POLICY
    serial_number: int = 4711
    imprint_oid: str = SHA256
    imprint: bytes | None = None
    accuracy: bytes = b""
    after_accuracy: bytes = b""
    content_type: str = TST_INFO
    signed_data_version: int = 3
    certificates: tuple[bytes, ...] | None = None
    revocation_lists: bytes = b""
    signer_version: int = 1
    signer: bytes | None = None
    signers: int = 1
    digest_oid: str = SHA256
    digest: bytes | None = None
    signature_algorithm: bytes = algorithm(ECDSA_SHA256)
    signature_hash: str = SHA256
    pss: bool = False
    named: tuple[bytes, ...] | None = None
    has_attributes: bool = True
    attributes: tuple[bytes, ...] | None = None
    message_digest: bytes | None = None
    unsigned: bytes = b""
    change_info: Callable[[bytes], bytes] = lambda info: info
    change_value: Callable[[bytes], bytes] = lambda value: value

    def info(self) -> bytes:
        """Return the TSTInfo."""
        digest = self.imprint
        if digest is None:
            digest = hashlib.new(NAMES[self.imprint_oid], self.data).digest()
        return seq(
            integer(self.version),
            oid(self.policy),
            seq(algorithm(self.imprint_oid), octets(digest)),
            integer(self.serial_number),
            self.gen_time,
            self.accuracy,
            self.after_accuracy,
        )

    def token(self) -> bytes:
        """Return the token."""
        info = self.info()
        signer = self._signer_info(info)
        certificates = self.certificates
        if certificates is None:
            certificates = (self.identity[0].public_bytes(Encoding.DER),)
        data = seq(
            integer(self.signed_data_version),
            set_of(algorithm(self.digest_oid)),
            seq(oid(self.content_type), der(0xA0, octets(self.change_info(info)))),
            der(0xA0, *certificates) if certificates else b"",
            self.revocation_lists,
            der(0x31, signer * self.signers),
        )
        return seq(oid(SIGNED_DATA), der(0xA0, data))

    def response(self, status: int = 0) -> bytes:
        """Return the token in a response."""
        return seq(seq(integer(status)), self.token())

    def _signer_info(self, info: bytes) -> bytes:
        certificate, key = self.identity
        signer = self.signer
        if signer is None:
            signer = seq(certificate.issuer.public_bytes(), integer(certificate.serial_number))
        attributes = self.attributes if self.attributes is not None else self._attributes(info)
        signed = set_of(*attributes) if self.has_attributes else info
        return seq(
            integer(self.signer_version),
            signer,
            self.digest if self.digest is not None else algorithm(self.digest_oid),
            b"\xa0" + signed[1:] if self.has_attributes else b"",
            self.signature_algorithm,
            octets(self.change_value(self._sign(key, signed))),
            self.unsigned,
        )

    def _attributes(self, info: bytes) -> tuple[bytes, ...]:
        digest = self.message_digest
        if digest is None:
            digest = hashlib.new(NAMES[self.digest_oid], info).digest()
        named = self.named if self.named is not None else (named_v2(self.identity[0]),)
        return (
            attribute(CONTENT_TYPE, oid(self.content_type)),
            attribute(MESSAGE_DIGEST, octets(digest)),
            *named,
        )

    def _sign(self, key: PrivateKey, signed: bytes) -> bytes:
        hash_ = HASHES[self.signature_hash]
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return key.sign(signed, ec.ECDSA(hash_))
        if self.pss:
            return key.sign(signed, padding.PSS(padding.MGF1(hash_), hash_.digest_size), hash_)
        return key.sign(signed, padding.PKCS1v15(), hash_)


def named_v2(certificate: x509.Certificate, *, by: str | None = None) -> bytes:
    """Return signingCertificateV2 with one certificate; SHA-256 goes without saying."""
    digest = hashlib.new(NAMES[by or SHA256], certificate.public_bytes(Encoding.DER)).digest()
    method = algorithm(by) if by is not None else b""
    return attribute(SIGNING_CERTIFICATE_V2, seq(seq(seq(method, octets(digest)))))


def named_v1(certificate: x509.Certificate) -> bytes:
    """Return signingCertificate of RFC 2634, which is by SHA-1."""
    digest = hashlib.new("sha1", certificate.public_bytes(Encoding.DER), usedforsecurity=False).digest()
    return attribute(SIGNING_CERTIFICATE, seq(seq(seq(octets(digest)))))


def pss(hash_oid: str, *, mask_oid: str | None = None, salt: int | None = None) -> bytes:
    """Return the AlgorithmIdentifier of RSASSA-PSS with its parameters."""
    mask = algorithm(MGF1, algorithm(mask_oid or hash_oid))
    length = salt if salt is not None else HASHES[hash_oid].digest_size
    parameters = seq(der(0xA0, algorithm(hash_oid)), der(0xA1, mask), der(0xA2, integer(length)))
    return algorithm(RSA_PSS, parameters)


def accuracy(seconds: int, millis: int | None = None, micros: int | None = None) -> bytes:
    """Return an Accuracy."""
    small = [
        der(0x80 | number, integer(each)[2:])
        for number, each in enumerate((millis, micros))
        if each is not None
    ]
    return seq(integer(seconds), *small)


def later(moment: datetime = GEN_TIME, *, by: timedelta) -> bytes:
    """Return a genTime that is later than a moment."""
    return gen_time(moment + by)
