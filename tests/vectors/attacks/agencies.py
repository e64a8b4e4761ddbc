"""Rows 23 and 28: codes that only look like the sender's, several senders, and genuine parts used again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from tests.support import pki
from tests.support.signing import HEADER, MARK, TEMPLATE, Recipe, forge
from tests.vectors.attacks.vector import CHANGED, PASSED, SHAPE, UNBOUND, WRONG_VALUE, Answer, Vector, signed

_OURS: Final = pki.AGENCY_CODE
_ELEMENT: Final = f"<edXML:OrganId>{_OURS}</edXML:OrganId>"
_FROM: Final = f"<edXML:From>{_ELEMENT}</edXML:From>"
_CODES: Final = {
    "other-agency": "000.00.00.G02",
    "lower-case": "000.00.00.g01",
    "fullwidth": "\uff10\uff10\uff10.00.00.G01",
    "fullwidth-letter": "000.00.00.\uff2701",
    "fullwidth-dot": "000\uff0e00.00.G01",
    "arabic-digits": "٠٠٠.00.00.G01",
    "cyrillic": "000.00.00.G\u041e1",
    "greek": "ΟΟΟ.00.00.G01",
    "letter-o": "OOO.OO.OO.GO1",
    "letter-l": "000.00.00.G0l",
    "zero-width-space": "000.00.00.G01\u200b",
    "zero-width-joiner": "000.00\u200d.00.G01",
    "word-joiner": "\u2060000.00.00.G01",
    "bom-inside": "000.00.00\ufeff.G01",
    "rlo": "\u202e10G.00.00.000",
    "lrm": "000.00.00.G01\u200e",
    "soft-hyphen": "000.00\u00ad.00.G01",
    "nbsp-after": "000.00.00.G01\u00a0",
    "nbsp-before": "\u00a0000.00.00.G01",
    "ideographic-space": "000.00.00.G01\u3000",
    "line-separator": "000.00.00.G01\u2028",
    "combining": "000.00.00.G0\u03011",
    "variation": "000.00.00.G01\ufe0f",
    "tag": "000.00.00.G01\U000e0041",
    "mathematical": "000.00.00.\U0001d46601",
    "sub-unit": "000.00.00.G01.1",
    "sub-unit-before": "001.00.00.G01",
    "parent": "00.00.G01",
    "short": "G01",
    "prefix": "000.00.00.G0",
    "longer": "000.00.00.G011",
    "two-codes": "000.00.00.G01 000.00.00.G02",
    "comma": "000.00.00.G01,000.00.00.G02",
    "slash": "000.00.00.G01/",
    "quoted": "&quot;000.00.00.G01&quot;",
    "percent": "000%2E00.00.G01",
    "entity-text": "000.00.00.G&amp;#48;1",
    "dashes": "000-00-00-G01",
    "dots": "000..00.00.G01",
    "newline-inside": "000.00.\n00.G01",
    "space-before": " 000.00.00.G01",
    "newline-after": "000.00.00.G01\n",
    "tab-before": "\t000.00.00.G01",
    "carriage-return": "000.00.00.G01&#13;",
    "empty": "",
    "blank": " ",
    "element-inside": "000.00.00.<x>G01</x>",
    "element-empty": "000.00.00.G01<x/>",
    "nested": _ELEMENT,
}
_SENDERS: Final = {
    "two-from": _FROM * 2,
    "evil-from-first": f"{_FROM.replace('G01', 'H99')}{_FROM}",
    "evil-from-second": f"{_FROM}{_FROM.replace('G01', 'H99')}",
    "two-codes": f"<edXML:From>{_ELEMENT}{_ELEMENT.replace('G01', 'H99')}</edXML:From>",
    "evil-code-first": f"<edXML:From>{_ELEMENT.replace('G01', 'H99')}{_ELEMENT}</edXML:From>",
    "foreign-from": f'<x:From xmlns:x="urn:x">{_ELEMENT}</x:From>',
    "foreign-code": '<edXML:From><x:OrganId xmlns:x="urn:x">000.00.00.G01</x:OrganId></edXML:From>',
    "both-namespaces": f'{_FROM}<x:From xmlns:x="urn:x">{_ELEMENT.replace("G01", "H99")}</x:From>',
    "no-namespace": '<From xmlns=""><OrganId>000.00.00.G01</OrganId></From>',
    "code-deeper": f"<edXML:From><edXML:Unit>{_ELEMENT}</edXML:Unit></edXML:From>",
    "no-code": "<edXML:From/>",
    "no-from": "",
    "from-in-from": f"<edXML:From>{_ELEMENT}{_FROM}</edXML:From>",
    "lower-case-name": f"<edXML:from>{_ELEMENT}</edXML:from>",
}


def _document(sender: str) -> str:
    assert _FROM in TEMPLATE
    return TEMPLATE.replace(_FROM, sender)


def _named(*attributes: tuple[x509.ObjectIdentifier, str]) -> Callable[[], bytes]:
    """Sign with a certificate whose subject holds these."""

    def make() -> bytes:
        name = x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes])
        certificate = pki.certificate(pki.root(), name=name)
        return forge(Recipe(identity=(certificate, pki.key())))

    return make


_COMMON: Final = (NameOID.COMMON_NAME, "Bộ Công An")
_SUBJECTS: Final[dict[str, tuple[str, tuple[tuple[x509.ObjectIdentifier, str], ...], Answer]]] = {
    "good": ("the code", (_COMMON, (NameOID.SERIAL_NUMBER, _OURS)), PASSED),
    "good-first": ("the code before the name", ((NameOID.SERIAL_NUMBER, _OURS), _COMMON), PASSED),
    "none": ("no code", (_COMMON,), UNBOUND),
    "other": ("another code", (_COMMON, (NameOID.SERIAL_NUMBER, "000.00.00.G02")), UNBOUND),
    "lower": ("the code in small letters", (_COMMON, (NameOID.SERIAL_NUMBER, _OURS.lower())), UNBOUND),
    "space": ("the code and a space", (_COMMON, (NameOID.SERIAL_NUMBER, f"{_OURS} ")), UNBOUND),
    "twice": ("the code twice", (_COMMON, *((NameOID.SERIAL_NUMBER, _OURS),) * 2), UNBOUND),
    "two": (
        "two codes",
        (_COMMON, (NameOID.SERIAL_NUMBER, _OURS), (NameOID.SERIAL_NUMBER, "000.00.00.H99")),
        UNBOUND,
    ),
    "in-common-name": ("the code as name", ((NameOID.COMMON_NAME, _OURS),), UNBOUND),
    "in-organization": ("the code as organisation", (_COMMON, (NameOID.ORGANIZATION_NAME, _OURS)), UNBOUND),
    "in-user-id": ("the code as user", (_COMMON, (NameOID.USER_ID, _OURS)), UNBOUND),
    "escaped": (
        "a name that, written out, reads like the code",
        ((NameOID.COMMON_NAME, f"x,serialNumber={_OURS}"),),
        UNBOUND,
    ),
}


def _reused() -> Iterator[Vector]:
    def moved() -> bytes:
        text = forge().decode()
        start = text.index("<ds:Signature ")
        end = text.index("</ds:Signature>") + len("</ds:Signature>")
        return TEMPLATE.replace("V/v", "V/v hỏa tốc:").replace(MARK, text[start:end]).encode()

    def value_moved() -> bytes:
        text, other = forge().decode(), forge(template=TEMPLATE.replace("V/v", "Về việc")).decode()
        opened, closed = "<ds:SignatureValue>", "</ds:SignatureValue>"
        value = text[text.index(opened) : text.index(closed)]
        return other.replace(other[other.index(opened) : other.index(closed)], value).encode()

    yield Vector(
        name="e01-again",
        row=28,
        shows="the same file once more: the signature is good, and whether it came before is for the gateway to know",
        file=signed(),
        answer=PASSED,
        by_subject=True,
    )
    yield Vector(
        name="e02-signature-moved",
        row=28,
        shows="a genuine signature on another document",
        file=moved,
        answer=CHANGED,
    )
    yield Vector(
        name="e03-value-moved",
        row=28,
        shows="the genuine value of another signature",
        file=value_moved,
        answer=WRONG_VALUE,
    )


def vectors() -> Iterator[Vector]:
    """Yield them."""
    assert _FROM in HEADER
    for name, code in _CODES.items():
        yield Vector(
            name=f"b-code-{name}",
            row=23,
            shows=f"a code that is not the certificate's ({name})",
            file=signed(
                template=_document(f"<edXML:From><edXML:OrganId>{code}</edXML:OrganId></edXML:From>")
            ),
            answer=UNBOUND,
            by_subject=True,
        )
    for name, sender in _SENDERS.items():
        yield Vector(
            name=f"b-from-{name}",
            row=23,
            shows=f"not exactly one sender ({name})",
            file=signed(template=_document(sender)),
            answer=UNBOUND,
            by_subject=True,
        )
    for name, (shows, attributes, answer) in _SUBJECTS.items():
        yield Vector(
            name=f"b-subject-{name}",
            row=0 if answer is PASSED else 23,
            shows=f"the certificate's subject holds {shows}",
            file=_named(*attributes),
            answer=answer,
            by_subject=True,
        )
    second = f"<MessageHeader><From>{_ELEMENT}</From></MessageHeader>".replace("edXML:", "")
    yield Vector(
        name="b-from-second-header",
        row=23,
        shows="a second MessageHeader with a sender",
        file=signed(template=TEMPLATE.replace("</edXML>", f"{second}</edXML>")),
        answer=SHAPE,
        by_subject=True,
    )
    yield Vector(
        name="b-unasked",
        row=0,
        shows="another agency's code, and nobody asked for a binding",
        file=signed(template=TEMPLATE.replace("G01", "H99")),
        answer=PASSED,
    )
    yield from _reused()
