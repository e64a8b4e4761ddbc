"""Looking agencies up over HTTP: the list, the history of a code, and the connected systems."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.api.world import World, world
from tests.support.registry import home_agencies

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_find(gateway: World) -> None:
    """Words without diacritics find agencies; a page leads to the next one."""
    found = (await gateway.call("GET", "/v1/agencies?q=van+phong&limit=2", token="nobody")).json
    rest = (await gateway.call("GET", f"/v1/agencies?q=van+phong&after={found['next']}")).json

    assert [each["code"] for each in found["items"]] == ["G22", "H26.1"]
    assert [each["code"] for each in rest["items"]] == ["H53.1"]
    assert rest["next"] is None
    assert found["items"][0]["status"] == "active"


async def test_near_misses(gateway: World) -> None:
    """A code that leads nowhere gets suggestions."""
    found = (await gateway.call("GET", "/v1/agencies?q=H35")).json

    assert found["items"] == []
    assert [each["code"] for each in found["suggestions"]] == ["H53"]


@pytest.mark.parametrize(
    "query", ["status=alive", "limit=0", "limit=201", "name=x", f"q={'a' * 201}", "at=now"]
)
async def test_wrong_questions(gateway: World, query: str) -> None:
    """What cannot be asked is refused."""
    answer = await gateway.call("GET", f"/v1/agencies?{query}")

    assert (answer.status, answer.json["code"]) == (400, "request.bad_parameter")


async def test_history(tmp_path: Path) -> None:
    """A closed code has its history and successors; its successor names whom it took over."""
    async with world(tmp_path) as gateway:
        await gateway.store.registry.load_agencies(home_agencies(), actor="test", source_sha256="00" * 32)

        closed = (await gateway.call("GET", "/v1/agencies/000.00.00.H39/history")).json
        heir = (await gateway.call("GET", "/v1/agencies/H53/history")).json
        shown = (await gateway.call("GET", "/v1/agencies/H53")).json
        before = (await gateway.call("GET", "/v1/agencies/H53/history?at=2025-06-30T12:00:00Z")).json
        merged = (await gateway.call("GET", "/v1/agencies?status=merged,closed")).json
        then = (await gateway.call("GET", "/v1/agencies?q=long+an&at=2025-06-30T12:00:00Z")).json

        assert (closed["code"], closed["status"]) == ("H39", "merged")
        assert closed["successors"] == [{"code": "H53", "name": "Ủy ban nhân dân tỉnh Tây Ninh"}]
        assert [each["code"] for each in heir["predecessors"]] == ["H39"]
        assert len(heir["versions"]) == 2
        assert heir["member"] == {"id": "tayninh", "name": "Hệ thống văn bản Tây Ninh", "prefix": "H53"}
        assert shown["versions"] == heir["versions"]
        assert before["predecessors"] == []
        assert [each["code"] for each in merged["items"]] == ["H26.21", "H39"]
        assert [each["code"] for each in then["items"]] == ["H39"]


async def test_history_of_nothing(gateway: World) -> None:
    """A code that never was is not found, and similar ones are named."""
    answer = await gateway.call("GET", "/v1/agencies/H35/history")

    assert (answer.status, answer.json["code"]) == (404, "registry.unknown_code")
    assert "H53" in answer.json["fix_en"]
    assert (await gateway.call("GET", "/v1/agencies/x-1/history")).status == 404


async def test_members(gateway: World) -> None:
    """Whoever has a role sees the connected systems; systems do not see each other."""
    listed = (await gateway.call("GET", "/v1/members", token="auditor")).json

    assert {each["id"] for each in listed["items"]} >= {"hanoi", "tayninh"}
    assert (await gateway.call("GET", "/v1/members", token="hanoi")).status == 403
