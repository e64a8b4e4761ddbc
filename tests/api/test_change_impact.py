"""What a change touches: documents under way, who wrote lately, systems and certificates; and files in other forms."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from gateway.change_templates import TEMPLATES
from schemas.document import Organization
from tests.api.officers import CHANGES, LATER, XLSX, office, scheduled, show, upload
from tests.api.world import World, a_document, certificate_pem
from tests.gateway.test_workbook import a_workbook

pytestmark = pytest.mark.asyncio(loop_scope="session")

NIGHT = f"""\
op,code,name,kind,valid_from,successors
close,H26.1,,,{LATER},H26
reconstitute,H53,Ủy ban nhân dân tỉnh Tây Ninh,province,{LATER},
close,H53.1,,,{LATER},
"""


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """Return a gateway at which documents are under way."""
    async with office(tmp_path_factory.mktemp("impact")) as running:
        yield running


async def test_what_a_night_touches(gateway: World) -> None:
    """Each delivery under way says what it would become; systems and certificates of bodies that end are named."""
    registered = await gateway.post(
        "/v1/agencies/H53/certificates", certificate_pem("H53"), "application/x-pem-file"
    )
    assert registered.status == 201, registered.json
    for code in ("H53", "H53.1", "H26.1", "H26"):
        sent = await gateway.send(a_document(recipients=(Organization(organ_id=code),)))
        assert sent.status == 201, sent.json
    change = (await upload(gateway, NIGHT)).json
    assert change["state"] == "validated", change["faults"]

    found = await show(gateway, change["id"], "/impact", token="auditor")

    becomes = {(each["code"], each["becomes"], each["to"]) for each in found["documents"]}
    assert becomes == {("H53", "rerouted", "H53"), ("H53.1", "held", None), ("H26.1", "rerouted", "H26")}
    assert found["totals"]["documents"] == 3
    codes = {each["code"]: (each["sent"], each["received"], each["under_way"]) for each in found["codes"]}
    assert codes["H53"] == (0, 1, 1)
    assert "H26" not in codes
    assert [(each["member"], each["prefix"]) for each in found["members"]] == [("tayninh", "H53")]
    assert [each["code"] for each in found["certificates"]] == ["H53"]


async def test_after_it_was_made(tmp_path: Path) -> None:
    """Of a change that was made, it tells what it did."""
    async with office(tmp_path) as gateway:
        change = await scheduled(gateway)
        found = await show(gateway, change["id"], "/impact")
        assert (found["totals"]["codes"], found["base_version"]) == (2, change["version"] - 1)


async def test_of_a_draft(gateway: World) -> None:
    """A draft with faults touches nothing."""
    change = (await upload(gateway, "op,code,valid_from\nclose,H99,2030-01-01\n")).json

    assert (await show(gateway, change["id"], "/impact"))["totals"]["codes"] == 0


async def test_workbooks(gateway: World) -> None:
    """A workbook is taken as a CSV file is; one that is none is a draft with a fault."""
    rows = [["op", "code", "name", "valid_from"], ["rename", "H26", "Hà Nội", LATER]]
    made = await upload(gateway, a_workbook(*rows), media=XLSX)
    assert (made.status, made.json["state"], made.json["source"]["type"]) == (
        201,
        "validated",
        "changes.xlsx",
    )
    listed: list[list[str | None]] = [
        ["code", "name", "parent", "kind"],
        ["G22", "Văn phòng", None, "central"],
    ]
    whole = (await upload(gateway, a_workbook(*listed), media=XLSX, of="agencies", at=LATER)).json
    assert whole["state"] == "validated", whole["faults"]
    broken = (await upload(gateway, b"PK", media=XLSX)).json
    assert (broken["state"], broken["faults"][0]["code"]) == ("draft", "registry.workbook_refused")
    source = await gateway.call("GET", f"{CHANGES}/{made.json['id']}/source", token="auditor")
    assert source.headers["Content-Type"] == XLSX


@pytest.mark.parametrize("name", TEMPLATES)
async def test_templates(gateway: World, name: str) -> None:
    """Each template can be fetched."""
    answer = await gateway.call("GET", f"/v1/registry/templates/{name}", token="auditor")

    assert answer.status == 200
    assert name in answer.headers["Content-Disposition"]
    if not name.endswith("xlsx"):
        assert answer.body == await asyncio.to_thread(TEMPLATES[name])


async def test_no_such_template(gateway: World) -> None:
    """Another name is not found."""
    answer: Any = await gateway.call("GET", "/v1/registry/templates/x.csv", token="auditor")

    assert (answer.status, answer.json["code"]) == (404, "request.not_found")
