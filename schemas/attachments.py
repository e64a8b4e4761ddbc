"""Attachments: joined with the manifest, checked, measured and hashed (QCVN 102:2016/BTTTT, RFC 4648 §4).

One attachment is decoded at a time, in pieces, and its octets are forgotten once they are hashed. Invariants:
every entry of the manifest has its attachment; base64 is read strictly, so one text has one meaning.
"""

from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

from lxml import etree

from schemas.attachment_rules import judge
from schemas.base64_text import Base64Decoder
from schemas.document import Attachment
from schemas.errors import (
    AttachmentMissing,
    BadBase64,
    DuplicateContentId,
    EmptyElement,
    UnlistedAttachment,
)
from schemas.file_type import detected_type
from schemas.location import line_of, xpath_of
from schemas.measure import Measurement
from schemas.names import XML_SPACE, qualified
from schemas.reading import Findings, Part
from schemas.splice import Content, Opened

Contents: TypeAlias = Mapping[str, Content]
"""What the marks in a spliced tree stand for."""

_REFERENCE: Final = ("ContentId", "ContentType", "AttachmentName", "Description")
_ATTACHMENT: Final = (*_REFERENCE, "FieldName", "MimeType", "ContentTransferEncoded")
_XLINK_HREF: Final = "{http://www.w3.org/1999/xlink}href"
_UNKNOWN_TYPE: Final = "application/octet-stream"  # RFC 2046 §4.5.1
_CONTENT: Final = "ContentTransferEncoded"

_PIECE: Final = 1 << 20


def read_attachments(root: Part, envelope: Part, contents: Contents) -> tuple[Attachment, ...]:
    """Read all attachments: those of the manifest in its order, then the unlisted ones."""
    listed = _read_manifest(envelope)
    encoded = _read_encoded(root)
    found = []
    for content_id, reference in listed.items():
        part = encoded.pop(content_id, None)
        if part is None:
            root.findings.add(AttachmentMissing, reference.element, content_id=content_id)
        else:
            found.append(_read_attachment(content_id, part, reference, contents))
    for content_id, part in encoded.items():
        root.findings.add(UnlistedAttachment, part.element, content_id=content_id)
        found.append(_read_attachment(content_id, part, None, contents))
    return tuple(found)


def read_content(opened: Opened, content_id: str) -> Iterator[bytes]:
    """Yield the decoded content of one attachment, named with or without “cid:”, in pieces.

    Raises: AttachmentMissing, BadBase64.
    """
    wanted = content_id.removeprefix("cid:")
    path = f"{qualified('AttachmentEncoded')}/{qualified('Attachment')}"
    for element in opened.tree.getroot().iterfind(path):
        named = element.findtext(qualified("ContentId")) or element.get(_XLINK_HREF) or ""
        content = element.find(qualified(_CONTENT))
        if named.strip(XML_SPACE).removeprefix("cid:") == wanted and content is not None:
            spliced = opened.contents.get(content.text or "")
            yield from spliced.decoded() if spliced else _decoded(content, wanted)
            return
    raise AttachmentMissing(content_id=wanted)


def _read_manifest(envelope: Part) -> dict[str, Part]:
    """Return the entries of the manifest by ContentId."""
    body = envelope.maybe("edXMLBody")
    manifest = None
    if body is not None:
        manifest = Part(body, ("edXMLManifest",), envelope.findings).maybe("edXMLManifest")
    if manifest is None:
        return {}
    elements = Part(manifest, ("Reference",), envelope.findings).each("Reference")
    return _by_content_id(elements, _REFERENCE, envelope.findings)


def _read_encoded(root: Part) -> dict[str, Part]:
    """Return the attachments by ContentId."""
    element = root.maybe("AttachmentEncoded")
    if element is None:
        return {}
    elements = Part(element, ("Attachment",), root.findings).each("Attachment")
    return _by_content_id(elements, _ATTACHMENT, root.findings)


def _by_content_id(
    elements: list[etree._Element], known: tuple[str, ...], findings: Findings
) -> dict[str, Part]:
    """Group elements by ContentId without “cid:”, which may stand on either side of the join."""
    parts: dict[str, Part] = {}
    for element in elements:
        part = Part(element, known, findings)
        linked = element.get(_XLINK_HREF, "").strip(XML_SPACE)
        content_id = linked if linked and not part.each("ContentId") else part.required("ContentId", most=200)
        content_id = content_id.removeprefix("cid:")
        if content_id in parts:
            findings.add(DuplicateContentId, element, content_id=content_id)
        elif content_id:
            parts[content_id] = part
    return parts


def _read_attachment(content_id: str, part: Part, reference: Part | None, contents: Contents) -> Attachment:
    """Read one attachment; what it does not say of itself is taken from the manifest."""
    name = part.text("AttachmentName") or (reference.text("AttachmentName") if reference else None)
    name = name or part.required("AttachmentName")
    content_type = part.text("ContentType") or (reference.text("ContentType") if reference else None)
    description = part.text("Description") or (reference.text("Description") if reference else None)
    content_type = content_type or _UNKNOWN_TYPE
    measured = _measure(content_id, part, contents)
    detected = detected_type(measured)
    for finding in judge(
        measured, content_id=content_id, name=name, content_type=content_type, detected=detected
    ):
        part.findings.place(finding, (part.each(_CONTENT) or [part.element])[0])
    return Attachment(
        content_id=content_id,
        name=name,
        content_type=content_type,
        description=description,
        field_name=part.text("FieldName"),
        mime_type=part.text("MimeType"),
        detected_type=detected,
        size=measured.size,
        sha256=measured.sha256,
    )


def _measure(content_id: str, part: Part, contents: Contents) -> Measurement:
    """Decode the content once and measure it, unless that was done when it was spliced out."""
    content = part.one(_CONTENT)
    if content is None:
        return Measurement()
    try:
        measured = _measured(content, content_id, contents)
    except BadBase64 as fault:
        part.findings.place(fault, content)
        return Measurement()
    if not measured.size:
        part.findings.add(EmptyElement, content, name=_CONTENT)
    return measured


def _measured(content: etree._Element, content_id: str, contents: Contents) -> Measurement:
    """Return what was measured when the content was spliced out of the file, or else measure it now."""
    spliced = contents.get(content.text or "")
    if spliced is not None:
        return spliced.measured
    measured = Measurement()
    for piece in _decoded(content, content_id):
        measured.update(piece)
    return measured


def _decoded(content: etree._Element, content_id: str) -> Iterator[bytes]:
    """Yield the content in pieces.

    Raises: BadBase64.
    """
    decoder = Base64Decoder()
    try:
        if len(content):
            raise ValueError("base64 with elements or comments in it")  # noqa: TRY301 - one place says what follows
        text = (content.text or "").encode("ascii")
        for start in range(0, len(text), _PIECE):
            yield decoder.feed(text[start : start + _PIECE])
        decoder.finish()
    except ValueError:
        raise BadBase64(xpath=xpath_of(content), line=line_of(content), content_id=content_id) from None
