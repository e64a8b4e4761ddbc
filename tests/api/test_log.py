"""The routing log over HTTP: what an auditor takes home proves itself without the gateway."""

from __future__ import annotations

import base64
from pathlib import Path

import msgspec
import pytest

from routing.checkpoint import open_checkpoint
from routing.log import Kind, read_leaf
from routing.merkle import leaf_hash, verify_inclusion
from routing.note import parse_verifier_key
from tests.api.world import World, a_document, world

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_every_entry_can_be_proven(tmp_path: Path) -> None:
    """Each entry's bytes hash to its leaf, and its proof leads to the root of the signed checkpoint."""
    async with world(tmp_path) as gateway:
        sent = (await gateway.send(a_document())).json
        await gateway.state(sent["id"], "received")
        count = len(await gateway.log())
        key = gateway.context.keys.log
        page = (await gateway.call("GET", "/v1/log/entries?limit=1000", token="auditor")).json

        assert page["next"] is None
        for entry in page["entries"][:count]:
            raw = base64.b64decode(entry["leaf_base64"])
            assert msgspec.json.decode(raw) == entry["leaf"]
            assert leaf_hash(raw).hex() == entry["leaf_sha256"]
            proof = (
                await gateway.call("GET", f"/v1/log/entries/{entry['index']}/proof", token="auditor")
            ).json
            checkpoint = open_checkpoint(
                proof["checkpoint"], origin=key.name, verifiers=[parse_verifier_key(key.verifier)]
            )
            assert (checkpoint.size, checkpoint.root.hex()) == (proof["size"], proof["root"])
            verify_inclusion(
                leaf_hash(raw),
                index=entry["index"],
                size=proof["size"],
                proof=[bytes.fromhex(node) for node in proof["proof"]],
                root=bytes.fromhex(proof["root"]),
            )


async def test_paging(gateway: World) -> None:
    """Entries come in their order, and `next` goes on where the page ended."""
    await gateway.log()

    first = (await gateway.call("GET", "/v1/log/entries?limit=2", token="auditor")).json
    second = (
        await gateway.call("GET", f"/v1/log/entries?limit=2&start={first['next']}", token="auditor")
    ).json

    assert [entry["index"] for entry in first["entries"] + second["entries"]] == [0, 1, 2, 3]


async def test_reading_the_log_is_an_entry(gateway: World) -> None:
    """Whoever reads entries or proofs is recorded with what they asked for."""
    await gateway.call("GET", "/v1/log/entries?start=5&limit=7", token="auditor")
    await gateway.call("GET", "/v1/log/entries/0/proof", token="auditor")

    queries = [entry for entry in await gateway.log() if entry.kind is Kind.LOG_QUERY]

    assert queries[-2].fields["query"] == {"start": 5, "limit": 7}
    assert queries[-1].fields["query"] == {"proof": 0}
    assert str(queries[-1].fields["actor"]) in gateway.tokens["auditor"]


async def test_checkpoint_is_for_everyone(gateway: World) -> None:
    """The checkpoint needs no token."""
    await gateway.log()

    answer = await gateway.call("GET", "/v1/log/checkpoint", token=None)

    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.body.startswith(f"{gateway.context.keys.log.name}\n".encode())


@pytest.mark.parametrize("index", ["999999999", "9" * 15, "9" * 16, "x", "-1", "%C2%B2"])
async def test_entry_that_is_not_there(gateway: World, index: str) -> None:
    """An index outside the tree is not found."""
    await gateway.log()

    answer = await gateway.call("GET", f"/v1/log/entries/{index}/proof", token="auditor")

    assert answer.status == 404


@pytest.mark.parametrize(
    "query", ["start=-1", "start=x", f"start={10**15}", "limit=0", "limit=1001", "from=0"]
)
async def test_impossible_range(gateway: World, query: str) -> None:
    """A range that cannot be is refused."""
    answer = await gateway.call("GET", f"/v1/log/entries?{query}", token="auditor")

    assert (answer.status, answer.json["code"]) == (400, "request.bad_parameter")


async def test_no_personal_data(gateway: World) -> None:
    """Neither subjects nor names of people reach the log."""
    sent = (await gateway.send(a_document(subject="V/v hồ sơ ông Nguyễn Văn Kín"))).json

    rows = await gateway.store.log.timeline(sent["id"])

    assert all(read_leaf(row.leaf).document_id == sent["id"] for row in rows)
    assert all("Kín" not in row.leaf.decode() and "Nguyễn" not in row.leaf.decode() for row in rows)
