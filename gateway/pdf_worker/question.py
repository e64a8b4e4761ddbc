"""What the process that reads PDF files is asked, one question a line."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The name of a file, as octets; `seconds` of processor time the process may have taken since it started when it answers."""

    path: bytes
    seconds: float | None = None
