"""Agency codes: every grammar, and every trick that must not match."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codes import AgencyCode, Scheme
from schemas.errors import BadAgencyCode, ForeignCharacter, NullAgencyCode


@pytest.mark.parametrize(
    ("text", "scheme"),
    [
        ("G22", Scheme.QD20),
        ("H26.21.1", Scheme.QD20),
        ("H37.DN.001", Scheme.QD20),
        ("H29.0.162", Scheme.QD20),
        ("A" + "01" + ".1" * 16, Scheme.QD20),
        ("000.00.00.G22", Scheme.QCVN102),
        ("000.01.21.H26", Scheme.QCVN102),
        ("001.00.20.TT2", Scheme.QCVN102),
        ("99.99.99.G21", Scheme.QCVN102),
        ("00.84.H29", Scheme.QCVN102_SHORT),
        ("0101234567", Scheme.ENTERPRISE),
        ("0101234567001", Scheme.ENTERPRISE),
        ("0101234567-001", Scheme.ENTERPRISE),
        ("Z01abc-DEF/1", Scheme.IDENTIFIER),
        ("Z99" + "x" * 32, Scheme.IDENTIFIER),
    ],
)
def test_known_forms(text: str, scheme: Scheme) -> None:
    """Each form that travels is recognised and kept as sent."""
    assert AgencyCode.parse(text) == AgencyCode(scheme=scheme, value=text)
    assert str(AgencyCode.parse(f" \t\r\n{text}\n ")) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "H2",
        "h26.21.1",
        "H26.21.",
        "H26..21",
        ".H26",
        "H26.21-1",
        "Z00x",
        "Z1",
        "Z01",
        "Z01" + "x" * 33,
        "A01" + ".1" * 17,
        "000.1137.H53",
        "0000.00.00.H26",
        "000.00.00.h26",
        "010123456",
        "01012345678",
        "0101234567-01",
        "vxp.saas.03",
        "H26.21.1,H60.1",
    ],
)
def test_unknown_forms(text: str) -> None:
    """What obeys no grammar names nobody."""
    with pytest.raises(BadAgencyCode) as caught:
        AgencyCode.parse(text)
    assert caught.value.code == "schema.malformed_agency_code"


@pytest.mark.parametrize(
    ("text", "named", "position"),
    [
        ("H26\u200b.21.1", "U+200B ZERO WIDTH SPACE", 4),
        ("\uff28\uff12\uff16", "U+FF28 FULLWIDTH LATIN CAPITAL LETTER H", 1),
        ("\u041d26.21.1", "U+041D CYRILLIC CAPITAL LETTER EN", 1),
        ("H26\u00a0", "U+00A0 NO-BREAK SPACE", 4),
        ("\u202eH26", "U+202E RIGHT-TO-LEFT OVERRIDE", 1),
        ("H\u00ad26", "U+00AD SOFT HYPHEN", 2),
        ("H\u0662\u0666", "U+0662 ARABIC-INDIC DIGIT TWO", 2),
        ("H26 .21", "U+0020 SPACE", 4),
        ("H26\n.21", "U+000A CONTROL CHARACTER", 4),
        ("H26\x7f", "U+007F CONTROL CHARACTER", 4),
        ("Z01é", "U+00E9 LATIN SMALL LETTER E WITH ACUTE", 4),
    ],
)
def test_foreign_characters_are_named(text: str, named: str, position: int) -> None:
    """A look-alike or invisible character is refused and named by its code point."""
    with pytest.raises(ForeignCharacter) as caught:
        AgencyCode.parse(text)
    assert caught.value.facts["character"] == named
    assert caught.value.facts["position"] == position


@pytest.mark.parametrize("text", ["null", "NULL", " null "])
def test_the_word_null_is_no_code(text: str) -> None:
    """Sending software that left the code out is told so."""
    with pytest.raises(NullAgencyCode):
        AgencyCode.parse(text)


@given(st.text(max_size=40))
def test_any_text_is_a_code_or_refused(text: str) -> None:
    """Whatever comes, the result is a code of visible ASCII or a finding."""
    try:
        code = AgencyCode.parse(text)
    except BadAgencyCode:
        return
    assert code.value.isascii()
    assert code.value.isprintable()
    assert " " not in code.value
    assert code.value == text.strip(" \t\r\n")


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("000.00.00.G22", "G22"),
        ("000.00.17.H36", "H36.17"),
        ("000.12.31.H53", "H53.31.12"),
        ("000.01.21.H26", "H26.21.1"),
        ("28.22.H17", "H17.22.28"),
        ("001.00.20.TT2", None),
        ("000.00.00.Z01", None),
        ("H26.21.1", None),
        ("0101234567", None),
    ],
)
def test_suggested_form(text: str, suggestion: str | None) -> None:
    """Old codes are turned round as a hint; others have no newer form."""
    assert AgencyCode.parse(text).suggested_qd20() == suggestion


def test_two_digit_first_group_is_unusual() -> None:
    """Only the four-group form with two digits in front is remarked upon."""
    assert AgencyCode.parse("99.99.99.G21").is_unusual
    assert not AgencyCode.parse("000.99.99.G21").is_unusual
    assert not AgencyCode.parse("99.99.G21").is_unusual
