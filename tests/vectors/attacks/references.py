"""Rows 12 to 14: what else than the whole document a signature could be over, and what could be done to it before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tests.support.signing import DS, ENVELOPED, EXCLUSIVE, INCLUSIVE, SHA256, TEMPLATE
from tests.vectors.attacks.vector import (
    NOT_COVERED,
    SHAPE,
    TRANSFORM,
    Answer,
    Vector,
    signed,
    swapped,
)

_ENVELOPED: Final = f'Algorithm="{ENVELOPED}">'
_EXCLUSIVE: Final = f'Algorithm="{EXCLUSIVE}">'
_XPATH: Final = "http://www.w3.org/TR/1999/REC-xpath-19991116"
_FILTER: Final = "http://www.w3.org/2002/06/xmldsig-filter2"
_STYLE: Final = (
    'Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116">'
    '<x:stylesheet version="1.0" xmlns:x="http://www.w3.org/1999/XSL/Transform">{}</x:stylesheet>'
)

_TRANSFORMS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "t01-xslt": ("a style sheet", (_STYLE.format(""), _ENVELOPED)),
    "t01-xslt-last": ("a style sheet at the end", (_ENVELOPED, _STYLE.format(""))),
    "t01-xslt-document": (
        "a style sheet that reads a file",
        (
            _STYLE.format(
                "<x:template match='/'><x:copy-of select=\"document('/etc/passwd')\"/></x:template>"
            ),
        ),
    ),
    "t02-xpath-none": (
        "an XPath that selects nothing",
        (_ENVELOPED, f'Algorithm="{_XPATH}"><ds:XPath>false()</ds:XPath>'),
    ),
    "t02-xpath-header": (
        "an XPath that selects the header",
        (f'Algorithm="{_XPATH}"><ds:XPath>ancestor-or-self::*[local-name()="From"]</ds:XPath>', _EXCLUSIVE),
    ),
    "t03-xpath-enveloped": (
        "an XPath that does what the enveloped-signature transform does",
        (f'Algorithm="{_XPATH}"><ds:XPath>not(ancestor-or-self::ds:Signature)</ds:XPath>', _EXCLUSIVE),
    ),
    "t04-filter2": (
        "an XPath filter",
        (_ENVELOPED, f'Algorithm="{_FILTER}"><f:XPath xmlns:f="{_FILTER}" Filter="subtract">//*</f:XPath>'),
    ),
    "t05-base64": ("only the text, decoded", (f'Algorithm="{DS}base64">',)),
    "t05-base64-after": ("only the text, decoded, at the end", (_ENVELOPED, f'Algorithm="{DS}base64">')),
    "t07-many-transforms": ("500 transforms", (_ENVELOPED,) * 500),
    "t07-many-canonicalisations": ("500 canonicalisations", (_ENVELOPED, *(_EXCLUSIVE,) * 500)),
    "t08-no-enveloped": ("the signature is part of what is signed", (_EXCLUSIVE,)),
    "t08-wrong-order": ("the transforms in the wrong order", (_EXCLUSIVE, _ENVELOPED)),
    "t08-enveloped-twice": ("the signature is taken out twice", (_ENVELOPED, _ENVELOPED)),
    "t08-with-comments": (
        "comments are part of what is signed",
        (_ENVELOPED, f'Algorithm="{EXCLUSIVE}WithComments">'),
    ),
    "t08-inclusive-with-comments": (
        "comments are part of what is signed",
        (_ENVELOPED, f'Algorithm="{INCLUSIVE}#WithComments">'),
    ),
    "t08-misspelt": (
        "a misspelt canonicalisation",
        (_ENVELOPED, 'Algorithm="http://www.w3.org/TR/xml-exc-c14n#">'),
    ),
    "t08-decrypt": ("decryption", ('Algorithm="http://www.w3.org/2002/07/decrypt#XML">', _ENVELOPED)),
    "t08-unknown": ("a transform that nobody knows", (_ENVELOPED, 'Algorithm="urn:x">')),
    "t08-no-algorithm": ("a transform without a name", (">",)),
    "t08-parameters": ("parameters where there are none", (f"{_ENVELOPED}<a/>", _EXCLUSIVE)),
    "t08-c14n-parameters": ("parameters of a canonicalisation", (_ENVELOPED, f"{_EXCLUSIVE}<a/>")),
    "t08-prefixes-inclusive": (
        "prefixes for a canonicalisation that has none",
        (
            _ENVELOPED,
            f'Algorithm="{INCLUSIVE}"><e:InclusiveNamespaces xmlns:e="{EXCLUSIVE}" PrefixList="a"/>',
        ),
    ),
}
_URIS: Final = {
    "none": "",
    "empty-fragment": ' URI="#"',
    "missing-id": ' URI="#missing"',
    "xpointer-root": ' URI="#xpointer(/)"',
    "xpointer-id": ' URI="#xpointer(id(&apos;_1&apos;))"',
    "file": ' URI="file:///etc/passwd"',
    "http": ' URI="http://127.0.0.1:9/a"',
    "https": ' URI="https://127.0.0.1:9/a"',
    "ftp": ' URI="ftp://127.0.0.1:9/a"',
    "unc": ' URI="\\\\127.0.0.1\\share\\a"',
    "unc-slashes": ' URI="//127.0.0.1/share/a"',
    "absolute-path": ' URI="/etc/passwd"',
    "relative-path": ' URI="../../etc/passwd"',
    "same-name": ' URI="cong-van.edxml"',
    "cid": ' URI="cid:1"',
    "data": ' URI="data:text/xml,%3Ca/%3E"',
    "jar": ' URI="jar:file:///a.jar!/a"',
    "blank": ' URI=" "',
    "encoded-fragment": ' URI="%23_1"',
    "query": ' URI="?"',
}


def _counted() -> Iterator[Vector]:
    for count, row in ((2, 12), (66, 12), (500, 12), (5000, 12)):
        yield Vector(
            name=f"t06-references-{count}",
            row=row,
            shows=f"{count} References to the whole document",
            file=signed(references=count),
            answer=SHAPE,
        )
    yield Vector(
        name="a08-no-reference",
        row=14,
        shows="a SignedInfo without a Reference",
        file=signed(references=0),
        answer=SHAPE,
    )
    for name, (shows, end) in {
        "no-signedinfo": ("a signature without a SignedInfo", "<ds:SignedInfo>"),
        "no-signaturevalue": ("a signature without a SignatureValue", "<ds:SignatureValue>"),
    }.items():

        def cut(text: str, end: str = end) -> str:
            return text[: text.index(end)] + "</ds:Signature>"

        yield Vector(name=f"a08-{name}", row=14, shows=shows, file=signed(after_signing=cut), answer=SHAPE)
    yield Vector(
        name="a08-empty-signature",
        row=14,
        shows="a signature with nothing in it",
        file=signed(after_signing=lambda _: f'<ds:Signature xmlns:ds="{DS}"/>'),
        answer=SHAPE,
    )
    yield Vector(
        name="a08-manifest-type",
        row=14,
        shows="a Reference that is said to be to a Manifest",
        file=signed(uri=f' URI="" Type="{DS}Manifest"'),
        answer=SHAPE,
    )
    yield Vector(
        name="a08-manifest-object",
        row=14,
        shows="a Manifest in an Object, whose own References nobody checks",
        file=signed(
            uri=' URI="#m"',
            extra=f'<ds:Object Id="o"><ds:Manifest Id="m"><ds:Reference URI=""><ds:DigestMethod Algorithm="{SHA256}"/>'
            "<ds:DigestValue>AAAA</ds:DigestValue></ds:Reference></ds:Manifest></ds:Object>",
        ),
        answer=SHAPE,
    )


_KEY_INFOS: Final = {
    "retrieval-http": '<ds:RetrievalMethod URI="http://127.0.0.1:9/a.cer"/>',
    "retrieval-file": '<ds:RetrievalMethod URI="file:///etc/passwd"/>',
    "retrieval-raw": f'<ds:RetrievalMethod URI="#k" Type="{DS}rawX509Certificate"/>',
    "keyinfo-reference": '<d:KeyInfoReference xmlns:d="http://www.w3.org/2009/xmldsig11#" URI="#k"/>',
    "encrypted-key": '<e:EncryptedKey xmlns:e="http://www.w3.org/2001/04/xmlenc#"/>',
    "security-token": '<w:SecurityTokenReference xmlns:w="urn:oasis"><w:Reference URI="#t"/></w:SecurityTokenReference>',
    "pgp": "<ds:PGPData><ds:PGPKeyID>AAAA</ds:PGPKeyID></ds:PGPData>",
    "mgmt": "<ds:MgmtData>x</ds:MgmtData>",
}


def vectors() -> Iterator[Vector]:
    """Yield them."""
    for name, (shows, transforms) in _TRANSFORMS.items():
        yield Vector(name=name, row=12, shows=shows, file=signed(transforms=transforms), answer=TRANSFORM)
    yield Vector(
        name="t08-none",
        row=12,
        shows="no transform, so that the signature would be part of what it is over",
        file=swapped(signed(transforms=()), ("<ds:Transforms></ds:Transforms>", "")),
        answer=TRANSFORM,
    )
    yield Vector(
        name="t08-empty-transforms",
        row=12,
        shows="an empty Transforms",
        file=signed(transforms=()),
        answer=SHAPE,
    )
    for name, element in (
        ("attribute", f'<e:InclusiveNamespaces xmlns:e="{EXCLUSIVE}" PrefixList="a" Id="x"/>'),
        (
            "content",
            f'<e:InclusiveNamespaces xmlns:e="{EXCLUSIVE}" PrefixList="a"><x/></e:InclusiveNamespaces>',
        ),
        ("crowd", f'<e:InclusiveNamespaces xmlns:e="{EXCLUSIVE}" PrefixList="{"a " * 17}"/>'),
    ):
        yield Vector(
            name=f"t08-prefixes-{name}",
            row=12,
            shows=f"InclusiveNamespaces with more than there may be ({name})",
            file=signed(transforms=(_ENVELOPED, f"{_EXCLUSIVE}{element}")),
            answer=SHAPE,
        )
    for name, uri in _URIS.items():
        answer: Answer = NOT_COVERED
        yield Vector(
            name=f"u-{name}",
            row=13,
            shows=f"the Reference is to something else ({name}), which nobody fetches",
            file=signed(uri=uri),
            answer=answer,
        )
    for name, content in _KEY_INFOS.items():
        yield Vector(
            name=f"k14-{name}",
            row=13,
            shows=f"the key is said to be elsewhere ({name})",
            file=signed(key_info=f"<ds:KeyInfo>{content}</ds:KeyInfo>"),
            answer=SHAPE,
        )
    yield Vector(
        name="u-prefix-id",
        row=13,
        shows="an identifier that begins like that of the document element",
        file=signed(template=TEMPLATE.replace("<edXML xmlns", '<edXML Id="_1a" xmlns'), uri=' URI="#_1"'),
        answer=NOT_COVERED,
    )
    for name, uri in (
        ("bare", "_1"),
        ("other-mark", "?_1"),
        ("two-marks", "##_1"),
        ("space", " #_1"),
        ("space-after", "#_1 "),
    ):
        yield Vector(
            name=f"u-id-{name}",
            row=13,
            shows=f"the identifier of the document element in another writing (“{uri}”)",
            file=signed(
                template=TEMPLATE.replace("<edXML xmlns", '<edXML Id="_1" xmlns'), uri=f' URI="{uri}"'
            ),
            answer=NOT_COVERED,
        )
    yield from _counted()
