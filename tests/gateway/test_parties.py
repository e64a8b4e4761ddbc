"""Who sends and who receives, around the end of a code: what proves that a signature is older, and what does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes

from certs.trust import Trust
from gateway.flow.examination import Examination, Outcome, examine
from gateway.flow.findings import Level
from gateway.records import MessageKind
from routing.agencies import Directory
from routing.registrations import Registration, Revocation
from tests.api.world import identity, root
from tests.support.cutover import document, stamped
from tests.support.pki import anchored
from tests.support.registry import AFTER, BEFORE, CUT_OVER, HANOI, TAY_NINH, a_directory, home_agencies

TRUST = Trust(anchors=anchored(root().certificate))
DIRECTORY = a_directory()


def judged(
    body: bytes, *, directory: Directory = DIRECTORY, at: datetime = AFTER, **facts: Any
) -> Examination:
    """Examine a document."""
    expect = MessageKind.EDOC
    return examine(
        body, **{"expect": expect, "caller": None, "directory": directory, "trust": TRUST, "at": at} | facts
    )


def objections(examination: Examination) -> set[str]:
    """Return the codes of what speaks against a document."""
    return {each.code for each in examination.findings if each.level is not Level.WARNING}


def test_a_receipt_from_before_proves_nothing_of_the_code() -> None:
    """The addressee's gateway has none, and would refuse what was accepted here."""
    late = judged(document("H39", "H26"), existed_at=BEFORE)
    assert objections(late) == {"registry.code_closed"}


def test_the_codes_of_another_moment() -> None:
    """Sender, caller, signer and recipients count as of it; certificates as of now."""
    body = document("H39", "H53")
    then = judged(body, codes_at=BEFORE, caller=TAY_NINH)

    assert objections(judged(body, caller=TAY_NINH)) == {"registry.code_closed"}
    assert then.outcome is Outcome.ACCEPTED
    assert (then.at, then.codes_at) == (AFTER, BEFORE)
    assert objections(judged(body, codes_at=BEFORE, caller=HANOI)) == {"access.sender_not_bound"}
    assert objections(judged(body, codes_at=BEFORE, at=AFTER + timedelta(days=999))) == {
        "certs.certificate_expired"
    }


@pytest.mark.parametrize("is_lost", [False, True], ids=["ceased", "key lost"])
def test_a_registration_that_was_revoked_since(*, is_lost: bool) -> None:
    """It was in force then; only a lost key counts from when it is known, whenever the document was accepted or signed."""
    mine = registered("H39", Revocation(since=CUT_OVER, reason="ended", compromised=is_lost))
    expected = {"access.signer_not_bound"} if is_lost else set()

    assert objections(judged(document("H39", "H53"), directory=mine, codes_at=BEFORE)) == expected
    assert objections(judged(stamped("H39", BEFORE), directory=mine)) == expected


def test_the_decision_stays_the_same_between_its_turning_points() -> None:
    """The instants of the registry, and the end of the grace of its codes."""
    accepted = judged(stamped("H39", BEFORE))
    assert accepted.steady == (CUT_OVER, CUT_OVER + timedelta(days=30))
    assert judged(document("H26", "H26.1")).steady == (CUT_OVER, None)
    assert judged(document("H26", "H26.1"), at=BEFORE).steady == (None, CUT_OVER)


def test_a_body_that_bears_the_code_needs_no_grace() -> None:
    """A registered certificate binds to the new body itself, however old the signature is."""
    found = judged(stamped("H53", BEFORE), directory=registered("H53", None, since=CUT_OVER))
    assert found.outcome is Outcome.ACCEPTED
    assert found.late is None


def registered(code: str, revocation: Revocation | None, *, since: datetime | None = None) -> Directory:
    """Return the home scenario in which a version of a code has registered its certificate."""
    sha256 = identity(code)[0].fingerprint(hashes.SHA256()).hex()
    mine = Registration(certificate_sha256=sha256, revocation=revocation)
    return a_directory(
        replace(each, certificates=(mine,)) if (each.code, each.valid_from) == (code, since) else each
        for each in home_agencies()
    )
