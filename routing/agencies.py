"""Agencies, the systems connected for them, and the directory of both at one version of the registry.

Codes follow QĐ 20/2020/QĐ-TTg: dotted groups, level 1 first. The same code string may name different bodies
over time (QĐ 09/2025/QĐ-TTg: a merged province keeps one predecessor's code), so an `Agency` is one
*version* of a code: what it names, from when, until when, and which entity that is. Credentials and
certificates belong to the entity.

Invariants of a `Directory`: it never changes after construction; the versions of a code do not overlap; an
older form (alias) leads to exactly one code, by table and never by rule; no two members own the same
prefix. Whatever breaks one of these is refused at construction. Intervals are half-open and in UTC: the
instant belongs to the new version.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from json import JSONEncoder
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from routing.errors import RegistryInconsistent
from routing.members import Member, index_prefixes, longest_prefix
from routing.nearest import nearest
from routing.registration_record import registration_fields
from routing.registrations import Registration, check_window, text_of
from schemas.codes import AgencyCode

__all__ = ["Agency", "Directory", "Member", "entity_id", "registry_sha256"]

_EARLIEST = datetime.min.replace(tzinfo=UTC)
_CANONICAL = JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _within(at: datetime, valid_from: datetime | None, valid_to: datetime | None) -> bool:
    return (valid_from is None or valid_from <= at) and (valid_to is None or at < valid_to)


def entity_id(code: str, valid_from: datetime | None) -> str:
    """Return the identity of the entity that takes the code at `valid_from`, the same on every load.

    A UUID of version 5 (RFC 9562 §5.5); two loads of one list agree on who is who without asking each other.
    """
    since = "" if valid_from is None else valid_from.isoformat()
    return str(uuid5(NAMESPACE_URL, f"urn:vanthu:agency:{code}:{since}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """What a code names in [valid_from, valid_to); None is an open end.

    `successors` are codes, the default first. `aliases` are older forms of the code. `certificates` are
    the registrations of the entity, the same on each of its versions. `reconstituted_at` is the moment when this entity
    took the code over from another one; the `Directory` derives it from the versions of the code, whatever
    it was given.
    """

    code: str
    entity_id: str
    name: str
    parent: str | None
    kind: str
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    successors: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    certificates: tuple[Registration, ...] = ()
    reconstituted_at: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse naive times and empty intervals."""
        check_window(self.valid_from, self.valid_to)

    def in_force(self, at: datetime) -> bool:
        """Tell whether the code names this entity at `at`."""
        return _within(at, self.valid_from, self.valid_to)


class Directory:
    """All agencies and members of one registry version; an immutable snapshot that every thread may share."""

    __slots__ = ("_aliases", "_codes", "_members", "_prefixes", "_several", "sha256", "version")

    def __init__(
        self, version: int, sha256: str, agencies: Iterable[Agency], members: Iterable[Member]
    ) -> None:
        """Index the content.

        Raises:
            RegistryInconsistent: versions of a code overlap, an alias or a member's prefix is ambiguous, or a
                prefix is no code.

        """
        self.version: Final = version
        self.sha256: Final = sha256
        self._codes, self._several = _index_codes(agencies)
        self._aliases: Final = _index_aliases(self._codes, self.agencies())
        self._members: Final = tuple(members)
        self._prefixes: Final = index_prefixes(self._members)

    def __len__(self) -> int:
        """Return the number of codes, whether in force or not."""
        return len(self._codes)

    def agencies(self) -> Iterator[Agency]:
        """Yield every version of every code."""
        for code in self._codes:
            yield from self.versions(code)

    @property
    def members(self) -> tuple[Member, ...]:
        """The connected systems."""
        return self._members

    def versions(self, code: str) -> tuple[Agency, ...]:
        """Return every version of a canonical code, oldest first; empty when there is none."""
        several = self._several.get(code)
        if several is not None:
            return several
        only = self._codes.get(code)
        return () if only is None else (only,)

    def agency(self, code: str, at: datetime) -> Agency | None:
        """Return what the canonical code names at `at`, or None when it names nothing then."""
        for agency in self.versions(code):
            if agency.in_force(at):
                return agency
        return None

    def canonical(self, code: AgencyCode) -> str | None:
        """Return the canonical form of a code as sent, or None when the registry does not know it.

        An older form is looked up, never computed: many units got codes that no rule leads to.
        """
        value = code.value
        return value if value in self._codes else self._aliases.get(value)

    def member_for(self, code: str) -> Member | None:
        """Return the system that serves a canonical code: the one with the longest matching prefix."""
        prefix = self.prefix_for(code)
        return None if prefix is None else self._prefixes[prefix]

    def prefix_for(self, code: str) -> str | None:
        """Return the longest registered prefix that a canonical code is or lies under."""
        return longest_prefix(code, self._prefixes)

    def nearest(self, text: str, limit: int = 3, *, at: datetime | None = None) -> tuple[str, ...]:
        """Return up to `limit` codes that resemble `text`, only those in force when `at` is given."""
        return nearest(
            text,
            codes=self._codes,
            aliases=self._aliases,
            accept=lambda code: at is None or self.agency(code, at) is not None,
            limit=limit,
        )


def _contradiction(about: str, *, vi: str, en: str) -> RegistryInconsistent:
    return RegistryInconsistent(about=about, reason_vi=vi, reason_en=en)


def _index_codes(agencies: Iterable[Agency]) -> tuple[dict[str, Agency], dict[str, tuple[Agency, ...]]]:
    """Return the first version met of each code, and all versions of those few codes that have several."""
    codes: dict[str, Agency] = {}
    several: dict[str, list[Agency]] = {}
    for agency in agencies:
        if agency.reconstituted_at is not None:
            agency = replace(agency, reconstituted_at=None)  # noqa: PLW2901 -- derived below, never taken over
        first = codes.setdefault(agency.code, agency)
        if first is not agency:
            several.setdefault(agency.code, [first]).append(agency)
    return codes, {code: _in_order(versions) for code, versions in several.items()}


def _in_order(versions: list[Agency]) -> tuple[Agency, ...]:
    """Return the versions of one code, oldest first, each knowing when its entity took the code over."""
    ordered = sorted(versions, key=lambda version: version.valid_from or _EARLIEST)
    for i, (earlier, later) in enumerate(pairwise(ordered)):
        if earlier.valid_to is None or later.valid_from is None or later.valid_from < earlier.valid_to:
            raise _contradiction(
                later.code, vi="hai phiên bản có thời gian hiệu lực chồng nhau", en="two versions overlap"
            )
        same = later.entity_id == earlier.entity_id
        since = ordered[i].reconstituted_at if same else later.valid_from
        ordered[i + 1] = replace(later, reconstituted_at=since)
    return tuple(ordered)


def _index_aliases(codes: dict[str, Agency], versions: Iterable[Agency]) -> dict[str, str]:
    aliases: dict[str, str] = {}
    for agency in versions:
        for alias in agency.aliases:
            if alias in codes or aliases.setdefault(alias, agency.code) != agency.code:
                raise _contradiction(
                    alias,
                    vi="mã cũ này dẫn tới nhiều hơn một cơ quan",
                    en="this alias leads to more than one agency",
                )
    return aliases


def registry_sha256(agencies: Iterable[Agency], members: Iterable[Member]) -> str:
    """Return the SHA-256, in hex, of the registry's content, whatever order it comes in.

    Each agency version and each member is one line of RFC 8785 JSON; the lines are sorted as bytes and each
    ends in a line feed. Order counts only among successors, where the first is the default.
    `reconstituted_at` is left out because it follows from the rest.
    """
    lines = [_CANONICAL.encode({"agency": _agency_fields(agency)}).encode() for agency in agencies]
    lines += [_CANONICAL.encode({"member": _member_fields(member)}).encode() for member in members]
    lines.sort()
    return hashlib.sha256(b"".join(line + b"\n" for line in lines)).hexdigest()


def _agency_fields(agency: Agency) -> dict[str, object]:
    certificates = sorted(map(registration_fields, agency.certificates), key=_CANONICAL.encode)
    return {
        "aliases": sorted(agency.aliases),
        "certificates": certificates,
        "code": agency.code,
        "entity_id": agency.entity_id,
        "kind": agency.kind,
        "name": agency.name,
        "parent": agency.parent,
        "successors": agency.successors,
        "valid_from": text_of(agency.valid_from),
        "valid_to": text_of(agency.valid_to),
    }


def _member_fields(member: Member) -> dict[str, object]:
    return {
        "gateway": member.gateway,
        "id": member.id,
        "name": member.name,
        "prefixes": sorted(member.prefixes),
        "queue": member.queue,
    }
