"""The work behind the verbs that call a gateway: each is a coroutine over a client, whose result says what to print.

Invariant: nothing is printed before the gateway has answered, so that `--json` prints one document: the answer or the problem.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
import typer
from rich.console import Console

from gateway.cli.drafts import draft_of
from gateway.cli.exits import Exit
from gateway.cli.failures import verdict_of
from gateway.cli.moments import VIETNAM
from gateway.cli.output import (
    count,
    local,
    make_console,
    print_json,
    read_file,
    show_facts,
    show_fault,
    show_table,
    show_verdict,
    unreadable,
)
from gateway.cli.waiting import show_parked
from gateway.client import Client, Delivery, Fault, InboxItem, ProblemError, Submitted
from schemas.codelists import PRIORITIES
from schemas.errors import SchemaError
from schemas.names import qualified
from schemas.splice import open_file


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a verb found out: for machines, and how to tell people."""

    value: Any
    show: Callable[[Console], None]
    exit: Exit = Exit.OK


Work: TypeAlias = Callable[[Client], Awaitable[Result]]


def run(work: Work, *, url: str, token: str, as_json: bool) -> None:
    """Do the work against a gateway and print its result.

    Raises:
        ClientError: the gateway refused, could not decide or did not answer; with `as_json` a problem document is printed.
        typer.Exit: a problem document was printed, or the result is not simply good.

    """
    try:
        result = asyncio.run(_with_client(work, url, token))
    except ProblemError as error:
        if not as_json:
            raise
        print_json(error.document)
        raise typer.Exit(verdict_of(error)) from None
    if as_json:
        print_json(msgspec.to_builtins(result.value))
    else:
        result.show(make_console())
    if result.exit is not Exit.OK:
        raise typer.Exit(result.exit)


async def _with_client(work: Work, url: str, token: str) -> Result:
    async with Client(url, token=token or None) as client:
        return await work(client)


def send(file: Path, *, key: str | None, deliver_by: datetime | None = None) -> Work:
    """Submit a file as what it is: a status message or a document."""

    async def work(client: Client) -> Result:
        submit = client.submit_status if await asyncio.to_thread(_is_status, file) else client.submit_document
        sent = await submit(file, key=key, deliver_by=deliver_by)
        if sent.outcome == "parked":
            return Result(value=sent, show=lambda console: show_parked(console, sent), exit=Exit.UNDECIDED)
        return Result(value=sent, show=lambda console: _show_sent(console, sent))

    return work


def _is_status(file: Path) -> bool:
    try:
        root = open_file(file).tree.getroot()
    except SchemaError:
        # The gateway will say what is wrong with it, in full.
        return False
    except OSError as error:
        raise unreadable(file, error) from error
    steps = (qualified(name) for name in ("edXMLEnvelope", "edXMLHeader", "MessageHeader", "StatusCode"))
    return root.find("/".join(steps)) is not None


def _show_sent(console: Console, sent: Submitted) -> None:
    vi, en = "ĐÃ TIẾP NHẬN", "accepted"
    if sent.replayed:
        vi, en = "ĐÃ TIẾP NHẬN TRƯỚC ĐÓ", "accepted before; this is the first answer again"
    show_verdict(console, good=True, vi=vi, en=en)
    show_facts(
        console,
        [
            ("mã tra cứu · id", sent.id),
            ("lúc · at", f"{local(sent.accepted_at)} (+07)" if sent.accepted_at else None),
            ("mã văn bản · document id", sent.document_id),
            ("về văn bản · about", sent.about),
            ("sha256", sent.sha256),
            ("nơi gửi · from", sent.sender.as_sent),
            ("hạn gửi · deliver by", f"{local(sent.deliver_by)} (+07)" if sent.deliver_by else None),
            *(("nơi nhận · to", _way(each)) for each in sent.deliveries),
        ],
    )
    for warning in sent.warnings:
        show_fault(console, Fault.read(warning))


def _way(delivery: Delivery) -> str:
    number = "" if delivery.flow_seq is None else f"  #{delivery.flow_seq}"
    return f"{delivery.as_sent} → {delivery.member}{number}"


def inbox_list(*, wait: int, code: str | None, urgent: bool, after: str | None, limit: int) -> Work:
    """List what waits."""

    async def work(client: Client) -> Result:
        page = await client.inbox(wait=wait, code=code, urgent=urgent, after=after, limit=limit)

        def show(console: Console) -> None:
            if not page.items:
                console.print("Không có văn bản nào đang chờ · nothing is waiting")
                return
            rows = [_inbox_row(item) for item in page.items]
            show_table(
                console,
                ("mã · id", "đến lúc · arrived", "từ → tới · from → to", "số · trích yếu · about"),
                rows,
            )
            if page.next:
                console.print(f"Còn nữa · more: --after {page.next}")

        return Result(value=page, show=show)

    return work


def _inbox_row(item: InboxItem) -> tuple[str, ...]:
    document = item.document
    status = f"trạng thái {document.status_code}  " if document.status_code else ""
    urgency = (
        f"{PRIORITIES[item.urgency].vi.upper()}  " if item.urgency in PRIORITIES and item.urgency else ""
    )
    about = f"{urgency}{status}{document.number}  {document.subject}".strip()
    to = item.recipient.as_sent
    if item.recipient.resolved_code is not None:
        to += f" ⇒ {item.recipient.resolved_code}"
    road = f"{item.sender.as_sent} → {to}"
    return (
        item.id,
        local(item.arrived_at),
        road if item.flow_seq is None else f"{road}  #{item.flow_seq}",
        about,
    )


def inbox_get(item_id: str, *, output: Path | None) -> Work:
    """Fetch one item to a file; without one, to standard output."""

    async def work(client: Client) -> Result:
        if output is None:
            with tempfile.TemporaryFile() as fetched:
                await client.save_inbox_content(item_id, fetched)
                fetched.seek(0)
                shutil.copyfileobj(fetched, sys.stdout.buffer)
            return Result(value=None, show=lambda _: None)
        with draft_of(output, force=True) as draft, draft.open("w+b") as fetched:
            sha256 = await client.save_inbox_content(item_id, fetched)
            size = fetched.tell()

        def show(console: Console) -> None:
            show_verdict(console, good=True, vi=f"Đã ghi {output}", en=f"{count(size)} bytes")
            show_facts(console, [("sha256", sha256)])

        return Result(value=None, show=show)

    return work


def inbox_acknowledge(item_id: str) -> Work:
    """Take one item over."""

    async def work(client: Client) -> Result:
        taken = await client.acknowledge(item_id)
        vi = "Đã xác nhận từ trước" if taken.already else "Đã xác nhận, nơi gửi sẽ được báo"
        en = "acknowledged before" if taken.already else "acknowledged; the sender will be told"
        return Result(value=taken, show=lambda console: show_verdict(console, good=True, vi=vi, en=en))

    return work


def registry_load(file: Path) -> Work:
    """Load a list of agencies; a refused list is shown as a table of all its faults."""

    async def work(client: Client) -> Result:
        content = read_file(file)
        with make_console(error=True).status(f"Đang nạp {file.name} · loading …"):
            loaded = await client.load_agencies(content)

        def show(console: Console) -> None:
            vi, en = "Đã nạp danh mục", "loaded"
            if not loaded.changed:
                vi, en = "Danh mục không đổi", "the same list was in force already"
            show_verdict(console, good=True, vi=vi, en=en)
            show_facts(
                console,
                [
                    ("phiên bản · version", loaded.version),
                    ("số cơ quan · agencies", count(loaded.agencies)),
                    ("sha256", loaded.sha256),
                ],
            )

        return Result(value=loaded, show=show)

    return work


def member_add(
    member_id: str,
    *,
    name: str,
    prefixes: Sequence[str],
    queue: str | None,
    gateway: str | None,
    since: datetime | None,
) -> Work:
    """Connect a system."""

    async def work(client: Client) -> Result:
        added = await client.add_member(
            member_id, name=name, prefixes=prefixes, queue=queue, gateway=gateway, since=since
        )

        def show(console: Console) -> None:
            show_verdict(console, good=True, vi="Đã kết nối hệ thống", en="connected")
            show_facts(console, [(key, _flat(value)) for key, value in added.items()])

        return Result(value=added, show=show)

    return work


def token_issue(*, member: str | None, roles: Sequence[str], label: str, expires: datetime | None) -> Work:
    """Make a token for a member or for roles."""
    until = expires.replace(tzinfo=VIETNAM) if expires else None

    async def work(client: Client) -> Result:
        if member is not None:
            made = await client.issue_member_token(member, label=label or None, expires_at=until)
        else:
            made = await client.issue_token(label=label or "+".join(roles), roles=roles, expires_at=until)

        def show(console: Console) -> None:
            show_verdict(console, good=True, vi="Mã truy cập, chỉ hiện lần này", en="shown this once only")
            show_facts(console, [("mã truy cập · token", made.token), ("định danh · id", made.credential_id)])

        return Result(value=made, show=show)

    return work


def _flat(value: object) -> str | None:
    """Write one member of a JSON answer on one line."""
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    return None if value is None else str(value)
