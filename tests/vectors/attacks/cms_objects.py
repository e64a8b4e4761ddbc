"""Rows 25 and 26: the CMS object of a PDF signature in forms in which anything could be signed, or by anybody, or at any time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from cryptography import x509

from certs.indication import Indication, SubIndication
from certs.issue import KeyType
from tests.support import cms_attacks, crl, pki, tsa
from tests.support.pdf import Signer, page, sign
from tests.support.tsa import Stamp
from tests.vectors.attacks.hierarchy import Material
from tests.vectors.attacks.vector import (
    ALGORITHM,
    EXPIRED,
    GOOD,
    NAMED_WRONGLY,
    NO_CERTIFICATE,
    PASSED,
    PDF_SHAPE,
    REVOKED,
    TOO_EARLY,
    UNTRUSTED,
    USAGE,
    WEAK_KEY,
    WRONG_VALUE,
    Answer,
    Vector,
    later,
)

ROW: Final = 25
_REVOKED: Final = Material(
    name="cms-revoked.crl", make=lambda: crl.crl(pki.root(), crl.revoked(pki.signer()[0]))
)


def _vector(
    name: str,
    shows: str,
    answer: Answer,
    signer: Callable[[], Signer],
    *,
    digest: str = "sha256",
    lists: tuple[Material, ...] = (),
) -> Vector:
    return Vector(
        name=f"cms-{name}",
        row=GOOD if answer is PASSED else ROW,
        shows=shows,
        file=lambda: sign(page(), signer(), digest=digest),
        answer=answer,
        kind="pdf",
        lists=lists,
    )


def _spoiled(spoil: cms_attacks.Spoil) -> Callable[[], Signer]:
    return lambda: Signer(pki.signer(), spoil=spoil)


def _attributed(spoil: cms_attacks.SpoilAttributes) -> Callable[[], Signer]:
    return lambda: Signer(pki.signer(), spoil_attributes=spoil)


def _good() -> Iterator[Vector]:
    yield _vector("again", "written anew", PASSED, _spoiled(cms_attacks.again))
    yield _vector(
        "protected", "the algorithms are signed", PASSED, _attributed(cms_attacks.protected("sha256"))
    )
    yield _vector(
        "pss",
        "RSASSA-PSS",
        PASSED,
        lambda: Signer(pki.signer(KeyType.RSA_2048), pss=True),
        digest="sha384",
    )
    yield _vector(
        "authority-inside",
        "the authority's certificate comes along",
        PASSED,
        lambda: Signer(
            (pki.certificate(pki.authority(), public_key=pki.key()), pki.key()),
            others=(pki.authority().certificate,),
        ),
    )
    yield _vector(
        "stranger-inside",
        "a stranger's root comes along",
        PASSED,
        lambda: Signer(pki.signer(), others=(pki.stranger().certificate,)),
    )
    yield _vector(
        "time-stamp-needless",
        "a time stamp over something else, which nobody signed",
        PASSED,
        _spoiled(cms_attacks.stamped_with(lambda _value: Stamp().token())),
    )


_STAMPED: Final[dict[str, tuple[str, Answer, Callable[[bytes], Stamp]]]] = {
    "good": ("before the certificate expired", PASSED, lambda value: Stamp(data=value)),
    "copied": ("copied from another signature", EXPIRED, lambda _value: Stamp()),
    "imprint": ("with another imprint", EXPIRED, lambda value: Stamp(data=value, imprint=bytes(32))),
    "late": (
        "after the certificate expired",
        EXPIRED,
        lambda value: Stamp(data=value, gen_time=tsa.later(by=2 * pki.DAY)),
    ),
    "stranger": (
        "of an authority that nobody trusts",
        EXPIRED,
        lambda value: Stamp(data=value, identity=(tsa.authority_certificate(pki.stranger()), pki.key())),
    ),
    "document-signer": (
        "by a signer of documents",
        EXPIRED,
        lambda value: Stamp(data=value, identity=pki.signer()),
    ),
    "changed": (
        "dated back",
        EXPIRED,
        lambda value: Stamp(data=value, change_info=lambda info: info.replace(b"20260601", b"20260531")),
    ),
    "early": (
        "before there was a certificate",
        Answer(
            indication=Indication.INDETERMINATE,
            sub=SubIndication.TIMESTAMP_ORDER_FAILURE,
            code="certs.timestamp_order",
        ),
        lambda value: Stamp(data=value, gen_time=tsa.gen_time(tsa.GEN_TIME - 2 * pki.DAY)),
    ),
}


def _stamped(make: Callable[[bytes], Stamp]) -> Signer:
    """Sign with a certificate that was good for two days, and attach a time stamp."""
    certificate = pki.certificate(
        pki.root(), not_before=tsa.GEN_TIME - pki.DAY, not_after=tsa.GEN_TIME + pki.DAY
    )
    return Signer(
        (certificate, pki.key()),
        spoil=cms_attacks.stamped_with(lambda value: make(value).token()),
    )


def _time_stamps() -> Iterator[Vector]:
    for name, (shows, answer, make) in _STAMPED.items():
        yield replace(
            _vector(f"time-stamp-{name}", f"a time stamp {shows}", answer, partial(_stamped, make)),
            row=GOOD if answer is PASSED else 26,
        )


def _replaced(old: bytes, new: bytes) -> bytes:
    content = sign(page())
    assert old in content, old
    return content.replace(old, new)


def _shapes() -> Iterator[Vector]:
    objects: dict[str, tuple[str, cms_attacks.Spoil]] = {
        "no-attributes": ("no signed attributes", cms_attacks.without_attributes),
        "attributes-as-content": (
            "the signed attributes pass for the content",
            cms_attacks.attributes_as_content,
        ),
        "two-signers": ("two SignerInfos", cms_attacks.two_signers),
        "no-signer": ("no SignerInfo", cms_attacks.no_signer),
        "content-inside": ("content of its own", cms_attacks.encapsulated),
        "other-content": ("another type of content", cms_attacks.other_content),
        "many-certificates": ("more certificates than anybody needs", cms_attacks.many_certificates),
    }
    for name, (shows, spoil) in objects.items():
        yield _vector(name, shows, PDF_SHAPE, _spoiled(spoil))
    attributes: dict[str, tuple[str, cms_attacks.SpoilAttributes]] = {
        "no-digest": ("messageDigest is missing", cms_attacks.drop("message_digest")),
        "no-content-type": ("contentType is missing", cms_attacks.drop("content_type")),
        "two-digests": ("messageDigest twice", cms_attacks.twice("message_digest")),
        "two-content-types": ("contentType twice", cms_attacks.twice("content_type")),
        "other-algorithm": ("other algorithms were signed", cms_attacks.protected("sha384")),
    }
    for name, (shows, spoil_attributes) in attributes.items():
        yield _vector(name, shows, PDF_SHAPE, _attributed(spoil_attributes))
    dictionaries = {
        "unknown-kind": (b"/SubFilter /ETSI.CAdES.detached", b"/SubFilter /ETSI.CAdES.detachex"),
        "time-stamp-kind": (b"/SubFilter /ETSI.CAdES.detached", b"/SubFilter /ETSI.RFC3161       "),
        "no-sequence": (b"/Contents <30", b"/Contents <31"),
        "indefinite": (b"/Contents <3082", b"/Contents <3080"),
        "too-long": (b"/Contents <3082", b"/Contents <3084"),
        "padding": (b"00>", b"01>"),
    }
    for name, (old, new) in dictionaries.items():
        yield Vector(
            name=f"cms-{name}",
            row=ROW,
            shows=f"{old.decode()} is {new.decode().strip()}",
            file=later(_replaced, old, new),
            answer=PDF_SHAPE,
            kind="pdf",
        )


def _certified(**changes: object) -> Callable[[], Signer]:
    return lambda: Signer((pki.certificate(pki.root(), **changes), pki.key()))  # type: ignore[arg-type]


def _another_with_the_key() -> x509.Certificate:
    return pki.certificate(pki.root(), subject="Người khác", public_key=pki.signer()[1])


def _signers() -> Iterator[Vector]:
    yield _vector(
        "not-named",
        "signingCertificate is missing",
        NAMED_WRONGLY,
        _attributed(cms_attacks.drop("signing_certificate_v2")),
    )
    yield _vector(
        "named-another",
        "signingCertificate names another certificate (ESSCertID)",
        NAMED_WRONGLY,
        lambda: Signer(pki.signer(), spoil=cms_attacks.exchanged(_another_with_the_key())),
    )
    yield _vector("no-certificate", "no certificates", NO_CERTIFICATE, _spoiled(cms_attacks.no_certificates))
    yield _vector("value", "an octet of the value changed", WRONG_VALUE, _spoiled(cms_attacks.changed_value))
    yield _vector(
        "another-key",
        "signed with another key than the certificate's",
        WRONG_VALUE,
        lambda: Signer((pki.certificate(pki.root(), public_key=pki.key()), pki.signer()[1])),
    )
    yield _vector("sha1", "SHA-1", ALGORITHM, lambda: Signer(pki.signer(KeyType.RSA_2048)), digest="sha1")
    yield _vector(
        "short-key",
        "an RSA key of 1024 bits",
        WEAK_KEY,
        lambda: Signer((pki.certificate(pki.root(), public_key=pki.small_rsa_key()), pki.small_rsa_key())),
    )
    yield _vector("expired", "the certificate expired", EXPIRED, _certified(not_after=pki.AT - pki.DAY))
    yield _vector(
        "early", "the certificate is not valid yet", TOO_EARLY, _certified(not_before=pki.AT + pki.DAY)
    )
    yield _vector(
        "encryption",
        "the key is for encryption",
        USAGE,
        _certified(key_usage=pki.usage("key_encipherment")),
    )
    yield _vector(
        "stranger",
        "nobody trusts the root",
        UNTRUSTED,
        lambda: Signer((pki.certificate(pki.stranger()), pki.key())),
    )
    yield _vector(
        "stranger-with-root",
        "nobody trusts the root, which comes along",
        UNTRUSTED,
        lambda: Signer(
            (pki.certificate(pki.stranger()), pki.key()),
            others=(pki.stranger().certificate, pki.root().certificate),
        ),
    )
    yield _vector("self-signed", "its own authority", UNTRUSTED, lambda: Signer(pki.self_signed()))
    yield _vector(
        "revoked", "the signer is revoked", REVOKED, lambda: Signer(pki.signer()), lists=(_REVOKED,)
    )


def vectors() -> Iterator[Vector]:
    """Yield them."""
    for source in (_good, _shapes, _signers, _time_stamps):
        yield from source()
