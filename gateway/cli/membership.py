"""The work behind `vanthu member list` and `vanthu member contacts`."""

from __future__ import annotations

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
