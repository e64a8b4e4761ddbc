"""From evidence to a verdict: whom we trust, at which moment, under which policy (ETSI EN 319 102-1 §5.2 and §5.5).

The moment that counts is the *best signature time*: the earliest at which the signature is known to have existed. That is the
time of a judgement unless something proves more: our own record of when the bytes first came (a receipt), or a valid time stamp
over the signature. What the signer says of the time proves nothing, and neither does a time stamp that is not valid. Invariants:

- a verdict passes only if the evidence holds no error, a path leads to an anchor, no certificate of it was revoked at that
  moment, and no check that the policy lets fail found anything;
- an error of the evidence decides before anything that time, trust or policy could mend.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from certs.algorithms import describe
from certs.certificate import fingerprint, key_of, name_of
from certs.chain import choose_path, required_of, revocation_of
from certs.errors import CertificateNotYetValidError, LegacySignatureError, TrustError
from certs.errors_policy import (
    AlgorithmRetiredError,
    ClaimedTimeError,
    NoTimestampError,
    NotInPolicyError,
    OldPaddingError,
    RevokedSinceError,
    UnexaminedError,
)
from certs.errors_revocation import CertificateRevokedError, RevocationUnknownError
from certs.errors_timestamp import TimestampOrderError, TimestampRefusedError
from certs.evidence import Evidence, Stamp
from certs.indication import Indication
from certs.known_paths import CertificatePath
from certs.policy import Level, Policy
from certs.revocation import NOTHING, Revocation, Status, objection_to
from certs.rules import RevocationReason
from certs.stapled import NOTHING_CAME, Stapled, StapledValues, verify_stapled
from certs.timestamp import Timestamp, best_time, verify_token
from certs.trust import Trust
from certs.verdict import Moment, Signer, TimeSource, Verdict
from certs.xmldsig import SignedView

_COMPROMISED = frozenset({RevocationReason.KEY_COMPROMISE, RevocationReason.CA_COMPROMISE})


class Presented(Protocol):
    """What a path is sought from: evidence, or what becomes it."""

    @property
    def signers(self) -> tuple[x509.Certificate, ...]:
        """The certificates with which it can have been signed."""

    @property
    def certificates(self) -> tuple[x509.Certificate, ...]:
        """All certificates that came along."""

    @property
    def stamps(self) -> tuple[Stamp, ...]:
        """The time stamps that came along."""

    @property
    def revocation_values(self) -> StapledValues:
        """What came along about revocation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Footing:
    """What a signature stands on at a moment: a validated path, or why there is none."""

    moment: Moment
    path: CertificatePath = ()
    came_with: Stapled = NOTHING_CAME
    refusal: TrustError | None = None
    timestamps: tuple[Timestamp, ...] = ()
    """Every time stamp over the signature, valid or not."""


def stand(evidence: Presented, *, trust: Trust, at: datetime, existed_at: datetime | None = None) -> Footing:
    """Find the path of the signer at the best signature time.

    `at` is the time of the judgement, `existed_at` a moment at which we know the signature to have existed; both aware.
    """
    timestamps = judged_stamps(evidence, trust=trust, at=at)
    moment = _best(timestamps, at=at, existed_at=existed_at)
    try:
        came_with = _stapled(evidence, trust)
        path = choose_path(
            evidence.signers,
            evidence.certificates,
            trust=trust,
            at=moment.at,
            known_at=at,
            came_with=came_with.data,
        )
    except CertificateNotYetValidError as error:
        is_proven = moment.source is TimeSource.TIMESTAMP
        refusal = (
            TimestampOrderError(time=moment.at.isoformat(), since=error.facts["since"])
            if is_proven
            else error
        )
        return Footing(moment=moment, refusal=refusal, timestamps=timestamps)
    except TrustError as error:
        return Footing(moment=moment, refusal=error, timestamps=timestamps)
    return Footing(moment=moment, path=path, came_with=came_with, timestamps=timestamps)


def judged_stamps(evidence: Presented, *, trust: Trust, at: datetime) -> tuple[Timestamp, ...]:
    """Return what each time stamp over a signature is worth at a moment, in their order."""
    offered = evidence.certificates
    return tuple(
        [
            verify_token(each.token, trust=trust, at=at, imprint_of=each.stamped, certificates=offered)
            for each in evidence.stamps
        ]
    )


def _best(timestamps: tuple[Timestamp, ...], *, at: datetime, existed_at: datetime | None) -> Moment:
    """Return the earliest moment that is proven; of what others say only a valid time stamp proves anything."""
    moment = Moment(at=at, source=TimeSource.CONTROL)
    if existed_at is not None and existed_at < at:
        moment = Moment(at=existed_at, source=TimeSource.RECEIPT)
    stamped = best_time(timestamps)
    if stamped is not None and stamped <= moment.at:
        moment = Moment(at=stamped, source=TimeSource.TIMESTAMP)
    return moment


def _stapled(evidence: Presented, trust: Trust) -> Stapled:
    """Verify what came along about revocation, if anybody wants to know it."""
    if not evidence.revocation_values or not trust.wants_revocation:
        return NOTHING_CAME
    issuers = (*trust.authorities(), *evidence.certificates)
    return verify_stapled(evidence.revocation_values, issuers)


def judge(evidence: Evidence, *, trust: Trust, at: datetime, existed_at: datetime | None = None) -> Verdict:
    """Return the verdict on recorded evidence; it has no signed view, only the hash of it."""
    footing = stand(evidence, trust=trust, at=at, existed_at=existed_at) if evidence.signers else None
    return conclude(evidence, footing, trust=trust, at=at)


def conclude(
    evidence: Evidence, footing: Footing | None, *, trust: Trust, at: datetime, view: SignedView | None = None
) -> Verdict:
    """Return the verdict on evidence that stands on `footing`; without errors and without it nothing was examined."""
    path = footing.path if footing is not None else ()
    moment = footing.moment if footing is not None else Moment(at=at, source=TimeSource.CONTROL)
    chain = tuple(map(fingerprint, path))
    came_with = footing.came_with.data if footing is not None else NOTHING
    statuses = (
        revocation_of(path, trust=trust, at=moment.at, known_at=at, came_with=came_with) if path else ()
    )
    errors = list(evidence.errors)
    warnings: list[TrustError] = []
    notes: list[TrustError] = []
    if not errors:
        for level, each in _weighed(evidence, footing, statuses, trust=trust, at=at):
            found = errors if level is Level.FAIL else warnings if level is Level.WARN else notes
            found.append(each)
    first = errors[0] if errors else None
    return Verdict(
        indication=first.indication if first else Indication.TOTAL_PASSED,
        sub_indication=first.sub_indication if first else None,
        errors=tuple(errors),
        warnings=tuple(warnings),
        notes=tuple(notes),
        legacy=isinstance(first, LegacySignatureError),
        evidence=evidence,
        signer=Signer.from_path(path, chain, codes=trust.terms_of(path[-1]).codes) if path else None,
        chain=chain,
        revocation=statuses,
        timestamps=footing.timestamps if footing is not None else (),
        policy=trust.policy.label,
        control_time=at,
        moment=moment,
        signed_view=None if errors else view,
    )


def _weighed(
    evidence: Evidence, footing: Footing | None, statuses: tuple[Status, ...], *, trust: Trust, at: datetime
) -> Iterator[tuple[Level, TrustError]]:
    """Yield what is found about a sound signature, with its weight; without a path there is no more to say."""
    if footing is None:
        yield Level.FAIL, UnexaminedError()
        return
    if footing.refusal is not None or evidence.signed_view_sha256 is None:
        yield Level.FAIL, footing.refusal or UnexaminedError()
        return
    for refused in footing.came_with.refused:
        yield Level.WARN, refused
    objection = objection_to(footing.path, statuses, revocation=Revocation.REQUIRE) if statuses else None
    if objection is not None:
        is_known = not isinstance(objection, RevocationUnknownError)
        must_be_known = required_of(footing.path, trust=trust) is Revocation.REQUIRE
        yield Level.FAIL if is_known or must_be_known else Level.INFORM, objection
        if is_known:
            return
    compromise = _compromised(footing, statuses)
    if compromise is not None:
        yield Level.FAIL, compromise
    for found in _noticed(evidence, footing, statuses, policy=trust.policy, at=at):
        yield trust.policy.level(found.code), found


def _compromised(footing: Footing, statuses: tuple[Status, ...]) -> TrustError | None:
    """Say which key was compromised later: who holds it can sign in the past, and only a timestamp proves that they did not."""
    if footing.moment.source is TimeSource.TIMESTAMP:
        return None
    for certificate, status in zip(footing.path, statuses, strict=False):
        if status.entry is not None and status.entry.reason in _COMPROMISED:
            subject = name_of(certificate)
            return CertificateRevokedError(status.entry.reason, subject=subject, since=status.entry.since)
    return None


def _noticed(
    evidence: Evidence, footing: Footing, statuses: tuple[Status, ...], *, policy: Policy, at: datetime
) -> Iterator[TrustError]:
    yield from _outside_policy(evidence, footing, policy=policy)
    for certificate, status in zip(footing.path, statuses, strict=False):
        if status.entry is not None and footing.moment.at < status.entry.since <= at:
            subject = name_of(certificate)
            yield RevokedSinceError(subject=subject, since=status.entry.since.isoformat())
    if evidence.signing_time is not None and not _is_possible(evidence.signing_time, footing, policy=policy):
        yield ClaimedTimeError(claimed=evidence.signing_time)
    if (evidence.algorithm or "").startswith("rsa-sha"):
        yield OldPaddingError()
    for timestamp in footing.timestamps:
        for error in timestamp.errors[:1]:
            yield TimestampRefusedError(error)
    if best_time(footing.timestamps) is None:
        yield NoTimestampError()


def _outside_policy(evidence: Evidence, footing: Footing, *, policy: Policy) -> Iterator[TrustError]:
    for name, accepted in (
        (evidence.algorithm, policy.signatures),
        (evidence.digest, policy.digests),
        (evidence.canonicalization, policy.canonical_forms),
    ):
        if name is not None and name not in accepted:
            yield NotInPolicyError(algorithm=name)
        since = policy.retired.get(name or "")
        if since is not None and footing.moment.at >= since:
            yield AlgorithmRetiredError(algorithm=name, since=since.isoformat())
    for certificate in footing.path:
        key = key_of(certificate)
        if isinstance(key, rsa.RSAPublicKey) and key.key_size < policy.rsa_min:
            yield NotInPolicyError(algorithm=describe(key))


def _is_possible(claimed: str, footing: Footing, *, policy: Policy) -> bool:
    """Tell whether a signature can have been made when its signer says so: with its certificate, and not after it existed."""
    try:
        time = datetime.fromisoformat(claimed)
    except ValueError:
        return False
    if time.tzinfo is None:
        time = time.replace(tzinfo=UTC)
    leaf = footing.path[0]
    begin, end = leaf.not_valid_before_utc - policy.skew, leaf.not_valid_after_utc + policy.skew
    return begin <= time <= min(end, footing.moment.at + policy.skew)
