"""Writing attachments in pieces: the same octets as in one go, held against their description, at no cost of memory."""

import hashlib
import io
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.document import Attachment, Document
from schemas.serialize import document_xml, write_document
from schemas.write import describe
from tests.schemas.strategies import documents
from tests.support.documents import a_document

MIB = 1 << 20


class Stuttering(io.BytesIO):
    """A stream that gives a few octets at a time, as a socket does."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Give at most seven octets."""
        return super().read(min(7, size) if size is not None and size >= 0 else 7)


def _opener(content: bytes, kind: type[io.BytesIO] = io.BytesIO) -> Callable[[], BinaryIO]:
    return lambda: kind(content)


@settings(max_examples=50)
@given(documents(), st.sampled_from([io.BytesIO, Stuttering]))
def test_streams_and_octets_give_the_same_file(
    drawn: tuple[Document, dict[str, bytes]], kind: type[io.BytesIO]
) -> None:
    """Where the content comes from makes no difference to what is written."""
    document, contents = drawn
    out = io.BytesIO()
    write_document(document, {name: _opener(content, kind) for name, content in contents.items()}, out)
    assert out.getvalue() == document_xml(document, contents)


@pytest.mark.parametrize("more", [0, 1, 2, 3])
def test_content_of_more_than_one_piece(more: int) -> None:
    """Padding stands at the end only, wherever the pieces are cut."""
    content = bytes(range(256)) * 4096 + b"x" * more
    attached = describe(io.BytesIO(content), content_id="a", name="a.zip", content_type="application/zip")
    document = a_document(attachments=(attached,))
    assert document_xml(document, {"a": content}).count(b"=</") == (1 if len(content) % 3 else 0)
    out = io.BytesIO()
    write_document(document, {"a": _opener(content)}, out)
    assert out.getvalue() == document_xml(document, {"a": content})


@given(st.binary(max_size=100))
def test_describing_a_stream(content: bytes) -> None:
    """A stream is described as its octets are."""
    facts = {"content_id": "a", "name": "a.pdf", "content_type": "application/pdf"}
    assert describe(Stuttering(content), **facts) == Attachment.of(content, **facts)


@pytest.mark.parametrize("given_content", [b"other content", b"the conten", b"the content and more", b""])
def test_other_content_is_found_out(given_content: bytes) -> None:
    """Content that changed since it was described is not passed off as what it was."""
    described = Attachment.of(b"the content", content_id="a", name="a", content_type="text/plain")
    with pytest.raises(ValueError, match="not the content described"):
        write_document(a_document(attachments=(described,)), {"a": _opener(given_content)}, io.BytesIO())


def test_nothing_is_written_without_all_contents() -> None:
    """A missing content is noticed before the file begins."""
    out = io.BytesIO()
    with pytest.raises(KeyError):
        write_document(a_document(), {}, out)
    assert out.getvalue() == b""


def test_streams_are_closed_again() -> None:
    """What was opened is closed, also after a fault."""
    opened: list[BinaryIO] = []

    def opener() -> BinaryIO:
        opened.append(io.BytesIO(b"content"))
        return opened[-1]

    described = Attachment.of(b"content", content_id="a", name="a", content_type="text/plain")
    write_document(a_document(attachments=(described,)), {"a": opener}, io.BytesIO())
    with pytest.raises(ValueError, match="not the content"):
        write_document(a_document(attachments=(replace(described, size=3),)), {"a": opener}, io.BytesIO())
    assert [stream.closed for stream in opened] == [True, True]


def test_a_big_file_costs_no_memory(tmp_path: Path) -> None:
    """A file of 40 MiB is described and written with less than 6 MiB at any time."""
    size = 40 * MIB
    big = tmp_path / "big.zip"
    with big.open("wb") as file:
        file.truncate(size)
    tracemalloc.start()
    try:
        with big.open("rb") as file:
            attached = describe(file, content_id="a", name="big.zip", content_type="application/zip")
        with (tmp_path / "out").open("wb") as out:
            write_document(a_document(attachments=(attached,)), {"a": lambda: big.open("rb")}, out)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert attached.size == size
    assert attached.sha256 == hashlib.sha256(bytes(size)).hexdigest()
    assert (tmp_path / "out").stat().st_size > size * 4 // 3
    assert peak < 6 * MIB
