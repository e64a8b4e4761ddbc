"""The gateway's own signing keys: one Ed25519 key for each purpose, in files that only its user can read.

Separate keys, because a signature made for one purpose must never be usable for another. A key file is made on first start and
never overwritten; losing `log.key` ends the log's chain of checkpoints, so it belongs in the backup.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from routing.note import verifier_key


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A private key and the name under which its signatures are known."""

    name: str
    private: Ed25519PrivateKey

    @property
    def verifier(self) -> str:
        """The public half as a C2SP verifier key, to be handed to whoever checks."""
        return verifier_key(self.name, self.private.public_key())


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayKeys:
    """The keys of one gateway: `log` signs checkpoints, `receipt` what senders get, `axis` what other gateways get."""

    log: SigningKey
    receipt: SigningKey
    axis: SigningKey


def load_keys(folder: Path, *, gateway: str) -> GatewayKeys:
    """Read the gateway's keys from `folder`, making those that do not exist yet.

    Raises:
        ValueError: a key file does not hold an Ed25519 key.

    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return GatewayKeys(
        log=SigningKey(name=f"{gateway}/routing", private=_load(folder / "log.key")),
        receipt=SigningKey(name=f"{gateway}/receipt", private=_load(folder / "receipt.key")),
        axis=SigningKey(name=f"{gateway}/axis", private=_load(folder / "axis.key")),
    )


def _load(path: Path) -> Ed25519PrivateKey:
    if not path.exists():
        _create(path)
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{path} does not hold an Ed25519 key")  # noqa: TRY004 - the content is wrong, not a type
    return key


def _create(path: Path) -> None:
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    # A crash in the middle must not leave half a key under the final name.
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
