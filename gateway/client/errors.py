"""What can go wrong for a caller of a gateway.

ClientError
├── ProblemError             the gateway answered with a problem document (RFC 9457): no, or not now
├── UnreachableError         no answer came, after every retry that is safe
└── UnexpectedAnswerError    something answered that is no gateway, such as a proxy's error page

These are the caller's side of a call; they never travel back over HTTP, so they carry no code of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_TEXTS = ("code", "vi", "en", "fix_vi", "fix_en", "clause")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One finding of a problem document: stable code, both languages, what to do, where, and by which clause."""

    code: str
    vi: str = ""
    en: str = ""
    fix_vi: str = ""
    fix_en: str = ""
    level: str = "refuse"
    where: str = ""
    clause: str = ""

    @classmethod
    def read(cls, stated: Mapping[str, Any]) -> Fault:
        """Read a finding as a problem document states it; whatever is missing stays empty."""
        texts = {name: str(stated.get(name) or "") for name in _TEXTS}
        return cls(**texts, level=str(stated.get("level") or "refuse"), where=_place(stated))


class ClientError(Exception):
    """Base of everything that a call can raise."""


class ProblemError(ClientError):
    """The gateway's problem document. `retry_after` is in seconds, None where a repetition would not help."""

    def __init__(self, status: int, document: Mapping[str, Any], *, retry_after: float | None = None) -> None:
        self.status = status
        self.fault = Fault.read(document)
        self.faults = tuple(Fault.read(each) for each in _list(document, "errors"))
        self.outcome = document.get("outcome")
        self.retry_after = retry_after
        self.document = dict(document)
        super().__init__(f"{self.fault.code}: {self.fault.en or document.get('title') or status}")

    @property
    def code(self) -> str:
        """The stable code, such as `registry.code_closed`."""
        return self.fault.code

    @property
    def undecided(self) -> bool:
        """Whether the gateway could not decide, so that a later try may succeed."""
        return self.outcome == "undecided" or self.status in {429, 502, 503, 504}


class UnreachableError(ClientError):
    """No answer came; nothing is known about whether the request was carried out."""

    def __init__(self, url: str, reason: str) -> None:
        self.url = url
        self.reason = reason
        super().__init__(f"no answer from {url}: {reason}")


class UnexpectedAnswerError(ClientError):
    """The answer is not what a gateway says."""

    def __init__(self, url: str, status: int, reason: str) -> None:
        self.url = url
        self.status = status
        self.reason = reason
        super().__init__(f"{url} answered {status}, but not as a gateway does: {reason}")


def _place(stated: Mapping[str, Any]) -> str:
    where = stated.get("where")
    if not isinstance(where, dict):
        return ""
    named = (("line", "dòng"), ("row", "hàng"), ("column", "cột"))
    # What was composed has no file to look at, but metadata with keys.
    at = where.get("key") or where.get("xpath")
    parts = [str(at)] if at else []
    parts += [f"{vi} {where[name]}" for name, vi in named if where.get(name) is not None]
    return ", ".join(parts)


def _list(document: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = document.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
