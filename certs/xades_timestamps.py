"""XAdES-T: the time stamps over a signature's value, among its unsigned properties (ETSI EN 319 132-1 §5.3).

Each SignatureTimeStamp holds tokens of RFC 3161 over the canonical ds:SignatureValue element, so a token that was copied from
another signature is over something else. Nobody signed these properties: whoever passes a document on can add, change and remove
them. So nothing here is ever a fault of the signature; what is not in the accepted form is kept as a token that is none.
"""

from typing import Final

from lxml import etree

from certs.algorithms import CANONICALIZATIONS, INCLUSIVE
from certs.c14n import as_root, canonicalize, inherits_xml_attributes, size_limit
from certs.errors import CanonicalizationFailedError, SignatureShapeError
from certs.evidence import Stamp
from certs.shape import DS, XADES
from certs.signed_info import base64_octets

MAX_STAMPS: Final = 8
"""So many tokens are looked at; the others count as if they were not there."""

_STAMPS: Final = "/".join(
    (
        f"{{{DS}}}Object",
        *(
            f"{{{XADES}}}{name}"
            for name in (
                *("QualifyingProperties", "UnsignedProperties", "UnsignedSignatureProperties"),
                "SignatureTimeStamp",
            )
        ),
    )
)
_TOKEN: Final = f"{{{XADES}}}EncapsulatedTimeStamp"
_METHOD: Final = f"{{{DS}}}CanonicalizationMethod"
_ENCODINGS: Final = {None, *(f"http://uri.etsi.org/01903/v1.2.2#{name}" for name in ("DER", "BER"))}


def find_stamps(signature: etree._Element) -> tuple[Stamp, ...]:
    """Return the time stamps of a signature of checked form, in the order of the document."""
    found: list[Stamp] = []
    for element in signature.iterfind(_STAMPS):
        if len(found) >= MAX_STAMPS:
            break
        method, *tokens = element if len(element) and element[0].tag == _METHOD else (None, *element)
        stamped = _stamped(signature[1], method)
        found += (Stamp(token=_token(token) if stamped else b"", stamped=stamped) for token in tokens)
    return tuple(found[:MAX_STAMPS])


def _stamped(value: etree._Element, method: etree._Element | None) -> bytes:
    """Return the canonical SignatureValue, or nothing if it has not the form that was asked for."""
    # Without a method, it is that of XML Signature's default (EN 319 132-1 §4.5).
    row = CANONICALIZATIONS.get(method.get("Algorithm", "") if method is not None else INCLUSIVE.uri)
    if row is None or (not row.exclusive and inherits_xml_attributes(value)):
        return b""
    copy = as_root(value)
    try:
        return canonicalize(copy, row, (), limit=size_limit(copy, size=0))
    except CanonicalizationFailedError:
        return b""


def _token(element: etree._Element) -> bytes:
    if element.tag != _TOKEN or len(element) or element.get("Encoding") not in _ENCODINGS:
        return b""
    try:
        return base64_octets(element)
    except SignatureShapeError:
        return b""
