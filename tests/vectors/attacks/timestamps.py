"""Row 26: time stamps over something else, of somebody else, or of an authority that is none."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from certs.indication import Indication, SubIndication
from certs.issue import KeyType
from tests.support import crl, pki, tsa
from tests.support.tsa import Stamp
from tests.vectors.attacks.hierarchy import Material
from tests.vectors.attacks.vector import (
    ALGORITHM,
    EXPIRED,
    GOOD,
    PASSED,
    REVOKED,
    TOO_EARLY,
    UNTRUSTED,
    WEAK_KEY,
    Answer,
    Vector,
)

ROW: Final = 26
DATA: Final = Material(name="stamped.bin", make=lambda: tsa.DATA, folder="data")

_FAILED, _UNDECIDED = Indication.TOTAL_FAILED, Indication.INDETERMINATE
_SUB = SubIndication
_IMPRINT: Final = Answer(indication=_FAILED, sub=_SUB.HASH_FAILURE, code="certs.timestamp_imprint")
_CONTENT: Final = Answer(indication=_FAILED, sub=_SUB.HASH_FAILURE, code="certs.timestamp_content")
_SHAPE: Final = Answer(indication=_FAILED, sub=_SUB.FORMAT_FAILURE, code="certs.timestamp_shape")
_NONE: Final = Answer(indication=_FAILED, sub=_SUB.FORMAT_FAILURE, code="certs.not_a_timestamp")
_VALUE: Final = Answer(indication=_FAILED, sub=_SUB.SIG_CRYPTO_FAILURE, code="certs.timestamp_signature")
_SIGNER: Final = Answer(
    indication=_UNDECIDED, sub=_SUB.SIG_CONSTRAINTS_FAILURE, code="certs.timestamp_signer"
)
_NO_CERTIFICATE: Final = Answer(
    indication=_UNDECIDED, sub=_SUB.NO_SIGNING_CERTIFICATE_FOUND, code="certs.no_timestamp_certificate"
)
_PURPOSE: Final = Answer(
    indication=_UNDECIDED, sub=_SUB.CHAIN_CONSTRAINTS_FAILURE, code="certs.timestamp_authority"
)
_FUTURE: Final = Answer(
    indication=_UNDECIDED, sub=_SUB.TIMESTAMP_ORDER_FAILURE, code="certs.timestamp_in_future"
)
_REFUSED: Final = Answer(indication=Indication.NO_SIGNATURE_FOUND, code="certs.timestamp_not_granted")


def _vector(
    name: str,
    shows: str,
    answer: Answer,
    make: Callable[[], Stamp | bytes],
    *,
    lists: tuple[Material, ...] = (),
    at: datetime = pki.AT,
) -> Vector:
    def file() -> bytes:
        made = make()
        return made if isinstance(made, bytes) else made.token()

    return Vector(
        name=f"tst-{name}",
        row=GOOD if answer is PASSED else ROW,
        shows=shows,
        file=file,
        answer=answer,
        kind="tst",
        lists=lists,
        data=DATA,
        at=at,
    )


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def _rsa(**changes: object) -> Stamp:
    return Stamp(identity=tsa.identity(KeyType.RSA_2048), **changes)  # type: ignore[arg-type]


def _of(certificate: Callable[[], x509.Certificate]) -> Callable[[], Stamp]:
    return lambda: Stamp(identity=(certificate(), pki.key()))


def _list(name: str, reason: x509.ReasonFlags | None) -> Material:
    def make() -> bytes:
        since = tsa.GEN_TIME + pki.DAY
        return crl.crl(pki.root(), crl.revoked(tsa.identity()[0], since=since, reason=reason))

    return Material(name=f"tst-{name}.crl", make=make)


def _good() -> Iterator[Vector]:
    cases: dict[str, tuple[str, Callable[[], Stamp | bytes]]] = {
        "plain": ("a token", Stamp),
        "response": ("the response with the token", lambda: Stamp().response()),
        "base64": ("a token in Base64", lambda: base64.encodebytes(Stamp().token())),
        "rsa": ("RSA", lambda: _rsa(signature_algorithm=tsa.algorithm(tsa.RSA_SHA256, b"\x05\0"))),
        "pss": ("RSASSA-PSS", lambda: _rsa(pss=True, signature_algorithm=tsa.pss(tsa.SHA256))),
        "sha512": ("an imprint by SHA-512", lambda: Stamp(imprint_oid=tsa.SHA512)),
        "accuracy": ("with an accuracy", lambda: Stamp(accuracy=tsa.accuracy(1, 500, 20))),
        "named-by-both": (
            "named by both versions of signingCertificate",
            lambda: Stamp(named=(tsa.named_v1(tsa.identity()[0]), tsa.named_v2(tsa.identity()[0]))),
        ),
        "root-inside": (
            "the root comes along",
            lambda: Stamp(certificates=(_der(pki.root().certificate), _der(tsa.identity()[0]))),
        ),
        "injected": (
            "certificates of others come along, and change nothing",
            lambda: Stamp(
                certificates=(
                    _der(tsa.authority_certificate(pki.stranger())),
                    _der(pki.signer()[0]),
                    _der(tsa.identity()[0]),
                )
            ),
        ),
        "skew": (
            "a little later than now",
            lambda: Stamp(gen_time=tsa.later(pki.AT, by=timedelta(minutes=5))),
        ),
    }
    for name, (shows, make) in cases.items():
        yield _vector(name, shows, PASSED, make)
    superseded = x509.ReasonFlags.superseded
    yield _vector(
        "superseded-later",
        "the authority has had another certificate since",
        PASSED,
        Stamp,
        lists=(_list("superseded", superseded),),
    )


def _contents() -> Iterator[Vector]:
    cases: dict[str, tuple[str, Answer, Callable[[], Stamp | bytes]]] = {
        "copied": ("a good token over other data", _IMPRINT, lambda: Stamp(data=b"Du lieu khac")),
        "imprint": ("another imprint", _IMPRINT, lambda: Stamp(imprint=bytes(32))),
        "imprint-sha1": ("an imprint by SHA-1", ALGORITHM, lambda: Stamp(imprint_oid=tsa.SHA1)),
        "digest-sha1": ("a digest by SHA-1", ALGORITHM, lambda: Stamp(digest_oid=tsa.SHA1)),
        "dated-back": (
            "genTime changed after signing",
            _CONTENT,
            lambda: Stamp(change_info=lambda info: info.replace(b"20260601", b"20250601")),
        ),
        "digest": ("another digest was signed", _CONTENT, lambda: Stamp(message_digest=bytes(32))),
        "value": (
            "the signature's value changed",
            _VALUE,
            lambda: _rsa(
                signature_algorithm=tsa.algorithm(tsa.RSA_SHA256),
                change_value=lambda value: value[:-1] + bytes([value[-1] ^ 1]),
            ),
        ),
        "future": (
            "later than the time that counts",
            _FUTURE,
            lambda: Stamp(gen_time=tsa.later(pki.AT, by=timedelta(minutes=6))),
        ),
        "two-signers": ("two SignerInfos", _SHAPE, lambda: Stamp(signers=2)),
        "no-signer": ("no SignerInfo", _SHAPE, lambda: Stamp(signers=0)),
        "no-attributes": ("no signed attributes", _SHAPE, lambda: Stamp(has_attributes=False)),
        "not-named": ("signingCertificate is missing", _SHAPE, lambda: Stamp(named=())),
        "short-imprint": ("an imprint of 20 octets", _SHAPE, lambda: Stamp(imprint=bytes(20))),
        "local-time": (
            "genTime is no UTC",
            _SHAPE,
            lambda: Stamp(gen_time=tsa.der(0x18, b"20260601000000+0700")),
        ),
        "plain-data": (
            "no TSTInfo inside",
            _SHAPE,
            lambda: Stamp(content_type="1.2.840.113549.1.7.1"),
        ),
        "octets-after": ("octets follow", _NONE, lambda: Stamp().token() + b"\0"),
        "rubbish": ("no token", _NONE, lambda: b"rubbish"),
        "refused": ("the authority refused", _REFUSED, lambda: tsa.seq(tsa.seq(tsa.integer(2)))),
    }
    for name, (shows, answer, make) in cases.items():
        yield _vector(name, shows, answer, make)


def _purposes(
    *purposes: x509.ObjectIdentifier, critical: bool = True
) -> tuple[tuple[x509.ExtensionType, bool], ...]:
    return ((x509.ExtendedKeyUsage(purposes), critical),)


def _pretended() -> Stamp:
    """Return a stranger's token that names the good authority, whose certificate it brings."""
    trusted, key = tsa.identity()[0], pki.key(KeyType.EC_P384)
    stranger = tsa.authority_certificate(pki.stranger(), key=key)
    return Stamp(
        identity=(stranger, key),
        certificates=(_der(trusted), _der(stranger)),
        signer=tsa.seq(trusted.issuer.public_bytes(), tsa.integer(trusted.serial_number)),
        named=(tsa.named_v2(trusted),),
    )


def _authorities() -> Iterator[Vector]:
    stamping, mail = ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.EMAIL_PROTECTION
    purposes = {
        "eku-not-critical": ("the purpose is not critical", _purposes(stamping, critical=False)),
        "eku-more": ("another purpose as well", _purposes(stamping, mail)),
        "eku-another": ("another purpose", _purposes(mail)),
        "eku-any": ("any purpose", _purposes(ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)),
        "eku-none": ("no purpose", ()),
    }
    for name, (shows, extensions) in purposes.items():
        made = _of(partial(tsa.authority_certificate, extensions=extensions))
        yield _vector(name, shows, _PURPOSE, made)
    cases: dict[str, tuple[str, Answer, Callable[[], Stamp | bytes]]] = {
        "document-signer": ("by a signer of documents", _PURPOSE, lambda: Stamp(identity=pki.signer())),
        "stranger": (
            "an authority that nobody trusts",
            UNTRUSTED,
            _of(lambda: tsa.authority_certificate(pki.stranger())),
        ),
        "self-signed": (
            "an authority of its own",
            UNTRUSTED,
            lambda: Stamp(identity=pki.self_signed()),
        ),
        "pretended": ("a stranger's, with the certificate of the good one", _VALUE, _pretended),
        "named-another": (
            "another certificate is named (ESSCertID)",
            _SIGNER,
            lambda: Stamp(named=(tsa.named_v2(pki.signer()[0]),)),
        ),
        "named-two": (
            "the two versions name two certificates",
            _SIGNER,
            lambda: Stamp(named=(tsa.named_v1(pki.signer()[0]), tsa.named_v2(tsa.identity()[0]))),
        ),
        "no-certificate": ("no certificate", _NO_CERTIFICATE, lambda: Stamp(certificates=())),
        "expired": (
            "the authority's certificate expired since",
            EXPIRED,
            _of(lambda: tsa.authority_certificate(not_after=pki.AT - pki.DAY)),
        ),
        "early": (
            "the authority's certificate was not valid then",
            TOO_EARLY,
            _of(lambda: tsa.authority_certificate(not_before=pki.AT - pki.DAY)),
        ),
        "short-key": (
            "an RSA key of 1024 bits",
            WEAK_KEY,
            lambda: Stamp(
                identity=(tsa.authority_certificate(key=pki.small_rsa_key()), pki.small_rsa_key()),
                signature_algorithm=tsa.algorithm(tsa.RSA_SHA256),
            ),
        ),
    }
    for name, (shows, answer, make) in cases.items():
        yield _vector(name, shows, answer, make)
    for name, reason in (("lost", x509.ReasonFlags.key_compromise), ("unsaid", None)):
        yield _vector(
            f"revoked-{name}",
            f"the authority was revoked later: {name}",
            REVOKED,
            Stamp,
            lists=(_list(name, reason),),
        )


def vectors() -> Iterator[Vector]:
    """Yield them."""
    for source in (_good, _contents, _authorities):
        yield from source()
