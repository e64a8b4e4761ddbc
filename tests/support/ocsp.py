"""Answers of OCSP responders for tests, good and not.

The library makes what is to be signed, but for the moment at which it was produced, which it takes from the clock; that is set
here, and the result signed and enclosed by hand, so that it can also be signed wrongly.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from certs.issue import Authority, PrivateKey
from certs.ocsp import OcspAnswer
from tests.support import pki

GOOD, REVOKED, UNKNOWN = ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.REVOKED, ocsp.OCSPCertStatus.UNKNOWN
FOR_OCSP = (
    (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), False),
    (x509.OCSPNoCheck(), False),
)
NAMED_BY: Final = hashes.SHA1()  # noqa: S303 - what responders use to name certificates
_ECDSA: Final = {
    "sha224": bytes.fromhex("300a06082a8648ce3d040301"),
    "sha256": bytes.fromhex("300a06082a8648ce3d040302"),
    "sha384": bytes.fromhex("300a06082a8648ce3d040303"),
}
_RSA_SHA256: Final = bytes.fromhex("300d06092a864886f70d01010b0500")
_BASIC: Final = bytes.fromhex("06092b0601050507300101")
_TIME: Final = b"\x18\x0f"


def responder(ca: Authority, **changes: object) -> pki.Identity:
    """Return a certificate for answering in an authority's name, and its key; the default is good."""
    facts = {"subject": "Máy chủ OCSP", "extensions": FOR_OCSP, **changes}
    key = facts.pop("key", None) or pki.key()
    return pki.certificate(ca, public_key=key, **facts), key  # type: ignore[arg-type,return-value]  # the call checks


def answer(
    ca: Authority,
    certificate: x509.Certificate,
    status: ocsp.OCSPCertStatus = GOOD,
    *,
    by: tuple[x509.Certificate, PrivateKey] | None = None,
    this_update: datetime = pki.AT - pki.DAY,
    next_update: datetime | None = pki.AT + 2 * pki.DAY,
    since: datetime = pki.AT - 2 * pki.DAY,
    reason: x509.ReasonFlags | None = None,
    hash_: hashes.SHA256 | hashes.SHA224 | hashes.SHA384 | None = None,
    certid: hashes.HashAlgorithm = NAMED_BY,
    encoding: ocsp.OCSPResponderEncoding = ocsp.OCSPResponderEncoding.HASH,
    included: list[x509.Certificate] | None = None,
    extensions: tuple[tuple[x509.ExtensionType, bool], ...] = (),
    signing_key: PrivateKey | None = None,
) -> bytes:
    """Return what a responder answers about one certificate; the authority itself unless `by` another.

    It is said to be produced when the information was new; `signing_key` makes it a forgery.
    """
    signer, key = by or (ca.certificate, ca.key)
    is_revoked = status is REVOKED
    builder = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            cert=certificate,
            issuer=ca.certificate,
            algorithm=certid,
            cert_status=status,
            this_update=this_update,
            next_update=next_update,
            revocation_time=since if is_revoked else None,
            revocation_reason=reason if is_revoked else None,
        )
        .responder_id(encoding, signer)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    tbs = produced(builder.sign(key, hashes.SHA256()), at=this_update)
    enclosed = included if included is not None else ([signer] if by else [])
    algorithm, value = _signed(signing_key or key, tbs, hash_ or hashes.SHA256())
    return response(tbs, algorithm, value, enclosed)


def produced(made: ocsp.OCSPResponse, *, at: datetime) -> bytes:
    """Return what is signed of a response, as if it had been produced at a moment."""
    tbs = made.tbs_response_bytes
    place = tbs.index(_TIME) + len(_TIME)
    moment = at.strftime("%Y%m%d%H%M%SZ").encode()
    return tbs[:place] + moment + tbs[place + len(moment) :]


def response(
    tbs: bytes, algorithm: bytes, value: bytes, enclosed: list[x509.Certificate] | None = None
) -> bytes:
    """Enclose what was signed, and how, in a response."""
    certificates = b"".join(each.public_bytes(Encoding.DER) for each in enclosed or [])
    extra = (der(0xA0, der(0x30, certificates)),) if certificates else ()
    basic = der(0x30, tbs, algorithm, der(0x03, b"\x00", value), *extra)
    return der(0x30, b"\x0a\x01\x00", der(0xA0, der(0x30, _BASIC, der(0x04, basic))))


def _signed(
    key: PrivateKey, tbs: bytes, hash_: hashes.SHA256 | hashes.SHA224 | hashes.SHA384
) -> tuple[bytes, bytes]:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return _ECDSA[hash_.name], key.sign(tbs, ec.ECDSA(hash_))
    return _RSA_SHA256, key.sign(tbs, padding.PKCS1v15(), hashes.SHA256())


def der(tag: int, *content: bytes) -> bytes:
    """Encode a DER value of less than 64 KiB."""
    body = b"".join(content)
    size = len(body)
    length = (
        bytes((size,))
        if size < 0x80
        else b"\x81" + bytes((size,))
        if size < 0x100
        else b"\x82" + size.to_bytes(2)
    )
    return bytes((tag,)) + length + body


def read(data: bytes, *issuers: x509.Certificate) -> OcspAnswer:
    """Take in one answer, by default as one who holds the trusted root."""
    (taken,) = OcspAnswer.read(data, issuers=issuers or (pki.root().certificate,))
    return taken
