"""A document's signature is judged again from what was found when it came; nothing is changed by it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from tests.api.world import (
    NOW,
    Answer,
    World,
    a_document,
    a_status,
    identity,
    root,
    signed,
    unsigned_document,
    world,
)
from tests.support.crl import crl, revoked

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _replay(gateway: World, document_id: str, *, token: str = "auditor", **stated: Any) -> Answer:  # noqa: S107 - a holder
    return await gateway.call(
        "POST",
        f"/v1/documents/{document_id}/verdict:replay",
        token=token,
        body=msgspec.json.encode(stated),
        headers={"Content-Type": "application/json"},
    )


async def test_the_same_verdict_again(gateway: World) -> None:
    """Sender and auditor get what was concluded before, and now."""
    sent = (await gateway.send(a_document())).json
    for token in ("hanoi", "auditor"):
        answer = (await _replay(gateway, sent["id"], token=token)).json

        assert answer["agrees"]
        assert answer["before"] == sent["verdict"]
        assert answer["verdict"]["signed_view_sha256"] == sent["verdict"]["signed_view_sha256"]
        assert answer["sha256"] == sent["sha256"]
        assert answer["findings"] == []


async def test_another_moment_and_another_policy(gateway: World) -> None:
    """Before the certificate was issued it does not count; a stricter policy does not let it pass."""
    sent = (await gateway.send(a_document())).json
    early = (await _replay(gateway, sent["id"], at="2000-01-01T00:00:00Z")).json
    strict = 'name = "strict"\nversion = 7\n[checks]\n"certs.no_timestamp" = "fail"\n'
    ruled = (await _replay(gateway, sent["id"], policy=strict)).json

    assert (early["agrees"], early["verdict"]["indication"]) == (False, "INDETERMINATE")
    assert [finding["code"] for finding in early["findings"]] == ["certs.certificate_not_yet_valid"]
    assert ruled["verdict"]["policy"].startswith("strict-v7@sha256:")
    assert ruled["verdict"]["errors"] == ["certs.no_timestamp"]
    assert (await gateway.call("GET", f"/v1/documents/{sent['id']}")).json["verdict"] == sent["verdict"]


@pytest.mark.parametrize(
    ("days", "indication", "told"),
    [(1, "TOTAL_PASSED", "certs.revoked_since"), (-1, "INDETERMINATE", "certs.certificate_revoked")],
)
async def test_what_became_known_since(tmp_path: Path, days: int, indication: str, told: str) -> None:
    """A revocation that reaches back before the document came counts, a later one is told."""
    async with world(tmp_path) as gateway:
        sent = (await gateway.send(a_document())).json
        gateway.clock.now = NOW + timedelta(days=2)
        entry = revoked(identity("H26")[0], since=NOW + timedelta(days=days))
        listed = crl(root(), entry, this_update=NOW + timedelta(days=1))
        await asyncio.to_thread((tmp_path / "trust" / "new.crl").write_bytes, listed)
        assert await gateway.context.trust.refresh()
        answer = (await _replay(gateway, sent["id"])).json

        assert answer["verdict"]["indication"] == indication
        assert answer["verdict"]["time_source"] == "RECEIPT"
        assert told in [finding["code"] for finding in answer["findings"]]


async def test_who_has_no_part_in_it(gateway: World) -> None:
    """For everyone else the document does not exist."""
    sent = (await gateway.send(a_document())).json

    assert (await _replay(gateway, sent["id"], token="nobody")).status == 404
    assert (await _replay(gateway, str(uuid4()))).status == 404


async def test_a_status_has_no_signature(gateway: World) -> None:
    """There is nothing to judge."""
    document = a_document()
    sent = (await gateway.send(document)).json
    await gateway.state(sent["id"], "received")
    status = (await gateway.send(a_status(sent["document_id"]), path="/v1/statuses", token="tayninh")).json

    assert (await _replay(gateway, status["id"])).status == 404


@pytest.mark.parametrize(
    ("stated", "status", "code"),
    [
        ({"at": "yesterday"}, 400, "request.bad_parameter"),
        ({"policy": "name = 1"}, 422, "certs.bad_policy"),
        ({"when": "now"}, 400, "request.bad_parameter"),
    ],
)
async def test_what_cannot_be_asked(gateway: World, stated: dict[str, str], status: int, code: str) -> None:
    """A wrong moment, policy or word is refused, and nothing is judged."""
    sent = (await gateway.send(a_document())).json
    answer = await _replay(gateway, sent["id"], **stated)

    assert (answer.status, answer.json["code"]) == (status, code)


async def test_the_receiver_has_evidence_of_its_own(tmp_path: Path) -> None:
    """What arrives is examined again, and that evidence is kept too."""
    async with world(tmp_path) as gateway:
        sent = (await gateway.send(signed(unsigned_document(), identity("H26")))).json
        await gateway.state(sent["id"], "received")
        assert (await _replay(gateway, sent["id"], token="tayninh")).json["agrees"]
