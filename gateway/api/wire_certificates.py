"""How registrations of certificates look on the wire; shapes as in `wire`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.api.wire import moment
from gateway.records import Json
from gateway.sighting import Sighting
from routing.agencies import Agency, Directory
from routing.registrations import Registration, SubjectProfile
from routing.renewal import endings, still_old, successors

Seen = Mapping[tuple[str, str], Sighting]
"""Sightings by entity and certificate."""

_LATEST: Final = datetime.max.replace(tzinfo=UTC)


def registration(each: Registration, agency: Agency, *, at: datetime, seen: Seen) -> dict[str, Json]:
    """Write a registration with what became of it."""
    sighting = seen.get((agency.entity_id, each.certificate_sha256))
    revoked = each.revocation
    return {
        "id": each.id,
        "by": each.by.value,
        "certificate_sha256": each.certificate_sha256,
        "spki_sha256": each.spki_sha256,
        "profile": None if each.profile is None else _profile(each.profile),
        "valid_from": moment(each.valid_from),
        "valid_to": moment(each.valid_to),
        "certificate_ends": moment(each.certificate_ends),
        "state": each.state(at).value,
        "replaces": each.replaces,
        "replaced_by": _ids(successors(each, agency.certificates, at)),
        "suspensions": [
            {
                "since": moment(one.since),
                "until": moment(one.until),
                "reason": one.reason,
                "resumed_because": one.resumed_because,
            }
            for one in each.suspensions
        ],
        "revoked": None
        if revoked is None
        else {
            "since": moment(revoked.since),
            "reason": revoked.reason,
            "compromised": revoked.compromised,
        },
        "last_seen": None if sighting is None else moment(sighting.last_seen),
        "documents": 0 if sighting is None else sighting.documents,
    }


def registrations(agency: Agency, *, at: datetime, seen: Seen) -> dict[str, Json]:
    """Write all registrations of an agency, and every certificate that was seen signing for it."""
    return {
        "code": agency.code,
        "name": agency.name,
        "entity_id": agency.entity_id,
        "registrations": [
            registration(each, agency, at=at, seen=seen) for each in sorted(agency.certificates, key=_order)
        ],
        "seen": [
            {
                "certificate_sha256": each.certificate_sha256,
                "last_seen": moment(each.last_seen),
                "documents": each.documents,
            }
            for (entity_id, _), each in sorted(seen.items())
            if entity_id == agency.entity_id
        ],
    }


def all_registrations(directory: Directory, *, at: datetime, seen: Seen) -> dict[str, Json]:
    """Write the registrations of every agency in force that has any."""
    by_entity: defaultdict[str, dict[tuple[str, str], Sighting]] = defaultdict(dict)
    for key, each in seen.items():
        by_entity[key[0]][key] = each
    return {
        "at": moment(at),
        "agencies": [
            registrations(agency, at=at, seen=by_entity[agency.entity_id])
            for agency in sorted(directory.agencies(), key=lambda each: each.code)
            if agency.certificates and agency.in_force(at)
        ],
        "registry_version": directory.version,
    }


def calendar(directory: Directory, *, at: datetime, days: int, seen: Seen) -> dict[str, Json]:
    """Write what ends within some days, and who still signs with an old certificate."""
    last = {key: each.last_seen for key, each in seen.items()}
    return {
        "at": moment(at),
        "days": days,
        "endings": [
            {
                **_whose(each.agency, each.registration),
                "ends": moment(each.at),
                "days_left": (each.at - at) // timedelta(days=1),
                "by_certificate": each.by_certificate,
                "state": each.state.value,
                "replaced_by": _ids(each.successors),
            }
            for each in endings(directory, at=at, within=timedelta(days=days))
        ],
        "alerts": [
            {
                **_whose(each.agency, each.registration),
                "last_seen": moment(each.last_seen),
                "replaced_by": _ids(each.successors),
            }
            for each in still_old(directory, at=at, seen=last)
        ],
    }


def _order(each: Registration) -> tuple[bool, datetime, str]:
    """Put what ends first at the beginning, and what has no end last."""
    ends = each.ends
    return (False, ends, each.id) if ends is not None else (True, _LATEST, each.id)


def _whose(agency: Agency, each: Registration) -> dict[str, Json]:
    return {
        "code": agency.code,
        "name": agency.name,
        "registration": each.id,
        "by": each.by.value,
        "certificate_sha256": each.certificate_sha256,
    }


def _profile(profile: SubjectProfile) -> dict[str, Json]:
    return {
        "name": profile.name,
        "issuer_by": profile.issuer_by.value,
        "issuer_sha256": profile.issuer_sha256,
        "subject": [{"attribute": name, "value": value} for name, value in profile.subject],
    }


def _ids(registrations: Sequence[Registration]) -> list[str]:
    return [each.id for each in registrations]
