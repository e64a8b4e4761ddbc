"""The work behind `vanthu parked`, over a client."""

from __future__ import annotations

from rich.console import Console

from gateway.cli.remote import Result, Work
from gateway.cli.waiting import show_list, show_parked
from gateway.client import Client


def parked_list(*, state: str, after: str | None, limit: int) -> Work:
    """List what is or was parked."""

    async def work(client: Client) -> Result:
        page = await client.parked.list(state=state, after=after, limit=limit)

        def show(console: Console) -> None:
            if not page.items:
                console.print("Không có văn bản nào · none")
                return
            show_list(console, page.items)
            if page.next:
                console.print(f"Còn nữa · more: --after {page.next}")

        return Result(value=page, show=show)

    return work


def parked_withdraw(message_id: str) -> Work:
    """Take back one that waits."""

    async def work(client: Client) -> Result:
        withdrawn = await client.parked.withdraw(message_id)
        return Result(value=withdrawn, show=lambda console: show_parked(console, withdrawn))

    return work
