"""Signatures with the properties of XAdES: an Object is a place to hide things in, and names the certificate that signed."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from tests.support import pki
from tests.support.signing import (
    DS,
    ENVELOPED,
    EXCLUSIVE,
    INCLUSIVE,
    MARK,
    MORE,
    SHA256,
    TEMPLATE,
    Recipe,
    forge,
    read,
)
from tests.vectors.attacks.vector import (
    ALGORITHM,
    CHANGED,
    NAMED_WRONGLY,
    PASSED,
    PROPERTIES_CHANGED,
    SEVERAL,
    SHAPE,
    TRANSFORM,
    Answer,
    Vector,
    later,
)

_XADES: Final = "http://uri.etsi.org/01903/v1.3.2#"
_TYPE: Final = "http://uri.etsi.org/01903#SignedProperties"
_SHA512: Final = "http://www.w3.org/2001/04/xmlenc#sha512"
_TIME: Final = "<xades:SigningTime>2026-06-30T09:00:00+07:00</xades:SigningTime>"
_OPENED: Final = f'<xades:SignedProperties xmlns:xades="{_XADES}" xmlns:ds="{DS}"'
_EVIL: Final = f'<xades:SignedProperties xmlns:xades="{_XADES}" Id="properties"/>'


def named(
    certificate: Callable[[], x509.Certificate] = lambda: pki.signer()[0],
    *,
    uri: str = SHA256,
    name: str = "sha256",
    element: str = "SigningCertificateV2",
) -> str:
    """Return the element by which properties name a certificate."""
    digest = base64.b64encode(hashlib.new(name, certificate().public_bytes(Encoding.DER)).digest()).decode()
    return (
        f'<xades:{element}><xades:Cert><xades:CertDigest><ds:DigestMethod Algorithm="{uri}"/>'
        f"<ds:DigestValue>{digest}</ds:DigestValue></xades:CertDigest></xades:Cert></xades:{element}>"
    )


def with_properties(
    content: Callable[[], str] = lambda: _TIME + named(),
    *,
    canonical: str = EXCLUSIVE,
    transform: str | None = None,
    identifier: str = ' Id="properties"',
    target: str = ' Target="#signature"',
    attributes: str = f' Type="{_TYPE}" URI="#properties"',
    beside: str = "",
    first: bool = False,
    digest: tuple[str, str] = (SHA256, "sha256"),
    template: str = TEMPLATE,
    after: Callable[[str], str] = lambda text: text,
    **recipe: Any,
) -> bytes:
    """Sign a document with properties; the defaults are good."""
    properties = (
        f"{_OPENED}{identifier}><xades:SignedSignatureProperties>{content()}</xades:SignedSignatureProperties>"
        "</xades:SignedProperties>"
    )
    chosen = f'<ds:Transform Algorithm="{canonical}"></ds:Transform>' if transform is None else transform
    transforms = f"<ds:Transforms>{chosen}</ds:Transforms>" if chosen else ""

    def complete(text: str) -> str:
        octets = _octets(template.replace(MARK, text), canonical)
        value = base64.b64encode(hashlib.new(digest[1], octets).digest()).decode()
        reference = (
            f'<ds:Reference{attributes}>{transforms}<ds:DigestMethod Algorithm="{digest[0]}"/>'
            f"<ds:DigestValue>{value}</ds:DigestValue></ds:Reference>"
        )
        text = text.replace("<ds:Signature ", '<ds:Signature Id="signature" ', 1)
        if first:
            return text.replace("<ds:Reference ", f"{reference}<ds:Reference ", 1)
        return text.replace("</ds:SignedInfo>", f"{reference}</ds:SignedInfo>", 1)

    qualifying = f'<xades:QualifyingProperties xmlns:xades="{_XADES}"{target}>{properties}{beside}'
    extra = f"<ds:Object>{qualifying}</xades:QualifyingProperties></ds:Object>"
    return forge(Recipe(extra=extra, before_signing=complete, after_signing=after, **recipe), template)


def _octets(document: str, canonical: str) -> bytes:
    """Return the canonical form of the properties in a document, for the reason given in `certs.c14n` as one of their own."""
    properties = next(read(document.encode()).iter(f"{{{_XADES}}}SignedProperties"))
    alone = etree.fromstring(etree.tostring(properties, with_tail=False))
    return etree.tostring(alone, method="c14n", exclusive=canonical == EXCLUSIVE, with_comments=False)


def _by(**changes: Any) -> Callable[[], bytes]:
    return partial(with_properties, **changes)


def _other() -> x509.Certificate:
    return pki.certificate(pki.root(), subject="Khác")


_UNSIGNED: Final = "<xades:UnsignedProperties>{}</xades:UnsignedProperties>"
_GOOD: Final[dict[str, Callable[[], bytes]]] = {
    "plain": _by(),
    "reference-first": _by(first=True),
    "signing-certificate-v1": _by(content=lambda: _TIME + named(element="SigningCertificate")),
    "sha512": _by(content=lambda: _TIME + named(uri=_SHA512, name="sha512"), digest=(_SHA512, "sha512")),
    "no-time": _by(content=named),
    "object-id": _by(after=lambda text: text.replace("<ds:Object>", '<ds:Object Id="o">')),
    "inclusive": _by(canonical=INCLUSIVE),
    "no-transforms": _by(canonical=INCLUSIVE, transform=""),
    "unsigned": _by(beside=_UNSIGNED.format("<xades:Any>x</xades:Any>")),
    "role": _by(content=lambda: _TIME + named() + "<xades:SignerRoleV2><xades:Any/></xades:SignerRoleV2>"),
    "place": _by(
        content=lambda: (
            _TIME
            + named()
            + "<xades:SignatureProductionPlaceV2><xades:City>Hà Nội</xades:City></xades:SignatureProductionPlaceV2>"
        )
    ),
    "inclusive-document": _by(
        canonicalization=INCLUSIVE,
        transforms=(f'Algorithm="{ENVELOPED}">', f'Algorithm="{INCLUSIVE}">'),
        view_is_exclusive=False,
        canonical=INCLUSIVE,
    ),
    "by-id": _by(uri=' URI="#_1"', template=TEMPLATE.replace("<edXML xmlns", '<edXML Id="_1" xmlns')),
}
_BAD: Final[dict[str, tuple[str, Callable[[], bytes], Answer]]] = {
    "changed": (
        "the time was changed",
        _by(after=lambda text: text.replace("T09:00", "T08:00")),
        PROPERTIES_CHANGED,
    ),
    "document-changed": (
        "the document was changed",
        lambda: with_properties().replace(b"V/v", b"v/v"),
        CHANGED,
    ),
    "not-named": ("no certificate is named", _by(content=lambda: _TIME), NAMED_WRONGLY),
    "other-named": ("another certificate is named", _by(content=lambda: named(_other)), NAMED_WRONGLY),
    "issuer-named": (
        "the issuer is named",
        _by(content=lambda: named(lambda: pki.root().certificate)),
        NAMED_WRONGLY,
    ),
    "named-twice": ("two are named", _by(content=lambda: named() + named()), NAMED_WRONGLY),
    "named-by-sha1": (
        "the certificate is named by SHA-1",
        _by(content=lambda: named(uri=f"{DS}sha1", name="sha1")),
        ALGORITHM,
    ),
    "sha1": ("the properties' digest is SHA-1", _by(digest=(f"{DS}sha1", "sha1")), ALGORITHM),
    "md5": ("the properties' digest is MD5", _by(digest=(f"{MORE}md5", "md5")), ALGORITHM),
    "no-id": ("the properties have no identifier", _by(identifier=""), SHAPE),
    "upper-id": ("the properties have an ID", _by(identifier=' ID="properties"'), SHAPE),
    "no-target": ("the properties are those of no signature", _by(target=""), SHAPE),
    "other-target": ("the properties are those of another signature", _by(target=' Target="#x"'), SHAPE),
    "no-type": ("the second Reference has no type", _by(attributes=' URI="#properties"'), SHAPE),
    "other-type": (
        "the second Reference has another type",
        _by(attributes=f' Type="{DS}Object" URI="#properties"'),
        SHAPE,
    ),
    "to-signature": (
        "the second Reference is to the signature",
        _by(attributes=f' Type="{_TYPE}" URI="#signature"'),
        SHAPE,
    ),
    "to-all": ("the second Reference is to everything", _by(attributes=f' Type="{_TYPE}" URI=""'), SHAPE),
    "xpath": (
        "the properties are selected by an XPath",
        _by(transform='<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"/>'),
        TRANSFORM,
    ),
    "enveloped": (
        "the signature is taken out of its properties",
        _by(transform=f'<ds:Transform Algorithm="{ENVELOPED}"/>'),
        TRANSFORM,
    ),
    "twice": ("there are two sets of properties", _by(beside=_EVIL), SHAPE),
    "foreign": ("a foreign element in the properties", _by(content=lambda: named() + "<x/>"), SHAPE),
    "certificate": (
        "a certificate in the properties",
        _by(content=lambda: named() + "<ds:X509Certificate>AAAA</ds:X509Certificate>"),
        SHAPE,
    ),
    "nested-signature": (
        "a signature among the unsigned properties",
        _by(beside=_UNSIGNED.format("<xades:CounterSignature><ds:Signature/></xades:CounterSignature>")),
        SEVERAL,
    ),
    "document": (
        "a document among the unsigned properties",
        _by(beside=_UNSIGNED.format("<edXML xmlns='http://www.mic.gov.vn/TBT/QCVN_102_2016'/>")),
        SHAPE,
    ),
    "crowd": ("1,000 unsigned properties", _by(beside=_UNSIGNED.format("<xades:Any/>" * 1000)), SHAPE),
    "comment": ("a comment in the properties", _by(content=lambda: named() + "<!---->"), SHAPE),
    "two-objects": (
        "a second Object",
        _by(after=lambda text: text.replace("</ds:Signature>", "<ds:Object/></ds:Signature>")),
        SHAPE,
    ),
    "moved": (
        "the original properties in the document, others in the signature",
        _by(
            after=lambda text: text.replace("T09:00", "T08:00"),
            template=TEMPLATE.replace("<AttachmentEncoded>", f"{_EVIL}<AttachmentEncoded>"),
        ),
        SHAPE,
    ),
    **{
        f"duplicate-{word}": (
            f"another element has the properties' identifier as {attribute}",
            _by(template=TEMPLATE.replace("<edXML xmlns", f'<edXML {attribute}="properties" xmlns')),
            SHAPE,
        )
        for word, attribute in (("same", "Id"), ("upper", "ID"), ("lower", "id"), ("xml", "xml:id"))
    },
}


def vectors() -> Iterator[Vector]:
    """Yield them."""
    for name, file in _GOOD.items():
        yield Vector(name=f"v-xades-{name}", row=0, shows=f"XAdES-B, {name}", file=file, answer=PASSED)
    for name, (shows, file, answer) in _BAD.items():
        yield Vector(name=f"s-xades-{name}", row=4, shows=f"XAdES: {shows}", file=file, answer=answer)
    for name, content in {
        "empty": "",
        "text": "x",
        "document": TEMPLATE.partition("?>")[2].replace("@SIGNATURE@", ""),
        "properties": "<ds:SignatureProperties/>",
        "manifest": "<ds:Manifest/>",
    }.items():
        yield Vector(
            name=f"s-object-{name}",
            row=4,
            shows=f"an Object that holds something else ({name})",
            file=later(lambda content: forge(Recipe(extra=f"<ds:Object>{content}</ds:Object>")), content),
            answer=SHAPE,
        )
