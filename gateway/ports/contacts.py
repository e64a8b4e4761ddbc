"""The port for contacts: whom to call at a connected system or at an agency.

Personal data: it is replaced and removed as a whole when somebody says so, and is in no version of the registry, no hash, no
snapshot and no log.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class SubjectKind(StrEnum):
    """Whose contact somebody is."""

    MEMBER = "member"
    AGENCY = "agency"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A connected system, by its id, or a body, by its entity: another body that takes over the code has others to call."""

    kind: SubjectKind
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Somebody to call; what is not known is empty."""

    name: str
    role: str = ""
    phone: str = ""
    email: str = ""


class Contacts(Protocol):
    """Whom to call."""

    async def of(self, subject: Subject) -> tuple[Contact, ...]:
        """Return the contacts of a subject in the order in which they were given."""

    async def replace(self, subject: Subject, contacts: Sequence[Contact]) -> None:
        """Make these the contacts of a subject; what was there before is gone."""
