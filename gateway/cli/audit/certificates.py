"""Registered certificates: what their rows say must be what the certificates say; and what was seen of them, the log says too.

That a certificate is registered, and what became of it, is part of the registry's version, whose hash an entry names
(`gateway.cli.audit.registry`). Here it is what no hash covers, because it follows from the certificate.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from certs.certificate import fingerprint, key_fingerprint
from gateway.cli.audit.findings import Difference, Pairs, compare, differs, unlogged
from gateway.cli.audit.testimony import Testimony
from gateway.store import Audit
from gateway.store.tables import agency, certificate, certificate_sighting


@dataclass(slots=True)
class _Seen:
    """What the log says of the documents that a certificate signed."""

    documents: int = 0
    last: datetime | None = None


def check_certificates(audit: Audit, log: Testimony) -> Iterator[Difference]:
    """Yield what is wrong with registered certificates and with what was seen of them."""
    for row in audit.rows(certificate):
        where = f"certificate[{row.id}]"
        try:
            found = x509.load_pem_x509_certificate(row.pem)
            pairs: Pairs = {
                "spki_sha256": (key_fingerprint(found), row.spki_sha256),
                "certificate_ends": (found.not_valid_after_utc, row.certificate_ends),
            }
        except (ValueError, UnsupportedAlgorithm) as error:
            yield differs(where, "pem", logged=row.certificate_sha256, found=error)
            continue
        if fingerprint(found) != row.certificate_sha256:
            yield differs(where, "pem", logged=row.certificate_sha256, found=fingerprint(found))
        else:
            yield from compare(where, pairs)
    yield from _sightings(audit, log)


def _sightings(audit: Audit, log: Testimony) -> Iterator[Difference]:
    """Hold every sighting against the acceptances; those from before sightings were kept are not counted in any."""
    logged = _logged(log)
    entities: set[str] = set()
    if logged:
        entities = {row.entity_id for row in audit.rows(agency)}
    documents: dict[str, int] = {}
    for row in audit.rows(certificate_sighting):
        where = f"certificate_sighting[{row.entity_id},{row.certificate_sha256}]"
        seen = logged.get(row.certificate_sha256)
        if seen is None or row.entity_id not in entities:
            yield unlogged(where)
            continue
        total = documents[row.certificate_sha256] = documents.get(row.certificate_sha256, 0) + row.documents
        if row.documents < 1 or total > seen.documents:
            yield differs(where, "documents", logged=seen.documents, found=row.documents)
        if seen.last is None or row.last_seen > seen.last:
            yield differs(where, "last_seen", logged=seen.last, found=row.last_seen)


def _logged(log: Testimony) -> dict[str, _Seen]:
    found: dict[str, _Seen] = {}
    for life in log.lives.values():
        verdict = None if life.accepted is None else life.accepted.get("verdict")
        sha256 = verdict.get("signer_certificate_sha256") if isinstance(verdict, dict) else None
        if sha256 is not None and life.accepted_at is not None:
            seen = found.setdefault(str(sha256), _Seen())
            seen.documents += 1
            seen.last = life.accepted_at if seen.last is None else max(seen.last, life.accepted_at)
    return found
