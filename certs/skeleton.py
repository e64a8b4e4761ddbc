"""The form of a signature apart from its values: what the signatures of one piece of software have in common.

What follows from the form alone is worked out once for each form and remembered (`certs.plain_form`). Invariants:

- a skeleton is all of the XML but for what stands at the marks, so two texts with one skeleton differ in nothing else;
- a value is the whole text between two tags: after any white space sixteen characters or more of Base64 and white space. Blank
  text is none, and an attribute cannot look like one, because no “<” stands in an attribute (XML 1.0 production 10);
- so no text that was left in a skeleton equals a value that is filled in.
"""

import re
from typing import Final

import pybase64

_VALUE: Final = re.compile(rb">([ \t\r\n]*+[A-Za-z0-9+/][A-Za-z0-9+/= \t\r\n]{15,}+)<")
_MARK: Final = b">\0<"
"""Stands for a value: XML has no NUL."""
_VALUE_OCTETS: Final = 12


def skeleton_of(xml: bytes) -> tuple[bytes, list[bytes]]:
    """Take the values out of well-formed XML; return what is left, and the values in their order."""
    pieces = _VALUE.split(xml)
    return _MARK.join(pieces[::2]), pieces[1::2]


def filled(skeleton: bytes) -> tuple[bytes, int]:
    """Return XML that has the skeleton, with the value `nth(n)` at the mark that is number n, and how many there are."""
    first, *others = skeleton.split(_MARK)
    xml = first + b"".join(b">" + nth(n) + b"<" + other for n, other in enumerate(others))
    return xml, len(others)


def nth(number: int) -> bytes:
    """Return a value in Base64 that is like no other."""
    octets: bytes = pybase64.b64encode(number.to_bytes(_VALUE_OCTETS))
    return octets
