"""The registered certificates of one version of the registry: all of them to hand out, those of some entities to change."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, or_, select

from gateway.store.reading import CERTIFICATE, in_force
from gateway.store.tables import certificate
from routing.registration_record import registration_of
from routing.registrations import Registration

_SLICE = 500


def registration_rows(
    connection: Connection, version: int, entities: Iterable[str]
) -> dict[tuple[str, Registration], int]:
    """Return the registrations of these entities in a version, each with its entity and its row."""
    wanted = sorted(entities)
    until = certificate.c.until_version
    found = {}
    for start in range(0, len(wanted), _SLICE):
        query = select(certificate.c.id, *CERTIFICATE).where(
            certificate.c.entity_id.in_(wanted[start : start + _SLICE]),
            certificate.c.since_version <= version,
            or_(until.is_(None), until > version),
        )
        for row in connection.execute(query):
            facts = row._asdict()
            row_id, owner = facts.pop("id"), facts.pop("entity_id")
            found[owner, registration_of(**facts)] = row_id
    return found


def certificates(connection: Connection, version: int) -> dict[str, str]:
    """Return the certificates (PEM, by SHA-256) of all registrations of a version; the longest where one has several."""
    found: dict[str, str] = {}
    columns = (certificate.c.certificate_sha256, certificate.c.pem)
    for sha256, pem in in_force(connection, certificate, columns, version):
        found[sha256] = max(found.get(sha256, ""), pem.decode(), key=lambda text: (len(text), text))
    return found
