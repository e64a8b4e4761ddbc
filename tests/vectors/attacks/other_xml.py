"""`--type xmldsig`: one signature over the whole of any XML document, wherever inside it that stands, and what is none."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from typing import Any, Final

from lxml import etree

from certs.issue import KeyType
from tests.support import pki
from tests.support.signing import (
    DS,
    ENVELOPED,
    EXCLUSIVE,
    INCLUSIVE,
    INCLUSIVE_11,
    MARK,
    MORE,
    MORE_2007,
    SHA256,
    TEMPLATE,
    Recipe,
    forge,
    read,
    sign,
    x509_certificates,
)
from tests.vectors.attacks.vector import (
    ALGORITHM,
    CHANGED,
    MISPLACED,
    MISSHAPEN,
    NO_CERTIFICATE,
    NOT_COVERED,
    PASSED,
    SEVERAL,
    SHAPE,
    TRANSFORM,
    UNSIGNED,
    WRONG_VALUE,
    Answer,
    Vector,
    later,
    swapped,
)

_INVOICE: Final = (
    '<invoice xmlns="urn:invoice" xmlns:a="urn:a" number="1"><a:seller>Công ty &amp; con</a:seller>'
    f"<lines><line>1</line></lines>{MARK}</invoice>"
)
_SAML: Final = (
    '<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"'
    ' ID="_1" Version="2.0"><saml:Issuer>cq</saml:Issuer>{}<saml:Assertion ID="_2"><saml:Subject>an</saml:Subject>'
    "</saml:Assertion></samlp:Response>"
)
_SHAPES: Final = {
    "invoice": _INVOICE,
    "first": _INVOICE.replace(MARK, "").replace("<a:seller>", f"{MARK}<a:seller>"),
    "deep": _INVOICE.replace(MARK, "").replace("<line>1</line>", f"<line>1{MARK}</line>"),
    "alone": f"<a>{MARK}</a>",
    "text-around": f"<a> trước {MARK} sau </a>",
    "no-namespace": f"<a><b/>{MARK}</a>",
    "saml-shape": _SAML.format(MARK),
    "declared": f'<?xml version="1.0" encoding="UTF-8"?>\n{_INVOICE}\n',
    "edxml": TEMPLATE,
    "soap": (
        f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header>{MARK}</s:Header>'
        "<s:Body><x/></s:Body></s:Envelope>"
    ),
}
_CANONICAL: Final = {"exc": EXCLUSIVE, "inc": INCLUSIVE, "inc11": INCLUSIVE_11}


def _signed(template: str = _INVOICE, **recipe: Any) -> Callable[[], bytes]:
    return lambda: forge(Recipe(**recipe), template)


def _view(canonical: str) -> dict[str, Any]:
    return {
        "canonicalization": canonical,
        "transforms": (f'Algorithm="{ENVELOPED}">', f'Algorithm="{canonical}">'),
        "view_is_exclusive": canonical == EXCLUSIVE,
    }


def _part_signed(*changes: tuple[str, str]) -> Callable[[], bytes]:
    """Sign the lines of an invoice, by their Id."""

    def make() -> bytes:
        template = _INVOICE.replace("<lines>", '<lines Id="_2">')
        lines = read(template.replace(MARK, "").encode()).find("{*}lines")
        assert lines is not None
        digest = hashlib.sha256(etree.tostring(lines, method="c14n", exclusive=True)).digest()
        text = forge(Recipe(uri=' URI="#_2"', digest=digest), template).decode()
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new, 1)
        return text.encode()

    return make


def _apart(content: str, uri: str, *, digested: bytes) -> bytes:
    """Return a signature as document element, over something in an Object or elsewhere."""
    digest = base64.b64encode(hashlib.sha256(digested).digest()).decode()
    info = (
        f'<SignedInfo xmlns="{DS}"><CanonicalizationMethod Algorithm="{EXCLUSIVE}"></CanonicalizationMethod>'
        f'<SignatureMethod Algorithm="{MORE}ecdsa-sha256"></SignatureMethod><Reference URI="{uri}">'
        f'<DigestMethod Algorithm="{SHA256}"></DigestMethod><DigestValue>{digest}</DigestValue></Reference></SignedInfo>'
    )
    certificate, key = pki.signer()
    octets = etree.tostring(etree.fromstring(info), method="c14n", exclusive=True)
    value = base64.b64encode(sign(key, octets, hash_=Recipe().hash)).decode()
    data = x509_certificates([certificate]).replace("ds:", "")
    return (
        f'<Signature xmlns="{DS}">{info}<SignatureValue>{value}</SignatureValue><KeyInfo><X509Data>{data}</X509Data>'
        f"</KeyInfo>{content}</Signature>"
    ).encode()


def _enveloping() -> bytes:
    inner = f'<Object xmlns="{DS}" Id="o"><a xmlns="">x</a></Object>'
    digested = etree.tostring(etree.fromstring(inner), method="c14n")
    return _apart(inner, "#o", digested=digested)


def _detached() -> bytes:
    return _apart("", "cong-van.xml", digested=b"<a/>")


def _moved(*changes: tuple[str, str]) -> Callable[[], bytes]:
    """Return a document that is signed by its Id, wrapped into another."""
    template = _INVOICE.replace(" number=", ' Id="_1" number=')
    return swapped(_signed(template, uri=' URI="#_1"'), *changes)


def _wrapped(wrap: Callable[[str, str], str]) -> Callable[[], bytes]:
    """Wrap a genuine document: `wrap` gets it without its signature, and the signature."""

    def make() -> bytes:
        text = _moved()().decode()
        start, end = text.index("<ds:Signature "), text.index("</ds:Signature>") + len("</ds:Signature>")
        return wrap(text[:start] + text[end:], text[start:end]).encode()

    return make


_EVIL: Final = '<invoice xmlns="urn:invoice" number="2">{}</invoice>'
_EVIL_SAME: Final = '<invoice xmlns="urn:invoice" Id="_1" number="2">{}</invoice>'
_BAD: Final[dict[str, tuple[int, str, Callable[[], bytes], Answer]]] = {
    "xsw-sibling": (
        1,
        "the original beside the signature in an evil document",
        _wrapped(lambda a, s: _EVIL.format(a + s)),
        NOT_COVERED,
    ),
    "xsw-after": (
        1,
        "the original after the signature in an evil document",
        _wrapped(lambda a, s: _EVIL.format(s + a)),
        NOT_COVERED,
    ),
    "xsw-deep": (
        1,
        "the original deep in an evil document",
        _wrapped(lambda a, s: _EVIL.format(f"<x><y>{a}</y></x>{s}")),
        NOT_COVERED,
    ),
    "xsw-object": (
        1,
        "the original in an Object",
        _wrapped(
            lambda a, s: _EVIL.format(
                s.replace("</ds:Signature>", f"<ds:Object>{a}</ds:Object></ds:Signature>")
            )
        ),
        SHAPE,
    ),
    "xsw-same-id": (
        2,
        "the evil document has the original's identifier",
        _wrapped(lambda a, s: _EVIL_SAME.format(a + s)),
        SHAPE,
    ),
    "xsw-same-id-alone": (
        1,
        "the evil document has the original's identifier",
        _wrapped(lambda _, s: _EVIL_SAME.format(s)),
        CHANGED,
    ),
    "xsw-around": (
        1,
        "an evil document around the signed one",
        lambda: _EVIL.format(_moved()().decode()).encode(),
        NOT_COVERED,
    ),
    "xsw-around-all": (
        1,
        "an evil document around one that is signed as a whole",
        lambda: _EVIL.format(_signed()().decode()).encode(),
        CHANGED,
    ),
    "part": (3, "only a part is signed", _part_signed(), NOT_COVERED),
    "part-changed": (
        3,
        "only a part is signed, and the rest was changed",
        _part_signed(('number="1"', 'number="2"')),
        NOT_COVERED,
    ),
    "part-doubled": (
        3,
        "the signed part is there twice",
        _part_signed(("<lines ", '<lines Id="_2"/><lines ')),
        SHAPE,
    ),
    "changed-text": (3, "a text was changed", swapped(_signed(), ("Công ty", "Ông ty")), CHANGED),
    "changed-attribute": (
        3,
        "an attribute was changed",
        swapped(_signed(), ('number="1"', 'number="2"')),
        CHANGED,
    ),
    "changed-namespace": (3, "a namespace was changed", swapped(_signed(), ("urn:a", "urn:b")), CHANGED),
    "moved-signature": (
        3,
        "the signature was moved to another place, which changes nothing that is signed",
        _wrapped(lambda a, s: a.replace("<lines>", f"{s}<lines>")),
        PASSED,
    ),
    "two": (
        4,
        "two signatures",
        swapped(_signed(), ("</invoice>", f'<Signature xmlns="{DS}"/></invoice>')),
        SEVERAL,
    ),
    "other-signature": (
        4,
        "a Signature in another namespace",
        swapped(_signed(), ("<lines>", '<x:Signature xmlns:x="urn:x"/><lines>')),
        SEVERAL,
    ),
    "foreign": (
        4,
        "only a Signature in another namespace",
        lambda: b'<a><x:Signature xmlns:x="urn:x"/></a>',
        SHAPE,
    ),
    "enveloping": (4, "the signature is around what it signs", _enveloping, MISPLACED),
    "detached": (4, "the signature is over another file", _detached, MISPLACED),
    "comment-in-digest": (
        5,
        "a comment in DigestValue",
        _signed(after_signing=lambda text: text.replace("<ds:DigestValue>", "<ds:DigestValue><!--x-->")),
        SHAPE,
    ),
    "pi": (6, "a processing instruction", lambda: b"<?x y?>" + _signed()(), MISSHAPEN),
    "doctype": (7, "a DOCTYPE", lambda: b"<!DOCTYPE invoice>" + _signed()(), MISSHAPEN),
    "entity": (
        7,
        "an entity that is a file of the machine",
        lambda: (
            b'<!DOCTYPE invoice [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
            + _signed()().replace("Công ty".encode(), b"&f;")
        ),
        MISSHAPEN,
    ),
    "xpath": (
        12,
        "an XPath",
        _signed(
            transforms=(
                f'Algorithm="{ENVELOPED}">',
                'Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><ds:XPath>true()</ds:XPath>',
            )
        ),
        TRANSFORM,
    ),
    "external": (13, "a Reference to another file", _signed(uri=' URI="a.xml"'), NOT_COVERED),
    "no-uri": (13, "a Reference to nothing", _signed(uri=""), NOT_COVERED),
    "hmac": (15, "an HMAC", _signed(method=MORE + "hmac-sha256"), ALGORITHM),
    "no-key": (16, "no certificate", _signed(key_info=""), NO_CERTIFICATE),
    "sha1": (17, "SHA-1", _signed(method=DS + "rsa-sha1"), ALGORITHM),
    "value": (18, "a wrong value", _signed(raw_value=lambda value: value[::-1]), WRONG_VALUE),
    "unsigned": (0, "no signature", lambda: b"<a/>", UNSIGNED),
    "not-xml": (11, "no XML", lambda: b"a", MISSHAPEN),
}


def vectors() -> Iterator[Vector]:
    """Yield them."""
    for name, template in _SHAPES.items():
        for word, canonical in _CANONICAL.items():
            for default in (False, True):
                yield Vector(
                    name=f"i-{name}-{word}-{'default' if default else 'ds'}",
                    row=0,
                    shows=f"a signature in any XML ({name}), {word}",
                    file=_signed(template, default_namespace=default, **_view(canonical)),
                    answer=PASSED,
                    kind="xmldsig",
                )
    for word, uri, pss in (
        ("rsa", MORE + "rsa-sha256", False),
        ("pss", MORE_2007 + "sha256-rsa-MGF1", True),
    ):
        yield Vector(
            name=f"i-method-{word}",
            row=0,
            shows=f"signed with {uri}",
            file=later(
                lambda uri, pss: forge(
                    Recipe(identity=pki.signer(KeyType.RSA_2048), method=uri, pss=pss), _INVOICE
                ),
                uri,
                pss,
            ),
            answer=PASSED,
            kind="xmldsig",
        )
    yield Vector(
        name="i-by-id",
        row=0,
        shows="the Reference is to the document element by its Id",
        file=_moved(),
        answer=PASSED,
        kind="xmldsig",
    )
    for name, (row, shows, file, answer) in _BAD.items():
        yield Vector(name=f"j-{name}", row=row, shows=shows, file=file, answer=answer, kind="xmldsig")
