"""Connected systems, and which of them serves a code.

A member serves the codes under its prefixes, counted in whole dotted groups (QĐ 20/2020/QĐ-TTg Điều 4.1:
the groups in front name the units that a unit belongs to). Enterprise numbers (Điều 5) and Z schemes (Điều
6) have no hierarchy: they match as a whole or not at all.

A prefix is served for the *entity* that bears it: when another body takes over the code (QĐ 09/2025/QĐ-TTg),
the old body's system serves it no more, though the string lives on.

Invariant: of two members no one serves the same prefix for the same entity, so that every code has at most
one owner at any moment.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from routing.errors import RegistryInconsistent
from schemas.codes import AgencyCode, Scheme
from schemas.errors import BadAgencyCode

_PREFIX_SCHEMES = frozenset({Scheme.QD20, Scheme.ENTERPRISE, Scheme.IDENTIFIER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A connected system: it serves the codes under `prefixes`, has one `queue`, lives at one `gateway`.

    `entities` names for each prefix the entity for which it is served; empty (or an empty text among them)
    means whoever bears the code.
    """

    id: str
    name: str
    prefixes: tuple[str, ...]
    queue: str
    gateway: str
    entities: tuple[str, ...] = ()

    def services(self) -> Iterator[tuple[str, str]]:
        """Yield each prefix with its entity, empty for whoever bears it."""
        return zip(self.prefixes, self.entities or ("",) * len(self.prefixes), strict=True)


class Service(NamedTuple):
    """That a member serves a prefix for an entity; empty for whoever bears it."""

    entity_id: str
    member: Member


Services = Mapping[str, tuple[Service, ...]]
"""Who serves each prefix, for which entities."""


def serving(code: str, services: Services, bearer: Callable[[str], str | None]) -> tuple[str, Member] | None:
    """Return the longest prefix that a canonical code is or lies under, with the member that serves it.

    ``H26.2`` is a prefix of ``H26.2.7`` and not of ``H26.21``. `bearer` tells which entity bears a code at the
    moment in question; a service for another one does not count.
    """
    has_hierarchy = "A" <= code[:1] <= "Y"
    while True:
        found = services.get(code)
        if found is not None:
            for entity, member in found:
                if not entity or entity == bearer(code):
                    return code, member
        cut = code.rfind(".")
        if cut <= 0 or not has_hierarchy:
            return None
        code = code[:cut]


def index_services(members: Iterable[Member]) -> dict[str, tuple[Service, ...]]:
    """Return who serves each prefix.

    Raises:
        RegistryInconsistent: two members share an id or serve a prefix for the same entity, or a prefix is no
            canonical code.

    """
    owners: dict[str, tuple[Service, ...]] = {}
    ids: set[str] = set()
    for member in members:
        if member.id in ids:
            raise _contradiction(
                member.id, vi="hai hệ thống trùng định danh", en="two members have the same id"
            )
        ids.add(member.id)
        for prefix, entity in member.services():
            if not _is_canonical(prefix):
                raise _contradiction(
                    prefix, vi="tiền tố không phải là mã hợp lệ", en="this prefix is no code"
                )
            others = owners.get(prefix, ())
            if any(not entity or other.entity_id in {"", entity} for other in others):
                raise _contradiction(
                    prefix, vi="tiền tố khai báo hai lần", en="this prefix is registered twice"
                )
            owners[prefix] = (*others, Service(entity, member))
    return owners


def _is_canonical(text: str) -> bool:
    try:
        code = AgencyCode.parse(text)
    except BadAgencyCode:
        return False
    return code.value == text and code.scheme in _PREFIX_SCHEMES


def _contradiction(about: str, *, vi: str, en: str) -> RegistryInconsistent:
    return RegistryInconsistent(about=about, reason_vi=vi, reason_en=en)
