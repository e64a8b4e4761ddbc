"""Attachments: the join with the manifest, strict base64, and what looks odd."""

import hashlib
import os

import pybase64
import pytest
from lxml import etree

from schemas.attachments import read_content
from schemas.document import Attachment, Document
from schemas.errors import (
    ArchiveRefused,
    AttachmentExecutable,
    AttachmentMissing,
    AttachmentNameUnsafe,
    AttachmentTypeDiffers,
    BadBase64,
    BadValue,
    CorruptedAttachment,
    DuplicateContentId,
    EmptyElement,
    MissingElement,
    UnlistedAttachment,
)
from schemas.names import qualified
from schemas.splice import open_file
from schemas.xml_parser import parse_tree
from tests.schemas.checks import read, refusal, refusals, warning, with_child, with_text, without
from tests.schemas.files import packed
from tests.support.documents import PDF, PDF_ATTACHMENT, edit, edxml, find

CONTENT = "ContentTransferEncoded"


def _attachments(file: bytes) -> tuple[Attachment, ...]:
    """Read the attachments of a document."""
    message = read(file).message
    assert isinstance(message, Document)
    return message.attachments


def _content(file: bytes, content_id: str) -> bytes:
    """Give the octets of one attachment of a file."""
    return b"".join(read_content(open_file(file), content_id))


def _with_content(content: bytes, content_type: str = "application/octet-stream") -> bytes:
    """Give a document with one attachment."""
    attachment = Attachment.of(content, content_id="a", name="tệp.bin", content_type=content_type)
    return edxml({"a": content}, attachments=(attachment,))


def test_size_and_hash_are_those_of_the_decoded_octets() -> None:
    """Size and SHA-256 are of the file itself, across pieces and for any remainder."""
    for size in (1, 2, 3, 786_431, 786_432, 786_433, 2_000_000):
        content = os.urandom(size)
        (attachment,) = _attachments(_with_content(content))
        assert attachment.size == size
        assert attachment.sha256 == hashlib.sha256(content).hexdigest()


def test_content_can_be_taken_out() -> None:
    """The octets come back unchanged, asked for with or without the prefix."""
    content = os.urandom(1_000_000)
    file = _with_content(content)
    assert _content(file, "a") == content
    assert _content(file, "cid:a") == content
    with pytest.raises(AttachmentMissing):
        _content(file, "b")


def test_no_attachments() -> None:
    """A document may come without manifest and without attachments."""
    bare = edxml({}, attachments=())
    assert _attachments(bare) == ()
    assert _attachments(without(bare, "edXMLManifest")) == ()
    assert _attachments(without(bare, "edXMLBody")) == ()
    with pytest.raises(AttachmentMissing):
        _content(bare, "a")


@pytest.mark.parametrize(
    ("listed", "encoded"), [("cid:x", "x"), ("x", "cid:x"), ("x", "x"), (" cid:x\n", "cid:x")]
)
def test_prefix_is_optional_on_either_side(listed: str, encoded: str) -> None:
    """The join compares what follows “cid:”."""
    file = with_text(with_text(edxml(), "Reference/ContentId", listed), "Attachment/ContentId", encoded)
    assert [attachment.content_id for attachment in _attachments(file)] == ["x"]


def test_order_is_that_of_the_manifest() -> None:
    """Attachments are given in the order of the manifest, whatever their order in the file."""
    contents = {"a": b"one", "b": b"two"}
    described = tuple(
        Attachment.of(c, content_id=i, name=i, content_type="text/plain") for i, c in contents.items()
    )

    def swap(root: etree._Element) -> None:
        encoded = find(root, "AttachmentEncoded")
        encoded.append(encoded[0])

    assert _attachments(edit(edxml(contents, attachments=described), swap)) == described


def test_reference_by_link() -> None:
    """Some software writes the id of the manifest's entry as xlink:href."""

    def link(root: etree._Element) -> None:
        reference = find(root, "Reference")
        reference.remove(find(reference, "Reference/ContentId"))
        reference.set("{http://www.w3.org/1999/xlink}href", "cid:van-ban-1")

    assert _attachments(edit(edxml(), link)) == (PDF_ATTACHMENT,)


def test_listed_but_not_there() -> None:
    """An entry of the manifest without its attachment refuses the document."""
    finding = refusal(without(edxml(), "AttachmentEncoded"))
    assert isinstance(finding, AttachmentMissing)
    assert finding.facts == {"content_id": "van-ban-1"}
    assert finding.xpath is not None
    assert finding.xpath.endswith("/edXML:Reference")


def test_there_but_not_listed() -> None:
    """An attachment that the manifest does not name is taken with a warning."""
    file = without(edxml(), "Reference")
    assert isinstance(warning(file), UnlistedAttachment)
    assert _attachments(file) == (PDF_ATTACHMENT,)


@pytest.mark.parametrize("path", ["edXMLManifest", "AttachmentEncoded"])
def test_one_id_for_two(path: str) -> None:
    """The same ContentId twice, on either side, is refused."""

    def repeat(root: etree._Element) -> None:
        parent = find(root, path)
        parent.append(parse_tree(etree.tostring(parent[0])).getroot())

    finding = refusal(edit(edxml(), repeat))
    assert isinstance(finding, DuplicateContentId)


def test_missing_parts() -> None:
    """Id, name and content have to be somewhere; the type may be unknown."""
    assert isinstance(refusal(without(edxml(), f"Attachment/{CONTENT}")), MissingElement)
    findings = refusals(without(edxml(), "Attachment/ContentId"))
    assert [type(finding) for finding in findings] == [MissingElement, AttachmentMissing]
    nameless = without(edxml(), "Attachment/AttachmentName")
    assert _attachments(nameless) == (PDF_ATTACHMENT,)
    assert isinstance(refusal(without(nameless, "Reference/AttachmentName")), MissingElement)
    typeless = without(without(edxml(), "Attachment/ContentType"), "Reference/ContentType")
    assert _attachments(typeless)[0].content_type == "application/octet-stream"


def test_the_attachment_speaks_before_the_manifest() -> None:
    """Where both give a type, that of the attachment describes what was encoded."""
    file = with_text(edxml(), "Reference/ContentType", "application/zip")
    assert _attachments(file)[0].content_type == "application/pdf"
    described = with_child(edxml(), "Reference", "Description", "Công văn")
    assert _attachments(described)[0].description == "Công văn"


@pytest.mark.parametrize(
    "text",
    [
        "QQ",
        "QQ=",
        "Q",
        "QQ==QQ==",
        "=QQQ",
        "QUJD====",
        "QUJ*",
        "QUJ_",
        "QUJ-",
        "QUJDé",
        "QUJ\u00a0D",
        "QUJ\u200bD",
        "${file}",
        "QQ==" + "QUJD" * 262_144,
        "QUJD" * 262_143 + "QQ==" + "QUJD",
    ],
    ids=lambda text: text[:12] + str(len(text)),
)
def test_bad_base64(text: str) -> None:
    """Anything but standard base64 with its padding at the very end is refused."""
    file = with_text(edxml(), CONTENT, text)
    finding = refusal(file)
    assert isinstance(finding, BadBase64)
    assert finding.xpath is not None
    assert finding.xpath.endswith(f"/edXML:{CONTENT}")
    with pytest.raises(BadBase64):
        _content(file, "van-ban-1")


def test_white_space_in_base64() -> None:
    """Lines and indentation do not matter."""
    text = pybase64.b64encode(PDF).decode()
    wrapped = "\n\t " + "\r\n".join(text[at : at + 20] for at in range(0, len(text), 20)) + " \n"
    assert _attachments(with_text(edxml(), CONTENT, wrapped)) == (PDF_ATTACHMENT,)


@pytest.mark.parametrize("text", ["", " \n "])
def test_empty_content(text: str) -> None:
    """An attachment of nothing is a mistake."""
    assert isinstance(refusal(with_text(edxml(), CONTENT, text)), EmptyElement)


def test_comment_in_content() -> None:
    """Content in parts could be read in two ways."""

    def comment(root: etree._Element) -> None:
        find(root, CONTENT).append(etree.Comment("x"))

    file = edit(edxml(), comment)
    assert isinstance(refusal(file), BadBase64)
    with pytest.raises(BadBase64):
        _content(file, "van-ban-1")


def test_overlong_id() -> None:
    """A ContentId is a key and not cut."""
    file = with_text(with_text(edxml(), "Reference/ContentId", "x" * 201), "Attachment/ContentId", "x" * 201)
    assert [type(finding) for finding in refusals(file)] == [BadValue, BadValue]


def test_damage_by_text_is_recognised() -> None:
    """A binary file that went through a text decoder shows it."""
    binary = b"%PDF-1.7\n" + os.urandom(4_000)
    assert read(_with_content(binary, "application/pdf")).warnings == ()
    damaged = binary.decode("utf-8", "replace").encode()
    finding = warning(_with_content(damaged, "application/pdf"))
    assert isinstance(finding, CorruptedAttachment)


@pytest.mark.parametrize(
    ("content", "content_type", "differs"),
    [
        (PDF, "application/pdf", False),
        (b"\n\n" + PDF, "APPLICATION/PDF", False),
        (packed({"a.txt": b"a"}), "application/pdf", True),
        (packed({"a.txt": b"a"}), "application/zip", False),
        (PDF, "application/zip", True),
        (packed({"a.txt": b"a"}), "text/plain", True),
    ],
)
def test_type_and_content(content: bytes, content_type: str, differs: bool) -> None:
    """The declared type is compared with the content, and the warning names both."""
    file = _with_content(content, content_type)
    warnings = read(file).warnings
    assert [type(finding) for finding in warnings] == [AttachmentTypeDiffers] * differs
    for finding in warnings:
        assert finding.facts["content_type"] == content_type
        assert finding.facts["detected_en"] == _attachments(file)[0].detected_type


def test_program_is_refused_and_named() -> None:
    """A program refuses the document; the finding says which attachment it is and where."""
    finding = refusal(_with_content(b"MZ" + bytes(range(256)) * 4))
    assert isinstance(finding, AttachmentExecutable)
    assert finding.facts["content_id"] == "a"
    assert finding.facts["name"] == "tệp.bin"
    assert finding.line is not None
    assert finding.xpath is not None
    assert finding.xpath.endswith(f"/edXML:{CONTENT}")


def test_dangerous_archive_is_refused_and_named() -> None:
    """An archive refuses the document once for each of its faults."""
    findings = refusals(_with_content(packed({"../a": b"a", "b.zip": b"b"})))
    assert [type(finding) for finding in findings] == [ArchiveRefused, ArchiveRefused]
    assert {finding.facts["reason"] for finding in findings} == {"unsafe_name", "nested"}
    assert {finding.facts["content_id"] for finding in findings} == {"a"}


def test_unsafe_name_is_a_warning() -> None:
    """A name that cannot be given to a file is passed on, with what a receiver would make of it."""
    file = with_text(edxml(), "Attachment/AttachmentName", "../công văn\u202e.pdf")
    finding = warning(file)
    assert isinstance(finding, AttachmentNameUnsafe)
    assert finding.facts["safe_name"] == "công văn.pdf"
    (attachment,) = _attachments(file)
    assert (attachment.name, attachment.safe_name) == ("../công văn\u202e.pdf", "công văn.pdf")


def test_attachment_elements_with_prefix() -> None:
    """AttachmentEncoded may be written with the prefix as well."""
    file = edxml()
    for name in ("AttachmentEncoded", "Attachment", "ContentId", "AttachmentName", "ContentType"):
        file = file.replace(f"<{name}>".encode(), f"<edXML:{name}>".encode())
        file = file.replace(f"</{name}>".encode(), f"</edXML:{name}>".encode())
    file = file.replace(
        b"<edXML xmlns=", b'<edXML xmlns:edXML="http://www.mic.gov.vn/TBT/QCVN_102_2016" xmlns='
    )
    assert qualified("AttachmentEncoded") in {element.tag for element in parse_tree(file).getroot()}
    assert _attachments(file) == (PDF_ATTACHMENT,)
