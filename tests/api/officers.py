"""A world with two officers who have tokens and keys, and the steps that they take with a change set."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from gateway.flow.access import new_token
from routing.change_approval import OfficerRole
from tests.api.world import Answer, World, world
from tests.support.officers import Officer

CHANGES: Final = "/v1/registry/changes"
LATER: Final = "2025-07-05T00:00:00+07:00"
MERGE: Final = f"""\
op,code,name,parent,kind,valid_from,successors,code_qcvn102
close,H26.1,,,,{LATER},H26,
open,H26.2,Sở Nội vụ thành phố Hà Nội,H26,department,{LATER},,000.00.02.H26
"""
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PROPOSER: Final = Officer(name="nguyen.van.a")
APPROVER: Final = Officer(name="tran.thi.b")


@asynccontextmanager
async def office(folder: Path, **options: Any) -> AsyncIterator[World]:
    """Start a gateway at which two officers are known."""
    async with world(folder, **options) as gateway:
        for officer in (PROPOSER, APPROVER):
            await admit(gateway, officer)
        yield gateway


async def admit(gateway: World, officer: Officer, *, with_key: bool = True) -> str:
    """Give an officer a token, and register the key for it; return the id of the token."""
    token, credential = new_token(label=officer.name, member_id=None, at=gateway.clock(), roles={"registry"})
    await gateway.store.accounts.issue(credential, actor="test")
    gateway.tokens[officer.name] = token
    if with_key:
        made = await post(
            gateway,
            f"/v1/tokens/{credential.id}/officer-key",
            token="admin",
            verifier_key=officer.verifier_key,
        )
        assert made.status == 201, made.json
    return credential.id


async def post(gateway: World, path: str, /, *, token: str = PROPOSER.name, **members: Any) -> Answer:
    """Send JSON, or nothing at all if there are no members."""
    if not members:
        return await gateway.call("POST", path, token=token)
    headers = {"Content-Type": "application/json"}
    return await gateway.call("POST", path, body=msgspec.json.encode(members), headers=headers, token=token)


async def upload(
    gateway: World,
    content: str | bytes = MERGE,
    *,
    token: str = PROPOSER.name,
    media: str = "text/csv",
    to: str | None = None,
    **asked: str,
) -> Answer:
    """Hand in a file of changes; `to` is the change set whose file it replaces."""
    query = urlencode(asked if to else {"title": "Sắp xếp đơn vị hành chính", **asked})
    path = f"{CHANGES}/{to}/source?{query}" if to else f"{CHANGES}?{query}"
    body = content.encode() if isinstance(content, str) else content
    return await gateway.call(
        "PUT" if to else "POST", path, body=body, headers={"Content-Type": media}, token=token
    )


async def show(gateway: World, change_id: str, part: str = "", *, token: str = APPROVER.name) -> Any:
    """Return a change set, or a part of it."""
    answer = await gateway.call("GET", f"{CHANGES}/{change_id}{part}", token=token)
    assert answer.status == 200, answer.json
    return answer.json


async def propose(gateway: World, change: Any, officer: Officer = PROPOSER, /, **other: Any) -> Answer:
    """Sign as the proposer."""
    signed = officer.sign(change, OfficerRole.PROPOSER, at=gateway.clock(), **other)
    return await post(gateway, f"{CHANGES}/{change['id']}/propose", token=officer.name, **signed)


async def approve(gateway: World, change: Any, officer: Officer = APPROVER, /, **other: Any) -> Answer:
    """Sign as the approver."""
    signed = officer.sign(change, OfficerRole.APPROVER, at=gateway.clock(), **other)
    return await post(gateway, f"{CHANGES}/{change['id']}/approve", token=officer.name, **signed)


async def state(gateway: World, change_id: str, expected: str) -> Any:
    """Wait until a change set is in a state, and return it."""
    async with asyncio.timeout(20):
        while (change := await show(gateway, change_id))["state"] != expected:
            await asyncio.sleep(0.01)
        return change


async def scheduled(gateway: World, content: str = MERGE, **asked: str) -> Any:
    """Take a change set all the way until its version is made."""
    change = (await upload(gateway, content, **asked)).json
    assert (await propose(gateway, change)).status == 200
    assert (await approve(gateway, change)).status == 202
    return await state(gateway, change["id"], "scheduled")
