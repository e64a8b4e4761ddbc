"""The first octets of a file."""

import pytest

from schemas.errors import (
    BytesBeforeXml,
    DoctypeForbidden,
    NotUtf8,
    NotXml,
    ProcessingInstruction,
    SchemaError,
    TooComplex,
)
from schemas.prolog import PROLOG_BYTES, check_prolog


@pytest.mark.parametrize(
    "head",
    [
        b"<a/>",
        b"\xef\xbb\xbf<a/>",
        b'\xef\xbb\xbf<?xml version="1.0"?><a/>',
        b'<?xml version="1.0" encoding="UTF-8"?><a/>',
        b"<?xml version='1.0' encoding = 'utf-8' standalone='yes' ?>\r\n<a/>",
        b'<?xml version="1.0" encoding="utf8"?><a/>',
        b'<?xml version="1.0"?>\n<!-- <!DOCTYPE a> <?pi?> -->\n<!-- - -->\t<a/>',
        b" \n<a/>",
        b"<a><!DOCTYPE",
    ],
)
def test_plain_starts_pass(head: bytes) -> None:
    """A UTF-8 file may have a byte order mark, a declaration and comments before its element."""
    check_prolog(head)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"", NotXml),
        (b"  \n", NotXml),
        (b"<!-- never closed", NotXml),
        (b'<?xml version="1.0" <a/>', NotXml),
        pytest.param(b"<?xml " + b" " * 500 + b"?><a/>", NotXml, id="long declaration"),
        (b"\xff\xfe<\0a\0", NotUtf8),
        (b"\xfe\xff\0<\0a", NotUtf8),
        (b"\0<\0a", NotUtf8),
        (b'<?xml version="1.0" encoding="UTF-16"?><a/>', NotUtf8),
        (b'<?xml version="1.0" encoding="ISO-8859-1"?><a/>', NotUtf8),
        (b'<?xml version="1.0" encoding="UTF-7"?><a/>', NotUtf8),
        (b'<?xml version="1.0" encoding=""?><a/>', NotUtf8),
        (b'\n<?xml version="1.0"?><a/>', BytesBeforeXml),
        (b'x<?xml version="1.0"?><a/>', BytesBeforeXml),
        (b"\xef\xbb\xbf\xef\xbb\xbf<a/>", BytesBeforeXml),
        (b"%PDF-1.7", BytesBeforeXml),
        (b"PK\x03\x04", BytesBeforeXml),
        (b"<!DOCTYPE a><a/>", DoctypeForbidden),
        (b'<?xml version="1.0"?><!-- c -->\n<!DOCTYPE a SYSTEM "x"><a/>', DoctypeForbidden),
        (b"<?xml-stylesheet href='x'?><a/>", ProcessingInstruction),
        (b'<?xml version="1.0"?><?xml version="1.0"?><a/>', ProcessingInstruction),
        pytest.param(b"<!--" + b"x" * PROLOG_BYTES, TooComplex, id="endless comment"),
        pytest.param(b" " * PROLOG_BYTES, TooComplex, id="endless space"),
    ],
)
def test_other_starts_are_refused(head: bytes, kind: type[SchemaError]) -> None:
    """What could switch grammar or encoding, or is no XML, is named and refused."""
    with pytest.raises(kind):
        check_prolog(head)


def test_stray_bytes_are_shown() -> None:
    """The sender is shown what stands before the XML."""
    with pytest.raises(BytesBeforeXml) as caught:
        check_prolog(b'\r\n<?xml version="1.0"?><a/>')
    assert caught.value.facts["found"] == repr("\r\n")
    with pytest.raises(BytesBeforeXml) as caught:
        check_prolog(b'\xef\xbb\xbf\xef\xbb\xbfHTTP<?xml version="1.0"?><a/>')
    assert caught.value.facts["found"] == repr("\ufeffHTTP")


def test_lines_are_counted() -> None:
    """A fault in the prolog is reported with its line."""
    with pytest.raises(DoctypeForbidden) as caught:
        check_prolog(b'<?xml version="1.0"?>\n<!--\n-->\n<!DOCTYPE a><a/>')
    assert caught.value.line == 4
