"""Writing attachments piece by piece, so that their size costs no memory (QCVN 102:2016/BTTTT, RFC 4648 §4).

Base64 stands on one line without breaks; pieces are multiples of three octets, so that padding can only stand at the end.
Invariant: what was written is the content that the Attachment describes, or the writer raises.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import BinaryIO, Final, TypeAlias

import pybase64

from schemas.document import Attachment
from schemas.file_type import detected_type
from schemas.measure import Measurement
from schemas.names import NAMESPACE, PREFIX

Source: TypeAlias = bytes | Callable[[], BinaryIO]
"""The content of an attachment, or what opens it; what was opened is closed again."""

DECLARE: Final = f' xmlns:{PREFIX}="{NAMESPACE}"'
INDENT: Final = "  "

_PIECE: Final = 3 << 18
NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def describe(
    content: BinaryIO, *, content_id: str, name: str, content_type: str, description: str | None = None
) -> Attachment:
    """Describe a file that is to be attached by reading it once, from where the stream stands to its end."""
    measured = Measurement()
    while piece := content.read(_PIECE):
        measured.update(piece)
    return Attachment(
        content_id=content_id,
        name=name,
        content_type=content_type,
        description=description,
        detected_type=detected_type(measured),
        size=measured.size,
        sha256=measured.sha256,
    )


def encoded(attachment: Attachment, source: Source) -> Iterator[bytes]:
    """Yield one element Attachment with its content.

    Raises: ValueError if it is not the content described, or if a text holds a character that XML cannot carry.
    """
    leaves = (
        ("ContentId", f"cid:{attachment.content_id}"),
        ("AttachmentName", attachment.name),
        ("Description", attachment.description),
        ("FieldName", attachment.field_name),
        ("MimeType", attachment.mime_type),
        ("ContentType", attachment.content_type),
    )
    yield f"{INDENT * 2}<Attachment>\n".encode()
    for name, text in leaves:
        if text is not None:
            yield f"{INDENT * 3}<{name}>{escape(text)}</{name}>\n".encode()
    yield f"{INDENT * 3}<{PREFIX}:ContentTransferEncoded{DECLARE}>".encode()
    for piece in _checked(attachment, _pieces(source)):
        yield pybase64.b64encode(piece)
    yield f"</{PREFIX}:ContentTransferEncoded>\n{INDENT * 2}</Attachment>\n".encode()


def escape(text: str) -> str:
    """Return a text as it stands in XML; a carriage return would not survive as itself.

    Raises: ValueError if it holds a character that XML cannot carry.
    """
    if found := NOT_XML.search(text):
        raise ValueError(f"XML cannot carry the character U+{ord(found[0]):04X}")
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")


def _pieces(source: Source) -> Iterator[bytes]:
    """Yield the content in pieces whose length is a multiple of three, but for the last."""
    if isinstance(source, bytes):
        yield from (source[start : start + _PIECE] for start in range(0, len(source), _PIECE))
        return
    rest = b""
    with closing(source()) as stream:
        while read := stream.read(_PIECE):
            # A stream may give less than it was asked for.
            read = rest + read if rest else read
            whole = len(read) - len(read) % 3
            rest = read[whole:]
            yield read[:whole] if rest else read
    if rest:
        yield rest


def _checked(attachment: Attachment, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Pass the pieces on and hold them against what is described; more than was described is not passed on."""
    digest, size = hashlib.sha256(), 0
    other = f"the content given for {attachment.content_id!r} is not the content described"
    for piece in pieces:
        digest.update(piece)
        size += len(piece)
        if size > attachment.size:
            raise ValueError(other)
        yield piece
    if size != attachment.size or digest.hexdigest() != attachment.sha256:
        raise ValueError(other)
