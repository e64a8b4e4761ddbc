"""Signed statements: one type's signature is worth nothing as another's, and nothing can be changed."""

import json
from typing import Any

import pybase64
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings

from routing.canonical import Json
from routing.errors_log import (
    LogError,
    NotCanonical,
    StatementKeyUnknown,
    StatementMalformed,
    StatementSignatureInvalid,
    VerifierKeyMalformed,
)
from routing.note import Verifier
from routing.statement import StatementType, open_statement, sign_statement
from tests.routing.test_canonical import objects

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
OURS = Verifier.of("gw.example", KEY.public_key())
MANIFEST = StatementType(name="manifest")
FACTS: dict[str, Json] = {"document_id": "doc-1", "size": 7, "to": ["H57.4"]}


def signed(**changes: Any) -> dict[str, Any]:
    """Sign the facts, then change a member of the statement."""
    return {**sign_statement(MANIFEST, FACTS, key=KEY, key_name="gw.example"), **changes}


@settings(max_examples=50)
@given(objects)
def test_what_is_signed_is_what_is_opened(facts: dict[str, Json]) -> None:
    """Facts survive the way over JSON, however it is spelled."""
    sent = sign_statement(MANIFEST, facts, key=KEY, key_name="gw.example")
    statement = open_statement(MANIFEST, json.loads(json.dumps(sent, indent=3)), [OURS])
    assert statement.facts == facts
    assert statement.signer == OURS


def test_the_signature_is_fixed() -> None:
    """What is covered is the line of the type and the canonical facts, and nothing else."""
    statement = signed()
    assert statement["key"] == OURS.label
    expected = KEY.sign(b'vanthu/manifest/v1\n{"document_id":"doc-1","size":7,"to":["H57.4"]}')
    assert statement["signature"] == pybase64.b64encode(expected).decode()


@pytest.mark.parametrize(
    "other", [StatementType(name="receipt"), StatementType(name="manifest", version=2)], ids=str
)
def test_a_signature_of_one_type_is_none_of_another(other: StatementType) -> None:
    """Under another type or version the same facts and signature are a forgery."""
    statement = signed()
    statement[other.name] = statement.pop(MANIFEST.name)
    with pytest.raises(StatementSignatureInvalid):
        open_statement(other, statement, [OURS])


@pytest.mark.parametrize(
    "facts", [{}, {**FACTS, "size": 8}, {**FACTS, "size": "7"}, {**FACTS, "more": 1}, {"size": 7}], ids=str
)
def test_changed_facts_are_noticed(facts: dict[str, Json]) -> None:
    """No fact can be changed, added or left out."""
    with pytest.raises(StatementSignatureInvalid):
        open_statement(MANIFEST, signed(manifest=facts), [OURS])


def test_an_unknown_key_decides_nothing() -> None:
    """A key that is not known yet is neither right nor wrong: a later try may succeed."""
    for verifiers in (
        [],
        [Verifier.of("gw.example", OTHER.public_key())],
        [Verifier.of("gw", KEY.public_key())],
    ):
        with pytest.raises(StatementKeyUnknown) as caught:
            open_statement(MANIFEST, signed(), verifiers)
        assert caught.value.retry


def test_another_keys_signature_is_a_forgery() -> None:
    """A statement that names our key must bear our key's signature."""
    forged = sign_statement(MANIFEST, FACTS, key=OTHER, key_name="gw.example")["signature"]
    with pytest.raises(StatementSignatureInvalid):
        open_statement(MANIFEST, signed(signature=forged), [OURS])


@pytest.mark.parametrize(
    "change",
    [
        {"more": 1},
        {"key": 7},
        {"manifest": []},
        {"manifest": {"size": 1.5}},
        {"manifest": {"size": None}},
        {"signature": 7},
        {"signature": ""},
        {"signature": "!"},
        {"signature": "é"},
        {"signature": "AAAA"},
    ],
    ids=str,
)
def test_malformed_statements(change: dict[str, Any]) -> None:
    """A statement has its three members in their shapes."""
    with pytest.raises(StatementMalformed):
        open_statement(MANIFEST, signed(**change), [OURS])


@pytest.mark.parametrize("name", ["manifest", "key", "signature"])
def test_missing_members(name: str) -> None:
    """No member can be left out."""
    statement = signed()
    del statement[name]
    with pytest.raises(StatementMalformed):
        open_statement(MANIFEST, statement, [OURS])


@pytest.mark.parametrize(
    ("name", "version"),
    [("", 1), ("Receipt", 1), ("a/b", 1), ("a\n", 1), ("key", 1), ("signature", 1), ("a", 0)],
)
def test_types_that_cannot_be(name: str, version: int) -> None:
    """A type's name cannot look like another's line or take the place of another member."""
    with pytest.raises(ValueError, match="not a type"):
        StatementType(name=name, version=version)


def test_what_cannot_be_signed() -> None:
    """Facts outside canonical JSON, and names that cannot name a key, are refused before signing."""
    with pytest.raises(NotCanonical):
        sign_statement(MANIFEST, {"size": 1.5}, key=KEY, key_name="gw.example")  # type: ignore[dict-item]  # the point
    with pytest.raises(VerifierKeyMalformed):
        sign_statement(MANIFEST, FACTS, key=KEY, key_name="gw example")


@given(objects)
def test_any_object_is_opened_or_refused(value: dict[str, Json]) -> None:
    """No JSON object leads to another exception."""
    with pytest.raises(LogError):
        open_statement(MANIFEST, value, [OURS])
