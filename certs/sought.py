"""Whose revocation was asked about and not known, so that whoever can fetch lists knows which.

A note beside a trust that changes nothing of it, as the paths found under it are (`certs.known_paths`). Invariant: at most `MOST`
pairs are kept; a certificate is noted only from a validated path, so nobody's message alone puts an address here.
"""

from typing import Final

from cryptography import x509

from certs.known_paths import CertificatePath
from certs.revocation import Status

MOST: Final = 1000

Pair = tuple[x509.Certificate, x509.Certificate]
"""A certificate and its issuer."""


class Sought:
    """Shared by all who verify under one trust."""

    __slots__ = ("_pairs",)

    def __init__(self) -> None:
        self._pairs: dict[tuple[int, int], Pair] = {}

    def note(self, path: CertificatePath, statuses: tuple[Status, ...]) -> None:
        """Note the certificates of a path of which nothing is known."""
        for place, status in enumerate(statuses):
            if status.gap is not None and len(self._pairs) < MOST:
                certificate, issuer = path[place], path[place + 1]
                # Known by their numbers, which nobody else has while they are kept: hashing certificates takes longer.
                self._pairs[id(certificate), id(issuer)] = certificate, issuer

    def take(self) -> tuple[Pair, ...]:
        """Return what was noted since the last time."""
        # Other threads may be at it, and every step here is atomic; what gets lost is noted again with the next message.
        pairs, self._pairs = self._pairs, {}
        return tuple(dict.fromkeys(pairs.values()))
