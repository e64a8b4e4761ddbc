"""Errors and findings: stable codes, and texts that can be told in both languages from the facts alone."""

from string import Formatter

import pytest

from routing import findings  # so that its classes exist
from routing.errors_log import EntryKindUnknown, EntryTooLarge, LogError


def tree(top: type[LogError]) -> list[type[LogError]]:
    """List a class and everything below it."""
    return [top, *(each for below in top.__subclasses__() for each in tree(below))]


ERRORS = [error for error in tree(LogError) if not error.__subclasses__()]
FAMILIES = [error for error in tree(LogError) if error.__subclasses__()]


def test_codes_are_unique() -> None:
    """No two errors share a code, and each begins with that of the log."""
    codes = [error.code for error in ERRORS]
    assert len(set(codes)) == len(codes)
    assert all(code.startswith("log.") for code in codes)
    assert findings.AuditFinding in FAMILIES


@pytest.mark.parametrize("error", ERRORS)
def test_texts_agree(error: type[LogError]) -> None:
    """Both texts use the same facts, and say what to do next."""
    vi, en = ({name for _, name, _, _ in Formatter().parse(text) if name} for text in (error.vi, error.en))
    assert vi == en
    assert error.fix_vi
    assert error.fix_en
    assert error.__doc__


@pytest.mark.parametrize("error", [error for error in tree(LogError) if error is not LogError])
def test_the_tree_is_drawn(error: type[LogError]) -> None:
    """Each class stands in the picture above its module, with its code."""
    module = __import__(error.__module__, fromlist=["__doc__"])
    assert f"── {error.__name__} " in f"{module.__doc__} ".replace("\n", " \n")


def test_an_error_carries_its_facts() -> None:
    """Facts, place and text are there; the text of an attacker is cut."""
    error = EntryTooLarge(size=70_000, limit=65_534, xpath="/a", line=3)
    assert (error.facts, error.xpath, error.line) == ({"size": 70_000, "limit": 65_534}, "/a", 3)
    assert str(error) == "The log entry has 70000 bytes, 65534 is the most."
    assert len(str(EntryKindUnknown(kind="x" * 10_000))) < 200


def test_a_finding_has_its_index() -> None:
    """A finding says where it was found, beside its facts."""
    finding = findings.EntryAltered(index=7, line=3)
    assert (finding.index, finding.facts, finding.line) == (7, {"index": 7}, 3)
    assert "entry 7" in str(finding)
