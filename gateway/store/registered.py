"""All registered certificates of one version of the registry, for handing them out and for taking them over as a whole."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Column, Connection, or_, select

from gateway.store.tables import certificate
from routing.registration_record import registration_of
from routing.registrations import Registration


def all_registrations(connection: Connection, version: int) -> dict[tuple[str, Registration], int]:
    """Return the registrations of a version, each with the entity that it is of, and its row."""
    columns = (certificate.c[name] for name in certificate.c.keys())  # noqa: SIM118 - not a dict
    left_out = {"pem", "since_version", "until_version"}
    found = {}
    for row in _in_force(connection, version, *(each for each in columns if each.name not in left_out)):
        facts = row._asdict()
        row_id, owner = facts.pop("id"), facts.pop("entity_id")
        found[owner, registration_of(**facts)] = row_id
    return found


def certificates(connection: Connection, version: int) -> dict[str, str]:
    """Return the certificates (PEM, by SHA-256) of all registrations of a version; the longest where one has several."""
    found: dict[str, str] = {}
    for sha256, pem in _in_force(connection, version, certificate.c.certificate_sha256, certificate.c.pem):
        found[sha256] = max(found.get(sha256, ""), pem.decode(), key=lambda text: (len(text), text))
    return found


def _in_force(connection: Connection, version: int, *columns: Column[Any]) -> Iterable[Any]:
    until = certificate.c.until_version
    query = select(*columns).where(
        certificate.c.since_version <= version, or_(until.is_(None), until > version)
    )
    return connection.execute(query.order_by(certificate.c.id))
