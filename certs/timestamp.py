"""The verdict on a time stamp (RFC 3161): proof that something existed at a time, if an authority that we rely upon says so.

The steps, in their order:

1. The token has the one form that `certs.timestamp_token` reads, and its imprint and signature use algorithms of the allow-list.
2. The imprint is that of the data, where the data is there.
3. The signature is that of the certificate which the signed attributes name (`certs.timestamp_signature`).
4. genTime is not later than the moment that counts, but for the skew that the policy allows.
5. The certificate is one for time-stamping alone, and a path leads from it to an anchor for time stamps, when the token was made
   *and* at the moment that counts: who gets hold of the key of an expired certificate could date a token back, and nothing here
   proves that the token is older than that (ETSI EN 319 102-1 §5.4). Such a token is INDETERMINATE, OUT_OF_BOUNDS_NO_POE.
6. No certificate of the path is revoked. One that was given up without its key being lost, as the reason on the list says, stays
   good for the tokens from before (RFC 3161 §4).

Invariant: a time stamp has errors, or it is valid; the first error decides, and nothing is raised for a fault of the token.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from certs.algorithms import describe
from certs.certificate import load_certificates, name_of
from certs.chain import find_path, required_of, revocation_of
from certs.errors import MalformedCertificateError, TrustError
from certs.errors_policy import NotInPolicyError, RevokedSinceError
from certs.errors_timestamp import TimestampImprintError, TimestampInFutureError
from certs.indication import Indication, SubIndication
from certs.known_paths import CertificatePath
from certs.policy import Policy
from certs.revocation import Standing, Status, objection_to
from certs.roles import TIMESTAMPER
from certs.rules import RevocationReason
from certs.timestamp_info import Info
from certs.timestamp_signature import DIGESTS, check_imprint, resolve_signature, signer_of
from certs.timestamp_token import Token, read_token
from certs.trust import Trust
from certs.unreadable import UNREADABLE

_KEY_WAS_SAFE: Final = frozenset(
    {
        RevocationReason.AFFILIATION_CHANGED,
        RevocationReason.SUPERSEDED,
        RevocationReason.CESSATION_OF_OPERATION,
    }
)

Digest: TypeAlias = Callable[[str], bytes]
"""Takes the short name of a digest algorithm, which hashlib knows, and returns the digest of the data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timestamp:
    """What is known of one time stamp at `control_time`; `info` is what it says, true or not.

    `errors` is empty exactly when it is valid, and the first of them decided; `remarks` decide nothing. `path` leads from the
    authority's certificate to an anchor, and `revocation` says what is known of each but the last.
    """

    control_time: datetime
    errors: tuple[TrustError, ...] = ()
    remarks: tuple[TrustError, ...] = ()
    info: Info | None = None
    imprint_name: str | None = None
    authority: x509.Certificate | None = None
    path: CertificatePath = ()
    revocation: tuple[Status, ...] = ()

    def __post_init__(self) -> None:
        """Make a valid time stamp that proves nothing impossible."""
        if not self.errors and (self.info is None or not self.path):
            raise ValueError("a time stamp is valid with a time and a path, or not at all")

    def __bool__(self) -> bool:
        """Refuse to be a yes or a no."""
        raise TypeError("a Timestamp has three outcomes; compare its indication")

    @property
    def indication(self) -> Indication:
        """The outcome."""
        return self.errors[0].indication if self.errors else Indication.TOTAL_PASSED

    @property
    def sub_indication(self) -> SubIndication | None:
        """Why it is not valid."""
        return self.errors[0].sub_indication if self.errors else None

    @property
    def proven_time(self) -> datetime | None:
        """The time at which what it is over existed; None if it proves nothing."""
        return self.info.gen_time if self.info is not None and not self.errors else None


def best_time(timestamps: Iterable[Timestamp]) -> datetime | None:
    """Return the earliest time that any of some time stamps proves."""
    return min((each.proven_time for each in timestamps if each.proven_time is not None), default=None)


@dataclass(slots=True)
class _Findings:
    """What is known so far; becomes the time stamp."""

    remarks: list[TrustError] = field(default_factory=list)
    info: Info | None = None
    imprint_name: str | None = None
    authority: x509.Certificate | None = None
    path: CertificatePath = ()
    revocation: tuple[Status, ...] = ()


def verify_token(
    der: bytes,
    *,
    trust: Trust,
    at: datetime,
    imprint_of: bytes | Digest | None = None,
    certificates: Iterable[x509.Certificate] = (),
) -> Timestamp:
    """Say whether a TimeStampToken, alone or in a TimeStampResp, is valid at the instant `at` (aware).

    `imprint_of` is the data that was time-stamped, or what digests it; None judges the token alone. `certificates` may complete
    its path, as those inside it may. Never raises for a fault of the token: faults are in the result.
    """
    findings = _Findings()
    errors: tuple[TrustError, ...] = ()
    try:
        _examine(read_token(der), findings, trust=trust, at=at, imprint_of=imprint_of, offered=certificates)
    except TrustError as error:
        errors = (error,)
    except UNREADABLE:
        # Certificates are decoded where they are looked at, and this one holds something that cannot be.
        errors = (MalformedCertificateError(),)
    return Timestamp(
        control_time=at,
        errors=errors,
        remarks=tuple(findings.remarks),
        info=findings.info,
        imprint_name=findings.imprint_name,
        authority=findings.authority,
        path=findings.path,
        revocation=findings.revocation,
    )


def _examine(
    token: Token,
    findings: _Findings,
    *,
    trust: Trust,
    at: datetime,
    imprint_of: bytes | Digest | None,
    offered: Iterable[x509.Certificate],
) -> None:
    # 1. Form (above) and algorithms. 2. The data.
    findings.info = info = token.info
    findings.imprint_name = name = check_imprint(info)
    if imprint_of is not None and _digest(imprint_of, name) != info.imprint:
        raise TimestampImprintError

    # 3. The signature, and whose it is.
    certificates = (*load_certificates(token.certificates, errors=[]), *offered)
    findings.authority = signer = signer_of(token, (*certificates, *trust.intermediates))

    # 4. The time.
    if info.gen_time > at + trust.policy.skew:
        raise TimestampInFutureError(time=info.gen_time.isoformat())

    # 5. The path, now and then.
    path = find_path(signer, certificates, trust=trust, at=at, role=TIMESTAMPER)
    find_path(signer, certificates, trust=trust, at=info.gen_time, role=TIMESTAMPER)
    findings.path = path
    for refused in _outside_policy(token, path, policy=trust.policy):
        raise NotInPolicyError(algorithm=refused)

    # 6. Revocation.
    findings.revocation = _revocation(path, info, findings, trust=trust, at=at)
    objection = objection_to(path, findings.revocation, revocation=required_of(path, trust=trust))
    if objection is not None:
        raise objection


def _outside_policy(token: Token, path: CertificatePath, *, policy: Policy) -> Iterator[str]:
    """Yield what the policy leaves out of the algorithms that it could have."""
    for digest in (token.info.imprint_algorithm, token.signature.digest):
        if DIGESTS[digest.oid] not in policy.digests:
            yield DIGESTS[digest.oid]
    algorithm = resolve_signature(token.signature).name
    if algorithm not in policy.signatures:
        yield algorithm
    for certificate in path:
        key = certificate.public_key()
        if isinstance(key, rsa.RSAPublicKey) and key.key_size < policy.rsa_min:
            yield describe(key)


def _digest(imprint_of: bytes | Digest, name: str) -> bytes:
    return hashlib.new(name, imprint_of).digest() if isinstance(imprint_of, bytes) else imprint_of(name)


def _revocation(
    path: CertificatePath, info: Info, findings: _Findings, *, trust: Trust, at: datetime
) -> tuple[Status, ...]:
    """Return what is known of the path; an authority that only stopped later is as good as it was."""
    statuses = revocation_of(path, trust=trust, at=at)
    if not statuses or statuses[0].standing is not Standing.REVOKED:
        return statuses
    entry = statuses[0].entry
    if entry is None or entry.reason not in _KEY_WAS_SAFE or entry.since <= info.gen_time:
        return statuses
    subject = name_of(path[0])
    findings.remarks.append(RevokedSinceError(subject=subject, since=entry.since.isoformat()))
    return (replace(statuses[0], standing=Standing.GOOD), *statuses[1:])
