"""Registrations as JSON: for the registry's hash, for the store, and back.

A plain registration (a certificate, an interval, nothing that became of it) is the triple that it always was, so that versions
of the registry from before hash as they did. Whatever else there is goes into `terms`. Neither the key nor the end of a
certificate that is itself registered is among them: they follow from the certificate, which is kept.

Invariant: reading back what was written gives the same registration.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from routing.registrations import (
    IssuerBy,
    RegisteredBy,
    Registration,
    Revocation,
    SubjectProfile,
    Suspension,
    profile_fields,
    text_of,
)


def registration_fields(registration: Registration) -> list[Any]:
    """Return what the registry's hash covers of a registration."""
    terms = terms_of(registration)
    triple = [
        registration.certificate_sha256,
        text_of(registration.valid_from),
        text_of(registration.valid_to),
    ]
    return [*triple, terms] if terms else triple


def terms_of(registration: Registration) -> dict[str, Any]:
    """Return all that goes beyond a plain registration; empty for one."""
    terms: dict[str, Any] = {}
    if registration.by is not RegisteredBy.CERTIFICATE:
        terms["by"] = registration.by.value
    if registration.by is RegisteredBy.SPKI:
        terms["spki_sha256"] = registration.spki_sha256
    if registration.profile is not None:
        terms["profile"] = profile_fields(registration.profile)
    if registration.replaces is not None:
        terms["replaces"] = registration.replaces
    if registration.suspensions:
        terms["suspensions"] = [suspension_fields(each) for each in registration.suspensions]
    if registration.revocation is not None:
        terms["revoked"] = revocation_fields(registration.revocation)
    return terms


def suspension_fields(suspension: Suspension) -> dict[str, Any]:
    """Return a suspension as JSON."""
    because = suspension.resumed_because
    return {
        "since": text_of(suspension.since),
        "until": text_of(suspension.until),
        "reason": suspension.reason,
        **({} if because is None else {"resumed_because": because}),
    }


def revocation_fields(revocation: Revocation) -> dict[str, Any]:
    """Return a revocation as JSON."""
    return {
        "since": text_of(revocation.since),
        "reason": revocation.reason,
        "compromised": revocation.compromised,
    }


def registration_of(
    *,
    certificate_sha256: str,
    spki_sha256: str | None,
    valid_from: datetime | None,
    valid_to: datetime | None,
    certificate_ends: datetime | None,
    terms: Mapping[str, Any],
) -> Registration:
    """Return the registration of which these are the facts."""
    return Registration(
        by=RegisteredBy(terms.get("by", RegisteredBy.CERTIFICATE)),
        certificate_sha256=certificate_sha256,
        spki_sha256=terms.get("spki_sha256", spki_sha256),
        profile=_profile(terms["profile"]) if "profile" in terms else None,
        valid_from=valid_from,
        valid_to=valid_to,
        certificate_ends=certificate_ends,
        replaces=terms.get("replaces"),
        suspensions=tuple(_suspension(each) for each in terms.get("suspensions", ())),
        revocation=_revocation(terms["revoked"]) if "revoked" in terms else None,
    )


def _profile(fields: Mapping[str, Any]) -> SubjectProfile:
    return SubjectProfile(
        name=fields["name"],
        issuer_by=IssuerBy(fields["issuer_by"]),
        issuer_sha256=fields["issuer_sha256"],
        subject=tuple((name, value) for name, value in fields["subject"]),
    )


def _suspension(fields: Mapping[str, Any]) -> Suspension:
    return Suspension(
        since=datetime.fromisoformat(fields["since"]),
        until=datetime.fromisoformat(fields["until"]) if fields["until"] else None,
        reason=fields["reason"],
        resumed_because=fields.get("resumed_because"),
    )


def _revocation(fields: Mapping[str, Any]) -> Revocation:
    return Revocation(
        since=datetime.fromisoformat(fields["since"]),
        reason=fields["reason"],
        compromised=fields["compromised"],
    )
