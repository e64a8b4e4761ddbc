"""Base64 in pieces says the same as base64 at once."""

import base64
import binascii

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from schemas.base64_text import Base64Decoder, NotBase64Error, canonical_text, whole_pieces, without_space
from schemas.xml_parser import parse_tree

SPACE = st.sampled_from([b" ", b"\t", b"\n", b"\r", b"\r\n", b"&#13;\n", b"&#xD;", b"&#xd;"])


@st.composite
def spaced(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """Give octets and base64 for them with white space strewn in."""
    octets = draw(st.binary(max_size=60))
    text = base64.b64encode(octets)
    places = sorted(draw(st.lists(st.integers(0, len(text)), max_size=6)), reverse=True)
    for place in places:
        text = text[:place] + draw(SPACE) + text[place:]
    return octets, text


@st.composite
def cut(draw: st.DrawFn, text: bytes) -> list[bytes]:
    """Give a text in pieces."""
    places = sorted(draw(st.lists(st.integers(0, len(text)), max_size=5)))
    return [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]


def _decode(pieces: list[bytes]) -> bytes:
    decoder = Base64Decoder()
    octets = b"".join(decoder.feed(piece) for piece in whole_pieces(pieces))
    decoder.finish()
    return octets


@given(st.data())
def test_any_cut_gives_the_octets(data: st.DataObject) -> None:
    """White space and the borders of pieces do not matter."""
    octets, text = data.draw(spaced())
    assert _decode(data.draw(cut(text))) == octets


def _strictly(text: bytes) -> bytes:
    """Decode as the standard library does, which lets padding stand after a whole group."""
    if len(text) % 4:
        raise binascii.Error("it ends within a group")
    return base64.b64decode(text, validate=True)


@given(st.data())
def test_any_cut_refuses_the_same(data: st.DataObject) -> None:
    """What a strict decoder refuses as a whole is refused in pieces, and the reverse."""
    text = data.draw(st.text("AQZaz09+/=-& \n\x00é", max_size=16)).encode()
    try:
        expected = _strictly(without_space(text))
    except binascii.Error:
        with pytest.raises(NotBase64Error):
            _decode(data.draw(cut(text)))
    else:
        assert _decode(data.draw(cut(text))) == expected


@pytest.mark.parametrize(
    "text",
    [b"A", b"AA", b"AAA", b"A===", b"====", b"=", b"AA==AA==", b"AA=A", b"AA==\n=", b"AAAA=", b"AAAA&#10;"],
)
def test_never_base64(text: bytes) -> None:
    """Neither whole nor letter by letter."""
    for pieces in ([text], [bytes([letter]) for letter in text]):
        with pytest.raises(NotBase64Error):
            _decode(pieces)


@given(st.data())
def test_canonical_text_is_what_libxml2_writes(data: st.DataObject) -> None:
    """Line ends and references come out as Canonical XML has them, however the text was cut."""
    _, text = data.draw(spaced())
    octets = b"".join(map(canonical_text, whole_pieces(data.draw(cut(text)))))
    root = parse_tree(b"<a>" + text + b"</a>").getroot()
    assert b"<a>" + octets + b"</a>" == etree.tostring(root, method="c14n")
