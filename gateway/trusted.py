"""The certificates that the gateway relies upon, with the terms that people set for them, and what was so at each version.

Invariants: a `Trusted` never changes: other terms are another row, in force from another version on; a version's SHA-256 is that
of everything that decides what is relied upon and of what people noted; a retired certificate stays, with the end of its time,
so that what was signed before can still be judged.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs.admission import Role
from certs.anchor import EVERY_USAGE, Anchor, Usage, Window
from certs.policy import Policy
from certs.revocation import Revocation, RevocationList
from certs.trust import Trust
from gateway.errors_trust import TermsOfIntermediateError, WindowReversedError

SOON: Final = (60, 30, 7)
"""Days before the end of a certificate at which people are told, ever more urgently."""

_CANONICAL: Final = msgspec.json.Encoder(order="deterministic")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On what terms a certificate is relied upon; the window is half-open, UTC. `note` is for people."""

    usages: frozenset[Usage] = EVERY_USAGE
    trusted_from: datetime | None = None
    trusted_until: datetime | None = None
    revocation: Revocation | None = None
    codes: tuple[str, ...] = ()
    note: str = ""

    def require_for(self, role: Role, *, subject: str) -> None:
        """Refuse terms that contradict themselves, or that a certificate of this role cannot have.

        Raises:
            WindowReversedError: the window ends before it begins.
            TermsOfIntermediateError: a subordinate authority has nothing but a window.

        """
        start, end = self.trusted_from, self.trusted_until
        if start is not None and end is not None and end <= start:
            raise WindowReversedError(trusted_from=start.isoformat(), trusted_until=end.isoformat())
        set_here = {
            "usages": self.usages != EVERY_USAGE,
            "revocation": self.revocation is not None,
            "codes": bool(self.codes),
        }
        if role is Role.INTERMEDIATE and any(set_here.values()):
            names = ", ".join(name for name, is_set in set_here.items() if is_set)
            raise TermsOfIntermediateError(subject=subject, names=names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """One certificate as it is relied upon in versions `since_version <= v < until_version`.

    `reason` is why it was retired; `actor` and `changed_at` are who made it so and when.
    """

    sha256: str
    certificate: x509.Certificate
    role: Role
    terms: Terms
    reason: str
    actor: str
    changed_at: datetime
    since_version: int

    @property
    def subject(self) -> str:
        """The certificate's subject as RFC 4514 writes it."""
        return self.certificate.subject.rfc4514_string()

    @property
    def pem(self) -> bytes:
        """The certificate as PEM."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def ends_at(self) -> datetime:
        """When it stops to help: the end of its validity or of our trust, whichever comes first."""
        until = self.terms.trusted_until
        return min(self.certificate.not_valid_after_utc, until or self.certificate.not_valid_after_utc)

    def is_retired(self, at: datetime) -> bool:
        """Tell whether our trust in it has ended."""
        return self.terms.trusted_until is not None and self.terms.trusted_until <= at


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustVersion:
    """Everything that was relied upon at one version of the trust store, retired certificates included."""

    version: int
    sha256: str
    certificates: tuple[Trusted, ...]

    def find(self, sha256: str) -> Trusted | None:
        """Return the certificate with this SHA-256."""
        return next((each for each in self.certificates if each.sha256 == sha256), None)

    def to_watch(self, at: datetime) -> tuple[Trusted, ...]:
        """Return what is not retired, the first to end first."""
        held = (each for each in self.certificates if not each.is_retired(at))
        return tuple(sorted(held, key=lambda each: (each.ends_at, each.sha256)))

    def trust(
        self,
        *,
        lists: tuple[RevocationList, ...] = (),
        revocation: Revocation,
        policy: Policy,
    ) -> Trust:
        """Return what a verification needs: these certificates on their terms, with revocation lists."""
        intermediates = [each for each in self.certificates if each.role is Role.INTERMEDIATE]
        return Trust(
            anchors=tuple(map(_anchor, (each for each in self.certificates if each.role is Role.ANCHOR))),
            intermediates=tuple(each.certificate for each in intermediates),
            windows=tuple(map(_window, filter(_has_window, intermediates))),
            lists=lists,
            revocation=revocation,
            policy=policy,
            number=self.version,
        )


def expiring(held: TrustVersion, at: datetime, *, days: int = SOON[0]) -> tuple[Trusted, ...]:
    """Return what is not retired and ends within days, or has ended with its validity; the first to end first."""
    return tuple(each for each in held.to_watch(at) if each.ends_at < at + timedelta(days=days))


def content_sha256(certificates: Iterable[Trusted]) -> str:
    """Return the SHA-256, in hex, of what a version holds, whatever order it comes in.

    Each certificate is one line of RFC 8785 JSON; the lines are sorted as bytes and each ends in a line feed. Who made a row and
    when is not in it: the log says so of every row.
    """
    lines = sorted(_CANONICAL.encode(_fields(each)) for each in certificates)
    return hashlib.sha256(b"".join(line + b"\n" for line in lines)).hexdigest()


def terms_as_json(terms: Terms) -> dict[str, object]:
    """Return terms without the note, leaving out what is not set."""
    stated: dict[str, object] = {"usages": sorted(usage.value for usage in terms.usages)}
    for name, moment in (("trusted_from", terms.trusted_from), ("trusted_until", terms.trusted_until)):
        if moment is not None:
            stated[name] = moment.isoformat()
    if terms.revocation is not None:
        stated["revocation"] = terms.revocation.value
    if terms.codes:
        stated["codes"] = list(terms.codes)
    return stated


def _fields(trusted: Trusted) -> dict[str, object]:
    return {
        "sha256": trusted.sha256,
        "role": trusted.role.value,
        "note": trusted.terms.note,
        "reason": trusted.reason,
        **terms_as_json(trusted.terms),
    }


def _anchor(trusted: Trusted) -> Anchor:
    terms = trusted.terms
    return Anchor(
        certificate=trusted.certificate,
        usages=terms.usages,
        trusted_from=terms.trusted_from,
        trusted_until=terms.trusted_until,
        revocation=terms.revocation,
        codes=terms.codes,
    )


def _has_window(trusted: Trusted) -> bool:
    return trusted.terms.trusted_from is not None or trusted.terms.trusted_until is not None


def _window(trusted: Trusted) -> Window:
    return Window(
        certificate=trusted.certificate,
        trusted_from=trusted.terms.trusted_from,
        trusted_until=trusted.terms.trusted_until,
    )
