"""What an officer signs, and when it counts."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from routing.change_approval import (
    OLDEST,
    REGISTRY_APPROVAL,
    SKEW,
    ApprovalFacts,
    OfficerRole,
    Signer,
    check_approval,
    require_another,
    sign_approval,
)
from routing.errors_change_sets import ApprovalMismatchError, ApprovalUnverifiedError, SameOfficerError
from routing.note import Verifier
from routing.statement import sign_statement

KEY = Ed25519PrivateKey.generate()
VERIFIER = Verifier.of("an", KEY.public_key())
AT = datetime(2025, 6, 30, 17, 0, 0, 250_000, tzinfo=UTC)
FACTS: dict[str, Any] = {
    "change": "0197b2c4",
    "diff_sha256": "ab" * 32,
    "role": OfficerRole.PROPOSER,
    "base_version": 12,
    "at": AT,
}


def facts(**changes: Any) -> ApprovalFacts:
    """Return facts, some put otherwise."""
    return ApprovalFacts(**{**FACTS, **changes})


def signed(**changes: Any) -> dict[str, Any]:
    """Return a signature over facts, some put otherwise."""
    return sign_approval(facts(**changes), key=KEY, key_name="an")


def test_it_says_when_it_was_signed() -> None:
    """The moment is the signer's, to the microsecond."""
    assert check_approval(signed(), facts(), VERIFIER, now=AT + timedelta(hours=1)) == AT


@pytest.mark.parametrize(
    "changes",
    [
        {"change": "0197b2c5"},
        {"diff_sha256": "ac" * 32},
        {"role": OfficerRole.APPROVER},
        {"role": OfficerRole.EMERGENCY},
        {"base_version": 13},
    ],
    ids=str,
)
def test_something_else(changes: dict[str, Any]) -> None:
    """A signature over another change set, diff, role or base is none over this one."""
    with pytest.raises(ApprovalMismatchError) as refusal:
        check_approval(signed(**changes), facts(), VERIFIER, now=AT)

    assert refusal.value.facts["name"] in changes


@given(st.timedeltas(timedelta(days=-30), timedelta(days=30)))
def test_its_age(age: timedelta) -> None:
    """It counts from when it was made for some days, and not before."""
    now = AT + age
    if -SKEW <= age <= OLDEST:
        assert check_approval(signed(), facts(), VERIFIER, now=now) == AT
    else:
        with pytest.raises(ApprovalMismatchError):
            check_approval(signed(), facts(), VERIFIER, now=now)


@pytest.mark.parametrize(
    "at", ["2025-06-30T17:00:00.250000Z", "2025-07-01T00:00:00.250000+07:00", "2025-06-30T17:00:00", "x", 5]
)
def test_moments_are_spelt_one_way(at: str | int) -> None:
    """What is stored must give the signed octets again."""
    other = sign_statement(REGISTRY_APPROVAL, {**facts().as_json(), "at": at}, key=KEY, key_name="an")
    with pytest.raises(ApprovalMismatchError):
        check_approval(other, facts(), VERIFIER, now=AT)


def test_more_or_less_than_the_facts() -> None:
    """Exactly the five facts are signed."""
    for body in ({**facts().as_json(), "more": "x"}, {"change": "0197b2c4"}):
        other = sign_statement(REGISTRY_APPROVAL, body, key=KEY, key_name="an")
        with pytest.raises(ApprovalMismatchError):
            check_approval(other, facts(), VERIFIER, now=AT)


def test_what_is_no_signature() -> None:
    """Another key, another name, changed facts, or another form."""
    stranger = Ed25519PrivateKey.generate()
    for bad in (
        sign_approval(facts(), key=stranger, key_name="an"),
        sign_approval(facts(), key=KEY, key_name="binh"),
        {**signed(), "signature": sign_approval(facts(base_version=1), key=KEY, key_name="an")["signature"]},
        {**signed(), "more": 1},
        {},
    ):
        with pytest.raises(ApprovalUnverifiedError) as refusal:
            check_approval(bad, facts(), VERIFIER, now=AT)
        assert str(refusal.value)


def test_two_officers_are_two_people() -> None:
    """Credential and key both differ; the same key under another name is the same key."""
    other = Ed25519PrivateKey.generate().public_key()
    one = Signer(credential="c-1", verifier=VERIFIER)
    require_another(one, Signer(credential="c-2", verifier=Verifier.of("an", other)))
    for same in (
        Signer(credential="c-1", verifier=Verifier.of("binh", other)),
        Signer(credential="c-2", verifier=Verifier.of("binh", KEY.public_key())),
    ):
        with pytest.raises(SameOfficerError):
            require_another(one, same)
