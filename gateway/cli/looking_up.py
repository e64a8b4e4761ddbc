"""The work behind `vanthu agency`: tables of what was found, and everything about one code."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rich.console import Console

from gateway.cli.exits import Exit
from gateway.cli.moments import moment
from gateway.cli.output import local, show_facts, show_table, show_verdict
from gateway.cli.remote import Result, Work
from gateway.client import Client


def find(text: str, *, at: datetime | None, **asked: Any) -> Work:  # noqa: ANN401 - as `RegistryResource.find`
    """Find agencies by name or code."""
    when = None if at is None else moment(at)

    async def work(client: Client) -> Result:
        found = await client.registry.find(text, at=when, **asked)
        is_empty = not found["items"]
        return Result(
            value=found,
            show=lambda console: _show_page(console, found),
            exit=Exit.REFUSED if is_empty else Exit.OK,
        )

    return work


def _show_page(console: Console, found: dict[str, Any]) -> None:
    if not found["items"]:
        show_verdict(console, good=False, vi="Không tìm thấy cơ quan nào", en="no agency was found")
        if found["suggestions"]:
            console.print("Mã gần giống · similar codes:")
            show_table(
                console, ("mã · code", "tên · name"), [(e["code"], e["name"]) for e in found["suggestions"]]
            )
        return
    rows = [
        (each["code"], each["name"], each["kind"], each["status_vi"], _until(each)) for each in found["items"]
    ]
    headings = ("mã · code", "tên · name", "loại · kind", "trạng thái · status", "đến · until")
    show_table(console, headings, rows)
    if found["next"]:
        console.print(f"Còn nữa · more: --after {found['next']}")


def show(code: str, *, at: datetime | None) -> Work:
    """Show everything that is known of a code."""
    when = None if at is None else moment(at)

    async def work(client: Client) -> Result:
        found = await client.registry.history(code, at=when)
        return Result(value=found, show=lambda console: _show_history(console, found))

    return work


def _show_history(console: Console, found: dict[str, Any]) -> None:
    is_good = found["status"] == "active"
    title = f"{found['code']} {found['name']}: {found['status_vi']}"
    show_verdict(console, good=is_good, vi=title, en=found["status_en"])
    member, parent = found["member"], found["parent"]
    show_facts(
        console,
        [
            ("lúc · at", f"{_moment(found['at'])} (+07)"),
            ("loại · kind", found["kind"]),
            ("cấp trên · parent", _named(parent) if parent else None),
            ("mã cũ · older forms", ", ".join(found["aliases"]) or None),
            ("hệ thống · system", f"{member['id']} ({member['name']})" if member else "chưa kết nối · none"),
            *(("kế thừa · successor", _named(each)) for each in found["successors"]),
            *(
                ("tiếp nhận · took over", f"{_named(each)}, {_moment(each['valid_to'])}")
                for each in found["predecessors"]
            ),
        ],
    )
    rows = [
        (_moment(each["valid_from"]), _moment(each["valid_to"]), each["status_vi"], each["name"])
        for each in found["versions"]
    ]
    show_table(console, ("từ · from", "đến · until", "trạng thái · status", "tên · name"), rows)


def _named(each: dict[str, Any]) -> str:
    return f"{each['code']} {each['name'] or ''}".strip()


def _moment(text: str | None) -> str:
    return "–" if text is None else local(datetime.fromisoformat(text))


def _until(each: dict[str, Any]) -> str:
    return _moment(each["valid_to"])
