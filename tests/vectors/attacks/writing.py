"""Rows 5, 6 and 11: comments that cut texts off, processing instructions, and encodings that programs read differently."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from typing import Final

from tests.support.signing import TEMPLATE
from tests.vectors.attacks.vector import (
    CHANGED,
    MISSHAPEN,
    PASSED,
    SHAPE,
    UNBOUND,
    Answer,
    Vector,
    signed,
    swapped,
)

_GOOD: Final = signed()
_CODE: Final = "<edXML:OrganId>000.00.00.G01"


def _inside_signature() -> Iterator[Vector]:
    """Yield comments and instructions in each element of the signature, put there before and after signing."""
    for name in ("DigestValue", "SignatureValue", "X509Certificate", "SignedInfo", "KeyInfo", "Reference"):
        for what, node in (("comment", "<!--x-->"), ("pi", "<?x y?>"), ("element", "<x xmlns='urn:x'/>")):
            for when in ("before_signing", "after_signing"):

                def put(text: str, name: str = name, node: str = node) -> str:
                    return text.replace(f"</ds:{name}>", f"{node}</ds:{name}>", 1)

                yield Vector(
                    name=f"c01-{what}-in-{name.lower()}-{when.partition('_')[0]}",
                    row=6 if what == "pi" else 5,
                    shows=f"a {what} at the end of {name}, {when.replace('_', ' ')}",
                    file=signed(before_signing=put)
                    if when == "before_signing"
                    else signed(after_signing=put),
                    answer=MISSHAPEN,
                )
    yield Vector(
        name="c01-comment-first-in-digestvalue",
        row=5,
        shows="an evil digest before a comment, the signed one after it",
        file=signed(
            after_signing=lambda text: text.replace("<ds:DigestValue>", "<ds:DigestValue>AAAA<!--x-->", 1)
        ),
        answer=SHAPE,
    )
    yield Vector(
        name="c01-comment-splits-signaturevalue",
        row=5,
        shows="a comment in the middle of SignatureValue",
        file=signed(
            after_signing=lambda text: text.replace(
                "<ds:SignatureValue>\n", "<ds:SignatureValue>\n<!-- -->", 1
            )
        ),
        answer=SHAPE,
    )
    yield Vector(
        name="c01-comment-in-algorithm-parameters",
        row=5,
        shows="a comment as content of SignatureMethod",
        file=signed(method_content="<!--x-->"),
        answer=SHAPE,
    )


def _in_the_code() -> Iterator[Vector]:
    def coded(code: str, after: str | None = None) -> Callable[[], bytes]:
        make = signed(template=TEMPLATE.replace(_CODE, f"<edXML:OrganId>{code}"))
        return make if after is None else swapped(make, (code, after))

    for name, file, answer in (
        ("longer-code", coded("000.00.00.G01.evil", "000.00.00.G01<!-- -->.evil"), UNBOUND),
        ("shorter-code", coded("000.00.00.G01", "000.00.00.G<!-- -->01"), PASSED),
        ("comment-signed", coded("000.00.00.G01<!--.evil-->"), PASSED),
        ("cdata", coded("000.00.00.G01", "<![CDATA[000.00.00.G01]]>"), PASSED),
        ("reference", coded("000.00.00.G01", "000.00.00.G0&#49;"), PASSED),
        ("element-before", coded("<b/>000.00.00.G01"), UNBOUND),
        ("element-after", coded("000.00.00.G01<b/>"), UNBOUND),
        ("element-around", coded("<b>000.00.00.G01</b>"), UNBOUND),
    ):
        yield Vector(
            name=f"c02-organid-{name}",
            row=5,
            shows=f"the sender's code in another writing ({name}): what counts is the text that was signed",
            file=file,
            answer=answer,
            by_subject=True,
        )
    yield Vector(
        name="c02-attachment-comment",
        row=5,
        shows="a comment in a base64 text is no part of it",
        file=swapped(_GOOD, ("JVBERi0xLjQ=", "JVBERi<!-- -->0xLjQ=")),
        answer=PASSED,
    )
    yield Vector(
        name="c02-attachment-uncommented",
        row=5,
        shows="what was a comment when it was signed has become text",
        file=swapped(
            signed(template=TEMPLATE.replace("JVBERi0xLjQ=", "JVBERi0xLjQ=<!--RVZJTA==-->")),
            ("<!--RVZJTA==-->", "RVZJTA=="),
        ),
        answer=CHANGED,
    )


def _instructions() -> Iterator[Vector]:
    places = {
        "before-root": (("<edXML xmlns", "<?x y?><edXML xmlns"),),
        "style-sheet": (("<edXML xmlns", "<?xml-stylesheet href='http://127.0.0.1:9/'?><edXML xmlns"),),
        "after-root": (("</edXML>\n", "</edXML><?x y?>"),),
        "in-text": (("V/v", "V<?x y?>/v"),),
        "in-code": (("G01<", "G01<?x y?><"),),
        "in-attachment": (("JVBERi0xLjQ=", "JVBERi<?x y?>0xLjQ="),),
    }
    for name, changes in places.items():
        yield Vector(
            name=f"c03-pi-{name}",
            row=6,
            shows=f"a processing instruction was added ({name})",
            file=swapped(_GOOD, *changes),
            answer=MISSHAPEN,
        )
    yield Vector(
        name="c03-pi-signed",
        row=6,
        shows="a processing instruction was signed along",
        file=signed(template=TEMPLATE.replace("<edXML:To>", "<?x y?><edXML:To>")),
        answer=MISSHAPEN,
    )
    for name, changes in {
        "comment-after-root": (("</edXML>\n", "</edXML><!--x-->"),),
        "comment-before-root": (("<edXML xmlns", "<!--x--><edXML xmlns"),),
        "comments-between": (("<edXML:To>", "<!--x--><edXML:To><!--y-->"),),
    }.items():
        yield Vector(
            name=f"c03-{name}",
            row=6,
            shows="comments are no part of what is signed",
            file=swapped(_GOOD, *changes),
            answer=PASSED,
        )
    yield Vector(
        name="c03-text-after-root",
        row=6,
        shows="text after the document element",
        file=swapped(_GOOD, ("</edXML>\n", "</edXML>x")),
        answer=MISSHAPEN,
    )
    yield Vector(
        name="c03-second-root",
        row=6,
        shows="another document after the document",
        file=lambda: _GOOD() + _GOOD(),
        answer=MISSHAPEN,
    )


def _recoded(encoding: str, *, name: str | None = None, bom: bytes = b"") -> Callable[[], bytes]:
    def recode() -> bytes:
        text = _GOOD().decode()
        if name is not None:
            text = text.replace("UTF-8", name)
        return bom + text.encode(encoding, "xmlcharrefreplace")

    return recode


def _octets(change: Callable[[bytes], bytes]) -> Callable[[], bytes]:
    return lambda: change(_GOOD())


def _encodings() -> Iterator[Vector]:
    cases: dict[str, tuple[str, Callable[[], bytes], Answer]] = {
        "utf16": ("UTF-16 with its mark", _recoded("utf-16", name="UTF-16"), MISSHAPEN),
        "utf16-le": ("UTF-16 without a mark", _recoded("utf-16-le", name="UTF-16"), MISSHAPEN),
        "utf16-be": ("UTF-16, big end first", _recoded("utf-16-be", name="UTF-16BE"), MISSHAPEN),
        "utf16-undeclared": ("UTF-16 that is said to be UTF-8", _recoded("utf-16"), MISSHAPEN),
        "utf32": ("UTF-32", _recoded("utf-32", name="UTF-32"), MISSHAPEN),
        "utf7": ("UTF-7", _recoded("utf-7", name="UTF-7"), MISSHAPEN),
        "utf7-ascii": ("declared to be UTF-7", _recoded("ascii", name="UTF-7"), MISSHAPEN),
        "latin1": ("ISO 8859-1", _recoded("latin-1", name="ISO-8859-1"), MISSHAPEN),
        "windows1258": ("Windows-1258", _recoded("ascii", name="windows-1258"), MISSHAPEN),
        "iso2022": ("declared to be ISO-2022-JP", _recoded("ascii", name="ISO-2022-JP"), MISSHAPEN),
        "ebcdic": ("EBCDIC", _recoded("cp037", name="IBM037"), MISSHAPEN),
        "ascii": (
            "US-ASCII, which UTF-8 contains, under its own name",
            _recoded("ascii", name="US-ASCII"),
            MISSHAPEN,
        ),
        "unknown": ("an encoding that nobody knows", _recoded("utf-8", name="x-none"), MISSHAPEN),
        "bom-utf16": (
            "the mark of UTF-16 before UTF-8",
            _recoded("utf-8", bom=codecs.BOM_UTF16_LE),
            MISSHAPEN,
        ),
        "two-boms": ("two marks", _recoded("utf-8", bom=codecs.BOM_UTF8 * 2), MISSHAPEN),
        "xml11": ("XML 1.1", _octets(lambda file: file.replace(b'"1.0" enc', b'"1.1" enc')), MISSHAPEN),
        "nul": ("an octet 0 in a text", _octets(lambda file: file.replace(b"V/v", b"V\0v")), MISSHAPEN),
        "nul-end": ("an octet 0 at the end", _octets(lambda file: file + b"\0"), MISSHAPEN),
        "control": ("a control character", _octets(lambda file: file.replace(b"V/v", b"V\x0bv")), MISSHAPEN),
        "surrogate": (
            "half a character",
            _octets(lambda file: file.replace(b"V/v", b"\xed\xa0\x80")),
            MISSHAPEN,
        ),
        "overlong": ("an overlong “/”", _octets(lambda file: file.replace(b"V/v", b"V\xc0\xafv")), MISSHAPEN),
        "latin1-octet": (
            "an octet of Latin-1",
            _octets(lambda file: file.replace(b"V/v", b"V\xe0v")),
            MISSHAPEN,
        ),
        "cut": ("the end is missing", _octets(lambda file: file[:-20]), MISSHAPEN),
        "space-first": ("a space before the declaration", _octets(lambda file: b" " + file), MISSHAPEN),
        "empty": ("nothing", lambda: b"", MISSHAPEN),
        "text": ("no XML", "công văn".encode, MISSHAPEN),
        "binary": ("a PDF", lambda: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", MISSHAPEN),
    }
    for name, (shows, file, answer) in cases.items():
        yield Vector(name=f"v07-{name}", row=11, shows=shows, file=file, answer=answer)
    yield Vector(
        name="v07-unsigned-declaration",
        row=11,
        shows="another declaration than when it was signed, of the same encoding",
        file=swapped(_GOOD, ('<?xml version="1.0" encoding="UTF-8"?>', '<?xml version="1.0"?>')),
        answer=PASSED,
    )
    yield Vector(
        name="v07-character-normalised",
        row=11,
        shows="a letter was written in two characters instead of one",
        file=swapped(_GOOD, ("báo cáo", "ba\u0301o cáo")),
        answer=CHANGED,
    )


def vectors() -> Iterator[Vector]:
    """Yield them."""
    yield from _inside_signature()
    yield from _in_the_code()
    yield from _instructions()
    yield from _encodings()
