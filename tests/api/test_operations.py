"""For the operator: alive, ready, metrics, and one line for each request."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.api.world import World, a_document, identity, world

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_alive(gateway: World) -> None:
    """The process says that it is there."""
    assert (await gateway.call("GET", "/healthz", token=None)).json == {"status": "ok"}


async def test_ready(gateway: World) -> None:
    """Every dependency is tried and named."""
    answer = await gateway.call("GET", "/readyz", token=None)

    assert (answer.status, answer.json["status"]) == (200, "ok")
    assert set(answer.json["checks"]) == {
        *("database", "registry", "axis", "payloads", "trust", "receipts", "parked", "pressure"),
    }
    assert answer.json["checks"]["trust"]["anchors"] == 1
    assert answer.json["checks"]["trust"]["revocation"] == "soft"
    assert answer.json["checks"]["registry"]["agencies"] >= 5


async def test_not_ready(tmp_path: Path) -> None:
    """If one dependency fails, the answer is 503 and says which; why is only in telemetry."""
    async with world(tmp_path) as gateway:
        await asyncio.to_thread(shutil.rmtree, gateway.context.settings.payload_folder)
        with capture_logs() as lines:
            answer = await gateway.call("GET", "/readyz", token=None)

        assert (answer.status, answer.json["status"]) == (503, "failed")
        failed = {name for name, check in answer.json["checks"].items() if not check["ok"]}
        assert failed == {"payloads"}
        assert str(tmp_path) not in answer.body.decode()
        (line,) = [line for line in lines if line["event"] == "not_ready"]
        assert line["check"] == "payloads"


async def test_readiness_is_not_a_lever(tmp_path: Path) -> None:
    """However often it is asked, the dependencies are tried once a second."""
    async with world(tmp_path) as gateway:
        first, *others = await asyncio.gather(
            *(gateway.call("GET", "/readyz", token=None) for _ in range(10))
        )

        assert all(other.body == first.body for other in others)


async def test_metrics(gateway: World) -> None:
    """Requests, outcomes and backlog are counted, by route and not by path."""
    await gateway.send(a_document())
    await gateway.call("GET", "/v1/agencies/H53")
    await gateway.call("PURGE", "/coffee")

    text = (await gateway.call("GET", "/metrics", token=None)).body.decode()

    assert 'vanthu_requests_total{method="POST",resource="/v1/documents",status="201"}' in text
    assert 'resource="/v1/agencies/{code}"' in text
    assert 'vanthu_examined_total{code="",kind="edoc",outcome="accepted"}' in text
    assert 'vanthu_backlog{place="inbox_waiting"}' in text
    assert 'method="other",resource="unmatched"' in text
    assert "coffee" not in text
    assert "vanthu_revocation_lists 0.0" in text
    assert "vanthu_revocation_next_update_seconds NaN" in text


def lines_of(lines: list[Any], resource: str) -> list[Any]:
    """Return the request lines about a resource."""
    return [line for line in lines if line["event"] == "request" and line["resource"] == resource]


async def test_one_line_for_a_document(gateway: World) -> None:
    """A submission leaves one line with all that was learnt, and nothing that is nobody's business."""
    with capture_logs() as lines:
        shown = (await gateway.send(a_document(subject="V/v bí mật"))).json

    (line,) = lines_of(lines, "/v1/documents")
    assert (line["method"], line["status"], line["outcome"]) == ("POST", 201, "accepted")
    assert (line["id"], line["sender"], line["recipients"], line["member"]) == (
        shown["id"],
        "H26",
        1,
        "hanoi",
    )
    assert line["caller"] in gateway.tokens["hanoi"]
    assert line["duration_ms"] > 0
    assert "bí mật" not in str(line)
    assert gateway.tokens["hanoi"].partition(".")[2] not in str(line)


async def test_one_line_for_a_refusal(gateway: World) -> None:
    """A refusal's line names the code and what was known of the document."""
    with capture_logs() as lines:
        await gateway.send(a_document(by=identity("H53")))

    (line,) = lines_of(lines, "/v1/documents")
    assert (line["status"], line["outcome"], line["code"]) == (403, "refused", "access.signer_not_bound")
    assert line["sender"] == "H26"


async def test_one_line_for_a_caller_that_went_away(tmp_path: Path) -> None:
    """A request whose caller did not wait for the answer is a line too."""
    async with world(tmp_path) as gateway:
        with capture_logs() as lines:
            waiting = asyncio.create_task(gateway.call("GET", "/v1/inbox?wait=60"))
            async with asyncio.timeout(10):
                while "inbox/hanoi" not in gateway.context.bell._events:
                    await asyncio.sleep(0)
                waiting.cancel()
                while not lines_of(lines, "/v1/inbox"):
                    await asyncio.sleep(0.01)

    (line,) = lines_of(lines, "/v1/inbox")
    # 200 if the handler itself saw that nobody listens any more, before the server cancelled it.
    assert line["status"] in {200, 499}
    assert line["member"] == "hanoi"
