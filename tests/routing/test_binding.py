"""Who may act for an agency: the rules of `routing.binding`, each with what it must refuse."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certs.verdict import Signer
from routing.agencies import Agency, Member
from routing.binding import Binding, BindingRule, NotBoundReason, bind_caller, bind_signer
from routing.errors import CallerNotBound, SignerNotBound
from routing.registrations import Registration
from tests.support.registry import AFTER, BEFORE, CUT_OVER, HANOI, TAY_NINH, a_directory, an_agency

MINE, OTHER, THIRD = "aa" * 32, "bb" * 32, "cc" * 32


def a_signer(
    names: str | None = "H26.2",
    *,
    certificate: str = MINE,
    not_before: datetime = BEFORE - timedelta(days=100),
) -> Signer:
    """Return the holder of a certificate whose subject names the given code."""
    return Signer(
        subject="CN=Sở Nội vụ thành phố Hà Nội,C=VN",
        serial_number="01",
        subject_serial_number=names,
        certificate_sha256=certificate,
        spki_sha256="dd" * 32,
        anchor_sha256="ee" * 32,
        not_before=not_before,
        not_after=not_before + timedelta(days=1000),
    )


def reason(signer: Signer, agency: Agency, *, at: datetime = BEFORE, as_sent: str | None = None) -> str:
    """Return why a signer is refused."""
    with pytest.raises(SignerNotBound) as caught:
        bind_signer(signer, agency, at=at, as_sent=as_sent)
    assert caught.value.facts["agency"] == agency.code
    return str(caught.value.facts["reason"])


def test_a_registered_certificate_binds_whatever_its_subject_says() -> None:
    """Registration is the stronger rule; the evidence is the hash of the certificate."""
    agency = an_agency("H26.2", certificates=(OTHER, MINE))
    assert bind_signer(a_signer(None), agency, at=BEFORE) == Binding(
        rule=BindingRule.REGISTERED_CERTIFICATE,
        evidence=MINE,
        registration=Registration(certificate_sha256=MINE),
    )


def test_where_certificates_are_registered_nothing_else_counts() -> None:
    """A certificate that names the agency does not bind when others are registered."""
    agency = an_agency("H26.2", certificates=(OTHER,))
    with pytest.raises(SignerNotBound) as caught:
        bind_signer(a_signer("H26.2"), agency, at=BEFORE)
    assert caught.value.facts["reason"] == NotBoundReason.NOT_REGISTERED
    assert caught.value.facts["named"] == MINE
    assert caught.value.facts["needed"] == (OTHER,)
    assert str(caught.value).endswith(f"It names: {MINE}; needed: {OTHER}.")


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "bound"),
    [
        (None, None, True),
        (BEFORE, AFTER, True),
        (CUT_OVER, None, True),
        (None, CUT_OVER, False),
        (CUT_OVER + timedelta(microseconds=1), None, False),
    ],
)
def test_a_registration_holds_within_its_interval(
    valid_from: datetime | None, valid_to: datetime | None, *, bound: bool
) -> None:
    """Intervals are half-open; outside them the certificate is refused though its subject names the agency."""
    registration = Registration(certificate_sha256=MINE, valid_from=valid_from, valid_to=valid_to)
    agency = an_agency("H26.2", certificates=(registration,))
    if bound:
        assert bind_signer(a_signer(), agency, at=CUT_OVER).rule is BindingRule.REGISTERED_CERTIFICATE
    else:
        assert reason(a_signer(), agency, at=CUT_OVER) == NotBoundReason.REGISTRATION_NOT_IN_FORCE


def test_a_certificate_may_be_registered_for_two_intervals() -> None:
    """One interval that holds is enough."""
    spans = (
        Registration(certificate_sha256=MINE, valid_to=BEFORE),
        Registration(certificate_sha256=MINE, valid_from=CUT_OVER),
    )
    agency = an_agency("H26.2", certificates=spans)
    assert bind_signer(a_signer(), agency, at=AFTER).evidence == MINE
    assert reason(a_signer(), agency, at=BEFORE) == NotBoundReason.REGISTRATION_NOT_IN_FORCE


def test_lapsed_registrations_do_not_open_the_weaker_rule() -> None:
    """An agency whose registrations have all ended needs a new one; its name alone is not enough."""
    agency = an_agency("H26.2", certificates=(Registration(certificate_sha256=OTHER, valid_to=BEFORE),))
    assert reason(a_signer("H26.2"), agency, at=AFTER) == NotBoundReason.NOT_REGISTERED


def test_without_registration_the_subject_names_the_agency() -> None:
    """The serial number in the subject is the canonical code, byte for byte."""
    assert bind_signer(a_signer("H26.2"), an_agency("H26.2"), at=BEFORE) == Binding(
        rule=BindingRule.CERTIFICATE_SUBJECT, evidence="H26.2"
    )


def test_an_alias_counts_only_when_registered_and_sent() -> None:
    """An older form binds when the document used it and the registry lists it; not otherwise."""
    agency = an_agency("H26.2", aliases=("000.00.02.H26", "00.02.H26"))
    signer = a_signer("000.00.02.H26")
    assert bind_signer(signer, agency, at=BEFORE, as_sent="000.00.02.H26").evidence == "000.00.02.H26"
    assert bind_signer(a_signer("H26.2"), agency, at=BEFORE, as_sent="000.00.02.H26").evidence == "H26.2"
    assert reason(signer, agency) == NotBoundReason.NAMES_ANOTHER
    assert reason(signer, agency, as_sent="H26.2") == NotBoundReason.NAMES_ANOTHER
    assert reason(signer, agency, as_sent="00.02.H26") == NotBoundReason.NAMES_ANOTHER
    assert reason(signer, an_agency("H26.2"), as_sent="000.00.02.H26") == NotBoundReason.NAMES_ANOTHER


@pytest.mark.parametrize(
    "names",
    [
        "H26",
        "H26.21",
        "H26.2.1",
        "h26.2",
        "H26.2 ",
        " H26.2",
        "H26.02",
        "H26.2\u200b",
        "Н26.2",
        "Ｈ26.2",
        "H26\u00ad.2",
        "\u202eH26.2",
        "H26.2\x00",
        "000.00.02.H26",
        "",
    ],
)
def test_nothing_is_normalised_into_a_match(names: str) -> None:
    """A unit, a parent, another case, look-alikes and invisible characters name somebody else."""
    agency = an_agency("H26.2")
    assert reason(a_signer(names), agency) == NotBoundReason.NAMES_ANOTHER
    assert reason(a_signer(names), agency, as_sent=names) == NotBoundReason.NAMES_ANOTHER


@given(
    names=st.none() | st.text(max_size=12) | st.from_regex(r"H[0-9]{2}(\.[0-9]{1,2}){0,2}", fullmatch=True)
)
def test_only_the_very_code_binds(names: str | None) -> None:
    """For any subject the answer is yes exactly when it is the code."""
    try:
        binding = bind_signer(a_signer(names), an_agency("H26.2"), at=BEFORE)
    except SignerNotBound as error:
        assert names != "H26.2"
        assert str(error).isprintable()  # noqa: PT017 -- the error is one of two right outcomes
    else:
        assert binding.evidence == names == "H26.2"


def test_a_certificate_without_a_code_names_nobody() -> None:
    """A subject without a serial number of its own is refused and the text says what is needed."""
    with pytest.raises(SignerNotBound) as caught:
        bind_signer(a_signer(None), an_agency("H26.2"), at=BEFORE)
    assert caught.value.facts["reason"] == NotBoundReason.NAMES_NO_AGENCY
    assert caught.value.vi.format(**caught.value.facts).endswith("Chứng thư ghi: –; cần có: H26.2.")


def test_the_old_bodys_certificate_does_not_bind_to_the_new_one() -> None:
    """Tây Ninh keeps the code H53 as a new body: certificates from before stop at the instant."""
    directory = a_directory()
    old, new = directory.versions("H53")
    early, late = a_signer("H53"), a_signer("H53", not_before=CUT_OVER)
    assert bind_signer(early, old, at=BEFORE).evidence == "H53"
    assert reason(early, new, at=CUT_OVER) == NotBoundReason.NAMES_PREDECESSOR
    assert bind_signer(late, new, at=AFTER).rule is BindingRule.CERTIFICATE_SUBJECT


def test_a_new_code_may_have_its_certificate_ready_before() -> None:
    """A code that nobody had before can only mean the new body, whenever the certificate was issued."""
    ward = a_directory().agency("H26.105", AFTER)
    assert ward is not None
    assert bind_signer(a_signer("H26.105"), ward, at=AFTER).evidence == "H26.105"


def test_a_certificate_made_ready_is_bound_by_registration() -> None:
    """A new body under an old code registers what it got before the instant."""
    before = an_agency("H53", valid_to=CUT_OVER)
    after = an_agency("H53", valid_from=CUT_OVER, certificates=(MINE,))
    agency = a_directory(agencies=(before, after)).agency("H53", CUT_OVER)
    assert agency is not None
    assert bind_signer(a_signer("H53"), agency, at=CUT_OVER).rule is BindingRule.REGISTERED_CERTIFICATE


def test_a_system_sends_for_the_agencies_it_serves() -> None:
    """The evidence is the prefix under which the agency lies."""
    directory = a_directory()
    assert bind_caller(HANOI, an_agency("H26.2"), directory=directory, at=BEFORE) == Binding(
        rule=BindingRule.MEMBER_PREFIX, evidence="H26"
    )


@pytest.mark.parametrize(
    ("member", "code"), [(TAY_NINH, "H26.2"), (HANOI, "H53"), (HANOI, "G22"), (HANOI, "H2"), (HANOI, "H260")]
)
def test_a_system_may_not_send_for_others(member: Member, code: str) -> None:
    """Neither another system's agency nor one that nobody serves."""
    with pytest.raises(CallerNotBound) as caught:
        bind_caller(member, an_agency(code), directory=a_directory(), at=BEFORE)
    assert caught.value.code == "access.sender_not_bound"
    facts = caught.value.facts
    assert (facts["agency"], facts["caller"], facts["serves"]) == (code, member.id, member.prefixes)
    assert facts["reason"] == "not_serving"


def test_the_shorter_prefix_gives_no_right() -> None:
    """Serving the province is no right to send for a department with a system of its own, and the reverse."""
    own = Member(id="snv", name="Sở Nội vụ", prefixes=("H26.2",), queue="member.snv", gateway="gw")
    directory = a_directory(members=(HANOI, own))
    assert bind_caller(own, an_agency("H26.2.1"), directory=directory, at=BEFORE).evidence == "H26.2"
    with pytest.raises(CallerNotBound):
        bind_caller(HANOI, an_agency("H26.2"), directory=directory, at=BEFORE)
    with pytest.raises(CallerNotBound):
        bind_caller(own, an_agency("H26"), directory=directory, at=BEFORE)


def test_what_a_caller_claims_to_serve_is_not_believed() -> None:
    """The directory decides which prefixes a system has, not the value that is handed in."""
    pretender = Member(id="tayninh", name="?", prefixes=("H26", "H26.2"), queue="q", gateway="gw")
    with pytest.raises(CallerNotBound):
        bind_caller(pretender, an_agency("H26.2"), directory=a_directory(), at=BEFORE)
