"""A trap: a file that real software could have written, and what has to become of it."""

from dataclasses import dataclass, field
from typing import Any, Final

from schemas.document import Document, StatusMessage
from tests.support.documents import edxml, status_edxml

DOCUMENT: Final = edxml()
STATUS: Final = status_edxml()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trap:
    """One file with the verdict that is expected: refused with a code, or accepted with warnings."""

    name: str
    about: str
    file: bytes
    refused: str | None = None
    warnings: tuple[str, ...] = ()
    reads: dict[str, str] = field(default_factory=dict)
    """Values of the message, by dotted path, as they have to be read."""

    def entry(self) -> dict[str, Any]:
        """Give the line of the index."""
        verdict: dict[str, Any]
        if self.refused:
            verdict = {"outcome": "refused", "code": self.refused}
        else:
            verdict = {"outcome": "accepted", "warnings": list(self.warnings), "reads": self.reads}
        return {"file": f"{self.name}.edxml", "about": self.about, **verdict}


def swap(file: bytes, *changes: tuple[str, str]) -> bytes:
    """Give a file with the first occurrence of each text exchanged; a text that is not there is a mistake."""
    for old, new in changes:
        assert old.encode() in file, old
        file = file.replace(old.encode(), new.encode(), 1)
    return file


def value_at(message: Document | StatusMessage, path: str) -> str:
    """Give a value of a message by dotted path, such as "to_places.0", as text."""
    value: Any = message
    for step in path.split("."):
        value = value[int(step)] if step.isdecimal() else getattr(value, step)
    return str(value)
