"""Builders of small files of many kinds, for the tests of attachments."""

import io
import struct
import zipfile
from collections.abc import Mapping
from typing import Final

OLE_HEADER: Final = 512


def packed(entries: Mapping[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Give a ZIP with these entries."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return out.getvalue()


def office(folder: str, *more: str) -> bytes:
    """Give an OOXML file whose parts are in a folder: word, xl or ppt."""
    names = ("[Content_Types].xml", "_rels/.rels", f"{folder}/document.xml", *more)
    return packed(dict.fromkeys(names, b"<x/>"))


def opendocument(kind: str) -> bytes:
    """Give an OpenDocument file of a kind: text, spreadsheet or presentation."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}")
        archive.writestr("content.xml", "<x/>", zipfile.ZIP_DEFLATED)
    return out.getvalue()


def ole(*names: str, class_id: str = "0" * 8, sector: int = 0, shift: int = 9) -> bytes:
    """Give an OLE compound file whose directory, in a given sector, has these streams under its root."""
    header = bytearray(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(OLE_HEADER, b"\0"))
    struct.pack_into("<H", header, 30, shift)
    struct.pack_into("<I", header, 48, sector)
    start = (sector + 1) << shift
    directory = b"".join(
        _ole_entry(name, 5 if at == 0 else 2, class_id if at == 0 else "0" * 8)
        for at, name in enumerate(("Root Entry", *names))
    )
    return bytes(header).ljust(start, b"\xee") + directory.ljust(4_096, b"\0") + b"\xee" * 100


def _ole_entry(name: str, kind: int, class_id: str) -> bytes:
    encoded = name.encode("utf-16-le") + b"\0\0"
    entry = bytearray(encoded.ljust(128, b"\0"))
    struct.pack_into("<H", entry, 64, len(encoded))
    entry[66] = kind
    struct.pack_into("<I", entry, 80, int(class_id, 16))
    return bytes(entry)
