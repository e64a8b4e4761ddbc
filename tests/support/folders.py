"""Trust folders, written as an operator's tool does: aside, then renamed."""

from __future__ import annotations

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding


def put(folder: Path, name: str, *certificates: x509.Certificate, encoding: Encoding = Encoding.PEM) -> None:
    """Write a file of certificates."""
    put_list(folder, name, b"".join(certificate.public_bytes(encoding) for certificate in certificates))


def put_list(folder: Path, name: str, data: bytes) -> None:
    """Write any file."""
    draft = folder / "draft"
    draft.write_bytes(data)
    draft.rename(folder / name)
