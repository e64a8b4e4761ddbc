"""For which bodies a system is connected: who bears its prefixes, who will, and who did."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from routing.agencies import Directory, Member, entity_id
from routing.members import index_services
from routing.serving import bearer_of, services_for
from tests.routing.histories import CODES, directories, moments
from tests.support.registry import AFTER, BEFORE, CUT_OVER, HANOI, a_directory

OLD, NEW = entity_id("H53", None), entity_id("H53", CUT_OVER)
LONG_AN = entity_id("H39", None)


def known(*services: tuple[str, str]) -> Member:
    """Return a system that serves these."""
    prefixes, entities = zip(*services, strict=True)
    return Member(id="x", name="X", prefixes=prefixes, queue="q", gateway="gw", entities=entities)


def test_a_new_prefix_is_served_for_its_bearer() -> None:
    """Of the moment when it is connected."""
    directory = a_directory()
    assert services_for(("H39", "H53"), known=None, directory=directory, at=BEFORE) == (
        ("H39", "H53"),
        (LONG_AN, OLD),
    )
    assert services_for(("H53",), known=None, directory=directory, at=AFTER) == (("H53",), (NEW,))


def test_what_nobody_bears_is_served_for_whoever_will() -> None:
    """As before there were entities."""
    assert services_for(("H77",), known=None, directory=a_directory(), at=BEFORE) == (("H77",), ())
    assert services_for(("H77", "H26"), known=None, directory=a_directory(), at=BEFORE) == (
        ("H77", "H26"),
        ("", entity_id("H26", None)),
    )


def test_a_code_to_come_and_a_code_that_ended() -> None:
    """The next bearer, else the last one."""
    directory = a_directory()
    assert bearer_of("H26.105", directory=directory, at=BEFORE) == entity_id("H26.105", CUT_OVER)
    assert bearer_of("H39", directory=directory, at=AFTER) == LONG_AN


def test_a_prefix_that_is_bound_stays_so() -> None:
    """Whoever bears it by now; one that was bound to nobody is bound."""
    directory = a_directory()
    assert services_for(("H53",), known=known(("H53", OLD)), directory=directory, at=AFTER) == (
        ("H53",),
        (OLD,),
    )
    assert services_for(("H26",), known=HANOI, directory=directory, at=AFTER)[1] == (entity_id("H26", None),)


def test_since_serves_the_body_of_the_cut_over_too() -> None:
    """The prefix is there twice then, and once if the body stays."""
    directory = a_directory()
    both = services_for(
        ("H53", "H26"), known=known(("H53", OLD)), directory=directory, at=BEFORE, since=CUT_OVER
    )
    assert both == (("H53", "H53", "H26"), (OLD, NEW, entity_id("H26", None)))
    again = services_for(
        ("H53",), known=known(("H53", OLD), ("H53", NEW)), directory=directory, at=BEFORE, since=CUT_OVER
    )
    assert again == (("H53", "H53"), (OLD, NEW))


@given(directories(), st.lists(st.sampled_from((*CODES, "H77")), unique=True), moments(), moments())
def test_what_comes_out_can_be_connected(
    directory: Directory, prefixes: list[str], at: datetime, since: datetime
) -> None:
    """Whatever the history: nothing is served twice, and connecting the same again changes nothing."""
    first = services_for(prefixes, known=None, directory=directory, at=at)
    member = Member(id="x", name="X", prefixes=first[0], queue="q", gateway="gw", entities=first[1])
    then = services_for(prefixes, known=member, directory=directory, at=at, since=since)
    later = Member(id="x", name="X", prefixes=then[0], queue="q", gateway="gw", entities=then[1])
    index_services([later])
    assert services_for(prefixes, known=later, directory=directory, at=at + timedelta(days=1)) == then
