"""Which kind of office file a ZIP or an OLE compound file is, by the names of its parts.

OOXML (ECMA-376) and OpenDocument are ZIP files; Office before 2007, Outlook's messages and Windows Installer packages
are OLE compound files (MS-CFB). The order of the parts is of no account. What cannot be told apart gets the type of
the container.
"""

import struct
from collections.abc import Iterator
from typing import Final

from schemas.measure import Measurement
from schemas.zip_directory import LOCAL_HEADER, UnreadableDirectoryError, entries

ZIP: Final = "application/zip"
OLE_FILE: Final = "application/x-ole-storage"
MSI: Final = "application/x-msi"
JAR: Final = "application/java-archive"
_OOXML: Final = "application/vnd.openxmlformats-officedocument."
DOCX: Final = f"{_OOXML}wordprocessingml.document"
XLSX: Final = f"{_OOXML}spreadsheetml.sheet"
PPTX: Final = f"{_OOXML}presentationml.presentation"
DOC: Final = "application/msword"
XLS: Final = "application/vnd.ms-excel"
PPT: Final = "application/vnd.ms-powerpoint"
MSG: Final = "application/vnd.ms-outlook"

_OOXML_TYPES: Final = "[Content_Types].xml"
_JAR_MANIFEST: Final = "META-INF/MANIFEST.MF"
_OOXML_PARTS: Final = {"word": DOCX, "xl": XLSX, "ppt": PPTX}
_PACKED_TYPE: Final = b"mimetype"  # OpenDocument 1.2 part 3 §3.3: the first entry, not compressed
_PACKED_TYPES: Final = (
    "application/vnd.oasis.opendocument.",
    "application/epub+zip",
    "application/vnd.etsi.asic-",
)

_OLE_ENTRY: Final = 128
_OLE_NAME: Final = 64
_OLE_KINDS: Final = frozenset({1, 2, 5})
_OLE_ROOT: Final = 5
_OLE_CLASSES: Final = {
    "000c1084": MSI,
    "000c1086": MSI,
    "00020906": DOC,
    "00020900": DOC,
    "00020820": XLS,
    "00020810": XLS,
    "64818d10": PPT,
    "00020d0b": MSG,
}
_OLE_PARTS: Final = {
    "WordDocument": DOC,
    "Workbook": XLS,
    "Book": XLS,
    "PowerPoint Document": PPT,
    "__properties_version1.0": MSG,
    "__nameid_version1.0": MSG,
}
# Installer packages write the names of their tables so, the first character being this one.
_MSI_TABLE: Final = "\u4840"


def zip_type(measured: Measurement) -> str:
    """Return the type of a ZIP file; a damaged one is a ZIP file."""
    if (packed := _packed_type(measured.head)) is not None:
        return packed
    tail = measured.tail
    if not any(name.encode() in tail for name in (_OOXML_TYPES, _JAR_MANIFEST)):
        return ZIP
    try:
        names = {entry.name for entry in entries(measured.head, tail, measured.size)}
    except UnreadableDirectoryError:
        return ZIP
    if _JAR_MANIFEST in names:
        return JAR
    folders = {name.partition("/")[0] for name in names if "/" in name}
    found = [kind for folder, kind in _OOXML_PARTS.items() if folder in folders]
    return found[0] if _OOXML_TYPES in names and len(found) == 1 else ZIP


def ole_type(directory: bytes) -> str:
    """Return the type of an OLE compound file by the beginning of its directory."""
    names = set()
    kind = None
    for name, is_root, class_id in _ole_entries(directory):
        names.add(name)
        if is_root:
            kind = _OLE_CLASSES.get(class_id)
    if kind == MSI or any(name.startswith(_MSI_TABLE) for name in names):
        return MSI
    parts = {_OLE_PARTS[name] for name in names if name in _OLE_PARTS}
    return kind or (parts.pop() if len(parts) == 1 else OLE_FILE)


def _packed_type(head: bytes) -> str | None:
    """Return the media type that stands in the first entry of the file itself."""
    if len(head) < LOCAL_HEADER.size:
        return None
    fields = LOCAL_HEADER.unpack_from(head)
    name_end = LOCAL_HEADER.size + fields[9]
    start = name_end + fields[10]
    if head[LOCAL_HEADER.size : name_end] != _PACKED_TYPE or fields[3]:
        return None
    found = head[start : start + fields[8]].decode("ascii", "replace").strip()
    return found if found.startswith(_PACKED_TYPES) and len(found) <= _OLE_ENTRY else None


def _ole_entries(directory: bytes) -> Iterator[tuple[str, bool, str]]:
    """Yield name, whether it is the root, and the first part of the class id of each entry (MS-CFB §2.6.1)."""
    for at in range(0, len(directory) - _OLE_ENTRY + 1, _OLE_ENTRY):
        (length,) = struct.unpack_from("<H", directory, at + _OLE_NAME)
        kind = directory[at + 66]
        if kind in _OLE_KINDS and 0 < length <= _OLE_NAME and length % 2 == 0:
            name = directory[at : at + length - 2].decode("utf-16-le", "replace")
            (class_id,) = struct.unpack_from("<I", directory, at + 80)
            yield name, kind == _OLE_ROOT, f"{class_id:08x}"
