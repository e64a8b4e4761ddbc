"""Long base64 stays in the file, and nobody who reads the message can tell."""

import hashlib
import os
from pathlib import Path

import pybase64
import pytest

from schemas.attachments import read_content
from schemas.document import Attachment, Document
from schemas.errors import BadBase64, LongTextNotBase64, NotXml, SchemaErrors, TooLarge
from schemas.parse import parse
from schemas.splice import BLOCK, Opened, open_file
from schemas.xml_parser import Limits
from tests.schemas.checks import with_text
from tests.support.documents import AT, edxml

BIG = os.urandom(5 * BLOCK)
NAMED = Attachment.of(BIG, content_id="to", name="to.bin", content_type="application/octet-stream")
CONTENT = "ContentTransferEncoded"


def _big() -> bytes:
    return edxml({"to": BIG}, attachments=(NAMED,))


def _lines(separator: str) -> bytes:
    text = pybase64.b64encode(BIG).decode()
    broken = separator.join(text[at : at + 76] for at in range(0, len(text), 76))
    return _big().replace(text.encode(), f"\n{broken}{separator}".encode())


def _read(opened: Opened) -> Document:
    message = parse(opened.tree, at=AT, contents=opened.contents).message
    assert isinstance(message, Document)
    return message


@pytest.mark.parametrize("in_file", [False, True])
@pytest.mark.parametrize("separator", ["", "\n", "\r\n", "&#13;\n", "\n\t"])
def test_a_long_text_stays_where_it_is(separator: str, in_file: bool, tmp_path: Path) -> None:
    """The tree is small, and the attachment is known as if it had been in it."""
    source: bytes | Path = _lines(separator) if separator else _big()
    if in_file:
        path = tmp_path / "to.edxml"
        path.write_bytes(source if isinstance(source, bytes) else b"")
        source = path
    opened = open_file(source)
    assert len(opened.contents) == 1
    assert opened.size < BLOCK + 10_000
    assert _read(opened).attachments == (NAMED,)
    assert b"".join(read_content(opened, "cid:to")) == BIG


def test_small_files_are_left_alone() -> None:
    """Below a block there is nothing to gain."""
    file = edxml()
    opened = open_file(file)
    assert opened.contents == {}
    assert opened.size == len(file)


def test_several_attachments_keep_their_order() -> None:
    """Each mark stands for its own text."""
    attached = {name: os.urandom(3 * BLOCK) for name in ("b", "a", "c")}
    described = tuple(
        Attachment.of(content, content_id=name, name=f"{name}.bin", content_type="application/octet-stream")
        for name, content in attached.items()
    )
    opened = open_file(edxml(attached, attachments=described))
    assert len(opened.contents) == len(described)
    assert _read(opened).attachments == described


@pytest.mark.parametrize("fault", [b"*", b"=", b"\xc3\xa9", b"&amp;", b"<!-- x -->", b"<![CDATA[QUJD]]>"])
@pytest.mark.parametrize("place", [BLOCK // 3, 4 * BLOCK])
def test_a_fault_is_found_by_the_usual_reader(fault: bytes, place: int) -> None:
    """A text with a fault is not spliced out, so the finding names its element."""
    file = _big()
    start = file.index(pybase64.b64encode(BIG))
    opened = open_file(file[: start + place] + fault + file[start + place :])
    assert opened.contents == {}
    if fault.startswith(b"<![CDATA["):
        assert _read(opened).attachments[0].size == len(BIG) + 3
        return
    with pytest.raises(SchemaErrors) as caught:
        _read(opened)
    assert [type(error) for error in caught.value.errors] == [BadBase64]
    assert str(caught.value.errors[0].xpath).endswith(f"/edXML:{CONTENT}")


def test_only_the_content_of_attachments_is_spliced() -> None:
    """A long text anywhere else is read, and judged, as what it is."""
    text = pybase64.b64encode(BIG).decode()
    assert open_file(with_text(edxml(), "Subject", text)).contents == {}


def test_a_comment_that_looks_like_an_element() -> None:
    """What looks like the element inside a comment is none; then nothing is spliced."""
    text = pybase64.b64encode(BIG)
    hidden = b"<!-- <ContentTransferEncoded>" + text + b"</ContentTransferEncoded> -->"
    file = _big()
    opened = open_file(file.replace(b"</edXML>", hidden + b"</edXML>"))
    assert opened.contents == {}
    assert _read(opened).attachments == (NAMED,)


def test_lines_are_those_of_the_file() -> None:
    """What comes after a long text is found at its line."""
    file = _lines("\n").replace(b"</AttachmentEncoded>", b"\n<Stray/></AttachmentEncoded>")
    opened = open_file(file)
    assert opened.contents
    (warning,) = parse(opened.tree, at=AT, contents=opened.contents).warnings
    assert warning.line == file[: file.index(b"<Stray/>")].count(b"\n") + 1


def test_a_file_that_ends_inside_a_text() -> None:
    """An upload that broke off is not XML."""
    with pytest.raises(NotXml):
        open_file(_big()[: 4 * BLOCK])


def test_limits() -> None:
    """The file has a limit, and what is not spliced out has a lower one."""
    file = _big()
    with pytest.raises(TooLarge):
        open_file(file, limits=Limits(max_file=len(file) - 1))
    assert open_file(file, limits=Limits(max_bytes=2 * BLOCK)).contents
    with pytest.raises(TooLarge):
        open_file(file.replace(b"Encoded xmlns", b"Encoded x='>' xmlns"), limits=Limits(max_bytes=2 * BLOCK))


def test_a_long_text_can_be_read_again() -> None:
    """As it stands in the file, and as octets."""
    (content,) = open_file(_lines("\r\n")).contents.values()
    assert b"".join(content.text()) in _lines("\r\n")
    assert b"\r" not in b"".join(content.canonical())
    assert content.measured.sha256 == hashlib.sha256(b"".join(content.decoded())).hexdigest()


def test_a_fault_in_what_is_too_long_for_a_tree_is_named_as_such() -> None:
    """Whoever sends a big file with one wrong letter is told of the letter, its attachment and its line, not of the size."""
    file = _lines("\n")
    start = file.index(b"ContentTransferEncoded xmlns")
    limits = Limits(max_bytes=2 * BLOCK)
    with pytest.raises(LongTextNotBase64) as caught:
        open_file(file[: start + 3 * BLOCK] + b"*" + file[start + 3 * BLOCK :], limits=limits)
    assert caught.value.facts == {"content_id": "to"}
    assert caught.value.line == file[:start].count(b"\n") + 1
