"""Receipts over HTTP: what the gateway signs about a document, for whom, under which keys, and what happens when it cannot."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.app import running
from gateway.flow.receipts import Receipts
from gateway.keys import SigningKey
from gateway.keys.errors import CannotSignError, TokenUnavailableError
from gateway.keys.files import make_key
from gateway.ports.receipt_keys import OVERLAP
from gateway.settings import Settings
from routing.delivery import DeliveryState
from routing.errors_log import LogError
from routing.note import parse_verifier_key
from routing.receipt import AnyReceipt, DeliveryReceipt, Receipt, RefusalReceipt, open_receipt
from routing.receipt_entry import match_receipt
from schemas.document import Organization
from tests.api.world import NOW, World, a_document, a_status, identity, signed, unsigned_document, world
from tests.support.softhsm import SoftToken

pytestmark = pytest.mark.asyncio(loop_scope="session")

NEVER = "0197c1f2-5b7e-7c3a-9d51-0f4a3c2b1d10"


async def keys_of(gateway: World) -> list[dict[str, Any]]:
    """Read the published keys, as anybody can."""
    found: list[dict[str, Any]] = (await gateway.call("GET", "/v1/keys", token=None)).json["keys"]
    return found


async def opened(gateway: World, receipt: Any) -> AnyReceipt:
    """Open a receipt under the published keys."""
    verifiers = [parse_verifier_key(each["verifier_key"]) for each in await keys_of(gateway)]
    return open_receipt(receipt, verifiers)


async def delivered(gateway: World, *, until: str = "acknowledged") -> str:
    """Send a document that is taken over by its addressee; return its id."""
    sent = (await gateway.send(a_document())).json
    item = await gateway.arrived(sent["id"])
    if until == "acknowledged":
        await gateway.call("POST", f"/v1/inbox/{item['id']}/ack", token="tayninh")
    await gateway.state(sent["id"], until)
    return str(sent["id"])


async def test_the_receipt_can_be_had_again(gateway: World) -> None:
    """GET gives the very receipt that came with 201: verdict, registry and trust are in it."""
    sent = (await gateway.send(a_document())).json

    again = await gateway.call("GET", f"/v1/documents/{sent['id']}/receipt")

    assert again.json == sent["receipt"]
    receipt = await opened(gateway, again.json)
    assert isinstance(receipt, Receipt)
    assert (receipt.accepted_at, receipt.indication) == (NOW, "TOTAL_PASSED")
    assert receipt.signer_certificate_sha256 == sent["verdict"]["signer_certificate_sha256"]
    shown = (await gateway.call("GET", f"/v1/documents/{sent['id']}")).json
    assert receipt.registry_version == shown["registry_version"]
    assert receipt.trust_version == shown["timeline"][0]["trust_version"]


async def test_every_step_has_a_receipt(gateway: World) -> None:
    """Acceptance, arrival and acknowledgement are signed, from both sides of one gateway, and each matches its entry."""
    document_id = await delivered(gateway)

    answer = (await gateway.call("GET", f"/v1/documents/{document_id}/receipts")).json
    receipts = [await opened(gateway, each) for each in answer["receipts"]]
    rows = {row.leaf_sha256: row.leaf for row in await gateway.store.log.timeline(document_id)}

    assert answer["document_id"] == document_id
    for receipt in receipts:
        assert match_receipt(receipt, rows[receipt.entry_sha256]).document_id == document_id
    assert len({receipt.payload_sha256 for receipt in receipts}) == 1
    assert isinstance(receipts[0], Receipt)
    deliveries = [receipt for receipt in receipts[1:] if isinstance(receipt, DeliveryReceipt)]
    assert {(each.stage, each.peer) for each in deliveries} == {
        (stage, peer)
        for stage in (DeliveryState.RECEIVED, DeliveryState.ACKNOWLEDGED)
        for peer in (None, "gw.test")
    }
    assert {each.recipient for each in deliveries} == {"H53"}
    again = (await gateway.call("GET", f"/v1/documents/{document_id}/receipts")).json
    assert again == answer


async def test_who_sees_the_document_sees_its_receipts(gateway: World) -> None:
    """Sender, addressee and auditor do; for everyone else there is no document."""
    document_id = await delivered(gateway, until="received")
    sent = (await gateway.send(a_document(recipients=(Organization(organ_id="H26.1"),)))).json

    for token in ("hanoi", "tayninh", "auditor"):
        for path in ("receipt", "receipts"):
            answer = await gateway.call("GET", f"/v1/documents/{document_id}/{path}", token=token)
            assert answer.status == 200
    for path in ("receipt", "receipts"):
        for token, wanted in (("tayninh", sent["id"]), ("nobody", document_id), ("hanoi", NEVER)):
            answer = await gateway.call("GET", f"/v1/documents/{wanted}/{path}", token=token)
            assert (answer.status, answer.json["code"]) == (404, "request.not_found")
        answer = await gateway.call("GET", f"/v1/documents/{document_id}/{path}", token=None)
        assert answer.status == 401


async def test_a_status_message_has_one_too(gateway: World) -> None:
    """A status is accepted like a document; it has no signature to tell of."""
    document_id = await delivered(gateway, until="received")
    shown = (await gateway.call("GET", f"/v1/documents/{document_id}")).json
    answer = await gateway.send(a_status(shown["document_id"]), path="/v1/statuses", token="tayninh")

    receipt = await opened(gateway, answer.json["receipt"])

    assert isinstance(receipt, Receipt)
    assert receipt.indication is None


async def test_a_refusal_is_signed(gateway: World) -> None:
    """Who is refused gets the reason under the gateway's signature, with the hash of what was refused."""
    body = signed(unsigned_document(), by=identity("H26")).replace(b"7816", b"7817")

    answer = await gateway.send(body)

    receipt = await opened(gateway, answer.json["receipt"])
    assert isinstance(receipt, RefusalReceipt)
    assert (answer.status, receipt.reason) == (422, answer.json["code"])
    assert (receipt.payload_sha256, receipt.payload_size) == (hashlib.sha256(body).hexdigest(), len(body))
    assert (receipt.indication, receipt.sub_indication) == ("TOTAL_FAILED", "HASH_FAILURE")
    [row] = await gateway.store.log.timeline(receipt.document_id)
    assert match_receipt(receipt, row.leaf).fields["reason"] == receipt.reason
    assert (await gateway.call("GET", f"/v1/documents/{receipt.document_id}/receipts")).status == 404


async def test_what_was_not_decided_is_not_signed(tmp_path: Path) -> None:
    """Without trust anchors nothing is decided, so there is nothing to vouch for; nor for what was not examined."""
    async with world(tmp_path, trusted=False) as gateway:
        undecided = await gateway.send(a_document())
        unread = await gateway.send(a_document(), headers={"Content-Type": "image/png"})

    assert (undecided.status, "receipt" in undecided.json) == (202, False)
    assert (unread.status, "receipt" in unread.json) == (415, False)


async def test_keys_are_for_everyone(gateway: World) -> None:
    """Four keys, one for each purpose, with the time since when receipts are signed with theirs."""
    keys = await keys_of(gateway)

    assert [each["purpose"] for each in keys] == ["receipt", "log", "axis", "registry"]
    assert [each["verifier_key"] for each in keys] == [
        gateway.context.keys.receipt.verifier,
        gateway.context.keys.log.verifier,
        gateway.context.keys.axis.verifier,
        gateway.context.keys.registry.verifier,
    ]
    assert (keys[0]["valid_from"], keys[0]["valid_until"]) == ("2025-07-01T02:00:00.000Z", None)


async def test_no_other_statement_is_a_receipt(gateway: World) -> None:
    """What the gateway signs for the axis, and its checkpoints, are no receipts under any of its keys."""
    document_id = await delivered(gateway)
    verifiers = [parse_verifier_key(each["verifier_key"]) for each in await keys_of(gateway)]
    sealed = await asyncio.to_thread(_sealed_receipts, gateway.context.settings.data, document_id)
    assert len(sealed) == 2

    for envelope in sealed:
        statement = json.loads(envelope.partition(b"\n")[0])
        for name in ("axis", "receipt", "delivery_receipt", "refusal_receipt"):
            offered = {name: statement["axis"], "key": statement["key"], "signature": statement["signature"]}
            with pytest.raises(LogError):
                open_receipt(offered, verifiers)


def _sealed_receipts(data: Path, document_id: str) -> list[bytes]:
    import sqlite3  # noqa: PLC0415 - the database's own eyes

    with sqlite3.connect(data / "vanthu.db") as database:
        rows = database.execute(
            "SELECT receipt, acknowledgement FROM arrival WHERE message_id = ?", (document_id,)
        )
        found = [bytes(each) for row in rows for each in row]
    database.close()
    return found


async def test_a_new_key_takes_over(tmp_path: Path) -> None:
    """After a change of keys old receipts stay good, new ones name the new key, and both keys are in the list."""
    await asyncio.to_thread(make_key, tmp_path / "second.key")
    async with world(tmp_path / "data") as gateway:
        old = (await gateway.send(a_document())).json
    async with world(tmp_path / "data", receipt_key=str(tmp_path / "second.key")) as gateway:
        new = (await gateway.call("GET", f"/v1/documents/{old['id']}/receipt")).json
        first, second = (each for each in await keys_of(gateway) if each["purpose"] == "receipt")
        receipts = [await opened(gateway, each) for each in (old["receipt"], new)]
        rotated = [entry for entry in await gateway.log() if entry.fields.get("purpose") == "receipt"]

    assert receipts[0] == receipts[1]
    assert old["receipt"]["key"] != new["key"]
    assert [entry.fields["verifier_key"] for entry in rotated] == [
        each["verifier_key"] for each in (first, second)
    ]
    assert first["valid_until"] == (NOW + OVERLAP).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert second["valid_until"] is None


async def test_a_token_signs_for_the_gateway(token: SoftToken, tmp_path: Path) -> None:
    """Receipts come from the token; while it is away they are 503, the document goes its way, and a retry gets its answer."""
    async with world(tmp_path, receipt_key=token.address) as gateway:
        sent = await gateway.send(a_document())
        assert isinstance(await opened(gateway, sent.json["receipt"]), Receipt)
        body = a_document()
        with token.unplugged():
            _forget_session(gateway)
            ready = await gateway.call("GET", "/readyz", token=None)
            failed = await gateway.send(body)
            asked = await gateway.call("GET", f"/v1/documents/{sent.json['id']}/receipts")
            refused = await gateway.send(body.replace(b"7816", b"7817"))
        again = await gateway.send(body)

    assert (failed.status, failed.json["code"]) == (503, "receipt.cannot_sign")
    assert (failed.json["outcome"], failed.headers["Retry-After"]) == ("undecided", "5")
    assert (ready.status, ready.json["checks"]["receipts"]["ok"]) == (503, False)
    assert (asked.status, asked.json["code"]) == (503, "receipt.cannot_sign")
    # A refusal is said whether it can be signed or not.
    assert (refused.status, "receipt" in refused.json) == (422, False)
    assert (again.status, again.headers["Idempotency-Replayed"]) == (201, "true")


def _forget_session(gateway: World) -> None:
    """End the session, as a device does that is taken away."""
    gateway.context.keys.receipt.private.close()  # type: ignore[attr-defined]  # a key on a token


async def test_a_token_that_is_away_stops_the_start(token: SoftToken, tmp_path: Path) -> None:
    """A gateway that could not sign receipts does not begin to accept documents."""
    settings = Settings(data=tmp_path, port=0, receipt_key=token.address.replace("vanthu", "nowhere"))

    with pytest.raises(TokenUnavailableError, match="nowhere"):
        async with running(settings):
            pass


class _Broken:
    """A key whose signatures are spoilt on their way, as a failing device's are."""

    def __init__(self, good: SigningKey, spoil: Callable[[bytes], bytes]) -> None:
        self._good = good.private
        self._spoil = spoil

    def sign(self, data: bytes, /) -> bytes:
        """Return what is no signature."""
        return self._spoil(self._good.sign(data))

    def public_key(self) -> Any:
        """Return the right public half."""
        return self._good.public_key()


@pytest.mark.parametrize(
    "spoil",
    [lambda raw: raw[::-1], lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]), lambda raw: raw[:-1]],
    ids=["reversed", "one bit", "cut"],
)
async def test_what_does_not_verify_is_not_released(gateway: World, spoil: Callable[[bytes], bytes]) -> None:
    """A signature is checked with the published half before it goes out."""
    sent = (await gateway.send(a_document())).json
    keys = gateway.context.keys
    broken = SigningKey(name=keys.receipt.name, private=_Broken(keys.receipt, spoil))
    receipts = Receipts(gateway="gw.test", origin=keys.log.name, key=broken)
    rows = await gateway.store.log.timeline(sent["id"])

    with pytest.raises(CannotSignError):
        await receipts.of_history(rows)
    receipts.close()
