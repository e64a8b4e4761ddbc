"""A throw-away public-key infrastructure for the demo: one root, one signing certificate for each side.

Made on the first run and kept in the demo's data folder, so that the second run starts at once. The root's private key is not
kept: nobody can issue further certificates that this data folder would trust. Nothing of this may be used for real letters.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from certs.issue import Authority, PrivateKey, issue, new_root
from gateway.demo.cast import Side

ROOT_NAME = "Vanthu Demo Root CA"
ROOT_FILE = "demo-root.pem"
LIFETIME = timedelta(days=3 * 365)
MARGIN = timedelta(days=1)
"""A clock that is a little off must not spoil the demo."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: PrivateKey


def identities(
    sides: Sequence[Side], *, folder: Path, trust_folder: Path, at: datetime
) -> Mapping[str, Identity]:
    """Return an identity for each side by its agency code, making the whole infrastructure if it is not there or has lapsed."""
    folder.mkdir(parents=True, exist_ok=True)
    trust_folder.mkdir(parents=True, exist_ok=True)
    found = {side.code: _read(folder / side.member_id) for side in sides}
    kept = {code: identity for code, identity in found.items() if identity and _lasts(identity, at)}
    if len(kept) == len(sides) and (trust_folder / ROOT_FILE).exists():
        return kept
    root = new_root(ROOT_NAME, at - MARGIN)
    made = {side.code: _issue(root, side, at) for side in sides}
    (trust_folder / ROOT_FILE).write_bytes(root.certificate.public_bytes(Encoding.PEM))
    for side in sides:
        _write(folder / side.member_id, made[side.code])
    return made


def write_secret(path: Path, content: bytes) -> None:
    """Write a file that only this user can read."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


def _issue(root: Authority, side: Side, at: datetime) -> Identity:
    certificate, key = issue(
        root,
        subject_common_name=side.holder,
        subject_serial_number=side.code,
        organization=side.member_name,
        not_before=at - MARGIN,
        not_after=at + LIFETIME,
    )
    return Identity(certificate=certificate, key=key)


def _lasts(identity: Identity, at: datetime) -> bool:
    certificate = identity.certificate
    return certificate.not_valid_before_utc <= at < certificate.not_valid_after_utc - MARGIN


def _read(stem: Path) -> Identity | None:
    try:
        key = load_pem_private_key(stem.with_suffix(".key").read_bytes(), password=None)
        certificate = x509.load_pem_x509_certificate(stem.with_suffix(".pem").read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        return None
    return Identity(certificate=certificate, key=key)


def _write(stem: Path, identity: Identity) -> None:
    pem = identity.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_secret(stem.with_suffix(".key"), pem)
    stem.with_suffix(".pem").write_bytes(identity.certificate.public_bytes(Encoding.PEM))
