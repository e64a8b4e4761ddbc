"""Connected systems, and which of them serves a code.

A member serves the codes under its prefixes, counted in whole dotted groups (QĐ 20/2020/QĐ-TTg Điều 4.1:
the groups in front name the units that a unit belongs to). Enterprise numbers (Điều 5) and Z schemes (Điều
6) have no hierarchy: they match as a whole or not at all.

Invariant: of two different members no one owns the same prefix, so every code has at most one owner.
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass

from routing.errors import RegistryInconsistent
from schemas.codes import AgencyCode, Scheme
from schemas.errors import BadAgencyCode

_PREFIX_SCHEMES = frozenset({Scheme.QD20, Scheme.ENTERPRISE, Scheme.IDENTIFIER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A connected system: it serves the codes under `prefixes`, has one `queue`, lives at one `gateway`."""

    id: str
    name: str
    prefixes: tuple[str, ...]
    queue: str
    gateway: str


def longest_prefix(code: str, prefixes: Container[str]) -> str | None:
    """Return the longest of `prefixes` that a canonical code is or lies under.

    ``H26.2`` is a prefix of ``H26.2.7`` and not of ``H26.21``.
    """
    if code in prefixes:
        return code
    if "A" <= code[:1] <= "Y":
        while (cut := code.rfind(".")) > 0:
            code = code[:cut]
            if code in prefixes:
                return code
    return None


def index_prefixes(members: Iterable[Member]) -> dict[str, Member]:
    """Return the owner of each prefix.

    Raises:
        RegistryInconsistent: two members share an id or a prefix, or a prefix is no canonical code.

    """
    owners: dict[str, Member] = {}
    ids: set[str] = set()
    for member in members:
        if member.id in ids:
            raise _contradiction(
                member.id, vi="hai hệ thống trùng định danh", en="two members have the same id"
            )
        ids.add(member.id)
        for prefix in member.prefixes:
            if not _is_canonical(prefix):
                raise _contradiction(
                    prefix, vi="tiền tố không phải là mã hợp lệ", en="this prefix is no code"
                )
            if prefix in owners:
                raise _contradiction(
                    prefix, vi="tiền tố khai báo hai lần", en="this prefix is registered twice"
                )
            owners[prefix] = member
    return owners


def _is_canonical(text: str) -> bool:
    try:
        code = AgencyCode.parse(text)
    except BadAgencyCode:
        return False
    return code.value == text and code.scheme in _PREFIX_SCHEMES


def _contradiction(about: str, *, vi: str, en: str) -> RegistryInconsistent:
    return RegistryInconsistent(about=about, reason_vi=vi, reason_en=en)
