"""The directory: versions of codes, aliases, members, and the hash of the content."""

import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from routing.agencies import Agency, entity_id
from routing.errors import RegistryInconsistent
from routing.registrations import Registration
from routing.registry_hash import registry_sha256
from routing.status import Status
from schemas.codes import AgencyCode
from tests.support.registry import (
    AFTER,
    BEFORE,
    CUT_OVER,
    HANOI,
    MEMBERS,
    TAY_NINH,
    a_directory,
    an_agency,
    home_agencies,
)

DAY = timedelta(days=1)
MOMENTS = st.integers(min_value=0, max_value=40).map(lambda days: CUT_OVER + days * DAY)


def a_history(cuts: Sequence[datetime]) -> list[Agency]:
    """Return versions of one code that follow each other at the given moments, open at both ends."""
    bounds = [None, *cuts, None]
    return [an_agency(valid_from=start, valid_to=end) for start, end in pairwise(bounds)]


def test_a_code_may_name_another_entity_after_an_instant() -> None:
    """H53 is the old Tây Ninh until the cut-over and the new one from that very instant."""
    directory = a_directory()
    old, new = directory.versions("H53")
    assert directory.agency("H53", CUT_OVER - timedelta(microseconds=1)) == old
    assert directory.agency("H53", CUT_OVER) == new
    assert old.entity_id != new.entity_id


def test_the_directory_derives_when_an_entity_took_over_a_code() -> None:
    """Only the version of a new entity under an old code is marked, whatever was claimed before."""
    directory = a_directory(
        agencies=(replace(an_agency("G22"), reconstituted_at=BEFORE), *home_agencies()[1:])
    )
    marked = {(each.code, each.reconstituted_at) for each in directory.agencies() if each.reconstituted_at}
    assert marked == {("H53", CUT_OVER)}


def test_a_renamed_entity_keeps_the_moment_it_took_over() -> None:
    """A later version of the same entity did not take over anything anew."""
    first = an_agency(valid_to=CUT_OVER)
    second = an_agency(valid_from=CUT_OVER, valid_to=CUT_OVER + DAY)
    renamed = replace(second, name="Tên mới", valid_from=CUT_OVER + DAY, valid_to=None)
    directory = a_directory(agencies=(renamed, first, second))
    assert [each.reconstituted_at for each in directory.versions("H26")] == [None, CUT_OVER, CUT_OVER]


def test_a_gap_between_versions_names_nobody() -> None:
    """Between two versions that do not touch, the code is not in force."""
    directory = a_directory(agencies=(an_agency(valid_to=BEFORE), an_agency(valid_from=AFTER)))
    assert directory.agency("H26", CUT_OVER) is None


@given(cuts=st.sets(MOMENTS, max_size=5), order=st.randoms(use_true_random=False), at=MOMENTS)
def test_exactly_one_version_is_in_force(cuts: set[datetime], order: random.Random, at: datetime) -> None:
    """A gapless history in any order of loading has one answer for every moment."""
    versions = a_history(sorted(cuts))
    order.shuffle(versions)
    directory = a_directory(agencies=versions)
    found = directory.agency("H26", at)
    assert found is not None
    assert [each.entity_id for each in versions if each.in_force(at)] == [found.entity_id]


WINDOWS = st.tuples(st.none() | MOMENTS, st.none() | MOMENTS).filter(
    lambda window: window[0] is None or window[1] is None or window[0] < window[1]
)


@given(windows=st.lists(WINDOWS, min_size=2, max_size=4))
def test_overlapping_versions_are_refused_and_only_they(
    windows: list[tuple[datetime | None, datetime | None]],
) -> None:
    """A directory is built exactly when no moment lies in two versions of a code."""
    versions = [an_agency(name=str(i), valid_from=a, valid_to=b) for i, (a, b) in enumerate(windows)]
    days = [CUT_OVER + n * DAY for n in range(-1, 42)]
    overlap = any(sum(each.in_force(day) for each in versions) > 1 for day in days)
    try:
        a_directory(agencies=versions)
    except RegistryInconsistent as error:
        assert overlap
        assert error.facts["about"] == "H26"  # noqa: PT017 -- the error is one of two right outcomes
    else:
        assert not overlap


def test_an_alias_leads_to_its_code_by_table() -> None:
    """An older form is known when it is registered; one that only looks right is not."""
    directory = a_directory()
    assert directory.canonical(AgencyCode.parse("000.00.02.H26")) == "H26.2"
    assert directory.canonical(AgencyCode.parse("H26.2")) == "H26.2"
    assert directory.canonical(AgencyCode.parse("000.00.05.H26")) is None
    assert directory.canonical(AgencyCode.parse("00.02.H26")) is None
    assert directory.canonical(AgencyCode.parse("H26.5")) is None


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (an_agency("H26.1", aliases=("000.00.01.H26",)), an_agency("H26.2", aliases=("000.00.01.H26",))),
        (an_agency("H26.1", aliases=("H26.2",)), an_agency("H26.2")),
    ],
)
def test_an_ambiguous_alias_is_refused(first: Agency, second: Agency) -> None:
    """An alias that is two agencies', or another agency's code, keeps the directory from being built."""
    for agencies in ((first, second), (second, first)):
        with pytest.raises(RegistryInconsistent) as caught:
            a_directory(agencies=agencies)
        assert caught.value.facts["about"] == first.aliases[0]


def test_members_are_found_by_prefix() -> None:
    """The directory knows the system behind a code, and says so when there is none."""
    directory = a_directory()
    assert directory.members == MEMBERS
    assert directory.member_for("H26.21.1", BEFORE) == HANOI
    assert directory.prefix_for("H26.21.1", BEFORE) == "H26"
    assert directory.member_for("H53", BEFORE) == TAY_NINH
    assert directory.member_for("G22", BEFORE) is None
    assert directory.prefix_for("G22", BEFORE) is None


def test_a_directory_counts_codes_and_lists_versions() -> None:
    """The size is that of the code list; iteration yields every version."""
    directory = a_directory(version=7)
    assert directory.version == 7
    assert len(directory) == 8
    assert len(tuple(directory.agencies())) == len(home_agencies())
    assert directory.versions("H99") == ()
    assert directory.agency("H99", CUT_OVER) is None


def test_near_codes_respect_the_moment() -> None:
    """A code that is closed is not suggested for a moment when it is not in force."""
    directory = a_directory()
    assert directory.nearest("H26.21.", at=BEFORE) == ("H26.21",)
    assert "H26.21" not in directory.nearest("H26.211", at=AFTER)
    assert "H26.21" in directory.nearest("H26.211")


@pytest.mark.parametrize("bound", ["valid_from", "valid_to"])
@pytest.mark.parametrize(
    "moment",
    [datetime(2025, 7, 1), datetime(2025, 7, 1, tzinfo=timezone(timedelta(hours=7)))],  # noqa: DTZ001 -- the fault
)
def test_bounds_are_aware_and_utc(bound: str, moment: datetime) -> None:
    """A bound without a zone, or in another one, is a mistake of the caller."""
    values: dict[str, Any] = {bound: moment}
    with pytest.raises(ValueError, match="UTC"):
        replace(an_agency(), **values)
    with pytest.raises(ValueError, match="UTC"):
        replace(Registration(certificate_sha256="00" * 32), **values)


def test_an_interval_holds_at_least_one_instant() -> None:
    """An interval that ends when it begins, or before, is refused."""
    with pytest.raises(ValueError, match="empty"):
        an_agency(valid_from=CUT_OVER, valid_to=CUT_OVER)


def test_entities_are_named_the_same_on_every_load() -> None:
    """The identity depends on code and beginning, and is a UUID of version 5."""
    assert entity_id("H53", None) == entity_id("H53", None) == "0b91078d-ea1a-5266-9d02-9de9cbba03e2"
    assert len({entity_id("H53", None), entity_id("H53", CUT_OVER), entity_id("H39", None)}) == 3


@given(order=st.randoms(use_true_random=False))
def test_the_hash_does_not_depend_on_order(order: random.Random) -> None:
    """Agencies, members, prefixes, aliases and certificates may come in any order."""
    agencies = [
        *home_agencies(),
        an_agency("H01", aliases=("000.00.00.H01", "00.00.H01"), certificates=("aa" * 32, "bb" * 32)),
    ]
    members = list(MEMBERS)
    expected = registry_sha256(agencies, members)
    agencies[-1] = replace(
        agencies[-1], aliases=agencies[-1].aliases[::-1], certificates=agencies[-1].certificates[::-1]
    )
    members[1] = replace(members[1], prefixes=members[1].prefixes[::-1])
    order.shuffle(agencies)
    order.shuffle(members)
    assert registry_sha256(agencies, members) == expected


CHANGES: dict[str, Any] = {
    "code": "H27",
    "entity_id": "other",
    "name": "Tên khác",
    "parent": "H25",
    "kind": "ministry",
    "valid_from": BEFORE,
    "valid_to": AFTER,
    "successors": ("H27",),
    "aliases": ("00.00.H26",),
    "certificates": (Registration(certificate_sha256="aa" * 32, valid_to=AFTER),),
    "status": Status.SUSPENDED,
    "forward_until": AFTER,
}


@pytest.mark.parametrize("field", CHANGES)
def test_the_hash_covers_every_field_of_an_agency(field: str) -> None:
    """Whatever may change a decision changes the hash."""
    agency = an_agency()
    changed = replace(agency, **{field: CHANGES[field]})
    assert registry_sha256([changed], ()) != registry_sha256([agency], ())


@pytest.mark.parametrize("field", ["id", "name", "prefixes", "queue", "gateway", "entities"])
def test_the_hash_covers_every_field_of_a_member(field: str) -> None:
    """Where a document goes is part of the registry's content."""
    values: dict[str, Any] = {field: ("H27",) if field in {"prefixes", "entities"} else "other"}
    changed = replace(HANOI, **values)
    assert registry_sha256((), [changed]) != registry_sha256((), [HANOI])


def test_the_hash_ignores_what_the_directory_derives() -> None:
    """A directory's own agencies hash like those it was built from."""
    directory = a_directory()
    assert registry_sha256(directory.agencies(), directory.members) == directory.sha256


def test_the_lines_under_the_hash_are_canonical_json() -> None:
    """An auditor can rebuild the hash with any RFC 8785 library."""
    agency = an_agency(name='Sở "A"\\B \x1f \x7f ữ 𝄞 ', aliases=("00.00.H26",), valid_from=CUT_OVER)
    fields = {
        "aliases": ["00.00.H26"],
        "certificates": [],
        "code": "H26",
        "entity_id": agency.entity_id,
        "forward_until": "",
        "kind": "province",
        "name": agency.name,
        "parent": None,
        "status": "active",
        "successors": [],
        "valid_from": "2025-06-30T17:00:00+00:00",
        "valid_to": "",
    }
    line = rfc8785.dumps({"agency": fields})
    assert json.loads(line)["agency"] == fields
    assert registry_sha256([agency], ()) == hashlib.sha256(hashlib.sha256(line).digest()).hexdigest()


def test_a_code_is_something_at_every_moment() -> None:
    """Planned before it begins, merged or closed after its end; unknown to the registry is nothing."""
    directory = a_directory()
    told = {code: [directory.status(code, at) for at in (BEFORE, CUT_OVER)] for code in ("H26", "H39", "H53")}
    assert told == {
        "H26": [Status.ACTIVE, Status.ACTIVE],
        "H39": [Status.ACTIVE, Status.MERGED],
        "H53": [Status.ACTIVE, Status.ACTIVE],
    }
    assert directory.status("H26.21", CUT_OVER) is Status.CLOSED
    assert directory.status("H26.105", BEFORE) is Status.PLANNED
    assert directory.status("H99", BEFORE) is None


def test_what_a_version_says_of_itself_is_its_status() -> None:
    """A suspended code still names its body, an annulled one names nobody."""
    suspended = replace(an_agency("H26.2"), status=Status.SUSPENDED, valid_from=CUT_OVER)
    annulled = replace(an_agency("H26.9"), status=Status.ANNULLED)
    directory = a_directory(agencies=(replace(an_agency("H26.2"), valid_to=CUT_OVER), suspended, annulled))
    assert directory.status("H26.2", CUT_OVER) is Status.SUSPENDED
    assert directory.agency("H26.2", CUT_OVER) == suspended
    assert directory.status("H26.9", BEFORE) is Status.ANNULLED
    assert directory.agency("H26.9", BEFORE) is None


@pytest.mark.parametrize("status", [Status.PLANNED, Status.MERGED, Status.CLOSED])
def test_no_version_is_what_only_follows_from_intervals(status: Status) -> None:
    """What a code is before and after its versions is never written down."""
    with pytest.raises(ValueError, match="never"):
        replace(an_agency(), status=status)


def test_predecessors_count_from_their_end() -> None:
    """A successor has predecessors only once they have ended."""
    directory = a_directory()
    assert directory.predecessors("H53", BEFORE) == ()
    assert [each.code for each in directory.predecessors("H53", CUT_OVER)] == ["H39"]
    assert directory.predecessors("H26", AFTER) == ()


def test_between_two_instants_nothing_changes() -> None:
    """Whatever was decided holds until the next instant, which belongs to what comes."""
    directory = a_directory()
    assert directory.steady(BEFORE) == (None, CUT_OVER)
    assert directory.steady(CUT_OVER) == (CUT_OVER, None)
    assert a_directory(agencies=(an_agency(),)).steady(BEFORE) == (None, None)


def test_a_member_serves_a_code_while_its_body_bears_it() -> None:
    """The key of the old body's system stops working when the new body takes the code over."""
    old = next(each for each in home_agencies() if each.code == "H53" and each.valid_to == CUT_OVER)
    system = replace(TAY_NINH, prefixes=("H53",), entities=(old.entity_id,))
    directory = a_directory(members=(system,))
    assert directory.member_for("H53.1", BEFORE) == system
    assert directory.member_for("H53.1", CUT_OVER) is None
    assert directory.prefix_for("H53", CUT_OVER) is None
