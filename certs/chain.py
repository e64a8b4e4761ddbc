"""Path building: from a signing certificate to a trust anchor at a given time (RFC 5280 §6).

cryptography's verifier builds and checks the path, with its rules for certification authorities, less what only the
web demands of them; an authority may be limited to e-mail or document signing. It does no checks on the end entity that
would suit document signing, so these are here (`check_leaf`). Invariants:

- a path has at least two certificates: an anchor is not a signing certificate;
- certificates from the message are only ever candidates between the leaf and an anchor that we hold;
- no path leads through an intermediate outside the window in which we rely on it;
- a path at another time than asked for is sought only to explain a refusal, never to accept;
- a revoked certificate gives way only to one with the same key that is known to be good (`certs.detours`).
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, ObjectIdentifier
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    Policy,
    PolicyBuilder,
    Store,
    VerificationError,
)

from certs.anchor import Usage
from certs.authority import is_issued_by
from certs.certificate import name_of
from certs.detours import around_revoked
from certs.errors import (
    CertificateError,
    CertificateExpiredError,
    CertificateNotYetValidError,
    KeyUsageError,
    MalformedCertificateError,
    NoTrustAnchorsError,
    TrustError,
    UntrustedCertificateError,
)
from certs.known_paths import CertificatePath
from certs.revocation import NOTHING, Revocation, RevocationData, Standing, Status, statuses_of
from certs.rules import CertificateRule
from certs.trust import Trust

MAX_CERTIFICATES_ABOVE_LEAF = 4

SIGNING_PURPOSES = frozenset(
    {
        ExtendedKeyUsageOID.EMAIL_PROTECTION,
        ExtendedKeyUsageOID.CLIENT_AUTH,
        ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
        ObjectIdentifier("1.3.6.1.5.5.7.3.36"),  # documentSigning, RFC 9336
        ObjectIdentifier("1.3.6.1.4.1.311.10.3.12"),  # documentSigning as Microsoft named it before
    }
)
_UNDERSTOOD = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    }
)

_NEARNESS: tuple[type[TrustError], ...] = (
    NoTrustAnchorsError,
    CertificateExpiredError,
    CertificateNotYetValidError,
    KeyUsageError,
    MalformedCertificateError,
    UntrustedCertificateError,
)


def find_path(
    leaf: x509.Certificate,
    others: Iterable[x509.Certificate],
    *,
    trust: Trust,
    at: datetime,
    without: frozenset[x509.Certificate] = frozenset(),
) -> CertificatePath:
    """Return the path from a signing certificate to an anchor, leaf first.

    `others` are the certificates that came with the message; the leaf may be among them. `without` are authorities to avoid.

    Raises: CertificateError, as precise as possible.
    """
    anchors = trust.anchors_for(Usage.SIGNATURE, at)
    if not anchors:
        raise NoTrustAnchorsError
    if leaf in anchors:
        raise KeyUsageError(CertificateRule.ANCHOR, subject=name_of(leaf))
    barred = trust.barred(at) | without
    offered = tuple(other for other in others if other != leaf and other not in barred)
    key = (leaf, offered, anchors, barred)
    if (known := trust.paths.get(key, at)) is not None:
        return known
    candidates = (*trust.intermediates, *_anchored(offered, trust=trust, anchors=anchors))
    intermediates = [each for each in candidates if each not in barred]
    store = trust.store_of(anchors)
    path = _path_at(leaf, intermediates, store=store, at=at)
    if path is None:
        raise _explain(leaf, intermediates, store=store, at=at)
    check_leaf(leaf)
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


def check_leaf(leaf: x509.Certificate) -> None:
    """Check what RFC 5280 §4.2.1 lets an issuer say about the use of the certificate's key.

    Raises: KeyUsageError, MalformedCertificateError.
    """
    for broken in _rules_broken_by(leaf):
        raise KeyUsageError(broken, subject=name_of(leaf))


def _rules_broken_by(leaf: x509.Certificate) -> tuple[CertificateRule, ...]:
    try:
        return tuple(_broken_rules({extension.oid: extension for extension in leaf.extensions}))
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
        raise MalformedCertificateError from error


def _broken_rules(
    extensions: Mapping[x509.ObjectIdentifier, x509.Extension[Any]],
) -> Iterator[CertificateRule]:
    constraints = extensions.get(ExtensionOID.BASIC_CONSTRAINTS)
    if constraints is not None and constraints.value.ca:
        yield CertificateRule.BASIC_CONSTRAINTS
    usage = extensions.get(ExtensionOID.KEY_USAGE)
    if usage is None or not usage.critical or not _may_sign(usage.value):
        yield CertificateRule.KEY_USAGE
    purposes = extensions.get(ExtensionOID.EXTENDED_KEY_USAGE)
    if purposes is not None and SIGNING_PURPOSES.isdisjoint(purposes.value):
        yield CertificateRule.EXTENDED_KEY_USAGE
    if ExtensionOID.NAME_CONSTRAINTS in extensions:
        yield CertificateRule.NAME_CONSTRAINTS
    if any(extension.critical and oid not in _UNDERSTOOD for oid, extension in extensions.items()):
        yield CertificateRule.CRITICAL_EXTENSION


def _may_sign(usage: x509.KeyUsage) -> bool:
    return (usage.digital_signature or usage.content_commitment) and not (
        usage.key_cert_sign or usage.crl_sign
    )


def _authority_purposes(
    _policy: Policy, _authority: x509.Certificate, purposes: x509.ExtendedKeyUsage | None
) -> None:
    if purposes is not None and SIGNING_PURPOSES.isdisjoint(purposes):
        raise ValueError("the authority may not issue certificates for signing documents")


def _authority_usage(_policy: Policy, _authority: x509.Certificate, usage: x509.KeyUsage | None) -> None:
    if usage is not None and not usage.key_cert_sign:
        raise ValueError("the authority may not sign certificates")


# The web's rules also demand key identifiers and a key usage, which RFC 5280 §6 does not: a root made with plain OpenSSL has no
# key usage. Where they are, they count.
_AUTHORITIES = (
    ExtensionPolicy.webpki_defaults_ca()
    .may_be_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, _authority_purposes)
    .may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, _authority_usage)
    .may_be_present(x509.SubjectKeyIdentifier, Criticality.AGNOSTIC, None)
    .may_be_present(x509.AuthorityKeyIdentifier, Criticality.AGNOSTIC, None)
)
_END_ENTITIES = ExtensionPolicy.permit_all()


def _path_at(
    leaf: x509.Certificate, intermediates: list[x509.Certificate], *, store: Store, at: datetime
) -> CertificatePath | None:
    verifier = (
        PolicyBuilder()
        .store(store)
        .time(at)
        # The library counts the certificates between leaf and anchor.
        .max_chain_depth(MAX_CERTIFICATES_ABOVE_LEAF - 1)
        .extension_policies(ca_policy=_AUTHORITIES, ee_policy=_END_ENTITIES)
        .build_client_verifier()
    )
    try:
        return tuple(verifier.verify(leaf, intermediates).chain)
    except (VerificationError, ValueError):
        return None


def _explain(
    leaf: x509.Certificate, intermediates: list[x509.Certificate], *, store: Store, at: datetime
) -> CertificateError:
    """Say whether the certificate would have been good at another time."""
    for moment in (leaf.not_valid_before_utc, leaf.not_valid_after_utc):
        path = _path_at(leaf, intermediates, store=store, at=moment)
        for certificate in path or ():
            if at > certificate.not_valid_after_utc:
                since = certificate.not_valid_after_utc.isoformat()
                return CertificateExpiredError(subject=name_of(certificate), since=since)
            if at < certificate.not_valid_before_utc:
                since = certificate.not_valid_before_utc.isoformat()
                return CertificateNotYetValidError(subject=name_of(certificate), since=since)
    # The path builder refuses these too, but does not say so.
    if CertificateRule.CRITICAL_EXTENSION in _rules_broken_by(leaf):
        return KeyUsageError(CertificateRule.CRITICAL_EXTENSION, subject=name_of(leaf))
    return UntrustedCertificateError(subject=name_of(leaf))
