"""The ZIP rule of the SDK: what is wrapped, how, and that unwrapping gives the file back."""

import contextlib
import io
import struct
import zipfile
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.archive import archive_faults
from schemas.document import Attachment
from schemas.errors import ArchiveRefused
from schemas.measure import Measurement
from schemas.wrapping import (
    content_type_for,
    entry_name_for,
    is_wrapped,
    must_wrap,
    unwrap_into,
    wrap_into,
)

ENTRY = "3f2b8c1e-0000-4000-8000-000000000000.xlsx"
ATTACHMENT = Attachment.of(b"PK\x03\x04", content_id="1", name="báo cáo.xlsx", content_type="application/zip")


def _wrapped(content: bytes) -> bytes:
    """Give a wrapped file."""
    out = io.BytesIO()
    wrap_into(out, io.BytesIO(content), entry_name=ENTRY)
    return out.getvalue()


def _unwrapped(content: bytes, *, most: int = 200_000_000) -> bytes:
    """Give the file that was wrapped."""
    out = io.BytesIO()
    size = unwrap_into(out, io.BytesIO(content), ATTACHMENT, most=most)
    assert size == len(out.getvalue())
    return out.getvalue()


def _reason(content: bytes, *, most: int = 200_000_000) -> str | int:
    """Give the reason for which a file is not unwrapped."""
    with pytest.raises(ArchiveRefused) as caught:
        _unwrapped(content, most=most)
    assert caught.value.facts["content_id"] == "1"
    return caught.value.facts["reason"]


@pytest.mark.parametrize(
    ("name", "content_type", "wraps"),
    [
        ("a.pdf", "application/pdf", False),
        ("A.PDF", "application/pdf", False),
        ("công văn.doc", "application/doc", False),
        ("a.docx", "application/docx", False),
        ("a.zip", "application/zip", False),
        ("A.ZIP", "application/x-zip-compressed", False),
        ("a.xls", "application/zip", True),
        ("a.xlsx", "application/zip", True),
        ("a.docx.rar", "application/zip", True),
        ("zip", "application/zip", True),
        (".pdf", "application/zip", True),
        ("a.", "application/zip", True),
    ],
)
def test_rule_goes_by_extension(name: str, content_type: str, *, wraps: bool) -> None:
    """PDF, Word and ZIP go as they are, all else in a ZIP."""
    assert content_type_for(name) == content_type
    assert must_wrap(name) is wraps


@pytest.mark.parametrize(
    ("name", "entry"),
    [("a.xlsx", "u.xlsx"), ("a.XLSX", "u.xlsx"), ("a", "u"), ("a.b/c", "u"), ("a.b c", "u")],
)
def test_entry_name_is_the_callers(name: str, entry: str) -> None:
    """The entry is named by the caller's token; of the file's name only the extension is used."""
    assert entry_name_for(name, unique="u") == entry


@given(st.binary(max_size=3_000))
def test_unwrapping_undoes_wrapping(content: bytes) -> None:
    """Any content comes back, and wrapping it again gives the same octets."""
    wrapped = _wrapped(content)
    assert _unwrapped(wrapped) == content
    assert _wrapped(content) == wrapped
    assert archive_faults(Measurement.of(wrapped)) == ()


def test_one_entry_of_the_given_name() -> None:
    """Other software finds one entry without a data descriptor, so it can read it from the front."""
    with zipfile.ZipFile(io.BytesIO(_wrapped(b"abc" * 100))) as archive:
        (info,) = archive.infolist()
        assert archive.testzip() is None
    assert (info.filename, info.flag_bits, info.compress_type) == (ENTRY, 0, zipfile.ZIP_DEFLATED)


def test_what_would_look_like_a_bomb_is_stored() -> None:
    """A big file of zeros travels uncompressed, so that its receiver takes it."""
    content = bytes(11_000_000)
    wrapped = _wrapped(content)
    assert len(wrapped) > len(content)
    assert archive_faults(Measurement.of(wrapped)) == ()
    assert _unwrapped(wrapped) == content


def test_wrapping_starts_where_the_file_stands() -> None:
    """Octets before the current position are not read, the second time neither."""
    out, source = io.BytesIO(), io.BytesIO(b"skip" + bytes(11_000_000))
    source.seek(4)
    wrap_into(out, source, entry_name=ENTRY)
    assert _unwrapped(out.getvalue()) == bytes(11_000_000)


@pytest.mark.parametrize(
    ("changes", "wrapped"),
    [
        ({}, True),
        ({"content_type": " Application/ZIP"}, True),
        ({"name": "báo cáo"}, True),
        ({"name": "hồ sơ.zip"}, False),
        ({"name": "HỒ SƠ.ZIP"}, False),
        ({"content_type": "application/pdf"}, False),
        ({"detected_type": "application/pdf"}, False),
        ({"detected_type": None}, False),
    ],
)
def test_wrapped_is_a_zip_not_named_so(changes: dict[str, Any], *, wrapped: bool) -> None:
    """Declared as ZIP, being one, and not named .zip: all three."""
    assert is_wrapped(replace(ATTACHMENT, **changes)) is wrapped


def test_first_entry_is_the_file() -> None:
    """Of several entries the first in the file is given, as the SDK does."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("first", b"1")
        archive.writestr("second", b"2")
        archive.filelist.reverse()
    assert _unwrapped(packed.getvalue()) == b"1"


def _zip(name: str = "a", content: bytes = b"a", method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.writestr(name, content)
    return packed.getvalue()


def _flip(packed: bytes, *, offset: int, value: bytes) -> bytes:
    """Give a ZIP with some octets of its directory changed."""
    at = packed.index(b"PK\x01\x02") + offset
    return packed[:at] + value + packed[at + len(value) :]


def test_what_cannot_be_unwrapped() -> None:
    """Limits, encryption, strange methods and damage each give their reason."""
    empty = io.BytesIO()
    zipfile.ZipFile(empty, "w").close()
    content = _wrapped(b"content " * 100)
    assert _reason(b"") == "damaged"
    assert _reason(b"PK\x03\x04 and no more") == "damaged"
    assert _reason(empty.getvalue()) == "damaged"
    assert _reason(content[: len(content) // 2]) == "damaged"
    assert _reason(_zip("a/", b"")) == "damaged"
    assert _reason(content, most=799) == "too_big"
    assert _unwrapped(content, most=800) == b"content " * 100
    assert _reason(_zip(content=bytes(11_000_000))) == "ratio"
    assert _reason(_zip(method=zipfile.ZIP_LZMA)) == "method"
    assert _reason(_flip(content, offset=8, value=b"\x01")) == "encrypted"
    assert _reason(_flip(content, offset=16, value=b"\0\0\0\0")) == "damaged"


def test_a_false_size_is_found_out() -> None:
    """An entry longer or shorter than its directory says is refused, and never written beyond it."""
    content = _wrapped(b"content " * 100)
    for size in (10, 900):
        assert _reason(_flip(content, offset=24, value=struct.pack("<I", size))) == "damaged"


@given(st.binary(max_size=200), st.integers(0, 300), st.binary(max_size=8))
def test_damage_is_refused_or_harmless(content: bytes, at: int, damage: bytes) -> None:
    """Whatever is changed in a wrapped file, it is unwrapped or refused."""
    wrapped = _wrapped(content)
    at = min(at, len(wrapped))
    changed = wrapped[:at] + damage + wrapped[at + len(damage) :]
    with contextlib.suppress(ArchiveRefused):
        _unwrapped(changed)
