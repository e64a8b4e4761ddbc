"""Checking without sending: the same examination, every finding at once, and no trace of it."""

from __future__ import annotations

import hashlib

import pytest

from schemas.document import Organization
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
