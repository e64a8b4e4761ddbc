"""A time-stamp token as it is read: what it says, and what its signature is over; nothing here says whether it is true.

TimeStampResp of RFC 3161 §2.4.2 in SignedData of RFC 5652 §5. Invariants of a `Token`: the content type is id-ct-TSTInfo, there
is one SignerInfo, its signed attributes hold exactly one of each that is needed, and every octet of the token was either read or
belongs to what cannot change its meaning (unsigned attributes, revocation lists, the names of digest algorithms).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from certs.der import (
    INTEGER,
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    SEQUENCE,
    SET,
    Children,
    DerError,
    Value,
    explicit,
    implicit,
)
from certs.errors_timestamp import (
    NotATimestampError,
    TimestampNotGrantedError,
    TimestampShapeError,
)
from certs.rules_timestamp import TimestampRule
from certs.timestamp_info import SHA1, SHA256, Algorithm, Info, read_algorithm, read_info

MAX_OCTETS: Final = 1 << 20
MAX_CERTIFICATES: Final = 20

_SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
_TST_INFO: Final = "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE: Final = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE: Final = "1.2.840.113549.1.9.16.2.12"
_SIGNING_CERTIFICATE_V2: Final = "1.2.840.113549.1.9.16.2.47"
_GRANTED: Final = (0, 1)
_VERSION: Final = 3
_SIGNER_VERSIONS: Final = {SEQUENCE: 1, implicit(0): 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """The one SignerInfo; `named` are digests of the signer's certificate, each by the OID of its algorithm.

    `issuer` and `serial_number`, or else `key_identifier`, say which certificate is meant; they are not signed.
    """

    digest: Algorithm
    algorithm: Algorithm
    value: bytes
    signed_octets: bytes
    message_digest: bytes
    named: tuple[tuple[str, bytes], ...]
    issuer: bytes = b""
    serial_number: int | None = None
    key_identifier: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A time-stamp token: what it says, the octets of that, who signed them how, and the certificates that came along."""

    info: Info
    content: bytes
    signature: Signature
    certificates: tuple[bytes, ...]


def read_token(octets: bytes) -> Token:
    """Read a TimeStampToken, or the one in a TimeStampResp.

    Raises: NotATimestampError, TimestampNotGrantedError, TimestampShapeError, TimestampExtensionError.
    """
    if len(octets) > MAX_OCTETS:
        raise NotATimestampError
    try:
        value = Value.read(octets).expect(SEQUENCE)
        parts = value.children()
        status = parts.maybe(SEQUENCE)
        if status is not None:
            value = _granted(status, parts)
        return _token(value)
    except DerError as error:
        raise NotATimestampError from error


def _granted(status: Value, parts: Children) -> Value:
    """Return the token of a response that has one."""
    code = status.children().take(INTEGER).integer()
    token = parts.maybe(SEQUENCE)
    parts.end()
    if token is None and code not in _GRANTED:
        raise TimestampNotGrantedError(status=code)
    if token is None or code not in _GRANTED:
        raise TimestampShapeError(TimestampRule.STATUS)
    return token


def _token(value: Value) -> Token:
    parts = value.children()
    if parts.take(OBJECT_IDENTIFIER).identifier() != _SIGNED_DATA:
        raise TimestampShapeError(TimestampRule.CONTENT_TYPE)
    data = _only(parts.take(explicit(0)), SEQUENCE).children()
    parts.end()
    version = data.take(INTEGER).integer()
    data.take(SET)
    content = _content(data.take(SEQUENCE).children())
    certificates = data.maybe(explicit(0))
    data.maybe(explicit(1))
    signers = data.take(SET).children().all()
    data.end()
    if version != _VERSION:
        raise TimestampShapeError(TimestampRule.VERSION)
    if len(signers) != 1:
        raise TimestampShapeError(TimestampRule.ONE_SIGNER)
    return Token(
        info=read_info(content),
        content=content,
        signature=_signature(signers[0].expect(SEQUENCE).children()),
        certificates=_certificates(certificates),
    )


def _only(value: Value, tag: int) -> Value:
    inside = value.children()
    found = inside.take(tag)
    inside.end()
    return found


def _content(parts: Children) -> bytes:
    kind = parts.take(OBJECT_IDENTIFIER).identifier()
    held = parts.maybe(explicit(0))
    parts.end()
    if kind != _TST_INFO or held is None:
        raise TimestampShapeError(TimestampRule.CONTENT_TYPE)
    strings = held.children().all()
    if len(strings) != 1:
        raise DerError("not one OCTET STRING")
    return strings[0].string()


def _certificates(value: Value | None) -> tuple[bytes, ...]:
    if value is None:
        return ()
    # Whatever is no SEQUENCE is an attribute certificate or of another kind (RFC 5652 §10.2.2).
    found = tuple(each.octets for each in value.children().all() if each.tag == SEQUENCE)
    if len(found) > MAX_CERTIFICATES:
        raise TimestampShapeError(TimestampRule.CERTIFICATE_COUNT)
    return tuple(dict.fromkeys(found))


def _signature(parts: Children) -> Signature:
    version = parts.take(INTEGER).integer()
    signer = parts.maybe(SEQUENCE, implicit(0))
    digest = read_algorithm(parts.take(SEQUENCE))
    attributes = parts.maybe(explicit(0))
    algorithm = read_algorithm(parts.take(SEQUENCE))
    value = parts.take(OCTET_STRING).contents
    parts.maybe(explicit(1))
    parts.end()
    if signer is None or _SIGNER_VERSIONS[signer.tag] != version:
        raise TimestampShapeError(TimestampRule.VERSION)
    if attributes is None:
        # Without them the signature would be over the content, whose type nobody would have signed (RFC 5652 §5.3).
        raise TimestampShapeError(TimestampRule.SIGNED_ATTRIBUTES)
    held = _attributes(attributes.children().all())
    if _one(held, _CONTENT_TYPE).identifier() != _TST_INFO:
        raise TimestampShapeError(TimestampRule.CONTENT_TYPE)
    issuer, serial_number, key_identifier = _signer(signer)
    return Signature(
        digest=digest,
        algorithm=algorithm,
        value=value,
        # Signed is the SET itself, not the tag that it has here (RFC 5652 §5.4).
        signed_octets=bytes([SET]) + attributes.octets[1:],
        message_digest=_one(held, _MESSAGE_DIGEST).string(),
        named=_named(held),
        issuer=issuer,
        serial_number=serial_number,
        key_identifier=key_identifier,
    )


def _signer(value: Value) -> tuple[bytes, int | None, bytes | None]:
    if value.tag != SEQUENCE:
        return b"", None, value.contents
    parts = value.children()
    issuer, serial_number = parts.take(SEQUENCE).octets, parts.take(INTEGER).integer()
    parts.end()
    return issuer, serial_number, None


def _attributes(values: Iterable[Value]) -> dict[str, tuple[Value, ...]]:
    found: dict[str, tuple[Value, ...]] = {}
    for value in values:
        parts = value.expect(SEQUENCE).children()
        oid = parts.take(OBJECT_IDENTIFIER).identifier()
        held = parts.take(SET).children().all()
        parts.end()
        if oid in found:
            raise TimestampShapeError(TimestampRule.SIGNED_ATTRIBUTES)
        found[oid] = held
    return found


def _one(attributes: dict[str, tuple[Value, ...]], oid: str) -> Value:
    held = attributes.get(oid, ())
    if len(held) != 1:
        raise TimestampShapeError(TimestampRule.SIGNED_ATTRIBUTES)
    return held[0]


def _named(attributes: dict[str, tuple[Value, ...]]) -> tuple[tuple[str, bytes], ...]:
    """Return what signingCertificate (RFC 2634) and signingCertificateV2 (RFC 5035) say, at least one of them."""
    present = [oid for oid in (_SIGNING_CERTIFICATE, _SIGNING_CERTIFICATE_V2) if oid in attributes]
    if not present:
        raise TimestampShapeError(TimestampRule.SIGNED_ATTRIBUTES)
    named: list[tuple[str, bytes]] = []
    for oid in present:
        # The first is the signer's; any others are of its path, which is built without them.
        certificates = _one(attributes, oid).expect(SEQUENCE).children().take(SEQUENCE).children()
        first = certificates.take(SEQUENCE).children()
        algorithm = first.maybe(SEQUENCE) if oid == _SIGNING_CERTIFICATE_V2 else None
        default = SHA256 if oid == _SIGNING_CERTIFICATE_V2 else SHA1
        by = read_algorithm(algorithm).oid if algorithm is not None else default
        named.append((by, first.take(OCTET_STRING).contents))
    return tuple(named)
