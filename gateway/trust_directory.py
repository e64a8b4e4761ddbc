"""The trust folder: an inbox for certificates (`*.pem`, `*.crt`), and the place of revocation data (`*.crl`, `*.ocsp`).

What is relied upon is in the trust store (`gateway.trust_source`). Invariant: a file that is broken is never half read: its name
and what is wrong with it are raised, and nothing of the folder changes.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from cryptography import x509

from certs.errors import BadTrustBundleError
from certs.trust import Trust
from gateway.revocation_files import SUFFIXES, RevocationFiles

CERTIFICATES = frozenset({".pem", ".crt"})

Signature: TypeAlias = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A certificate in the folder, and the file it is in."""

    name: str
    certificate: x509.Certificate


class TrustDirectory:
    """A folder of the operator's; every method reads the disk, so call them from a thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._revocation_files = RevocationFiles()

    def make(self) -> None:
        """Make the folder if it is missing.

        Raises:
            OSError: it cannot be made.

        """
        self._folder.mkdir(parents=True, exist_ok=True)

    def look(self) -> Signature:
        """Return what tells one state of the folder from another without reading the files.

        Raises:
            OSError: the folder cannot be read.

        """
        states = ((path, path.stat()) for path in self._files(CERTIFICATES | SUFFIXES))
        return tuple((path.name, state.st_ino, state.st_size, state.st_mtime_ns) for path, state in states)

    def certificates(self) -> tuple[Found, ...]:
        """Return the certificates of all files; each must be an authority's.

        Raises:
            BadTrustBundleError: a file is broken, so nobody knows whom its author meant to trust.
            OSError: a file cannot be read.

        """
        found = []
        for path in self._files(CERTIFICATES):
            with _naming(path.name):
                trust = Trust.from_pem(_as_pem(path.read_bytes()))
            found += [Found(name=path.name, certificate=each) for each in trust.authorities()]
        return tuple(found)

    def with_revocation(self, trust: Trust) -> Trust:
        """Return a trust with the lists and answers of all files.

        Raises:
            BadTrustBundleError: a file of the operator's cannot be verified by a certificate of the trust.
            OSError: a file cannot be read.

        """
        return self._revocation_files.read(self._files(SUFFIXES), trust)

    def _files(self, suffixes: frozenset[str]) -> list[Path]:
        return sorted(path for path in self._folder.iterdir() if path.suffix in suffixes and path.is_file())


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """Say which file is broken."""
    try:
        yield
    except BadTrustBundleError as error:
        raise type(error)(reason=f"{name}: {error.facts['reason']}") from error


def _as_pem(data: bytes) -> bytes:
    return data if b"-----BEGIN" in data else ssl.DER_cert_to_PEM_cert(data).encode()
