"""When certificates were last seen signing: one row for each entity and certificate, written with the acceptances.

Rows are written in one order, so that two processes wait for each other and do not block each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Executable, select
from sqlalchemy.dialects import postgresql, sqlite

from gateway.sighting import CertificateUse, Sighting
from gateway.store.tables import certificate_sighting as sighting


def _upsert(insert: Any) -> Executable:  # noqa: ANN401 - both dialects have their own
    statement = insert(sighting)
    changes = {
        "last_seen": statement.excluded.last_seen,
        "documents": sighting.c.documents + statement.excluded.documents,
    }
    made: Executable = statement.on_conflict_do_update(
        index_elements=[sighting.c.entity_id, sighting.c.certificate_sha256], set_=changes
    )
    return made


_UPSERT: Final = {"sqlite": _upsert(sqlite.insert), "postgresql": _upsert(postgresql.insert)}


def note_sightings(connection: Connection, now: datetime, uses: Iterable[CertificateUse]) -> None:
    """Count uses of certificates, all at this moment."""
    counted = Counter((each.entity_id, each.certificate_sha256) for each in uses)
    if counted:
        rows = [
            {"entity_id": entity, "certificate_sha256": sha256, "last_seen": now, "documents": count}
            for (entity, sha256), count in sorted(counted.items())
        ]
        connection.execute(_UPSERT[connection.dialect.name], rows)


def load_sightings(connection: Connection) -> tuple[Sighting, ...]:
    """Return what is known of every certificate that was seen."""
    rows = connection.execute(select(sighting).order_by(sighting.c.entity_id, sighting.c.certificate_sha256))
    return tuple(
        Sighting(
            entity_id=row.entity_id,
            certificate_sha256=row.certificate_sha256,
            last_seen=row.last_seen,
            documents=row.documents,
        )
        for row in rows
    )
