"""Rows 1 to 4: the genuine signature and what it is over, in a document whose reader looks elsewhere."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Final

from lxml import etree

from tests.support.signing import (
    ATTACHMENTS,
    DS,
    EDXML,
    HEADER,
    MARK,
    TEMPLATE,
    Recipe,
    forge,
    read,
)
from tests.vectors.attacks.vector import (
    CHANGED,
    MISPLACED,
    MISSHAPEN,
    NOT_COVERED,
    PASSED,
    SEVERAL,
    SHAPE,
    Answer,
    Vector,
    signed,
)

_ROOT_WITH_ID: Final = TEMPLATE.replace("<edXML xmlns", '<edXML Id="_1" xmlns')
_EVIL: Final = TEMPLATE.replace("G01", "H99").replace("JVBERi0xLjQ=", "RVZJTA==")
_EVIL_HEADER: Final = HEADER.replace("G01", "H99")
_HEADER_WITH_ID: Final = HEADER.replace("<edXML:MessageHeader>", '<edXML:MessageHeader Id="_1">')
_EXTENSIONS: Final = "<Extensions>{}</Extensions>"


class _Signed:
    """A signed document, the same without its signature, and the signature."""

    def __init__(self, recipe: Recipe, template: str) -> None:
        self.whole = forge(recipe, template).decode().partition("?>")[2].strip()
        start = self.whole.index("<ds:Signature ")
        end = self.whole.index("</ds:Signature>") + len("</ds:Signature>")
        self.signature = self.whole[start:end]
        self.unsigned = self.whole[:start] + self.whole[end:]

    def around(self, content: str) -> str:
        """Return the signature with something in an Object at its end."""
        return self.signature.replace("</ds:Signature>", f"<ds:Object>{content}</ds:Object></ds:Signature>")


@cache
def _document() -> _Signed:
    return _Signed(Recipe(uri=' URI="#_1"'), _ROOT_WITH_ID)


@cache
def _header() -> _Signed:
    """Return a document of which the signature is over the MessageHeader alone, by its Id."""
    template = TEMPLATE.replace(HEADER, _HEADER_WITH_ID)
    return _Signed(Recipe(uri=' URI="#_1"', digest=_digest_of(template, "MessageHeader")), template)


def _digest_of(template: str, name: str) -> bytes:
    tree = read(template.replace(MARK, "").encode())
    element = next(tree.iter(f"{{*}}{name}"))
    return hashlib.sha256(etree.tostring(element, method="c14n", exclusive=True)).digest()


def _into(template: str, *changes: tuple[str, str]) -> bytes:
    for old, new in changes:
        assert old in template, old
        template = template.replace(old, new, 1)
    return template.encode()


def _whole(name: str) -> bytes:
    """Make one of the eight classical ways to wrap a signed document element."""
    genuine = _document()
    evil_with_id = _EVIL.replace("<edXML xmlns", '<edXML Id="evil" xmlns')
    attached = ("</edXML>", f"{genuine.unsigned}</edXML>")
    ways = {
        "xsw1": [(MARK, genuine.around(genuine.unsigned))],
        "xsw2": [(MARK, genuine.unsigned + genuine.signature)],
        "xsw3": [
            (MARK, genuine.signature),
            ("<AttachmentEncoded>", f"{genuine.unsigned}<AttachmentEncoded>"),
        ],
        "xsw4": [(MARK, ""), ("</edXML>", f"{genuine.whole}</edXML>")],
        "xsw5": [(MARK, genuine.signature), attached],
        "xsw6": [(MARK, genuine.around(f"<x>{genuine.unsigned}</x>"))],
        "xsw7": [(MARK, _EXTENSIONS.format(genuine.unsigned) + genuine.signature)],
        "xsw8": [(MARK, genuine.signature.replace("</ds:KeyInfo>", f"{genuine.unsigned}</ds:KeyInfo>"))],
    }
    return _into(evil_with_id, *ways[name])


def _part(name: str) -> bytes:
    """Make one of the eight classical ways to wrap a signed part, here the MessageHeader."""
    genuine = _header()
    moved = _HEADER_WITH_ID
    ways = {
        "xsw1": [(moved, _EVIL_HEADER), (genuine.signature, genuine.around(moved))],
        "xsw2": [(moved, _EVIL_HEADER), (genuine.signature, moved + genuine.signature)],
        "xsw3": [(moved, _EVIL_HEADER + moved)],
        "xsw4": [(moved, _EVIL_HEADER.replace("</edXML:MessageHeader>", f"{moved}</edXML:MessageHeader>"))],
        "xsw5": [(moved, _EVIL_HEADER), ("</edXML>", f"{moved}</edXML>")],
        "xsw6": [(moved, _EVIL_HEADER), (genuine.signature, genuine.around(f"<x>{moved}</x>"))],
        "xsw7": [(moved, _EXTENSIONS.format(moved) + _EVIL_HEADER)],
        "xsw8": [(moved, _EVIL_HEADER), (genuine.signature, genuine.around(_EXTENSIONS.format(moved)))],
    }
    return _into(genuine.whole, *ways[name])


_WAYS: Final = {
    "xsw1": "the original as Object of the signature that stands in the evil one",
    "xsw2": "the original beside the signature, before it",
    "xsw3": "the original as an earlier or later sibling of the evil one",
    "xsw4": "the original as a child of the evil one",
    "xsw5": "the original moved to the end of the document",
    "xsw6": "the original deep in an Object of the signature",
    "xsw7": "the original in an element for extensions",
    "xsw8": "the original in an element that the signature may have",
}


# Names of files that differ in letter case only would be one file on some systems.
_IDENTIFIERS: Final = {
    "same": "Id",
    "upper": "ID",
    "lower": "id",
    "mixed": "iD",
    "xml": "xml:id",
    "qualified": 'xmlns:q="urn:q" q:Id',
}


def _original_text(*changes: tuple[str, str]) -> Callable[[], bytes]:
    return lambda: _into(_document().whole, *changes)


def _duplicates() -> Iterator[Vector]:
    for mark, attribute in _IDENTIFIERS.items():
        for place in ("edXML:edXMLBody", "edXML:MessageHeader", "AttachmentEncoded"):
            yield Vector(
                name=f"x10-duplicate-{mark}-{place.rpartition(':')[2].lower()}",
                row=2,
                shows=f"another element has the signed identifier ({mark})",
                file=signed(
                    template=_ROOT_WITH_ID.replace(f"<{place}>", f'<{place} {attribute}="_1">'),
                    uri=' URI="#_1"',
                ),
                answer=SHAPE,
            )
    for mark in ("upper", "lower", "xml"):
        attribute = _IDENTIFIERS[mark]
        yield Vector(
            name=f"x09-root-{mark}",
            row=2,
            shows=f"the document element is identified by {attribute}, which not everybody takes for one",
            file=signed(template=_ROOT_WITH_ID.replace(" Id=", f" {attribute}="), uri=' URI="#_1"'),
            answer=NOT_COVERED,
        )


def _evil_inside() -> bytes:
    return _into(_document().whole, ("</edXML>", _EVIL.partition("?>")[2].replace(MARK, "") + "</edXML>"))


def _partial(name: str, changes: tuple[tuple[str, str], ...] = (), answer: Answer = NOT_COVERED) -> Vector:
    return Vector(
        name=name,
        row=3,
        shows=f"only the MessageHeader is signed ({name})",
        file=lambda: _into(_header().whole, *changes),
        answer=answer,
    )


def _several() -> Iterator[Vector]:
    def vector(name: str, shows: str, file: Callable[[], bytes], answer: Answer) -> Vector:
        return Vector(name=f"x1{name}", row=4, shows=shows, file=file, answer=answer)

    def twice() -> bytes:
        genuine = _document()
        return _into(genuine.whole, (genuine.signature, genuine.signature * 2))

    def by_two_signers() -> bytes:
        genuine = _document()
        other = f"<ds:Signature xmlns:ds='{DS}'/>"
        return _into(genuine.whole, ("</edXML>", f"{other}</edXML>"))

    def after(old: str, new: str) -> Callable[[], bytes]:
        return signed(after_signing=lambda text: text.replace(old, new, 1))

    def evil_info_first(text: str) -> str:
        start, end = text.index("<ds:SignedInfo>"), text.index("</ds:SignedInfo>") + len("</ds:SignedInfo>")
        evil = text[start:end].replace('URI=""', 'URI="#evil"')
        return text[:start] + evil + text[start:]

    yield vector("3-two-signatures", "the signature is there twice", twice, SEVERAL)
    yield vector("3-signature-in-body", "an empty signature elsewhere", by_two_signers, SEVERAL)
    yield vector(
        "3-placeholder-beside",
        "the placeholder of old software beside the signature",
        after("</ds:Signature>", "</ds:Signature><Signature/>"),
        SEVERAL,
    )
    yield vector(
        "4-two-signedinfo",
        "a second SignedInfo after the signed one",
        after("</ds:SignedInfo>", "</ds:SignedInfo><ds:SignedInfo/>"),
        SHAPE,
    )
    yield vector(
        "4-evil-signedinfo-first",
        "an evil SignedInfo before the signed one",
        signed(after_signing=evil_info_first),
        SHAPE,
    )
    yield vector(
        "4-two-signaturevalues",
        "a second SignatureValue",
        after("<ds:KeyInfo>", "<ds:SignatureValue>AAAA</ds:SignatureValue><ds:KeyInfo>"),
        SHAPE,
    )
    yield vector("4-two-keyinfo", "a second KeyInfo", signed(extra="<ds:KeyInfo/>"), SHAPE)
    yield vector(
        "4-nested-signature",
        "a signature inside an Object of the signature",
        signed(extra="<ds:Object><ds:Signature/></ds:Object>"),
        SEVERAL,
    )
    yield vector(
        "4-signedinfo-in-keyinfo",
        "a SignedInfo inside KeyInfo",
        after("</ds:KeyInfo>", "<ds:SignedInfo/></ds:KeyInfo>"),
        SHAPE,
    )
    yield vector(
        "4-signedinfo-elsewhere",
        "a SignedInfo outside the signature",
        signed(template=TEMPLATE.replace("</edXML>", f'<d:SignedInfo xmlns:d="{DS}"/></edXML>')),
        SHAPE,
    )
    yield vector(
        "4-countersignature",
        "a signature in another namespace around the signature's place",
        signed(template=TEMPLATE.replace("</edXML>", '<x:Signature xmlns:x="urn:x"/></edXML>')),
        SEVERAL,
    )
    yield vector(
        "4-misplaced",
        "the signature is in the body",
        signed(template=TEMPLATE.replace(MARK, "").replace("</edXML>", f"{MARK}</edXML>")),
        MISPLACED,
    )
    yield vector(
        "4-second-header",
        "the signature is in an edXMLHeader of another envelope",
        signed(
            template=TEMPLATE.replace(
                "</edXML>", f'<x><e:edXMLHeader xmlns:e="{EDXML}">{MARK}</e:edXMLHeader></x></edXML>'
            ).replace(MARK, "", 1)
        ),
        MISPLACED,
    )


def vectors() -> Iterator[Vector]:
    """Yield them."""
    yield Vector(
        name="x00-original", row=0, shows="what is wrapped is good", file=_original_text(), answer=PASSED
    )
    for number, (name, shows) in enumerate(_WAYS.items(), start=1):
        document = MISSHAPEN
        yield Vector(
            name=f"x{number}-{name}-document",
            row=1,
            shows=f"{shows}: of the whole document",
            file=partial(_whole, name),
            answer=document,
        )
        yield Vector(
            name=f"x{number}-{name}-header",
            row=1,
            shows=f"{shows}: of the signed header",
            file=partial(_part, name),
            answer=MISSHAPEN,
        )
    yield Vector(
        name="x11-evil-inside",
        row=1,
        shows="the evil document inside the original",
        file=_evil_inside,
        answer=MISSHAPEN,
    )
    yield Vector(
        name="x12-evil-header-first",
        row=1,
        shows="an evil header before the signed one",
        file=_original_text(
            (
                "<edXML:edXMLHeader>",
                f"<edXML:edXMLHeader>{_EVIL_HEADER}</edXML:edXMLHeader><edXML:edXMLHeader>",
            )
        ),
        answer=MISSHAPEN,
    )
    yield from _duplicates()
    yield _partial("a10-header-only")
    yield _partial("a11-attachment-swapped", (("JVBERi0xLjQ=", "RVZJTA=="),))
    yield _partial("a12-attachment-removed", ((ATTACHMENTS, ""),))
    yield _partial("a13-header-changed", (("H01", "H02"),))
    for name, old, new in (
        ("recipient", "H01", "H02"),
        ("attachment", "JVBERi0xLjQ=", "RVZJTA=="),
        ("case", "V/v", "v/v"),
        ("attribute", "<edXML:To>", '<edXML:To a="">'),
        ("space", "\n    <edXML:edXMLBody>", "<edXML:edXMLBody>"),
        ("removed", ATTACHMENTS, ""),
        ("added", "</edXML>", "<x/></edXML>"),
    ):
        yield Vector(
            name=f"a01-changed-{name}",
            row=3,
            shows="the signed document was changed",
            file=_original_text((old, new)),
            answer=CHANGED,
        )
    yield from _several()
