"""The gateway's keys: made once, private, one for each purpose."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.keys import load_keys
from gateway.keys.errors import KeyFileExposedError, KeyFileUnusableError
from gateway.keys.files import make_key


def test_keys_are_made_once_and_stay(tmp_path: Path) -> None:
    """A second start has the same keys, four different ones, readable by nobody else."""
    first = load_keys(tmp_path / "keys", gateway="gw")
    second = load_keys(tmp_path / "keys", gateway="gw")

    ours = [key.verifier for key in (first.log, first.receipt, first.axis, first.registry)]
    assert ours == [key.verifier for key in (second.log, second.receipt, second.axis, second.registry)]
    assert len(set(ours)) == 4
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "keys").glob("*.key")} == {0o400}


def test_half_a_key_of_a_crash_is_replaced(tmp_path: Path) -> None:
    """A crash while a key was written leaves a draft, which the next start overwrites."""
    (tmp_path / "log.new").write_bytes(b"-----BEGIN")

    load_keys(tmp_path, gateway="gw")

    assert not (tmp_path / "log.new").exists()


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    """A wrong file is named instead of being used or replaced."""
    other = ec.generate_private_key(ec.SECP256R1())
    path = tmp_path / "log.key"
    path.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.chmod(0o400)

    with pytest.raises(
        KeyFileUnusableError, match=r"log\.key cannot be used: it does not hold an Ed25519 key"
    ):
        load_keys(tmp_path, gateway="gw")


@pytest.mark.parametrize("name", ["log", "receipt", "axis", "registry"])
def test_an_exposed_key_stops_the_start(tmp_path: Path, name: str) -> None:
    """Each of the keys is refused where others can read it."""
    load_keys(tmp_path, gateway="gw")
    (tmp_path / f"{name}.key").chmod(0o644)

    with pytest.raises(KeyFileExposedError, match=rf"{name}\.key has mode 0644"):
        load_keys(tmp_path, gateway="gw")


def test_a_receipt_key_from_elsewhere(tmp_path: Path) -> None:
    """A file that is named must be there; none is made under a mistyped name, and none beside it."""
    make_key(tmp_path / "mine.key")

    keys = load_keys(tmp_path / "keys", gateway="gw", receipt=str(tmp_path / "mine.key"))

    assert keys.receipt.verifier.startswith("gw/receipt+")
    assert not (tmp_path / "keys" / "receipt.key").exists()
    with pytest.raises(KeyFileUnusableError, match=r"min\.key"):
        load_keys(tmp_path / "keys", gateway="gw", receipt=str(tmp_path / "min.key"))
    assert not (tmp_path / "min.key").exists()
