"""Changes of the registry over HTTP: from the file to the version, by four eyes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from routing.change_approval import ApprovalFacts, OfficerRole, check_approval
from routing.log import Kind
from routing.note import parse_verifier_key
from tests.api.officers import (
    APPROVER,
    CHANGES,
    LATER,
    MERGE,
    PROPOSER,
    admit,
    approve,
    office,
    post,
    propose,
    scheduled,
    show,
    state,
    upload,
)
from tests.api.world import World
from tests.support.officers import Officer

pytestmark = pytest.mark.asyncio(loop_scope="session")

FAULTY = f"""\
op,code,name,parent,kind,valid_from,successors
close,H99,,,,{LATER},
open,H26.3,Tên\u200b ẩn,H26,department,{LATER},
close,H53.1,,,,2025-06-01T00:00:00+07:00,H77
"""


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """Return a gateway that the tests share which change nothing for the others."""
    async with office(tmp_path_factory.mktemp("office")) as running:
        yield running


async def refused(answer: Any, status: int, code: str) -> None:
    """Check that a step was refused for this reason."""
    assert (answer.status, answer.json["code"]) == (status, code), answer.json


async def test_a_change_from_file_to_instant(tmp_path: Path) -> None:
    """A file is validated, signed by two, made by itself, and in force from its instant on, with a full record of it."""
    async with office(tmp_path) as gateway:
        made = await upload(gateway, legal_basis="NQ 202/2025/QH15", name="thay-doi.csv")
        assert made.status == 201
        change = made.json
        assert (change["state"], change["waits_for"], change["faults"]) == ("validated", "proposer", [])
        assert change["counts"]["operations"] == {"close": 1, "open": 1}
        lines = await gateway.call("GET", f"{CHANGES}/{change['id']}/lines", token="auditor")
        assert hashlib.sha256(lines.body).hexdigest() == change["diff_sha256"]
        diff = await show(gateway, change["id"], "/diff?limit=1")
        assert (diff["total"], diff["next"], diff["items"][0]["code"]) == (2, 1, "H26.1")
        source = await gateway.call("GET", f"{CHANGES}/{change['id']}/source", token="auditor")
        assert source.body == MERGE.encode()

        proposed = await propose(gateway, change)
        assert (proposed.status, proposed.json["waits_for"]) == (200, "approver")
        approved = await approve(gateway, change)
        assert (approved.status, approved.json["state"]) == (202, "approved")
        ready = await state(gateway, change["id"], "scheduled")
        assert ready["waits_for"] == "instant"
        overview = (await gateway.call("GET", "/v1/registry", token="auditor")).json
        assert (overview["version"], overview["head"]["change"]) == (ready["version"], change["id"])
        assert overview["next_instants"] == ["2025-07-04T17:00:00.000Z"]
        assert [each["id"] for each in overview["pending"]] == [change["id"]]

        assert (await gateway.call("GET", "/v1/agencies/H26.1")).status == 200
        gateway.clock.turn(days=4)
        assert (await gateway.call("GET", "/v1/agencies/H26.1")).status == 410
        assert (await gateway.call("GET", "/v1/agencies/H26.2")).status == 200
        active = await show(gateway, change["id"])
        assert (active["state"], active["waits_for"]) == ("active", None)
        assert (await gateway.call("GET", "/v1/registry", token="auditor")).json["pending"] == []

        log = [entry for entry in await gateway.log() if entry.fields.get("change") == change["id"]]
        kinds = [Kind.REGISTRY_PROPOSED, Kind.REGISTRY_APPROVED, Kind.REGISTRY_ACTIVATED]
        assert [entry.kind for entry in log] == kinds
        for entry, role in zip(log, (OfficerRole.PROPOSER, OfficerRole.APPROVER), strict=False):
            _verify(dict(entry.fields), role)


def _verify(fields: dict[str, Any], role: OfficerRole) -> None:
    """Check a signature as an auditor does, who has nothing but the log."""
    verifier = parse_verifier_key(fields["verifier_key"])
    facts = {
        "at": fields["signed_at"],
        "base_version": fields["base_version"],
        "change": fields["change"],
        "diff_sha256": fields["change_sha256"],
        "role": fields["role"],
    }
    signed = {"registry_approval": facts, "key": verifier.label, "signature": fields["signature"]}
    at = datetime.fromisoformat(fields["signed_at"])
    expected = ApprovalFacts(
        change=facts["change"],
        diff_sha256=facts["diff_sha256"],
        role=role,
        base_version=facts["base_version"],
        at=at,
    )
    assert check_approval(signed, expected, verifier, now=at) == at


async def test_faults_are_told_at_once_and_kept(gateway: World) -> None:
    """Every fault has row, column, value and reason; the draft is kept, cannot be signed, and a better file replaces it."""
    made = await upload(gateway, FAULTY)
    change = made.json
    assert (made.status, change["state"], change["waits_for"]) == (201, "draft", "correction")
    told = {(each["row"], each["column"], each["reason"]) for each in change["faults"]}
    assert (2, "code", "unknown_code") in told
    assert (3, "name", "invisible") in told
    assert (4, "valid_from", "retroactive") in told
    assert change["fault_count"] == len(change["faults"])
    assert all(each["vi"] and each["en"] for each in change["faults"])
    assert (await show(gateway, change["id"], "/diff"))["items"] == []
    signed = {**change, "diff_sha256": "00" * 32}
    await refused(await propose(gateway, signed), 409, "registry.change_faulty")

    better = await upload(gateway, to=change["id"])
    assert (better.status, better.json["state"], better.json["faults"]) == (200, "validated", [])
    assert better.json["revision"] == change["revision"] + 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no_operations"),
        (b"\xff\xfe", "not_utf8"),
        (b"op;code;valid_from\n", "delimiter"),
        (b"op,code\nclose,H26\n", "missing_column"),
        (b"PK\x03\x04", "workbook"),
    ],
    ids=["empty", "not UTF-8", "semicolons", "column", "workbook"],
)
async def test_files_that_cannot_be_read(gateway: World, content: bytes, reason: str) -> None:
    """A file that cannot be read at all is a draft with a fault, too."""
    change = (await upload(gateway, content)).json

    assert change["state"] == "draft"
    assert reason in {each["reason"] for each in change["faults"]}


async def test_json_and_the_whole_list(gateway: World) -> None:
    """Changes come as JSON, too, and a whole list becomes the changes that lead to it."""
    row = {"op": "rename", "code": "H26", "name": "Hà Nội", "valid_from": LATER}
    change = (await upload(gateway, json.dumps({"operations": [row]}), media="application/json")).json
    assert change["counts"]["operations"] == {"rename": 1}

    listed = "code,name,parent,kind\nG22,Văn phòng Chính phủ,,central\nH26,Hà Nội,,province\n"
    change = (await upload(gateway, listed, of="agencies", at=LATER)).json
    assert change["state"] == "validated", change["faults"]
    assert change["counts"]["operations"]["close"] == 3


@pytest.mark.parametrize(
    ("asked", "media"),
    [
        ({"title": ""}, "text/csv"),
        ({"title": "a\nb"}, "text/csv"),
        ({"of": "members"}, "text/csv"),
        ({"of": "agencies"}, "text/csv"),
        ({"at": LATER}, "text/csv"),
        ({"of": "agencies", "at": LATER}, "application/json"),
        ({"retroactive": "yes"}, "text/csv"),
        ({"held": "1"}, "text/csv"),
        ({"legal_basis": "x" * 501}, "text/csv"),
    ],
)
async def test_bad_parameters(gateway: World, asked: dict[str, str], media: str) -> None:
    """What does not fit is refused before anything is kept."""
    await refused(await upload(gateway, media=media, **asked), 400, "request.bad_parameter")


async def test_who_may_do_what(gateway: World) -> None:
    """Officers write; administrators and auditors read; members see nothing of it."""
    change = (await upload(gateway)).json
    for token in ("auditor", "hanoi", "nobody"):
        await refused(await upload(gateway, token=token), 403, "access.role_missing")
        answer = await post(gateway, f"{CHANGES}/{change['id']}/validate", token=token)
        await refused(answer, 403, "access.role_missing")
    for path in ("", f"/{change['id']}", f"/{change['id']}/diff", f"/{change['id']}/lines"):
        assert (await gateway.call("GET", f"{CHANGES}{path}", token="auditor")).status == 200
        await refused(await gateway.call("GET", f"{CHANGES}{path}"), 403, "access.role_missing")


async def test_unknown_change_sets(gateway: World) -> None:
    """What is not there is not found, whatever is asked of it."""
    nowhere = f"{CHANGES}/0197b2c4-0000-7000-8000-000000000000"
    for path in ("", "/diff", "/lines", "/source"):
        await refused(await gateway.call("GET", nowhere + path, token="auditor"), 404, "request.not_found")
    for verb in ("validate", "release"):
        await refused(await post(gateway, f"{nowhere}/{verb}"), 404, "request.not_found")
    await refused(await post(gateway, f"{nowhere}/withdraw", reason="x"), 404, "request.not_found")
    assert (await gateway.call("GET", f"{CHANGES}/x", token="auditor")).status == 404


async def test_four_eyes(gateway: World) -> None:
    """The approver is another person with another key, and nobody approves what nobody proposed."""
    change = (await upload(gateway)).json
    await refused(await approve(gateway, change), 409, "registry.change_not_ready")
    assert (await propose(gateway, change)).status == 200
    await refused(await propose(gateway, change), 409, "registry.change_not_ready")
    await refused(await approve(gateway, change, PROPOSER), 403, "registry.same_officer")

    keyless = Officer(name="le.van.c")
    await admit(gateway, keyless, with_key=False)
    await refused(await approve(gateway, change, keyless), 403, "registry.officer_key_missing")


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"diff_sha256": "00" * 32}, "registry.approval_mismatch"),
        ({"base_version": 0}, "registry.approval_mismatch"),
        ({"change": "0197b2c4-0000-7000-8000-000000000000"}, "registry.approval_mismatch"),
    ],
)
async def test_only_what_was_shown_can_be_signed(gateway: World, other: dict[str, Any], code: str) -> None:
    """A signature over another diff, another base or another change set does not count."""
    change = (await upload(gateway)).json

    await refused(await propose(gateway, change, **other), 422, code)
    assert (await show(gateway, change["id"]))["approvals"] == []


async def test_signatures_that_do_not_count(gateway: World) -> None:
    """Nor does one by another key, for another role, or that is no signature at all."""
    change = (await upload(gateway)).json
    path = f"{CHANGES}/{change['id']}/propose"
    signed = Officer(name=PROPOSER.name).sign(change, OfficerRole.PROPOSER, at=gateway.clock())
    await refused(await post(gateway, path, **signed), 422, "registry.approval_unverified")
    signed = PROPOSER.sign(change, OfficerRole.APPROVER, at=gateway.clock())
    await refused(await post(gateway, path, **signed), 422, "registry.approval_mismatch")
    signed = {**PROPOSER.sign(change, OfficerRole.PROPOSER, at=gateway.clock()), "signature": "AAAA"}
    await refused(await post(gateway, path, **signed), 422, "registry.approval_unverified")
    await refused(await post(gateway, path, key="x"), 400, "request.bad_parameter")


async def test_withdrawing(gateway: World) -> None:
    """What is withdrawn stays so; the log knows if anybody had signed."""
    change = (await upload(gateway)).json
    assert (await propose(gateway, change)).status == 200
    gone = await post(gateway, f"{CHANGES}/{change['id']}/withdraw", token=APPROVER.name, reason="nhầm")
    assert (gone.status, gone.json["state"], gone.json["reason"]) == (200, "withdrawn", "nhầm")
    assert gone.json["approvals"][0]["void_at"] is not None
    again = await post(gateway, f"{CHANGES}/{change['id']}/withdraw", reason="")
    await refused(again, 409, "registry.change_not_ready")
    await refused(await upload(gateway, to=change["id"]), 409, "registry.change_not_ready")
    entries = [each for each in await gateway.log() if each.fields.get("change") == change["id"]]
    assert [each.kind for each in entries] == [Kind.REGISTRY_PROPOSED, Kind.REGISTRY_WITHDRAWN]


async def test_another_file_voids_the_signature(gateway: World) -> None:
    """The proposer has not signed what is there now."""
    change = (await upload(gateway)).json
    assert (await propose(gateway, change)).status == 200
    after = (await upload(gateway, MERGE.replace("Sở Nội vụ", "Sở Tài chính"), to=change["id"])).json
    assert (after["waits_for"], after["approvals"][0]["void_at"] is None) == ("proposer", False)
    await refused(await approve(gateway, after), 409, "registry.change_not_ready")
    assert (await propose(gateway, after)).status == 200


async def test_the_registry_moves_on_between_signatures(tmp_path: Path) -> None:
    """With the same diff the signature stands; with another one it is void, and the reason is told."""
    async with office(tmp_path) as gateway:
        first, second, third = [(await upload(gateway)).json for _ in range(3)]
        for change in (first, second):
            assert (await propose(gateway, change)).status == 200
        rename = f"op,code,name,valid_from\nrename,G22,Văn phòng,{LATER}\n"
        await scheduled(gateway, rename)
        assert (await approve(gateway, first)).status == 202
        await state(gateway, first["id"], "scheduled")

        await refused(await approve(gateway, second), 409, "registry.change_outdated")
        void = await show(gateway, second["id"])
        assert (void["state"], void["reason"]) == ("draft", "registry.diff_changed")
        await refused(await propose(gateway, third), 409, "registry.change_outdated")
        kinds = [each.kind for each in await gateway.log() if each.fields.get("change") == second["id"]]
        assert kinds == [Kind.REGISTRY_PROPOSED, Kind.REGISTRY_VOIDED]


async def test_its_moment_passes_before_it_is_approved(tmp_path: Path) -> None:
    """What was to begin at a moment that has passed has to be looked at again."""
    async with office(tmp_path) as gateway:
        change = (await upload(gateway)).json
        assert (await propose(gateway, change)).status == 200
        gateway.clock.turn(days=5)
        await refused(await approve(gateway, change), 409, "registry.change_outdated")


async def test_retroactive_changes_are_declared(gateway: World) -> None:
    """A moment in the past is a fault unless it is said to be meant."""
    past = "op,code,name,valid_from\nrename,H26,Hà Nội,2025-06-01\n"
    assert (await upload(gateway, past)).json["state"] == "draft"
    assert (await upload(gateway, past, retroactive="true")).json["state"] == "validated"


async def test_lists_are_paged(gateway: World) -> None:
    """The newest first, by state, from before one of them."""
    for _ in range(3):
        await upload(gateway)
    page = (await gateway.call("GET", f"{CHANGES}?limit=2&state=validated", token="admin")).json
    assert len(page["items"]) == 2
    following = await gateway.call("GET", f"{CHANGES}?limit=2&before={page['next']}", token="admin")
    ids = [each["id"] for each in (*page["items"], *following.json["items"])]
    assert ids == sorted(ids, reverse=True)
    for query in ("state=active", "state=x", "limit=0", "before=x"):
        answer = await gateway.call("GET", f"{CHANGES}?{query}", token="admin")
        await refused(answer, 400, "request.bad_parameter")


async def test_officer_keys(gateway: World) -> None:
    """One key belongs to one officer; a new one takes over, and the old one stays on record."""
    officer = Officer(name="pham.d")
    credential = await admit(gateway, officer)
    path = f"/v1/tokens/{credential}/officer-key"
    again = await post(gateway, path, token="admin", verifier_key=officer.verifier_key)
    assert again.status == 201
    taken = await post(gateway, path, token="admin", verifier_key=PROPOSER.verifier_key)
    await refused(taken, 409, "registry.officer_key_taken")
    newer = Officer(name="pham.d.2025")
    assert (await post(gateway, path, token="admin", verifier_key=newer.verifier_key)).status == 201
    keys = (await gateway.call("GET", "/v1/registry/officers", token="auditor")).json["items"]
    mine = [
        (each["verifier_key"], each["until"] is None) for each in keys if each["credential_id"] == credential
    ]
    assert mine == [(officer.verifier_key, False), (newer.verifier_key, True)]
    revoked = await gateway.call("DELETE", f"/v1/tokens/{credential}", token="admin")
    assert revoked.status == 204
    moved = await admit(gateway, newer)
    keys = (await gateway.call("GET", "/v1/registry/officers", token="auditor")).json["items"]
    in_use = [
        each["credential_id"]
        for each in keys
        if each["verifier_key"] == newer.verifier_key and not each["until"]
    ]
    assert in_use == [moved]
    path = f"/v1/tokens/{moved}/officer-key"
    await refused(await post(gateway, path, token="admin", verifier_key="x"), 400, "request.bad_parameter")
    await refused(await post(gateway, path, verifier_key="x"), 403, "access.role_missing")
    nobody = "/v1/tokens/0197b2c4-0000-7000-8000-000000000000/officer-key"
    answer = await post(gateway, nobody, token="admin", verifier_key=Officer(name="x").verifier_key)
    await refused(answer, 404, "request.not_found")


async def test_versions(tmp_path: Path) -> None:
    """Every version says who made it and of what."""
    async with office(tmp_path) as gateway:
        change = await scheduled(gateway)
        page = (await gateway.call("GET", "/v1/registry/versions?limit=2", token="auditor")).json
        assert page["items"][0]["change"] == change["id"]
        rest = await gateway.call("GET", f"/v1/registry/versions?before={page['next']}", token="auditor")
        versions = [each["version"] for each in (*page["items"], *rest.json["items"])]
        assert versions == sorted(versions, reverse=True)
