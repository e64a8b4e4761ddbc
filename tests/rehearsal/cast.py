"""Who takes part in the rehearsal: connected systems, agencies that sign, and the codes that they write to.

Everything is of the home scenario: Hà Giang (H22) is merged into Tuyên Quang (H60), whose code goes to a new and larger body; in
Hà Nội (H26) the district of Ba Đình (H26.21) is closed without a successor, and of its wards one is merged and one is split.

What is expected is said here, by plain rules over the moment and these roles, and not by the code that is rehearsed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from cryptography import x509

from certs.issue import Authority, PrivateKey, issue, new_root

INSTANT: Final = datetime(2025, 6, 30, 17, tzinfo=UTC)
"""Midnight of 1 July 2025 in Vietnam: 30 June, 17:00 UTC."""

EVENING: Final = INSTANT - timedelta(hours=5)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A connected system: it serves one prefix for the body that bears it at `since`."""

    id: str
    prefix: str
    since: datetime = EVENING


SYSTEMS: Final = (
    System(id="vpcp", prefix="G22"),
    System(id="hanoi", prefix="H26"),
    System(id="hagiang", prefix="H22"),
    System(id="tuyenquang", prefix="H60"),
    System(id="tuyenquang-moi", prefix="H60", since=INSTANT),
)
GO_HOME: Final = frozenset({"hagiang", "tuyenquang"})
"""The systems of bodies that end: shortly before the instant nobody looks into their inboxes any more."""


class Fate(StrEnum):
    """What the night does to a code."""

    STAYS = "stays"
    TAKEN_OVER = "taken over"
    MERGED = "merged"
    SPLIT = "split"
    CLOSED = "closed"
    OPENED = "opened"


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """A code that is written to, and the systems that may get what was accepted for it before and since the instant."""

    code: str
    fate: Fate
    before: frozenset[str]
    since: frozenset[str]

    def exists(self, at: datetime) -> bool:
        """Tell whether a document may be addressed to it."""
        if self.fate is Fate.OPENED:
            return at >= INSTANT
        return self.fate in {Fate.STAYS, Fate.TAKEN_OVER} or at < INSTANT

    def systems(self, accepted_at: datetime) -> frozenset[str]:
        """Return which systems may take what was accepted then: what is under way at the instant may go to the successor's."""
        return self.before | self.since if accepted_at < INSTANT else self.since

    @property
    def may_fail(self) -> bool:
        """Tell whether what was under way at the instant may be undeliverable: where nobody, or no one body, took over."""
        return self.fate in {Fate.SPLIT, Fate.CLOSED}


_HANOI: Final = frozenset({"hanoi"})
_OLD: Final = frozenset({"tuyenquang"})
_NEW: Final = frozenset({"tuyenquang-moi"})

ADDRESSEES: Final = (
    Addressee(code="H26.1", fate=Fate.STAYS, before=_HANOI, since=_HANOI),
    Addressee(code="G22", fate=Fate.STAYS, before=frozenset({"vpcp"}), since=frozenset({"vpcp"})),
    Addressee(code="H60", fate=Fate.TAKEN_OVER, before=_OLD, since=_NEW),
    Addressee(code="H60.2", fate=Fate.TAKEN_OVER, before=_OLD, since=_NEW),
    Addressee(code="H22.3", fate=Fate.MERGED, before=frozenset({"hagiang"}), since=_NEW),
    Addressee(code="H26.21.1", fate=Fate.MERGED, before=_HANOI, since=_HANOI),
    Addressee(code="H26.21.4", fate=Fate.SPLIT, before=_HANOI, since=frozenset()),
    Addressee(code="H26.21", fate=Fate.CLOSED, before=_HANOI, since=frozenset()),
    Addressee(code="H26.101", fate=Fate.OPENED, before=frozenset(), since=_HANOI),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pen:
    """An agency that signs, through one system; `may_sign` says on which side of the instant."""

    code: str
    system: str
    certificate: x509.Certificate
    key: PrivateKey
    before: bool
    since: bool

    def may_sign(self, at: datetime) -> bool:
        """Tell whether a document of its is accepted at `at`."""
        return self.since if at >= INSTANT else self.before


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """The root that everybody trusts, and the pens."""

    root: x509.Certificate
    pens: tuple[Pen, ...]


def make_cast() -> Cast:
    """Make the infrastructure of 2025; the new body's certificate begins with the body."""
    root = new_root("Gốc của buổi diễn tập", EVENING - 30 * _DAY)
    return Cast(
        root=root.certificate,
        pens=(
            _pen(root, "G22", "vpcp", before=True, since=True),
            _pen(root, "H26.1", "hanoi", before=True, since=True),
            _pen(root, "H22.1", "hagiang", before=True, since=False),
            _pen(root, "H60", "tuyenquang", before=True, since=False),
            _pen(root, "H60", "tuyenquang-moi", before=False, since=True),
        ),
    )


def _pen(root: Authority, code: str, system: str, *, before: bool, since: bool) -> Pen:
    certificate, key = issue(
        root,
        subject_common_name=system,
        subject_serial_number=code,
        not_before=EVENING - _DAY if before else INSTANT,
        not_after=INSTANT + 365 * _DAY,
    )
    return Pen(code=code, system=system, certificate=certificate, key=key, before=before, since=since)
