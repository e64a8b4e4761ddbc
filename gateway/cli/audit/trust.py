"""Every version of the trust store: hashed again from the tables, and each certificate held against the entry that made it so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from sqlalchemy import Row

from gateway.cli.audit.findings import Difference, Pairs, compare, differs, missing, unlogged
from gateway.cli.audit.testimony import Fields, Testimony
from gateway.store import Audit
from gateway.store.tables import trust_certificate, trust_head, trust_version
from gateway.trusted import content_sha256

EMPTY = content_sha256(())


def check_trust(audit: Audit, log: Testimony) -> Iterator[Difference]:
    """Yield what is wrong with the trust store."""
    stored = {row.version: row for row in audit.rows(trust_version)}
    for version, row in stored.items():
        yield from _version(audit, row, log.trust.get(version))
    for version in sorted(log.trust.keys() - stored.keys()):
        yield missing(f"trust_version[{version}]")
    newest = max(stored, default=0)
    made = set()
    for row in audit.rows(trust_certificate):
        made.add(row.since_version)
        yield from _certificate(row, log.trust.get(row.since_version), newest)
    for version in sorted(log.trust.keys() - made):
        yield missing(f"trust_certificate since version {version}")
    for head in audit.rows(trust_head):
        sha256 = stored[newest].sha256 if newest else EMPTY
        pairs: Pairs = {"version": (newest, head.version), "sha256": (sha256, head.sha256)}
        yield from compare("trust_head", pairs)


def _version(audit: Audit, row: Row[Any], logged: Fields | None) -> Iterator[Difference]:
    where = f"trust_version[{row.version}]"
    recomputed = audit.trust_sha256(row.version)
    if recomputed != row.sha256:
        yield differs(where, "content", logged=row.sha256, found=recomputed)
    if logged is None:
        yield unlogged(where)
        return
    pairs: Pairs = {
        "sha256": (logged["trust_sha256"], row.sha256),
        "actor": (logged["actor"], row.actor),
        "activated_at": (logged["at"], row.activated_at),
    }
    yield from compare(where, pairs)


def _certificate(row: Row[Any], logged: Fields | None, newest: int) -> Iterator[Difference]:
    where = f"trust_certificate[{row.id}]"
    until = newest if row.until_version is None else row.until_version
    if not 0 < row.since_version <= until <= newest:
        found = f"{row.since_version}–{row.until_version}"
        yield differs(where, "until_version", logged=f"1–{newest}", found=found)
    try:
        sha256 = x509.load_pem_x509_certificate(row.pem).fingerprint(hashes.SHA256()).hex()
    except ValueError as error:
        sha256 = str(error)
    if sha256 != row.certificate_sha256:
        yield differs(where, "pem", logged=row.certificate_sha256, found=sha256)
    if logged is None:
        yield unlogged(where)
        return
    pairs: Pairs = {
        "certificate_sha256": (logged["certificate_sha256"], row.certificate_sha256),
        "role": (logged["role"], row.role),
        "usages": (list(logged.get("usages", ())), row.usages),
        "trusted_from": (logged.get("trusted_from"), _text(row.trusted_from)),
        "trusted_until": (logged.get("trusted_until"), _text(row.trusted_until)),
        "revocation": (logged.get("revocation"), row.revocation),
        "codes": (list(logged.get("agency_codes", ())), row.codes),
        "actor": (logged["actor"], row.actor),
        "changed_at": (logged["at"], row.changed_at),
    }
    yield from compare(where, pairs)


def _text(moment: Any) -> str | None:  # noqa: ANN401 - whatever a damaged row holds
    return None if moment is None else str(moment.isoformat())
