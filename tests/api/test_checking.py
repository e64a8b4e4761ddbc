"""Checking without sending: the same examination, every finding at once, and no trace of it."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any

import pytest

from schemas.document import Organization, ResponseFor
from tests.api.world import (
    World,
    a_big_document,
    a_document,
    a_status,
    identity,
    unsigned_document,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")

CHECK = "/v1/documents:check"


async def _check(gateway: World, body: bytes, **options: str) -> dict[str, object]:
    answer = await gateway.send(body, path=CHECK, **options)
    assert answer.status == 200, answer.json
    found: dict[str, object] = answer.json
    return found


async def test_what_would_be_accepted(gateway: World) -> None:
    """A good document is told to be one, with whom it names and where it would go."""
    body = a_document(
        recipients=(Organization(organ_id="000.00.00.H53"), Organization(organ_id="H26.1")), priority=7
    )

    found = await _check(gateway, body)

    assert (found["outcome"], found["code"], found["kind"]) == ("accepted", None, "edoc")
    assert (found["sha256"], found["size"]) == (hashlib.sha256(body).hexdigest(), len(body))
    assert found["sender"] == {
        "code": "H26",
        "as_sent": "H26",
        "name": "Ủy ban nhân dân thành phố Hà Nội",
    }
    assert found["recipients"] == [
        {"code": "H53", "as_sent": "000.00.00.H53", "name": "Ủy ban nhân dân tỉnh Tây Ninh"},
        {"code": "H26.1", "as_sent": "H26.1", "name": "Văn phòng Ủy ban nhân dân thành phố Hà Nội"},
    ]
    assert found["deliveries"] == [
        {"code": "H26.1", "as_sent": "H26.1", "member": "hanoi"},
        {"code": "H53", "as_sent": "000.00.00.H53", "member": "tayninh"},
    ]
    assert isinstance(found["verdict"], dict)
    assert found["verdict"]["indication"] == "TOTAL_PASSED"
    assert isinstance(found["findings"], list)
    assert [(each["code"], each["level"]) for each in found["findings"]] == [
        ("schema.unknown_priority", "warning")
    ]
    assert isinstance(found["document"], dict)
    (attached,) = found["document"]["attachments"]
    assert (attached["name"], attached["content_type"]) == ("7816-vpcp-ttdt.pdf", "application/pdf")


async def test_every_finding_at_once(gateway: World) -> None:
    """A refusal names all that is wrong: unsigned, not the caller's agency, and a code that nobody has."""
    body = unsigned_document(
        sender=Organization(organ_id="H53"),
        recipients=(Organization(organ_id="H99"), Organization(organ_id="H53.1")),
    )

    found = await _check(gateway, body)

    assert found["outcome"] == "refused"
    assert isinstance(found["findings"], list)
    assert {each["code"] for each in found["findings"]} == {
        "certs.no_signature",
        "access.sender_not_bound",
        "registry.unknown_code",
    }
    assert found["code"] == found["findings"][0]["code"]
    assert found["recipients"] == [
        {"code": None, "as_sent": "H99", "name": None},
        {"code": "H53.1", "as_sent": "H53.1", "name": "Văn phòng Ủy ban nhân dân tỉnh Tây Ninh"},
    ]
    assert (found["deliveries"], found["binding"]) == (
        [{"code": "H53.1", "as_sent": "H53.1", "member": "tayninh"}],
        None,
    )


async def test_what_is_no_message(gateway: World) -> None:
    """A file that is no edXML is answered with what is wrong with it, and nothing else is known."""
    found = await _check(gateway, b"<!DOCTYPE x []><x/>")

    assert (found["outcome"], found["code"]) == ("refused", "schema.doctype_forbidden")
    assert (found["kind"], found["document"], found["sender"], found["recipients"]) == (None, None, None, [])


async def test_leaves_no_trace(gateway: World) -> None:
    """Neither a good nor a bad document, nor a refused request, changes store or log; the document can be sent afterwards."""
    body = a_document(document_id="H26,2025/07/01,beforehand")
    before = len(await gateway.log())

    await _check(gateway, body)
    await _check(gateway, unsigned_document())
    refused = await gateway.send(body, path=CHECK, headers={"Content-Type": "text/html"})

    assert refused.status == 415
    assert len(await gateway.log()) == before
    sent = await gateway.send(body)
    assert (sent.status, "Idempotency-Replayed" in sent.headers) == (201, False)


async def test_denials_are_recorded_all_the_same(gateway: World) -> None:
    """Who has no business here is recorded, as everywhere."""
    before = len(await gateway.refusals("access.role_missing"))

    answer = await gateway.send(a_document(), path=CHECK, token="auditor")

    assert answer.status == 403
    assert len(await gateway.refusals("access.role_missing")) == before + 1


async def test_big_documents_are_checked_from_a_file(gateway: World) -> None:
    """A big document is examined like any other, and its spool file is gone afterwards."""
    found = await _check(gateway, a_big_document(600_000))

    assert found["outcome"] == "accepted"
    assert list(gateway.context.spool.iterdir()) == []


async def test_statuses(gateway: World) -> None:
    """A status message is checked too, also against what was sent before."""
    sent = (await gateway.send(a_document(document_id="H26,2025/07/01,to check"))).json
    await gateway.arrived(sent["id"])

    good = await _check(gateway, a_status("H26,2025/07/01,to check"), token="tayninh")
    bad = await _check(gateway, a_status("never sent"), token="tayninh")

    assert (good["outcome"], good["kind"], good["verdict"]) == ("accepted", "status", {})
    assert isinstance(good["document"], dict)
    assert good["document"]["status_code"] == "03"
    assert good["deliveries"] == [{"code": "H26", "as_sent": "H26", "member": "hanoi"}]
    assert (bad["outcome"], bad["code"]) == ("refused", "status.unknown_document")


async def test_untrusted_signers(gateway: World) -> None:
    """A certificate that nobody trusts is a refusal that names the signer."""
    found = await _check(gateway, a_document(by=identity("H26", trusted=False)))

    assert (found["outcome"], found["code"]) == ("refused", "certs.untrusted_certificate")


async def test_a_document_id_that_was_used(gateway: World) -> None:
    """Other bytes under a DocumentId that was sent are told of; the very bytes that were sent are a harmless repeat."""
    first = a_document(document_id="H26,2025/07/01,checked twice")
    await gateway.send(first)

    other = await _check(gateway, a_document(document_id="H26,2025/07/01,checked twice"))
    same = await _check(gateway, first)

    assert (other["outcome"], other["code"]) == ("refused", "intake.document_id_reused")
    assert same["outcome"] == "accepted"


def _recall(document_id: str, sender: str = "H26") -> dict[str, Any]:
    answered = ResponseFor(
        organ_id=sender, code="1/A", promulgation_date=date(2025, 6, 30), document_id=document_id
    )
    return {"sender": Organization(organ_id=sender), "business_type": 1, "response_for": (answered,)}


async def test_recalls(gateway: World) -> None:
    """A recall is checked against what was sent, together with everything else that is wrong with it."""
    await gateway.send(a_document(document_id="H26,2025/07/01,to recall"))

    good = await _check(gateway, a_document(**_recall("H26,2025/07/01,to recall")))
    bad = await _check(gateway, unsigned_document(**_recall("H26,2025/07/01,never sent")))

    assert good["outcome"] == "accepted"
    assert isinstance(good["document"], dict)
    assert good["document"]["business_type"] == 1
    assert isinstance(bad["findings"], list)
    codes = {each["code"] for each in bad["findings"]}
    assert {"certs.no_signature", "correspondence.unknown_document"} <= codes


async def test_others_learn_nothing(gateway: World) -> None:
    """Who may not speak for the sender does not learn what that sender sent."""
    await gateway.send(a_document(document_id="H26,2025/07/01,none of yours"))

    known = await _check(
        gateway, unsigned_document(document_id="H26,2025/07/01,none of yours"), token="tayninh"
    )
    unknown = await _check(gateway, unsigned_document(), token="tayninh")
    recall = await _check(gateway, unsigned_document(**_recall("never sent")), token="tayninh")

    def codes(found: dict[str, object]) -> list[str]:
        assert isinstance(found["findings"], list)
        return [each["code"] for each in found["findings"]]

    assert (
        codes(known) == codes(unknown) == codes(recall) == ["certs.no_signature", "access.sender_not_bound"]
    )


async def test_state_secrets_are_not_told_again(gateway: World) -> None:
    """Of a document that is marked as a secret nothing is in the answer but that it is."""
    found = await _check(gateway, a_document(subject="TUYỆT MẬT: kế hoạch số 9"))

    assert (found["outcome"], found["code"]) == ("refused", "schema.state_secret")
    assert (found["document"], found["sender"], found["recipients"]) == (None, None, [])
    assert "kế hoạch" not in str(found)
