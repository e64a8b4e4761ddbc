"""Agency codes: look-ups, loading lists, and certificates."""

from __future__ import annotations

from pathlib import Path

import pytest

from routing.agency_csv import parse_agencies
from routing.log import Kind
from tests.api.world import AGENCIES, NOW, World, world
from tests.support.registry import home_agencies

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_look_up(gateway: World) -> None:
    """Any form of a code leads to the agency, its aliases and the system that serves it."""
    for code in ("H53", "000.00.00.H53"):
        shown = (await gateway.call("GET", f"/v1/agencies/{code}")).json

        assert (shown["code"], shown["as_sent"]) == ("H53", code)
        assert shown["name"] == "Ủy ban nhân dân tỉnh Tây Ninh"
        assert shown["aliases"] == ["000.00.00.H53"]
        assert shown["member"] == {"id": "tayninh", "name": "Hệ thống văn bản Tây Ninh"}


async def test_agency_without_a_system(gateway: World) -> None:
    """An agency that no system serves is known all the same."""
    shown = (await gateway.call("GET", "/v1/agencies/G22", token="nobody")).json

    assert shown["member"] is None


@pytest.mark.parametrize(
    ("code", "named"), [("H35", "H53"), ("h53", "H53"), ("Tay Ninh", "–"), ("H53.99", "H53")]
)
async def test_unknown_code(gateway: World, code: str, named: str) -> None:
    """A code that names nobody is not found, and similar ones are named."""
    answer = await gateway.call("GET", f"/v1/agencies/{code}")

    assert answer.status == 404
    assert answer.json["code"] in {"registry.unknown_code", "registry.malformed_code"}
    assert named in answer.json["fix_en"]


async def test_over_the_night(tmp_path: Path) -> None:
    """A closed code is gone and names its successor; before the night it was good, and the new one was not."""
    async with world(tmp_path) as gateway:
        await gateway.store.registry.load_agencies(home_agencies(), actor="test", source_sha256="00" * 32)

        closed = await gateway.call("GET", "/v1/agencies/H39")
        before = await gateway.call("GET", "/v1/agencies/H39?at=2025-06-30T23:59:59%2B07:00")
        unborn = await gateway.call("GET", "/v1/agencies/H26.105?at=2025-06-30T12:00:00+07:00")
        born = await gateway.call("GET", "/v1/agencies/H26.105?at=2025-06-30T17:00:00Z")

        assert (closed.status, closed.json["code"]) == (410, "registry.code_closed")
        assert "H53" in closed.json["fix_vi"]
        assert before.json["successors"] == ["H53"]
        assert (unborn.status, unborn.json["code"]) == (404, "registry.code_not_yet_valid")
        assert born.status == 200


@pytest.mark.parametrize(
    "at", ["now", "2025-07-01", "2025-07-01T00:00:00", "0001-01-01T00:00:00%2B07:00", ""]
)
async def test_impossible_moment(gateway: World, at: str) -> None:
    """A moment has a zone and lies within time."""
    answer = await gateway.call("GET", f"/v1/agencies/H53?at={at}")

    assert (answer.status, answer.json["code"]) == (400, "request.bad_parameter")


async def test_load_agencies(tmp_path: Path) -> None:
    """A list comes into force as one version of an empty registry; the same list again makes none, and another is refused."""
    async with world(tmp_path, agencies="") as gateway:
        longer = (AGENCIES + "H27,Ủy ban nhân dân tỉnh Hà Tĩnh,,province,,\n").encode()

        first = await gateway.post("/v1/registry/agencies", longer, "text/csv")
        second = await gateway.post("/v1/registry/agencies", longer, "text/csv")
        found = await gateway.call("GET", "/v1/agencies/H27")

        assert (first.status, first.json["agencies"], first.json["changed"]) == (200, 6, True)
        assert second.json == {**first.json, "changed": False}
        assert found.status == 200
        activated = [entry for entry in await gateway.log() if entry.kind is Kind.REGISTRY_ACTIVATED]
        assert activated[-1].fields["registry_version"] == first.json["version"]
        other = await gateway.post("/v1/registry/agencies", AGENCIES.encode(), "text/csv")
        assert (other.status, other.json["code"]) == (409, "registry.not_empty")
        assert "registry propose" in other.json["fix_en"]


async def test_what_was_known_then(tmp_path: Path) -> None:
    """What was in force at a moment can be asked of every version, by its number or by when it was the newest."""
    async with world(tmp_path) as gateway:
        before = await gateway.store.registry.directory()
        gateway.clock.turn(hours=1)
        later = AGENCIES.replace("H26,Ủy ban nhân dân thành phố Hà Nội", "H26,Thủ đô")
        loaded = parse_agencies(later.encode())
        await gateway.store.registry.load_agencies(loaded, actor="test", source_sha256="00" * 32)

        async def name(query: str = "") -> str:
            return str((await gateway.call("GET", f"/v1/agencies/H26{query}")).json["name"])

        known_at = NOW.isoformat().replace("+", "%2B")
        assert await name() == await name(f"?version={before.version + 1}") == "Thủ đô"
        assert await name(f"?version={before.version}") == "Ủy ban nhân dân thành phố Hà Nội"
        assert await name(f"?known_at={known_at}&at={known_at}") == "Ủy ban nhân dân thành phố Hà Nội"
        unknown = await gateway.call("GET", "/v1/agencies/H26?version=999")
        assert (unknown.status, unknown.json["code"]) == (404, "request.not_found")
        long_ago = await gateway.call("GET", "/v1/agencies/H26?known_at=2000-01-01T00:00:00Z")
        assert (long_ago.status, long_ago.json["code"]) == (404, "request.not_found")
        both = await gateway.call("GET", f"/v1/agencies/H26?version=1&known_at={known_at}")
        assert (both.status, both.json["code"]) == (400, "request.bad_parameter")


async def test_faults_of_a_list(gateway: World) -> None:
    """Every fault of a list is told with its row, and nothing of the list comes into force."""
    before = await gateway.store.registry.directory()
    bad = AGENCIES + "h27,Hà Tĩnh,,province,,\nH28,,,province,,\nH29,TP. Hồ Chí Minh,H99,province,,\n"

    answer = await gateway.post("/v1/registry/agencies", bad.encode(), "text/csv")

    assert (answer.status, answer.json["code"]) == (422, "registry.file_refused")
    assert [error["code"] for error in answer.json["errors"]] == ["registry.bad_row"] * 3
    assert [
        row in error["en"]
        for row, error in zip(("Row 7", "Row 8", "Row 9"), answer.json["errors"], strict=True)
    ]
    assert (await gateway.store.registry.directory()).version == before.version
    assert (await gateway.refusals("registry.file_refused"))[-1].fields["resource"] == "/v1/registry/agencies"


@pytest.mark.parametrize("body", [b"", b"PK\x03\x04", b"\xff\xfe", b"a;b\n1;2\n"])
async def test_what_is_no_list(gateway: World, body: bytes) -> None:
    """A workbook or something else is named as what it is."""
    answer = await gateway.post("/v1/registry/agencies", body, "text/csv")

    assert (answer.status, answer.json["errors"][0]["code"]) == (422, "registry.bad_file")


async def test_list_with_certificate_hashes(gateway: World) -> None:
    """A column that would be ignored is refused: certificates are registered one by one, as certificates."""
    csv = AGENCIES.replace("code_qcvn102\n", "code_qcvn102,certificate_sha256\n", 1).replace(
        "G22\n", f"G22,{'ab' * 32}\n", 1
    )
    rows = [row if row.count(",") == 6 else f"{row}," for row in csv.splitlines()]
    answer = await gateway.post("/v1/registry/agencies", "\n".join(rows).encode(), "text/csv")

    assert (answer.status, answer.json["code"]) == (400, "request.bad_parameter")
    assert "certificates" in answer.json["fix_en"]


async def test_list_that_contradicts_the_members(gateway: World) -> None:
    """An alias that leads to two agencies is refused."""
    bad = AGENCIES + "H27,Hà Tĩnh,,province,,000.00.00.H53\n"

    answer = await gateway.post("/v1/registry/agencies", bad.encode(), "text/csv")

    assert answer.status == 422
