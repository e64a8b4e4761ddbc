"""The work behind `vanthu member list` and `vanthu member contacts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import typer
from rich.console import Console

from gateway.cli.output import show_table
from gateway.cli.remote import Result, Work
from gateway.client import Client


def member_list() -> Work:
    """List the connected systems."""

    async def work(client: Client) -> Result:
        found = await client.registry.members()

        def show(console: Console) -> None:
            rows = [
                (each["id"], each["name"], ", ".join(each["prefixes"]), each["queue"], each["gateway"])
                for each in found["items"]
            ]
            headings = ("mã · id", "tên · name", "tiền tố · prefixes", "hàng đợi · queue", "cổng · gateway")
            show_table(console, headings, rows)

        return Result(value=found, show=show)

    return work


_PARTS: Final = ("name", "role", "phone", "email")


def contacts(member_id: str, *, replace: Sequence[str] | None) -> Work:
    """Show whom to call at a connected system, after replacing all of them if that is asked for."""
    stated = None if replace is None else [_contact(each) for each in replace]

    async def work(client: Client) -> Result:
        if stated is None:
            found = await client.registry.contacts(member_id)
        else:
            found = await client.registry.set_contacts(member_id, stated)

        def show(console: Console) -> None:
            if not found["contacts"]:
                console.print("Chưa có đầu mối nào · nobody is known")
                return
            rows = [tuple(each[name] for name in _PARTS) for each in found["contacts"]]
            show_table(console, ("tên · name", "vai trò · role", "điện thoại · phone", "thư · e-mail"), rows)

        return Result(value=found, show=show)

    return work


def _contact(text: str) -> dict[str, str]:
    parts = [part.strip() for part in text.split(";")]
    if len(parts) > len(_PARTS) or not parts[0]:
        raise typer.BadParameter("--set NAME;ROLE;PHONE;EMAIL")
    return dict(zip(_PARTS, parts, strict=False))
