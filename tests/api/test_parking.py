"""What cannot be decided is kept, told to its sender, and decided by itself: accepted, refused, withdrawn or out of time."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from certs.revocation import Revocation
from routing.log import Kind
from schemas.document import Organization
from tests.api.test_revocation import in_force, put
from tests.api.world import (
    HANOI,
    NOW,
    World,
    a_big_document,
    a_document,
    identity,
    root,
    unsigned_document,
    world,
)
from tests.support.crl import crl, revoked

pytestmark = pytest.mark.asyncio(loop_scope="session")

WEEK = 7 * 86_400


@pytest_asyncio.fixture(loop_scope="session")
async def gateway(tmp_path: Path) -> AsyncIterator[World]:
    """Run a gateway that must know of every certificate that it is not revoked, and has no list."""
    async with world(tmp_path, revocation=Revocation.REQUIRE) as running:
        yield running


async def bring_list(gateway: World, *entries: Any) -> None:
    """Drop the missing list into the trust folder."""
    await asyncio.to_thread(put, gateway.context.settings.trust_folder, *entries)
    await in_force(gateway)


async def becomes(gateway: World, document_id: str, outcome: str) -> dict[str, Any]:
    """Wait until a document has an outcome, and return it."""
    async with asyncio.timeout(20):
        while True:
            shown = (await gateway.call("GET", f"/v1/documents/{document_id}")).json
            if shown["outcome"] == outcome:
                found: dict[str, Any] = shown
                return found
            await asyncio.sleep(0.02)


async def listed(gateway: World, state: str, *, token: str = "hanoi") -> list[str]:  # noqa: S107 - the name of a holder
    """Return the ids of what is listed in a state."""
    page = await gateway.call("GET", f"/v1/documents?state={state}", token=token)
    return [item["id"] for item in page.json["items"]]


def kinds(shown: dict[str, Any]) -> list[str]:
    """Return the kinds of a timeline."""
    return [event["kind"] for event in shown["timeline"]]


async def leftovers(gateway: World) -> list[str]:
    """Return what is set aside on disk."""
    folder = gateway.context.settings.payload_folder / "aside"
    return await asyncio.to_thread(lambda: [path.name for path in folder.glob("*/*")])


@pytest.mark.parametrize("size", [0, 60_000, 600_000], ids=["in a row", "from memory", "from a file"])
async def test_kept_and_accepted_when_the_list_comes(gateway: World, size: int) -> None:
    """The sender hears 202, why and until when; the list comes, and the document is delivered byte for byte, with its history."""
    body = a_big_document(size) if size else a_document()
    parked = await gateway.send(body)
    message_id = parked.json["id"]

    assert parked.status == 202
    assert parked.headers["Location"] == f"/v1/documents/{message_id}"
    assert parked.json["reason"]["code"] == "certs.revocation_unknown"
    assert parked.json["reason"]["vi"] != parked.json["reason"]["en"]
    assert parked.json["received_at"] == "2025-07-01T02:00:00.000Z"
    assert parked.json["keep_until"] == "2025-07-08T02:00:00.000Z"
    assert await listed(gateway, "parked") == [message_id]
    assert kinds(await becomes(gateway, message_id, "parked")) == ["parked"]

    await bring_list(gateway)
    item = await gateway.arrived(message_id)
    content = await gateway.call("GET", f"/v1/inbox/{item['id']}/content", token="tayninh")
    shown = await becomes(gateway, message_id, "accepted")

    assert content.body == body
    assert kinds(shown)[:2] == ["parked", "accepted"]
    assert shown["verdict"]["indication"] == "TOTAL_PASSED"
    assert await listed(gateway, "parked") == []
    assert await listed(gateway, "accepted") == [message_id]
    assert await leftovers(gateway) == []


async def test_a_retry_hears_what_became_of_it(gateway: World) -> None:
    """The same body, with and without a key, is the same parked document; once accepted, it gets the receipt of that."""
    body = a_document()
    headers = {"Idempotency-Key": "k-1"}
    first = await gateway.send(body, headers=headers)
    again = await gateway.send(body)
    with_key = await gateway.send(body, headers=headers)

    assert [each.status for each in (first, again, with_key)] == [202, 202, 202]
    assert first.json["id"] == again.json["id"] == with_key.json["id"]
    other = await gateway.send(a_document(), headers=headers)
    assert (other.status, other.json["code"]) == (409, "intake.key_reused")

    await bring_list(gateway)
    await gateway.arrived(first.json["id"])
    accepted = await gateway.send(body, headers=headers)

    assert (accepted.status, accepted.json["id"]) == (201, first.json["id"])
    assert accepted.headers["Idempotency-Replayed"] == "true"
    assert len([entry for entry in await gateway.log() if entry.kind is Kind.ACCEPTED]) == 1


async def test_sent_many_times_at_once(gateway: World) -> None:
    """The same body on several connections at once is one parked document for all of them."""
    body = a_document()
    answers = await asyncio.gather(*(gateway.send(body) for _ in range(6)))

    assert {(answer.status, answer.json["id"]) for answer in answers} == {(202, answers[0].json["id"])}
    assert await listed(gateway, "parked") == [answers[0].json["id"]]


async def test_refused_when_the_list_names_its_signer(gateway: World) -> None:
    """The sender finds it among the refused, with the reason; nobody got it, and its names are free again."""
    body = a_big_document(600_000)
    message_id = (await gateway.send(body)).json["id"]

    await bring_list(gateway, revoked(identity("H26")[0], since=NOW - timedelta(hours=2)))
    shown = await becomes(gateway, message_id, "refused")

    assert shown["reason"]["code"] == "certs.certificate_revoked"
    assert shown["decided_at"] == "2025-07-01T02:00:00.000Z"
    assert shown["next_at"] is None
    assert kinds(shown) == ["parked", "rejected"]
    assert await listed(gateway, "refused") == [message_id]
    assert await listed(gateway, "parked") == []
    assert await leftovers(gateway) == []
    inbox = await gateway.call("GET", "/v1/inbox", token="tayninh")
    assert inbox.json["items"] == []
    again = await gateway.send(body)
    assert (again.status, again.json["code"]) == (422, "certs.certificate_revoked")


async def bring_later_list(gateway: World, *, revoked_at: datetime) -> None:
    """Drop a list into the trust folder that was issued after the documents came."""
    folder = gateway.context.settings.trust_folder
    data = crl(
        root(),
        revoked(identity("H26")[0], since=revoked_at),
        this_update=NOW + timedelta(minutes=90),
        next_update=NOW + timedelta(days=1),
    )
    await asyncio.to_thread((folder / "root.crl").write_bytes, data)
    await in_force(gateway)


async def test_the_first_receipt_proves_that_it_existed(gateway: World) -> None:
    """A signer revoked after the document had come signed in time: it is accepted; what comes for the first time is not."""
    body = a_document()
    message_id = (await gateway.send(body)).json["id"]

    gateway.clock.turn(hours=2)
    await bring_later_list(gateway, revoked_at=NOW + timedelta(hours=1))

    await gateway.arrived(message_id)
    late = await gateway.send(a_document())
    assert (late.status, late.json["code"]) == (422, "certs.certificate_revoked")


async def test_a_first_receipt_counts_after_a_refusal_too(gateway: World) -> None:
    """The bytes that came before the revocation are known even if something else was wrong then; their copy is not."""
    body = a_document(recipients=(Organization(organ_id="G22"),))
    refused = await gateway.send(body)
    assert (refused.status, refused.json["outcome"]) == (422, "refused")

    gateway.clock.turn(hours=2)
    await bring_later_list(gateway, revoked_at=NOW + timedelta(hours=1))
    registry = gateway.store.registry
    await registry.put_member(replace(HANOI, id="vpcp", prefixes=("G22",), queue="member.vpcp"), actor="test")

    accepted = await gateway.send(body)
    other = await gateway.send(a_document(recipients=(Organization(organ_id="G22"),)))
    assert (accepted.status, other.status) == (201, 422)
    assert other.json["code"] == "certs.certificate_revoked"


async def test_out_of_time(gateway: World) -> None:
    """What is still undecided after the time for which it is kept is refused, and the sender is told why."""
    message_id = (await gateway.send(a_document())).json["id"]

    gateway.clock.turn(seconds=WEEK - 60)
    async with asyncio.timeout(20):
        while (await becomes(gateway, message_id, "parked"))["attempts"] < 1:
            await asyncio.sleep(0.02)
    async with asyncio.timeout(20):
        while (shown := (await gateway.call("GET", f"/v1/documents/{message_id}")).json)[
            "outcome"
        ] == "parked":
            # The try before may end only now, and then counts its pause from now on.
            gateway.clock.turn(hours=1)
            await asyncio.sleep(0.1)

    assert shown["reason"]["code"] == "intake.undecided_too_long"
    assert "certs.revocation_unknown" in shown["reason"]["vi"]
    assert kinds(shown) == ["parked", "rejected"]


async def test_withdrawn(gateway: World) -> None:
    """Its sender takes it back: it is not delivered when the list comes, and its DocumentId may be used again."""
    facts: dict[str, Any] = {"document_id": "H26,2025/07/01,withdrawn"}
    message_id = (await gateway.send(a_document(**facts))).json["id"]
    conflict = await gateway.send(a_document(**facts, subject="Trích yếu khác"))
    assert (conflict.status, conflict.json["code"]) == (409, "intake.document_id_reused")

    path = f"/v1/documents/{message_id}/withdraw"
    assert (await gateway.call("POST", path, token="tayninh")).status == 404
    withdrawn = await gateway.call("POST", path)
    again = await gateway.call("POST", path)

    assert (withdrawn.status, withdrawn.json["outcome"]) == (200, "withdrawn")
    assert again.json == withdrawn.json
    corrected = await gateway.send(a_document(**facts, subject="Trích yếu khác"))
    assert corrected.status == 202
    await bring_list(gateway)
    await gateway.arrived(corrected.json["id"])
    shown = (await gateway.call("GET", f"/v1/documents/{message_id}")).json
    assert kinds(shown) == ["parked", "withdrawn"]
    late = await gateway.call("POST", f"/v1/documents/{corrected.json['id']}/withdraw")
    assert (late.status, late.json["code"]) == (409, "intake.not_parked")


async def test_only_its_sender_and_auditors_see_it(gateway: World) -> None:
    """For everyone else a parked document does not exist."""
    message_id = (await gateway.send(a_document())).json["id"]

    path = f"/v1/documents/{message_id}"
    assert (await gateway.call("GET", path, token="tayninh")).status == 404
    seen = await gateway.call("GET", path, token="auditor")
    assert (seen.status, seen.json["outcome"]) == (200, "parked")
    assert "credential" in seen.json["timeline"][0]
    assert "credential" not in (await gateway.call("GET", path)).json["timeline"][0]
    assert await listed(gateway, "parked", token="tayninh") == []
    wrong = await gateway.call("GET", "/v1/documents?state=lost")
    assert (wrong.status, wrong.json["code"]) == (400, "request.bad_parameter")


async def test_pages(gateway: World) -> None:
    """The list goes on after an id."""
    ids = [(await gateway.send(a_document())).json["id"] for _ in range(3)]

    first = (await gateway.call("GET", "/v1/documents?limit=2")).json
    rest = (await gateway.call("GET", f"/v1/documents?limit=2&after={first['next']}")).json

    assert [item["id"] for item in (*first["items"], *rest["items"])] == ids
    assert rest["next"] is None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (a_document(by=identity("H26", trusted=False)), 422),
        (a_document(by=identity("H53")), 422),
        (unsigned_document(), 422),
        (a_document().replace(b"<edXML:Subject>V", b"<edXML:Subject>X"), 422),
    ],
    ids=["untrusted", "another agency's signer", "unsigned", "changed"],
)
async def test_what_is_wrong_is_refused_at_once(gateway: World, body: bytes, status: int) -> None:
    """Only missing data lets a document wait; whatever else is wrong with it is said at once."""
    answer = await gateway.send(body)

    assert (answer.status, answer.json["outcome"]) in {(status, "refused"), (403, "refused")}
    assert await listed(gateway, "parked") == []


async def test_another_agencys_signer_is_refused_when_the_list_comes(gateway: World) -> None:
    """Being parked is no way round the binding: it is examined in full again."""
    gateway_registry = gateway.store.registry
    message_id = (await gateway.send(a_document())).json["id"]
    member = next(each for each in (await gateway_registry.directory()).members if each.id == "hanoi")

    await gateway_registry.put_member(
        type(member)(id="hanoi", name="x", prefixes=("H27",), queue=member.queue, gateway=member.gateway),
        actor="test",
    )
    await bring_list(gateway)

    shown = await becomes(gateway, message_id, "refused")
    assert shown["reason"]["code"] == "access.sender_not_bound"


async def test_no_more_than_there_is_room_for(tmp_path: Path) -> None:
    """Beyond its share a system hears 503 as before, nothing is stored, and others and what is decidable are not affected."""
    async with world(
        tmp_path, revocation=Revocation.REQUIRE, parked_documents=2, parked_bytes=500_000
    ) as gateway:
        too_big = await gateway.send(a_big_document(600_000))
        kept = [await gateway.send(a_document()) for _ in range(2)]
        full = await gateway.send(a_document())

        assert [each.status for each in kept] == [202, 202]
        for answer in (full, too_big):
            assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
            assert [error["code"] for error in answer.json["errors"]][-2:] == [
                "certs.revocation_unknown",
                "intake.no_room_to_park",
            ]
        assert await leftovers(gateway) == []
        assert len([each for each in await gateway.log() if each.kind is Kind.UNDECIDED]) == 2

        await gateway.call("POST", f"/v1/documents/{kept[0].json['id']}/withdraw")
        assert (await gateway.send(a_document())).status == 202


async def test_it_is_seen_that_documents_wait(gateway: World) -> None:
    """Metrics and readiness tell how many wait and since when; a gateway with parked documents is ready."""
    await gateway.send(a_document())
    gateway.clock.turn(seconds=30)

    text = (await gateway.call("GET", "/metrics", token=None)).body.decode()
    ready = await gateway.call("GET", "/readyz", token=None)

    assert 'vanthu_parked{road="intake"} 1.0' in text
    assert 'vanthu_parked_oldest_seconds{road="intake"} 30.0' in text
    assert 'vanthu_parked{road="arrival"} 0.0' in text
    assert ready.status == 200
    assert (ready.json["checks"]["parked"]["documents"], ready.json["checks"]["parked"]["oldest_s"]) == (
        1,
        30,
    )


async def test_parked_documents_outlive_the_process(tmp_path: Path) -> None:
    """A gateway that was stopped decides what it had parked when it starts again, and a claimed one is not lost."""
    async with world(tmp_path, revocation=Revocation.REQUIRE) as gateway:
        body = a_big_document(600_000)
        message_id = (await gateway.send(body)).json["id"]
    await asyncio.to_thread(put, tmp_path / "trust")

    async with world(tmp_path, revocation=Revocation.REQUIRE) as gateway:
        item = await gateway.arrived(message_id)
        content = await gateway.call("GET", f"/v1/inbox/{item['id']}/content", token="tayninh")

        assert content.body == body


async def test_litter_of_a_crash_is_swept_up(tmp_path: Path) -> None:
    """A body that was set aside for a commit that never came, or was decided since, goes; that of a waiting one stays."""
    async with world(tmp_path, revocation=Revocation.REQUIRE) as gateway:
        waiting = (await gateway.send(a_big_document(600_000))).json["id"]
        litter = "0197c1f2-5b7e-7c3a-9d51-0f4a3c2b1d10"
        await gateway.context.payloads.set_aside(b"x", litter)
        assert set(await leftovers(gateway)) == {waiting, litter}
        await asyncio.to_thread(_age, gateway.context.settings.payload_folder)

        gateway.clock.turn(hours=2)
        async with asyncio.timeout(20):
            while litter in await leftovers(gateway):
                await asyncio.sleep(0.05)

        assert await leftovers(gateway) == [waiting]


def _age(payloads: Path) -> None:
    """Make what is set aside two days old."""
    old = (NOW - timedelta(days=2)).timestamp()
    for path in (payloads / "aside").glob("*/*"):
        os.utime(path, (old, old))
