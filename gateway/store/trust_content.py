"""The trust store's content by version, and how one version becomes the next; the same way as the registry's (`content`).

Invariants: versions only grow, one certificate changes with each; a row's content never changes; a version's hash is that of all
that it holds (`gateway.trusted.content_sha256`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from cryptography import x509
from sqlalchemy import Connection, Row, func, insert, or_, select, update

from certs.admission import Role
from certs.anchor import Usage
from certs.revocation import Revocation
from gateway.store.reading import Head
from gateway.store.tables import trust_certificate, trust_head, trust_version
from gateway.trusted import Terms, Trusted, TrustVersion, content_sha256

_HEAD: Final = select(trust_head.c.version, trust_head.c.sha256)


def head(connection: Connection, *, to_change: bool = False) -> Head:
    """Return the version in force; `to_change`: nobody else makes one until this transaction ends."""
    return Head(*connection.execute(_HEAD.with_for_update() if to_change else _HEAD).one())


def version_of(connection: Connection, at: Head) -> TrustVersion:
    """Return what a version holds."""
    certificates = certificates_at(connection, at.version)
    return TrustVersion(version=at.version, sha256=at.sha256, certificates=certificates)


def certificates_at(connection: Connection, version: int) -> tuple[Trusted, ...]:
    """Return the certificates of a version, in the order in which they became what they are."""
    until = trust_certificate.c.until_version
    query = select(trust_certificate).where(
        trust_certificate.c.since_version <= version, or_(until.is_(None), until > version)
    )
    return tuple(map(_trusted, connection.execute(query.order_by(trust_certificate.c.id))))


def sha256_at(connection: Connection, version: int) -> str | None:
    """Return the hash that a version was made with; None if there is no such version."""
    if version == 0:
        return content_sha256(())
    query = select(trust_version.c.sha256).where(trust_version.c.version == version)
    return connection.execute(query).scalar_one_or_none()


def newest_until(connection: Connection, moment: datetime) -> int:
    """Return the version in force at a moment."""
    query = select(func.max(trust_version.c.version)).where(trust_version.c.activated_at <= moment)
    return connection.execute(query).scalar_one() or 0


def was_ever_here(connection: Connection, sha256: str) -> bool:
    """Tell whether any version held a certificate."""
    query = select(trust_certificate.c.id).where(trust_certificate.c.certificate_sha256 == sha256)
    return connection.execute(query.limit(1)).first() is not None


def activate(
    connection: Connection, before: TrustVersion, new: Trusted, certificates: Iterable[Trusted]
) -> TrustVersion:
    """Make `certificates`, of which `new` is the one that changed, the content of the version after `before`."""
    made = tuple(certificates)
    version, sha256 = new.since_version, content_sha256(made)
    current = (trust_certificate.c.certificate_sha256 == new.sha256) & trust_certificate.c.until_version.is_(
        None
    )
    connection.execute(update(trust_certificate).where(current).values(until_version=version))
    connection.execute(insert(trust_certificate), _row(new))
    moved = connection.execute(
        update(trust_head)
        .where(trust_head.c.version == before.version)
        .values(version=version, sha256=sha256)
    )
    if moved.rowcount != 1:
        raise AssertionError("the trust store's head moved under its lock")
    activation = {
        "version": version,
        "sha256": sha256,
        "activated_at": new.changed_at,
        "actor": new.actor,
    }
    connection.execute(insert(trust_version), activation)
    return TrustVersion(version=version, sha256=sha256, certificates=made)


def _trusted(row: Row[Any]) -> Trusted:
    return Trusted(
        sha256=row.certificate_sha256,
        certificate=x509.load_pem_x509_certificate(row.pem),
        role=Role(row.role),
        terms=Terms(
            usages=frozenset(map(Usage, row.usages)),
            trusted_from=row.trusted_from,
            trusted_until=row.trusted_until,
            revocation=None if row.revocation is None else Revocation(row.revocation),
            codes=tuple(row.codes),
            note=row.note,
        ),
        reason=row.reason,
        actor=row.actor,
        changed_at=row.changed_at,
        since_version=row.since_version,
    )


def _row(new: Trusted) -> dict[str, Any]:
    terms = new.terms
    return {
        "certificate_sha256": new.sha256,
        "pem": new.pem,
        "role": new.role.value,
        "usages": sorted(usage.value for usage in terms.usages),
        "trusted_from": terms.trusted_from,
        "trusted_until": terms.trusted_until,
        "revocation": None if terms.revocation is None else terms.revocation.value,
        "codes": list(terms.codes),
        "note": terms.note,
        "reason": new.reason,
        "actor": new.actor,
        "changed_at": new.changed_at,
        "since_version": new.since_version,
    }
