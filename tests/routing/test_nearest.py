"""Suggestions for mistyped codes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.nearest import nearest

CODES = dict.fromkeys(
    ["G22", "H26", "H26.1", "H26.2", "H26.21", "H26.21.1", "H53", "H37.DN.001", "0100109106", "H29.10"]
)
ALIASES = {"000.00.02.H26": "H26.2", "000.00.07.H37": "H37.DN.001"}


def suggest(text: str, limit: int = 3) -> tuple[str, ...]:
    """Return suggestions from the small list above."""
    return nearest(text, codes=CODES, aliases=ALIASES, accept=lambda _: True, limit=limit)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("h26.21", "H26.21"),
        (" H26.21 ", "H26.21"),
        ("H26,21", "H26.21"),
        ("H26/21", "H26.21"),
        ("H26.\u200b21", "H26.21"),
        ("Ｈ２６.21", "H26.21"),
        ("H26.021", "H26.21"),
        (".H26.21.", "H26.21"),
        ("H26.21.01", "H26.21.1"),
        ("000.01.21.H26", "H26.21.1"),
        ("00.02.H26", "H26.2"),
        ("02.H26", "H26.2"),
        ("000.00.00.h53", "H53"),
        ("000.00.07.H37", "H37.DN.001"),
    ],
)
def test_one_code_with_another_spelling(text: str, code: str) -> None:
    """Case, stray characters, zeros in front and the old order of groups leave a single suggestion."""
    assert suggest(text) == (code,)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("H62", "H26"),
        ("H2621", "H26.21"),
        ("H26..21", "H26.21"),
        ("H26.12", "H26.21"),
        ("H29.1O", "H29.10"),
        ("H29.I0", "H29.10"),
        ("K53", "H53"),
        ("000.00.20.H26", "H26.2"),
        ("000.00.08.H37", "H37.DN.001"),
        ("010010910", "0100109106"),
    ],
)
def test_one_slip_of_the_keyboard(text: str, code: str) -> None:
    """A swapped, wrong, missing or extra character is found, in older forms too."""
    assert code in suggest(text)


def test_the_nearest_ancestor_comes_last() -> None:
    """Where nothing is near, the unit above may be what was meant."""
    assert suggest("H26.21.777.888") == ("H26.21", "H26")
    assert suggest("H26.21.777.888", limit=1) == ("H26.21",)


@pytest.mark.parametrize("text", ["", ".", "  ", "văn thư", "X99", "9" * 36, "A" * 10_000, "\u200b", "Z"])
def test_nothing_near_means_no_suggestion(text: str) -> None:
    """Noise gives no suggestion, however long it is."""
    assert suggest(text) == ()


def test_only_accepted_codes_are_suggested() -> None:
    """The caller decides which codes may be named."""
    assert nearest("h26.2", codes=CODES, aliases=ALIASES, accept=lambda code: code != "H26.2") != ("H26.2",)
    assert nearest("h26.2", codes=CODES, aliases=ALIASES, accept=lambda _: False) == ()


@given(text=st.text(alphabet="0126.HGh ,O", max_size=40) | st.text(max_size=80), limit=st.integers(1, 5))
def test_suggestions_are_other_existing_codes(text: str, limit: int) -> None:
    """Any text gives at most `limit` different codes that exist, and never the text itself."""
    found = suggest(text, limit)
    assert len(found) == len(set(found)) <= limit
    assert all(code in CODES and code != text for code in found)


@given(code=st.sampled_from(sorted(CODES)), position=st.integers(0, 20), character=st.sampled_from("0126.H"))
def test_every_extra_character_is_forgiven(code: str, position: int, character: str) -> None:
    """Whatever is typed once too often, the code is among all suggestions unless the result is a code itself."""
    typed = code[:position] + character + code[position:]
    assert typed in CODES or code in suggest(typed, 200)


class _CountedLookups(dict[str, None]):
    """Codes that count how often they are asked."""

    lookups = 0

    def __contains__(self, key: object) -> bool:
        self.lookups += 1
        return super().__contains__(key)


@pytest.mark.parametrize("text", ["A00." + "1" * 31, "A00.1.1.1.1.1.1", "7" * 35, "." * 35, "A.1" * 11])
def test_the_work_is_bounded(text: str) -> None:
    """The longest legal code costs a thousand look-ups or so, not a scan of the directory."""
    codes = _CountedLookups(CODES)
    nearest(text, codes=codes, aliases={}, accept=lambda _: True)
    assert codes.lookups < 1_500
