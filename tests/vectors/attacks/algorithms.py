"""Rows 15, 17 and 18: algorithms that prove nothing, and signature values that only look like one."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Iterator
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lxml import etree

from certs.issue import KeyType, PrivateKey
from tests.support import pki
from tests.support.signing import DS, EXCLUSIVE, INCLUSIVE, MORE, MORE_2007, Recipe, forge
from tests.vectors.attacks.vector import (
    ALGORITHM,
    PASSED,
    SHAPE,
    WEAK_KEY,
    WRONG_VALUE,
    Answer,
    Vector,
    later,
    signed,
)

_SECRETS: Final[dict[str, Callable[[], bytes]]] = {
    "public-key-der": lambda: (
        pki.signer()[0].public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ),
    "public-key-pem": lambda: (
        pki.signer()[0].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    ),
    "certificate-der": lambda: pki.signer()[0].public_bytes(Encoding.DER),
    "certificate-pem": lambda: pki.signer()[0].public_bytes(Encoding.PEM),
    "empty": lambda: b"",
}
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_FIELD: Final = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF


def _keyed(secret: bytes) -> Callable[[str], str]:
    """Return how to put an HMAC over SignedInfo where the signature value goes."""

    def put(text: str) -> str:
        tree = etree.fromstring(text)
        octets = etree.tostring(tree[0], method="c14n", exclusive=True)
        return text.replace("@VALUE@", base64.b64encode(hmac.digest(secret, octets, "sha256")).decode())

    return put


def _hmacs() -> Iterator[Vector]:
    for number, (name, secret) in enumerate(_SECRETS.items(), start=1):
        yield Vector(
            name=f"k0{number}-hmac-{name}",
            row=15,
            shows=f"an HMAC whose secret everybody knows ({name})",
            file=later(
                lambda secret: forge(Recipe(method=MORE + "hmac-sha256", before_signing=_keyed(secret()))),
                secret,
            ),
            answer=ALGORITHM,
        )
    for uri in (DS + "hmac-sha1", MORE + "hmac-sha384", MORE + "hmac-sha512", MORE + "hmac-md5"):
        yield Vector(
            name=f"k05-{uri.rpartition('#')[2]}",
            row=15,
            shows="another HMAC",
            file=signed(method=uri),
            answer=ALGORITHM,
        )
    for length in ("0", "1", "8", "-1"):
        yield Vector(
            name=f"k05-output-length-{length}",
            row=15,
            shows=f"HMACOutputLength {length}",
            file=signed(
                method=MORE + "hmac-sha1",
                method_content=f"<ds:HMACOutputLength>{length}</ds:HMACOutputLength>",
            ),
            answer=SHAPE,
        )


_RSA: Final[Callable[[], pki.Identity]] = lambda: pki.signer(KeyType.RSA_2048)  # noqa: E731 - a shorter name
_METHODS: Final = {
    "g01-rsa-sha1": (DS + "rsa-sha1", hashes.SHA1),
    "g01-rsa-sha224": (MORE + "rsa-sha224", hashes.SHA224),
    "g02-rsa-md5": (MORE + "rsa-md5", hashes.MD5),
    "g02-rsa-ripemd160": (MORE + "rsa-ripemd160", hashes.SHA256),
    "g03-sha1-mgf1": (MORE_2007 + "sha1-rsa-MGF1", hashes.SHA1),
    "g03-sha3-mgf1": (MORE_2007 + "sha3-256-rsa-MGF1", hashes.SHA256),
}
_DIGESTS: Final = {
    "g01-digest-sha1": (DS + "sha1", "sha1"),
    "g01-digest-sha224": (MORE + "sha224", "sha224"),
    "g02-digest-md5": (MORE + "md5", "md5"),
    "g02-digest-sha3": (MORE_2007 + "sha3-256", "sha3_256"),
    "g02-digest-unknown": ("urn:x", "sha256"),
    "g02-digest-none": ("", "sha256"),
}


def _weak() -> Iterator[Vector]:
    for name, (uri, hash_) in _METHODS.items():
        yield Vector(
            name=name,
            row=17,
            shows=f"signed with {uri}",
            file=later(
                lambda uri, hash_: forge(Recipe(identity=_RSA(), method=uri, hash=hash_())), uri, hash_
            ),
            answer=ALGORITHM,
        )
    for name, uri in {
        "g01-ecdsa-sha1": MORE + "ecdsa-sha1",
        "g03-dsa-sha1": DS + "dsa-sha1",
        "g03-dsa-sha256": "http://www.w3.org/2009/xmldsig11#dsa-sha256",
        "g03-eddsa": "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519",
        "g03-unknown": "urn:x",
        "g03-empty": "",
        "g03-upper-case": (MORE + "ecdsa-sha256").upper(),
        "g03-trailing-space": MORE + "ecdsa-sha256 ",
        "g03-digest-as-signature": "http://www.w3.org/2001/04/xmlenc#sha256",
    }.items():
        yield Vector(
            name=name, row=17, shows=f"SignatureMethod “{uri}”", file=signed(method=uri), answer=ALGORITHM
        )
    for name, (uri, word) in _DIGESTS.items():
        yield Vector(
            name=name,
            row=17,
            shows=f"DigestMethod “{uri}”",
            file=signed(digest_method=uri, digest_name=word),
            answer=ALGORITHM,
        )
    for name, uri, content in (
        ("comments", EXCLUSIVE + "WithComments", ""),
        ("inclusive-comments", INCLUSIVE + "#WithComments", ""),
        ("unknown", "urn:x", ""),
        ("xslt", "http://www.w3.org/TR/1999/REC-xslt-19991116", ""),
        ("enveloped", DS + "enveloped-signature", ""),
        ("inclusive-prefixes", INCLUSIVE, f'<e:InclusiveNamespaces xmlns:e="{EXCLUSIVE}" PrefixList="a"/>'),
    ):
        yield Vector(
            name=f"g11-c14n-{name}",
            row=17,
            shows=f"SignedInfo canonicalised with {uri}",
            file=signed(canonicalization=uri, canonicalization_content=content),
            answer=ALGORITHM,
        )
    yield from _weak_keys()


def _weak_keys() -> Iterator[Vector]:
    def by(key: Callable[[], PrivateKey], method: str) -> Callable[[], bytes]:
        return lambda: forge(
            Recipe(identity=(pki.certificate(pki.root(), public_key=key()), key()), method=method)
        )

    yield Vector(
        name="g04-rsa-1024",
        row=17,
        shows="a trusted certificate with an RSA key of 1,024 bits",
        file=by(pki.small_rsa_key, MORE + "rsa-sha256"),
        answer=WEAK_KEY,
    )
    yield Vector(
        name="g08-secp256k1",
        row=17,
        shows="a trusted certificate with a key on secp256k1",
        file=by(pki.koblitz_key, MORE + "ecdsa-sha256"),
        answer=WEAK_KEY,
    )
    huge = rsa.RSAPublicNumbers(65537, (1 << 16_383) + 1)
    yield Vector(
        name="g08-rsa-16384",
        row=17,
        shows="a trusted certificate with a key that is costly to verify with",
        file=lambda: forge(
            Recipe(
                identity=_RSA(),
                certificates=[pki.certificate(pki.root(), public_key=huge.public_key())],
                method=MORE + "rsa-sha256",
            )
        ),
        answer=WEAK_KEY,
    )


def _pss(
    salt: int, *, declared: str = "", method: str = MORE_2007 + "sha256-rsa-MGF1"
) -> Callable[[], bytes]:
    """Sign with RSASSA-PSS and a salt of so many octets."""

    def make() -> bytes:
        certificate, key = _RSA()
        content = (
            f'<p:RSAPSSParams xmlns:p="{MORE_2007}">{declared}</p:RSAPSSParams>'
            if method.endswith("#rsa-pss")
            else ""
        )
        recipe = Recipe(identity=(certificate, key), method=method, method_content=content, pss=True)
        xml = forge(recipe).decode()
        info = next(etree.fromstring(xml.partition("?>")[2]).iter(f"{{{DS}}}SignedInfo"))
        assert isinstance(key, rsa.RSAPrivateKey)
        octets = etree.tostring(info, method="c14n", exclusive=True)
        value = key.sign(octets, padding.PSS(padding.MGF1(hashes.SHA256()), salt), hashes.SHA256())
        start = xml.index("<ds:SignatureValue>") + len("<ds:SignatureValue>")
        end = xml.index("</ds:SignatureValue>")
        return (xml[:start] + base64.b64encode(value).decode() + xml[end:]).encode()

    return make


def _salts() -> Iterator[Vector]:
    generic = MORE_2007 + "rsa-pss"
    for name, salt, declared, answer in (
        ("32", 32, None, PASSED),
        ("20", 20, None, WRONG_VALUE),
        ("0", 0, None, WRONG_VALUE),
        ("33", 33, None, WRONG_VALUE),
        ("longest", 222, None, WRONG_VALUE),
        ("32-declared", 32, "<p:SaltLength>32</p:SaltLength>", PASSED),
        ("20-declared", 20, "<p:SaltLength>20</p:SaltLength>", ALGORITHM),
        ("0-declared", 0, "<p:SaltLength>0</p:SaltLength>", ALGORITHM),
        ("words", 32, "<p:SaltLength>ba mươi hai</p:SaltLength>", ALGORITHM),
        ("trailer", 32, "<p:TrailerField>2</p:TrailerField>", ALGORITHM),
        ("default", 32, "", PASSED),
    ):
        yield Vector(
            name=f"g12-salt-{name}",
            row=17 if answer is not PASSED else 0,
            shows=f"RSASSA-PSS with a salt of {salt} octets ({name})",
            file=_pss(salt) if declared is None else _pss(salt, declared=declared, method=generic),
            answer=answer,
        )


def _der(r: int, s: int) -> bytes:
    return encode_dss_signature(r, s)


def _halves(value: bytes) -> tuple[int, int]:
    return int.from_bytes(value[:32]), int.from_bytes(value[32:])


def _fixed(r: int, s: int) -> bytes:
    return r.to_bytes(32) + s.to_bytes(32)


_VALUES: Final[dict[str, Callable[[bytes], bytes]]] = {
    "g05-der": lambda value: _der(*_halves(value)),
    "g05-der-long-form": lambda value: b"\x30\x81" + _der(*_halves(value))[1:],
    "g06-short": lambda value: value[:-1],
    "g06-long": lambda value: value + b"\0",
    "g06-leading-zero": lambda value: b"\0" + value,
    "g06-padded-halves": lambda value: b"\0" + value[:32] + b"\0" + value[32:],
    "g06-half": lambda value: value[:32],
    "g06-one-octet": lambda _: b"\0",
    "g06-doubled": lambda value: value * 2,
    "g06-swapped-halves": lambda value: value[32:] + value[:32],
    "g06-reversed-halves": lambda value: value[:32][::-1] + value[32:][::-1],
    "g07-zeros": lambda _: bytes(64),
    "g07-r-zero": lambda value: _fixed(0, _halves(value)[1]),
    "g07-s-zero": lambda value: _fixed(_halves(value)[0], 0),
    "g07-r-one-s-one": lambda _: _fixed(1, 1),
    "g07-r-is-n": lambda value: _fixed(_ORDER, _halves(value)[1]),
    "g07-s-is-n": lambda value: _fixed(_halves(value)[0], _ORDER),
    "g07-both-n": lambda _: _fixed(_ORDER, _ORDER),
    "g07-n-minus-one": lambda _: _fixed(_ORDER - 1, _ORDER - 1),
    "g07-n-plus-one": lambda _: _fixed(_ORDER + 1, 1),
    "g07-r-is-p": lambda value: _fixed(_FIELD, _halves(value)[1]),
    "g07-r-plus-n": lambda value: (_halves(value)[0] + _ORDER).to_bytes(33) + value[32:],
    "g07-s-plus-n": lambda value: value[:32] + (_halves(value)[1] + _ORDER).to_bytes(33),
    "g07-all-ones": lambda _: b"\xff" * 64,
    "g07-flipped": lambda value: bytes([value[0] ^ 1]) + value[1:],
    "g07-flipped-end": lambda value: value[:-1] + bytes([value[-1] ^ 1]),
}


def _values() -> Iterator[Vector]:
    for name, change in _VALUES.items():
        yield Vector(
            name=name,
            row=18,
            shows=f"an ECDSA signature value in another form ({name[4:]})",
            file=signed(raw_value=change),
            answer=WRONG_VALUE,
        )
    yield Vector(
        name="g07-n-minus-s",
        row=18,
        shows="the other of the two values that every ECDSA signature has: the key's holder made it as well as this one",
        file=signed(raw_value=lambda value: _fixed(_halves(value)[0], _ORDER - _halves(value)[1])),
        answer=PASSED,
    )
    confused: dict[str, tuple[str, Callable[[], bytes], Answer]] = {
        "g09-other-key": (
            "signed with another key than the certificate's",
            lambda: forge(Recipe(identity=(pki.signer()[0], pki.key()))),
            WRONG_VALUE,
        ),
        "g09-rsa-as-ecdsa": (
            "an RSA signature said to be ECDSA",
            lambda: forge(Recipe(identity=_RSA())),
            WRONG_VALUE,
        ),
        "g09-ecdsa-as-rsa": (
            "an ECDSA signature said to be RSA",
            signed(method=MORE + "rsa-sha256"),
            WRONG_VALUE,
        ),
        "g09-pkcs1-as-pss": (
            "PKCS #1 v1.5 said to be PSS",
            lambda: forge(Recipe(identity=_RSA(), method=MORE_2007 + "sha256-rsa-MGF1")),
            WRONG_VALUE,
        ),
        "g09-pss-as-pkcs1": (
            "PSS said to be PKCS #1 v1.5",
            lambda: forge(Recipe(identity=_RSA(), method=MORE + "rsa-sha256", pss=True)),
            WRONG_VALUE,
        ),
        "g09-other-hash": (
            "made with SHA-512, said to be SHA-256",
            signed(hash=hashes.SHA512()),
            WRONG_VALUE,
        ),
        "g09-truncated-rsa": (
            "an RSA value without its last octet",
            lambda: forge(
                Recipe(identity=_RSA(), method=MORE + "rsa-sha256", raw_value=lambda value: value[:-1])
            ),
            WRONG_VALUE,
        ),
        "g09-long-rsa": (
            "an RSA value with a zero before it",
            lambda: forge(
                Recipe(identity=_RSA(), method=MORE + "rsa-sha256", raw_value=lambda value: b"\0" + value)
            ),
            WRONG_VALUE,
        ),
        "g09-rsa-zero": (
            "an RSA value of zeros",
            lambda: forge(
                Recipe(identity=_RSA(), method=MORE + "rsa-sha256", raw_value=lambda _: bytes(256))
            ),
            WRONG_VALUE,
        ),
        "g09-rsa-plain-digest": (
            "an RSA value that is the modulus less one",
            lambda: forge(
                Recipe(identity=_RSA(), method=MORE + "rsa-sha256", raw_value=lambda _: b"\xff" * 256)
            ),
            WRONG_VALUE,
        ),
        "g09-signedinfo-changed": (
            "an attribute was added to the SignedInfo",
            signed(after_signing=lambda text: text.replace("<ds:SignedInfo>", '<ds:SignedInfo Id="x">')),
            WRONG_VALUE,
        ),
        "g09-weak-beside": (
            "signed with another key than that of the certificate, which is weak",
            lambda: forge(Recipe(certificates=[pki.certificate(pki.root(), public_key=pki.small_rsa_key())])),
            WRONG_VALUE,
        ),
        "g10-empty": ("an empty SignatureValue", signed(raw_value=lambda _: b""), SHAPE),
    }
    for name, (shows, file, answer) in confused.items():
        yield Vector(name=name, row=18, shows=shows, file=file, answer=answer)
    yield from _base64()


def _base64() -> Iterator[Vector]:
    def first(inserted: str) -> Callable[[], bytes]:
        return signed(
            after_signing=lambda text: text.replace(
                "<ds:SignatureValue>", f"<ds:SignatureValue>{inserted}", 1
            )
        )

    for name, inserted in (
        ("exclamation", "!"),
        ("minus", "-"),
        ("fullwidth", "Ａ"),
        ("no-break-space", "\u00a0"),
        ("padding-first", "="),
        ("quoted", "%2B"),
        ("zero-width", "\u200b"),
    ):
        yield Vector(
            name=f"g10-base64-{name}",
            row=18,
            shows=f"a character in SignatureValue that a lenient reader skips ({name})",
            file=first(inserted),
            answer=SHAPE,
        )
    yield Vector(
        name="g10-base64-more-after-padding",
        row=18,
        shows="more Base64 after the end of the value",
        file=signed(
            after_signing=lambda text: text.replace("\n</ds:SignatureValue>", "AAAA</ds:SignatureValue>", 1)
        ),
        answer=SHAPE,
    )


def vectors() -> Iterator[Vector]:
    """Yield them."""
    yield from _hmacs()
    yield from _weak()
    yield from _salts()
    yield from _values()
