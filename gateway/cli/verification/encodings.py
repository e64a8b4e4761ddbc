"""Certificates and lists as files hold them: PEM (RFC 7468), or DER, one after the other (X.690 §8.1)."""

from __future__ import annotations

import re
from typing import Final

import pybase64

_PEM: Final = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----([A-Za-z0-9+/=\s]*)-----END \1-----")
_CERTIFICATE: Final = b"CERTIFICATE"
_SEQUENCE: Final = 0x30
_SHORT: Final = 0x80
_TAG_AND_LENGTH: Final = 2
_LENGTH_OCTETS: Final = 4
_MOST: Final = 1000


def split_certificates(content: bytes) -> tuple[bytes, ...]:
    """Return the DER octets of each certificate in a file, in order; whether they are any is not looked at."""
    if b"-----BEGIN" not in content:
        return split_der(content)
    return tuple(
        _decoded(match[2]) for match in list(_PEM.finditer(content))[:_MOST] if match[1] == _CERTIFICATE
    )


def single_der(content: bytes) -> bytes:
    """Return the DER octets of a file that holds one value: as it is, in PEM with any label, or in Base64."""
    if content[:1] == bytes([_SEQUENCE]):
        return content
    match = _PEM.search(content)
    return _decoded(match[2] if match is not None else content)


def split_der(content: bytes) -> tuple[bytes, ...]:
    """Return the values that stand one after the other in a file; the last is what cannot be divided further."""
    found: list[bytes] = []
    start = 0
    while start < len(content) and len(found) < _MOST:
        end = _end(content, start)
        found.append(content[start:end])
        start = end
    return tuple(found)


def _decoded(text: bytes) -> bytes:
    try:
        return pybase64.b64decode(text.translate(None, b" \t\r\n\f\v"), validate=True)
    except ValueError:
        return b""


def _end(content: bytes, start: int) -> int:
    """Return where a value ends, or the end of everything if it does not begin as a certificate does."""
    head = content[start : start + _TAG_AND_LENGTH + _LENGTH_OCTETS]
    if len(head) < _TAG_AND_LENGTH or head[0] != _SEQUENCE:
        return len(content)
    count = head[1] - _SHORT
    if count < 0:
        return min(start + _TAG_AND_LENGTH + head[1], len(content))
    if not 1 <= count <= _LENGTH_OCTETS or len(head) < _TAG_AND_LENGTH + count:
        return len(content)
    return min(
        start + _TAG_AND_LENGTH + count + int.from_bytes(head[_TAG_AND_LENGTH : _TAG_AND_LENGTH + count]),
        len(content),
    )
