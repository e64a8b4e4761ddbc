"""Signed notes: a text with signature lines in the form of C2SP signed-note v1.0, with Ed25519 (type 0x01).

A key goes by a name and four bytes of hash over name and key; both must match before a signature is looked
at. The reader of a note brings the keys to trust, from somewhere else than the note: signatures of other
keys say nothing and are passed over, which is what makes rotation and witnesses possible. A signature of a
trusted key that fails condemns the whole note.

Invariants: the text is returned only if at least one trusted key signed it; parsing is strict, and at most
64 signatures and 256 KiB are looked at.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Protocol, Self

import pybase64
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from routing.errors_log import NoteKeyUnknown, NoteMalformed, NoteSignatureInvalid, VerifierKeyMalformed

MAX_SIGNATURES: Final = 64
MAX_NOTE: Final = 256 * 1024

_ED25519: Final = b"\x01"
_KEY_ID_SIZE: Final = 4
_KEY_SIZE: Final = 32
_DASH: Final = "\N{EM DASH} "
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f]")
_NAME = re.compile(r"[^\s+\x00-\x1f\ud800-\udfff]+")
_HEX_ID = re.compile(r"[0-9a-f]{8}")


class PrivateKey(Protocol):
    """What signs: an Ed25519 key in memory, or one that never leaves its token."""

    def sign(self, data: bytes, /) -> bytes:
        """Return the 64 bytes of an Ed25519 signature over `data`."""

    def public_key(self) -> Ed25519PublicKey:
        """Return the half that checks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier:
    """A public key that is trusted under a name."""

    name: str
    key_id: bytes
    key: Ed25519PublicKey

    @classmethod
    def of(cls, name: str, key: Ed25519PublicKey) -> Self:
        """Give `key` a name.

        Raises:
            VerifierKeyMalformed: if `name` is empty or holds white space, a plus sign or a control character.

        """
        if not _NAME.fullmatch(name):
            raise VerifierKeyMalformed(reason="a name is not empty and holds no white space and no plus sign")
        return cls(name=name, key_id=_key_id(name, key.public_bytes_raw()), key=key)

    @property
    def label(self) -> str:
        """Return what tells this key from all others in print: name+id."""
        return f"{self.name}+{self.key_id.hex()}"

    def __str__(self) -> str:
        """Return the whole key as text: name+id+base64(type ‖ key)."""
        return f"{self.label}+{_base64(_ED25519 + self.key.public_bytes_raw())}"


def verifier_key(name: str, public_key: Ed25519PublicKey) -> str:
    """Write a public key as text that can be handed to whoever shall check its signatures.

    Raises:
        VerifierKeyMalformed: if `name` is empty or holds white space, a plus sign or a control character.

    """
    return str(Verifier.of(name, public_key))


def parse_verifier_key(text: str) -> Verifier:
    """Read a public key from text of the form name+id+key.

    Raises:
        VerifierKeyMalformed: if the text has another form, another algorithm, or an id of another key.

    """
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    raw = _decode(encoded)
    if not _HEX_ID.fullmatch(key_id) or raw is None or len(raw) != 1 + _KEY_SIZE:
        raise VerifierKeyMalformed(reason="it is not of the form name+id+key")
    if raw[:1] != _ED25519:
        raise VerifierKeyMalformed(reason="its algorithm is not Ed25519")
    verifier = Verifier.of(name, Ed25519PublicKey.from_public_bytes(raw[1:]))
    if verifier.key_id.hex() != key_id:
        raise VerifierKeyMalformed(reason="its id is not that of the key")
    return verifier


def sign_note(text: str, name: str, private_key: PrivateKey) -> str:
    """Sign `text`, which must end in a newline, and return the note.

    Raises:
        NoteMalformed: if `text` does not end in a newline or holds other control characters.
        VerifierKeyMalformed: if `name` cannot name a key.

    """
    if not text.endswith("\n"):
        raise NoteMalformed(reason="the text does not end in a newline")
    _check_characters(text)
    return f"{text}\n{_signature_line(text, name, private_key)}"


def cosign_note(note: str, name: str, private_key: PrivateKey) -> str:
    """Add one more signature to a note, as while one key takes over from another.

    The signatures that the note already bears are not checked.

    Raises:
        NoteMalformed: if `note` is not a signed note.
        VerifierKeyMalformed: if `name` cannot name a key.

    """
    text, _ = _split(note)
    return note + _signature_line(text, name, private_key)


def open_note(note: str, verifiers: Iterable[Verifier]) -> str:
    """Return the text of `note`, signed by at least one of the `verifiers`.

    Raises:
        NoteMalformed: if `note` is not a signed note, or too long.
        NoteSignatureInvalid: if a signature of one of the `verifiers` is wrong.
        NoteKeyUnknown: if none of the `verifiers` signed it.

    """
    text, signatures = _split(note)
    known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
    verified = False
    for name, signature in signatures:
        verifier = known.get((name, signature[:_KEY_ID_SIZE]))
        if verifier is None:
            continue
        try:
            verifier.key.verify(signature[_KEY_ID_SIZE:], text.encode())
        except InvalidSignature:
            raise NoteSignatureInvalid(key=verifier.label) from None
        verified = True
    if not verified:
        raise NoteKeyUnknown
    return text


def _key_id(name: str, key: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + _ED25519 + key).digest()[:_KEY_ID_SIZE]


def _signature_line(text: str, name: str, private_key: PrivateKey) -> str:
    signer = Verifier.of(name, private_key.public_key())
    return f"{_DASH}{name} {_base64(signer.key_id + private_key.sign(text.encode()))}\n"


def _split(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Part a note into its text and its signatures: names, and key ids with what follows them."""
    if len(note) > MAX_NOTE:
        raise NoteMalformed(reason=f"it has more than {MAX_NOTE} characters")
    _check_characters(note)
    end = note.rfind("\n\n")
    lines = note[end + 2 :].split("\n")
    if end < 0 or lines[-1] or len(lines) == 1:
        raise NoteMalformed(reason="it has no blank line with signature lines after it")
    if len(lines) - 1 > MAX_SIGNATURES:
        raise NoteMalformed(reason=f"it has more than {MAX_SIGNATURES} signatures")
    return note[: end + 1], [_parse_line(line) for line in lines[:-1]]


def _parse_line(line: str) -> tuple[str, bytes]:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    signature = _decode(encoded)
    if not line.startswith(_DASH) or not _NAME.fullmatch(name) or signature is None:
        raise NoteMalformed(reason="a signature line does not have its form")
    if len(signature) <= _KEY_ID_SIZE:
        raise NoteMalformed(reason="a signature is too short")
    return name, signature


def _check_characters(text: str) -> None:
    if _CONTROLS.search(text):
        raise NoteMalformed(reason="it holds a control character")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise NoteMalformed(reason="it is not Unicode text") from error


def _base64(raw: bytes) -> str:
    return pybase64.b64encode(raw).decode("ascii")


def _decode(text: str) -> bytes | None:
    """Decode standard base64, or return None if it is not written the one way that `_base64` writes."""
    try:
        raw = pybase64.b64decode(text, validate=True)
    except ValueError:
        return None
    return raw if _base64(raw) == text else None
