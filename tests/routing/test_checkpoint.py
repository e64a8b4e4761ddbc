"""Checkpoints: three lines, one log, one way to write them."""

from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from routing.checkpoint import MAX_SIZE, Checkpoint, open_checkpoint, sign_checkpoint
from routing.errors_log import (
    CheckpointMalformed,
    CheckpointOrigin,
    NoteError,
    NoteKeyUnknown,
    NoteSignatureInvalid,
    VerifierKeyMalformed,
)
from routing.merkle import EMPTY_ROOT
from routing.note import Verifier, cosign_note, parse_verifier_key, sign_note
from tests.routing.entries import ORIGIN
from tests.routing.test_note import GO_KEY, GO_NOTE

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
OURS = Verifier.of(ORIGIN, KEY.public_key())
ROOT = sha256(b"root").digest()
GOOD = f"{ORIGIN}\n12\nSBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=\n"


def test_a_real_checkpoint_opens() -> None:
    """A signed tree head of the Go checksum database is read as what it is."""
    checkpoint = open_checkpoint(
        GO_NOTE, origin="go.sum database tree", verifiers=[parse_verifier_key(GO_KEY)]
    )
    assert checkpoint.size == 20_852_163
    assert checkpoint.root.hex() == "0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62"


@pytest.mark.parametrize(
    ("size", "root"), [(0, EMPTY_ROOT), (1, ROOT), (12, ROOT), (2_104_733, ROOT), (MAX_SIZE, ROOT)]
)
def test_what_is_signed_is_what_is_opened(size: int, root: bytes) -> None:
    """A checkpoint of any size comes back as it was."""
    checkpoint = Checkpoint(origin=ORIGIN, size=size, root=root)
    assert open_checkpoint(sign_checkpoint(checkpoint, KEY), origin=ORIGIN, verifiers=[OURS]) == checkpoint


def test_a_checkpoint_is_three_lines() -> None:
    """The text is the origin, the size and the root."""
    assert Checkpoint(origin=ORIGIN, size=12, root=ROOT).text == GOOD


def test_two_keys_sign_while_one_takes_over() -> None:
    """With both signatures on it, a checkpoint opens for who knows the old key or the new."""
    note = sign_checkpoint(Checkpoint(origin=ORIGIN, size=12, root=ROOT), KEY)
    note = cosign_note(note, ORIGIN, OTHER)
    for key in (KEY, OTHER):
        verifiers = [Verifier.of(ORIGIN, key.public_key())]
        assert open_checkpoint(note, origin=ORIGIN, verifiers=verifiers).size == 12


@pytest.mark.parametrize(
    ("origin", "size", "root"),
    [
        ("", 1, ROOT),
        ("a\nb", 1, ROOT),
        ("a\n", 1, ROOT),
        (ORIGIN, -1, ROOT),
        (ORIGIN, MAX_SIZE + 1, ROOT),
        (ORIGIN, 1, ROOT[1:]),
        (ORIGIN, 0, ROOT),
    ],
)
def test_what_cannot_be_a_checkpoint(origin: str, size: int, root: bytes) -> None:
    """An origin is one line, a size fits 63 bits, a root has 32 bytes, and an empty log has one root."""
    with pytest.raises(CheckpointMalformed):
        Checkpoint(origin=origin, size=size, root=root)


@pytest.mark.parametrize(
    "text",
    [
        GOOD + "extension\n",
        GOOD + "\n",
        GOOD.replace("\n12\n", "\n"),
        GOOD.replace("\n12\n", "\n012\n"),
        GOOD.replace("\n12\n", "\n+12\n"),
        GOOD.replace("\n12\n", "\n1 2\n"),
        GOOD.replace("\n12\n", "\n１２\n"),
        GOOD.replace("\n12\n", "\n99999999999999999999\n"),
        GOOD.replace("\n12\n", "\n9999999999999999999\n"),
        GOOD.replace("SBN", "!BN"),
        GOOD.replace("d7I=", "d7J="),
        GOOD.replace("d7I=", ""),
        "\n12\nSBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=\n",
    ],
)
def test_malformed_texts(text: str) -> None:
    """A note that is signed all right but is not a checkpoint is refused."""
    with pytest.raises(CheckpointMalformed):
        open_checkpoint(sign_note(text, ORIGIN, KEY), origin=ORIGIN, verifiers=[OURS])


def test_a_checkpoint_of_another_log_is_refused() -> None:
    """Even signed by the right key, a checkpoint speaks for its own log only."""
    note = sign_note(GOOD.replace("2025", "2024"), ORIGIN, KEY)
    with pytest.raises(CheckpointOrigin, match="2024"):
        open_checkpoint(note, origin=ORIGIN, verifiers=[OURS])


def test_a_forged_checkpoint_is_refused() -> None:
    """A changed size, or another key, is noticed."""
    note = sign_checkpoint(Checkpoint(origin=ORIGIN, size=12, root=ROOT), KEY)
    with pytest.raises(NoteSignatureInvalid):
        open_checkpoint(note.replace("\n12\n", "\n13\n"), origin=ORIGIN, verifiers=[OURS])
    with pytest.raises(NoteKeyUnknown):
        open_checkpoint(note, origin=ORIGIN, verifiers=[Verifier.of(ORIGIN, OTHER.public_key())])
    with pytest.raises(NoteError):
        open_checkpoint("", origin=ORIGIN, verifiers=[OURS])


def test_an_origin_must_name_a_key_to_sign() -> None:
    """An origin with a space can be read, but not signed by us."""
    with pytest.raises(VerifierKeyMalformed):
        sign_checkpoint(Checkpoint(origin="go.sum database tree", size=12, root=ROOT), KEY)
