"""Connected systems and their tokens."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from routing.log import Kind
from tests.api.world import GATEWAY, World, world
from tests.support.rabbitmq import free_ports
from tests.support.registry import an_agency

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def post(gateway: World, path: str, /, **members: Any) -> Any:
    """Send JSON as the administrator."""
    return await gateway.post(path, msgspec.json.encode(members), "application/json")


async def test_connect_a_system_and_let_it_in(tmp_path: Path) -> None:
    """A new system gets its queue and a token, and with it an inbox; each step is an entry."""
    async with world(tmp_path) as gateway:
        member = await post(gateway, "/v1/members", id="vpcp", name="Văn phòng Chính phủ", prefixes=["G22"])
        issued = await post(gateway, "/v1/members/vpcp/tokens", label="máy chủ chính")
        inbox = await gateway.call("GET", "/v1/inbox", token=issued.json["token"])

        assert member.status == 201
        assert (member.json["queue"], member.json["gateway"]) == ("member.vpcp", GATEWAY)
        assert (issued.status, issued.json["member"], issued.json["roles"]) == (201, "vpcp", [])
        assert inbox.status == 200
        kinds = [entry.kind for entry in await gateway.log()]
        assert kinds.count(Kind.MEMBER_ADDED) == 3
        issued_entry = [entry for entry in await gateway.log() if entry.kind is Kind.CREDENTIAL_ISSUED][-1]
        assert issued_entry.fields["credential"] == issued.json["credential_id"]
        assert issued.json["token"].partition(".")[2] not in str(issued_entry.fields)


async def test_change_a_system(tmp_path: Path) -> None:
    """The same id again changes the system."""
    async with world(tmp_path) as gateway:
        changed = await post(
            gateway,
            "/v1/members",
            id="hanoi",
            name="Hà Nội",
            prefixes=["H26", "G22"],
            queue="hn",
            gateway=GATEWAY,
        )

        assert (changed.status, changed.json["queue"]) == (201, "hn")
        assert (await gateway.call("GET", "/v1/agencies/G22")).json["member"]["id"] == "hanoi"


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"id": "Hà Nội"}, (400, "request.bad_parameter")),
        ({"id": "../x"}, (400, "request.bad_parameter")),
        ({"id": ""}, (400, "request.bad_parameter")),
        ({"name": "a\x00b"}, (400, "request.bad_parameter")),
        ({"name": "   "}, (400, "request.bad_parameter")),
        ({"prefixes": []}, (400, "request.bad_parameter")),
        ({"prefixes": "H27"}, (400, "request.bad_parameter")),
        ({"queue": "a b"}, (400, "request.bad_parameter")),
        ({"gateway": "a+b"}, (400, "request.bad_parameter")),
        ({"colour": "red"}, (400, "request.bad_parameter")),
        ({"id": "hanoi.dead"}, (422, "axis.queue_reserved")),
        ({"id": "hanoi.dead", "queue": "hn"}, (422, "axis.queue_reserved")),
        ({"queue": "member.hanoi.dead"}, (422, "axis.queue_reserved")),
        ({"prefixes": ["tay-ninh"]}, (422, "registry.inconsistent")),
        ({"prefixes": ["H53"]}, (422, "registry.inconsistent")),
        ({"prefixes": ["H27", "H27"]}, (422, "registry.inconsistent")),
    ],
)
async def test_impossible_system(gateway: World, facts: dict[str, Any], expected: tuple[int, str]) -> None:
    """A system that contradicts itself or another is refused, and nothing changes."""
    before = (await gateway.store.registry.directory()).version

    answer = await post(gateway, "/v1/members", **{"id": "new", "name": "Mới", "prefixes": ["H27"], **facts})

    assert (answer.status, answer.json["code"]) == expected, answer.json
    assert (await gateway.store.registry.directory()).version == before


async def test_token_for_a_person(gateway: World) -> None:
    """A token with roles may do what the roles say until it is revoked."""
    issued = await post(gateway, "/v1/tokens", label="thanh tra", roles=["auditor"])
    token, credential_id = issued.json["token"], issued.json["credential_id"]

    allowed = await gateway.call("GET", "/v1/log/entries", token=token)
    revoked = await gateway.call("DELETE", f"/v1/tokens/{credential_id}", token="admin")
    denied = await gateway.call("GET", "/v1/log/entries", token=token)

    assert (issued.status, allowed.status, revoked.status, denied.status) == (201, 200, 204, 401)
    assert issued.headers["Cache-Control"] == "no-store"


async def test_token_that_ends(gateway: World) -> None:
    """A token can be given an end, which is told in UTC."""
    issued = await post(gateway, "/v1/members/hanoi/tokens", expires_at="2026-01-01T00:00:00+07:00")

    assert issued.json["expires_at"] == "2025-12-31T17:00:00.000Z"
    assert issued.json["label"] == "hanoi"


@pytest.mark.parametrize(
    ("path", "facts"),
    [
        ("/v1/members/hanoi/tokens", {"expires_at": "tomorrow"}),
        ("/v1/members/hanoi/tokens", {"label": "\n"}),
        ("/v1/members/hanoi/tokens", {"roles": ["admin"]}),
        ("/v1/tokens", {"label": "x", "roles": []}),
        ("/v1/tokens", {"roles": ["admin"]}),
        ("/v1/tokens", {"label": "x", "roles": ["member"]}),
    ],
)
async def test_impossible_token(gateway: World, path: str, facts: dict[str, Any]) -> None:
    """A token for a system has no roles, and one for a person has at least one."""
    answer = await post(gateway, path, **facts)

    assert (answer.status, answer.json["code"]) == (400, "request.bad_parameter")


async def test_token_for_nobody(gateway: World) -> None:
    """A system that is not connected gets no token, and a token that is not there cannot be revoked."""
    issued = await post(gateway, "/v1/members/longan/tokens")
    revoked = await gateway.call("DELETE", "/v1/tokens/0197c1f2-5b7e-7c3a-9d51-0f4a3c2b1d10", token="admin")
    impossible = await gateway.call("DELETE", "/v1/tokens/x", token="admin")

    assert {answer.json["code"] for answer in (issued, revoked, impossible)} == {"request.not_found"}


async def test_connecting_while_the_axis_is_down(tmp_path: Path) -> None:
    """Without the axis a system can be connected all the same; its queue is made when the axis is back."""
    (port,) = free_ports(1)
    async with world(tmp_path, axis=f"amqp://guest:guest@127.0.0.1:{port}/") as gateway:
        answer = await post(gateway, "/v1/members", id="vpcp", name="VPCP", prefixes=["G22"])

        assert answer.status == 201


INSTANT = datetime(2025, 7, 1, 17, tzinfo=UTC)


async def test_a_system_serves_the_body_that_bears_its_code(tmp_path: Path) -> None:
    """And another one the body that will: each is told which; only the instant changes whom the code leads to."""
    async with world(tmp_path, agencies="") as gateway:
        old = an_agency("H53", "Tây Ninh (cũ)", valid_to=INSTANT)
        new = an_agency("H53", "Tây Ninh (mới)", valid_from=INSTANT)
        await gateway.store.registry.load_agencies((old, new), actor="test", source_sha256="00" * 32)
        again = await post(gateway, "/v1/members", id="tayninh", name="Tây Ninh", prefixes=["H53"])
        facts = {"id": "moi", "name": "Tây Ninh mới", "prefixes": ["H53", "H77"]}
        taken = await post(gateway, "/v1/members", **facts)
        other = await post(gateway, "/v1/members", **facts, since="2025-07-02T00:00:00+07:00")

        assert (again.status, again.json["prefixes"], again.json["entities"]) == (
            201,
            ["H53"],
            [old.entity_id],
        )
        assert (taken.status, taken.json["code"]) == (422, "registry.inconsistent")
        assert (other.status, other.json["entities"]) == (201, [new.entity_id, None])
        assert (await gateway.call("GET", "/v1/agencies/H53")).json["member"]["id"] == "tayninh"
        gateway.clock.now = INSTANT
        assert (await gateway.call("GET", "/v1/agencies/H53")).json["member"]["id"] == "moi"
        renamed = await post(gateway, "/v1/members", id="tayninh", name="Tên khác", prefixes=["H53"])
        assert renamed.json["entities"] == [old.entity_id]


async def test_a_system_may_serve_both_bodies(tmp_path: Path) -> None:
    """Then its prefix is there twice."""
    async with world(tmp_path, agencies="") as gateway:
        versions = (an_agency("H53", valid_to=INSTANT), an_agency("H53", valid_from=INSTANT))
        await gateway.store.registry.load_agencies(versions, actor="test", source_sha256="00" * 32)
        facts = {"id": "tayninh", "name": "Tây Ninh", "prefixes": ["H53"]}
        await post(gateway, "/v1/members", **facts)
        both = await post(gateway, "/v1/members", **facts, since="2025-07-01T17:00:00Z")
        wrong = await post(gateway, "/v1/members", **facts, since="ngày mai")

        assert both.json["prefixes"] == ["H53", "H53"]
        assert both.json["entities"] == [each.entity_id for each in versions]
        assert (wrong.status, wrong.json["code"]) == (400, "request.bad_parameter")
