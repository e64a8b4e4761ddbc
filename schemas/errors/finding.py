"""What every finding about a document has in common.

A finding is an exception, so that it can be raised alone (by the parser) or gathered (by `schemas.parse`).
Invariants: the facts are short and safe to print; the texts are formatted from the facts and nothing else.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

from schemas.clauses import CLAUSES, clause_of, element_path

Level = Literal["refuse", "warning"]

_LONGEST_FACT = 80


def _printable(value: object) -> str | int:
    """Return a fact that can be shown anywhere: at most 80 characters, invisible ones escaped."""
    if isinstance(value, int):
        return value
    text = str(value)
    shown = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text[:_LONGEST_FACT])
    return shown if len(text) <= _LONGEST_FACT else f"{shown}…"


class SchemaError(Exception):
    """A finding about a document: what is wrong, where, and what the sender should do next."""

    code: ClassVar[str] = "schema"
    level: ClassVar[Level] = "refuse"
    retry: ClassVar[bool] = False
    vi: ClassVar[str] = "Văn bản không đúng định dạng edXML."
    en: ClassVar[str] = "The document is not valid edXML."
    fix_vi: ClassVar[str] = "Sửa văn bản theo QCVN 102:2016/BTTTT rồi gửi lại."
    fix_en: ClassVar[str] = "Correct the document according to QCVN 102:2016/BTTTT and send it again."
    own_clause: ClassVar[str | None] = None
    """The clause that this finding always rests on; by default it is that of the element."""
    key: str | None = None
    """The key of the metadata that the fault came from, where a message was composed from some."""

    def __init__(self, *, xpath: str | None = None, line: int | None = None, **facts: object) -> None:
        super().__init__()
        self.xpath = xpath
        self.line = line
        self.facts: dict[str, str | int] = {name: _printable(value) for name, value in facts.items()}

    @property
    def clause(self) -> str | None:
        """The clause that the document departs from: the finding's own, else that of the element it names or stands at."""
        if self.own_clause is not None or self.xpath is None:
            return self.own_clause
        named = f"{element_path(self.xpath)}/{self.facts.get('name')}"
        return CLAUSES.get(named) or clause_of(self.xpath)

    def __str__(self) -> str:
        """Return the English sentence."""
        return self.en.format(**self.facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """Between whom a refused message was to go, as far as it could be read; nothing in here was verified."""

    is_document: bool
    sender_code: str
    """Empty if there is none, or none that can be read."""
    recipient_codes: tuple[str, ...]


class SchemaErrors(Exception):  # noqa: N818 - the plural of SchemaError reads better than SchemaErrorsError
    """All findings about one document, of which at least one refuses it.

    With `parties` more can be found out for the sender's sake: whether the codes exist, for instance.
    """

    def __init__(
        self,
        errors: tuple[SchemaError, ...],
        warnings: tuple[SchemaError, ...] = (),
        *,
        parties: Parties | None = None,
    ) -> None:
        super().__init__(errors, warnings)
        self.errors = errors
        self.warnings = warnings
        self.parties = parties

    def __str__(self) -> str:
        """Return the English sentences of the refusing findings, one after the other."""
        return " ".join(str(error) for error in self.errors)
