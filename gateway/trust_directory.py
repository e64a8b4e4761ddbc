"""The trust anchors in force: PEM or DER certificates (`*.pem`, `*.crt`) in a folder that operators and their tools write to.

Invariants: what is in force is always one whole reading of the folder; a reading that fails changes nothing and is reported once;
`trust` never touches the disk.
"""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import TypeAlias

import structlog

from certs.errors import BadTrustBundleError
from certs.trust import Trust

INTERVAL = 5.0
SUFFIXES = frozenset({".pem", ".crt"})

_Signature: TypeAlias = tuple[tuple[str, int, int, int], ...]

log = structlog.get_logger(__name__)


class DirectoryTrust:
    """`TrustSource` over a folder; `watch` keeps it current."""

    def __init__(self, folder: Path) -> None:
        """Make the folder if it is missing, and read it.

        Raises:
            BadTrustBundleError: a file is broken, so nobody knows whom its author meant to trust.
            OSError: the folder or a file cannot be read.

        """
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._signature = self._look()
        self._trust = self._read()
        self.problem = ""
        """Why the last reading failed; empty when it did not."""

    def trust(self) -> Trust:
        """Return the anchors in force; none if the folder is empty."""
        return self._trust

    def refresh(self) -> bool:
        """Read the folder again if it has changed, and return whether other anchors are in force now. Call it from a thread."""
        before = self._trust.version
        try:
            signature = self._look()
            if signature == self._signature:
                return False
            self._trust = self._read()
        except (BadTrustBundleError, OSError) as error:
            if str(error) != self.problem:
                log.warning("trust_not_refreshed", reason=str(error), version_kept=before)
            self.problem = str(error)
            return False
        self._signature = signature
        self.problem = ""
        if self._trust.version == before:
            return False
        log.info(
            "trust_refreshed", anchors=len(self._trust.anchors), intermediates=len(self._trust.intermediates)
        )
        return True

    async def watch(self, *, interval: float = INTERVAL) -> None:
        """Refresh every `interval` seconds until cancelled."""
        while True:
            await asyncio.sleep(interval)
            await asyncio.to_thread(self.refresh)

    def _files(self) -> list[Path]:
        return sorted(path for path in self._folder.iterdir() if path.suffix in SUFFIXES and path.is_file())

    def _look(self) -> _Signature:
        """Return what tells one state of the folder from another without reading the files."""
        states = ((path, path.stat()) for path in self._files())
        return tuple((path.name, state.st_ino, state.st_size, state.st_mtime_ns) for path, state in states)

    def _read(self) -> Trust:
        bundles = {path.name: _as_pem(path.read_bytes()) for path in self._files()}
        for name, bundle in bundles.items():
            try:
                Trust.from_pem(bundle)
            except BadTrustBundleError as error:
                raise BadTrustBundleError(reason=f"{name}: {error.facts['reason']}") from error
        return Trust.from_pem(*bundles.values())


def _as_pem(data: bytes) -> bytes:
    return data if b"-----BEGIN" in data else ssl.DER_cert_to_PEM_cert(data).encode()
