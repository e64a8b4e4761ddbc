"""Measuring: the same result however the octets come."""

import hashlib
import os

from hypothesis import given
from hypothesis import strategies as st

from schemas.measure import OLE_DIRECTORY, SAMPLE, TAIL, Measurement
from tests.schemas.files import ole

SIZES = st.integers(300, 70_000)


def _in_pieces(content: bytes, size: int) -> Measurement:
    """Measure content that comes in pieces."""
    measured = Measurement()
    for at in range(0, len(content), size):
        measured.update(content[at : at + size])
    return measured


def _known(measured: Measurement) -> tuple[int, str, bytes, bytes, bytes]:
    """Give all that was measured."""
    return measured.size, measured.sha256, measured.head, measured.tail, measured.directory


@given(st.sampled_from([b"", b"PK"]), st.integers(0, 400_000), SIZES)
def test_pieces_do_not_matter(start: bytes, size: int, piece: int) -> None:
    """Size, hash, head and tail are those of the whole."""
    content = start + bytes(size)
    assert _known(_in_pieces(content, piece)) == _known(Measurement.of(content))


def test_octet_by_octet() -> None:
    """A piece may be a single octet, or none at all."""
    for content in (ole("WordDocument"), b"PK" + bytes(3_000), b""):
        assert _known(_in_pieces(content, 1)) == _known(Measurement.of(content))
    measured = Measurement.of(b"")
    measured.update(b"PK")
    assert measured.tail == b"PK"


def test_head_and_tail_have_their_limits() -> None:
    """However big a file is, only its ends are kept; the tail of a ZIP alone."""
    content = b"PK" + os.urandom(2 * TAIL)
    measured = _in_pieces(content, 100_000)
    assert (measured.head, measured.tail) == (content[:SAMPLE], content[-TAIL:])
    assert measured.sha256 == hashlib.sha256(content).hexdigest()
    assert _in_pieces(b"x" + content, 100_000).tail == b""


@given(st.integers(0, 900), SIZES)
def test_ole_directory_is_found_anywhere(sector: int, piece: int) -> None:
    """The directory of an OLE file is kept wherever it stands, also where a piece ends within it."""
    content = ole("WordDocument", sector=sector)
    start = (sector + 1) * 512
    assert _in_pieces(content, piece).directory == content[start : start + OLE_DIRECTORY]


def test_ole_directory_out_of_reach() -> None:
    """A header that points past the end, or is cut off, gives no directory."""
    content = ole(sector=0)
    assert Measurement.of(content[:500]).directory == b""
    assert Measurement.of(content[:30] + b"\x1f\x00" + content[32:]).directory == b""
    assert Measurement.of(content[:48] + b"\xff\xff\xff\xff" + content[52:600]).directory == b""
