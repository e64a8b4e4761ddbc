"""The gateway's own signing keys: one Ed25519 key for each purpose, in files that only its user can read, or on a token.

Separate keys, because a signature made for one purpose must never be usable for another. A key file is made on first start and
never overwritten; losing `log.key` ends the log's chain of checkpoints, so it belongs in the backup.

Invariant: a key file that others can read stops the start.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.keys.address import SCHEME, TokenAddress
from gateway.keys.files import make_key, read_key
from gateway.keys.token import TokenKey
from routing.note import PrivateKey, verifier_key
from routing.receipt import key_name


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A private key and the name under which its signatures are known."""

    name: str
    private: PrivateKey

    @property
    def verifier(self) -> str:
        """The public half as a C2SP verifier key, to be handed to whoever checks."""
        return verifier_key(self.name, self.private.public_key())

    @property
    def may_block(self) -> bool:
        """Whether signing asks a device, which takes its time."""
        return not isinstance(self.private, Ed25519PrivateKey)


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayKeys:
    """The keys of one gateway.

    `log` signs checkpoints, `receipt` what senders get, `axis` what other gateways get, `registry` snapshots of the registry.
    """

    log: SigningKey
    receipt: SigningKey
    axis: SigningKey
    registry: SigningKey


def load_keys(folder: Path, *, gateway: str, receipt: str = "") -> GatewayKeys:
    """Read the gateway's keys from `folder`, making those that do not exist yet.

    `receipt` says where else the key for receipts is: a PKCS #11 URI, or the path of a file that must be there.

    Raises:
        GatewayError: a key file is exposed, belongs to somebody else or holds no Ed25519 key; or a token cannot be used.

    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return GatewayKeys(
        log=SigningKey(name=f"{gateway}/routing", private=_load(folder / "log.key")),
        receipt=SigningKey(name=key_name(gateway), private=_receipt_key(folder, receipt)),
        axis=SigningKey(name=f"{gateway}/axis", private=_load(folder / "axis.key")),
        registry=SigningKey(name=f"{gateway}/registry", private=_load(folder / "registry.key")),
    )


def _receipt_key(folder: Path, place: str) -> PrivateKey:
    if place.startswith(SCHEME):
        return TokenKey(TokenAddress.parse(place))
    return read_key(Path(place)) if place else _load(folder / "receipt.key")


def _load(path: Path) -> Ed25519PrivateKey:
    if not path.exists():
        make_key(path)
    return read_key(path)
