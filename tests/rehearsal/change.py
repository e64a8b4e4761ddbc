"""The change set of the night, on the way that any other takes: handed in, signed by two officers, made by the gateway."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Final

import gateway.demo
from gateway.client import Client
from gateway.client.changes import ChangeFile
from routing.change_approval import OfficerRole
from tests.support.officers import Officer

CHANGES: Final = Path(gateway.demo.__file__).parent / "cutover-2025-07-01.csv"


async def schedule(admin: Client, *, at: datetime) -> None:
    """Hand the change set in, let two officers sign it, and return when it is a version of the registry."""
    officers, tokens = (Officer(name="an"), Officer(name="binh")), []
    for officer in officers:
        made = await admin.issue_token(label=officer.name, roles=["registry"])
        await admin.changes.register_key(made.credential_id, officer.verifier_key)
        tokens.append(made.token)
    async with Client(admin.url, token=tokens[0]) as proposer, Client(admin.url, token=tokens[1]) as approver:
        change = await proposer.changes.draft(ChangeFile.read(CHANGES), title="Ngày 01/7/2025")
        if change["state"] != "validated":
            raise RuntimeError(f"the change set has faults: {change}"[:1000])
        signed = officers[0].sign(change, OfficerRole.PROPOSER, at=at)
        await proposer.changes.propose(change["id"], signed)
        signed = officers[1].sign(change, OfficerRole.APPROVER, at=at)
        await approver.changes.approve(change["id"], signed)
        while (await approver.changes.show(change["id"]))["state"] != "scheduled":
            await asyncio.sleep(0.2)
