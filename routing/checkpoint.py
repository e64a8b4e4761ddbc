"""Checkpoints: the signed statement that the log had this many entries and this root (C2SP tlog-checkpoint).

The text of the note is three lines: the origin, which is the log's name; the size in decimal; the root in
base64. Extension lines, which the standard allows and advises against, are neither written nor accepted,
because no reader could check what they say. The key is named after the origin.

Invariant: a `Checkpoint` is well formed by construction, and one that came from `open_checkpoint` was
signed by a trusted key for the log that was asked about.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import pybase64

from routing.errors_log import CheckpointMalformed, CheckpointOrigin
from routing.merkle import EMPTY_ROOT, HASH_SIZE
from routing.note import PrivateKey, Verifier, open_note, sign_note

MAX_SIZE: Final = 2**63 - 1

_LINES = 3
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
_LINE = re.compile(r"[^\x00-\x1f]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The log `origin` had `size` entries and this 32-byte root."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        """Refuse what cannot be written as a checkpoint.

        Raises:
            CheckpointMalformed: if the origin, the size or the root is not one.

        """
        if not _LINE.fullmatch(self.origin):
            raise CheckpointMalformed(reason="the origin is empty or not one line")
        if not 0 <= self.size <= MAX_SIZE:
            raise CheckpointMalformed(reason="the size is out of range")
        if len(self.root) != HASH_SIZE:
            raise CheckpointMalformed(reason="the root does not have 32 bytes")
        if not self.size and self.root != EMPTY_ROOT:
            raise CheckpointMalformed(reason="the root is not that of an empty log")

    @property
    def text(self) -> str:
        """Return the text that is signed."""
        return f"{self.origin}\n{self.size}\n{_base64(self.root)}\n"


def sign_checkpoint(checkpoint: Checkpoint, private_key: PrivateKey) -> str:
    """Sign a checkpoint under the name of its origin and return the note.

    Raises:
        VerifierKeyMalformed: if the origin holds white space or a plus sign, so that it cannot name a key.

    """
    return sign_note(checkpoint.text, checkpoint.origin, private_key)


def open_checkpoint(note: str, *, origin: str, verifiers: Iterable[Verifier]) -> Checkpoint:
    """Return the checkpoint in `note`, signed by at least one of the `verifiers` for the log `origin`.

    Raises:
        NoteError: if the note is malformed or not signed, its text is no checkpoint, or it is of another log.

    """
    checkpoint = _parse(open_note(note, verifiers))
    if checkpoint.origin != origin:
        raise CheckpointOrigin(origin=checkpoint.origin, expected=origin)
    return checkpoint


def _parse(text: str) -> Checkpoint:
    lines = text.removesuffix("\n").split("\n")
    if len(lines) != _LINES:
        raise CheckpointMalformed(reason="it does not have three lines")
    origin, size, encoded = lines
    if not _DECIMAL.fullmatch(size):
        raise CheckpointMalformed(reason="the size is not a decimal number")
    try:
        root = pybase64.b64decode(encoded, validate=True)
    except ValueError:
        raise CheckpointMalformed(reason="the root is not base64") from None
    checkpoint = Checkpoint(origin=origin, size=int(size), root=root)
    if checkpoint.text != text:
        raise CheckpointMalformed(reason="it is not written the one way that it can be")
    return checkpoint


def _base64(raw: bytes) -> str:
    return pybase64.b64encode(raw).decode("ascii")
