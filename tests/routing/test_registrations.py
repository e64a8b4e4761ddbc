"""Registrations as values: their identity, their state over time, and what they are as JSON."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.canonical import canonical_json, read_canonical_json
from routing.errors_registration import RegistrationStateError
from routing.registration_changes import Resume, Revoke, Suspend, added, changed
from routing.registration_record import registration_fields, registration_of, terms_of
from routing.registrations import (
    IssuerBy,
    RegisteredBy,
    Registration,
    Revocation,
    State,
    SubjectProfile,
    Suspension,
)
from routing.registry_hash import registry_sha256
from tests.support.registry import AFTER, BEFORE, CUT_OVER, an_agency

MINE, KEY = "aa" * 32, "dd" * 32
PLAIN = Registration(certificate_sha256=MINE)

_MOMENTS = st.integers(0, 10**9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
_DIGESTS = st.binary(min_size=32, max_size=32).map(bytes.hex)
_WORDS = st.text(max_size=20)
_PROFILES = st.builds(
    SubjectProfile,
    name=_WORDS,
    issuer_by=st.sampled_from(IssuerBy),
    issuer_sha256=_DIGESTS,
    subject=st.lists(
        st.tuples(st.sampled_from(["O", "CN", "UID"]), st.text(min_size=1, max_size=9)),
        min_size=1,
        unique_by=lambda pair: pair[0],
    ).map(lambda pairs: tuple(sorted(pairs))),
)
_SUSPENSIONS = st.builds(
    Suspension,
    since=_MOMENTS,
    until=st.none() | _MOMENTS,
    reason=_WORDS,
    resumed_because=st.none() | _WORDS,
)


@st.composite
def registrations(draw: st.DrawFn) -> Registration:
    """Draw any registration."""
    by = draw(st.sampled_from(RegisteredBy))
    bounds = sorted(draw(st.lists(_MOMENTS, min_size=2, max_size=2, unique=True)))
    return Registration(
        by=by,
        certificate_sha256=draw(_DIGESTS),
        spki_sha256=draw(_DIGESTS),
        profile=draw(_PROFILES) if by is RegisteredBy.PROFILE else None,
        valid_from=draw(st.sampled_from([None, bounds[0]])),
        valid_to=draw(st.sampled_from([None, bounds[1]])),
        certificate_ends=draw(st.none() | _MOMENTS),
        replaces=draw(st.none() | st.uuids().map(str)),
        suspensions=tuple(draw(st.lists(_SUSPENSIONS, max_size=2))),
        revocation=draw(
            st.none() | st.builds(Revocation, since=_MOMENTS, reason=_WORDS, compromised=st.booleans())
        ),
    )


@settings(max_examples=50)
@given(registrations())
def test_it_is_read_back_as_it_was(registration: Registration) -> None:
    """Columns and terms together are the whole registration, through canonical JSON too."""
    terms = read_canonical_json(canonical_json(terms_of(registration)))
    assert isinstance(terms, dict)
    read = registration_of(
        certificate_sha256=registration.certificate_sha256,
        spki_sha256=registration.spki_sha256,
        valid_from=registration.valid_from,
        valid_to=registration.valid_to,
        certificate_ends=registration.certificate_ends,
        terms=terms,
    )
    assert read == registration
    assert read.id == registration.id


@settings(max_examples=50)
@given(registrations(), registrations())
def test_the_registrys_hash_covers_it(one: Registration, other: Registration) -> None:
    """Registrations that differ in what decides give registries that differ; their order does not count."""
    agencies = [an_agency(certificates=pair) for pair in ((one,), (other,), (one, other), (other, one))]
    hashes = [registry_sha256([agency], ()) for agency in agencies]
    assert (hashes[0] == hashes[1]) == (registration_fields(one) == registration_fields(other))
    assert hashes[2] == hashes[3]


def test_a_plain_registration_hashes_as_it_always_did() -> None:
    """Versions of the registry from before keep their hash; the key and the end of a certificate are no part of it."""
    plain = replace(PLAIN, spki_sha256=KEY, certificate_ends=AFTER, valid_to=AFTER)
    assert registration_fields(plain) == [MINE, "", AFTER.isoformat()]


def test_it_keeps_its_id_through_all_that_becomes_of_it() -> None:
    """The id is that of what was registered, and no other registration has it."""
    others = [
        replace(PLAIN, certificate_sha256="ab" * 32),
        replace(PLAIN, valid_to=AFTER),
        replace(PLAIN, valid_from=BEFORE),
        replace(PLAIN, by=RegisteredBy.SPKI, spki_sha256=MINE),
    ]
    assert len({PLAIN.id, *(each.id for each in others)}) == 5
    stopped = changed(changed(PLAIN, Suspend(reason="x"), at=BEFORE), Revoke(reason="y"), at=AFTER)
    assert stopped.id == PLAIN.id


def test_state_over_time() -> None:
    """Intervals are half-open, and revocation outweighs suspension, and that the interval."""
    registration = replace(PLAIN, valid_from=BEFORE, valid_to=AFTER)
    tick = timedelta(microseconds=1)
    assert registration.state(BEFORE - tick) is State.NOT_YET
    assert registration.state(BEFORE) is State.IN_FORCE
    assert registration.state(AFTER - tick) is State.IN_FORCE
    assert registration.state(AFTER) is State.ENDED
    suspended = changed(registration, Suspend(reason="x"), at=CUT_OVER)
    assert suspended.state(CUT_OVER - tick) is State.IN_FORCE
    assert suspended.state(AFTER) is State.SUSPENDED
    revoked = changed(suspended, Revoke(reason="y", since=CUT_OVER), at=AFTER)
    assert revoked.state(CUT_OVER) is State.REVOKED
    assert revoked.state(CUT_OVER - tick) is State.IN_FORCE


def test_resuming_ends_the_suspension() -> None:
    """It may be suspended again, and each time stays on record."""
    twice = PLAIN
    for moment in (BEFORE, CUT_OVER):
        twice = changed(twice, Suspend(reason="x"), at=moment)
        twice = changed(twice, Resume(reason="y"), at=moment + timedelta(hours=1))
    assert [each.since for each in twice.suspensions] == [BEFORE, CUT_OVER]
    assert twice.state(CUT_OVER) is State.SUSPENDED
    assert twice.state(CUT_OVER + timedelta(hours=1)) is State.IN_FORCE


def test_a_revocation_is_not_dated_into_the_future() -> None:
    """It holds from now at the latest."""
    revoked = changed(PLAIN, Revoke(reason="x", since=AFTER), at=BEFORE)
    assert revoked.revocation == Revocation(since=BEFORE, reason="x")


@pytest.mark.parametrize(
    ("before", "change", "state"),
    [
        ((), Resume(reason="x"), "in_force"),
        ((Suspend(reason="x"),), Suspend(reason="x"), "suspended"),
        ((Revoke(reason="x"),), Suspend(reason="x"), "revoked"),
        ((Revoke(reason="x"),), Resume(reason="x"), "revoked"),
        ((Suspend(reason="x"), Revoke(reason="x")), Resume(reason="x"), "revoked"),
        ((Revoke(reason="x"),), Revoke(reason="x", compromised=True), "revoked"),
    ],
)
def test_impossible_changes(
    before: tuple[Suspend | Revoke, ...], change: Suspend | Resume, state: str
) -> None:
    """Nothing comes back after its end, and nothing ends that did not begin."""
    registration = PLAIN
    for each in before:
        registration = changed(registration, each, at=BEFORE)
    with pytest.raises(RegistrationStateError) as caught:
        changed(registration, change, at=AFTER)
    assert caught.value.facts["state"] == state


def test_registering_again() -> None:
    """The same again is no news; after something became of it, it is refused rather than revived."""
    other = replace(PLAIN, valid_to=AFTER)
    assert added([], PLAIN, at=BEFORE)
    assert added([other], PLAIN, at=BEFORE)
    assert not added([other, PLAIN], PLAIN, at=BEFORE)
    resumed = changed(changed(PLAIN, Suspend(reason="x"), at=BEFORE), Resume(reason="y"), at=CUT_OVER)
    assert not added([resumed], PLAIN, at=AFTER)
    stopped = (
        changed(PLAIN, Suspend(reason="x"), at=BEFORE),
        changed(PLAIN, Revoke(reason="x"), at=BEFORE),
        replace(PLAIN, replaces=other.id),
    )
    for each in stopped:
        with pytest.raises(RegistrationStateError):
            added([other, each], PLAIN, at=AFTER)
