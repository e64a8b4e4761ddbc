"""Revocation through the API: nothing is accepted from a revoked signer, nor where it must be known and is not."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from certs.revocation import Revocation
from routing.log import Kind
from tests.api.world import NOW, World, a_document, identity, root, world
from tests.support.crl import crl, revoked

pytestmark = pytest.mark.asyncio(loop_scope="session")


def put(
    folder: Path, *entries: x509.RevokedCertificate, next_update_in: timedelta = timedelta(days=1)
) -> None:
    """Put the root's list into the trust folder as an operator's tool does."""
    draft = folder / "draft"
    draft.write_bytes(
        crl(root(), *entries, this_update=NOW - timedelta(hours=1), next_update=NOW + next_update_in)
    )
    draft.rename(folder / "root.crl")


async def in_force(gateway: World) -> None:
    """Wait until the gateway has read its trust folder again."""
    before = gateway.context.trust.trust().version
    async with asyncio.timeout(20):
        while gateway.context.trust.trust().version == before:
            await asyncio.sleep(0.05)


async def test_required_list_arrives(tmp_path: Path) -> None:
    """Without the list a document is kept and in the log; with it the very same bytes are accepted and delivered."""
    async with world(tmp_path, revocation=Revocation.REQUIRE) as gateway:
        body = a_document()
        undecided = await gateway.send(body)

        assert (undecided.status, undecided.json["outcome"]) == (202, "parked")
        assert undecided.json["reason"]["code"] == "certs.revocation_unknown"
        (entry,) = await gateway.refusals("certs.revocation_unknown")
        assert entry.kind is Kind.PARKED

        await asyncio.to_thread(put, gateway.context.settings.trust_folder)
        await in_force(gateway)
        await gateway.arrived(undecided.json["id"])
        accepted = await gateway.send(body)

        assert accepted.status == 201
        assert accepted.json["id"] == undecided.json["id"]
        (status,) = accepted.json["verdict"]["revocation"]
        assert status["status"] == "good"
        assert status["next_update"] == "2025-07-02T02:00:00Z"
        (logged,) = [each for each in await gateway.log() if each.kind is Kind.ACCEPTED]
        assert logged.fields["verdict"] == accepted.json["verdict"]


async def test_revoked_signer(tmp_path: Path) -> None:
    """A list that names the signer refuses what comes after it; what was accepted before stays accepted."""
    async with world(tmp_path) as gateway:
        body = a_document()
        first = await gateway.send(body)
        assert first.status == 201
        assert first.json["verdict"]["revocation"][0]["why"] == "missing"

        signer = identity("H26")[0]
        await asyncio.to_thread(
            put, gateway.context.settings.trust_folder, revoked(signer, since=NOW - timedelta(hours=2))
        )
        await in_force(gateway)

        refused = await gateway.send(a_document())
        assert (refused.status, refused.json["code"]) == (422, "certs.certificate_revoked")
        assert "2025-07-01T00:00:00" in refused.json["vi"]
        again = await gateway.send(body)
        assert (again.status, again.body) == (201, first.body)


async def test_lists_are_watched(tmp_path: Path) -> None:
    """Readiness and metrics tell how many lists count and how long the first of them is in force."""
    async with world(tmp_path) as gateway:
        await asyncio.to_thread(
            put, gateway.context.settings.trust_folder, next_update_in=timedelta(minutes=10)
        )
        await in_force(gateway)
        gateway.clock.turn(minutes=11)

        check = (await gateway.call("GET", "/readyz", token=None)).json["checks"]["trust"]
        text = (await gateway.call("GET", "/metrics", token=None)).body.decode()

        assert check["ok"]
        assert (check["revocation"], check["revocation_lists"]) == ("soft", 1)
        assert check["revocation_next_update_s"] == -60
        assert "vanthu_revocation_lists 1.0" in text
        assert "vanthu_revocation_next_update_seconds -60.0" in text
