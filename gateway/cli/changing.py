"""The work behind the verbs of `vanthu registry` about change sets, as coroutines over a client (`gateway.cli.remote`)."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from gateway.cli.change_views import show_change, show_changes, show_diff, show_registry, show_versions
from gateway.cli.exits import Exit
from gateway.cli.officer_keys import read_officer_key
from gateway.cli.output import UnreadableFileError, make_console, unreadable
from gateway.cli.remote import Result, Work
from gateway.client import Client
from gateway.client.changes import ChangeFile
from gateway.clock import utc_now
from routing.change_approval import ApprovalFacts, OfficerRole, sign_approval
from routing.errors_log import LogError
from routing.note import Verifier

_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LOOK_AGAIN: Final = 0.2


class Pen:
    """An officer's private key with the name under which it is registered, and the diff that may be signed with it."""

    def __init__(self, path: Path, name: str | None, sha256: str | None) -> None:
        self._key = read_officer_key(path)
        self._name = name or path.name.removesuffix(".key")
        self._sha256 = (sha256 or "").lower()
        try:
            Verifier.of(self._name, self._key.public_key())
        except LogError as error:
            raise UnreadableFileError(vi=f"Tên khóa không dùng được: {self._name}", en=str(error)) from error

    async def statement(self, client: Client, change: Mapping[str, Any], role: OfficerRole) -> dict[str, Any]:
        """Sign exactly what the gateway shows, after hashing it here.

        Raises:
            UnreadableFileError: the text that it shows has another hash, or not the one that was looked at.

        """
        found = hashlib.sha256(await client.changes.lines(change["id"])).hexdigest()
        if found != change["diff_sha256"] or not found.startswith(self._sha256):
            raise UnreadableFileError(
                vi=f"Nội dung ở cổng có SHA-256 {found}, không phải nội dung đã xem; không ký",
                en=f"what the gateway shows has the SHA-256 {found}, not that of what was looked at; not signed",
            )
        facts = ApprovalFacts(
            change=change["id"],
            diff_sha256=found,
            role=role,
            base_version=change["base_version"],
            at=utc_now(),
        )
        return sign_approval(facts, key=self._key, key_name=self._name)


def read_changes(path: Path, *, at: datetime | None, retroactive: bool) -> ChangeFile:
    """Read a file of changes.

    Raises:
        UnreadableFileError: it cannot be read.

    """
    try:
        return ChangeFile.read(path, at=at, retroactive=retroactive)
    except OSError as error:
        raise unreadable(path, error) from error


def is_change(text: str) -> bool:
    """Tell the id of a change set from the name of a file."""
    return _ID.fullmatch(text) is not None


def draft(
    file: ChangeFile, *, title: str, legal_basis: str, held: bool, replaces: str | None, pen: Pen | None
) -> Work:
    """Hand in a file, and sign it as the proposer if there is a key and no fault."""

    async def work(client: Client) -> Result:
        with make_console(error=True).status(f"Đang kiểm tra {file.name} · validating …"):
            if replaces is None:
                change = await client.changes.draft(file, title=title, legal_basis=legal_basis, held=held)
            else:
                change = await client.changes.replace(replaces, file)
        if pen is not None and not change["fault_count"]:
            statement = await pen.statement(client, change, OfficerRole.PROPOSER)
            change = await client.changes.propose(change["id"], statement)
        return _shown(change)

    return work


def propose(change_id: str, pen: Pen) -> Work:
    """Sign as the proposer, after a look at the registry in force."""

    async def work(client: Client) -> Result:
        change = await client.changes.show(change_id)
        if change["waits_for"] in {"proposer", "correction"}:
            change = await client.changes.validate(change_id)
        if change["fault_count"]:
            return _shown(change)
        statement = await pen.statement(client, change, OfficerRole.PROPOSER)
        return _shown(await client.changes.propose(change_id, statement))

    return work


def approve(change_id: str, pen: Pen, *, wait: float) -> Work:
    """Sign as the approver, and wait until the version is made."""

    async def work(client: Client) -> Result:
        change = await client.changes.show(change_id)
        statement = await pen.statement(client, change, OfficerRole.APPROVER)
        change = await client.changes.approve(change_id, statement)
        return _shown(await _made(client, change, wait=wait))

    return work


def declare_emergency(change_id: str, pen: Pen, *, reason: str, hours: float, wait: float) -> Work:
    """Put a change set in force alone, and wait until the version is made."""

    async def work(client: Client) -> Result:
        change = await client.changes.show(change_id)
        statement = await pen.statement(client, change, OfficerRole.EMERGENCY)
        change = await client.changes.declare_emergency(change_id, statement, reason=reason, hours=hours)
        return _shown(await _made(client, change, wait=wait))

    return work


def release(change_id: str, *, wait: float) -> Work:
    """Let go on what was approved beforehand and held, and wait until the version is made."""

    async def work(client: Client) -> Result:
        change = await client.changes.release(change_id)
        return _shown(await _made(client, change, wait=wait))

    return work


def withdraw(change_id: str, *, reason: str) -> Work:
    """End a change set before it is scheduled."""

    async def work(client: Client) -> Result:
        return _shown(await client.changes.withdraw(change_id, reason=reason))

    return work


def roll_back(
    change_id: str, *, at: datetime | None, title: str, legal_basis: str, held: bool, pen: Pen | None
) -> Work:
    """Make a change set that takes another one back, and sign it as the proposer if there is a key."""

    async def work(client: Client) -> Result:
        change = await client.changes.roll_back(
            change_id, at=at, title=title, legal_basis=legal_basis, held=held
        )
        if pen is not None:
            statement = await pen.statement(client, change, OfficerRole.PROPOSER)
            change = await client.changes.propose(change["id"], statement)
        return _shown(change)

    return work


def show(change_id: str) -> Work:
    """Show a change set with its faults and signatures."""

    async def work(client: Client) -> Result:
        return _shown(await client.changes.show(change_id), everything=True, good=True)

    return work


def list_changes(*, state: str | None, before: str | None, limit: int) -> Work:
    """List change sets."""

    async def work(client: Client) -> Result:
        page = await client.changes.list(state=state, before=before, limit=limit)
        return Result(value=page, show=lambda console: show_changes(console, page))

    return work


def diff(change_id: str, *, after: int, limit: int) -> Work:
    """Show a part of what a change set does."""

    async def work(client: Client) -> Result:
        page = await client.changes.diff(change_id, after=after, limit=limit)
        return Result(value=page, show=lambda console: show_diff(console, page))

    return work


def status() -> Work:
    """Show the version in force and what is to come."""

    async def work(client: Client) -> Result:
        found = await client.changes.registry()
        return Result(value=found, show=lambda console: show_registry(console, found))

    return work


def versions(*, before: int | None, limit: int) -> Work:
    """List the versions of the registry."""

    async def work(client: Client) -> Result:
        page = await client.changes.versions(before=before, limit=limit)
        return Result(value=page, show=lambda console: show_versions(console, page))

    return work


def _shown(change: dict[str, Any], *, everything: bool = False, good: bool = False) -> Result:
    faulty = bool(change["fault_count"]) and not good
    return Result(
        value=change,
        show=lambda console: show_change(console, change, everything=everything),
        exit=Exit.REFUSED if faulty else Exit.OK,
    )


async def _made(client: Client, change: dict[str, Any], *, wait: float) -> dict[str, Any]:
    """Wait until the gateway has gone on; whoever waits in vain finds it later with `show`."""
    until = utc_now() + timedelta(seconds=wait)
    with make_console(error=True).status("Đang lập phiên bản danh mục · making the version …"):
        while change["waits_for"] == "gateway" and utc_now() < until:
            await asyncio.sleep(_LOOK_AGAIN)
            change = await client.changes.show(change["id"])
    return change
