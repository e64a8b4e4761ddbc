"""Rows 7 to 10: what makes a parser fetch, expand or add something, and what makes it work without end."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Final

from tests.support.signing import (
    ENVELOPED,
    EXCLUSIVE,
    INCLUSIVE,
    INCLUSIVE_11,
    TEMPLATE,
    Recipe,
    forge,
    swollen,
)
from tests.vectors.attacks.vector import (
    CHANGED,
    MISSHAPEN,
    NO_CANONICAL,
    PASSED,
    Answer,
    Vector,
    signed,
    swapped,
)

_GOOD: Final = signed()
_START: Final = "<edXML xmlns"


def _declared(doctype: str, *changes: tuple[str, str]) -> Callable[[], bytes]:
    return swapped(_GOOD, (_START, f"{doctype}\n{_START}"), *changes)


_LAUGHS: Final = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
_DOCTYPES: Final[dict[str, tuple[int, str, Callable[[], bytes]]]] = {
    "p01-doctype": (7, "a DOCTYPE that declares nothing", _declared("<!DOCTYPE edXML>")),
    "p02-entity-file": (
        7,
        "an entity that is a file of the machine",
        _declared('<!DOCTYPE edXML [<!ENTITY f SYSTEM "file:///etc/passwd">]>', ("V/v", "&f;")),
    ),
    "p03-entity-network": (
        7,
        "an entity that is somewhere on the network",
        _declared('<!DOCTYPE edXML [<!ENTITY f SYSTEM "http://127.0.0.1:9/f">]>', ("V/v", "&f;")),
    ),
    "p04-parameter-entity": (
        7,
        "a parameter entity that is somewhere on the network",
        _declared('<!DOCTYPE edXML [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p"> %p;]>'),
    ),
    "p05-external-dtd": (
        7,
        "a DTD that is somewhere on the network",
        _declared('<!DOCTYPE edXML SYSTEM "http://127.0.0.1:9/e.dtd">'),
    ),
    "p05-public-dtd": (
        7,
        "a DTD that catalogues know",
        _declared('<!DOCTYPE edXML PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "xhtml1-strict.dtd">'),
    ),
    "p06-entity-internal": (
        7,
        "an entity that is a text",
        _declared('<!DOCTYPE edXML [<!ENTITY v "V/v">]>', ("V/v", "&v;")),
    ),
    "p06-entity-code": (
        7,
        "an entity that is an agency code",
        _declared('<!DOCTYPE edXML [<!ENTITY c "H99">]>', ("G01", "&c;")),
    ),
    "p07-billion-laughs": (
        8,
        "entities that become a billion letters",
        _declared(f'<!DOCTYPE edXML [<!ENTITY l0 "ha">{_LAUGHS}]>', ("V/v", "&l9;")),
    ),
    "p07-quadratic": (
        8,
        "a long entity, used many times",
        _declared(f'<!DOCTYPE edXML [<!ENTITY q "{"q" * 50_000}">]>', ("V/v", "&q;" * 5000)),
    ),
    "p07-unused-laughs": (
        8,
        "entities that become a billion letters, unused",
        _declared(f'<!DOCTYPE edXML [<!ENTITY l0 "ha">{_LAUGHS}]>'),
    ),
    "p08-default-attribute": (
        9,
        "an attribute that only a DTD adds",
        _declared('<!DOCTYPE edXML [<!ATTLIST edXML x CDATA "y">]>'),
    ),
    "p08-default-id": (
        9,
        "an identifier that only a DTD adds",
        _declared('<!DOCTYPE edXML [<!ATTLIST AttachmentEncoded Id ID "_1">]>'),
    ),
    "p08-id-type": (
        9,
        "a DTD makes an attribute an identifier",
        _declared("<!DOCTYPE edXML [<!ATTLIST edXML ref ID #IMPLIED>]>"),
    ),
    "p08-default-namespace": (
        9,
        "a namespace that only a DTD adds",
        _declared('<!DOCTYPE edXML [<!ATTLIST Attachment xmlns CDATA #FIXED "urn:x">]>'),
    ),
    "p15-doctype-before-comment": (
        7,
        "a DOCTYPE behind a long comment",
        _declared(f"<!--{'x' * 20_000}--><!DOCTYPE edXML>"),
    ),
}
_FLOODS: Final[dict[str, tuple[str, Callable[[], bytes]]]] = {
    "p11-nesting": ("100,000 levels", lambda: _filled("<a>" * 100_000 + "</a>" * 100_000)),
    "p11-nesting-open": ("elements that never end", lambda: TEMPLATE.encode() + b"<a>" * 300_000),
    "p11-nesting-65": ("a few levels more than anybody needs", lambda: _filled("<a>" * 70 + "</a>" * 70)),
    "p12-attributes": (
        "60,000 attributes on one element",
        lambda: _filled("<a " + _names('a{}=""', 60_000) + "/>"),
    ),
    "p12-namespaces": (
        "20,000 namespaces on one element",
        lambda: _filled("<a " + _names('xmlns:n{0}="urn:{0}"', 20_000) + "/>"),
    ),
    "p13-identifiers": ("100,000 identifiers", lambda: _filled(_names('<a Id="i{}"/>', 100_000))),
    "p14-comments": ("a flood of comments", lambda: _filled("<!---->" * 140_000)),
    "p14-elements": ("a flood of elements", lambda: _filled("<a/>" * 250_000)),
    "p16-long-name": ("a name of 100,000 letters", lambda: _filled(f"<{'a' * 100_000}/>")),
    "p16-long-namespace": (
        "a namespace name of 100,000 letters",
        lambda: _filled(f'<a xmlns="urn:{"x" * 100_000}"/>'),
    ),
    "p17-references": (
        "100,000 character references, and a 1 MB text with a wrong end",
        lambda: TEMPLATE.encode() + b"&#65;" * 100_000,
    ),
    "p20-processing-instructions": ("a flood of instructions", lambda: _filled("<?a?>" * 100_000)),
    "p21-dense": ("120,000 small elements with attributes", lambda: _filled('<a b=""/>' * 110_000)),
}
_STRETCHED: Final[dict[str, tuple[str, Callable[[], bytes], Answer]]] = {
    "p18-amplified": ("exclusive canonicalisation makes it a hundred times longer", swollen, MISSHAPEN),
    "p18-many-elements": (
        "as many elements as are allowed, and signed",
        lambda: forge(template=TEMPLATE.replace("</edXML>", "<a/>" * 45_000 + "</edXML>")),
        PASSED,
    ),
    "p18-many-comments": (
        "40,000 comments in a signed document",
        lambda: forge(template=TEMPLATE.replace("</edXML>", "<!---->" * 40_000 + "</edXML>")),
        PASSED,
    ),
    "p18-spaces-in-base64": (
        "half a megabyte of spaces in SignatureValue",
        lambda: forge(
            Recipe(
                after_signing=lambda text: text.replace(
                    "<ds:SignatureValue>", f"<ds:SignatureValue>{' ' * 500_000}"
                )
            )
        ),
        PASSED,
    ),
    "p18-identifiers-signed": (
        "30,000 identifiers in a document that is signed by its own",
        lambda: forge(
            Recipe(uri=' URI="#_1"'),
            TEMPLATE.replace("<edXML xmlns", '<edXML Id="_1" xmlns').replace(
                "</edXML>", _names('<a Id="i{}"/>', 30_000) + "</edXML>"
            ),
        ),
        PASSED,
    ),
    "p18-escapes": (
        "a text whose canonical form is five times longer",
        lambda: forge(template=TEMPLATE.replace("V/v", "&#13;" * 20_000 + ">" * 100_000)),
        PASSED,
    ),
    "p18-megabyte": (
        "a signed document of 1 MB",
        lambda: forge(template=TEMPLATE.replace("JVBERi0xLjQ=", "JVBERi0xLjQK" * 83_000)),
        PASSED,
    ),
    "p18-megabyte-changed": (
        "a signed document of 1 MB with another last letter",
        lambda: forge(template=TEMPLATE.replace("JVBERi0xLjQ=", "JVBERi0xLjQK" * 83_000)).replace(
            b"QK</Attachment>", b"QL</Attachment>"
        ),
        CHANGED,
    ),
}


def _names(form: str, count: int) -> str:
    return " ".join(form.format(number) for number in range(count))


def _filled(content: str) -> bytes:
    """Put something that was not signed at the end of a signed document."""
    return _GOOD().replace(b"</edXML>", content.encode() + b"</edXML>")


def _void() -> Iterator[Vector]:
    """Yield documents that have no canonical form: libxml2 has none for relative namespace names."""
    empty = hashlib.sha256(b"").digest()
    for name, method in (("exclusive", EXCLUSIVE), ("inclusive", INCLUSIVE), ("inclusive11", INCLUSIVE_11)):
        view = (f'Algorithm="{ENVELOPED}">', f'Algorithm="{method}">')
        added = ("<AttachmentEncoded>", '<AttachmentEncoded xmlns:r="relative" r:a="">')
        yield Vector(
            name=f"p09-void-{name}-signed",
            row=10,
            shows="a relative namespace name at the attachment, and the digest of nothing",
            file=signed(template=TEMPLATE.replace(*added), digest=empty, transforms=view),
            answer=NO_CANONICAL,
        )
        yield Vector(
            name=f"p09-void-{name}-root",
            row=10,
            shows="a relative namespace name at the root was added, and the digest of nothing",
            file=swapped(
                signed(digest=empty, transforms=view, canonicalization=method),
                ("<edXML xmlns=", '<edXML xmlns:r="relative" xmlns='),
            ),
            answer=NO_CANONICAL,
        )
    yield Vector(
        name="p10-digest-of-nothing",
        row=10,
        shows="the digest of nothing for a document that has a canonical form",
        file=signed(digest=empty),
        answer=CHANGED,
    )
    yield Vector(
        name="p10-digest-empty",
        row=10,
        shows="an empty DigestValue",
        file=signed(digest=b""),
        answer=MISSHAPEN,
    )
    for name, digest in (("short", b"\0" * 31), ("long", b"\0" * 33), ("one", b"\0")):
        yield Vector(
            name=f"p10-digest-{name}",
            row=10,
            shows=f"a DigestValue of another length ({name})",
            file=signed(digest=digest),
            answer=CHANGED,
        )


def vectors() -> Iterator[Vector]:
    """Yield them."""
    for name, (row, shows, file) in _DOCTYPES.items():
        yield Vector(name=name, row=row, shows=shows, file=file, answer=MISSHAPEN)
    yield Vector(
        name="p15-xinclude-added",
        row=7,
        shows="an inclusion was added",
        file=lambda: _filled(
            '<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>'
        ),
        answer=CHANGED,
    )
    yield Vector(
        name="p15-xinclude-signed",
        row=7,
        shows="an inclusion was signed: it is an element like any other and includes nothing",
        file=signed(
            template=TEMPLATE.replace(
                "</edXML>",
                '<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/></edXML>',
            )
        ),
        answer=PASSED,
    )
    yield Vector(
        name="p15-schema-location",
        row=7,
        shows="a place where a schema could be fetched",
        file=signed(
            template=TEMPLATE.replace(
                _START,
                '<edXML xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
                'xsi:schemaLocation="urn:x http://127.0.0.1:9/x.xsd" xmlns',
                1,
            )
        ),
        answer=PASSED,
    )
    for name, (shows, file) in _FLOODS.items():
        yield Vector(name=name, row=8, shows=shows, file=file, answer=MISSHAPEN)
    for name, (shows, file, answer) in _STRETCHED.items():
        yield Vector(name=name, row=8, shows=shows, file=file, answer=answer)
    yield from _void()
