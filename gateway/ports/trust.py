"""The ports for what is relied upon when signatures are verified: what is in force, and the store that it comes from."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from cryptography import x509

from certs.trust import Trust
from gateway.trusted import Terms, TrustVersion


class TrustSource(Protocol):
    """The trust anchors in force, as an immutable value."""

    def trust(self) -> Trust:
        """Return the current anchors."""

    async def refresh(self) -> bool:
        """Look for changes now, and return whether another trust is in force."""


class TrustStore(Protocol):
    """Anchors and intermediates with their terms: versioned, never updated in place, never deleted.

    Every change is one transaction with one new version and one log entry that names certificate, terms, actor and version.
    """

    async def current(self) -> TrustVersion:
        """Return the version in force; cheap when it is unchanged."""

    async def at_version(self, version: int) -> TrustVersion:
        """Return what was relied upon at a version.

        Raises:
            KeyError: there is no such version.

        """

    async def version_at(self, moment: datetime) -> int:
        """Return the version that was in force at a moment."""

    async def add(
        self, certificate: x509.Certificate, terms: Terms, *, actor: str, replace: bool = False
    ) -> TrustVersion:
        """Rely on an authority from now on. Logs `trust_added`.

        With `replace`, one that is there already, retired or not, gets these terms instead of its own; logs `trust_changed`. The
        same terms again make no new version.

        Raises:
            InadmissibleError: it is no authority's, expired, or too weak.
            AlreadyTrustedError: it is there already.
            WindowReversedError, TermsOfIntermediateError: the terms do not fit.

        """

    async def take_over(self, certificate: x509.Certificate, *, actor: str) -> bool:
        """Rely on an authority without reserve unless it was ever here, and return whether it is new. Logs `trust_added`.

        Raises:
            InadmissibleError: as `add`.

        """

    async def retire(self, sha256: str, *, at: datetime | None, reason: str, actor: str) -> TrustVersion:
        """Stop relying on an authority at a moment; None is now. Logs `trust_retired`.

        Raises:
            UnknownTrustError: it is not there.
            AlreadyRetiredError: it ends no later already.
            WindowReversedError: that is before it begins.

        """
