"""Where is the signer bound to the agency? Here, and nowhere else; and so is the system that calls.

A certificate that is valid says who signed. It does not say that they may sign *for this agency*. These are
the rules:

1. **Registered certificates.** If the registry holds registrations for the agency's entity
   (`routing.registrations`), then exactly those count, each within its own interval. A registration
   recognises the signer by the SHA-256 of the whole certificate; or by that of its public key, also in a
   renewed certificate; or by its authority and certain attributes of its subject, each of which must be
   there once, alone, and be the registered value. Nothing else does: not another certificate of the same
   holder, not a name. This stays so when every registration has lapsed.
2. **Refusal wins.** A registration of this entity that is revoked or suspended refuses whomever it
   recognises, and the certificate that it was made with, also if another registration would bind them. One
   that is revoked because its key was lost refuses every certificate with this key. Old and new
   registrations may overlap; then either binds, whatever order they come in.
3. **The anchor's limits.** If the signer's anchor is relied upon for some agencies only, the agency's code
   must be one of theirs or lie below one (groups separated by dots), whichever rule would bind.
4. **The certificate's subject.** Only if nothing is registered: the ``serialNumber`` in the subject must
   equal the agency's code byte for byte. That is the canonical code (QĐ 20/2020/QĐ-TTg) or, if the document
   used an older form that the registry lists as this agency's alias, that form as sent.
5. **A code may outlive its body.** QĐ 09/2025/QĐ-TTg lets a new body take over the code of an old one.
   Under rule 4 a certificate issued before that moment names the old body and does not bind to the new one.
   A certificate made ready beforehand has to be registered (rule 1).
6. **The calling system.** The connected system that hands a document in must be the one that serves the
   sender's code: the owner of its longest registered prefix. Serving ``H26`` is no right to send for
   ``H26.2`` if another system serves that. A prefix is served for an entity: when another body takes the
   code over, the old body's system may no longer send for it.
7. **The moment.** Windows, suspensions and revocations count as they stand at the moment whose codes count,
   which for an arrival is that of its acceptance (`at`). A lost key counts from when it is known (`now`).

A unit is not its parent and a parent is not its units. Nothing is normalised to make a match: no case
folding, no Unicode mapping, no trimming, no padding with zeros. QCVN 102 codes are never computed into new
ones.

Invariant: each function returns the rule and the evidence on which it said yes, for the routing log, or
raises.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from certs.verdict import Signer
from routing.agencies import Agency, Directory, Member
from routing.callers import not_serving
from routing.errors import SignerNotBound
from routing.registrations import RegisteredBy, Registration, State


class BindingRule(StrEnum):
    """The rule by which somebody may act for an agency."""

    REGISTERED_CERTIFICATE = "registered-certificate"
    REGISTERED_KEY = "registered-key"
    SUBJECT_PROFILE = "subject-profile"
    CERTIFICATE_SUBJECT = "certificate-subject"
    MEMBER_PREFIX = "member-prefix"


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """Why somebody may act for an agency: the rule, the value that satisfied it, and by which registration, if by one."""

    rule: BindingRule
    evidence: str
    registration: Registration | None = None


class NotBoundReason(StrEnum):
    """Why a certificate is not the agency's."""

    NOT_REGISTERED = "not_registered"
    REGISTRATION_NOT_IN_FORCE = "registration_not_in_force"
    REGISTRATION_SUSPENDED = "registration_suspended"
    REGISTRATION_REVOKED = "registration_revoked"
    OUTSIDE_ANCHOR = "outside_anchor"
    NAMES_NO_AGENCY = "names_no_agency"
    NAMES_ANOTHER = "names_another"
    NAMES_PREDECESSOR = "names_predecessor"


_REASONS = {
    NotBoundReason.NOT_REGISTERED: (
        "cơ quan đã đăng ký chứng thư số và đây không phải một trong số đó",
        "the agency has registered its certificates and this is none of them",
    ),
    NotBoundReason.REGISTRATION_NOT_IN_FORCE: (
        "chứng thư này có đăng ký nhưng đăng ký không có hiệu lực tại thời điểm này",
        "this certificate is registered, but not for this moment",
    ),
    NotBoundReason.REGISTRATION_SUSPENDED: (
        "đăng ký chứng thư này của cơ quan đang tạm dừng",
        "the agency's registration of this certificate is suspended",
    ),
    NotBoundReason.REGISTRATION_REVOKED: (
        "đăng ký chứng thư hoặc khóa này của cơ quan đã bị thu hồi",
        "the agency's registration of this certificate or key was revoked",
    ),
    NotBoundReason.OUTSIDE_ANCHOR: (
        "chứng thư gốc của người ký không được tin cậy cho cơ quan này",
        "the signer's trust anchor is not relied upon for this agency",
    ),
    NotBoundReason.NAMES_NO_AGENCY: (
        "chủ thể của chứng thư không có đúng một serialNumber",
        "the certificate's subject does not hold exactly one serialNumber",
    ),
    NotBoundReason.NAMES_ANOTHER: (
        "serialNumber trong chủ thể của chứng thư không trùng với mã định danh",
        "the serialNumber in the certificate's subject is not the agency's code",
    ),
    NotBoundReason.NAMES_PREDECESSOR: (
        "chứng thư được cấp khi mã này còn thuộc về cơ quan trước đó",
        "the certificate was issued while the code belonged to the body before this one",
    ),
}


def bind_signer(
    signer: Signer,
    agency: Agency,
    *,
    at: datetime,
    as_sent: str | None = None,
    now: datetime | None = None,
) -> Binding:
    """Return the rule by which the signer may sign for the agency at `at`; `as_sent` is the document's code.

    `now` is the moment of the decision, if that is later than `at`.

    Raises:
        SignerNotBound: no rule binds this certificate to this agency's entity.

    """
    if signer.codes and not any(_is_or_below(agency.code, code) for code in signer.codes):
        named = signer.anchor_sha256
        raise _not_bound(agency, NotBoundReason.OUTSIDE_ANCHOR, named=named, needed=signer.codes)
    if agency.certificates:
        return _by_registration(signer, agency, at=at, now=now or at)
    return _by_subject(signer, agency, as_sent=as_sent)


def bind_caller(member: Member, agency: Agency, *, directory: Directory, at: datetime) -> Binding:
    """Return the prefix by which the connected system may send for the agency at `at`.

    Raises:
        CallerNotBound: the agency's longest registered prefix is another system's, or nobody's, or the system
            serves it for a body that does not bear the code at `at`.

    """
    prefix = directory.prefix_for(agency.code, at)
    served_by = directory.member_for(agency.code, at)
    if prefix is None or served_by is None or served_by.id != member.id:
        raise not_serving(member, agency, directory=directory, at=at)
    return Binding(rule=BindingRule.MEMBER_PREFIX, evidence=prefix)


_RULES = {
    RegisteredBy.CERTIFICATE: BindingRule.REGISTERED_CERTIFICATE,
    RegisteredBy.SPKI: BindingRule.REGISTERED_KEY,
    RegisteredBy.PROFILE: BindingRule.SUBJECT_PROFILE,
}
_STRONGEST = tuple(RegisteredBy)
_REFUSALS = (
    (State.REVOKED, NotBoundReason.REGISTRATION_REVOKED),
    (State.SUSPENDED, NotBoundReason.REGISTRATION_SUSPENDED),
)


def _by_registration(signer: Signer, agency: Agency, *, at: datetime, now: datetime) -> Binding:
    named = signer.certificate_sha256
    in_force = [each for each in agency.certificates if each.in_force(at)]
    needed = tuple(sorted(each.label for each in in_force))
    objections = {
        each.speaks_against(signer, now if each.is_key_lost else at) for each in agency.certificates
    }
    for state, reason in _REFUSALS:
        if state in objections:
            raise _not_bound(agency, reason, named=named, needed=needed)
    binding = [each for each in in_force if each.recognises(signer)]
    if not binding:
        known = any(each.recognises(signer) for each in agency.certificates)
        reason = NotBoundReason.REGISTRATION_NOT_IN_FORCE if known else NotBoundReason.NOT_REGISTERED
        raise _not_bound(agency, reason, named=named, needed=needed)
    # The most exact one, and the one that replaces others; the id makes it the same whatever the order.
    replaced = {each.replaces for each in binding}
    best = min(binding, key=lambda each: (_STRONGEST.index(each.by), each.id in replaced, each.id))
    profile = best.profile
    evidence = best.label if profile is None else profile.name
    if best.by is RegisteredBy.SPKI:
        evidence = signer.spki_sha256
    return Binding(rule=_RULES[best.by], evidence=evidence, registration=best)


def _is_or_below(code: str, limit: str) -> bool:
    return code == limit or code.startswith(f"{limit}.")


def _by_subject(signer: Signer, agency: Agency, *, as_sent: str | None) -> Binding:
    named = signer.subject_serial_number
    alias = (as_sent,) if as_sent is not None and as_sent in agency.aliases else ()
    needed = (agency.code, *alias)
    if named is None:
        raise _not_bound(agency, NotBoundReason.NAMES_NO_AGENCY, named=None, needed=needed)
    if named not in needed:
        raise _not_bound(agency, NotBoundReason.NAMES_ANOTHER, named=named, needed=needed)
    if agency.reconstituted_at is not None and signer.not_before < agency.reconstituted_at:
        raise _not_bound(agency, NotBoundReason.NAMES_PREDECESSOR, named=named, needed=needed)
    return Binding(rule=BindingRule.CERTIFICATE_SUBJECT, evidence=named)


def _not_bound(
    agency: Agency, reason: NotBoundReason, *, named: str | None, needed: tuple[str, ...]
) -> SignerNotBound:
    vi, en = _REASONS[reason]
    return SignerNotBound(
        agency=agency.code,
        named="–" if named is None else named,
        needed=needed,
        reason=reason.value,
        reason_vi=vi,
        reason_en=en,
    )
