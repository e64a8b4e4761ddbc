"""Row 16: keys and certificates that only the message vouches for, and the order in which it brings them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from functools import cache
from itertools import permutations
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certs.issue import Authority, KeyType, PrivateKey
from tests.support import pki
from tests.support.signing import MORE, Recipe, forge, x509_certificates
from tests.vectors.attacks.hierarchy import AUTHORITY, ROOT, STRANGER, below_authority
from tests.vectors.attacks.vector import (
    BAD_CERTIFICATE,
    MISSHAPEN,
    NO_ANCHOR,
    NO_CERTIFICATE,
    PASSED,
    SHAPE,
    UNTRUSTED,
    USAGE,
    WRONG_VALUE,
    Answer,
    Vector,
    later,
)

_VERSION: Final = bytes.fromhex("a003020102")
_TEXT_NAME: Final = bytes.fromhex("06035504030c")
_P256: Final = bytes.fromhex("06082a8648ce3d030107")
_DSIG11: Final = "http://www.w3.org/2009/xmldsig11#"


def rsa_key_value(key: rsa.RSAPublicKey) -> str:
    """Return a KeyValue with an RSA key."""
    numbers = key.public_numbers()
    modulus = base64.b64encode(numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8)).decode()
    return (
        f"<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>{modulus}</ds:Modulus><ds:Exponent>AQAB</ds:Exponent>"
        "</ds:RSAKeyValue></ds:KeyValue>"
    )


def ec_key_value(key: ec.EllipticCurvePublicKey) -> str:
    """Return a KeyValue with a key on P-256."""
    point = base64.b64encode(key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)).decode()
    return (
        f'<ds:KeyValue><d:ECKeyValue xmlns:d="{_DSIG11}"><d:NamedCurve URI="urn:oid:1.2.840.10045.3.1.7"/>'
        f"<d:PublicKey>{point}</d:PublicKey></d:ECKeyValue></ds:KeyValue>"
    )


@cache
def rogue() -> pki.Identity:
    """Return a certificate like the signer's, issued by an authority that nobody trusts and that has the root's name."""
    subject = pki.signer()[0].subject
    return pki.certificate(pki.stranger(), name=subject, public_key=pki.key()), pki.key()


def _ec_value(key: PrivateKey) -> str:
    public = key.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    return ec_key_value(public)


def _info(content: str) -> str:
    return f"<ds:KeyInfo>{content}</ds:KeyInfo>"


def _data(*certificates: x509.Certificate) -> str:
    return f"<ds:X509Data>{x509_certificates(list(certificates))}</ds:X509Data>"


def _by_rogue(*order: str) -> Callable[[], bytes]:
    """Sign with the rogue key, and bring certificates in an order."""

    def make() -> bytes:
        held = {
            "rogue": rogue()[0],
            "good": pki.signer()[0],
            "root": pki.root().certificate,
            "stranger": pki.stranger().certificate,
        }
        return forge(Recipe(identity=rogue(), certificates=[held[name] for name in order]))

    return make


def _by_good(*order: str) -> Callable[[], bytes]:
    def make() -> bytes:
        held = {"rogue": rogue()[0], "good": pki.signer()[0], "root": pki.root().certificate}
        return forge(Recipe(certificates=[held[name] for name in order]))

    return make


def _self_signed(*, is_authority: bool = False, root_too: bool = False) -> Callable[[], bytes]:
    def make() -> bytes:
        certificate, key = pki.self_signed(is_authority=is_authority)
        brought = [certificate, *([pki.root().certificate] if root_too else [])]
        return forge(Recipe(identity=(certificate, key), certificates=brought))

    return make


def _named_as_root() -> bytes:
    """Sign with a self-signed certificate that has the name of the root, and bring it as its own authority."""
    impostor = pki.stranger()
    return forge(Recipe(identity=(impostor.certificate, impostor.key)))


def _issued_by_signer() -> bytes:
    certificate, key = pki.signer()
    leaf = pki.certificate(Authority(certificate=certificate, key=key))
    return forge(Recipe(identity=(leaf, pki.key()), certificates=[leaf, certificate]))


def _cross(file: Callable[[], bytes], name: str, shows: str, answer: Answer, **more: Any) -> Vector:
    return Vector(
        name=name, row=16 if answer is not PASSED else 0, shows=shows, file=file, answer=answer, **more
    )


def _values() -> Iterator[Vector]:
    contents: dict[str, Callable[[], str]] = {
        "rsa": lambda: rsa_key_value(_rsa_public()),
        "ec": lambda: _ec_value(pki.signer()[1]),
        "rogue-ec": lambda: _ec_value(pki.key()),
    }
    for name, content in contents.items():
        yield _cross(
            later(lambda content: forge(Recipe(key_info=_info(content()))), content),
            f"k06-keyvalue-{name}",
            "only a KeyValue: a key that the message asserts is nobody's",
            NO_CERTIFICATE,
        )
    yield _cross(
        lambda: forge(
            Recipe(
                identity=(pki.signer()[0], pki.key()),
                key_info=_info(_ec_value(pki.key()) + _data(pki.signer()[0])),
            )
        ),
        "k06-keyvalue-beside-certificate",
        "signed with the key in KeyValue, beside a good certificate",
        WRONG_VALUE,
    )
    yield _cross(lambda: forge(Recipe(key_info="")), "k07-no-keyinfo", "no KeyInfo at all", NO_CERTIFICATE)
    for name, text in {
        "keyname": "<ds:KeyName>Bộ Công An</ds:KeyName>",
        "subject": "<ds:X509Data><ds:X509SubjectName>CN=Bộ Công An</ds:X509SubjectName></ds:X509Data>",
        "serial": "<ds:X509Data><ds:X509IssuerSerial><ds:X509IssuerName>CN=x</ds:X509IssuerName>"
        "<ds:X509SerialNumber>1</ds:X509SerialNumber></ds:X509IssuerSerial></ds:X509Data>",
        "ski": "<ds:X509Data><ds:X509SKI>AAAA</ds:X509SKI></ds:X509Data>",
    }.items():
        yield _cross(
            later(lambda text: forge(Recipe(key_info=_info(text))), text),
            f"k07-only-{name}",
            "only the name of a key or certificate",
            NO_CERTIFICATE,
        )
    yield _cross(
        lambda: forge(Recipe(key_info="<ds:KeyInfo/>")), "k07-empty-keyinfo", "an empty KeyInfo", SHAPE
    )


def _rsa_public() -> rsa.RSAPublicKey:
    key = pki.signer(KeyType.RSA_2048)[1].public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    return key


def _orders() -> Iterator[Vector]:
    for order in permutations(("rogue", "good")):
        yield _cross(
            _by_rogue(*order),
            f"k10-rogue-{'-'.join(order)}",
            f"signed with a rogue key; KeyInfo has {' before '.join(order)}",
            UNTRUSTED,
        )
    for order in permutations(("rogue", "good", "root")):
        yield _cross(
            _by_rogue(*order),
            f"k11-rogue-{'-'.join(order)}",
            f"signed with a rogue key; KeyInfo has {', '.join(order)}",
            UNTRUSTED,
        )
        yield _cross(
            _by_good(*order),
            f"k11-good-{'-'.join(order)}",
            f"signed with the good key; KeyInfo has {', '.join(order)}",
            PASSED,
        )
    for order in permutations(("rogue", "stranger")):
        yield _cross(
            _by_rogue(*order),
            f"k12-same-name-{'-'.join(order)}",
            "an authority that has the root's name, and a certificate that it issued",
            UNTRUSTED,
        )


def _damaged(name: str, change: Callable[[bytes], bytes], answer: Answer) -> Vector:
    def make() -> bytes:
        der = pki.signer()[0].public_bytes(Encoding.DER)
        assert change(der) != der
        text = base64.b64encode(change(der)).decode()
        return forge(
            Recipe(
                key_info=_info(f"<ds:X509Data><ds:X509Certificate>{text}</ds:X509Certificate></ds:X509Data>")
            )
        )

    return _cross(make, f"k13-{name}", f"a certificate that is none any more ({name})", answer)


def _pem_in_element() -> bytes:
    text = pki.signer()[0].public_bytes(Encoding.PEM).decode()
    return forge(
        Recipe(key_info=_info(f"<ds:X509Data><ds:X509Certificate>{text}</ds:X509Certificate></ds:X509Data>"))
    )


def vectors() -> Iterator[Vector]:
    """Yield them."""
    yield from _values()
    yield from _orders()
    yield _cross(_self_signed(), "k08-self-signed", "a certificate that vouches for itself", UNTRUSTED)
    yield _cross(
        _self_signed(is_authority=True),
        "k08-self-signed-authority",
        "an authority that vouches for itself",
        UNTRUSTED,
    )
    yield _cross(
        _self_signed(root_too=True),
        "k08-self-signed-with-root",
        "a self-signed certificate beside the root",
        UNTRUSTED,
    )
    yield _cross(
        _named_as_root, "k09-named-as-root", "a self-signed certificate with the root's name", UNTRUSTED
    )
    yield _cross(
        _named_as_root,
        "k09-named-as-root-intermediate",
        "the same, and it is on the command line as an intermediate",
        UNTRUSTED,
        intermediates=(STRANGER,),
    )
    yield _cross(
        _by_rogue("rogue", "stranger"),
        "k09-stranger-intermediate",
        "a self-signed authority on the command line as an intermediate is no anchor",
        UNTRUSTED,
        intermediates=(STRANGER, ROOT),
    )
    yield _cross(_issued_by_signer, "k13-issued-by-signer", "a certificate that a signer issued", USAGE)
    for name, change in {
        "cut": lambda der: der[:-1],
        "longer": lambda der: der + b"\0",
        "empty-sequence": lambda _: b"\x30\0",
        "junk": lambda _: b"junk",
        "unknown-curve": lambda der: der.replace(_P256, _P256[:-1] + b"\x7f"),
        "unreadable-name": lambda der: der.replace("Bộ".encode(), b"\xff" * 4),
        "version-2": lambda der: der.replace(_VERSION, _VERSION[:-1] + b"\1"),
        "version-9": lambda der: der.replace(_VERSION, _VERSION[:-1] + b"\x08"),
        "name-of-bits": lambda der: der.replace(_TEXT_NAME, _TEXT_NAME[:-1] + b"\3"),
        "indefinite": lambda der: b"\x30\x80" + der[4:] + b"\0\0",
    }.items():
        yield _damaged(name, change, BAD_CERTIFICATE)
    yield _damaged("flipped", lambda der: der[:-10] + bytes([der[-10] ^ 1]) + der[-9:], UNTRUSTED)
    yield _cross(_pem_in_element, "k13-pem", "PEM in X509Certificate", MISSHAPEN)
    yield _cross(
        lambda: forge(Recipe(identity=below_authority())),
        "k15-no-intermediate",
        "the authority is missing",
        UNTRUSTED,
    )
    yield _cross(
        lambda: forge(Recipe(identity=below_authority())),
        "k15-intermediate-given",
        "the authority is on the command line",
        PASSED,
        intermediates=(AUTHORITY,),
    )
    yield _cross(
        lambda: forge(Recipe(identity=below_authority())),
        "k15-intermediate-in-anchors",
        "the authority is in the bundle of anchors, which does not make it one: there is no root",
        NO_ANCHOR,
        anchors=(AUTHORITY,),
    )
    yield _cross(forge, "k15-other-anchor", "another root is trusted", UNTRUSTED, anchors=(STRANGER,))
    yield _cross(forge, "k15-no-anchor", "nothing is trusted", NO_ANCHOR, anchors=())
    yield _cross(
        lambda: forge(Recipe(identity=(pki.root().certificate, pki.root().key))),
        "k13-root-signs",
        "the root itself signed",
        USAGE,
    )
    yield _cross(
        lambda: forge(Recipe(identity=pki.signer(KeyType.EC_P384), method=MORE + "ecdsa-sha256")),
        "k15-other-curve",
        "a key on P-384 with SHA-256",
        PASSED,
    )
