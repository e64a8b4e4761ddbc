"""Row 0: good documents, in every way in which one may be signed and written."""

from __future__ import annotations

import base64
import codecs
from collections.abc import Callable, Iterator
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from certs.issue import KeyType
from tests.support import pki
from tests.support.documents import PDF, edxml
from tests.support.signing import (
    EDXML,
    ENVELOPED,
    EXCLUSIVE,
    INCLUSIVE,
    INCLUSIVE_11,
    MORE,
    MORE_2007,
    SHA256,
    TEMPLATE,
    Recipe,
    forge,
    x509_certificates,
)
from tests.vectors.attacks.contents import document, with_mark
from tests.vectors.attacks.hierarchy import AUTHORITY, ladder
from tests.vectors.attacks.keys import ec_key_value, rsa_key_value
from tests.vectors.attacks.vector import PASSED, Vector, later, signed

_HASHES: Final = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
_CANONICAL: Final = {"exc": EXCLUSIVE, "inc": INCLUSIVE, "inc11": INCLUSIVE_11}
_DIGESTS: Final = {
    "sha256": SHA256,
    "sha384": MORE + "sha384",
    "sha512": "http://www.w3.org/2001/04/xmlenc#sha512",
}
_CR: Final = "&#13;\n"
_CURVES: Final = {"sha256": KeyType.EC_P256, "sha384": KeyType.EC_P384, "sha512": KeyType.EC_P521}


def _methods() -> Iterator[tuple[str, str, KeyType, bool]]:
    for word in _HASHES:
        yield f"rsa-{word}", f"{MORE}rsa-{word}", KeyType.RSA_2048, False
        yield f"pss-{word}", f"{MORE_2007}{word}-rsa-MGF1", KeyType.RSA_2048, True
        yield f"ecdsa-{word}", f"{MORE}ecdsa-{word}", _CURVES[word], False


def transforms(canonical: str) -> tuple[str, ...]:
    """Return the two transforms of a document."""
    return (f'Algorithm="{ENVELOPED}">', f'Algorithm="{canonical}">')


def _good(name: str, shows: str, file: Callable[[], bytes], **more: Any) -> Vector:
    return Vector(name=f"v-{name}", row=0, shows=shows, file=file, answer=PASSED, **more)


def _algorithms() -> Iterator[Vector]:
    """Yield each algorithm with each canonicalisation and each way to write the signature's names."""
    for name, uri, key_type, pss in _methods():
        for word, canonical in _CANONICAL.items():
            for default in (False, True):

                def make(
                    name: str = name,
                    uri: str = uri,
                    key_type: KeyType = key_type,
                    pss: bool = pss,
                    canonical: str = canonical,
                    default: bool = default,
                ) -> bytes:
                    return forge(
                        Recipe(
                            identity=pki.signer(key_type),
                            method=uri,
                            pss=pss,
                            hash=_HASHES[name.rpartition("-")[2]],
                            canonicalization=canonical,
                            transforms=transforms(canonical),
                            view_is_exclusive=canonical == EXCLUSIVE,
                            default_namespace=default,
                        )
                    )

                style = "default" if default else "ds"
                yield _good(f"alg-{name}-{word}-{style}", f"{uri}, {canonical}, names {style}", make)
    for word, uri in _DIGESTS.items():
        for view in _CANONICAL:
            for info in _CANONICAL:
                recipe: dict[str, Any] = {
                    "digest_method": uri,
                    "digest_name": word,
                    "transforms": transforms(_CANONICAL[view]),
                    "view_is_exclusive": view == "exc",
                    "canonicalization": _CANONICAL[info],
                }
                yield _good(
                    f"digest-{word}-{view}-{info}",
                    f"digest {word}, document {view}, SignedInfo {info}",
                    later(lambda recipe: forge(Recipe(**recipe)), recipe),
                )
    for key_type in (KeyType.RSA_3072, KeyType.RSA_4096):
        yield _good(
            f"key-{key_type}",
            f"a key {key_type}",
            later(
                lambda key_type: forge(Recipe(identity=pki.signer(key_type), method=MORE + "rsa-sha256")),
                key_type,
            ),
        )
    yield _good(
        "key-p521-sha256",
        "the largest curve with the shortest hash",
        lambda: forge(Recipe(identity=pki.signer(KeyType.EC_P521))),
    )
    yield _good(
        "transform-enveloped-only",
        "no canonicalisation is named, so it is Canonical XML 1.0",
        lambda: forge(Recipe(transforms=transforms("")[:1], view_is_exclusive=False)),
    )


def _prefix_lists() -> Iterator[Vector]:
    element = f'<e:InclusiveNamespaces xmlns:e="{EXCLUSIVE}" PrefixList="{{}}"/>'
    for name, prefixes in (
        ("edxml", "edXML"),
        ("default", "#default"),
        ("both", "#default edXML"),
        ("unknown", "x y"),
        ("none", ""),
    ):
        listed = tuple(prefix for prefix in prefixes.split())
        view = (f'Algorithm="{ENVELOPED}">', f'Algorithm="{EXCLUSIVE}">{element.format(prefixes)}')
        yield _good(
            f"prefixes-{name}",
            f"InclusiveNamespaces “{prefixes}”",
            later(
                lambda view, listed, prefixes: forge(
                    Recipe(
                        transforms=view,
                        view_prefixes=listed,
                        canonicalization_content=element.format(prefixes),
                        signed_info_prefixes=listed,
                    )
                ),
                view,
                listed,
                prefixes,
            ),
        )


def _key_infos() -> Iterator[Vector]:
    one = x509_certificates
    signer = pki.signer
    styles: dict[str, Callable[[], str]] = {
        "certificate": lambda: f"<ds:X509Data>{one([signer()[0]])}</ds:X509Data>",
        "one-line": lambda: f"<ds:X509Data>{_one_line()}</ds:X509Data>",
        "carriage-returns": lambda: f"<ds:X509Data>{_one_line(_CR)}</ds:X509Data>",
        "with-names": lambda: (
            "<ds:X509Data><ds:X509IssuerSerial><ds:X509IssuerName>CN=x</ds:X509IssuerName><ds:X509SerialNumber>1"
            "</ds:X509SerialNumber></ds:X509IssuerSerial><ds:X509SubjectName>CN=x</ds:X509SubjectName>"
            f"<ds:X509SKI>AAAA</ds:X509SKI>{one([signer()[0]])}</ds:X509Data>"
        ),
        "with-digest": lambda: (
            '<ds:X509Data><d:X509Digest xmlns:d="http://www.w3.org/2009/xmldsig11#" '
            f'Algorithm="{SHA256}">AAAA</d:X509Digest>{one([signer()[0]])}</ds:X509Data>'
        ),
        "with-list": lambda: f"<ds:X509Data>{one([signer()[0]])}<ds:X509CRL>AAAA</ds:X509CRL></ds:X509Data>",
        "with-name": lambda: f"<ds:KeyName>x</ds:KeyName><ds:X509Data>{one([signer()[0]])}</ds:X509Data>",
        "with-ec-value": lambda: f"{_ec_value()}<ds:X509Data>{one([signer()[0]])}</ds:X509Data>",
        "value-last": lambda: f"<ds:X509Data>{one([signer()[0]])}</ds:X509Data>{_ec_value()}",
        "root-too": lambda: f"<ds:X509Data>{one([signer()[0], pki.root().certificate])}</ds:X509Data>",
        "root-first": lambda: f"<ds:X509Data>{one([pki.root().certificate, signer()[0]])}</ds:X509Data>",
        "two-data": lambda: (
            f"<ds:X509Data>{one([signer()[0]])}</ds:X509Data><ds:X509Data>{one([pki.root().certificate])}</ds:X509Data>"
        ),
        "junk-beside": lambda: (
            f"<ds:X509Data>{one([signer()[0]])}<ds:X509Certificate>AAAA</ds:X509Certificate></ds:X509Data>"
        ),
    }
    for name, content in styles.items():
        for uri in ("", "#_1"):
            template = TEMPLATE.replace("<edXML xmlns", '<edXML Id="_1" xmlns') if uri else TEMPLATE
            yield _good(
                f"keyinfo-{name}-{'id' if uri else 'all'}",
                f"KeyInfo {name}, Reference “{uri}”",
                later(
                    lambda content, uri, template: forge(
                        Recipe(uri=f' URI="{uri}"', key_info=f"<ds:KeyInfo>{content()}</ds:KeyInfo>"),
                        template,
                    ),
                    content,
                    uri,
                    template,
                ),
            )
    yield _good(
        "keyinfo-rsa-value",
        "KeyInfo with an RSA key beside the certificate, as .NET writes it",
        lambda: forge(
            Recipe(
                identity=signer(KeyType.RSA_2048),
                method=MORE + "rsa-sha256",
                key_info=f"<ds:KeyInfo>{_rsa_value()}<ds:X509Data>{one([signer(KeyType.RSA_2048)[0]])}</ds:X509Data></ds:KeyInfo>",
            )
        ),
    )


def _one_line(join: str = "") -> str:
    text = base64.b64encode(pki.signer()[0].public_bytes(Encoding.DER)).decode()
    lines = join.join(text[start : start + 76] for start in range(0, len(text), 76))
    return f"<ds:X509Certificate>{lines}</ds:X509Certificate>"


def _ec_value() -> str:
    key = pki.signer()[1].public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return ec_key_value(key)


def _rsa_value() -> str:
    key = pki.signer(KeyType.RSA_2048)[1].public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    return rsa_key_value(key)


def _layouts() -> Iterator[Vector]:
    """Yield ways to write a document that mean the same, with each canonicalisation."""
    prefixed = TEMPLATE.replace("<edXML xmlns=", "<e:edXML xmlns:e=").replace("</edXML>", "</e:edXML>")
    whole = edxml()
    templates = {
        "plain": TEMPLATE,
        "prefixed-root": prefixed,
        "no-declaration": TEMPLATE.partition("?>")[2].lstrip(),
        "one-line": "".join(line.strip() for line in TEMPLATE.splitlines()),
        "tabs": TEMPLATE.replace("  ", "\t"),
        "comments": TEMPLATE.replace("<edXML:To>", "<!--x--><edXML:To>"),
        "comments-outside": TEMPLATE.replace("<edXML xmlns", "<!--x--><edXML xmlns") + "<!--y-->",
        "attributes": TEMPLATE.replace("<edXML:To>", "<edXML:To b='2' a='1' edXML:c='3'>"),
        "unused-namespaces": TEMPLATE.replace("<edXML xmlns", '<edXML xmlns:z="urn:z" xmlns:y="urn:y" xmlns'),
        "schema-instance": TEMPLATE.replace(
            "<edXML xmlns", '<edXML xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="x" xmlns'
        ),
        "default-undone": TEMPLATE.replace("</edXML>", '<x xmlns=""><y/></x></edXML>'),
        "default-changed": TEMPLATE.replace("</edXML>", '<x xmlns="urn:x"><y xmlns=""/></x></edXML>'),
        "cdata": TEMPLATE.replace("V/v báo cáo &amp; tổng kết", "<![CDATA[V/v báo cáo & <tổng> kết]]>"),
        "escapes": TEMPLATE.replace("V/v", "&lt;&gt;&quot;&apos;&#9;&#10;&#13;&#x1ED9;"),
        "entities-in-attributes": TEMPLATE.replace("<edXML:To>", '<edXML:To a="&#9;&#10;&#13;&lt;&quot;\'">'),
        "astral": TEMPLATE.replace("V/v", "𠀀😀"),
        "complete": with_mark(whole),
        "default-namespace-only": TEMPLATE.replace("edXML:", "").replace(f' xmlns:edXML="{EDXML}"', ""),
    }
    for name, template in templates.items():
        for word, canonical in _CANONICAL.items():
            for default in (False, True):
                yield _good(
                    f"layout-{name}-{word}-{'default' if default else 'ds'}",
                    f"written with {name.replace('-', ' ')}, {word}",
                    later(
                        lambda template, canonical, default: forge(
                            Recipe(
                                transforms=transforms(canonical),
                                view_is_exclusive=canonical == EXCLUSIVE,
                                canonicalization=canonical,
                                default_namespace=default,
                            ),
                            template,
                        ),
                        template,
                        canonical,
                        default,
                    ),
                )


def _pretty(text: str) -> str:
    """Write a signature with each element on a line of its own."""
    for end in ("Reference", "Transforms", "SignedInfo", "KeyInfo", "X509Data"):
        text = text.replace(f"</ds:{end}>", f"\n  </ds:{end}>\n  ").replace(
            f"<ds:{end}>", f"\n  <ds:{end}>\n    "
        )
    return text.replace("/><", "/>\n    <").replace("</ds:Transform><", "</ds:Transform>\n      <")


def _octets() -> Iterator[Vector]:
    """Yield ways to write a signed document in octets."""
    yield _good("pretty-exc", "a signature in many lines", signed(before_signing=_pretty))
    yield _good(
        "pretty-inc",
        "a signature in many lines, inclusive",
        signed(
            before_signing=_pretty,
            canonicalization=INCLUSIVE,
            transforms=transforms(INCLUSIVE),
            view_is_exclusive=False,
        ),
    )
    yield _good(
        "crlf", "lines end with CR LF", lambda: forge(Recipe(before_signing=_pretty)).replace(b"\n", b"\r\n")
    )
    yield _good(
        "cr", "lines end with CR", lambda: forge(Recipe(before_signing=_pretty)).replace(b"\n", b"\r")
    )
    yield _good("bom", "a mark of UTF-8 before the declaration", lambda: codecs.BOM_UTF8 + forge())
    yield _good(
        "bom-no-declaration",
        "a mark of UTF-8 and no declaration",
        lambda: codecs.BOM_UTF8 + forge().partition(b"?>\n")[2],
    )
    yield _good("utf8-lower", "utf-8 in small letters", lambda: forge().replace(b"UTF-8", b"utf-8"))
    yield _good(
        "ascii",
        "all letters beyond ASCII as references",
        lambda: forge().decode().encode("ascii", "xmlcharrefreplace"),
    )
    yield _good(
        "standalone", "standalone", lambda: forge().replace(b'"UTF-8"?', b'"UTF-8" standalone="yes"?')
    )
    yield _good(
        "apostrophes",
        "a declaration in apostrophes",
        lambda: forge().replace(b'"1.0" encoding="UTF-8"', b"'1.0' encoding='UTF-8'"),
    )
    yield _good("space-at-end", "white space at the end", lambda: forge() + b"\n\n \t\n")
    yield _good(
        "value-in-lines",
        "SignatureValue in lines with carriage returns, as Java writes it",
        lambda: forge(
            Recipe(
                identity=pki.signer(KeyType.RSA_2048),
                method=MORE + "rsa-sha256",
                after_signing=lambda text: text.replace(
                    "==\n</ds:SignatureValue>", "==&#13;\n</ds:SignatureValue>"
                ),
            )
        ),
    )
    yield _good(
        "signature-id", "identifiers in the signature", lambda: forge(Recipe(before_signing=_identified))
    )
    yield _good(
        "xml-attribute",
        "xml:lang above, exclusive",
        lambda: forge(template=TEMPLATE.replace("<edXML:edXMLHeader>", '<edXML:edXMLHeader xml:lang="vi">')),
    )
    yield _good(
        "xml-attribute-below",
        "xml:space below, inclusive",
        lambda: forge(
            Recipe(canonicalization=INCLUSIVE, transforms=transforms(INCLUSIVE), view_is_exclusive=False),
            TEMPLATE.replace("<edXML:Subject>", '<edXML:Subject xml:space="preserve">'),
        ),
    )
    for size in (100_000, 1_000_000, 3_000_000):
        yield _good(
            f"attachment-{size}",
            f"an attachment of {size} octets",
            later(lambda size: forge(template=document(PDF + bytes(range(256)) * (size // 256))), size),
        )


def _identified(text: str) -> str:
    for name in ("Signature xmlns", "SignedInfo", "SignatureValue", "KeyInfo", "Reference URI"):
        word, _, rest = name.partition(" ")
        text = text.replace(f"<ds:{name}", f'<ds:{word} Id="id-{word}"{" " if rest else ""}{rest}', 1)
    return text


def _chains() -> Iterator[Vector]:
    for height in (1, 2, 3):

        def make(height: int = height, *, turned: bool = False, whole: bool = True) -> bytes:
            steps = ladder(height)
            leaf = pki.certificate(steps[-1])
            above = [step.certificate for step in reversed(steps)] if whole else []
            brought = [leaf, *above]
            return forge(
                Recipe(identity=(leaf, pki.key()), certificates=brought[::-1] if turned else brought)
            )

        yield _good(f"chain-{height}", f"{height} authorities in KeyInfo", make)
        yield _good(
            f"chain-{height}-turned",
            f"{height} authorities in KeyInfo, from the root on",
            later(lambda make: make(turned=True), make),
        )
    yield _good(
        "intermediate-unused",
        "an authority on the command line that is not needed",
        forge,
        intermediates=(AUTHORITY,),
    )
    yield _good(
        "renewed-old", "signed with the old certificate of a key that has a new one", lambda: _renewed(False)
    )
    yield _good("renewed-both", "both the old and the new certificate of a key", lambda: _renewed(True))
    yield _good(
        "expired-beside", "an expired certificate of the same key beside the good one", _expired_beside
    )


def _renewed(both: bool) -> bytes:
    old = pki.certificate(pki.root(), not_after=pki.AT + pki.DAY)
    new = pki.certificate(pki.root(), not_before=pki.AT - pki.DAY)
    return forge(Recipe(identity=(old, pki.key()), certificates=[old, new] if both else [old]))


def _expired_beside() -> bytes:
    old = pki.certificate(pki.root(), not_after=pki.AT - pki.DAY)
    new = pki.certificate(pki.root(), not_before=pki.AT - pki.DAY)
    return forge(Recipe(identity=(new, pki.key()), certificates=[old, new]))


def vectors() -> Iterator[Vector]:
    """Yield them."""
    for source in (_algorithms, _prefix_lists, _key_infos, _layouts, _octets, _chains):
        yield from source()
