"""A small directory from the home scenario: a few agencies around 1 July 2025 and two connected systems.

Hà Nội goes through the cut-over unchanged but for its districts; Long An (H39) is merged into Tây Ninh
(H53), which keeps its code for a new and larger body. The Office of the Government (G22) has no connected
system.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from routing.agencies import Agency, Directory, Member, entity_id
from routing.registrations import Registration
from routing.registry_hash import registry_sha256

CUT_OVER = datetime(2025, 6, 30, 17, 0, tzinfo=UTC)
"""Midnight of 1 July 2025 in Vietnam."""

BEFORE = CUT_OVER - timedelta(hours=5)
AFTER = CUT_OVER + timedelta(days=1)

HANOI = Member(
    id="hanoi", name="Hệ thống văn bản Hà Nội", prefixes=("H26",), queue="member.hanoi", gateway="gw-north"
)
TAY_NINH = Member(
    id="tayninh",
    name="Hệ thống văn bản Tây Ninh",
    prefixes=("H39", "H53"),
    queue="member.tayninh",
    gateway="gw-south",
)
MEMBERS = (HANOI, TAY_NINH)


def an_agency(
    code: str = "H26",
    name: str = "Ủy ban nhân dân thành phố Hà Nội",
    *,
    kind: str = "province",
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
    successors: tuple[str, ...] = (),
    aliases: tuple[str, ...] = (),
    certificates: tuple[str | Registration, ...] = (),
) -> Agency:
    """Return one version of a code; the groups name its parent, and its entity is what a load makes it."""
    return Agency(
        code=code,
        entity_id=entity_id(code, valid_from),
        name=name,
        parent=code.rpartition(".")[0] or None,
        kind=kind,
        valid_from=valid_from,
        valid_to=valid_to,
        successors=successors,
        aliases=aliases,
        certificates=tuple(
            Registration(certificate_sha256=each) if isinstance(each, str) else each for each in certificates
        ),
    )


def home_agencies() -> tuple[Agency, ...]:
    """Return the agencies of the small home scenario, both sides of the cut-over."""
    return (
        an_agency("G22", "Văn phòng Chính phủ", kind="central", aliases=("000.00.00.G22",)),
        an_agency("H26", aliases=("000.00.00.H26",)),
        an_agency(
            "H26.1",
            "Văn phòng Ủy ban nhân dân thành phố Hà Nội",
            kind="department",
            aliases=("000.00.01.H26",),
        ),
        an_agency("H26.2", "Sở Nội vụ thành phố Hà Nội", kind="department", aliases=("000.00.02.H26",)),
        an_agency(
            "H26.21",
            "Ủy ban nhân dân quận Ba Đình",
            kind="district",
            aliases=("000.00.21.H26",),
            valid_to=CUT_OVER,
        ),
        an_agency("H26.105", "Ủy ban nhân dân phường Ba Đình", kind="commune", valid_from=CUT_OVER),
        an_agency(
            "H39",
            "Ủy ban nhân dân tỉnh Long An",
            aliases=("000.00.00.H39",),
            valid_to=CUT_OVER,
            successors=("H53",),
        ),
        an_agency("H53", "Ủy ban nhân dân tỉnh Tây Ninh", aliases=("000.00.00.H53",), valid_to=CUT_OVER),
        an_agency("H53", "Ủy ban nhân dân tỉnh Tây Ninh", aliases=("000.00.00.H53",), valid_from=CUT_OVER),
    )


def a_directory(
    agencies: Iterable[Agency] | None = None,
    members: Iterable[Member] | None = None,
    *,
    extra: Iterable[Agency] = (),
    version: int = 1,
) -> Directory:
    """Return a directory of the given content, or else of the home scenario, plus `extra` agencies."""
    chosen = (*(home_agencies() if agencies is None else agencies), *extra)
    connected = MEMBERS if members is None else tuple(members)
    return Directory(version, registry_sha256(chosen, connected), chosen, connected)
