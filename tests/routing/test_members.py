"""Which connected system serves a code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.errors import RegistryInconsistent
from routing.members import Member, index_prefixes, longest_prefix

GROUP = st.sampled_from(["1", "2", "21", "2A", "105"])
CODES = st.builds(
    lambda first, rest: ".".join([first, *rest]),
    st.sampled_from(["H26", "H2", "G22"]),
    st.lists(GROUP, max_size=4),
)


def a_member(identity: str, *prefixes: str) -> Member:
    """Return a system that serves the given prefixes."""
    return Member(id=identity, name=identity, prefixes=prefixes, queue=f"member.{identity}", gateway="gw")


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
    assert index_prefixes([north, south]) == {"H26": north, "H26.2": north, "H53": south}


@pytest.mark.parametrize(
    ("members", "about"),
    [
        ([a_member("a", "H26"), a_member("b", "H26")], "H26"),
        ([a_member("a", "H26", "H26")], "H26"),
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
        index_prefixes(members)
    assert caught.value.facts["about"] == about
