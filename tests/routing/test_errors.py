"""The errors of this package: codes, texts, and facts that are safe to show."""

import re
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing import errors
from routing.errors import FACT_LENGTH, Listing, RegistryFault, RoutingError, UnknownCode, printable


def leaves(kind: type[RoutingError] = RoutingError) -> list[type[RoutingError]]:
    """Return the classes of `routing.errors` that are raised: those below which there is nothing."""
    below = [each for each in kind.__subclasses__() if each.__module__ == errors.__name__]
    return [leaf for each in below for leaf in leaves(each)] if below else [kind]


def names_in(template: str) -> set[str]:
    """Return the facts that a message template needs."""
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def test_every_error_has_a_code_of_its_own() -> None:
    """Codes are dotted, stable words, and no two errors share one."""
    codes = [each.code for each in leaves()]
    assert len(set(codes)) == len(codes) == 12
    assert all(re.fullmatch(r"(registry|access|routing)\.[a-z_]+", code) for code in codes)


def test_every_error_appears_in_the_tree_on_top() -> None:
    """The drawing in the module docstring names each error and its code."""
    assert errors.__doc__ is not None
    for each in leaves():
        assert re.search(rf"── {each.__name__} +{re.escape(each.code)}\b", errors.__doc__), each


@pytest.mark.parametrize("kind", leaves(), ids=lambda kind: kind.__name__)
def test_every_error_speaks_both_languages(kind: type[RoutingError]) -> None:
    """Each error says what is wrong and what to do next, from the same facts in both languages."""
    for text in (kind.vi, kind.en, kind.fix_vi, kind.fix_en):
        assert text
        assert text.endswith((".", "}"))
    plain = [{re.sub("_(vi|en)$", "", name) for name in names_in(text)} for text in (kind.vi, kind.en)]
    assert plain[0] == plain[1]
    assert names_in(kind.fix_vi) == names_in(kind.fix_en)


def test_faults_of_a_file_speak_both_languages() -> None:
    """Each reason has a Vietnamese and an English text of its own."""
    texts = [text for fault in RegistryFault for text in fault.value]
    assert len(set(texts)) == 2 * len(RegistryFault)


def test_an_error_keeps_its_place_in_the_document() -> None:
    """The element and the line travel with the error."""
    error = UnknownCode(xpath="/edXML/To[2]/OrganId", line=12, code="H99", nearest=())
    assert (error.xpath, error.line) == ("/edXML/To[2]/OrganId", 12)
    assert str(error) == "No agency has the code “H99”."
    assert error.vi.format(**error.facts) == "Không có cơ quan nào mang mã định danh “H99”."


def test_several_values_read_as_a_phrase() -> None:
    """Codes are joined by commas, and none are a dash, in whatever template they stand."""
    assert f"{Listing(('H26', 'H53'))}" == "H26, H53"
    assert f"{Listing():>3}" == "  –"


def test_sentences_of_ours_are_not_cut() -> None:
    """A reason is our own text in full; a code is the sender's and is cut."""
    error = RoutingError(reason_en="x" * 200, code="x" * 200, count=3)
    assert error.facts["reason_en"] == "x" * 200
    assert error.facts["code"] == "x" * 79 + "…"
    assert error.facts["count"] == 3


@given(text=st.text(max_size=300))
def test_facts_are_short_and_printable(text: str) -> None:
    """No text gets through that could fill a log, break its lines or reverse its reading order."""
    error = RoutingError(code=text, codes=(text, text))
    shown = error.facts["code"]
    assert isinstance(shown, str)
    assert shown.isprintable()
    assert len(shown) <= FACT_LENGTH
    assert error.facts["codes"] == (shown, shown)
    assert printable(shown) == shown
