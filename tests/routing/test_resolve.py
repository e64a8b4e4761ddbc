"""From the text of a code to an agency in force, or to an explicit refusal."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.errors import (
    CodeClosed,
    CodeError,
    CodeNotYetValid,
    MalformedCode,
    RegistryEmpty,
    RoutingError,
    UnknownCode,
)
from routing.errors_registry import CodeAnnulledError, CodeSuspendedError
from routing.resolve import resolve
from routing.status import Status
from tests.support.registry import AFTER, BEFORE, CUT_OVER, a_directory, an_agency, home_agencies

DIRECTORY = a_directory()


def refusal(text: str, at: datetime) -> CodeError:
    """Return the error that resolving gives."""
    with pytest.raises(CodeError) as caught:
        resolve(text, directory=DIRECTORY, at=at)
    return caught.value


def test_a_code_in_force_is_resolved() -> None:
    """The canonical code leads to its agency."""
    resolved = resolve("H26.2", directory=DIRECTORY, at=BEFORE)
    assert (resolved.as_sent, resolved.agency.code) == ("H26.2", "H26.2")


def test_an_older_form_is_resolved_and_kept_as_sent() -> None:
    """A QCVN 102 code reaches its agency by the table; what was written is not lost."""
    resolved = resolve(" 000.00.02.H26\n", directory=DIRECTORY, at=BEFORE)
    assert (resolved.as_sent, resolved.agency.code) == ("000.00.02.H26", "H26.2")


def test_the_instant_belongs_to_the_new_entity() -> None:
    """H53 resolves to another body at the cut-over, under its older form too."""
    for text in ("H53", "000.00.00.H53"):
        old = resolve(text, directory=DIRECTORY, at=CUT_OVER - timedelta(microseconds=1)).agency
        new = resolve(text, directory=DIRECTORY, at=CUT_OVER).agency
        assert (old.valid_to, new.valid_from) == (CUT_OVER, CUT_OVER)
        assert old.entity_id != new.entity_id


def test_an_unknown_code_comes_with_suggestions() -> None:
    """The refusal names codes that were perhaps meant."""
    error = refusal("H26.12", BEFORE)
    assert isinstance(error, UnknownCode)
    assert error.code == "registry.unknown_code"
    assert error.facts["code"] == "H26.12"
    assert error.facts["nearest"] == ("H26.21", "H26.2", "H26.1")
    assert error.fix_en.format(**error.facts).endswith("Similar codes: H26.21, H26.2, H26.1.")


def test_an_older_form_that_is_not_registered_is_unknown() -> None:
    """No rule turns groups round; the code that the rule would give is a suggestion and nothing more."""
    error = refusal("00.02.H26", BEFORE)
    assert isinstance(error, UnknownCode)
    assert error.facts["nearest"] == ("H26.2",)


def test_a_closed_code_names_its_successors() -> None:
    """The sender learns since when the code is closed, in Vietnam time, and who took over."""
    error = refusal("000.00.00.H39", CUT_OVER)
    assert isinstance(error, CodeClosed)
    assert error.facts == {
        "code": "000.00.00.H39",
        "name": "Ủy ban nhân dân tỉnh Long An",
        "since": "2025-07-01T00:00:00+07:00",
        "successors": ("H53",),
    }
    assert error.fix_vi.format(**error.facts) == "Dùng mã của cơ quan kế thừa: H53."


def test_a_code_closed_without_successor_says_so() -> None:
    """A district ends with nobody in its place."""
    error = refusal("H26.21", AFTER)
    assert isinstance(error, CodeClosed)
    assert error.facts["successors"] == ()
    assert error.fix_en.format(**error.facts).endswith("took over: –.")


def test_a_future_code_says_from_when() -> None:
    """A code that is loaded ahead of its instant is refused until then."""
    error = refusal("H26.105", CUT_OVER - timedelta(seconds=1))
    assert isinstance(error, CodeNotYetValid)
    assert error.facts["valid_from"] == "2025-07-01T00:00:00+07:00"
    assert resolve("H26.105", directory=DIRECTORY, at=CUT_OVER).agency.kind == "commune"


def test_a_code_between_two_versions_is_closed() -> None:
    """Where a code ended and begins anew later, the sender is told of the end."""
    directory = a_directory(agencies=(an_agency(valid_to=BEFORE), an_agency(valid_from=AFTER)))
    with pytest.raises(CodeClosed) as caught:
        resolve("H26", directory=directory, at=CUT_OVER)
    assert caught.value.facts["since"] == "2025-06-30T19:00:00+07:00"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "null",
        "h26.2",
        "H26.",
        "H26..2",
        "Н26.2",
        "H26.2\u200b",
        "H26\u00a0.2",
        "Ｈ26.2",
        "H26.2 ;",
        "H\ud800",
    ],
)
def test_a_malformed_code_is_never_repaired(text: str) -> None:
    """Case, look-alikes and invisible characters are refused with the reason, however clear the meaning."""
    error = refusal(text, BEFORE)
    assert isinstance(error, MalformedCode)
    assert not error.retry
    assert error.facts["reason_en"]
    assert str(error).isprintable()
    assert error.vi.format(**error.facts).isprintable()


def test_a_malformed_code_comes_with_suggestions() -> None:
    """What may not be accepted may still be suggested."""
    assert refusal("h26.2", BEFORE).facts["nearest"] == ("H26.2",)
    assert refusal("H26.2\u200b", BEFORE).facts["nearest"] == ("H26.2",)


def test_an_empty_registry_decides_nothing() -> None:
    """Without any agency the answer is neither yes nor no, so the sender may try again."""
    with pytest.raises(RegistryEmpty) as caught:
        resolve("H26", directory=a_directory(agencies=(), members=()), at=BEFORE)
    assert caught.value.retry


def test_a_suspended_code_is_refused_for_now() -> None:
    """The refusal names the body and since when nothing is sent to it."""
    suspended = replace(an_agency("H26.2", "Sở Nội vụ"), status=Status.SUSPENDED, valid_from=CUT_OVER)
    directory = a_directory(agencies=(suspended,))
    with pytest.raises(CodeSuspendedError) as caught:
        resolve("H26.2", directory=directory, at=CUT_OVER)
    facts = {"code": "H26.2", "name": "Sở Nội vụ", "since": "2025-07-01T00:00:00+07:00"}
    assert caught.value.facts == facts


def test_an_annulled_code_names_nobody() -> None:
    """What was issued in error never counted, and the right code is named."""
    annulled = replace(an_agency("H26.9"), status=Status.ANNULLED, successors=("H26.2",))
    with pytest.raises(CodeAnnulledError) as caught:
        resolve("H26.9", directory=a_directory(agencies=(annulled,)), at=BEFORE)
    assert caught.value.facts["successors"] == ("H26.2",)


def test_an_annulled_version_does_not_hide_the_others() -> None:
    """A code that was closed, and then issued again in error, is closed."""
    closed = replace(an_agency("H26.9"), valid_to=CUT_OVER)
    annulled = replace(an_agency("H26.9", valid_from=CUT_OVER), status=Status.ANNULLED)
    with pytest.raises(CodeClosed):
        resolve("H26.9", directory=a_directory(agencies=(closed, annulled)), at=CUT_OVER)


TEXTS = (
    st.sampled_from([each.code for each in home_agencies()])
    | st.sampled_from([alias for each in home_agencies() for alias in each.aliases])
    | st.from_regex(r"[A-Z][0-9]{2}(\.[0-9A-Z]{1,3}){0,3}", fullmatch=True)
    | st.from_regex(r"([0-9]{2,3}\.){2,3}[A-Z][0-9]{2}", fullmatch=True)
    | st.text(max_size=60)
)


@given(text=TEXTS, hours=st.integers(-48, 48))
def test_resolution_is_total_or_explicit(text: str, hours: int) -> None:
    """Every text gives an agency in force whose code or alias it is, or an error of this package."""
    at = CUT_OVER + timedelta(hours=hours)
    try:
        resolved = resolve(text, directory=DIRECTORY, at=at)
    except RoutingError as error:
        assert str(error)  # noqa: PT017 -- the error is one of two right outcomes
    else:
        assert resolved.agency.in_force(at)
        assert resolved.as_sent == text.strip(" \t\r\n")
        assert resolved.as_sent in {resolved.agency.code, *resolved.agency.aliases}
