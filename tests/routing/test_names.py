"""The index over names: against a plain definition of what it finds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.names import NameIndex, fold, matches, words

NAMES = st.text(alphabet="aăâáắbđĐdeêếO. -\n'Ｈ1ßŒ\u0301́", max_size=12)
CODES = st.sampled_from(["H1", "H1.1", "H1.10", "H1.2", "H10", "H10.1", "H2", "H1.1.1"])
LISTS = st.lists(st.tuples(CODES, NAMES), max_size=12)


def test_fold() -> None:
    """Diacritics, the stroke of đ, capitals and other forms of letters do not count."""
    assert fold("Ủy ban nhân dân Quận Đống Đa") == "uy ban nhan dan quan dong da"
    assert words("Sở  Nội-vụ, TP. Hà Nội") == ("so", "noi", "vu", "tp", "ha", "noi")
    assert words("ＴＨUẾ 2") == ("thue", "2")
    assert words("𝐀ϓ") == ("aυ",)
    assert words("đ\u0302́") == ("d",)


@given(st.text())
def test_words_are_their_own_words(text: str) -> None:
    """Words hold nothing that divides words."""
    assert words(" ".join(words(text))) == words(text)


@given(
    LISTS, NAMES, st.sampled_from(["", "H1", "H1.1", "H10", "H9"]), st.sampled_from(["", "H1", "H1.10", "Z"])
)
def test_it_finds_what_the_definition_says(
    names: list[tuple[str, str]], query: str, prefix: str, after: str
) -> None:
    """A name is found if each word of the query begins one of its words, in any order; codes come once and in order."""
    wanted = words(query)
    expected = sorted(
        {
            code
            for code, name in names
            if all(any(each.startswith(word) for each in words(name)) for word in wanted)
            and (not prefix or code == prefix or code.startswith(f"{prefix}."))
            and code > after
        }
    )
    index = NameIndex(names)

    if wanted:
        assert list(index.find(wanted, prefix=prefix, after=after)) == expected
    else:
        assert list(index.codes(prefix=prefix, after=after)) == expected
    assert len(index) == len(names)


@given(LISTS, st.sampled_from(["H", "H1", "H1.", "H2", "X"]), st.sampled_from(["", "H1", "H10"]))
def test_beginnings_of_codes(names: list[tuple[str, str]], text: str, prefix: str) -> None:
    """A code is found by its first letters, also within what lies under a prefix."""
    expected = sorted(
        {
            code
            for code, _ in names
            if code.startswith(text) and (not prefix or code == prefix or code.startswith(f"{prefix}."))
        }
    )

    assert list(NameIndex(names).beginning(text, prefix=prefix)) == expected


@given(NAMES, NAMES)
def test_matching_is_finding(query: str, name: str) -> None:
    """A single name matches if and only if an index of it finds it."""
    wanted = words(query)

    assert matches(wanted, name) == (not wanted or list(NameIndex([("H1", name)]).find(wanted)) == ["H1"])


@pytest.mark.parametrize("query", ["noi vu so", "NOI v", "Sở Nội Vụ", "so so"])
def test_order_and_beginnings_of_words(query: str) -> None:
    """Words come in any order and may be cut short."""
    index = NameIndex([("H26.2", "Sở Nội vụ"), ("H26.3", "Sở Y tế")])

    assert "H26.2" in list(index.find(words(query)))
