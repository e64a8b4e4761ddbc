"""Path building: from a signing certificate to a trust anchor at a given time (RFC 5280 §6).

cryptography's verifier builds and checks the path, with its rules for certification authorities, less what only the
web demands of them. What the end entity must be allowed to do, and its authorities to certify, depends on its role: signing
documents unless told otherwise (`certs.roles`). Invariants:

- a path has at least two certificates: an anchor is not a signing certificate;
- certificates from the message are only ever candidates between the leaf and an anchor that we hold;
- no path leads through an intermediate outside the window in which we rely on it;
- a path at another time than asked for is sought only to explain a refusal, never to accept;
- a revoked certificate gives way only to one with the same key that is known to be good (`certs.detours`).
"""

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.verification import ExtensionPolicy, PolicyBuilder, Store, VerificationError

from certs.authority import is_issued_by
from certs.certificate import name_of
from certs.detours import around_revoked
from certs.errors import (
    AlgorithmForbiddenError,
    CertificateExpiredError,
    CertificateNotYetValidError,
    KeyTooWeakError,
    KeyUsageError,
    MalformedCertificateError,
    NoTrustAnchorsError,
    TrustError,
    UntrustedCertificateError,
)
from certs.known_paths import CertificatePath
from certs.refusal import explain_refusal
from certs.revocation import NOTHING, Revocation, RevocationData, Standing, Status, statuses_of
from certs.roles import SIGNER, Role, check_leaf, has_unknown_critical_extension
from certs.rules import CertificateRule
from certs.trust import Trust

__all__ = ["check_leaf", "choose_path", "find_path", "name_of", "required_of", "revocation_of"]

MAX_CERTIFICATES_ABOVE_LEAF = 4
_END_ENTITIES = ExtensionPolicy.permit_all()

_NEARNESS: tuple[type[TrustError], ...] = (
    NoTrustAnchorsError,
    CertificateExpiredError,
    CertificateNotYetValidError,
    KeyUsageError,
    KeyTooWeakError,
    AlgorithmForbiddenError,
    MalformedCertificateError,
    UntrustedCertificateError,
)


def find_path(
    leaf: x509.Certificate,
    others: Iterable[x509.Certificate],
    *,
    trust: Trust,
    at: datetime,
    role: Role = SIGNER,
    without: frozenset[x509.Certificate] = frozenset(),
) -> CertificatePath:
    """Return the path from an end entity's certificate to an anchor, leaf first.

    `others` are the certificates that came with the message; the leaf may be among them. `without` are authorities to avoid.

    Raises: CertificateError, KeyTooWeakError or AlgorithmForbiddenError, as precise as possible.
    """
    anchors = trust.anchors_for(role.usage, at)
    if not anchors:
        raise NoTrustAnchorsError
    if leaf in anchors:
        raise KeyUsageError(CertificateRule.ANCHOR, subject=name_of(leaf))
    barred = trust.barred(at) | without
    offered = tuple(other for other in others if other != leaf and other not in barred)
    key = (role.usage, leaf, offered, anchors, barred)
    if (known := trust.paths.get(key, at)) is not None:
        return known
    candidates = (*trust.intermediates, *_anchored(offered, trust=trust, anchors=anchors))
    intermediates = tuple(each for each in candidates if each not in barred)
    path = _path_at(leaf, [*intermediates], store=trust.store_of(anchors), at=at, role=role)
    if path is None:
        raise _explain(leaf, intermediates, store=trust.store_of(anchors), anchors=anchors, at=at, role=role)
    role.check(leaf)
    trust.paths.add(key, path)
    return path


def choose_path(
    signers: Iterable[x509.Certificate],
    certificates: Iterable[x509.Certificate],
    *,
    trust: Trust,
    at: datetime,
    known_at: datetime | None = None,
    came_with: RevocationData = NOTHING,
) -> CertificatePath:
    """Return the path of the signing certificate; of several good ones with the same key, the newest.

    `certificates` are all that came with the message. The path may be revoked: `revocation_of` says so.

    Raises: CertificateError; of several, the one that comes closest to a good certificate.
    """
    certificates = tuple(certificates)
    paths: list[CertificatePath] = []
    errors: list[TrustError] = []
    for leaf in signers:
        try:
            paths.append(find_path(leaf, certificates, trust=trust, at=at))
        except TrustError as error:
            errors.append(error)
    if not paths:
        raise min(errors, key=lambda error: _NEARNESS.index(type(error)))
    look = partial(revocation_of, trust=trust, at=at, known_at=known_at, came_with=came_with)
    if trust.revocation_data or came_with:
        search = partial(find_path, others=certificates, trust=trust, at=at)
        paths += [other for path in paths for other in around_revoked(path, look=look, search=search)]
    if len(paths) == 1:
        return paths[0]
    return max(paths, key=lambda path: _preference(path, look(path)))


def revocation_of(
    path: CertificatePath,
    *,
    trust: Trust,
    at: datetime,
    known_at: datetime | None = None,
    came_with: RevocationData = NOTHING,
) -> tuple[Status, ...]:
    """Return what is known of every certificate of a path but the anchor, leaf first; nothing if nobody wants to know.

    `known_at` is the moment of the judgement, if that is later than `at`; `came_with` what came with the message and was verified
    as what is held is (`certs.stapled`).
    """
    if required_of(path, trust=trust) is Revocation.OFF:
        return ()
    held = trust.revocation_data.joined(came_with)
    statuses = statuses_of(path, held=held, at=at, known_at=known_at)
    trust.sought.note(path, statuses)
    return statuses


def required_of(path: CertificatePath, *, trust: Trust) -> Revocation:
    """Say how much must be known of revocation below the anchor of a path."""
    return trust.terms_of(path[-1]).revocation or trust.policy.revocation or trust.revocation


def _preference(path: CertificatePath, statuses: tuple[Status, ...]) -> tuple[int, datetime, bytes]:
    """Rank good before revoked and revoked before unknown: what is not known to be good excuses no revoked certificate."""
    standings = [status.standing for status in statuses]
    standing = Standing.REVOKED if Standing.REVOKED in standings else (standings or [Standing.GOOD])[0]
    rank = (Standing.UNKNOWN, Standing.REVOKED, Standing.GOOD).index(standing)
    return rank, path[0].not_valid_before_utc, path[0].fingerprint(hashes.SHA256())


def _anchored(
    certificates: Iterable[x509.Certificate], *, trust: Trust, anchors: tuple[x509.Certificate, ...]
) -> tuple[x509.Certificate, ...]:
    """Return the certificates that were issued, at however many removes, by those we hold.

    The others cannot be part of any path. Left in, a few that could each have issued the other would make a maze
    of more than a hundred ways that the path builder walks to the end.
    """
    found: list[x509.Certificate] = []
    remaining = [certificate for certificate in certificates if certificate not in anchors]
    issuers = [*anchors, *trust.intermediates]
    while issuers:
        issued = [one for one in remaining if any(is_issued_by(one, issuer) for issuer in issuers)]
        remaining = [one for one in remaining if one not in issued]
        found += issued
        issuers = issued
    return tuple(found)


def _path_at(
    leaf: x509.Certificate, intermediates: list[x509.Certificate], *, store: Store, at: datetime, role: Role
) -> CertificatePath | None:
    verifier = (
        PolicyBuilder()
        .store(store)
        .time(at)
        # The library counts the certificates between leaf and anchor.
        .max_chain_depth(MAX_CERTIFICATES_ABOVE_LEAF - 1)
        .extension_policies(ca_policy=role.authorities, ee_policy=_END_ENTITIES)
        .build_client_verifier()
    )
    try:
        return tuple(verifier.verify(leaf, intermediates).chain)
    except (VerificationError, ValueError):
        return None


def _explain(
    leaf: x509.Certificate,
    authorities: tuple[x509.Certificate, ...],
    *,
    store: Store,
    anchors: tuple[x509.Certificate, ...],
    at: datetime,
    role: Role,
) -> TrustError:
    error = explain_refusal(
        leaf,
        (*authorities, *anchors),
        anchors=anchors,
        path_at=lambda moment: _path_at(leaf, [*authorities], store=store, at=moment, role=role),
        at=at,
    )
    # The path builder refuses these too, but does not say so.
    if isinstance(error, UntrustedCertificateError | KeyUsageError) and has_unknown_critical_extension(leaf):
        return KeyUsageError(CertificateRule.CRITICAL_EXTENSION, subject=name_of(leaf))
    return error
