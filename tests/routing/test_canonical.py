"""Canonical JSON: byte for byte the reference implementation's on the allowed subset, nothing else accepted."""

from enum import IntEnum, StrEnum

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from routing.canonical import MAX_DEPTH, Json, canonical_json, read_canonical_json
from routing.errors_log import NotCanonical

SAFE = 2**53 - 1
_names = st.text(st.characters(max_codepoint=127), max_size=8)
_scalars = st.text(max_size=20) | st.booleans() | st.integers(-SAFE, SAFE)


def _nest(depth: int) -> st.SearchStrategy[Json]:
    if not depth:
        return _scalars
    inner = _nest(depth - 1)
    return _scalars | st.lists(inner, max_size=4) | st.dictionaries(_names, inner, max_size=4)


_values = _nest(3)
objects = st.dictionaries(_names, _values, max_size=6)


class Colour(StrEnum):
    """A text with a name."""

    RED = "đỏ"


class Number(IntEnum):
    """An integer with a name."""

    ONE = 1


@given(objects)
def test_equals_the_reference_implementation(value: dict[str, Json]) -> None:
    """Every allowed object has the bytes that the RFC 8785 package writes."""
    raw = canonical_json(value)
    assert raw == rfc8785.dumps(value)
    assert read_canonical_json(raw) == value


def test_every_character_is_written_as_the_reference_writes_it() -> None:
    """Escapes agree over all of Unicode, not only over what a property test happens to draw."""
    text = "".join(chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000)
    assert canonical_json({"a": text}) == rfc8785.dumps({"a": text})


def test_names_and_tuples_are_written_by_value() -> None:
    """An enum is its value and a tuple is a list."""
    assert canonical_json({"a": (Colour.RED, Number.ONE)}) == '{"a":["đỏ",1]}'.encode()


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"a": 1.0}, "float"),
        ({"a": None}, "NoneType"),
        ({"a": b""}, "bytes"),
        ({"a": 2**53}, "2^53"),
        ({"a": -(2**53)}, "2^53"),
        ({"a": "\ud800"}, "surrogate"),
        ({"é": 1}, "ASCII"),
        ({1: 1}, "ASCII"),
        ({"a": [{"b": [1.5]}]}, "float"),
    ],
)
def test_refuses_what_is_outside_the_subset(value: dict[str, Json], reason: str) -> None:
    """Floats, null, unsafe integers, broken text and odd member names cannot be written."""
    with pytest.raises(NotCanonical, match=reason.replace("^", r"\^")):
        canonical_json(value)


def test_depth_is_bounded() -> None:
    """Eight levels are written, nine are not."""
    value: Json = 1
    for _ in range(MAX_DEPTH - 1):
        value = [value]
    canonical_json({"a": value})
    with pytest.raises(NotCanonical, match="deeper than 8"):
        canonical_json({"a": [value]})


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"x",
        b"\xff",
        b'{"a":"\xed\xa0\x80"}',
        b'{"a":"\\ud800"}',
        b"[" * 60_000,
        b"NaN",
        b"1" * 5000,
        b"[]",
        b"1",
        b'{"a":1.0}',
        b'{"a":null}',
        b'{"a":1e2}',
        b'{"a":-0}',
        b'{"a": 1}',
        b'{"a":1}\n',
        b'\xef\xbb\xbf{"a":1}',
        b'{"b":1,"a":1}',
        b'{"a":1,"a":1}',
        b'{"a":1,"a":2}',
        b'{"a":"\\u0041"}',
        b'{"a":"\\/"}',
    ],
)
def test_refuses_to_read_any_other_spelling(raw: bytes) -> None:
    """Bytes that writing would not give are refused, repeated member names among them."""
    with pytest.raises(NotCanonical):
        read_canonical_json(raw)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    """No bytes lead to another exception."""
    try:
        value = read_canonical_json(raw)
    except NotCanonical:
        return
    assert canonical_json(value) == raw
