"""Changes that one officer makes alone, and changes that are taken back."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from routing.change_approval import OfficerRole
from routing.log import Kind
from tests.api.officers import (
    APPROVER,
    CHANGES,
    LATER,
    PROPOSER,
    approve,
    office,
    post,
    propose,
    scheduled,
    show,
    state,
    upload,
)
from tests.api.world import Answer, World, world

pytestmark = pytest.mark.asyncio(loop_scope="session")

SUSPEND = "op,code,valid_from\nsuspend,H26.1,2025-07-01T02:00:00Z\n"


async def declare(gateway: World, change: Any, *, hours: float = 24, reason: str = "khóa bị lộ") -> Answer:
    """Put a change set in force alone."""
    signed = PROPOSER.sign(change, OfficerRole.EMERGENCY, at=gateway.clock())
    path = f"{CHANGES}/{change['id']}/emergency"
    return await post(gateway, path, statement=signed, reason=reason, hours=hours)


async def overview(gateway: World) -> Any:
    """Return what is shown of the registry."""
    return (await gateway.call("GET", "/v1/registry", token="auditor")).json


async def kinds(gateway: World, change_id: str) -> list[Kind]:
    """Return what the log says of a change set."""
    return [entry.kind for entry in await gateway.log() if entry.fields.get("change") == change_id]


async def test_an_emergency_is_ratified(tmp_path: Path) -> None:
    """One officer puts it in force at once; it is shown everywhere; the second one ends the emergency."""
    async with office(tmp_path) as gateway:
        change = (await upload(gateway, SUSPEND)).json
        declared = await declare(gateway, change)
        assert (declared.status, declared.json["emergency"]) == (202, "khóa bị lộ")
        active = await state(gateway, change["id"], "active")
        assert active["waits_for"] == "ratification"
        assert (await overview(gateway))["emergencies"] == [change["id"]]
        ready = (await gateway.call("GET", "/readyz", token=None)).json
        assert ready["checks"]["registry"]["emergencies"] == 1
        metrics = (await gateway.call("GET", "/metrics", token=None)).body
        assert b"vanthu_registry_emergencies 1.0" in metrics

        alone = await approve(gateway, change, PROPOSER)
        assert (alone.status, alone.json["code"]) == (403, "registry.same_officer")
        ratified = await approve(gateway, change)
        assert (ratified.status, ratified.json["expires_at"]) == (202, None)
        assert (await overview(gateway))["emergencies"] == []
        gateway.clock.turn(days=30)
        assert (await show(gateway, change["id"]))["state"] == "active"
        assert await kinds(gateway, change["id"]) == [
            Kind.REGISTRY_EMERGENCY,
            Kind.REGISTRY_ACTIVATED,
            Kind.REGISTRY_RATIFIED,
        ]


async def test_an_emergency_lapses(tmp_path: Path) -> None:
    """Not ratified in time, it is taken back by a new version; everybody can see why."""
    async with office(tmp_path) as gateway:
        change = (await upload(gateway, SUSPEND)).json
        await declare(gateway, change, hours=1)
        made = await state(gateway, change["id"], "active")
        suspended = await gateway.call("GET", "/v1/agencies/H26.1")
        gateway.clock.turn(hours=1)
        await state(gateway, change["id"], "rolled_back")
        assert (await gateway.call("GET", "/v1/agencies/H26.1")).status == 200
        assert suspended.status != 200 or suspended.json["status"] == "suspended"

        late = await approve(gateway, change)
        assert (late.status, late.json["code"]) == (409, "registry.change_not_ready")
        [undo] = [
            each
            for each in (await gateway.call("GET", CHANGES, token="auditor")).json["items"]
            if each["rolls_back"] == change["id"]
        ]
        assert (undo["version"], undo["approvals"]) == (made["version"] + 1, [])
        assert await kinds(gateway, change["id"]) == [
            Kind.REGISTRY_EMERGENCY,
            Kind.REGISTRY_ACTIVATED,
            Kind.REGISTRY_LAPSED,
        ]
        assert await kinds(gateway, undo["id"]) == [Kind.REGISTRY_ACTIVATED]


@pytest.mark.parametrize(
    ("hours", "status", "code"),
    [
        (73, 422, "registry.emergency_too_long"),
        (0, 400, "request.bad_parameter"),
        (-1, 400, "request.bad_parameter"),
    ],
)
async def test_the_box_has_limits(tmp_path: Path, hours: float, status: int, code: str) -> None:
    """Nobody stands alone for more than three days."""
    async with office(tmp_path) as gateway:
        change = (await upload(gateway, SUSPEND)).json
        answer = await declare(gateway, change, hours=hours)
        assert (answer.status, answer.json["code"]) == (status, code)
        nameless = await declare(gateway, change, reason="")
        assert (nameless.status, nameless.json["code"]) == (400, "request.bad_parameter")


async def test_a_rollback_before_the_instant(tmp_path: Path) -> None:
    """It needs two officers as well, and leaves nothing of the change."""
    async with office(tmp_path) as gateway:
        before = await gateway.store.registry.directory()
        change = await scheduled(gateway)
        made = await post(gateway, f"{CHANGES}/{change['id']}/rollback", title="Hoãn")
        undo = made.json
        assert (made.status, undo["state"], undo["rolls_back"]) == (201, "validated", change["id"])
        assert (await propose(gateway, undo)).status == 200
        alone = await approve(gateway, undo, PROPOSER)
        assert (alone.status, alone.json["code"]) == (403, "registry.same_officer")
        assert (await approve(gateway, undo)).status == 202
        assert (await state(gateway, change["id"], "rolled_back"))["waits_for"] is None
        after = await gateway.store.registry.directory()
        assert after.version == before.version + 2
        assert after.sha256 == before.sha256
        again = await post(gateway, f"{CHANGES}/{change['id']}/rollback", title="x")
        assert (again.status, again.json["code"]) == (409, "registry.change_not_ready")


async def test_a_rollback_is_prepared_and_held(tmp_path: Path) -> None:
    """Approved beforehand it waits; released after the instant, it takes effect at its own."""
    async with office(tmp_path) as gateway:
        change = await scheduled(gateway)
        after_it = "2025-07-05T04:00:00+07:00"
        path = f"{CHANGES}/{change['id']}/rollback"
        undo = (await post(gateway, path, at=after_it, held=True)).json
        too_early = await post(gateway, f"{CHANGES}/{undo['id']}/release")
        assert (too_early.status, too_early.json["code"]) == (409, "registry.change_not_ready")
        assert (await propose(gateway, undo)).status == 200
        assert (await approve(gateway, undo)).json["waits_for"] == "release"
        gateway.clock.turn(days=3, hours=17)
        assert (await show(gateway, undo["id"]))["state"] == "approved"
        assert (await gateway.call("GET", "/v1/agencies/H26.1")).status == 410
        released = await post(gateway, f"{CHANGES}/{undo['id']}/release", token=APPROVER.name)
        assert released.status == 202
        await state(gateway, undo["id"], "scheduled")
        gateway.clock.turn(hours=3)
        assert (await gateway.call("GET", "/v1/agencies/H26.1")).status == 200
        assert (await gateway.call("GET", "/v1/agencies/H26.2")).status == 410
        assert Kind.REGISTRY_RELEASED in await kinds(gateway, undo["id"])


async def test_what_later_changes_stand_on(tmp_path: Path) -> None:
    """A change on which another one stands cannot be taken back by itself."""
    async with office(tmp_path) as gateway:
        change = await scheduled(gateway)
        await scheduled(gateway, f"op,code,name,valid_from\nrename,H26.2,Sở,{LATER.replace('05T', '06T')}\n")
        answer = await post(gateway, f"{CHANGES}/{change['id']}/rollback", title="x")
        assert (answer.status, answer.json["code"]) == (409, "registry.change_overtaken")


async def test_a_crash_between_version_and_note(tmp_path: Path) -> None:
    """A version that was made, but not noted, is found again by the process that comes next."""
    async with office(tmp_path) as gateway:
        change = await scheduled(gateway)
        version = change["version"]
    with closing(sqlite3.connect(tmp_path / "vanthu.db")) as connection:
        connection.execute("UPDATE change_set SET state = 'approved', version = NULL")
        connection.commit()
    async with world(tmp_path, agencies="") as gateway:
        gateway.tokens[APPROVER.name] = gateway.tokens["admin"]
        again = await state(gateway, change["id"], "scheduled")
        assert again["version"] == version
        assert (await kinds(gateway, change["id"])).count(Kind.REGISTRY_ACTIVATED) == 1


async def test_a_whole_list_takes_effect_at_its_moment(tmp_path: Path) -> None:
    """A full list goes the same way as changes do."""
    async with office(tmp_path) as gateway:
        listed = "code,name,parent,kind\nG22,Văn phòng Chính phủ,,central\nH26,Thủ đô,,province\nH53,Tây Ninh,,province\n"
        change = await scheduled(gateway, listed, of="agencies", at=LATER)
        assert change["effective_at"] == "2025-07-04T17:00:00.000Z"
        gateway.clock.turn(days=4)
        assert (await gateway.call("GET", "/v1/agencies/H26")).json["name"] == "Thủ đô"
