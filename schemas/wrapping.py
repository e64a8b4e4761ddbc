"""How the axis's SDK packs attachments: PDF, Word and ZIP files as they are, any other file as the one entry of a ZIP.

A reader cannot tell such a ZIP from one that the sender attached except by name and type: what is declared as
application/zip but is not named .zip was wrapped, and the first entry is the file. The name of the attachment is
always that of the file itself; the entry's name, `<uuid>.<ext>`, is never used. What `wrap_into` writes depends
on nothing but its arguments, and `unwrap_into` gives back exactly what was wrapped, or raises.
"""

import io
import zipfile
import zlib
from typing import BinaryIO, Final

from schemas.archive_faults import MAX_RATIO, MAX_TOTAL, RATIO_FLOOR, ArchiveFault
from schemas.document import Attachment
from schemas.errors import ArchiveRefused
from schemas.measure import SAMPLE, TAIL
from schemas.zip_directory import UnreadableDirectoryError, entries

ZIP: Final = "application/zip"
# For a name such as A.ZIP: a reader that compares letter by letter would take it for wrapped under application/zip.
_ZIP_NOT_WRAPPED: Final = "application/x-zip-compressed"
_AS_IT_IS: Final = {
    "pdf": "application/pdf",
    "doc": "application/doc",
    "docx": "application/docx",
    "zip": ZIP,
}
_LONGEST_EXTENSION: Final = 20
_PIECE: Final = 1 << 16
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_ENCRYPTED: Final = 0x1
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def extension_of(name: str) -> str:
    """Return what follows the last dot, in small letters, or "" where there is nothing usable."""
    stem, dot, extension = name.strip().rpartition(".")
    usable = stem and dot and extension.isalnum() and len(extension) <= _LONGEST_EXTENSION
    return extension.lower() if usable else ""


def content_type_for(name: str) -> str:
    """Return the ContentType that the SDK's rule gives an attachment of this name."""
    extension = extension_of(name)
    if extension == "zip" and not name.endswith(".zip"):
        return _ZIP_NOT_WRAPPED
    return _AS_IT_IS.get(extension, ZIP)


def must_wrap(name: str) -> bool:
    """Return whether the SDK's rule wants this file as the entry of a ZIP."""
    return extension_of(name) not in _AS_IT_IS


def entry_name_for(name: str, *, unique: str) -> str:
    """Return the entry's name: the caller's UUID and the extension of the file."""
    extension = extension_of(name)
    return f"{unique}.{extension}" if extension else unique


def wrap_into(out: BinaryIO, source: BinaryIO, *, entry_name: str) -> None:
    """Write a ZIP with one entry into an empty file; both files can seek, and `source` is read from where it stands."""
    start = source.tell()
    info = _write(out, source, entry_name, zipfile.ZIP_DEFLATED)
    if info.file_size > RATIO_FLOOR and info.file_size > info.compress_size * MAX_RATIO:
        # Receivers take it for a bomb, as we do: such a file travels uncompressed.
        source.seek(start)
        out.seek(0)
        out.truncate()
        _write(out, source, entry_name, zipfile.ZIP_STORED)


def is_wrapped(attachment: Attachment) -> bool:
    """Return whether the content is a ZIP around the file that the attachment is named after."""
    return (
        attachment.content_type.strip().lower() == ZIP
        and attachment.detected_type == ZIP
        and extension_of(attachment.name) != "zip"
    )


def unwrap_into(out: BinaryIO, source: BinaryIO, attachment: Attachment, *, most: int = MAX_TOTAL) -> int:
    """Write the first entry of a wrapped attachment and return its size; `source` is its content and can seek.

    Nothing is written by the entry's name. What was written before an error is to be thrown away.

    Raises: ArchiveRefused.
    """
    try:
        _check_directory(source)
        with zipfile.ZipFile(source) as archive:
            first = min(archive.infolist(), key=lambda info: info.header_offset)
            if (fault := _fault(first, most)) is not None:
                raise _refused(attachment, fault)
            return _copy_entry(archive, first, out)
    except UnreadableDirectoryError as unreadable:
        raise _refused(attachment, unreadable.fault) from unreadable
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError) as fault:
        # The last of them is what `zipfile` says of versions and patches that it does not know.
        raise _refused(attachment, ArchiveFault.DAMAGED) from fault


def _write(out: BinaryIO, source: BinaryIO, entry_name: str, method: int) -> zipfile.ZipInfo:
    """Write the ZIP with one method and return what was written."""
    info = zipfile.ZipInfo(entry_name, date_time=_EPOCH)
    info.compress_type = method
    info.create_system = 3
    info.external_attr = 0o100644 << 16
    with zipfile.ZipFile(out, "w") as archive, archive.open(info, "w") as entry:
        while piece := source.read(_PIECE):
            entry.write(piece)
    return info


def _check_directory(source: BinaryIO) -> None:
    """Read the directory by our own strict rules, so that `zipfile` is given nothing big or ambiguous.

    Raises: UnreadableDirectoryError.
    """
    size = source.seek(0, io.SEEK_END)
    source.seek(0)
    head = source.read(SAMPLE)
    source.seek(max(0, size - TAIL))
    if not entries(head, source.read(TAIL), size):
        raise UnreadableDirectoryError(ArchiveFault.DAMAGED)


def _fault(first: zipfile.ZipInfo, most: int) -> ArchiveFault | None:
    """Return why an entry cannot be unpacked safely."""
    if first.flag_bits & _ENCRYPTED:
        return ArchiveFault.ENCRYPTED
    if first.compress_type not in _METHODS:
        return ArchiveFault.METHOD
    if first.is_dir():
        return ArchiveFault.DAMAGED
    if first.file_size > most:
        return ArchiveFault.TOO_BIG
    if first.file_size > RATIO_FLOOR and first.file_size > first.compress_size * MAX_RATIO:
        return ArchiveFault.RATIO
    return None


def _copy_entry(archive: zipfile.ZipFile, info: zipfile.ZipInfo, out: BinaryIO) -> int:
    """Copy an entry piece by piece; `zipfile` gives no more than the declared size and checks the CRC at its end."""
    size = 0
    with archive.open(info) as entry:
        while piece := entry.read(_PIECE):
            size += len(piece)
            out.write(piece)
    if size != info.file_size:
        raise zipfile.BadZipFile("the entry ends early")
    return size


def _refused(attachment: Attachment, fault: ArchiveFault) -> ArchiveRefused:
    return fault.as_error(content_id=attachment.content_id, name=attachment.name)
