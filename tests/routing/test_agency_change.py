"""A change of agencies: whatever way a directory was made, by loading or by changes, it is the same directory."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.agencies import Agency, AgencyChange, Directory
from routing.agency import agency_content, recalled
from routing.errors import RegistryInconsistent
from routing.registrations import Registration
from routing.status import Status
from schemas.codes import AgencyCode
from tests.support.registry import AFTER, BEFORE, CUT_OVER, HANOI, a_directory, an_agency, home_agencies

CODES = ("H26", "H26.1", "H39", "H53")
ALIASES = ("000.00.00.H26", "000.00.00.H39", "H53", "H26.9")
CUTS = (None, BEFORE, CUT_OVER, AFTER)
PROBES = (BEFORE - timedelta(days=1), *CUTS[1:], CUT_OVER - timedelta(microseconds=1), AFTER + timedelta(1))


@st.composite
def agencies(draw: st.DrawFn) -> tuple[Agency, ...]:
    """Return a few versions of a few codes, contradictory ones too."""
    windows = st.tuples(st.sampled_from(CUTS), st.sampled_from(CUTS)).filter(
        lambda each: each[0] is None or each[1] is None or each[0] < each[1]
    )
    rows = draw(st.lists(st.tuples(st.sampled_from(CODES), windows), max_size=6, unique=True))
    made = []
    for code, (start, end) in rows:
        version = an_agency(
            code,
            draw(st.sampled_from(("một", "hai"))),
            valid_from=start,
            valid_to=end,
            successors=tuple(draw(st.lists(st.sampled_from(CODES), max_size=2, unique=True))),
            aliases=tuple(draw(st.lists(st.sampled_from(ALIASES), max_size=1))),
        )
        entity = draw(st.sampled_from(("a", "b", "c")))
        made.append(replace(version, entity_id=entity, certificates=CERTIFICATES.get(entity, ())))
    return tuple(made)


CERTIFICATES = {"a": (Registration(certificate_sha256="aa" * 32),)}


def change_to(wanted: tuple[Agency, ...], before: Directory) -> AgencyChange:
    """Return the change from a directory to what is wanted."""
    old = {agency_content(each): each for each in before.agencies()}
    new = {agency_content(each): each for each in wanted}
    return AgencyChange(
        base_version=before.version,
        closed=tuple(each for key, each in old.items() if key not in new),
        added=tuple(replace(each, certificates=()) for key, each in new.items() if key not in old),
    )


def answers(directory: Directory) -> object:
    """Return everything that a directory says."""
    return (
        len(directory),
        directory.version,
        directory.sha256,
        sorted(map(repr, directory.agencies())),
        {code: directory.versions(code) for code in (*CODES, *ALIASES)},
        {text: directory.canonical(AgencyCode.parse(text)) for text in (*CODES, *ALIASES)},
        [(at, code, seen(directory, code, at)) for at in PROBES for code in CODES],
    )


def seen(directory: Directory, code: str, at: datetime) -> object:
    """Return what a directory says of a code at a moment."""
    return (
        directory.agency(code, at),
        directory.status(code, at),
        directory.predecessors(code, at),
        directory.steady(at),
    )


def built(agencies: tuple[Agency, ...], version: int) -> Directory | None:
    """Return the directory of these versions unless they contradict each other."""
    try:
        return a_directory(agencies, (), version=version)
    except RegistryInconsistent:
        return None


@given(first=agencies(), second=agencies())
def test_a_change_leads_where_a_load_leads(first: tuple[Agency, ...], second: tuple[Agency, ...]) -> None:
    """What comes out of a change answers like what is built from its result, and is refused exactly when that is."""
    before = built(first, 1)
    if before is None:
        return
    kept = {each.entity_id for each in first}
    wanted = tuple(each if each.entity_id in kept else replace(each, certificates=()) for each in second)
    expected = built(wanted, 2)
    untouched = answers(before)
    try:
        found = before.after(change_to(wanted, before), version=2)
    except RegistryInconsistent:
        assert expected is None
    else:
        assert expected is not None
        assert answers(found) == answers(expected)
    assert answers(before) == untouched


def test_a_closed_version_ends_and_its_successor_takes_over() -> None:
    """The cut-over as a change: the old version again with an end, and the new one."""
    before = a_directory((an_agency("H39"), an_agency("H53")), version=4)
    ended = replace(an_agency("H39"), valid_to=CUT_OVER, successors=("H53",))

    after = before.after(
        AgencyChange(base_version=4, closed=(an_agency("H39"),), added=(ended,)), version=5, sha256="5" * 64
    )

    assert (after.version, after.sha256, after.members) == (5, "5" * 64, before.members)
    assert after.predecessors("H53", CUT_OVER) == (ended,)
    assert after.steady(BEFORE) == (None, CUT_OVER)
    assert before.predecessors("H53", CUT_OVER) == ()


def test_certificates_stay_with_their_entity() -> None:
    """A version of an entity that is added has its certificates; without a version left they are gone for good."""
    certified = an_agency("H26", certificates=("aa" * 32,))
    before = a_directory((certified, an_agency("H53")))
    moved = replace(an_agency("H27"), entity_id=certified.entity_id)

    both = before.after(AgencyChange(base_version=1, closed=(), added=(moved,)), version=2)
    one = both.after(AgencyChange(base_version=2, closed=(an_agency("H26"),), added=()), version=3)
    none = one.after(AgencyChange(base_version=3, closed=(moved,), added=()), version=4)
    again = none.after(AgencyChange(base_version=4, closed=(), added=(moved,)), version=5)

    assert both.versions("H27")[0].certificates == certified.certificates
    assert one.versions("H27")[0].certificates == certified.certificates
    assert (len(none), again.versions("H27")[0].certificates) == (1, ())


@pytest.mark.parametrize(
    ("base", "closed"),
    [(2, an_agency("H26")), (1, an_agency("H26", "Tên khác")), (1, an_agency("H99"))],
    ids=["another version", "other content", "unknown code"],
)
def test_a_change_of_something_else_is_refused(base: int, closed: Agency) -> None:
    """A change closes what is there in the version that it speaks of, or is none."""
    with pytest.raises(RegistryInconsistent):
        a_directory(home_agencies()).after(
            AgencyChange(base_version=base, closed=(closed,), added=()), version=9
        )


@given(content=agencies(), holders=st.sets(st.sampled_from(("a", "b", "c"))))
def test_certificates_change_by_themselves(content: tuple[Agency, ...], holders: set[str]) -> None:
    """With other certificates of some entities, and another member, a directory is what a load makes of that."""
    before = built(content, 1)
    if before is None:
        return
    wanted = dict.fromkeys(holders, CERTIFICATES["a"]) | {"a": ()}
    after = tuple(
        replace(each, certificates=wanted.get(each.entity_id, each.certificates)) for each in content
    )

    found = before.moved(version=2, certificates=wanted, members=(HANOI,))

    expected = a_directory(after, (HANOI,), version=2)
    assert answers(found) == answers(expected)
    assert found.registered == expected.registered
    assert found.member_for("H26.1", CUT_OVER) == HANOI


def test_recalling_is_making() -> None:
    """What was checked when it was made comes back the same."""
    made = replace(
        an_agency(valid_from=BEFORE, valid_to=AFTER, aliases=("000.00.00.H26",), successors=("H53",)),
        status=Status.SUSPENDED,
        forward_until=AFTER,
        certificates=CERTIFICATES["a"],
    )

    assert recalled(tuple(getattr(made, name) for name in Agency.__slots__)) == made
