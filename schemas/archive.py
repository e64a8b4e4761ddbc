"""Whether a ZIP file may be handed on: judged by its directory, without unpacking anything or writing by any name.

The limits are far above what correspondence needs and far below what hurts a receiver: 1,000 entries, 200 MB in all,
a hundredfold growth, no archive inside. Office files are ZIP files too and judged alike. All reasons are given at once.
The sizes are those that the directory declares; whoever unpacks must not write more than that (`schemas.wrapping`).
"""

import re
import stat
import unicodedata
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from schemas.archive_faults import MAX_RATIO, MAX_TOTAL, RATIO_FLOOR, ArchiveFault
from schemas.measure import Measurement
from schemas.zip_directory import Entry, UnreadableDirectoryError, entries

_ENCRYPTED: Final = 0x1 | 0x40 | 0x2000  # traditional, strong, hidden directory (APPNOTE.TXT §4.4.4)
_ARCHIVES: Final = frozenset({
    "7z", "ace", "arj", "bz2", "cab", "gz", "iso", "lha", "lz", "lz4", "lzh", "lzma", "rar", "tar", "taz",
    "tbz", "tbz2", "tgz", "txz", "tzst", "vhd", "vhdx", "wim", "xz", "z", "zip", "zipx", "zst",
})  # fmt: skip
_PROGRAMS: Final = frozenset({
    "apk", "bat", "cmd", "com", "cpl", "deb", "dll", "exe", "hta", "jar", "jse", "lnk", "msc", "msi",
    "msp", "pif", "ps1", "psm1", "reg", "rpm", "scr", "sh", "vbe", "vbs", "wsf", "wsh",
})  # fmt: skip
_DRIVE: Final = re.compile(r"[A-Za-z]:")
_BIDI: Final = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
_KINDS: Final = (0, stat.S_IFREG, stat.S_IFDIR)


def archive_faults(measured: Measurement, *, wrapping: str | None = None) -> tuple[ArchiveFault, ...]:
    """Return every reason to refuse a ZIP file.

    Where the ZIP only wraps one file, as the SDK does, `wrapping` is that file's extension: then the one entry may
    itself be an archive, since its sender packed it once.
    """
    try:
        found = entries(measured.head, measured.tail, measured.size)
    except UnreadableDirectoryError as unreadable:
        return (unreadable.fault,)
    faults = dict.fromkeys((*_sizes(found), *_layout(found), *_names(found)))
    for entry in found:
        faults |= dict.fromkeys(_entry(entry))
    if len(found) == 1 and wrapping and _extension(found[0].name) == wrapping:
        faults.pop(ArchiveFault.NESTED, None)
    return tuple(faults)


def _sizes(found: tuple[Entry, ...]) -> Iterator[ArchiveFault]:
    """Yield what is wrong with the sizes, one by one and together."""
    unpacked, packed = sum(entry.unpacked for entry in found), sum(entry.packed for entry in found)
    if unpacked > MAX_TOTAL:
        yield ArchiveFault.TOO_BIG
    for large, small in ((unpacked, packed), *((entry.unpacked, entry.packed) for entry in found)):
        if large > RATIO_FLOOR and large > small * MAX_RATIO:
            yield ArchiveFault.RATIO


def _layout(found: tuple[Entry, ...]) -> Iterator[ArchiveFault]:
    """Yield whether entries share octets, which is how a small file becomes a big bomb."""
    ordered = sorted(found, key=lambda entry: entry.offset)
    if any(one.end > following.offset for one, following in pairwise(ordered)):
        yield ArchiveFault.OVERLAP


def _names(found: tuple[Entry, ...]) -> Iterator[ArchiveFault]:
    """Yield whether two entries would be one file where case does not matter."""
    names = [_path(entry.name).rstrip("/").casefold() for entry in found]
    if len(set(names)) < len(names):
        yield ArchiveFault.DUPLICATE_NAME


def _entry(entry: Entry) -> Iterator[ArchiveFault]:
    """Yield what is wrong with one entry."""
    if entry.flags & _ENCRYPTED:
        yield ArchiveFault.ENCRYPTED
    if stat.S_IFMT(entry.mode) not in _KINDS:
        yield ArchiveFault.SYMLINK
    names = [entry.name] if entry.other_name is None else [entry.name, entry.other_name]
    if not all(_is_safe(name) for name in names):
        yield ArchiveFault.UNSAFE_NAME
    extensions = {_extension(name) for name in names}
    if extensions & _ARCHIVES:
        yield ArchiveFault.NESTED
    if extensions & _PROGRAMS:
        yield ArchiveFault.EXECUTABLE


def _path(name: str) -> str:
    """Return a name with the separator of the standard; old .NET writes backslashes."""
    return name.replace("\\", "/")


def _extension(name: str) -> str:
    """Return what follows the last dot of the last part; Windows drops dots and spaces at the end."""
    last = _path(name).rpartition("/")[2].rstrip(". ")
    return last.rpartition(".")[2].lower() if "." in last else ""


def _is_safe(name: str) -> bool:
    """Return whether a name stays below the folder that it is unpacked into, and shows as what it is."""
    path = _path(name)
    if not path or path.startswith("/") or _DRIVE.match(path):
        return False
    if any(part.startswith("..") and not part.strip(". ") for part in path.split("/")):
        return False
    if path.isascii():
        return path.isprintable()
    return not any(
        unicodedata.category(char) in {"Cc", "Zl", "Zp"} or unicodedata.bidirectional(char) in _BIDI
        for char in path
    )
