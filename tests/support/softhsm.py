"""A PKCS #11 token in software: real SoftHSM tokens in a temporary folder, made and taken away as tests need."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism
from pkcs11.util.ec import encode_named_curve_parameters

MODULE: Final = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN: Final = "2468013579"
ED25519: Final = encode_named_curve_parameters("1.3.101.112")
ED448: Final = encode_named_curve_parameters("1.3.101.113")


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftToken:
    """A token with a key, and the file with its PIN."""

    label: str
    key: str
    pin_file: Path
    folder: Path

    @property
    def address(self) -> str:
        """The PKCS #11 URI of its key."""
        return self.address_of(self.key)

    def address_of(self, key: str) -> str:
        """Return the PKCS #11 URI of a key on it."""
        return f"pkcs11:token={self.label};object={key}?module-path={MODULE}&pin-source=file:{self.pin_file}"

    @contextmanager
    def unplugged(self) -> Iterator[None]:
        """Take the token away, and put it back at the end."""
        away = self.folder.with_name(f"{self.folder.name}-away")
        self.folder.rename(away)
        self.folder.mkdir()
        try:
            yield
        finally:
            self.folder.rmdir()
            away.rename(self.folder)

    def make_key(self, label: str, *, curve: bytes = ED25519) -> None:
        """Make one more key pair on it."""
        with pkcs11.lib(str(MODULE)).get_token(token_label=self.label).open(user_pin=PIN, rw=True) as session:
            parameters = session.create_domain_parameters(
                KeyType.EC_EDWARDS, {Attribute.EC_PARAMS: curve}, local=True
            )
            parameters.generate_keypair(mechanism=Mechanism.EC_EDWARDS_KEY_PAIR_GEN, store=True, label=label)

    def delete_key(self, label: str) -> None:
        """Remove a key pair from it."""
        with pkcs11.lib(str(MODULE)).get_token(token_label=self.label).open(user_pin=PIN, rw=True) as session:
            for half in list(session.get_objects({Attribute.LABEL: label})):
                half.destroy()


def configure(folder: Path) -> Path:
    """Write a configuration for tokens in `folder`; the library reads it where SOFTHSM2_CONF names it."""
    tokens = folder / "tokens"
    tokens.mkdir(parents=True)
    configuration = folder / "softhsm2.conf"
    configuration.write_text(
        f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    return configuration


def make_token(folder: Path, label: str) -> SoftToken:
    """Make a token with a key named `receipt`; SOFTHSM2_CONF must name the configuration in `folder`."""
    subprocess.run(
        [
            *("softhsm2-util", "--init-token", "--free", "--label", label),
            *("--so-pin", "13572468", "--pin", PIN),
        ],
        check=True,
        capture_output=True,
    )
    pin_file = folder / f"{label}.pin"
    pin_file.write_text(f"{PIN}\n")
    pin_file.chmod(0o400)
    # The library has seen the tokens that were there when it was loaded.
    pkcs11.lib(str(MODULE)).reinitialize()
    token = SoftToken(label=label, key="receipt", pin_file=pin_file, folder=folder / "tokens")
    token.make_key(token.key)
    return token
