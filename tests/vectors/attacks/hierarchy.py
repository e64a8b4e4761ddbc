"""The authorities behind the vectors, as files: anchors, intermediates and revocation lists. Keys are new in each run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs.issue import Authority, issue, issue_authority
from tests.support import pki


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """A file that a command line names; the name says all about it, so one name is one content."""

    name: str
    make: Callable[[], bytes] = field(repr=False, compare=False)
    folder: str = "pki"

    @property
    def path(self) -> str:
        """Return where the file is, in the folder of all."""
        return f"{self.folder}/{self.name}"


def pem(*certificates: x509.Certificate) -> bytes:
    """Return certificates as PEM, one after the other."""
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)


def material(name: str, *certificates: Callable[[], x509.Certificate]) -> Material:
    """Return certificates, made when they are needed, as a PEM file."""
    return Material(name=f"{name}.pem", make=lambda: pem(*(make() for make in certificates)))


ROOT: Final = material("root", lambda: pki.root().certificate)
AUTHORITY: Final = material("authority", lambda: pki.authority().certificate)
STRANGER: Final = material("stranger", lambda: pki.stranger().certificate)

Identity = pki.Identity


@cache
def below_authority() -> Identity:
    """Return a signer whose certificate was issued by the authority below the root."""
    return issue(
        pki.authority(),
        subject_common_name="Bộ Y tế",
        subject_serial_number=pki.AGENCY_CODE,
        not_before=pki.AT - pki.YEAR,
        not_after=pki.AT + pki.YEAR,
    )


@cache
def ladder(height: int) -> tuple[Authority, ...]:
    """Return authorities below the root, each issued by the one before."""
    above = ladder(height - 1) if height > 1 else ()
    step = issue_authority(
        above[-1] if above else pki.root(),
        f"Cấp {height}",
        not_before=pki.AT - pki.YEAR,
        not_after=pki.AT + pki.YEAR,
    )
    return (*above, step)
