"""Trust: the certification authorities that are relied upon at one moment, and what they revoked, as an immutable value.

Anchors are self-signed certificates that an operator has installed (`certs.anchor`). Subordinate authorities in the same bundles
are only building blocks for paths (RFC 5280 §6.1); being in a bundle does not make them anchors. Invariant: which anchors count
depends on the use and on the moment, so nobody takes them all but to find the signer of a revocation list.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.verification import Store

from certs.anchor import Anchor, Usage, Window
from certs.authority import is_authority, is_issued_by
from certs.certificate import fingerprint
from certs.errors import BadTrustBundleError
from certs.known_paths import KnownPaths
from certs.policy import Policy, default_policy
from certs.revocation import OcspAnswer, Revocation, RevocationData, RevocationList
from certs.sought import Sought
from certs.unreadable import UNREADABLE

__all__ = ["Trust", "is_issued_by"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Anchors, intermediates, revocation lists, OCSP answers, how much must be known of revocation, and the policy.

    `windows` are those of the intermediates through which paths may lead at some times only. `number` is the version of the trust
    store that the certificates are from, if they are from one. `version` is a SHA-256 (hex) that changes whenever anything does
    but the number, and the policy, which has a hash of its own.
    """

    anchors: tuple[Anchor, ...]
    intermediates: tuple[x509.Certificate, ...] = ()
    windows: tuple[Window, ...] = ()
    lists: tuple[RevocationList, ...] = ()
    responses: tuple[OcspAnswer, ...] = ()
    revocation: Revocation = Revocation.SOFT
    policy: Policy = field(default_factory=default_policy)
    number: int | None = field(default=None, compare=False)
    version: str = field(init=False, compare=False)
    revocation_data: RevocationData = field(init=False, repr=False, compare=False)
    """The lists and answers, indexed."""
    paths: KnownPaths = field(init=False, repr=False, compare=False)
    """What was found before under this very trust, so that it need not be searched again."""
    sought: Sought = field(init=False, repr=False, compare=False)
    """Whose revocation was not known here, for those who fetch lists."""
    _terms: dict[str, Anchor] = field(init=False, repr=False, compare=False)
    _stores: dict[tuple[x509.Certificate, ...], Store] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Derive the version."""
        object.__setattr__(self, "version", _version(self))
        held = RevocationData(lists=self.lists, responses=self.responses)
        object.__setattr__(self, "revocation_data", held)
        object.__setattr__(self, "paths", KnownPaths())
        object.__setattr__(self, "sought", Sought())
        object.__setattr__(self, "_stores", {})
        object.__setattr__(
            self, "_terms", {fingerprint(anchor.certificate): anchor for anchor in reversed(self.anchors)}
        )

    def anchors_for(self, usage: Usage, at: datetime) -> tuple[x509.Certificate, ...]:
        """Return the certificates that a path may end in, for a use at a moment."""
        return tuple(anchor.certificate for anchor in self.anchors if anchor.serves(usage, at))

    def barred(self, at: datetime) -> frozenset[x509.Certificate]:
        """Return the intermediates through which no path may lead at a moment, also if a message brings them."""
        return frozenset(window.certificate for window in self.windows if not window.holds(at))

    def store_of(self, anchors: tuple[x509.Certificate, ...]) -> Store:
        """Return anchors, at least one, as the path builder wants them."""
        store = self._stores.get(anchors)
        if store is None:
            # There are as many as there are windows that begin or end: few.
            store = self._stores[anchors] = Store(list(anchors))
        return store

    def terms_of(self, anchor: x509.Certificate) -> Anchor:
        """Return the terms on which the last certificate of a path is relied upon.

        Raises: KeyError when it is no anchor of this trust.
        """
        return self._terms[fingerprint(anchor)]

    @property
    def wants_revocation(self) -> bool:
        """Whether below any anchor something must be known of revocation."""
        usual = self.policy.revocation or self.revocation
        return any((anchor.revocation or usual) is not Revocation.OFF for anchor in self.anchors)

    def authorities(self) -> tuple[x509.Certificate, ...]:
        """Return every certificate that is held, of anchors and intermediates."""
        return (*(anchor.certificate for anchor in self.anchors), *self.intermediates)

    def under(self, policy: Policy) -> Self:
        """Return the same trust under another policy."""
        return replace(self, policy=policy)

    @classmethod
    def from_pem(
        cls, *pems: bytes, lists: Iterable[bytes] = (), revocation: Revocation = Revocation.SOFT
    ) -> Self:
        """Read PEM bundles: self-signed authorities become anchors, all others intermediates.

        `lists` are revocation lists, each in DER, or one or more in PEM; their signers must be in the bundles.

        Raises: BadTrustBundleError when a bundle is not PEM or holds a certificate that is not an authority's;
            BadRevocationListError, which is one of these, when a list cannot be used.
        """
        certificates = {certificate: None for pem in pems for certificate in _read(pem)}
        roots = tuple(certificate for certificate in certificates if is_issued_by(certificate, certificate))
        verified = (each for data in lists for each in RevocationList.read(data, issuers=certificates))
        return cls(
            anchors=tuple(Anchor(certificate=root) for root in roots),
            intermediates=tuple(certificate for certificate in certificates if certificate not in roots),
            lists=tuple(dict.fromkeys(verified)),
            revocation=revocation,
        )


def _read(pem: bytes) -> list[x509.Certificate]:
    try:
        certificates = x509.load_pem_x509_certificates(pem)
        strangers = [certificate for certificate in certificates if not is_authority(certificate)]
    except UNREADABLE as error:
        raise BadTrustBundleError(reason=str(error)) from error
    if strangers:
        raise BadTrustBundleError(reason="not an authority: " + strangers[0].subject.rfc4514_string())
    return certificates


def _version(trust: Trust) -> str:
    digest = hashlib.sha256(trust.revocation.encode())
    intermediates = sorted(map(_der, trust.intermediates))
    for role in (sorted(map(_terms, trust.anchors)), intermediates, sorted(map(_limits, trust.windows))):
        # The count keeps a certificate that moves from one role to the other from going unnoticed.
        digest.update(len(role).to_bytes(4))
        for octets in role:
            digest.update(hashlib.sha256(octets).digest())
    for sha256 in sorted(each.sha256 for each in trust.lists):
        digest.update(bytes.fromhex(sha256))
    if trust.responses:
        digest.update(b"ocsp")
        for sha256 in sorted({each.sha256 for each in trust.responses}):
            digest.update(bytes.fromhex(sha256))
    return digest.hexdigest()


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def _limits(window: Window) -> bytes:
    return hashlib.sha256(_der(window.certificate)).digest() + repr(_times(window)).encode()


def _terms(anchor: Anchor) -> bytes:
    terms = (
        sorted(anchor.usages),
        *_times(anchor),
        anchor.revocation,
        sorted(anchor.codes),
    )
    return hashlib.sha256(_der(anchor.certificate)).digest() + repr(terms).encode()


def _times(limited: Anchor | Window) -> tuple[str | None, ...]:
    moments = (limited.trusted_from, limited.trusted_until)
    return tuple(None if each is None else each.isoformat() for each in moments)
