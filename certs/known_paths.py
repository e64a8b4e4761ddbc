"""Paths that were found good, remembered for the time in which each of their certificates is valid.

A path is good or not by its certificates alone, but for the moment (RFC 5280 §6.1.3), so one that was good once is good at every
moment within all validity periods. Only good paths are remembered: a refusal is explained anew each time. What is no matter of
the path, such as revocation, is never remembered here. Invariant: at most `MOST` paths; when there are more, it begins anew.
"""

from collections.abc import Hashable
from datetime import UTC, datetime
from typing import Final

from cryptography import x509

MOST: Final = 1_000

CertificatePath = tuple[x509.Certificate, ...]

_NONE: Final = ((), datetime.max.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


class KnownPaths:
    """Paths by whatever decides them; of one trust, and shared by all who verify under it."""

    __slots__ = ("_paths",)

    def __init__(self) -> None:
        self._paths: dict[Hashable, tuple[CertificatePath, datetime, datetime]] = {}

    def get(self, key: Hashable, at: datetime) -> CertificatePath | None:
        """Return the path known under a key if it is good at a moment."""
        path, begin, end = self._paths.get(key, _NONE)
        return path if path and begin <= at <= end else None

    def add(self, key: Hashable, path: CertificatePath) -> None:
        """Remember a good path."""
        if len(self._paths) >= MOST:
            # A new one instead of taking some out: other threads may be at it, and every step here is atomic.
            self._paths = {}
        begin = max(certificate.not_valid_before_utc for certificate in path)
        end = min(certificate.not_valid_after_utc for certificate in path)
        self._paths[key] = path, begin, end
