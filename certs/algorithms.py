"""The allow-list: every algorithm that a signature may use, as tables. What is not listed is refused.

Identifiers are those of XML Signature 1.1 §6 and RFC 9231. Circular 15/2025/TT-BKHCN asks for RSA of at least
2048 bits with RSASSA-PSS, or ECDSA of at least 256 bits, with SHA-2; PKCS #1 v1.5 with SHA-2 is kept because
most deployed signers still use it. There is no HMAC: the key of an HMAC would be public (CVE-2025-48994).
"""

from dataclasses import dataclass
from enum import StrEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

_XMLDSIG_MORE_2001 = "http://www.w3.org/2001/04/xmldsig-more#"
_XMLDSIG_MORE_2007 = "http://www.w3.org/2007/05/xmldsig-more#"

ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
RSA_PSS = _XMLDSIG_MORE_2007 + "rsa-pss"

RSA_MIN_BITS = 2048
RSA_MAX_BITS = 8192
CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)


class Scheme(StrEnum):
    """How the signature value is made from the digest."""

    RSA_PKCS1 = "rsa-pkcs1"
    RSA_PSS = "rsa-pss"
    ECDSA = "ecdsa"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureAlgorithm:
    """A SignatureMethod: its short name, its identifier, and what it stands for."""

    name: str
    uri: str
    scheme: Scheme
    hash: hashes.HashAlgorithm


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestAlgorithm:
    """A DigestMethod; `name` is also the name that hashlib knows it by."""

    name: str
    uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Canonicalization:
    """A canonicalisation without comments; 1.0 and 1.1 differ only below a document's root, see `certs.c14n`."""

    name: str
    uri: str
    exclusive: bool


_HASHES: tuple[tuple[str, hashes.HashAlgorithm], ...] = (
    ("sha256", hashes.SHA256()),
    ("sha384", hashes.SHA384()),
    ("sha512", hashes.SHA512()),
)


def _signature_algorithms() -> dict[str, SignatureAlgorithm]:
    rows = [
        SignatureAlgorithm(name=name, uri=uri, scheme=scheme, hash=hash_)
        for word, hash_ in _HASHES
        for name, uri, scheme in (
            (f"rsa-{word}", f"{_XMLDSIG_MORE_2001}rsa-{word}", Scheme.RSA_PKCS1),
            (f"rsa-pss-{word}", f"{_XMLDSIG_MORE_2007}{word}-rsa-MGF1", Scheme.RSA_PSS),
            (f"ecdsa-{word}", f"{_XMLDSIG_MORE_2001}ecdsa-{word}", Scheme.ECDSA),
        )
    ]
    return {row.uri: row for row in rows}


SIGNATURE_ALGORITHMS = _signature_algorithms()

DIGEST_ALGORITHMS = {
    row.uri: row
    for row in (
        DigestAlgorithm(name="sha256", uri="http://www.w3.org/2001/04/xmlenc#sha256"),
        DigestAlgorithm(name="sha384", uri=_XMLDSIG_MORE_2001 + "sha384"),
        DigestAlgorithm(name="sha512", uri="http://www.w3.org/2001/04/xmlenc#sha512"),
    )
}

INCLUSIVE = Canonicalization(
    name="c14n", uri="http://www.w3.org/TR/2001/REC-xml-c14n-20010315", exclusive=False
)
INCLUSIVE_11 = Canonicalization(name="c14n11", uri="http://www.w3.org/2006/12/xml-c14n11", exclusive=False)
EXCLUSIVE = Canonicalization(name="exc-c14n", uri="http://www.w3.org/2001/10/xml-exc-c14n#", exclusive=True)
CANONICALIZATIONS = {row.uri: row for row in (INCLUSIVE, INCLUSIVE_11, EXCLUSIVE)}


def fits(key: PublicKeyTypes, algorithm: SignatureAlgorithm) -> bool:
    """Tell whether a key is of the kind that the algorithm is for."""
    kind = ec.EllipticCurvePublicKey if algorithm.scheme is Scheme.ECDSA else rsa.RSAPublicKey
    return isinstance(key, kind)


def is_strong(key: PublicKeyTypes) -> bool:
    """Tell whether a key has an accepted size or curve."""
    if isinstance(key, rsa.RSAPublicKey):
        return RSA_MIN_BITS <= key.key_size <= RSA_MAX_BITS
    return isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, CURVES)


def is_affordable(key: PublicKeyTypes) -> bool:
    """Tell whether verifying with a key, which anybody may send, costs little."""
    return not isinstance(key, rsa.RSAPublicKey) or key.key_size <= RSA_MAX_BITS


def describe(key: PublicKeyTypes) -> str:
    """Name a key's kind and size, for messages."""
    match key:
        case rsa.RSAPublicKey():
            return f"RSA {key.key_size}"
        case ec.EllipticCurvePublicKey():
            return f"ECDSA {key.curve.name}"
        case _:
            return type(key).__name__.removesuffix("PublicKey")


def is_signed_by(key: PublicKeyTypes, algorithm: SignatureAlgorithm, *, value: bytes, octets: bytes) -> bool:
    """Tell whether `value` is the signature over `octets` made with the private half of `key`.

    A key that does not fit the algorithm has signed nothing. The key must be `is_affordable`.
    """
    if not fits(key, algorithm):
        return False
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(value, octets, rsa_padding(algorithm), algorithm.hash)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(_ecdsa_value(key, value), octets, ec.ECDSA(algorithm.hash))
    except InvalidSignature:
        return False
    return True


def rsa_padding(algorithm: SignatureAlgorithm) -> padding.AsymmetricPadding:
    """Return the padding of an RSA algorithm."""
    # RFC 9231 §2.3.10 fixes the salt to the digest's length: any other length is another algorithm.
    if algorithm.scheme is Scheme.RSA_PSS:
        return padding.PSS(padding.MGF1(algorithm.hash), algorithm.hash.digest_size)
    return padding.PKCS1v15()


def _ecdsa_value(key: ec.EllipticCurvePublicKey, value: bytes) -> bytes:
    """Turn r ‖ s of XML Signature 1.1 §6.4.3 into the DER form; exactly two field elements, or it is wrong."""
    size = (key.curve.key_size + 7) // 8
    if len(value) != 2 * size:
        raise InvalidSignature
    return encode_dss_signature(int.from_bytes(value[:size]), int.from_bytes(value[size:]))
