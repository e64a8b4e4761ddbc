"""What is said of an attachment: damage by text, types, names, and what refuses it."""

import os
import random

import pytest

from schemas.attachment_rules import judge
from schemas.errors import SchemaError
from schemas.file_type import detected_type
from schemas.measure import Measurement
from tests.schemas.files import office, packed
from tests.support.documents import PDF


def _judged(
    content: bytes, *, name: str = "a", content_type: str = "application/octet-stream"
) -> list[SchemaError]:
    """Judge an attachment."""
    measured = Measurement.of(content)
    return list(
        judge(
            measured, content_id="1", name=name, content_type=content_type, detected=detected_type(measured)
        )
    )


def _codes(content: bytes, *, name: str = "a", content_type: str = "application/octet-stream") -> list[str]:
    """Give the codes of all findings."""
    return [finding.code for finding in _judged(content, name=name, content_type=content_type)]


def _through_text(content: bytes) -> bytes:
    """Give what is left of octets that were read as UTF-8 and written back."""
    return content.decode("utf-8", "replace").encode()


BINARY_PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nstream\n"
PROSE = "Quyết định về việc ban hành quy chế làm việc. " * 200


@pytest.mark.parametrize(
    "content",
    [
        _through_text(BINARY_PDF + random.Random(1).randbytes(5_000)),
        _through_text(BINARY_PDF + b"endstream\nendobj\n"),
        _through_text(BINARY_PDF + b"x" * 100_000),
        _through_text(b"\xff\xd8\xff\xe0\0\x10JFIF\0" + random.Random(2).randbytes(3_000)),
        _through_text(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + random.Random(3).randbytes(200)),
        _through_text(PROSE.encode("cp1258", "ignore")),
        os.urandom(500) + b"\xef\xbf\xbd" * 40,
    ],
)  # fmt: skip
def test_damage_is_seen(content: bytes) -> None:
    """A binary file shows it by a few places, a text by many."""
    assert "schema.attachment_corrupted" in _codes(content)


@pytest.mark.parametrize(
    "content",
    [
        PDF,
        BINARY_PDF + random.Random(4).randbytes(60_000),
        BINARY_PDF + b"\xef\xbf\xbd" * 20 + random.Random(5).randbytes(60_000),
        (PROSE + "\ufffd" * 31).encode(),
        (PROSE * 3 + "\ufffd" * 100).encode(),
        "U+FFFD (\ufffd)".encode(),
        "\ufffd\ufffd\ufffd".encode(),
        PROSE.encode("cp1258", "ignore"),
    ],
)  # fmt: skip
def test_no_damage_is_invented(content: bytes) -> None:
    """Texts that speak of U+FFFD or lost a few characters, and binary files that hold it by chance."""
    assert _codes(content) == []


def test_damaged_archive_is_both() -> None:
    """A ZIP file that went through text can no longer be read."""
    codes = _codes(_through_text(packed({"a": random.Random(6).randbytes(2_000)})))
    assert codes == ["schema.archive_refused", "schema.attachment_corrupted"]


def test_everything_is_said_at_once() -> None:
    """Refusals come first, then the warnings; the name in the facts is the safe one."""
    findings = _judged(packed({"../a.exe": b"a"}), name="x/b\u202e.pdf", content_type="application/pdf")
    assert [(finding.code, finding.facts.get("reason")) for finding in findings] == [
        ("schema.archive_refused", "unsafe_name"),
        ("schema.archive_refused", "executable"),
        ("schema.attachment_type_differs", None),
        ("schema.attachment_name_unsafe", None),
    ]
    assert findings[0].facts["name"] == "b.pdf"
    assert "bị từ chối: có tên tệp nguy hiểm" in findings[0].vi.format(**findings[0].facts)


def test_program() -> None:
    """A program is one finding, whatever it is declared as."""
    (finding,) = _judged(b"#!/bin/sh\n", name="a.sh")
    assert finding.code == "schema.attachment_executable"
    assert finding.facts == {"content_id": "1", "name": "a.sh", "detected": "application/x-sh"}


def test_wrapped_files_are_ordinary() -> None:
    """What the SDK makes of any file draws no remark."""
    assert _codes(packed({"u.xlsx": office("xl")}), name="báo cáo.xlsx", content_type="application/zip") == []
    assert _codes(packed({"u.rar": b"Rar!"}), name="hồ sơ.rar", content_type="application/zip") == []
    assert _codes(packed({"a.rar": b"Rar!"}), name="a.zip", content_type="application/zip") == [
        "schema.archive_refused"
    ]
    assert _codes(office("xl"), name="báo cáo.xlsx", content_type="application/xslx") == []


def test_unknown_content_of_a_known_type() -> None:
    """The warning says that the content is of no known type."""
    (finding,) = _judged(b"\0\1\2", content_type="application/pdf")
    assert finding.code == "schema.attachment_type_differs"
    assert (
        str(finding)
        == "The attachment “1” is declared as application/pdf, but its content is of an unknown type."
    )


def test_nothing_is_said_of_no_content() -> None:
    """An empty or unreadable content is a fault of its own, found where it is decoded."""
    assert _codes(b"", content_type="application/pdf") == []
