"""The signature of a time-stamp token: which certificate made it, with which algorithms (RFC 3161 §2.4.2, RFC 5652 §5.4).

Invariants: the certificate is the one that the *signed* attributes name by its digest; neither the order of the certificates in
a token nor the unsigned signer identifier can make another one of it (GHSA-xm5m-wgh2-rrg3); what is not on the allow-list is
refused. A certificate may be named by SHA-1, as signingCertificate of RFC 2634 cannot do otherwise (RFC 5816 keeps it): its key
and its path are verified all the same.
"""

import hashlib
import hmac
from collections.abc import Iterable
from types import MappingProxyType
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from certs.algorithms import (
    SIGNATURE_ALGORITHMS,
    SignatureAlgorithm,
    describe,
    fits,
    is_affordable,
    is_strong,
    rsa_padding,
)
from certs.der import INTEGER, SEQUENCE, DerError, Value, explicit
from certs.errors import AlgorithmForbiddenError, KeyTooWeakError, TrustError
from certs.errors_timestamp import (
    NoTimestampCertificateError,
    TimestampContentError,
    TimestampShapeError,
    TimestampSignatureError,
    TimestampSignerError,
)
from certs.rules_timestamp import TimestampRule
from certs.timestamp_info import SHA1, SHA256, Algorithm, Info, read_algorithm
from certs.timestamp_token import Signature, Token

DIGESTS: Final = MappingProxyType(
    {SHA256: "sha256", "2.16.840.1.101.3.4.2.2": "sha384", "2.16.840.1.101.3.4.2.3": "sha512"}
)
_NAMING: Final = {**DIGESTS, SHA1: "sha1"}
_RSA: Final = "1.2.840.113549.1.1.1"
_RSA_PSS: Final = "1.2.840.113549.1.1.10"
_MGF1: Final = "1.2.840.113549.1.1.8"
_SIGNATURES: Final = MappingProxyType(
    {
        "1.2.840.113549.1.1.11": "rsa-sha256",
        "1.2.840.113549.1.1.12": "rsa-sha384",
        "1.2.840.113549.1.1.13": "rsa-sha512",
        "1.2.840.10045.4.3.2": "ecdsa-sha256",
        "1.2.840.10045.4.3.3": "ecdsa-sha384",
        "1.2.840.10045.4.3.4": "ecdsa-sha512",
    }
)
_BY_NAME: Final = {row.name: row for row in SIGNATURE_ALGORITHMS.values()}


def check_imprint(info: Info) -> str:
    """Return the short name of the algorithm of an imprint that may be relied upon.

    Raises: AlgorithmForbiddenError, TimestampShapeError.
    """
    name = _digest_name(info.imprint_algorithm)
    if len(info.imprint) != hashlib.new(name).digest_size:
        raise TimestampShapeError(TimestampRule.IMPRINT_LENGTH)
    return name


def resolve_signature(signature: Signature) -> SignatureAlgorithm:
    """Return the row of the allow-list that a signature was made by.

    Raises: AlgorithmForbiddenError.
    """
    digest = _digest_name(signature.digest)
    oid, parameters = signature.algorithm.oid, signature.algorithm.parameters
    if oid == _RSA_PSS:
        name = _pss(parameters)
    elif parameters is not None:
        name = None
    else:
        # rsaEncryption leaves the digest to the field before it (RFC 3370 §3.2).
        name = f"rsa-{digest}" if oid == _RSA else _SIGNATURES.get(oid)
    if name is None:
        raise AlgorithmForbiddenError(algorithm=oid)
    return _BY_NAME[name]


def _digest_name(algorithm: Algorithm) -> str:
    name = DIGESTS.get(algorithm.oid)
    if name is None or algorithm.parameters is not None:
        raise AlgorithmForbiddenError(algorithm=algorithm.oid)
    return name


def _pss(parameters: Value | None) -> str | None:
    """Return the fixed algorithm that RSASSA-PSS-params (RFC 4055 §3.1) spell out, None for any other combination."""
    if parameters is None:
        return None
    try:
        parts = parameters.expect(SEQUENCE).children()
        fields = [parts.maybe(explicit(number)) for number in range(4)]
        parts.end()
        digest, mask, salt = (Value.read(each.contents) if each is not None else None for each in fields[:3])
        trailer = Value.read(fields[3].contents).integer() if fields[3] is not None else 1
        if digest is None or mask is None or salt is None or trailer != 1:
            return None
        mask_function = read_algorithm(mask)
        inner = mask_function.parameters
        oids = [read_algorithm(digest).oid, read_algorithm(inner).oid if inner is not None else SHA1]
        length = salt.integer(INTEGER)
    except DerError:
        return None
    row = _BY_NAME.get(f"rsa-pss-{DIGESTS.get(oids[0])}")
    if row is None or mask_function.oid != _MGF1 or oids[0] != oids[1] or length != row.hash.digest_size:
        return None
    return row.name


def signer_of(token: Token, certificates: Iterable[x509.Certificate]) -> x509.Certificate:
    """Return the certificate that signed a token, of those that may have; whether it may is not looked at.

    Raises: AlgorithmForbiddenError, KeyTooWeakError, TimestampContentError, TimestampSignatureError, TimestampSignerError,
    NoTimestampCertificateError.
    """
    signature = token.signature
    algorithm = resolve_signature(signature)
    found = hashlib.new(_digest_name(signature.digest), token.content).digest()
    if not hmac.compare_digest(found, signature.message_digest):
        raise TimestampContentError
    signer = _named(signature, tuple(certificates))
    key = signer.public_key()
    if not is_affordable(key):
        raise KeyTooWeakError(key=describe(key))
    if not _is_signed_by(signer, signature, algorithm):
        raise TimestampSignatureError
    if not is_strong(key):
        raise KeyTooWeakError(key=describe(key))
    return signer


def _named(signature: Signature, certificates: tuple[x509.Certificate, ...]) -> x509.Certificate:
    identified = [each for each in certificates if _is_identified(signature, each)]
    for certificate in identified:
        der = certificate.public_bytes(Encoding.DER)
        if all(_is_digest(der, oid, digest) for oid, digest in signature.named):
            return certificate
    raise _unnamed(identified)


def _unnamed(identified: list[x509.Certificate]) -> TrustError:
    return TimestampSignerError() if identified else NoTimestampCertificateError()


def _is_digest(der: bytes, oid: str, digest: bytes) -> bool:
    name = _NAMING.get(oid)
    if name is None:
        raise AlgorithmForbiddenError(algorithm=oid)
    return hashlib.new(name, der, usedforsecurity=name != "sha1").digest() == digest


def _is_identified(signature: Signature, certificate: x509.Certificate) -> bool:
    """Tell whether the signer identifier means a certificate: by issuer and number, or by the identifier of its key."""
    if signature.key_identifier is not None:
        return _key_identifier(certificate) == signature.key_identifier
    return (
        certificate.serial_number == signature.serial_number
        and _issuer_octets(certificate) == signature.issuer
    )


def _key_identifier(certificate: x509.Certificate) -> bytes | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return None


def _issuer_octets(certificate: x509.Certificate) -> bytes:
    """Return the issuer's name exactly as the certificate has it."""
    parts = Value.read(certificate.tbs_certificate_bytes).children()
    parts.maybe(explicit(0))
    parts.take(INTEGER)
    parts.take(SEQUENCE)
    return parts.take(SEQUENCE).octets


def _is_signed_by(certificate: x509.Certificate, signature: Signature, algorithm: SignatureAlgorithm) -> bool:
    key = certificate.public_key()
    if not fits(key, algorithm):
        return False
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature.value, signature.signed_octets, rsa_padding(algorithm), algorithm.hash)
            return True
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature.value, signature.signed_octets, ec.ECDSA(algorithm.hash))
            return True
    except InvalidSignature:
        pass
    return False
