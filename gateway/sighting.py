"""Certificates that were seen signing: which, for whom, when last and how often."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateUse:
    """That a certificate signed for an entity."""

    entity_id: str
    certificate_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """When a certificate last signed a document of an entity that was accepted here, and how many did."""

    entity_id: str
    certificate_sha256: str
    last_seen: datetime
    documents: int
