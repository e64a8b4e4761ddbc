"""Signed statements: facts that a gateway vouches for and others check without asking back.

What is signed with Ed25519 is one line that names the type, such as ``vanthu/receipt/v1``, and the facts in
canonical JSON (`routing.canonical`). The line makes a signature worthless under any other type, also where
two types have the same members, and no checkpoint can be mistaken for a statement or the reverse: a
checkpoint's second line is a number, a statement's an object.

On the wire a statement is a JSON object of three members: the facts, under the name of the type; ``key``,
the signing key as name+id; ``signature``, in base64. It may be re-spelled on its way; the facts that count
are those that `open_statement` returns.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, cast

import pybase64
from cryptography.exceptions import InvalidSignature

from routing.canonical import Json, canonical_json
from routing.errors_log import (
    NotCanonical,
    StatementKeyUnknown,
    StatementMalformed,
    StatementSignatureInvalid,
)
from routing.note import PrivateKey, Verifier

_TYPE_NAME: Final = re.compile(r"[a-z][a-z_]*")
_SIGNATURE_SIZE: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementType:
    """A type of statement; the name is also that of the member that holds the facts."""

    name: str
    version: int = 1

    def __post_init__(self) -> None:
        """Refuse names that could make one type's line look like another's.

        Raises:
            ValueError: if the name is not of small letters, or is that of another member, or the version is not
                positive.

        """
        if not _TYPE_NAME.fullmatch(self.name) or self.name in {"key", "signature"} or self.version < 1:
            raise ValueError(f"not a type of statement: {self.name} v{self.version}")

    @property
    def context(self) -> bytes:
        """Return the line that every signature of this type begins to cover."""
        return f"vanthu/{self.name}/v{self.version}\n".encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """Facts, and the key that was found to have signed them."""

    facts: Mapping[str, Json]
    signer: Verifier


def sign_statement(
    statement_type: StatementType, facts: Mapping[str, Json], *, key: PrivateKey, key_name: str
) -> dict[str, Json]:
    """Sign `facts` with the key that is known as `key_name`; the result can be written as JSON.

    Raises:
        NotCanonical: if the facts hold a value that cannot be signed.
        VerifierKeyMalformed: if `key_name` cannot name a key.

    """
    signature = key.sign(statement_type.context + canonical_json(facts))
    return {
        statement_type.name: facts,
        "key": Verifier.of(key_name, key.public_key()).label,
        "signature": pybase64.b64encode(signature).decode("ascii"),
    }


def open_statement(
    statement_type: StatementType, signed: Mapping[str, object], verifiers: Iterable[Verifier]
) -> Statement:
    """Return the facts of a signed statement, as read from JSON, and who signed them.

    Raises:
        StatementMalformed: if a member is missing, unexpected or of the wrong shape.
        StatementKeyUnknown: if the key that it names is none of the `verifiers`; nothing is decided then.
        StatementSignatureInvalid: if the signature is not that key's over these facts as this type.

    """
    name = statement_type.name
    if signed.keys() != {name, "key", "signature"}:
        raise StatementMalformed(statement=name, reason=f"its members are not {name}, key and signature")
    label, facts = signed["key"], signed[name]
    if not isinstance(label, str) or not isinstance(facts, dict):
        raise StatementMalformed(statement=name, reason="the facts or the key are of the wrong type")
    signature = _signature(name, signed["signature"])
    try:
        covered = statement_type.context + canonical_json(facts)
    except NotCanonical as error:
        raise StatementMalformed(statement=name, reason=str(error.facts["reason"])) from error
    signer = next((verifier for verifier in verifiers if verifier.label == label), None)
    if signer is None:
        raise StatementKeyUnknown(statement=name, key=label)
    try:
        signer.key.verify(signature, covered)
    except InvalidSignature:
        raise StatementSignatureInvalid(statement=name, key=label) from None
    return Statement(facts=cast("dict[str, Json]", facts), signer=signer)


def _signature(name: str, encoded: object) -> bytes:
    try:
        signature = pybase64.b64decode(encoded, validate=True) if isinstance(encoded, str) else b""
    except ValueError:
        signature = b""
    # The last letter has bits to spare: of its spellings only the one that an encoder writes counts.
    if len(signature) != _SIGNATURE_SIZE or pybase64.b64encode(signature).decode("ascii") != encoded:
        raise StatementMalformed(statement=name, reason="the signature is not 64 bytes in base64")
    return signature
