"""What can be said of one certificate's revocation, whoever says it: a list (RFC 5280 §5) or an answer (RFC 6960)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from certs.rules import RevocationReason


class Standing(StrEnum):
    """What is known of one certificate."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Since when a certificate is revoked, and why."""

    since: datetime
    reason: RevocationReason

    @property
    def is_hold(self) -> bool:
        """Whether it may be taken back (RFC 5280 §5.3.1)."""
        return self.reason is RevocationReason.CERTIFICATE_HOLD
