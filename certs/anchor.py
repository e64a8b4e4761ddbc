"""Anchors: the certificates that paths may end in, and on what terms each of them is relied upon.

A certification authority is not simply trusted: it is relied upon for a use, for a time and perhaps for some agencies only
(ETSI EN 319 102-1 §5.1.4.2, RFC 5914). The window is ours and has nothing to do with the certificate's own validity: it keeps an
authority that is no longer relied upon good for what was signed before. Invariant: an anchor is self-signed and an authority's.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from cryptography import x509

from certs.revocation import Revocation


class Usage(StrEnum):
    """What an anchor is relied upon for."""

    SIGNATURE = "signature"
    TIMESTAMP = "timestamp"


EVERY_USAGE: Final = frozenset(Usage)


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A self-signed authority and the terms on which it is relied upon; the window is half-open, UTC."""

    certificate: x509.Certificate
    usages: frozenset[Usage] = EVERY_USAGE
    trusted_from: datetime | None = None
    trusted_until: datetime | None = None
    revocation: Revocation | None = None
    """How much must be known of revocation below this anchor; None: as the trust says."""
    codes: tuple[str, ...] = ()
    """Agency codes for which its signers may speak, each with the units below it; empty: any."""

    def serves(self, usage: Usage, at: datetime) -> bool:
        """Tell whether it is relied upon for a use at a moment."""
        return (
            usage in self.usages
            and (self.trusted_from is None or self.trusted_from <= at)
            and (self.trusted_until is None or at < self.trusted_until)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The time in which paths may lead through an intermediate, wherever it comes from; half-open, UTC."""

    certificate: x509.Certificate
    trusted_from: datetime | None = None
    trusted_until: datetime | None = None

    def holds(self, at: datetime) -> bool:
        """Tell whether it is open at a moment."""
        return (self.trusted_from is None or self.trusted_from <= at) and (
            self.trusted_until is None or at < self.trusted_until
        )
