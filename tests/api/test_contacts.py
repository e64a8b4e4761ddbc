"""Whom to call, over HTTP: who may read and write it, and where it must not turn up."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.api.world import Answer, World

pytestmark = pytest.mark.asyncio(loop_scope="session")

PERSON: dict[str, str] = {
    "name": "Lê Thị Hoa",
    "role": "văn thư",
    "phone": "+84 (24) 3804-3100",
    "email": "hoa@hanoi.gov.vn",
}


async def put(gateway: World, path: str, *contacts: dict[str, Any], token: str | None = None) -> Answer:
    """Set contacts."""
    body = json.dumps({"contacts": contacts}).encode()
    headers = {"Content-Type": "application/json"}
    return await gateway.call("PUT", path, body=body, headers=headers, token=token or "admin")


@pytest.mark.parametrize(
    ("path", "own", "other"),
    [
        ("/v1/members/hanoi/contacts", "hanoi", "tayninh"),
        ("/v1/agencies/000.00.00.H26/contacts", "hanoi", "tayninh"),
    ],
)
async def test_who_may(gateway: World, path: str, own: str, other: str) -> None:
    """Administrators write; they, auditors and the system itself read; others do neither."""
    assert (await put(gateway, path, PERSON)).json == {"contacts": [PERSON]}

    for reader in ("admin", "auditor", own):
        answer = await gateway.call("GET", path, token=reader)
        assert answer.json == {"contacts": [PERSON]}
        assert answer.headers["Cache-Control"] == "no-store"
    for stranger in (other, "nobody"):
        assert (await gateway.call("GET", path, token=stranger)).status == 403
    for reader in (own, "auditor"):
        assert (await put(gateway, path, token=reader)).status == 403
    assert (await put(gateway, path)).json == {"contacts": []}


async def test_it_turns_up_nowhere(gateway: World) -> None:
    """No name, number or address is in the log or in the snapshot of the registry."""
    await put(gateway, "/v1/members/hanoi/contacts", PERSON)

    snapshot = await gateway.call("GET", "/v1/registry/snapshot", headers={"Accept-Encoding": "identity"})
    told = snapshot.body.decode() + "".join(str(entry.fields) for entry in await gateway.log())
    assert not [text for text in (PERSON["name"], PERSON["phone"], PERSON["email"]) if text in told]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "A"},
        {"name": " ", "phone": "0912345678"},
        {"name": "A\u200b", "phone": "0912345678"},
        {"name": "A", "phone": "gọi tôi"},
        {"name": "A", "email": "a b@c"},
        {"name": "A", "phone": "0912345678", "fax": "1"},
        {"phone": "0912345678"},
    ],
)
async def test_what_is_no_contact(gateway: World, wrong: dict[str, str]) -> None:
    """Somebody has a name, and a number or an address that can be one."""
    answer = await put(gateway, "/v1/members/hanoi/contacts", PERSON, wrong)

    assert (answer.status, answer.json["code"]) == (400, "request.bad_parameter")


async def test_of_nobody(gateway: World) -> None:
    """Unknown systems and codes have none."""
    assert (await gateway.call("GET", "/v1/members/none/contacts", token="admin")).status == 404
    assert (await gateway.call("GET", "/v1/agencies/H99/contacts", token="admin")).status == 404
