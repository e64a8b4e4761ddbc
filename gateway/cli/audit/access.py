"""Who may call and whose keys are believed: credentials and gateways, held against the entries that let them in."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.cli.audit.findings import Difference, Pairs, compare, missing, unlogged
from gateway.cli.audit.testimony import Testimony
from gateway.store import Audit
from gateway.store.accounts import NO_MEMBER
from gateway.store.tables import credential, peer, receipt_key


def check_access(audit: Audit, log: Testimony) -> Iterator[Difference]:
    """Yield what is wrong with credentials, known gateways and the keys for receipts."""
    yield from _credentials(audit, log)
    yield from _peers(audit, log)
    yield from _receipt_keys(audit, log)


def _credentials(audit: Audit, log: Testimony) -> Iterator[Difference]:
    seen = set()
    for row in audit.rows(credential):
        seen.add(row.id)
        where = f"credential[{row.id}]"
        logged = log.credentials.get(row.id)
        if logged is None:
            yield unlogged(where)
            continue
        pairs: Pairs = {
            "member_id": (logged["member"], row.member_id or NO_MEMBER),
            "roles": (sorted(logged.get("roles", ())), sorted(row.roles)),
            "revoked_at": (log.revocations.get(row.id), row.revoked_at),
            "secret_sha256": (logged.get("secret_sha256"), row.secret_sha256),
            "expires_at": (logged.get("expires"), row.expires_at.isoformat() if row.expires_at else None),
        }
        yield from compare(where, pairs)
    for credential_id in sorted(log.credentials.keys() - seen):
        yield missing(f"credential[{credential_id}]")


def _peers(audit: Audit, log: Testimony) -> Iterator[Difference]:
    rows = sorted(audit.rows(peer), key=lambda row: int(row.id))
    for row, span in zip(rows, log.peers, strict=False):
        pairs: Pairs = {
            "name": (span.gateway, row.name),
            "verifier_key": (span.verifier_key, row.verifier_key),
            "shares_payloads": (span.shares_payloads, row.shares_payloads),
            "since": (span.since, row.since),
            "until": (span.until, row.until),
        }
        yield from compare(f"peer[{row.id}]", pairs)
    for row in rows[len(log.peers) :]:
        yield unlogged(f"peer[{row.id}]")
    for span in log.peers[len(rows) :]:
        yield missing(f"peer[{span.gateway}]")


def _receipt_keys(audit: Audit, log: Testimony) -> Iterator[Difference]:
    seen = set()
    for row in audit.rows(receipt_key):
        seen.add(row.verifier_key)
        where = f"receipt_key[{row.verifier_key}]"
        known = log.receipt_keys.get(row.verifier_key)
        if known is None:
            yield unlogged(where)
        else:
            pairs: Pairs = {
                "valid_from": (known.since, row.valid_from),
                "valid_until": (known.until, row.valid_until),
            }
            yield from compare(where, pairs)
    for key in sorted(log.receipt_keys.keys() - seen):
        yield missing(f"receipt_key[{key}]")
