"""Every version of the registry: hashed again from the tables, and held against the entry that activated it."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.cli.audit.findings import Difference, Pairs, compare, differs, missing, unlogged
from gateway.cli.audit.testimony import Activation, Testimony
from gateway.store import Audit
from gateway.store.evidence import RegistryEvidence
from gateway.store.tables import agency, certificate, member, registry_head, registry_preparation
from routing.registry_hash import registry_sha256


def check_registry(audit: Audit, log: Testimony) -> Iterator[Difference]:
    """Yield what is wrong with the versions of the registry."""
    # Version 0 is the empty registry that the schema begins with; nobody activated it.
    hashes = {0: registry_sha256((), ())}
    for row in audit.registry_versions():
        where = f"registry_version[{row.version}]"
        hashes[row.version] = row.sha256
        activation = log.activations.get(row.version)
        if row.sha256 != row.recomputed_sha256:
            yield differs(where, "content", logged=row.sha256, found=row.recomputed_sha256)
        if activation is None:
            if row.version:
                yield unlogged(where)
            continue
        yield from compare(where, _pairs(row, activation))
    for version in sorted(log.activations.keys() - hashes.keys()):
        yield missing(f"registry_version[{version}]")
    newest = max(hashes)
    # The rows of a version that is being prepared, or was when its process died, are no part of any version yet.
    prepared = [row.version for row in audit.rows(registry_preparation)]
    yield from _intervals(audit, newest + 1 if prepared == [newest + 1] else newest)
    for head in audit.rows(registry_head):
        expected = hashes[newest]
        pairs: Pairs = {"version": (newest, head.version), "sha256": (expected, head.sha256)}
        yield from compare("registry_head", pairs)


def _intervals(audit: Audit, newest: int) -> Iterator[Difference]:
    """Yield rows that are in force in versions which do not exist, where no version's hash would show a change."""
    for table in (agency, certificate, member):
        for row in audit.rows(table):
            until = newest if row.until_version is None else row.until_version
            if not 0 < row.since_version <= until <= newest:
                yield differs(
                    f"{table.name}[{row.id}]",
                    "until_version",
                    logged=f"1–{newest}",
                    found=f"{row.since_version}–{row.until_version}",
                )


def _pairs(row: RegistryEvidence, activation: Activation) -> Pairs:
    return {
        "sha256": (activation.sha256, row.sha256),
        "actor": (activation.actor, row.actor),
        "source": (activation.source, row.source),
        "activated_at": (activation.at, row.activated_at),
    }
