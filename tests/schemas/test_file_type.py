"""Types by content: what each kind of file is found to be, and that no octets are too strange."""

import os
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.document import Attachment
from schemas.file_type import PROGRAMS, detected_type
from schemas.measure import Measurement
from schemas.office_type import DOC, DOCX, JAR, MSG, MSI, OLE_FILE, PPT, PPTX, XLS, XLSX, ZIP
from tests.schemas.files import office, ole, opendocument, packed
from tests.support.documents import PDF

ODF = "application/vnd.oasis.opendocument."
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(20)
MACH_O = "application/x-mach-binary"
WINDOWS = "application/vnd.microsoft.portable-executable"
CMS_OID = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"


def _type(content: bytes) -> str | None:
    """Give the type of a file."""
    return detected_type(Measurement.of(content))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", None),
        (b"\0\1\2\3 nothing known", None),
        (PDF, "application/pdf"),
        (b"\xef\xbb\xbf" + PDF, "application/pdf"),
        (b"junk \xff\0" * 100 + PDF, "application/pdf"),
        (b"junk \xff\0" * 200 + PDF, None),
        (b"\n\n" + PDF, "application/pdf"),
        (b"{\\rtf1\\ansi C\xf4ng v\xe0n}", "application/rtf"),
        (b"%!PS-Adobe-3.0\n", "application/postscript"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(30), "image/jpeg"),
        (PNG, "image/png"),
        (b"GIF89a" + bytes(20), "image/gif"),
        (b"II*\0" + bytes(20), "image/tiff"),
        (b"BM\x36\0\0\0\0\0\0\0\x36\0\0\0", "image/bmp"),
        (b"BM\x36\0\0\0\x01\0\0\0\x36\0\0\0", None),
        (b"Rar!\x1a\x07\x01\0" + bytes(20), "application/x-rar-compressed"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(20), "application/x-7z-compressed"),
        (b"\x1f\x8b\x08\0" + bytes(20), "application/gzip"),
        (b"\x28\xb5\x2f\xfd" + bytes(20), "application/zstd"),
        (b"a.txt".ljust(257, b"\0") + b"ustar\0" + bytes(300), "application/x-tar"),
        (b"\x30\x82\x05\x00" + CMS_OID, "application/pkcs7-mime"),
        (b"\x30\x80" + CMS_OID, "application/pkcs7-mime"),
        (b"-----BEGIN PKCS7-----\nMIIB\n", "application/pkcs7-mime"),
        (b"\x30\x82\x05\x00\x30\x82", None),
    ],
)
def test_files(content: bytes, expected: str | None) -> None:
    """Documents, pictures, archives and signed files."""
    assert _type(content) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (packed({}), ZIP),
        (packed({"word/a.txt": b"a"}), ZIP),
        (packed({"[Content_Types].xml": b"a"}), ZIP),
        (packed({"[Content_Types].xml": b"a", "word/a": b"a", "xl/a": b"a"}), ZIP),
        (office("word"), DOCX),
        (office("xl"), XLSX),
        (office("ppt"), PPTX),
        (office("word", "docProps/thumbnail.jpeg"), DOCX),
        (packed({"word/document.xml": os.urandom(200_000), "[Content_Types].xml": b"<x/>"}), DOCX),
        (opendocument("text"), ODF + "text"),
        (opendocument("spreadsheet"), ODF + "spreadsheet"),
        (packed({"mimetype": b"text/html"}, method=zipfile.ZIP_STORED), ZIP),
        (packed({"META-INF/MANIFEST.MF": b"Main-Class: a"}), JAR),
        (office("word")[:-30], ZIP),
        (b"PK\x03\x04", ZIP),
    ],
)
def test_zip_files(content: bytes, expected: str) -> None:
    """Office files are told from archives by their parts, in any order and of any size."""
    assert _type(content) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (ole("WordDocument"), DOC),
        (ole("Workbook"), XLS),
        (ole("Book", sector=300), XLS),
        (ole("PowerPoint Document", shift=12), PPT),
        (ole("__properties_version1.0"), MSG),
        (ole(class_id="00020906"), DOC),
        (ole(class_id="64818d10"), PPT),
        (ole(), OLE_FILE),
        (ole("WordDocument", "Workbook"), OLE_FILE),
        (ole("EncryptedPackage"), OLE_FILE),
        (ole("WordDocument", class_id="000c1084"), MSI),
        (ole("\u4840\u3f7f\u4164"), MSI),
        (ole("\u4840\u3f7f\u4164", sector=4_000), MSI),
        (ole()[:512], OLE_FILE),
    ],
)
def test_ole_files(content: bytes, expected: str) -> None:
    """Office before 2007, Outlook and Windows Installer, wherever the directory is."""
    assert _type(content) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"MZ\x90\0" + bytes(100), WINDOWS),
        (b"MZ" + b"%PDF-1.7 obj ".rjust(100, b"\0"), WINDOWS),
        (b"\x7fELF\x02\x01\x01" + bytes(60), "application/x-elf"),
        (b"\xcf\xfa\xed\xfe" + bytes(40), MACH_O),
        (b"\xfe\xed\xfa\xce" + bytes(40), MACH_O),
        (b"\xca\xfe\xba\xbe\0\0\0\x34", "application/java-vm"),
        (b"\x4c\0\0\0\x01\x14\x02\0" + bytes(60), "application/x-ms-shortcut"),
        (b"#!/bin/sh\nrm -rf /\n", "application/x-sh"),
        (b"#! /usr/bin/env python3\nprint()\n", "application/x-sh"),
        (b"#!/bin/sh\n" + bytes(range(256)), "application/x-sh"),
        (ole(class_id="000c1084"), MSI),
        (packed({"META-INF/MANIFEST.MF": b""}), JAR),
    ],
)
def test_programs(content: bytes, expected: str) -> None:
    """What runs is known as such, whatever else it looks like."""
    assert _type(content) == expected
    assert expected in PROGRAMS


@pytest.mark.parametrize(
    "content", [b"MZ", "MZ là viết tắt của …\n".encode() * 10, b"#!AMR\n" + bytes(20), b"#! hello\n"]
)
def test_no_programs(content: bytes) -> None:
    """A text may begin with any letters."""
    assert _type(content) not in PROGRAMS


@given(st.binary(max_size=600))
def test_any_octets_have_a_type_or_none(content: bytes) -> None:
    """No octets raise anything."""
    found = _type(content)
    assert found is None or "/" in found


STARTS = [
    *(b"PK\x03\x04", b"PK\x05\x06", b"PK\x03\x04" + bytes(22) + b"\x08\0\0\0mimetype", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    *(b"\x89PNG\r\n\x1a\n", b"\0\0\0\x20ftyp", b"II*\0", b"\x1aE\xdf\xa3", b"RIFF", b"MZ", b"%PDF-", b"\xff\xfe", b"<svg"),
]  # fmt: skip


@given(st.sampled_from(STARTS), st.binary(max_size=600), st.integers(0, 3_000))
def test_any_octets_after_a_signature(start: bytes, rest: bytes, times: int) -> None:
    """Files that only begin like one of the kinds raise nothing, however long they are."""
    found = _type(start + rest + rest[:8] * times)
    assert found is None or "/" in found


def test_long_chains_are_not_followed() -> None:
    """Frames and chunks without end do not exhaust the reader."""
    assert _type(struct.pack("<II", 0x184D2A50, 0) * 9_000) is None
    assert _type(b"\x89PNG\r\n\x1a\n" + b"\0\0\0\0tEXt\0\0\0\0" * 6_000) == "image/png"


def test_description_tells_the_type() -> None:
    """What is attached is described with its type."""
    described = Attachment.of(office("xl"), content_id="a", name="a.xlsx", content_type="application/zip")
    assert described.detected_type == XLSX
