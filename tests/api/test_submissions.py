"""Sending: what is accepted, what is answered, and that a retry hears the same."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta
from typing import cast

import pytest
from cryptography.hazmat.primitives import hashes

from routing.log import Kind
from routing.note import parse_verifier_key
from routing.receipt import verify_receipt
from routing.receipt_entry import match_receipt
from schemas.document import Attachment, Organization
from tests.api.world import (
    NOW,
    World,
    a_big_document,
    a_document,
    a_status,
    identity,
    unsigned_document,
)
from tests.support.pdf import Signer, page, sign

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_accepts_a_document(gateway: World) -> None:
    """A good document is answered with 201, its place and its deliveries."""
    body = a_document(recipients=(Organization(organ_id="000.00.00.H53"), Organization(organ_id="H26.1")))

    answer = await gateway.send(body)

    assert answer.status == 201, answer.json
    shown = answer.json
    assert answer.headers["Location"] == f"/v1/documents/{shown['id']}"
    assert "Idempotency-Replayed" not in answer.headers
    assert (shown["kind"], shown["outcome"]) == ("edoc", "accepted")
    assert (shown["sha256"], shown["size"]) == (hashlib.sha256(body).hexdigest(), len(body))
    assert shown["sender"] == {"code": "H26", "as_sent": "H26", "member": "hanoi"}
    assert [(each["code"], each["as_sent"], each["member"]) for each in shown["deliveries"]] == [
        ("H26.1", "H26.1", "hanoi"),
        ("H53", "000.00.00.H53", "tayninh"),
    ]
    assert shown["verdict"]["indication"] == "TOTAL_PASSED"
    assert shown["accepted_at"] == "2025-07-01T02:00:00.000Z"


async def test_receipt_can_be_held_against_the_gateway(gateway: World) -> None:
    """The receipt verifies under the published key and names the log entry, whose bytes say the same."""
    shown = (await gateway.send(a_document())).json

    receipt = verify_receipt(shown["receipt"], [parse_verifier_key(gateway.context.keys.receipt.verifier)])
    timeline = await gateway.store.log.timeline(shown["id"])

    entry = match_receipt(receipt, timeline[0].leaf)
    assert (entry.kind, entry.document_id) == (Kind.ACCEPTED, shown["id"])
    assert receipt.in_log_by == NOW + timedelta(hours=1)


async def test_retry_gets_the_first_answer(gateway: World) -> None:
    """The same bytes again, with or without a key, get the same bytes as the answer, and are sent only once."""
    body = a_document()

    first = await gateway.send(body, headers={"Idempotency-Key": "a-key-of-ours"})
    second = await gateway.send(body)
    third = await gateway.send(body, headers={"Idempotency-Key": "a-key-of-ours"})

    assert [first.status, second.status, third.status] == [201, 201, 201]
    assert first.body == second.body == third.body
    assert second.headers["Idempotency-Replayed"] == third.headers["Idempotency-Replayed"] == "true"
    assert len(await gateway.store.documents.deliveries(first.json["id"])) == 1


async def test_warnings_come_with_the_first_answer_and_with_its_repeat(gateway: World) -> None:
    """What is worth a remark is said in the acceptance, in its repeat, and where the document is looked after."""
    body = a_document(priority=7)

    first = await gateway.send(body)
    second = await gateway.send(body)
    shown = await gateway.call("GET", f"/v1/documents/{first.json['id']}")

    assert [warning["code"] for warning in first.json["warnings"]] == ["schema.unknown_priority"]
    assert first.body == second.body
    assert shown.json["warnings"] == first.json["warnings"]
    assert "warnings" not in shown.json["verdict"]


async def test_idempotency_key_for_other_bytes(gateway: World) -> None:
    """A key that stands for other bytes is a conflict that names the first document."""
    first = await gateway.send(a_document(), headers={"Idempotency-Key": "used-twice"})

    second = await gateway.send(a_document(), headers={"Idempotency-Key": "used-twice"})

    assert (second.status, second.json["code"]) == (409, "intake.key_reused")
    assert first.json["id"] in second.json["detail"]
    assert await gateway.refusals("intake.key_reused")


async def test_document_id_for_other_bytes(gateway: World) -> None:
    """An agency cannot send two different documents under one DocumentId."""
    await gateway.send(a_document(document_id="H26,2025/07/01,77"))

    second = await gateway.send(a_document(document_id="H26,2025/07/01,77", subject="V/v khác"))

    assert (second.status, second.json["code"]) == (409, "intake.document_id_reused")


@pytest.mark.parametrize("key", ["", "x" * 201, "hai từ", "a b"])
async def test_impossible_idempotency_key(gateway: World, key: str) -> None:
    """A key is 1 to 200 visible ASCII characters."""
    answer = await gateway.send(a_document(), headers={"Idempotency-Key": key})

    assert (answer.status, answer.json["code"]) == (400, "request.bad_parameter")


async def test_big_document_goes_through_files(gateway: World) -> None:
    """A document of several hundred kilobytes keeps every byte, and its spool file is gone afterwards."""
    body = a_big_document(600_000)

    shown = (await gateway.send(body)).json
    got = await gateway.call("GET", shown["links"]["content"])

    assert got.body == body
    assert list(gateway.context.spool.iterdir()) == []


async def test_accepts_a_status_message(gateway: World) -> None:
    """A status about a document that came from there is accepted, and names the document it speaks of."""
    document = (await gateway.send(a_document(document_id="H26,2025/07/01,status"))).json
    await gateway.arrived(document["id"])

    answer = await gateway.send(a_status("H26,2025/07/01,status"), path="/v1/statuses", token="tayninh")

    assert answer.status == 201, answer.json
    assert (answer.json["kind"], answer.json["about"]) == ("status", document["id"])
    assert (answer.json["status_code"], answer.json["verdict"]) == ("03", {})
    item = await gateway.arrived(answer.json["id"], member="hanoi")
    assert item["kind"] == "status"
    assert item["document"]["about"] == document["id"]


async def test_status_about_an_unknown_document(gateway: World) -> None:
    """A status about something that never passed between the two is refused."""
    answer = await gateway.send(a_status("never sent"), path="/v1/statuses", token="tayninh")

    assert (answer.status, answer.json["code"]) == (422, "status.unknown_document")


async def test_kinds_have_their_own_places(gateway: World) -> None:
    """A document does not go in as a status, nor the reverse."""
    as_status = await gateway.send(a_document(), path="/v1/statuses")
    as_document = await gateway.send(a_status("any"), token="tayninh")

    assert as_status.json["code"] == as_document.json["code"] == "schema.unexpected_message"


async def test_signature_in_the_attached_pdf(gateway: World) -> None:
    """By default a document whose PDF the agency signed passes unsigned, on both sides, and that is recorded."""
    pdf = await asyncio.to_thread(sign, page(), Signer(identity("H26")))
    attachment = Attachment.of(pdf, content_id="1", name="cong-van.pdf", content_type="application/pdf")

    answer = await gateway.send(unsigned_document({"1": pdf}, attachments=(attachment,)))

    assert answer.status == 201, answer.json
    assert answer.json["verdict"]["indication"] == "NO_SIGNATURE_FOUND"
    assert [each["code"] for each in answer.json["warnings"]] == ["certs.no_signature"]
    await gateway.arrived(answer.json["id"])
    first = next(each for each in await gateway.log() if each.document_id == answer.json["id"])
    assert (first.fields["signature_mode"], first.fields["rule"]) == ("either", "none")
    (attached,) = cast("list[dict[str, str]]", first.fields["attached"])
    certificate = identity("H26")[0].fingerprint(hashes.SHA256()).hex()
    assert (attached["roles"], attached["signers"]) == ("agency", certificate)


async def test_signature_of_another_in_the_attached_pdf(gateway: World) -> None:
    """A PDF that another agency signed says nothing for the sender."""
    pdf = await asyncio.to_thread(sign, page(), Signer(identity("H53")))
    attachment = Attachment.of(pdf, content_id="1", name="cong-van.pdf", content_type="application/pdf")

    answer = await gateway.send(unsigned_document({"1": pdf}, attachments=(attachment,)))

    assert (answer.status, answer.json["code"]) == (422, "certs.no_signature")
