"""The policy: what a signature must be beyond sound; its hash stands in every verdict.

What makes a signature *wrong* (its form, its coverage, its digest, its value, a path that leads nowhere) is no matter of policy
and fails whatever a file says. A policy can only be as strict as this software or stricter, but for the checks of `CHECKS`:
these say what else may be noticed about a sound signature, and each has a level that may be raised or lowered. ETSI TS 119
172-1 speaks of signature validation policies, EN 319 102-1 §5.1.4 of constraints. `certs.policy_file` reads one from a file.

Invariant: equal octets are one policy, other octets are another (`sha256`).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from certs.algorithms import CANONICALIZATIONS, DIGEST_ALGORITHMS, RSA_MIN_BITS, SIGNATURE_ALGORITHMS
from certs.revocation import SKEW, Revocation
from certs.signature_mode import SignatureMode

SIGNATURES: Final = frozenset(row.name for row in SIGNATURE_ALGORITHMS.values())
DIGESTS: Final = frozenset(row.name for row in DIGEST_ALGORITHMS.values())
CANONICAL_FORMS: Final = frozenset(row.name for row in CANONICALIZATIONS.values())


class Level(StrEnum):
    """What it means that a check finds something."""

    FAIL = "fail"
    WARN = "warn"
    INFORM = "inform"


CHECKS: Final[Mapping[str, Level]] = MappingProxyType(
    {
        "certs.not_in_policy": Level.FAIL,
        "certs.algorithm_retired": Level.FAIL,
        "certs.revoked_since": Level.WARN,
        "certs.timestamp_refused": Level.WARN,
        "certs.claimed_time": Level.WARN,
        "certs.no_timestamp": Level.INFORM,
        "certs.old_padding": Level.INFORM,
    }
)
"""The checks whose level is for a policy to say, and the level that each has if it says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A policy; `sha256` (hex) is that of the octets that it was read from."""

    name: str
    version: int
    sha256: str
    signatures: frozenset[str] = SIGNATURES
    digests: frozenset[str] = DIGESTS
    canonical_forms: frozenset[str] = CANONICAL_FORMS
    rsa_min: int = RSA_MIN_BITS
    retired: Mapping[str, datetime] = field(default_factory=dict)
    """The moment from which on an algorithm, by its short name, is not good any more for what is signed."""
    revocation: Revocation | None = None
    """How much must be known of revocation; None: as the trust says. The terms of an anchor go before both."""
    skew: timedelta = SKEW
    """How far another clock may be ahead of ours."""
    mode: SignatureMode = SignatureMode.EITHER
    modes: Mapping[str, SignatureMode] = field(default_factory=dict)
    """The mode of agencies that have one of their own, by code."""
    levels: Mapping[str, Level] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """How verdicts name it."""
        return f"{self.name}-v{self.version}@sha256:{self.sha256}"

    def level(self, check: str) -> Level:
        """Say what it means that a check finds something; what is not adjustable fails."""
        return self.levels.get(check) or CHECKS.get(check, Level.FAIL)

    def mode_of(self, code: str) -> SignatureMode:
        """Say which signatures the documents of an agency must bear."""
        return self.modes.get(code, self.mode)


@cache
def default_policy() -> Policy:
    """Return the policy that counts where no other is given: what `policy.toml` in this package says."""
    return Policy(name="vanthu-strict", version=2, sha256=hashlib.sha256(default_text()).hexdigest())


def default_text() -> bytes:
    """Return the default policy as a file, to start one's own from."""
    return (Path(__file__).parent / "policy.toml").read_bytes()
