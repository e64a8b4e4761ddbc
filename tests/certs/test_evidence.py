"""Evidence is written down without anything that changes on the way, and taken back as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from certs.errors import AlgorithmForbiddenError, SeveralSignaturesError, SignatureShapeError
from certs.evidence import MOST_RECORDED, Evidence, Stamp
from certs.indication import Form, Scope
from certs.rules import ShapeRule
from certs.stapled import StapledValues
from tests.support import pki

FULL = Evidence(
    errors=(
        SeveralSignaturesError(line=7, count=2),
        SignatureShapeError(ShapeRule.OBJECT, line=3, found="Object"),
        AlgorithmForbiddenError(algorithm="x"),
    ),
    scope=Scope.FULL,
    form=Form.XADES_T,
    algorithm="ecdsa-sha256",
    digest="sha256",
    canonicalization="exc-c14n",
    signing_time="2026-06-30T09:00:00+07:00",
    signers=(pki.signer()[0],),
    certificates=(pki.signer()[0], pki.root().certificate),
    stamps=(Stamp(token=b"token", stamped=b"stamped"), Stamp(token=b"", stamped=b"")),
    revocation_values=StapledValues(lists=(b"list", b""), answers=(b"answer",)),
    signed_view_sha256="00" * 32,
)


def _again(evidence: Evidence) -> Evidence:
    return Evidence.read(json.loads(json.dumps(evidence.as_json())))


@pytest.mark.parametrize("evidence", [FULL, Evidence()], ids=["full", "empty"])
def test_evidence_is_taken_back(evidence: Evidence) -> None:
    """All of it comes back, the facts of its errors with their types."""
    again = _again(evidence)

    assert replace(again, errors=()) == replace(evidence, errors=())
    for error, before in zip(again.errors, evidence.errors, strict=True):
        assert (type(error), error.facts, error.line, error.xpath) == (
            type(before),
            {name: fact if isinstance(fact, int) else str(fact) for name, fact in before.facts.items()},
            before.line,
            before.xpath,
        )
    assert _again(again).as_json() == again.as_json() == evidence.as_json()


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict | list):
        return [
            leaf for each in (value.values() if isinstance(value, dict) else value) for leaf in _leaves(each)
        ]
    return [value]


def test_what_is_not_there_is_not_written() -> None:
    """No nulls and no floats, of which a canonical form of JSON has several; and no word for what never came."""
    assert {type(leaf) for leaf in _leaves(FULL.as_json())} == {int, str}
    assert {"revocation_lists", "ocsp_answers"} <= FULL.as_json().keys()
    assert {"revocation_lists", "ocsp_answers", "algorithm", "signing_time"}.isdisjoint(Evidence().as_json())


def test_large_values_are_left_to_the_document() -> None:
    """A list of more octets than are recorded is left out, the ones beside it are not."""
    large, largest = b"x" * (MOST_RECORDED + 1), b"y" * MOST_RECORDED
    values = StapledValues(lists=(b"list", large, largest), answers=(large,))
    again = _again(replace(FULL, revocation_values=values))

    assert again.revocation_values == StapledValues(lists=(b"list", largest))
