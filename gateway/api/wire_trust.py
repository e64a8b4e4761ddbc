"""How the trust store looks on the wire; moments and hashes are written as in `wire`."""

from __future__ import annotations

from datetime import datetime

from gateway.api import wire
from gateway.records import Json
from gateway.trusted import Trusted, TrustVersion


def version(held: TrustVersion, *, at: datetime, everything: bool) -> dict[str, Json]:
    """Write a version of the trust store: what is not retired at a moment, or everything."""
    chosen = held.certificates if everything else held.to_watch(at)
    return {
        "version": held.version,
        "sha256": held.sha256,
        "at": wire.moment(at),
        "certificates": [trusted(each, at=at) for each in sorted(chosen, key=_place)],
    }


def change(made: TrustVersion, sha256: str, *, changed: bool, at: datetime) -> dict[str, Json]:
    """Write what became of one certificate."""
    found = made.find(sha256)
    return {
        "version": made.version,
        "sha256": made.sha256,
        "changed": changed,
        "certificate": None if found is None else trusted(found, at=at),
    }


def trusted(each: Trusted, *, at: datetime) -> dict[str, Json]:
    """Write one certificate with its terms."""
    certificate, terms = each.certificate, each.terms
    return {
        "sha256": each.sha256,
        "role": each.role.value,
        "state": _state(each, at),
        "subject": each.subject,
        "issuer": certificate.issuer.rfc4514_string(),
        "serial": f"{certificate.serial_number:x}",
        "not_before": wire.moment(certificate.not_valid_before_utc),
        "not_after": wire.moment(certificate.not_valid_after_utc),
        "usages": sorted(usage.value for usage in terms.usages),
        "trusted_from": wire.moment(terms.trusted_from),
        "trusted_until": wire.moment(terms.trusted_until),
        "revocation": None if terms.revocation is None else terms.revocation.value,
        "codes": list(terms.codes),
        "note": terms.note,
        "reason": each.reason,
        "actor": each.actor,
        "changed_at": wire.moment(each.changed_at),
        "since_version": each.since_version,
        "ends_at": wire.moment(each.ends_at),
        "days_left": (each.ends_at - at).days,
        "pem": each.pem.decode(),
    }


def _state(each: Trusted, at: datetime) -> str:
    """Say whether it helps to verify what is signed at a moment."""
    if each.is_retired(at):
        return "retired"
    if each.certificate.not_valid_after_utc < at:
        return "expired"
    if each.terms.trusted_from is not None and at < each.terms.trusted_from:
        return "not_yet"
    return "in_force"


def _place(each: Trusted) -> tuple[str, datetime, str]:
    """Order anchors before intermediates, and what ends first before the rest."""
    return each.role.value, each.ends_at, each.sha256
