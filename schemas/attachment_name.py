"""The name of an attachment, made safe for any folder: what a receiver may write to disk.

The name in the message is never changed; this is what it becomes on its way out. Invariants: never empty, no path, no
character that hides or turns the others, at most 150 characters and 255 octets; made safe twice is made safe once.
"""

import re
import unicodedata
from typing import Final

LONGEST: Final = 150
LONGEST_UTF8: Final = 255
"""What the file systems of Linux and Windows take."""

_FALLBACK: Final = "tep-dinh-kem"
_DROPPED: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_DRIVE: Final = re.compile(r"^[A-Za-z]:")
_FORBIDDEN: Final = re.compile(r'[<>:"|?*]')
_RESERVED: Final = re.compile(
    r"(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9¹²³])[ ]*(?:\.|$)", re.IGNORECASE
)
_SEPARATOR: Final = re.compile(r"[/\\]")
_LONGEST_EXTENSION: Final = 20


def safe_name(name: str) -> str:
    """Return a file name without path, control characters and what Windows reserves, its extension kept."""
    shown = unicodedata.normalize("NFC", "".join(_shown(char) for char in name))
    parts = [part for part in _SEPARATOR.split(shown) if part.strip(" .")]
    last = _DRIVE.sub("", parts[-1], count=1) if parts else ""
    whole = _shortened(_FORBIDDEN.sub("_", last).lstrip(" "))
    if _RESERVED.match(whole):
        whole = _shortened(f"_{whole}")
    return whole or _FALLBACK


def _shown(char: str) -> str:
    """Return a character as it may stand in a name: nothing for an invisible one, a plain space for any space."""
    category = unicodedata.category(char)
    if category in _DROPPED:
        return ""
    return " " if category == "Zs" else char


def _shortened(name: str) -> str:
    """Return a name without dots and spaces at its end, cut before its extension."""
    name = name.rstrip(" .")
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension) > _LONGEST_EXTENSION:
        stem, dot, extension = name, "", ""
    end = f"{dot}{extension}"
    kept = stem[: LONGEST - len(end)].encode()[: LONGEST_UTF8 - len(end.encode())].decode(errors="ignore")
    return f"{kept if kept == stem else kept.rstrip(' .')}{end}"
