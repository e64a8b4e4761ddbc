"""Row 27: hostile attachments inside a good signature. What they do is for others to find; the signature is good."""

from __future__ import annotations

import base64
import io
import stat
import zipfile
from collections.abc import Callable, Iterator
from typing import Final

from schemas.document import Attachment
from tests.support.documents import PDF, edxml
from tests.support.signing import MARK, forge
from tests.vectors.attacks.vector import CHANGED, PASSED, Answer, Vector, later

ZIP: Final = "application/zip"


def with_mark(file: bytes) -> str:
    """Return a document with a place for a signature at the end of its header."""
    text = file.decode()
    assert "</edXML:edXMLHeader>" in text
    return text.replace("</edXML:edXMLHeader>", f"{MARK}</edXML:edXMLHeader>", 1)


def document(
    content: bytes = PDF, *, name: str = "cong-van.pdf", content_type: str = "application/pdf"
) -> str:
    """Return a complete document with one attachment and a place for a signature."""
    attachment = Attachment.of(content, content_id="van-ban-1", name=name, content_type=content_type)
    return with_mark(edxml({"van-ban-1": content}, attachments=(attachment,)))


def _zip(*entries: tuple[str, bytes], mode: int = 0o644, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in entries:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            entry.compress_type = method
            archive.writestr(entry, content)
    return out.getvalue()


def _nested(depth: int) -> bytes:
    content = b"x"
    for _ in range(depth):
        content = _zip(("a.zip", content))
    return content


_ARCHIVES: Final[dict[str, Callable[[], bytes]]] = {
    "z-traversal": lambda: _zip(("../../etc/cron.d/a", b"x")),
    "z-traversal-windows": lambda: _zip(("..\\..\\a", b"x")),
    "z-absolute": lambda: _zip(("/etc/passwd", b"x")),
    "z-drive": lambda: _zip(("C:\\a", b"x")),
    "z-symlink": lambda: _zip(("a", b"/etc/passwd"), mode=stat.S_IFLNK | 0o777),
    "z-bomb": lambda: _zip(("a", bytes(50_000_000))),
    "z-nested": lambda: _nested(20),
    "z-entries": lambda: _zip(*((str(number), b"") for number in range(2_000))),
    "z-cut": lambda: _zip(("a", b"x" * 1000))[:-30],
    "z-not-a-zip": lambda: b"PK\x03\x04" + bytes(100),
    "z-empty": _zip,
}
_OTHERS: Final[dict[str, tuple[bytes, str, str]]] = {
    "z-type-mismatch": (b"MZ\x90\0" + bytes(60), "cong-van.pdf", "application/pdf"),
    "z-script": (b"<script>alert(1)</script>", "cong-van.html", "text/html"),
    "z-program": (b"MZ\x90\0" + bytes(60), "cong-van.exe", "application/octet-stream"),
    "z-name-traversal": (PDF, "../../cong-van.pdf", "application/pdf"),
    "z-name-rlo": (PDF, "cong-van\u202efdp.exe", "application/pdf"),
    "z-xml": (
        b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        "a.xml",
        "application/xml",
    ),
    "z-large": (PDF + bytes(300_000), "cong-van.pdf", "application/pdf"),
}
_TEXTS: Final[dict[str, tuple[str, str, Answer]]] = {
    "z-base64-junk": ("what stands for an attachment is no base64", "!!!! không phải base64", PASSED),
    "z-base64-unpadded": ("the padding is missing", "JVBERi0xLjc", PASSED),
    "z-base64-empty": ("the attachment is empty", "", PASSED),
    "z-base64-lines": ("the base64 is in lines", "JVBE\nRi0x\r\n\tLjcK", PASSED),
    "z-base64-element": ("an element in the base64", "JVBE<x/>Ri0x", PASSED),
}


def _texts() -> Iterator[Vector]:
    right = base64.b64encode(PDF).decode()
    for name, (shows, text, answer) in _TEXTS.items():
        yield Vector(
            name=name,
            row=27,
            shows=f"signed as it stands: {shows}",
            file=later(lambda text: forge(template=document().replace(right, text)), text),
            answer=answer,
        )
    yield Vector(
        name="z-large-changed",
        row=27,
        shows="one letter of a large attachment was changed",
        file=lambda: forge(template=document(PDF + bytes(300_000))).replace(b"AAAAAAAA", b"AAAAAAAB", 1),
        answer=CHANGED,
    )
    yield Vector(
        name="z-large-junk",
        row=27,
        shows="a large attachment that is no base64, signed as it stands",
        file=lambda: forge(template=document().replace(right, "không phải base64 " * 20_000)),
        answer=PASSED,
    )
    yield Vector(
        name="z-mark-guessed",
        row=27,
        shows="texts like the marks by which large attachments are left out while their document is read",
        file=lambda: forge(
            template=document(PDF + bytes(300_000)).replace("V/v chuyển", "vanthu-content-0 @0@ V/v chuyển")
        ),
        answer=PASSED,
    )


def vectors() -> Iterator[Vector]:
    """Yield them."""
    for name, make in _ARCHIVES.items():
        yield Vector(
            name=name,
            row=27,
            shows=f"a hostile archive in a well-signed document ({name[2:]})",
            file=later(
                lambda make: forge(template=document(make(), name="phu-luc.zip", content_type=ZIP)), make
            ),
            answer=PASSED,
        )
    for name, (content, file_name, content_type) in _OTHERS.items():
        yield Vector(
            name=name,
            row=27,
            shows=f"a hostile attachment in a well-signed document ({name[2:]})",
            file=later(
                lambda content, file_name, content_type: forge(
                    template=document(content, name=file_name, content_type=content_type)
                ),
                content,
                file_name,
                content_type,
            ),
            answer=PASSED,
        )
    yield from _texts()
