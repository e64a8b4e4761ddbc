"""ASN.1 is read as X.690 has it, and everything else is an error: nothing is skipped, guessed or looked up outside a value."""

from __future__ import annotations

import pytest
from asn1crypto import core
from hypothesis import given
from hypothesis import strategies as st

from certs.der import (
    MAX_CHILDREN,
    MAX_INTEGER,
    MAX_STEPS,
    OCTET_STRING,
    SEQUENCE,
    DerError,
    Value,
    explicit,
    implicit,
)


def _of(tag: int, contents: bytes) -> bytes:
    """Return a value as DER encodes it."""
    size = len(contents)
    if size < 0x80:
        return bytes((tag, size)) + contents
    octets = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(octets))) + octets + contents


NULL = b"\x05\0"


@pytest.mark.parametrize("size", [0, 1, 0x7F, 0x80, 0xFF, 0x100, 0x1234, 0x10000])
def test_lengths(size: int) -> None:
    """Contents of any length are found, and the octets are those that were read."""
    octets = _of(OCTET_STRING, bytes(size))
    value = Value.read(octets)

    assert (value.tag, value.contents, value.octets) == (OCTET_STRING, bytes(size), octets)
    for wrong in (octets[:-1], octets + b"\0", b"\0" + octets):
        with pytest.raises(DerError):
            Value.read(wrong)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\x04",
        b"\x1f\x01\x01",
        b"\x04\x81\x7f" + bytes(0x7F),
        b"\x04\x82\x00\x80" + bytes(0x80),
        b"\x04\x85\x00\x00\x00\x00\x80" + bytes(0x80),
        b"\x04\x85\x01\x00\x00\x00\x00",
        b"\x04\x82\x80",
        b"\x04\xff" + bytes(0x80),
        b"\x04\x84\xff\xff\xff\xff",
    ],
)
def test_what_is_no_length(octets: bytes) -> None:
    """A length has the shortest form and at most four octets, tags have one octet, and nothing is cut off."""
    with pytest.raises(DerError):
        Value.read(octets)


def test_the_longest_length() -> None:
    """Four octets of a length are read; whether there is so much comes afterwards."""
    with pytest.raises(DerError, match="cut off"):
        Value.read(b"\x04\x84\x01\0\0\0" + bytes(10))
    with pytest.raises(DerError, match="not a length"):
        Value.read(b"\x04\x85\x01\0\0\0\0" + bytes(10))
    assert len(Value.read(b"\x04\x83\x01\0\0" + bytes(0x10000)).contents) == 0x10000


@pytest.mark.parametrize(
    "contents",
    [
        b"",
        NULL,
        NULL * 3,
        b"\x30\x80" + NULL + b"\0\0",
        b"\x30\x80\x30\x80\0\0\0\0" + NULL,
        _of(SEQUENCE, b"\x30\x80\0\0"),
    ],
)
def test_indefinite_length(contents: bytes) -> None:
    """A constructed value may end where its end is marked, values like it inside it included."""
    octets = b"\x30\x80" + contents + b"\0\0"
    value = Value.read(octets)

    assert (value.tag, value.contents, value.octets) == (SEQUENCE, contents, octets)
    assert b"".join(each.octets for each in value.children().all()) == contents
    for wrong in (octets[:-1], octets[:-2], octets + b"\0", octets + b"\0\0"):
        with pytest.raises(DerError):
            Value.read(wrong)


def test_indefinite_length_of_a_primitive_value() -> None:
    """Only what holds values can end with a mark; in any other it would be contents."""
    with pytest.raises(DerError, match="only a constructed"):
        Value.read(b"\x04\x80\0\0")
    with pytest.raises(DerError):
        Value.read(b"\x30\x80\x04\x80\0\0\0\0")


def test_steps_are_counted() -> None:
    """An end that is too far away is not looked for any longer."""
    assert Value.read(b"\x30\x80" + NULL * (MAX_STEPS - 1) + b"\0\0").tag == SEQUENCE
    with pytest.raises(DerError, match="too many"):
        Value.read(b"\x30\x80" + NULL * MAX_STEPS + b"\0\0")


def test_depth_costs_nothing() -> None:
    """Values inside values are passed over without one call inside another, however many there are."""
    for depth in (1000, 100_000):
        with pytest.raises(DerError):
            Value.read(b"\x30\x80" * depth)
    depth = MAX_STEPS // 2
    assert Value.read(b"\x30\x80" * depth + b"\0\0" * depth).tag == SEQUENCE


def test_children_are_counted() -> None:
    """So many values are read and no more."""
    assert len(Value.read(_of(SEQUENCE, NULL * MAX_CHILDREN)).children().all()) == MAX_CHILDREN
    with pytest.raises(DerError, match="too many"):
        Value.read(_of(SEQUENCE, NULL * (MAX_CHILDREN + 1))).children().all()


def test_only_what_is_constructed_has_children() -> None:
    """The contents of a string are no values, even if they look like some."""
    with pytest.raises(DerError, match="not constructed"):
        Value.read(_of(OCTET_STRING, NULL)).children()


def test_children_are_taken_in_order() -> None:
    """What is optional may be left out, what is missing or left over is an error."""
    children = Value.read(_of(SEQUENCE, NULL + _of(2, b"\1") + _of(1, b"\xff"))).children()

    assert children.maybe(2, 1) is None
    with pytest.raises(DerError, match="missing"):
        children.take(2)
    assert children.take(5).octets == NULL
    found = children.maybe(1, 2)
    assert found is not None
    assert found.integer() == 1
    with pytest.raises(DerError, match="left over"):
        children.end()
    assert [each.boolean() for each in children.all()] == [True]
    children.end()
    assert children.all() == ()
    assert children.maybe(1) is None
    with pytest.raises(DerError, match="missing"):
        children.take(1)


def test_expected_tags() -> None:
    """A value is taken for what its tag says only."""
    value = Value.read(_of(2, b"\1"))
    assert value.expect(2) is value
    for read in (
        value.boolean,
        value.identifier,
        value.string,
        lambda: value.expect(3),
        lambda: value.integer(3),
    ):
        with pytest.raises(DerError, match="instead of"):
            read()
    assert (implicit(0), implicit(3), explicit(0), explicit(3)) == (0x80, 0x83, 0xA0, 0xA3)


@given(st.integers(-(2 ** (8 * MAX_INTEGER - 1)), 2 ** (8 * MAX_INTEGER - 1) - 1))
def test_integers(number: int) -> None:
    """Every INTEGER up to a size is read as another reader reads it."""
    assert Value.read(core.Integer(number).dump()).integer() == number


@pytest.mark.parametrize(
    "contents", [b"", b"\0\0", b"\0\x7f", b"\xff\x80", b"\xff\xff", b"\1" + bytes(MAX_INTEGER)]
)
def test_what_is_no_integer(contents: bytes) -> None:
    """Nothing, more octets than needed and more than anybody needs are none."""
    with pytest.raises(DerError, match="not an INTEGER"):
        Value.read(_of(2, contents)).integer()


def test_integers_with_a_needed_octet() -> None:
    """A first octet that says the sign stays."""
    assert [Value.read(_of(2, each)).integer() for each in (b"\0\x80", b"\xff\x7f", b"\0", b"\xff")] == [
        128,
        -129,
        0,
        -1,
    ]


@pytest.mark.parametrize(
    ("contents", "expected"),
    [(b"\0", False), (b"\xff", True), (b"\1", None), (b"", None), (b"\xff\xff", None)],
)
def test_booleans(contents: bytes, *, expected: bool | None) -> None:
    """DER has two."""
    value = Value.read(_of(1, contents))
    if expected is None:
        with pytest.raises(DerError, match="not a BOOLEAN"):
            value.boolean()
    else:
        assert value.boolean() is expected


@given(
    st.tuples(st.integers(0, 2), st.integers(0, 39), st.lists(st.integers(0, 2**40), max_size=6)).map(
        lambda arcs: ".".join(map(str, (arcs[0], arcs[1], *arcs[2])))
    )
)
def test_identifiers(name: str) -> None:
    """Every OBJECT IDENTIFIER is read as another reader reads it."""
    assert Value.read(core.ObjectIdentifier(name).dump()).identifier() == name


@pytest.mark.parametrize(
    "contents",
    [b"", b"\x80", b"\x2a\x86", b"\x2a\x80\x01", b"\x80\x01", b"\x2a" + b"\1" * MAX_INTEGER],
)
def test_what_is_no_identifier(contents: bytes) -> None:
    """Arcs have no leading zeros and an end."""
    with pytest.raises(DerError, match="not an OBJECT IDENTIFIER"):
        Value.read(_of(6, contents)).identifier()


def test_identifiers_below_joint_iso_itu_t() -> None:
    """The second arc may be above 39 below 2."""
    assert Value.read(b"\x06\x03\x88\x37\x03").identifier() == "2.999.3"
    assert Value.read(_of(6, b"\x2a" + b"\1" * (MAX_INTEGER - 1))).identifier().startswith("1.2.1.1")
    assert Value.read(_of(6, b"\x2a\x81\x00")).identifier() == "1.2.128"


def test_strings_in_pieces() -> None:
    """BER may cut a string; its pieces are strings."""
    whole = Value.read(_of(OCTET_STRING, b"abc"))
    cut = Value.read(b"\x24\x80" + _of(OCTET_STRING, b"ab") + _of(OCTET_STRING, b"c") + b"\0\0")
    tagged = Value.read(_of(explicit(0), _of(OCTET_STRING, b"abc")))

    assert whole.string() == cut.string() == tagged.string(implicit(0)) == b"abc"
    for wrong in (_of(0x24, _of(2, b"\1")), _of(0x24, cut.octets), _of(SEQUENCE, b"")):
        with pytest.raises(DerError):
            Value.read(wrong).string()


@given(st.binary(max_size=40))
def test_any_octets(octets: bytes) -> None:
    """Whatever is read is a value or an error, and never looks beyond its octets."""
    try:
        value = Value.read(octets)
    except DerError:
        return
    assert value.octets == octets
    assert octets.endswith((value.contents, value.contents + b"\0\0"))
