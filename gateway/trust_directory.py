"""The trust in force: certificates (`*.pem`, `*.crt`) and revocation lists (`*.crl`), PEM or DER, in a folder of the operator's.

Invariants: what is in force is always one whole reading of the folder; a reading that fails changes nothing and is reported once;
`trust` never touches the disk.
"""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import structlog

from certs.errors import BadTrustBundleError
from certs.policy import Policy, default_policy
from certs.revocation import Revocation, RevocationList
from certs.trust import Trust

INTERVAL = 5.0
CERTIFICATES = frozenset({".pem", ".crt"})
LISTS = frozenset({".crl"})

_Signature: TypeAlias = tuple[tuple[str, int, int, int], ...]
_Lists: TypeAlias = tuple[RevocationList, ...]

log = structlog.get_logger(__name__)


class DirectoryTrust:
    """`TrustSource` over a folder; `watch` keeps it current."""

    def __init__(
        self, folder: Path, *, revocation: Revocation = Revocation.SOFT, policy: Policy | None = None
    ) -> None:
        """Make the folder if it is missing, and read it.

        Raises:
            BadTrustBundleError: a file is broken, so nobody knows whom its author meant to trust.
            OSError: the folder or a file cannot be read.

        """
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._revocation = revocation
        self._policy = policy or default_policy()
        self._taken: dict[tuple[str, str], _Lists] = {}
        """The lists of the last reading by their file's content and the certificates that they were verified against."""
        self._signature = self._look()
        self._trust = self._read()
        self.problem = ""
        """Why the last reading failed; empty when it did not."""

    def trust(self) -> Trust:
        """Return the anchors in force; none if the folder is empty."""
        return self._trust

    def refresh(self) -> bool:
        """Read the folder again if it has changed, and return whether another trust is in force now. Call it from a thread."""
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
            "trust_refreshed",
            anchors=len(self._trust.anchors),
            intermediates=len(self._trust.intermediates),
            revocation_lists=len(self._trust.lists),
        )
        return True

    async def watch(self, *, interval: float = INTERVAL) -> None:
        """Refresh every `interval` seconds until cancelled."""
        while True:
            await asyncio.sleep(interval)
            await asyncio.to_thread(self.refresh)

    def _files(self, suffixes: frozenset[str]) -> list[Path]:
        return sorted(path for path in self._folder.iterdir() if path.suffix in suffixes and path.is_file())

    def _look(self) -> _Signature:
        """Return what tells one state of the folder from another without reading the files."""
        states = ((path, path.stat()) for path in self._files(CERTIFICATES | LISTS))
        return tuple((path.name, state.st_ino, state.st_size, state.st_mtime_ns) for path, state in states)

    def _read(self) -> Trust:
        bundles = {path.name: _as_pem(path.read_bytes()) for path in self._files(CERTIFICATES)}
        for name, bundle in bundles.items():
            with _naming(name):
                Trust.from_pem(bundle)
        trust = Trust.from_pem(*bundles.values())
        lists = self._read_lists(trust)
        return replace(
            trust, lists=tuple(dict.fromkeys(lists)), revocation=self._revocation, policy=self._policy
        )

    def _read_lists(self, trust: Trust) -> list[RevocationList]:
        """Read what is new; a list that was verified against the same certificates before is not read again."""
        issuers = trust.authorities()
        taken: dict[tuple[str, str], _Lists] = {}
        for path in self._files(LISTS):
            data = path.read_bytes()
            key = (trust.version, hashlib.sha256(data).hexdigest())
            with _naming(path.name):
                taken[key] = self._taken.get(key) or RevocationList.read(data, issuers=issuers)
        self._taken = taken
        return [each for lists in taken.values() for each in lists]


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """Say which file is broken."""
    try:
        yield
    except BadTrustBundleError as error:
        raise type(error)(reason=f"{name}: {error.facts['reason']}") from error


def _as_pem(data: bytes) -> bytes:
    return data if b"-----BEGIN" in data else ssl.DER_cert_to_PEM_cert(data).encode()
