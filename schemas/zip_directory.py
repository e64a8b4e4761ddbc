"""The directory of a ZIP file, read from its last mebibyte without unpacking anything (APPNOTE.TXT 6.3.10 §4.3).

Readers of ZIP files differ in where they look, and a file that two of them read differently is dangerous. So only
what all agree on is read: nothing before the first entry, nothing between the directory and the record at the very end,
and each entry that the head shows is named there as in the directory. Anything else is damage.
"""

import struct
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from schemas.archive_faults import MAX_ENTRIES, ArchiveFault

LOCAL_HEADER: Final = struct.Struct("<4s5H3I2H")  # §4.3.7
_CENTRAL_HEADER: Final = struct.Struct("<4s6H3I5H2I")  # §4.3.12
_END: Final = struct.Struct("<4s4H2IH")  # §4.3.16
_END_64: Final = struct.Struct("<4sQ2H2I4Q")  # §4.3.14
_LOCATOR_64: Final = struct.Struct("<4sIQI")  # §4.3.15

_LOCAL, _CENTRAL, _END_SIGN = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_END_64_SIGN, _LOCATOR_64_SIGN = b"PK\x06\x06", b"PK\x06\x07"
_ZIP64, _UNICODE_PATH = 0x0001, 0x7075  # §4.5.3, §4.6.9
_FULL_16, _FULL_32 = 0xFFFF, 0xFFFFFFFF
_FULL: Final = (*[_FULL_16] * 4, _FULL_32, _FULL_32)
"""The fields of the record at the end that say: look into the ZIP64 record."""
_UTF8_FLAG: Final = 0x800


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry as the directory describes it."""

    name: str
    other_name: str | None
    """A second name in the extra field, which some software prefers."""
    flags: int
    mode: int
    """The kind of file and its permissions as Unix has them; mostly 0 where the ZIP was made elsewhere."""
    packed: int
    unpacked: int
    offset: int
    end: int
    """The first octet that cannot belong to the entry's header, name and content."""


class UnreadableDirectoryError(Exception):
    """The directory cannot be read, or is not the only way to read the file."""

    def __init__(self, fault: ArchiveFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


def is_zip(head: bytes) -> bool:
    """Return whether a file begins as ZIP files do, the empty one included."""
    return head.startswith((_LOCAL, _END_SIGN))


def entries(head: bytes, tail: bytes, size: int) -> tuple[Entry, ...]:
    """Return all entries in the order of the directory, given both ends of a file and its size.

    Raises: UnreadableDirectoryError.
    """
    before_tail = size - len(tail)
    try:
        count, length, start = _extent(tail, before_tail)
        if count > MAX_ENTRIES or start < before_tail:
            raise UnreadableDirectoryError(ArchiveFault.TOO_MANY_ENTRIES)
        at = start - before_tail
        found = tuple(_read(tail[at : at + length], head))
    except (struct.error, UnicodeDecodeError) as fault:
        raise UnreadableDirectoryError(ArchiveFault.DAMAGED) from fault
    first = min((entry.offset for entry in found), default=start)
    last = max((entry.end for entry in found), default=0)
    if len(found) != count or first != 0 or last > start:
        raise UnreadableDirectoryError(ArchiveFault.DAMAGED)
    return found


def _extent(tail: bytes, before_tail: int) -> tuple[int, int, int]:
    """Return count of entries, length and start of the directory, which reaches up to the records at the end."""
    at = tail.rfind(_END_SIGN)
    if at < 0:
        raise UnreadableDirectoryError(ArchiveFault.DAMAGED)
    _, *plain, comment = _END.unpack_from(tail, at)
    fields, after = plain, at
    if at >= _LOCATOR_64.size and tail.startswith(_LOCATOR_64_SIGN, at - _LOCATOR_64.size):
        fields, after = _extent_64(tail, at - _LOCATOR_64.size, before_tail)
    disk, first_disk, here, count, length, start = fields
    agree = all(one in (other, full) for one, other, full in zip(plain, fields, _FULL, strict=True))
    whole = disk == first_disk == 0 and here == count and at + _END.size + comment == len(tail)
    if not agree or not whole or start + length != before_tail + after:
        raise UnreadableDirectoryError(ArchiveFault.DAMAGED)
    return count, length, start


def _extent_64(tail: bytes, at: int, before_tail: int) -> tuple[list[int], int]:
    """Return the fields of the ZIP64 record that the locator at this place points to, and its own place in the tail."""
    _, disk, start_of_end, disks = _LOCATOR_64.unpack_from(tail, at)
    after = start_of_end - before_tail
    if disk or disks > 1 or not 0 <= after <= at - _END_64.size:
        raise UnreadableDirectoryError(ArchiveFault.DAMAGED)
    sign, rest, _, _, *fields = _END_64.unpack_from(tail, after)
    # The record's size leaves out its first twelve octets, and nothing stands between it and the locator.
    if sign != _END_64_SIGN or after + 12 + rest != at:
        raise UnreadableDirectoryError(ArchiveFault.DAMAGED)
    return fields, after


def _read(directory: bytes, head: bytes) -> Iterator[Entry]:
    """Yield the entries of a directory until it is used up."""
    at = 0
    while at < len(directory):
        fields = _CENTRAL_HEADER.unpack_from(directory, at)
        name_length, extra_length, comment_length = fields[10:13]
        name_at = at + _CENTRAL_HEADER.size
        extra_at = name_at + name_length
        at = extra_at + extra_length + comment_length
        if fields[0] != _CENTRAL or at > len(directory):
            raise UnreadableDirectoryError(ArchiveFault.DAMAGED)
        entry = _entry(fields, directory[name_at:extra_at], directory[extra_at : extra_at + extra_length])
        _compare(entry, directory[name_at:extra_at], fields[4], head)
        yield entry


def _entry(fields: tuple[int, ...], name: bytes, extra: bytes) -> Entry:
    """Return one entry; sizes that do not fit into 32 bits stand in the extra field."""
    flags, packed, unpacked, offset = fields[3], fields[8], fields[9], fields[16]
    parts = dict(_extra(extra))
    disk = fields[13]
    if _FULL_32 in (packed, unpacked, offset) or disk == _FULL_16:
        large = parts.get(_ZIP64, b"")
        wide = sum(value == _FULL_32 for value in (unpacked, packed, offset))
        values = iter(struct.unpack_from(f"<{wide}Q", large))
        unpacked, packed, offset = (
            next(values) if value == _FULL_32 else value for value in (unpacked, packed, offset)
        )
        disk = struct.unpack_from("<I", large, wide * 8)[0] if disk == _FULL_16 else disk
    if disk:
        raise UnreadableDirectoryError(ArchiveFault.DAMAGED)
    other = parts.get(_UNICODE_PATH)
    return Entry(
        name=_decoded(name, utf8=bool(flags & _UTF8_FLAG)),
        other_name=None if other is None else other[5:].decode(),
        flags=flags,
        mode=fields[15] >> 16,
        packed=packed,
        unpacked=unpacked,
        offset=offset,
        end=offset + LOCAL_HEADER.size + len(name) + packed,
    )


def _extra(extra: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the parts of an extra field by their ids; a rest too short for a part is padding (Android's zipalign)."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        yield kind, extra[at + 4 : at + 4 + length]
        at += 4 + length


def _decoded(name: bytes, *, utf8: bool) -> str:
    """Return a name in NFC; the old code page gives every octet a character (§D.1)."""
    if name.isascii():
        return name.decode("ascii")
    return unicodedata.normalize("NFC", name.decode("utf-8" if utf8 else "cp437"))


def _compare(entry: Entry, name: bytes, method: int, head: bytes) -> None:
    """Compare an entry with its own header where that is at hand; some readers go by the one, some by the other."""
    after = entry.offset + LOCAL_HEADER.size + len(name)
    if after > len(head):
        return
    fields = LOCAL_HEADER.unpack_from(head, entry.offset)
    found = head[entry.offset + LOCAL_HEADER.size : after]
    if fields[0] != _LOCAL or fields[9] != len(name) or found != name or fields[3] != method:
        raise UnreadableDirectoryError(ArchiveFault.DAMAGED)
