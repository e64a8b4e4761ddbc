"""Another path where an authority of the first was revoked: cross-certified authorities have several certificates.

RFC 5280 §3.2 and §6.1. Invariants: a path counts instead of another only if every certificate of it is known not to be revoked; a
key that was compromised is not used by way of another certificate either; the search ends after as many tries as a path can have
authorities.
"""

from collections.abc import Callable, Iterator
from typing import Final, Protocol

from cryptography import x509

from certs.authority import authority_of
from certs.errors import TrustError
from certs.known_paths import CertificatePath
from certs.revocation import Standing, Status
from certs.rules import RevocationReason

MOST: Final = 4
NO_AUTHORITY_BETWEEN: Final = 2
"""The length of a path that is only a signer and an anchor."""

_COMPROMISED: Final = frozenset({RevocationReason.KEY_COMPROMISE, RevocationReason.CA_COMPROMISE})


class Search(Protocol):
    """Finds a path from a signing certificate that avoids some authorities."""

    def __call__(self, leaf: x509.Certificate, *, without: frozenset[x509.Certificate]) -> CertificatePath:
        """Return it.

        Raises: TrustError when there is none.
        """


def around_revoked(
    path: CertificatePath, *, look: Callable[[CertificatePath], tuple[Status, ...]], search: Search
) -> Iterator[CertificatePath]:
    """Yield a path around revoked authorities, if there is one that is known to be good throughout."""
    if len(path) == NO_AUTHORITY_BETWEEN:
        return
    without: frozenset[x509.Certificate] = frozenset()
    compromised: set[str] = set()
    for _ in range(MOST):
        statuses = look(path)
        revoked = [
            (certificate, status)
            for certificate, status in zip(path, statuses, strict=False)
            if status.standing is Standing.REVOKED
        ]
        if not revoked or revoked[0][0] == path[0]:
            break
        without |= {certificate for certificate, _ in revoked}
        compromised |= {
            authority_of(certificate)
            for certificate, status in revoked
            if status.entry is not None and status.entry.reason in _COMPROMISED
        }
        try:
            path = search(path[0], without=without)
        except TrustError:
            return
    if (
        without
        and compromised.isdisjoint(authority_of(certificate) for certificate in path[1:])
        and all(status.standing is Standing.GOOD for status in look(path))
    ):
        yield path
