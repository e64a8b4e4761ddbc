"""Which connected system serves a code."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.errors import RegistryInconsistent
from routing.members import Member, Service, index_services, serving

GROUP = st.sampled_from(["1", "2", "21", "2A", "105"])
CODES = st.builds(
    lambda first, rest: ".".join([first, *rest]),
    st.sampled_from(["H26", "H2", "G22"]),
    st.lists(GROUP, max_size=4),
)


def a_member(identity: str, *prefixes: str) -> Member:
    """Return a system that serves the given prefixes."""
    return Member(id=identity, name=identity, prefixes=prefixes, queue=f"member.{identity}", gateway="gw")


def longest_prefix(code: str, prefixes: set[str]) -> str | None:
    """Return the prefix that leads to a member when each of `prefixes` is served for whoever bears it."""
    services = {prefix: (Service("", a_member("any", prefix)),) for prefix in prefixes}
    found = serving(code, services, lambda _code: None)
    return None if found is None else found[0]


def naive_longest_prefix(code: str, prefixes: set[str]) -> str | None:
    """Return the longest prefix by the definition: its groups are the first groups of the code."""
    groups = code.split(".")
    matching = [each for each in prefixes if groups[: len(each.split("."))] == each.split(".")]
    return max(matching, key=lambda each: len(each.split(".")), default=None)


@given(code=CODES, prefixes=st.sets(CODES, max_size=8))
def test_longest_prefix_is_the_naive_definition(code: str, prefixes: set[str]) -> None:
    """Look-ups by cutting off groups find what comparing groups finds."""
    assert longest_prefix(code, prefixes) == naive_longest_prefix(code, prefixes)


@pytest.mark.parametrize(
    ("code", "prefix"),
    [
        ("H26", "H26"),
        ("H26.2", "H26.2"),
        ("H26.2.7", "H26.2"),
        ("H26.21", "H26"),
        ("H26.21.2", "H26"),
        ("H2", None),
        ("H261", None),
        ("", None),
        (".", None),
    ],
)
def test_groups_count_and_not_characters(code: str, prefix: str | None) -> None:
    """H26.21 lies under H26 and not under H26.2."""
    assert longest_prefix(code, {"H26", "H26.2"}) == prefix


@pytest.mark.parametrize(
    ("code", "prefix"),
    [
        ("0100109106", "0100109106"),
        ("0100109106-001", None),
        ("Z01AB", "Z01AB"),
        ("Z01AB.CD", None),
        ("000.00.00.H26", None),
    ],
)
def test_codes_without_hierarchy_match_as_a_whole(code: str, prefix: str | None) -> None:
    """A dot in a Z code or in an older form makes nobody its superior."""
    assert longest_prefix(code, {"0100109106", "Z01AB", "000", "000.00"}) == prefix


def test_index_names_the_owner_of_each_prefix() -> None:
    """Every prefix leads to the member that registered it."""
    north, south = a_member("north", "H26", "H26.2"), a_member("south", "H53")
    assert index_services([north, south]) == {
        "H26": (Service("", north),),
        "H26.2": (Service("", north),),
        "H53": (Service("", south),),
    }


def for_entity(identity: str, prefix: str, entity: str) -> Member:
    """Return a system that serves a prefix for one entity."""
    return replace(a_member(identity, prefix), entities=(entity,))


def test_a_prefix_is_served_for_the_entity_that_bears_it() -> None:
    """When a new body takes the code over, the system of the old one has no part in it any more."""
    old, new = for_entity("old", "H53", "body-1"), for_entity("new", "H53", "body-2")
    services = index_services([old, new])
    assert serving("H53.7", services, {"H53": "body-1"}.get) == ("H53", old)
    assert serving("H53.7", services, {"H53": "body-2"}.get) == ("H53", new)
    assert serving("H53.7", services, {"H53": "body-3"}.get) is None
    assert serving("H53.7", services, lambda _code: None) is None


def test_a_service_that_does_not_count_leaves_room_for_the_shorter_prefix() -> None:
    """Where the system of a department's former body has gone, its province's system serves it."""
    services = index_services([for_entity("old", "H26.2", "body-1"), a_member("province", "H26")])
    assert serving("H26.2.1", services, {"H26.2": "body-1"}.get) == ("H26.2", services["H26.2"][0].member)
    assert serving("H26.2.1", services, {"H26.2": "body-2"}.get) == ("H26", services["H26"][0].member)


@pytest.mark.parametrize(
    ("members", "about"),
    [
        ([a_member("a", "H26"), a_member("b", "H26")], "H26"),
        ([a_member("a", "H26", "H26")], "H26"),
        ([for_entity("a", "H26", "body-1"), for_entity("b", "H26", "body-1")], "H26"),
        ([for_entity("a", "H26", "body-1"), a_member("b", "H26")], "H26"),
        ([a_member("a", "H26"), for_entity("b", "H26", "body-1")], "H26"),
        ([a_member("a", "H26"), a_member("a", "H53")], "a"),
        ([a_member("a", "h26")], "h26"),
        ([a_member("a", "H26 ")], "H26 "),
        ([a_member("a", "")], ""),
        ([a_member("a", "000.00.00.H26")], "000.00.00.H26"),
    ],
)
def test_an_ambiguous_or_malformed_prefix_is_refused(members: list[Member], about: str) -> None:
    """Two owners, two systems of one id, and prefixes that are no canonical codes are all refused."""
    with pytest.raises(RegistryInconsistent) as caught:
        index_services(members)
    assert caught.value.facts["about"] == about
