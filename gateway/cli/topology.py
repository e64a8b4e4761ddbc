"""The work behind `vanthu axis topology`: from the members that the gateway knows to what a broker has to hold.

Invariant: passwords go from their files to the broker, as hashes; none is printed, and none is in an error.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path

import typer
from rich.console import Console

from gateway.axis.amqp_security import Security
from gateway.axis.applying import apply_queues, vhost_of
from gateway.axis.definitions import Part, commands, definitions, hash_password
from gateway.axis.errors import AxisError, TopologyMissingError
from gateway.axis.management import Management
from gateway.axis.passwords import password_files, read_passwords
from gateway.axis.plan import Plan, Served, plan_for
from gateway.cli.exits import Exit
from gateway.cli.failures import explain, show_error
from gateway.cli.output import make_console, print_json, show_facts, show_table, show_verdict
from gateway.cli.remote import Result, Work
from gateway.cli.remote import run as call
from gateway.client import Client
from gateway.keys.files import read_secret

AGE = 10
"""Seconds for which a new queue takes no documents."""


class Form(StrEnum):
    """How a plan is printed."""

    JSON = "json"
    TABLE = "table"
    COMMANDS = "commands"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the command line asks."""

    parts: frozenset[Part]
    passwords: Path | None
    certificates: bool
    vhost: str
    broker: str
    broker_password: Path | None
    ca: Path | None
    management: str

    @property
    def printed(self) -> frozenset[Part]:
        """The parts to print: accounts without a way to come in would lock out who has one already."""
        known = self.passwords is not None or self.certificates
        return self.parts if known else self.parts - {Part.ACCOUNTS}


@explain.register
def _(error: AxisError) -> Exit:
    if isinstance(error, TopologyMissingError):
        show_error(error)
    else:
        show_verdict(make_console(error=True), good=False, vi="Không dùng được trục", en=str(error))
    return Exit.UNREACHABLE


def parts_of(stated: Sequence[str] | None) -> frozenset[Part]:
    """Read the names of parts; none given means all.

    Raises:
        typer.BadParameter: there is no such part.

    """
    try:
        return frozenset(map(Part, stated or Part))
    except ValueError as error:
        raise typer.BadParameter(f"--part: {', '.join(Part)}") from error


def run(request: Request, *, form: Form | None, url: str, token: str) -> None:
    """Print what the registry of the gateway calls for, or apply it if there is no form."""
    if form is None:
        _check(request)
    work = _apply(request) if form is None else _print(request, form)
    try:
        call(work, url=url, token=token, as_json=False)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _check(request: Request) -> None:
    """Refuse to apply what there is no address for."""
    if not request.broker and request.parts != {Part.ACCOUNTS}:
        raise typer.BadParameter("--apply: --broker amqps://admin@host")
    if Part.ACCOUNTS in request.printed and not request.management:
        raise typer.BadParameter("--apply: --management https://admin@host:15671, or --part queues")


async def _plan(client: Client, vhost: str) -> Plan:
    members = (await client.registry.members())["items"]
    served = (Served(member=each["id"], queue=each["queue"], gateway=each["gateway"]) for each in members)
    return plan_for(served, vhost=vhost)


def _print(request: Request, form: Form) -> Work:
    async def work(client: Client) -> Result:
        plan = await _plan(client, request.vhost)
        if form is Form.TABLE:
            return Result(value=None, show=partial(_show_plan, plan=plan))
        files = await asyncio.to_thread(_files, request, plan)
        hashes = await asyncio.to_thread(_hashes, files)

        def show(_: Console) -> None:
            if form is Form.COMMANDS:
                sys.stdout.write(commands(plan, request.printed, files, age=AGE))
            else:
                print_json(definitions(plan, request.printed, hashes))
            _show_left_out(request)

        return Result(value=None, show=show)

    return work


def _apply(request: Request) -> Work:
    async def work(client: Client) -> Result:
        plan = await _plan(client, vhost_of(request.broker) if request.broker else request.vhost)
        if request.parts & {Part.QUEUES, Part.BINDINGS}:
            security = Security(ca=request.ca, password=request.broker_password)
            with make_console(error=True).status(f"Chờ hàng đợi đủ {AGE} giây tuổi · letting queues age …"):
                await apply_queues(request.broker, plan, age=AGE, security=security)
        if Part.ACCOUNTS in request.printed:
            await _apply_accounts(request, plan)

        def show(console: Console) -> None:
            show_verdict(console, good=True, vi="Đã dựng trên trục", en="the broker holds it")
            accounts = len(plan.accounts) if Part.ACCOUNTS in request.printed else 0
            show_facts(console, [("hàng đợi · queues", len(plan.queues)), ("tài khoản · accounts", accounts)])
            _show_left_out(request)

        return Result(value=None, show=show)

    return work


async def _apply_accounts(request: Request, plan: Plan) -> None:
    secret = request.broker_password
    password = (await asyncio.to_thread(read_secret, secret)).decode().strip() if secret else ""
    management = Management(request.management, password=password)
    files = await asyncio.to_thread(_files, request, plan)
    hashes = await asyncio.to_thread(_hashes, files)
    for account in plan.accounts:
        await management.apply(account, vhost=plan.vhost, hashes=hashes)


def _files(request: Request, plan: Plan) -> dict[str, Path]:
    if request.passwords is None or Part.ACCOUNTS not in request.parts:
        return {}
    return password_files(request.passwords, [account.user for account in plan.accounts])


def _hashes(files: dict[str, Path]) -> Mapping[str, str]:
    return {user: hash_password(password) for user, password in read_passwords(files).items()}


def _show_left_out(request: Request) -> None:
    """Say on standard error why there are no accounts, if some were asked for."""
    if request.printed != request.parts:
        make_console(error=True).print(
            "Chưa có tài khoản: thêm --passwords hoặc --certificates · accounts are left out without them"
        )


def _show_plan(console: Console, plan: Plan) -> None:
    members = ("hệ thống · member", "hàng đợi · queue", "cổng · gateway")
    show_table(console, members, [(each.member, each.queue, each.gateway) for each in plan.served])
    rights = ("tài khoản · account", "configure", "write", "read")
    rows = [(each.user, each.configure or "''", each.write, each.read) for each in plan.accounts]
    show_table(console, rights, rows)
