"""The signature on an OCSP response: allow-listed algorithms and keys (RFC 6960 §4.2.1, RFC 4055 §3.1).

The library does not show the parameters of RSASSA-PSS here, so they are compared, whole, with the three that are used: one hash
for the message and for MGF1, and as many octets of salt as it has.
"""

from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.x509 import ocsp
from cryptography.x509.oid import SignatureAlgorithmOID

from certs.algorithms import describe, is_strong
from certs.authority import is_allowed
from certs.errors_revocation import BadOcspAnswerError

_Hash = hashes.SHA256 | hashes.SHA384 | hashes.SHA512

_PSS: Final = bytes.fromhex("06092a864886f70d01010a")
_MGF1: Final = bytes.fromhex("06092a864886f70d010108")
_NULL: Final = b"\x05\x00"


def _tagged(tag: int, *content: bytes) -> bytes:
    body = b"".join(content)
    return bytes((tag, len(body))) + body


def _parameters(arc: int, hash_: _Hash, null: bytes) -> bytes:
    """Return the DER encoding of the whole AlgorithmIdentifier."""
    digest = _tagged(0x30, bytes.fromhex("06096086480165030402") + bytes((arc,)), null)
    salt = _tagged(0x02, bytes((hash_.digest_size,)))
    choices = (digest, _tagged(0x30, _MGF1, digest), salt)
    inner = _tagged(0x30, *(_tagged(0xA0 + place, each) for place, each in enumerate(choices)))
    return _tagged(0x30, _PSS, inner)


_SCHEMES: Final[dict[bytes, _Hash]] = {
    _parameters(arc, hash_, null): hash_
    for arc, hash_ in ((1, hashes.SHA256()), (2, hashes.SHA384()), (3, hashes.SHA512()))
    for null in (_NULL, b"")
}


def check_signature(response: ocsp.OCSPResponse, data: bytes, key: PublicKeyTypes) -> None:
    """Verify the signature on a response, whose octets are `data`, by a key.

    Raises: BadOcspAnswerError.
    """
    hash_ = _hash_of(response, data)
    if not is_strong(key):
        raise BadOcspAnswerError(reason=f"signed with a weak key, {describe(key)}")
    is_pss = response.signature_algorithm_oid == SignatureAlgorithmOID.RSASSA_PSS
    signature, octets = response.signature, response.tbs_response_bytes
    try:
        if isinstance(key, rsa.RSAPublicKey) and response.signature_algorithm_oid not in _ECDSA:
            scheme = padding.PSS(padding.MGF1(hash_), hash_.digest_size) if is_pss else padding.PKCS1v15()
            key.verify(signature, octets, scheme, hash_)
            return
        if isinstance(key, ec.EllipticCurvePublicKey) and response.signature_algorithm_oid in _ECDSA:
            key.verify(signature, octets, ec.ECDSA(hash_))
            return
    except InvalidSignature as error:
        raise BadOcspAnswerError(reason="not signed by the key that it names") from error
    raise BadOcspAnswerError(reason="its algorithm is not that of the key that it names")


_ECDSA: Final = frozenset(
    {
        SignatureAlgorithmOID.ECDSA_WITH_SHA256,
        SignatureAlgorithmOID.ECDSA_WITH_SHA384,
        SignatureAlgorithmOID.ECDSA_WITH_SHA512,
    }
)


def _hash_of(response: ocsp.OCSPResponse, data: bytes) -> hashes.HashAlgorithm:
    """Return the hash that the algorithm names.

    Raises: BadOcspAnswerError when the algorithm is not allowed.
    """
    oid = response.signature_algorithm_oid
    if oid == SignatureAlgorithmOID.RSASSA_PSS:
        tbs = response.tbs_response_bytes
        after = data[data.index(tbs) + len(tbs) :]
        for encoded, hash_ in _SCHEMES.items():
            if after.startswith(encoded):
                return hash_
    elif is_allowed(oid, lambda: response.signature_hash_algorithm):
        found = response.signature_hash_algorithm
        if found is not None:
            return found
    raise BadOcspAnswerError(reason=f"signed with {oid.dotted_string}, which is not allowed")
