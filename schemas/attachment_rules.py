"""What is to be said of one attachment, whichever way its content was decoded.

Programs and dangerous archives refuse the document: the octets of an attachment are never altered, so it goes as it is or
not at all. What is only odd (damage, another type than declared, a name that no file can have) is a warning.
"""

from collections.abc import Iterator
from typing import Final

from schemas.archive import archive_faults
from schemas.attachment_name import safe_name
from schemas.declared_type import fits
from schemas.errors import (
    AttachmentExecutable,
    AttachmentNameUnsafe,
    AttachmentTypeDiffers,
    CorruptedAttachment,
    SchemaError,
)
from schemas.file_type import PDF, PROGRAMS
from schemas.measure import Measurement
from schemas.office_type import ZIP
from schemas.text_type import as_text, is_utf8
from schemas.wrapping import extension_of
from schemas.zip_directory import is_zip

# U+FFFD in UTF-8: what is left of an octet that a text decoder could not read.
_REPLACEMENT: Final = b"\xef\xbf\xbd"
_FEW: Final = 4
_MANY: Final = 32
# A text that lost more than one octet in a hundred was no text, or was in another encoding.
_ONE_IN: Final = 100


def judge(
    measured: Measurement, *, content_id: str, name: str, content_type: str, detected: str | None
) -> Iterator[SchemaError]:
    """Yield every finding about an attachment, refusing ones first; `detected` is its `file_type.detected_type`."""
    shown = safe_name(name)
    if detected in PROGRAMS:
        yield AttachmentExecutable(content_id=content_id, name=shown, detected=detected)
    if is_zip(measured.head):
        wrapping = extension_of(name) if detected == ZIP else ""
        for fault in archive_faults(measured, wrapping=wrapping if wrapping != "zip" else None):
            yield fault.as_error(content_id=content_id, name=shown)
    damage = measured.head.count(_REPLACEMENT)
    if damage >= _FEW and _is_damaged(measured, damage, detected):
        yield CorruptedAttachment(content_id=content_id, count=damage)
    if measured.size and not fits(content_type, detected):
        yield AttachmentTypeDiffers(
            content_id=content_id,
            content_type=content_type,
            detected_vi=detected or "loại không rõ",
            detected_en=detected or "of an unknown type",
        )
    if name and shown != name:
        yield AttachmentNameUnsafe(content_id=content_id, name=name, safe_name=shown)


def _is_damaged(measured: Measurement, damage: int, detected: str | None) -> bool:
    """Return whether a file was read as text and written back.

    A binary file that went through UTF-8 is valid UTF-8 from then on, which no other binary file is. A text may hold
    U+FFFD where it speaks of it, or where a few characters were lost.
    """
    head, is_whole = measured.head, len(measured.head) == measured.size
    if detected != PDF and as_text(head, is_whole=is_whole) is not None:
        return damage >= _MANY and damage * _ONE_IN >= len(head)
    return damage >= (_FEW if is_utf8(head, is_whole=is_whole) else _MANY)
