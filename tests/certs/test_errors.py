"""Every error has a code of its own, texts in two languages, and a place in ETSI's scheme."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from string import Formatter

import pytest

import certs
from certs.errors import CanonicalizationFailedError, KeyUsageError, SignatureShapeError, TrustError
from certs.indication import Indication
from certs.pdf_rules import Obstacle, PdfChange, PdfShapeRule
from certs.rules import CertificateRule, RevocationGap, RevocationReason, Rule, ShapeRule
from certs.rules_timestamp import TimestampRule

NEVER_IN_A_VERDICT = {
    "certs.certificate_ends_soon",
    "certs.old_certificate",
    "certs.authority_expired",
    "certs.authority_unreadable",
    "certs.authority_weak",
    "certs.not_an_authority",
    "certs.bad_trust_bundle",
    "certs.bad_revocation_list",
    "certs.bad_ocsp_answer",
    "certs.bad_policy",
    "certs.cannot_sign",
}
MODULES = [
    import_module(f"certs.{module.name}")
    for module in iter_modules(certs.__path__)
    if module.name.startswith("errors")
]


def _tree(error: type[TrustError]) -> Iterator[type[TrustError]]:
    for child in error.__subclasses__():
        yield child
        yield from _tree(child)


LEAVES = [error for error in _tree(TrustError) if "code" in vars(error)]


def _fields(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


RULES = (
    *(*ShapeRule, *CertificateRule, *RevocationReason, *RevocationGap),
    *(*PdfShapeRule, *PdfChange, *Obstacle, *TimestampRule),
)


def test_codes_are_unique() -> None:
    """No two errors share a code, and all codes belong to this package."""
    codes = [error.code for error in LEAVES]
    assert len(set(codes)) == len(codes)
    assert all(code.startswith("certs.") for code in codes)


def test_tree_is_drawn() -> None:
    """The modules' drawings show every class with its code."""
    drawing = "".join(module.__doc__ or "" for module in MODULES)
    assert all(error.__name__ in drawing and error.code in drawing for error in LEAVES)


@pytest.mark.parametrize("error", LEAVES, ids=lambda error: error.__name__)
def test_texts(error: type[TrustError]) -> None:
    """Both languages say it with the same facts, and both say what to do next without any."""
    assert {name.replace("_vi", "_en") for name in _fields(error.vi)} == _fields(error.en)
    assert error.fix_vi
    assert error.fix_en
    assert not _fields(error.fix_vi) | _fields(error.fix_en)


@pytest.mark.parametrize("error", LEAVES, ids=lambda error: error.__name__)
def test_no_error_passes(error: type[TrustError]) -> None:
    """Whatever goes wrong, the verdict is not that all is well; failures say why in ETSI's words."""
    assert error.indication is not Indication.TOTAL_PASSED
    absent = error.indication is Indication.NO_SIGNATURE_FOUND
    assert (error.sub_indication is None) == (absent or error.code in NEVER_IN_A_VERDICT)


def test_what_is_worth_another_try() -> None:
    """A document cannot get better by itself; what we hold can."""
    assert {error.code for error in LEAVES if error.retry} == {
        "certs.no_trust_anchors",
        "certs.pdf_undecided",
        "certs.revocation_unknown",
    }


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_rules_have_two_texts(rule: Rule) -> None:
    """Each rule is explained in Vietnamese and English, and reported by a word."""
    assert rule.vi
    assert rule.en
    assert rule.vi != rule.en
    assert max(len(rule.vi), len(rule.en)) <= certs.errors.MAX_FACT
    assert rule.value == rule.name.lower()


def test_rule_is_told() -> None:
    """Errors about rules say which one in either language."""
    shape = SignatureShapeError(ShapeRule.OBJECT, line=3, found="Object")
    assert (shape.rule, shape.line, shape.facts["rule"]) == (ShapeRule.OBJECT, 3, "object")
    assert ShapeRule.OBJECT.vi in shape.vi.format(**shape.facts)
    assert ShapeRule.OBJECT.en in str(shape)
    usage = KeyUsageError(CertificateRule.KEY_USAGE, subject="CN=x")
    assert CertificateRule.KEY_USAGE.vi in usage.vi.format(**usage.facts)
    assert "CN=x" in str(usage)


def test_facts_are_short_and_printable() -> None:
    """Text from outside cannot flood or forge a log line."""
    error = CanonicalizationFailedError(reason="a\n\x1b[31m\u202e{" + "x" * 200, xpath="/a", line=7, count=3)
    text = error.facts["reason"]
    assert isinstance(text, str)
    assert text.startswith("a??[31m?{xxx")
    assert len(text) == certs.errors.MAX_FACT
    assert (error.xpath, error.line, error.facts["count"]) == ("/a", 7, 3)
