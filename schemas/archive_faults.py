"""Why an archive is refused: one code each, with its Vietnamese and English words.

The codes are part of the verdict (`schema.archive_refused`, fact `reason`) and stay what they are.
"""

from enum import Enum
from typing import Final

from schemas.errors import ArchiveRefused

MAX_ENTRIES: Final = 1_000
MAX_TOTAL: Final = 200_000_000
"""Octets that all entries together may have once they are unpacked."""
MAX_RATIO: Final = 100
RATIO_FLOOR: Final = 10_000_000
"""Unpacked octets below which the ratio says nothing: a short table of zeros shrinks a thousandfold and harms nobody."""


class ArchiveFault(Enum):
    """A reason to refuse an archive; the value is its code."""

    DAMAGED = "damaged"
    TOO_MANY_ENTRIES = "too_many_entries"
    TOO_BIG = "too_big"
    RATIO = "ratio"
    NESTED = "nested"
    EXECUTABLE = "executable"
    UNSAFE_NAME = "unsafe_name"
    DUPLICATE_NAME = "duplicate_name"
    SYMLINK = "symlink"
    ENCRYPTED = "encrypted"
    OVERLAP = "overlap"
    METHOD = "method"

    def as_error(self, *, content_id: str, name: str) -> ArchiveRefused:
        """Return the finding that refuses an attachment for this reason."""
        vi, en = _TEXTS[self]
        return ArchiveRefused(content_id=content_id, name=name, reason=self.value, reason_vi=vi, reason_en=en)


_TEXTS: Final = {
    ArchiveFault.DAMAGED: ("tệp bị hỏng hoặc bị cắt", "the file is damaged or cut off"),
    ArchiveFault.TOO_MANY_ENTRIES: (
        f"có hơn {MAX_ENTRIES} tệp bên trong",
        f"it holds more than {MAX_ENTRIES} files",
    ),
    ArchiveFault.TOO_BIG: (
        f"giải nén ra hơn {MAX_TOTAL // 1_000_000} MB",
        f"it unpacks to more than {MAX_TOTAL // 1_000_000} MB",
    ),
    ArchiveFault.RATIO: (
        f"tỉ lệ nén hơn {MAX_RATIO} lần, giống bom nén",
        f"it unpacks to more than {MAX_RATIO} times its size, like a bomb",
    ),
    ArchiveFault.NESTED: ("có tệp nén khác bên trong", "another archive is inside"),
    ArchiveFault.EXECUTABLE: ("có chương trình bên trong", "a program is inside"),
    ArchiveFault.UNSAFE_NAME: ("có tên tệp nguy hiểm bên trong", "a file inside has a dangerous name"),
    ArchiveFault.DUPLICATE_NAME: (
        "có hai tệp trùng tên bên trong",
        "two files inside have the same name",
    ),
    ArchiveFault.SYMLINK: ("có liên kết bên trong", "a link is inside"),
    ArchiveFault.ENCRYPTED: ("có mật khẩu, không kiểm tra được", "it is encrypted and cannot be checked"),
    ArchiveFault.OVERLAP: ("các tệp bên trong chồng lên nhau", "files inside overlap"),
    ArchiveFault.METHOD: (
        "dùng cách nén ngoài store và deflate",
        "it uses a compression other than store and deflate",
    ),
}
