"""A policy says what a sound signature must be beyond sound; a file that says anything else is refused as a whole."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from certs.errors_policy import BadPolicyError
from certs.policy import CHECKS, Level, Policy, default_policy, default_text
from certs.policy_file import MOST_OCTETS, read_policy
from certs.revocation import Revocation
from certs.signature_mode import SignatureMode

HEAD = 'name = "strict"\nversion = 3\n'


def test_the_default_file_says_what_the_default_is() -> None:
    """The file that users start from and the policy that counts without one are the same."""
    read, default = read_policy(default_text()), default_policy()

    assert replace(read, levels={}) == default
    assert read.levels == CHECKS


def test_a_whole_file() -> None:
    """Every word means what it says."""
    text = HEAD + (
        '[crypto]\nsignatures = ["ecdsa-sha256"]\ndigests = ["sha512"]\ncanonical_forms = ["exc-c14n"]\nrsa_min = 3072\n'
        "[crypto.retired]\nrsa-sha256 = 2030-12-31\n"
        '[revocation]\nmode = "require"\n[time]\nskew_s = 10\n'
        '[signatures]\nmode = "envelope"\n[signatures.agencies]\n"000.00.00.G22" = "both"\n'
        '[checks]\n"certs.no_timestamp" = "fail"\n'
    )
    policy = read_policy(text.encode())

    assert policy.label == f"strict-v3@sha256:{hashlib.sha256(text.encode()).hexdigest()}"
    assert policy.signatures == frozenset({"ecdsa-sha256"})
    assert policy.digests == frozenset({"sha512"})
    assert policy.canonical_forms == frozenset({"exc-c14n"})
    assert policy.rsa_min == 3072
    # From the beginning of that day in Vietnam.
    assert policy.retired == {"rsa-sha256": datetime(2030, 12, 30, 17, tzinfo=UTC)}
    assert (policy.revocation, policy.skew.total_seconds()) == (Revocation.REQUIRE, 10)
    assert policy.mode_of("000.00.00.G22") is SignatureMode.BOTH
    assert policy.mode_of("000.00.00.G2") is SignatureMode.ENVELOPE
    assert policy.level("certs.no_timestamp") is Level.FAIL
    assert policy.level("certs.old_padding") is Level.INFORM
    assert policy.level("certs.digest_mismatch") is Level.FAIL


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        'name = "strict"',
        "version = 1",
        'name = "Strict Policy"\nversion = 1',
        'name = "strict"\nversion = 0',
        'name = "strict"\nversion = true',
        f"{HEAD}digests = []",
        f"{HEAD}[crypt]",
        f"{HEAD}[crypto]\nrsa_min = 1024",
        f'{HEAD}[crypto]\nsignatures = ["rsa-sha1"]',
        f'{HEAD}[crypto]\ndigests = ["md5"]',
        f'{HEAD}[crypto]\ncanonical_forms = ["c14n#WithComments"]',
        f"{HEAD}[crypto.retired]\nrsa-sha999 = 2030-12-31",
        f'{HEAD}[crypto.retired]\nrsa-sha256 = "soon"',
        f'{HEAD}[revocation]\nmode = "never"',
        f"{HEAD}[time]\nskew_s = -1",
        f'{HEAD}[signatures]\nmode = "none"',
        f'{HEAD}[checks]\n"certs.digest_mismatch" = "warn"',
        f'{HEAD}[checks]\n"certs.no_timestamp" = "ignore"',
        HEAD + "#" * MOST_OCTETS,
    ],
)
def test_what_is_not_understood_is_refused(text: str) -> None:
    """A misspelt word, a looser rule or no TOML at all: nothing is judged by such a file."""
    with pytest.raises(BadPolicyError):
        read_policy(text.encode())


def test_not_utf8() -> None:
    """TOML is UTF-8."""
    with pytest.raises(BadPolicyError):
        read_policy(b"\xff" + HEAD.encode())


def test_policies_differ_by_their_octets() -> None:
    """A comment makes another file, so another hash."""
    assert isinstance(default_policy(), Policy)
    assert read_policy(HEAD.encode()).sha256 != read_policy((HEAD + "#").encode()).sha256
