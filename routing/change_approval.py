"""What an officer signs when proposing or approving a change of the registry, and when such a signature counts.

A signature is a statement (`routing.statement`) over the exact diff: the change set, the SHA-256 of its diff, the
role in which the officer signs, the version of the registry that the diff was made against, and when. The key
stays with the officer; the gateway knows the public half, registered for the officer's credential.

Invariants: a signature counts for one change set, one diff and one role only; it is not from the future and not
older than `OLDEST`; two signatures are four eyes only if credential and key both differ.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from routing.canonical import Json
from routing.errors_change_sets import ApprovalMismatchError, ApprovalUnverifiedError, SameOfficerError
from routing.errors_log import LogError
from routing.note import PrivateKey, Verifier
from routing.statement import StatementType, open_statement, sign_statement

REGISTRY_APPROVAL: Final = StatementType(name="registry_approval")

OLDEST: Final = timedelta(days=7)
"""How old a signature may be when it is handed in: an officer may sign on a computer without a network."""

SKEW: Final = timedelta(minutes=5)
"""How far an officer's clock may be ahead."""


class OfficerRole(StrEnum):
    """In which role an officer signs."""

    PROPOSER = "proposer"
    APPROVER = "approver"
    EMERGENCY = "emergency"
    """Alone, for a limited time, until an approver ratifies it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalFacts:
    """What is signed."""

    change: str
    diff_sha256: str
    role: OfficerRole
    base_version: int
    at: datetime

    def as_json(self) -> dict[str, Json]:
        """Return the facts as they are signed."""
        return {
            "at": self.at.astimezone(UTC).isoformat(),
            "base_version": self.base_version,
            "change": self.change,
            "diff_sha256": self.diff_sha256,
            "role": self.role.value,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Who signed: the credential, and the key that is registered for it."""

    credential: str
    verifier: Verifier


def sign_approval(facts: ApprovalFacts, *, key: PrivateKey, key_name: str) -> dict[str, Json]:
    """Sign in the name under which the officer's key is registered; the result can be written as JSON.

    Raises:
        VerifierKeyMalformed: `key_name` cannot name a key.

    """
    return sign_statement(REGISTRY_APPROVAL, facts.as_json(), key=key, key_name=key_name)


def check_approval(
    signed: Mapping[str, object], expected: ApprovalFacts, verifier: Verifier, *, now: datetime
) -> datetime:
    """Return when a statement was signed that says exactly what is `expected` but for the moment.

    Raises:
        ApprovalUnverifiedError: it is no statement of this type, or not signed by this key.
        ApprovalMismatchError: it says something else, or is too old, or from the future.

    """
    try:
        facts = open_statement(REGISTRY_APPROVAL, signed, [verifier]).facts
    except LogError as error:
        vi, en = (text.format(**error.facts) for text in (error.vi, error.en))
        raise ApprovalUnverifiedError(key=verifier.label, reason_vi=vi, reason_en=en) from error
    wanted = expected.as_json()
    if facts.keys() != wanted.keys():
        raise ApprovalMismatchError(name="facts", found=", ".join(sorted(facts)), expected=", ".join(wanted))
    for name in ("change", "diff_sha256", "role", "base_version"):
        if facts[name] != wanted[name] or type(facts[name]) is not type(wanted[name]):
            raise ApprovalMismatchError(name=name, found=str(facts[name]), expected=str(wanted[name]))
    at = _moment(facts["at"])
    if at is None or not now - OLDEST <= at <= now + SKEW:
        limits = f"{(now - OLDEST).isoformat()} – {(now + SKEW).isoformat()}"
        raise ApprovalMismatchError(name="at", found=str(facts["at"]), expected=limits)
    return at


def require_another(first: Signer, second: Signer) -> None:
    """Let a second signature pass only if it is another officer's.

    Raises:
        SameOfficerError: credential or key is the same.

    """
    if first.credential == second.credential or _raw(first.verifier) == _raw(second.verifier):
        raise SameOfficerError(officer=first.verifier.name)


def _raw(verifier: Verifier) -> bytes:
    return verifier.key.public_bytes_raw()


def _moment(text: Json) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    # Only the one spelling that a signer writes can be signed again from what is stored.
    if moment is None or moment.tzinfo is None or moment.astimezone(UTC).isoformat() != text:
        return None
    return moment.astimezone(UTC)
