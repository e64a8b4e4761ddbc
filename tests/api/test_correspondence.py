"""Statuses, recalls, updates and replacements, as the two systems of a correspondence live through them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from schemas.document import (
    Business,
    BusinessDocumentInfo,
    Code,
    Organization,
    ReplacementInfo,
    ResponseFor,
    StaffInfo,
)
from tests.api.world import NOW, Answer, World, a_document, a_status, identity

pytestmark = pytest.mark.asyncio(loop_scope="session")

BOTH = (Organization(organ_id="H53"), Organization(organ_id="H53.1"))


async def sent(gateway: World, **changes: Any) -> dict[str, Any]:
    """Send a document and wait until it is in Tây Ninh's inbox."""
    answer = await gateway.send(a_document(**changes))
    assert answer.status == 201, answer.json
    await gateway.arrived(answer.json["id"])
    found: dict[str, Any] = answer.json
    return found


def about(document: dict[str, Any], organ_id: str = "H26") -> ResponseFor:
    """Name a document as the standard wants it named."""
    return ResponseFor(
        organ_id=organ_id,
        code=document["number"],
        document_id=document["document_id"],
        promulgation_date=date(2025, 6, 30),
    )


async def say(
    gateway: World, document: dict[str, Any], code: str, *, minute: int, sender: str = "H53", **changes: Any
) -> Answer:
    """Send a status about a document of Hà Nội, claimed for a minute of the morning, and wait for it to arrive."""
    to = "H53" if sender == "H26" else "H26"
    response_for = about(document, to)
    body = a_status(
        document["document_id"],
        sender=sender,
        **{
            "response_for": response_for,
            "status_code": code,
            "description": f"Lý do {code}",
            "timestamp": NOW + timedelta(minutes=minute),
            **changes,
        },
    )
    mine, other = ("hanoi", "tayninh") if sender == "H26" else ("tayninh", "hanoi")
    answer = await gateway.send(body, path="/v1/statuses", token=mine)
    if answer.status == 201:
        await gateway.arrived(answer.json["id"], member=other)
    return answer


async def shown(gateway: World, document: dict[str, Any], *, token: str = "hanoi") -> dict[str, Any]:  # noqa: S107 - a name
    """Return all that is known of a document."""
    answer: dict[str, Any] = (await gateway.call("GET", f"/v1/documents/{document['id']}", token=token)).json
    return answer


async def progress(gateway: World, document: dict[str, Any], place: int = 0) -> dict[str, Any]:
    """Return how far a document is at one of its recipients."""
    found: dict[str, Any] = (await shown(gateway, document))["deliveries"][place]["progress"]
    return found


def kinds(document: dict[str, Any]) -> list[str]:
    """Return what happened to a document, statuses and references by what they say."""
    return [
        event.get("status_code") or event.get("relation") or event["kind"] for event in document["timeline"]
    ]


async def test_nothing_is_known_before_the_first_status(gateway: World) -> None:
    """A document that nobody spoke of yet has no progress, and nothing refers to it."""
    document = await shown(gateway, await sent(gateway))

    assert document["deliveries"][0]["progress"] == {
        "status_code": None,
        "vi": None,
        "en": None,
        "reached_at": None,
        "closed": False,
        "take_back": "none",
        "asked_at": None,
        "answered_at": None,
    }
    assert (document["statuses"], document["references"], document["referred_by"]) == ([], [], [])
    assert document["business_type"] == 0


async def test_statuses_move_a_document_on(gateway: World) -> None:
    """The furthest status is shown with its names and its claimed time; each is an entry of the document's history, once."""
    document = await sent(gateway)
    for minute, code in enumerate(("01", "03", "05")):
        answer = await say(gateway, document, code, minute=minute)
        assert answer.json["warnings"] == []

    now = await shown(gateway, document)

    at = now["deliveries"][0]["progress"]
    assert (at["status_code"], at["vi"], at["en"]) == ("05", "Đang xử lý", "in progress")
    assert (at["reached_at"], at["closed"]) == ("2025-07-01T02:02:00.000Z", False)
    assert [each["status_code"] for each in now["statuses"]] == ["01", "03", "05"]
    assert {each["effect"] for each in now["statuses"]} == {"advanced"}
    assert [kind for kind in kinds(now) if kind.isdigit()] == ["01", "03", "05"]


async def test_out_of_order(gateway: World) -> None:
    """A late or repeated status is taken with a warning and kept, and moves nothing back."""
    document = await sent(gateway)
    await say(gateway, document, "03", minute=5)
    late = await say(gateway, document, "01", minute=1)
    again = await say(gateway, document, "03", minute=9)

    now = await shown(gateway, document)

    assert [each["code"] for each in late.json["warnings"]] == ["status.out_of_order"]
    assert [each["code"] for each in again.json["warnings"]] == ["status.out_of_order"]
    assert [each["effect"] for each in now["statuses"]] == ["advanced", "late", "repeated"]
    at = now["deliveries"][0]["progress"]
    assert (at["status_code"], at["reached_at"]) == ("03", "2025-07-01T02:05:00.000Z")


async def test_a_refusal_ends_it_and_its_reason_stays(gateway: World) -> None:
    """After 02 nothing moves any more; the refusal with its reason remains readable for both sides."""
    document = await sent(gateway)
    await say(gateway, document, "02", minute=1, description="Không đúng thẩm quyền")
    after = await say(gateway, document, "05", minute=2)

    for token in ("hanoi", "tayninh"):
        now = await shown(gateway, document, token=token)
        assert now["statuses"][0]["description"] == "Không đúng thẩm quyền"
        assert [each["effect"] for each in now["statuses"]] == ["advanced", "closed"]
        [refusal] = [event for event in now["timeline"] if event.get("status_code") == "02"]
        assert (refusal["kind"], refusal["sender"], refusal["reason_given"]) == ("status", "H53", True)
    assert after.json["warnings"][0]["code"] == "status.out_of_order"
    assert (await progress(gateway, document))["closed"] is True


async def test_two_recipients_are_at_different_places(gateway: World) -> None:
    """Each recipient has a progress of its own."""
    document = await sent(gateway, recipients=BOTH)
    await say(gateway, document, "06", minute=1)
    await say(gateway, document, "02", minute=2, sender="H53.1")

    first, second = await progress(gateway, document), await progress(gateway, document, 1)

    assert (first["status_code"], first["closed"]) == ("06", False)
    assert (second["status_code"], second["closed"]) == ("02", True)


async def test_asking_back_and_answering(gateway: World) -> None:
    """13 is refused with 16, made again and agreed to with 15; the whole conversation stays in both systems' sight."""
    document = await sent(gateway)
    await say(gateway, document, "03", minute=0)
    expected = [("13", "requested"), ("16", "refused"), ("13", "requested"), ("15", "agreed")]
    for minute, (code, state) in enumerate(expected, 1):
        answer = await say(gateway, document, code, minute=minute, sender="H26" if code == "13" else "H53")
        assert (answer.status, answer.json["warnings"]) == (201, [])
        assert (await progress(gateway, document))["take_back"] == state

    now = await shown(gateway, document, token="tayninh")

    assert [each["status_code"] for each in now["statuses"]] == ["03", "13", "16", "13", "15"]
    assert {each["recipient"] for each in now["statuses"]} == {"H53"}
    assert [kind for kind in kinds(now) if kind.isdigit()] == ["03", "13", "16", "13", "15"]
    at = await progress(gateway, document)
    assert (at["status_code"], at["closed"]) == ("03", True)
    assert (at["asked_at"], at["answered_at"]) == ("2025-07-01T02:03:00.000Z", "2025-07-01T02:04:00.000Z")


@pytest.mark.parametrize("code", ["15", "16"])
async def test_an_answer_to_nothing_is_refused(gateway: World, code: str) -> None:
    """15 and 16 answer a request; without one they are refused, and nothing is kept of them but the refusal."""
    document = await sent(gateway)

    answer = await say(gateway, document, code, minute=1)

    assert (answer.status, answer.json["code"]) == (422, "status.nothing_to_answer")
    assert (await shown(gateway, document))["statuses"] == []


async def test_the_same_answer_again_is_history(gateway: World) -> None:
    """A second 15 repeats the first; a 16 after it contradicts it, and answers nothing any more."""
    document = await sent(gateway)
    await say(gateway, document, "13", minute=1, sender="H26")
    await say(gateway, document, "15", minute=2)

    again = await say(gateway, document, "15", minute=3)
    contrary = await say(gateway, document, "16", minute=4)

    assert (again.status, again.json["warnings"][0]["code"]) == (201, "status.out_of_order")
    assert (contrary.status, contrary.json["code"]) == (422, "status.nothing_to_answer")
    assert (await progress(gateway, document))["take_back"] == "agreed"


async def test_a_retry_of_an_answer_is_no_second_one(gateway: World) -> None:
    """The same bytes get the first answer again, although they would be refused by now."""
    document = await sent(gateway)
    await say(gateway, document, "13", minute=1, sender="H26")
    first = await say(gateway, document, "16", minute=2)
    await say(gateway, document, "13", minute=3, sender="H26")
    await say(gateway, document, "15", minute=4)

    retry = await say(gateway, document, "16", minute=2)

    assert (retry.status, retry.headers["Idempotency-Replayed"]) == (201, "true")
    assert retry.json == first.json
    assert (await progress(gateway, document))["take_back"] == "agreed"


@pytest.mark.parametrize(("code", "sender"), [("13", "H53"), ("03", "H26")])
async def test_each_status_has_its_side(gateway: World, code: str, sender: str) -> None:
    """Only the sender asks back, and only a recipient says how far it is."""
    document = await sent(gateway)

    answer = await say(gateway, document, code, minute=1, sender=sender)

    assert (answer.status, answer.json["code"]) == (422, "status.unknown_document")


async def test_a_status_is_matched_by_number_and_date(gateway: World) -> None:
    """A receiver that does not know the DocumentId names the document by number and date."""
    issued = date(2025, 6, 30)
    document = await sent(gateway, promulgation_date=issued, document_id=f"H26,{uuid4().hex}")
    named = ResponseFor(
        organ_id="H26", code=document["number"], promulgation_date=issued, document_id="không rõ"
    )

    answer = await say(gateway, document, "01", minute=1, response_for=named)

    assert answer.status == 201, answer.json
    found = await gateway.call("GET", f"/v1/documents/{answer.json['about']}")
    assert (found.json["number"], found.json["sender"]["code"]) == (document["number"], "H26")


async def test_words_are_for_the_two_sides(gateway: World) -> None:
    """An auditor sees which status was said and when, but neither its words nor the person."""
    document = await sent(gateway)
    staff = StaffInfo(staff="Lê Thị Cúc", email="cuc@tayninh.example")
    await say(gateway, document, "01", minute=1, staff=staff)

    [said] = (await shown(gateway, document))["statuses"]
    [audited] = (await shown(gateway, document, token="auditor"))["statuses"]

    assert said["description"] == "Lý do 01"
    assert said["staff"] == {"staff": "Lê Thị Cúc", "email": "cuc@tayninh.example"}
    assert (audited["status_code"], audited["description"], audited["staff"]) == ("01", None, None)


async def test_a_status_names_its_document_and_time(gateway: World) -> None:
    """Looking after a status message shows of what it speaks and the time that it claims."""
    document = await sent(gateway)
    status = (await say(gateway, document, "01", minute=7)).json

    seen = await shown(gateway, status, token="tayninh")

    assert seen["stated_at"] == "2025-07-01T02:07:00.000Z"
    assert [(each["relation"], each["id"]) for each in seen["references"]] == [("answers", document["id"])]


def recall_of(document: dict[str, Any], *, reason: str | None = "Sai thể thức", **changes: Any) -> bytes:
    """Return a recall of a document, named in ResponseFor as in the official sample."""
    facts = {
        "business_type": 1,
        "business": Business(reason=reason),
        "response_for": (about(document),),
        **changes,
    }
    return a_document(**facts)


def update_of(document_id: str, **changes: Any) -> bytes:
    """Return an update of the content of a document."""
    info = BusinessDocumentInfo(document_info=1)
    business = Business(document_id=document_id, document_info=info)
    return a_document(**{"business_type": 2, "business": business, **changes})


def replacement_of(*document_ids: str, **changes: Any) -> bytes:
    """Return a document that replaces others which went to H53."""
    replaced = tuple(ReplacementInfo(document_id=each, organ_ids=("H53",)) for each in document_ids)
    return a_document(**{"business_type": 3, "business": Business(replacements=replaced), **changes})


async def accepted(gateway: World, body: bytes, *, token: str = "hanoi") -> dict[str, Any]:  # noqa: S107 - a name
    """Send what must be accepted, and wait until it arrived."""
    answer = await gateway.send(body, token=token)
    assert answer.status == 201, answer.json
    await gateway.arrived(answer.json["id"], member="tayninh" if token == "hanoi" else "hanoi")
    found: dict[str, Any] = answer.json
    return found


async def refused(gateway: World, body: bytes) -> list[str]:
    """Send what must be refused, and return the codes of the findings."""
    answer = await gateway.send(body)
    assert answer.status == 422, answer.json
    codes = [each["code"] for each in answer.json["errors"] if each["level"] == "refuse"]
    assert answer.json["code"] == codes[0]
    return codes


async def waiting(gateway: World, document: dict[str, Any]) -> dict[str, Any]:
    """Return a document's item in Tây Ninh's inbox."""
    return await gateway.arrived(document["id"])


async def test_a_recall_from_beginning_to_end(gateway: World) -> None:
    """Sent, registered, recalled, given back: both sides see the whole of it, and what waits shows that it was recalled."""
    document = await sent(gateway)
    await say(gateway, document, "01", minute=-9)
    await say(gateway, document, "03", minute=-8)

    recall = await accepted(gateway, recall_of(document))

    item = await waiting(gateway, document)
    assert [(each["relation"], each["id"]) for each in item["referred_by"]] == [("recalls", recall["id"])]
    assert (item["progress"]["status_code"], item["progress"]["take_back"]) == ("03", "requested")
    assert (await waiting(gateway, recall))["document"]["business_type"] == 1
    await say(gateway, document, "15", minute=1, description="Đã hủy văn bản")
    for token in ("hanoi", "tayninh"):
        now = await shown(gateway, document, token=token)
        told = [kind for kind in kinds(now) if kind.isdigit() or kind == "recalls"]
        assert told == ["01", "03", "recalls", "15"]
        [entry] = [event for event in now["timeline"] if event["kind"] == "referred"]
        assert (entry["message"], entry["reason_given"]) == (recall["id"], True)
        assert now["statuses"][-1]["description"] == "Đã hủy văn bản"
        assert [(each["recipients"], each["reason"]) for each in now["referred_by"]] == [
            (["H53"], "Sai thể thức")
        ]
    audited = await shown(gateway, document, token="auditor")
    assert [each["reason"] for each in audited["referred_by"]] == [None]
    at = await progress(gateway, document)
    assert (at["status_code"], at["take_back"], at["closed"]) == ("03", "agreed", True)


async def test_a_recall_refused_and_asked_again(gateway: World) -> None:
    """A recall may be answered with 16 and its reason; a status 13 asks once more, and 15 agrees."""
    document = await sent(gateway)
    await accepted(gateway, recall_of(document, reason=None))
    await say(gateway, document, "16", minute=1, description="Đã giải quyết xong")
    assert (await progress(gateway, document))["take_back"] == "refused"
    await say(gateway, document, "13", minute=2, sender="H26")
    await say(gateway, document, "15", minute=3)

    now = await shown(gateway, document)

    told = [kind for kind in kinds(now) if kind.isdigit() or kind == "recalls"]
    assert told == ["recalls", "16", "13", "15"]
    [entry] = [event for event in now["timeline"] if event["kind"] == "referred"]
    assert entry["reason_given"] is False
    assert now["statuses"][0]["description"] == "Đã giải quyết xong"


async def test_a_recall_from_one_of_two(gateway: World) -> None:
    """A document may be recalled from some of its recipients; the others go on."""
    document = await sent(gateway, recipients=BOTH)
    await accepted(gateway, recall_of(document, recipients=BOTH[:1]))
    await say(gateway, document, "03", minute=1, sender="H53.1")

    answer = await say(gateway, document, "15", minute=2, sender="H53.1")

    assert (answer.status, answer.json["code"]) == (422, "status.nothing_to_answer")
    assert (await progress(gateway, document))["take_back"] == "requested"
    assert (await progress(gateway, document, 1))["take_back"] == "none"


async def test_a_recall_names_its_document_in_business(gateway: World) -> None:
    """Bussiness/DocumentId is enough."""
    document = await sent(gateway)
    business = Business(document_id=document["document_id"])

    recall = await accepted(gateway, recall_of(document, business=business, response_for=()))

    [said] = (await shown(gateway, recall))["references"]
    assert (said["relation"], said["id"], said["number"]) == ("recalls", document["id"], document["number"])


async def test_a_recall_by_number_and_date(gateway: World) -> None:
    """Where the DocumentId is not known, OrganId, Code and PromulgationDate find the document."""
    code = Code(number=str(uuid4().int)[:8], notation="VPCP-TTĐT")
    document = await sent(gateway, code=code)
    named = replace(about(document), document_id="không rõ")

    recall = await accepted(gateway, recall_of(document, response_for=(named,)))

    assert [each["id"] for each in (await shown(gateway, recall))["references"]] == [document["id"]]


async def test_what_was_never_sent_cannot_be_recalled(gateway: World) -> None:
    """Recall, update and replacement speak of documents of the same agency, or are refused; the refusal is in the log."""
    nothing = {"number": "0/KHÔNG", "document_id": f"H26,{uuid4().hex}"}

    assert await refused(gateway, recall_of(nothing)) == ["correspondence.unknown_document"]
    assert await refused(gateway, update_of(nothing["document_id"])) == ["correspondence.unknown_document"]
    several = replacement_of(nothing["document_id"], f"H26,{uuid4().hex}")
    assert await refused(gateway, several) == ["correspondence.unknown_document"] * 2
    assert len(await gateway.refusals("correspondence.unknown_document")) == 3


async def test_another_agency_s_document(gateway: World) -> None:
    """Nobody recalls what another agency issued, by whatever way it is named."""
    sender = Organization(organ_id="H26.1")
    document = await sent(gateway, sender=sender, by=identity("H26.1"))

    named = recall_of(document, response_for=(about(document, "H26.1"),))
    hidden = recall_of(document, business=Business(document_id=document["document_id"]), response_for=())

    assert await refused(gateway, named) == ["correspondence.not_its_sender"]
    assert await refused(gateway, hidden) == ["correspondence.unknown_document"]


async def test_a_recall_goes_to_those_who_got_it(gateway: World) -> None:
    """An agency that never got the document cannot be asked to give it back; updates and replacements may go to it."""
    document = await sent(gateway)

    assert await refused(gateway, recall_of(document, recipients=BOTH)) == ["correspondence.never_sent_to"]
    await accepted(gateway, update_of(document["document_id"], recipients=BOTH))
    await accepted(gateway, replacement_of(document["document_id"], recipients=BOTH))


async def test_a_recall_cannot_be_recalled(gateway: World) -> None:
    """What was recalled is sent anew."""
    recall = await accepted(gateway, recall_of(await sent(gateway)))

    assert await refused(gateway, recall_of(recall)) == ["correspondence.recall_of_recall"]


async def test_an_update_asks_its_recipients(gateway: World) -> None:
    """15 and 16 answer an update, too."""
    document = await sent(gateway)
    update = await accepted(gateway, update_of(document["document_id"]))

    answer = await say(gateway, document, "16", minute=1)

    assert answer.status == 201
    now = await shown(gateway, document)
    assert [(each["relation"], each["id"]) for each in now["referred_by"]] == [("updates", update["id"])]
    assert now["deliveries"][0]["progress"]["take_back"] == "refused"


async def test_a_replacement_of_several(gateway: World) -> None:
    """Each replaced document shows what replaces it, and stays with its statuses and its history."""
    documents = [await sent(gateway), await sent(gateway)]
    await say(gateway, documents[0], "03", minute=1)

    new = await accepted(gateway, replacement_of(*(each["document_id"] for each in documents)))

    for document in documents:
        [by] = (await waiting(gateway, document))["referred_by"]
        assert (by["relation"], by["id"]) == ("replaces", new["id"])
    assert (await progress(gateway, documents[0]))["status_code"] == "03"
    assert {each["id"] for each in (await shown(gateway, new))["references"]} == {d["id"] for d in documents}


async def test_an_answer_is_linked_if_it_can_be(gateway: World) -> None:
    """A new document that answers one is linked to it; one that answers something unknown is taken all the same."""
    document = await sent(gateway)
    facts: dict[str, Any] = {
        "sender": Organization(organ_id="H53"),
        "recipients": (Organization(organ_id="H26"),),
        "by": identity("H53"),
    }
    unknown = replace(
        about(document), document_id="không rõ", code="1/KR", promulgation_date=date(2024, 1, 1)
    )

    answer = await accepted(
        gateway, a_document(**facts, response_for=(about(document), unknown)), token="tayninh"
    )

    now = await shown(gateway, document)
    assert [(each["relation"], each["sender"]) for each in now["referred_by"]] == [("answers", "H53")]
    said = [(each["id"], each["document_id"]) for each in (await shown(gateway, answer))["references"]]
    assert said == [(document["id"], document["document_id"]), (None, "không rõ")]
    assert now["deliveries"][0]["progress"]["take_back"] == "none"


async def test_strangers_attach_nothing(gateway: World) -> None:
    """An agency that had no part in a correspondence is not linked to it by naming it."""
    document = await sent(gateway)
    facts: dict[str, Any] = {
        "sender": Organization(organ_id="H53.1"),
        "recipients": (Organization(organ_id="H26"),),
        "by": identity("H53.1"),
    }

    answer = await accepted(gateway, a_document(**facts, response_for=(about(document),)), token="tayninh")

    assert [each["id"] for each in (await shown(gateway, answer))["references"]] == [None]
    assert (await shown(gateway, document))["referred_by"] == []
