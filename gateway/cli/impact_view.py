"""The work behind `vanthu registry impact`: what a change touches, as a table for each kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from rich.console import Console

from gateway.cli.output import count, show_facts, show_table, show_verdict
from gateway.cli.remote import Result, Work
from gateway.client import Client

SHOWN: Final = 20

_BECOMES: Final = {
    "rerouted": "chuyển tới · rerouted to",
    "held": "tạm giữ · held",
    "unchanged": "không đổi · unchanged",
}


def impact(change_id: str) -> Work:
    """Show what a change set touches."""

    async def work(client: Client) -> Result:
        found = await client.changes.impact(change_id)
        return Result(value=found, show=lambda console: _show(console, found))

    return work


def _show(console: Console, found: Mapping[str, Any]) -> None:
    totals = found["totals"]
    touched = totals["documents"] or totals["members"] or totals["certificates"]
    show_verdict(
        console,
        good=None if touched else True,
        vi=f"{count(totals['codes'])} mã thay đổi, {count(totals['documents'])} văn bản đang đi",
        en=f"{count(totals['codes'])} codes change, {count(totals['documents'])} deliveries are under way",
    )
    becomes = totals["becomes"].items()
    show_facts(console, [(_BECOMES[name], count(number)) for name, number in sorted(becomes)])
    _table(
        console,
        found["documents"],
        ("văn bản · document", "mã · code", "sẽ · becomes"),
        lambda each: (each["document"], each["code"], f"{_BECOMES[each['becomes']]} {_where(each)}"),
    )
    _table(
        console,
        found["codes"],
        ("mã · code", f"gửi {found['days']} ngày · sent", "nhận · received", "đang đi · under way"),
        lambda each: (each["code"], count(each["sent"]), count(each["received"]), count(each["under_way"])),
    )
    _table(
        console,
        found["members"],
        ("hệ thống · system", "tiền tố · prefix", "cơ quan sau đó · body afterwards"),
        lambda each: (each["member"], each["prefix"], each["entity_after"] or "∅"),
    )
    _table(
        console,
        found["certificates"],
        ("mã · code", "đăng ký · registration", "chứng thư · certificate"),
        lambda each: (each["code"], each["registration"], each["certificate_sha256"]),
    )


def _table(
    console: Console,
    rows: list[dict[str, Any]],
    heads: tuple[str, ...],
    row: Callable[[dict[str, Any]], tuple[str, ...]],
) -> None:
    if rows:
        show_table(console, heads, [row(each) for each in rows[:SHOWN]])
    if len(rows) > SHOWN:
        console.print(f"… và {count(len(rows) - SHOWN)} nữa · more: --json")


def _where(each: Mapping[str, Any]) -> str:
    if each["becomes"] == "held":
        return f"({each['reason']}) {', '.join(each['candidates'])}"
    return str(each["to"] or "") if each["becomes"] == "rerouted" else ""
