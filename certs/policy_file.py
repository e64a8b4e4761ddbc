"""A policy (`certs.policy`) as a TOML file; `policy.toml` in this package is the default and shows every word there is.

Invariant: a file that says something unknown, or something looser than this software, is refused as a whole: a word misspelt must
not loosen anything.
"""

import hashlib
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta, timezone
from typing import Annotated, Final

import msgspec

from certs.algorithms import RSA_MAX_BITS, RSA_MIN_BITS
from certs.errors_policy import BadPolicyError
from certs.policy import CANONICAL_FORMS, CHECKS, DIGESTS, SIGNATURES, Level, Policy
from certs.revocation import SKEW, Revocation
from certs.signature_mode import SignatureMode

MOST_OCTETS: Final = 1 << 16
_HOUR: Final = 3600
_VIETNAM: Final = timezone(timedelta(hours=7))

_Name = Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9.-]{0,62}$")]
_Bits = Annotated[int, msgspec.Meta(ge=RSA_MIN_BITS, le=RSA_MAX_BITS)]
_Skew = Annotated[int, msgspec.Meta(ge=0, le=_HOUR)]


class _Crypto(msgspec.Struct, forbid_unknown_fields=True):
    signatures: tuple[str, ...] = tuple(SIGNATURES)
    digests: tuple[str, ...] = tuple(DIGESTS)
    canonical_forms: tuple[str, ...] = tuple(CANONICAL_FORMS)
    rsa_min: _Bits = RSA_MIN_BITS
    retired: dict[str, date] = {}


class _Revocation(msgspec.Struct, forbid_unknown_fields=True):
    mode: Revocation | None = None


class _Time(msgspec.Struct, forbid_unknown_fields=True):
    skew_s: _Skew = int(SKEW.total_seconds())


class _Signatures(msgspec.Struct, forbid_unknown_fields=True):
    mode: SignatureMode = SignatureMode.EITHER
    agencies: dict[str, SignatureMode] = {}


class _File(msgspec.Struct, forbid_unknown_fields=True):
    name: _Name
    version: Annotated[int, msgspec.Meta(ge=1)]
    crypto: _Crypto = msgspec.field(default_factory=_Crypto)
    revocation: _Revocation = msgspec.field(default_factory=_Revocation)
    time: _Time = msgspec.field(default_factory=_Time)
    signatures: _Signatures = msgspec.field(default_factory=_Signatures)
    checks: dict[str, Level] = {}


def read_policy(octets: bytes) -> Policy:
    """Read a policy file.

    Raises: BadPolicyError, when it is no TOML or says anything that is not understood.
    """
    if len(octets) > MOST_OCTETS:
        raise BadPolicyError(reason=f"> {MOST_OCTETS} octets")
    try:
        file = msgspec.toml.decode(octets, type=_File)
    except (msgspec.MsgspecError, ValueError) as error:
        raise BadPolicyError(reason=str(error)) from error
    crypto = file.crypto
    return Policy(
        name=file.name,
        version=file.version,
        sha256=hashlib.sha256(octets).hexdigest(),
        signatures=_known(crypto.signatures, SIGNATURES, "crypto.signatures"),
        digests=_known(crypto.digests, DIGESTS, "crypto.digests"),
        canonical_forms=_known(crypto.canonical_forms, CANONICAL_FORMS, "crypto.canonical_forms"),
        rsa_min=crypto.rsa_min,
        retired={
            name: datetime.combine(crypto.retired[name], time(), tzinfo=_VIETNAM)
            for name in _known(crypto.retired, SIGNATURES | DIGESTS, "crypto.retired")
        },
        revocation=file.revocation.mode,
        skew=timedelta(seconds=file.time.skew_s),
        mode=file.signatures.mode,
        modes=file.signatures.agencies,
        levels={name: file.checks[name] for name in _known(file.checks, frozenset(CHECKS), "checks")},
    )


def _known(names: Iterable[str], known: frozenset[str], place: str) -> frozenset[str]:
    given = frozenset(names)
    for name in sorted(given - known):
        raise BadPolicyError(reason=f"{place}: {name!r} is not one of {', '.join(sorted(known))}")
    return given
