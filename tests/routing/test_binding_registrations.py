"""The laws of binding by registration: exact, in order or not, and refusal wins."""

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certs.verdict import Signer
from routing.agencies import Agency
from routing.binding import BindingRule, NotBoundReason, bind_signer
from routing.errors import SignerNotBound
from routing.registration_changes import Resume, Revoke, Suspend, changed
from routing.registrations import (
    ATTRIBUTES,
    IssuerBy,
    RegisteredBy,
    Registration,
    SubjectProfile,
)
from tests.support.registry import AFTER, BEFORE, CUT_OVER, a_directory, an_agency

MINE, OTHER, KEY, ANCHOR = "aa" * 32, "bb" * 32, "dd" * 32, "ee" * 32
ISSUER, ISSUER_KEY = "11" * 32, "22" * 32
SUBJECT = (("O", "Sở Nội vụ"), ("serialNumber", "H26.2"))

PROFILE = SubjectProfile(name="vgca", issuer_by=IssuerBy.CERTIFICATE, issuer_sha256=ISSUER, subject=SUBJECT)
BY_CERTIFICATE = Registration(certificate_sha256=MINE, spki_sha256=KEY)
BY_KEY = Registration(by=RegisteredBy.SPKI, certificate_sha256=OTHER, spki_sha256=KEY)
BY_PROFILE = Registration(by=RegisteredBy.PROFILE, certificate_sha256=OTHER, profile=PROFILE)
ALL = (BY_CERTIFICATE, BY_KEY, BY_PROFILE)


def a_signer(
    certificate: str = MINE, key: str = KEY, subject: tuple[tuple[str, str], ...] = SUBJECT, **facts: object
) -> Signer:
    """Return a signer whose subject has one attribute in each relative name."""
    signer = Signer(
        subject="-",
        serial_number="01",
        subject_serial_number="H26.2",
        certificate_sha256=certificate,
        spki_sha256=key,
        anchor_sha256=ANCHOR,
        not_before=BEFORE - timedelta(days=100),
        not_after=BEFORE + timedelta(days=900),
        issuer_sha256=ISSUER,
        issuer_spki_sha256=ISSUER_KEY,
        subject_names=tuple(((ATTRIBUTES[name], value),) for name, value in subject),
    )
    return replace(signer, **facts)  # type: ignore[arg-type]


def agency_with(*registrations: Registration) -> Agency:
    """Return the department that has these registrations."""
    return an_agency("H26.2", certificates=registrations)


def refused(signer: Signer, *registrations: Registration) -> str:
    """Return why the signer is not bound at BEFORE."""
    with pytest.raises(SignerNotBound) as caught:
        bind_signer(signer, agency_with(*registrations), at=BEFORE)
    assert str(caught.value).isprintable()
    return str(caught.value.facts["reason"])


@pytest.mark.parametrize(
    ("registration", "rule", "evidence"),
    [
        (BY_CERTIFICATE, BindingRule.REGISTERED_CERTIFICATE, MINE),
        (BY_KEY, BindingRule.REGISTERED_KEY, KEY),
        (BY_PROFILE, BindingRule.SUBJECT_PROFILE, "vgca"),
    ],
)
def test_each_kind_binds_and_names_itself(
    registration: Registration, rule: BindingRule, evidence: str
) -> None:
    """The binding tells the rule, the value and the registration that satisfied it."""
    bound = bind_signer(a_signer(), agency_with(registration), at=BEFORE)
    assert (bound.rule, bound.evidence, bound.registration) == (rule, evidence, registration)


def test_a_renewed_certificate_with_the_same_key() -> None:
    """It is another certificate and the same key."""
    renewed = a_signer(certificate="cc" * 32)
    assert bind_signer(renewed, agency_with(BY_KEY), at=BEFORE).evidence == KEY
    assert refused(renewed, BY_CERTIFICATE) == NotBoundReason.NOT_REGISTERED


@given(place=st.integers(0, 63), digit=st.sampled_from("0123456789abcdefABCDEF \u200b"))
@pytest.mark.parametrize("registration", ALL, ids=lambda each: each.by.value)
def test_no_change_of_a_fingerprint_binds(registration: Registration, place: int, digit: str) -> None:
    """One digit else, and it is somebody else's certificate, key or authority."""

    def altered(sha256: str) -> str:
        return sha256[:place] + digit + sha256[place + 1 :]

    signer = a_signer(altered(MINE), altered(KEY), issuer_sha256=altered(ISSUER))
    same = (signer.certificate_sha256, signer.spki_sha256, signer.issuer_sha256) == (MINE, KEY, ISSUER)
    hit = {
        RegisteredBy.CERTIFICATE: signer.certificate_sha256 == MINE,
        RegisteredBy.SPKI: signer.spki_sha256 == KEY,
        RegisteredBy.PROFILE: signer.issuer_sha256 == ISSUER,
    }[registration.by]
    assert hit or not same
    if hit:
        bind_signer(signer, agency_with(registration), at=BEFORE)
    else:
        assert refused(signer, registration) == NotBoundReason.NOT_REGISTERED


@given(
    value=st.text(max_size=8) | st.sampled_from(["h26.2", "H26.2 ", "Ｈ26.2", "Н26.2", "H26.2\u200b", "H26"])
)
def test_no_other_value_of_an_attribute_matches(value: str) -> None:
    """What the profile names is there byte for byte, or it is somebody else."""
    signer = a_signer(subject=(("O", "Sở Nội vụ"), ("serialNumber", value)))
    if value == "H26.2":
        bind_signer(signer, agency_with(BY_PROFILE), at=BEFORE)
    else:
        assert refused(signer, BY_PROFILE) == NotBoundReason.NOT_REGISTERED


@pytest.mark.parametrize(
    "names",
    [
        (),
        ((("2.5.4.10", "Sở Nội vụ"),),),
        ((("2.5.4.10", "Sở Nội vụ"),), (("2.5.4.5", "H26.2"),), (("2.5.4.5", "H26.2"),)),
        ((("2.5.4.10", "Sở Nội vụ"),), (("2.5.4.5", "H26.2"),), (("2.5.4.5", "H99"),)),
        ((("2.5.4.10", "Sở Nội vụ"), ("2.5.4.5", "H26.2")),),
        ((("2.5.4.10", "Sở Nội vụ"),), (("2.5.4.5", "H26.2"), ("2.5.4.3", "x"))),
        ((("2.5.4.10", "Sở Nội vụ"),), (("2.5.4.5", None),)),
        ((("2.5.4.10", "Sở Nội vụ"),), (("2.5.4.5", "H26.2"),), (("2.5.4.11", "Phòng Văn thư"),)),
    ],
    ids=["empty", "missing", "twice", "two values", "multi-valued", "beside another", "no text", "a unit"],
)
def test_an_ambiguous_subject_matches_no_profile(
    names: tuple[tuple[tuple[str, str | None], ...], ...],
) -> None:
    """Attributes that are missing, repeated or bundled, and a unit's subject under its parent's name, do not count."""
    assert refused(a_signer(subject_names=names), BY_PROFILE) == NotBoundReason.NOT_REGISTERED


@pytest.mark.parametrize(
    ("issuer_by", "sha256"),
    [(IssuerBy.CERTIFICATE, ISSUER), (IssuerBy.SPKI, ISSUER_KEY), (IssuerBy.ANCHOR, ANCHOR)],
)
def test_the_authority_is_recognised_by_what_was_registered(issuer_by: IssuerBy, sha256: str) -> None:
    """Its certificate, its key, or the anchor above it; never one for the other."""
    for wanted in (ISSUER, ISSUER_KEY, ANCHOR):
        registration = replace(
            BY_PROFILE, profile=replace(PROFILE, issuer_by=issuer_by, issuer_sha256=wanted)
        )
        nobody = a_signer(issuer_sha256=None, issuer_spki_sha256=None, anchor_sha256="")
        assert refused(nobody, registration) == NotBoundReason.NOT_REGISTERED
        if wanted == sha256:
            bind_signer(a_signer(), agency_with(registration), at=BEFORE)
        else:
            assert refused(a_signer(), registration) == NotBoundReason.NOT_REGISTERED


@pytest.mark.parametrize(
    "unfit",
    [(), (("C", "VN"),), (("OU", "x"),), (("O", ""),), (("X", "x"), ("CN", "a")), (("CN", "a"), ("CN", "b"))],
)
def test_a_profile_that_names_nobody_cannot_exist(unfit: tuple[tuple[str, str], ...]) -> None:
    """Something in it has to identify its holder, once, and have a value."""
    with pytest.raises(ValueError, match="attribute"):
        replace(PROFILE, subject=unfit)


@given(st.permutations(range(6)), st.integers())
def test_the_order_of_registrations_is_irrelevant(order: list[int], seed: int) -> None:
    """Whatever order they come in, the same one binds, and refusals are the same."""
    pool = [
        *ALL,
        replace(BY_CERTIFICATE, valid_from=BEFORE - timedelta(days=3)),
        replace(BY_KEY, valid_to=CUT_OVER + timedelta(days=30), replaces=BY_CERTIFICATE.id),
        changed(Registration(certificate_sha256=OTHER), Revoke(reason="x"), at=BEFORE),
    ]
    chosen = Random(seed).sample(order, 4)
    straight = agency_with(*(pool[i] for i in sorted(chosen)))
    shuffled = agency_with(*(pool[i] for i in chosen))
    try:
        expected = bind_signer(a_signer(), straight, at=BEFORE)
    except SignerNotBound as error:
        assert refused(a_signer(), *shuffled.certificates) == error.facts["reason"]  # noqa: PT017 -- one of two right outcomes
    else:
        assert bind_signer(a_signer(), shuffled, at=BEFORE) == expected


@pytest.mark.parametrize("stopped", ALL, ids=lambda each: each.by.value)
@pytest.mark.parametrize("other", ALL, ids=lambda each: each.by.value)
def test_refusal_wins(stopped: Registration, other: Registration) -> None:
    """Suspended or revoked, a registration refuses whom it recognises though another one in force would bind them."""
    other = replace(other, valid_from=BEFORE - timedelta(days=1))
    bind_signer(a_signer(), agency_with(stopped, other), at=BEFORE)
    suspended = changed(stopped, Suspend(reason="x"), at=BEFORE)
    revoked = changed(suspended, Revoke(reason="x"), at=BEFORE)
    assert refused(a_signer(), suspended, other) == NotBoundReason.REGISTRATION_SUSPENDED
    assert refused(a_signer(), other, revoked) == NotBoundReason.REGISTRATION_REVOKED
    assert refused(a_signer(), other, revoked, suspended) == NotBoundReason.REGISTRATION_REVOKED


def test_a_revoked_registration_refuses_the_certificate_it_was_shown_with() -> None:
    """Also where it was registered by its key, and the certificate comes with another registration."""
    revoked = changed(replace(BY_KEY, spki_sha256="99" * 32), Revoke(reason="x"), at=BEFORE)
    assert refused(a_signer(OTHER), revoked, BY_KEY) == NotBoundReason.REGISTRATION_REVOKED


def test_a_lost_key_refuses_every_certificate_with_it() -> None:
    """A certificate that is merely revoked leaves the key alone; one whose key is lost does not."""
    renewed = replace(BY_CERTIFICATE, certificate_sha256=OTHER)
    revoked = changed(BY_CERTIFICATE, Revoke(reason="x"), at=BEFORE)
    lost = changed(BY_CERTIFICATE, Revoke(reason="x", compromised=True), at=BEFORE)
    assert bind_signer(a_signer(OTHER), agency_with(revoked, renewed), at=BEFORE).registration == renewed
    assert refused(a_signer(OTHER), lost, renewed) == NotBoundReason.REGISTRATION_REVOKED
    unknown = replace(lost, spki_sha256=None)
    assert bind_signer(a_signer(OTHER), agency_with(unknown, renewed), at=BEFORE).registration == renewed


def test_a_suspension_holds_for_its_time() -> None:
    """Before it and from its end on, the certificate counts."""
    suspended = changed(BY_CERTIFICATE, Suspend(reason="x"), at=BEFORE)
    resumed = changed(suspended, Resume(reason="y"), at=CUT_OVER)
    agency = agency_with(resumed)
    bind_signer(a_signer(), agency, at=BEFORE - timedelta(microseconds=1))
    bind_signer(a_signer(), agency, at=CUT_OVER)
    assert refused(a_signer(), resumed) == NotBoundReason.REGISTRATION_SUSPENDED


def test_a_revocation_holds_from_its_moment_on() -> None:
    """What was signed and judged before is not touched by it."""
    revoked = changed(BY_CERTIFICATE, Revoke(reason="x", since=BEFORE), at=AFTER)
    bind_signer(a_signer(), agency_with(revoked), at=BEFORE - timedelta(microseconds=1))
    assert refused(a_signer(), revoked) == NotBoundReason.REGISTRATION_REVOKED


@pytest.mark.parametrize("registration", ALL, ids=lambda each: each.by.value)
def test_stopped_registrations_do_not_open_the_weaker_rule(registration: Registration) -> None:
    """The subject names the agency, but what is registered decides."""
    revoked = changed(registration, Revoke(reason="x"), at=BEFORE)
    assert refused(a_signer(), revoked) == NotBoundReason.REGISTRATION_REVOKED
    stranger = a_signer("77" * 32, "77" * 32, issuer_sha256="77" * 32)
    assert refused(stranger, revoked) == NotBoundReason.NOT_REGISTERED


@pytest.mark.parametrize("code", ["H26", "H26.2.1", "H26.21", "H26.3"])
@pytest.mark.parametrize("registration", ALL, ids=lambda each: each.by.value)
def test_a_registration_is_its_entitys_alone(registration: Registration, code: str) -> None:
    """Neither parent nor unit nor neighbour is bound by it."""
    agencies = [an_agency(each) for each in ("H26", "H26.2.1", "H26.21", "H26.3")]
    directory = a_directory(agencies=[*agencies, agency_with(registration)])
    own, other = directory.agency("H26.2", BEFORE), directory.agency(code, BEFORE)
    assert own is not None
    assert other is not None
    assert bind_signer(a_signer(), own, at=BEFORE).registration == registration
    with pytest.raises(SignerNotBound):
        bind_signer(a_signer(), other, at=BEFORE)


@pytest.mark.parametrize(
    ("codes", "bound"),
    [
        ((), True),
        (("H26.2",), True),
        (("H26",), True),
        (("G22", "H26"), True),
        (("H2",), False),
        (("H26.",), False),
        (("H26.2.1",), False),
        (("h26",), False),
        (("H26.2 ",), False),
        (("",), False),
    ],
)
@pytest.mark.parametrize(
    "registrations", [(), *((each,) for each in ALL)], ids=["subject", "certificate", "spki", "profile"]
)
def test_an_anchor_speaks_for_its_agencies(
    codes: tuple[str, ...], bound: bool, registrations: tuple[Registration, ...]
) -> None:
    """An anchor with codes speaks for these and what lies below them, whichever rule would bind."""
    signer = a_signer(codes=codes)
    if bound:
        bind_signer(signer, agency_with(*registrations), at=BEFORE)
    else:
        assert refused(signer, *registrations) == NotBoundReason.OUTSIDE_ANCHOR


def test_a_registration_without_a_key_or_profile_cannot_be_by_it() -> None:
    """What it shall be recognised by has to be there."""
    for changes in ({"by": RegisteredBy.SPKI}, {"by": RegisteredBy.PROFILE}, {"profile": PROFILE}):
        with pytest.raises(ValueError, match="registration"):
            replace(Registration(certificate_sha256=MINE), **changes)
