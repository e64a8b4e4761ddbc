"""Findings: their codes, their texts, and what they let through to a screen."""

import string
from collections.abc import Iterator

import pytest

from schemas import errors
from schemas.errors import BadValue, MissingElement, SchemaError, SchemaErrors, TooLong


def _classes(kind: type[SchemaError] = SchemaError) -> Iterator[type[SchemaError]]:
    """Give every class of the tree."""
    yield kind
    for child in kind.__subclasses__():
        yield from _classes(child)


def test_codes_are_unique_and_dotted() -> None:
    """Each class has a stable code of its own under schema."""
    codes = [kind.code for kind in _classes()]
    assert len(codes) == len(set(codes))
    assert all(code == "schema" or code.startswith("schema.") for code in codes)


def test_every_class_is_exported_and_drawn() -> None:
    """The package exports each class of the tree and draws it in its docstring."""
    assert errors.__doc__ is not None
    for kind in _classes():
        assert getattr(errors, kind.__name__) is kind
        assert kind.__name__ in errors.__all__
        assert kind.__name__ in errors.__doc__


@pytest.mark.parametrize("kind", list(_classes()), ids=lambda kind: kind.code)
def test_texts_use_only_facts_of_the_class(kind: type[SchemaError]) -> None:
    """Vietnamese and English texts name the same facts up to the language, and all can be formatted."""
    fields = {
        language: {field for _, field, _, _ in string.Formatter().parse(text) if field}
        for language, text in (("vi", kind.vi), ("en", kind.en))
    }
    assert {f.removesuffix("_vi") for f in fields["vi"]} == {f.removesuffix("_en") for f in fields["en"]}
    facts = dict.fromkeys(fields["vi"] | fields["en"], "x")
    for text in (kind.vi, kind.en, kind.fix_vi, kind.fix_en):
        assert text.format(**facts).endswith(".")


def test_warnings_are_the_remarks() -> None:
    """A class is a warning exactly when it is below SchemaRemark."""
    for kind in _classes():
        assert (kind.level == "warning") == issubclass(kind, errors.SchemaRemark)
        assert kind.retry is False


def test_facts_are_cut_and_escaped() -> None:
    """What an attacker wrote is shown shortened and with invisible characters made visible."""
    finding = BadValue(name="Subject", value="a\u202e\n" + "b" * 100, expected_vi="", expected_en="a text")
    shown = finding.facts["value"]
    assert isinstance(shown, str)
    assert shown == "a\\u202e\\u000a" + "b" * 77 + "…"
    assert "\n" not in str(finding)


def test_a_finding_knows_its_place() -> None:
    """XPath and line are kept beside the facts."""
    finding = MissingElement(xpath="/edXML:edXML", line=2, name="edXMLEnvelope")
    assert (finding.xpath, finding.line, finding.facts) == ("/edXML:edXML", 2, {"name": "edXMLEnvelope"})
    assert str(finding) == "The required element edXMLEnvelope is missing."


def test_all_findings_travel_together() -> None:
    """SchemaErrors holds refusals and warnings and reads as its refusals."""
    refusal = MissingElement(name="To")
    warning = TooLong(name="Subject", length=501, longest=500)
    both = SchemaErrors((refusal,), (warning,))
    assert both.errors == (refusal,)
    assert both.warnings == (warning,)
    assert str(both) == "The required element To is missing."
