"""Signing at a desk: a private key and its certificate from PEM files, and the signed file beside the unsigned one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import typer
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from certs.issue import PrivateKey
from certs.sign import sign_tree
from certs.unreadable import UNREADABLE
from gateway.cli.output import UnreadableFileError, read_file
from schemas.splice import open_file

PASSWORD: Final = "VANTHU_CLIENT_KEY_PASSWORD"  # noqa: S105 - the name of the variable


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A private key and the certificates that go with a signature, the signer's own first."""

    key: PrivateKey
    certificates: tuple[x509.Certificate, ...]


def load_identity(key_file: Path, certificate_file: Path) -> Identity:
    """Read key and certificates; the password of an encrypted key comes from the environment or is asked for.

    Raises:
        UnreadableFileError: a file cannot be read, the password is wrong, or the certificate is not that of the key.

    """
    key = _key(key_file)
    try:
        certificates = x509.load_pem_x509_certificates(read_file(certificate_file))
    except UNREADABLE as error:
        raise _unusable(certificate_file, "không phải chứng thư PEM", "not a PEM certificate") from error
    own = [each for each in certificates if each.public_key() == key.public_key()]
    if not own:
        vi, en = f"không phải chứng thư của khóa {key_file}", f"not the certificate of the key {key_file}"
        raise _unusable(certificate_file, vi, en)
    return Identity(key=key, certificates=(own[0], *_others(certificates, own[0])))


def sign_file(source: Path, target: Path, *, identity: Identity) -> None:
    """Write `source` with a signature to `target`; big contents pass through.

    Raises:
        CannotSignError: key and algorithm do not fit.

    """
    opened = open_file(source)
    with target.open("wb") as out:
        sign_tree(
            opened.tree,
            out,
            key=identity.key,
            certificates=identity.certificates,
            contents=opened.canonical,
        )


def _key(path: Path) -> PrivateKey:
    pem = read_file(path)
    try:
        key = load_pem_private_key(pem, password=None)
    except TypeError:
        # It is encrypted.
        password = os.environ.get(PASSWORD) or typer.prompt(f"Mật khẩu · password ({path})", hide_input=True)
        try:
            key = load_pem_private_key(pem, password=password.encode())
        except ValueError as error:
            raise _unusable(path, "sai mật khẩu", "wrong password") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _unusable(path, "không phải khóa bí mật PEM", "not a PEM private key") from error
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise _unusable(path, "chỉ ký được bằng khóa RSA hoặc ECDSA", "only RSA and ECDSA keys can sign")
    return key


def _others(certificates: Sequence[x509.Certificate], own: x509.Certificate) -> list[x509.Certificate]:
    return [each for each in certificates if each != own]


def _unusable(path: Path, vi: str, en: str) -> UnreadableFileError:
    return UnreadableFileError(vi=f"Không dùng được {path}: {vi}", en=f"cannot use {path}: {en}")
