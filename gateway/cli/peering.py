"""The work behind `vanthu peer`."""

from __future__ import annotations

from rich.console import Console

from gateway.cli.output import make_console, show_facts, show_table, show_verdict
from gateway.cli.remote import Result, Work
from gateway.client import Client


def list_peers() -> Work:
    """List the gateways that are believed."""

    async def work(client: Client) -> Result:
        found = await client.registry.peers()

        def show(console: Console) -> None:
            rows = [
                (
                    each["name"] + (" (cổng này · this one)" if each["is_this"] else ""),
                    "có · yes" if each["shares_payloads"] else "không · no",
                    each["verifier_key"],
                )
                for each in found["items"]
            ]
            headings = ("cổng · gateway", "chung kho · shares payloads", "khóa · key")
            show_table(console, headings, rows)

        return Result(value=found, show=show)

    return work


def key() -> Work:
    """Print the key with which a gateway signs what it sends on the axis."""

    async def work(client: Client) -> Result:
        found = await client.keys()
        (text,) = (each["verifier_key"] for each in found["keys"] if each["purpose"] == "axis")
        value = {"name": found["gateway"], "verifier_key": text}

        def show(console: Console) -> None:
            # The key alone goes to standard output, so that a script can take it from there.
            show_facts(make_console(error=True), [("cổng · gateway", found["gateway"])])
            console.print(text, soft_wrap=True)

        return Result(value=value, show=show)

    return work


def add(name: str, *, verifier_key: str, shares_payloads: bool) -> Work:
    """Believe a gateway on these terms."""

    async def work(client: Client) -> Result:
        made = await client.registry.put_peer(
            name, verifier_key=verifier_key.strip(), shares_payloads=shares_payloads
        )

        def show(console: Console) -> None:
            show_verdict(console, good=True, vi="Đã tin cậy cổng", en="believed from now on")
            shares = "có · yes" if made["shares_payloads"] else "không · no"
            show_facts(
                console,
                [
                    ("cổng · gateway", made["name"]),
                    ("khóa · key", made["verifier_key"]),
                    ("chung kho · shares payloads", shares),
                ],
            )

        return Result(value=made, show=show)

    return work


def end(name: str) -> Work:
    """Believe nothing of a gateway any more."""

    async def work(client: Client) -> Result:
        ended = await client.registry.end_peer(name)

        def show(console: Console) -> None:
            show_verdict(console, good=True, vi="Đã thôi tin cậy cổng", en="not believed any more")
            left = ", ".join(ended["members"]) or None
            show_facts(console, [("hệ thống còn ở đó · systems still given to it", left)])

        return Result(value=ended, show=show)

    return work
