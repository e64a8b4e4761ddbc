"""The work behind `vanthu notices`, `vanthu registry tasks` and `vanthu registry resolve`, over a client."""

from __future__ import annotations

from rich.console import Console

from gateway.cli.output import count, local, show_facts, show_table, show_verdict
from gateway.cli.remote import Result, Work
from gateway.client import Client
from gateway.client.under_way import Notice, Task


def notices(*, wait: int, after: str | None, limit: int) -> Work:
    """List what this system is told."""

    async def work(client: Client) -> Result:
        page = await client.under_way.notices(wait=wait, after=after, limit=limit)

        def show(console: Console) -> None:
            if not page.items:
                console.print("Không có thông báo · no notices")
                return
            headings = (
                "mã · id",
                "lúc · at",
                "việc · what",
                "nơi nhận · to",
                "lý do · reason",
                "văn bản · document",
            )
            show_table(console, headings, [_notice(each) for each in page.items])
            if page.next:
                console.print(f"Còn nữa · more: --after {page.next}")

        return Result(value=page, show=show)

    return work


def tasks() -> Work:
    """List what waits for a decision."""

    async def work(client: Client) -> Result:
        found = await client.under_way.tasks()

        def show(console: Console) -> None:
            if not found.items:
                console.print("Không có việc nào đang chờ · nothing waits")
                return
            headings = (
                "mã · code",
                "vì sao · cause",
                "văn bản · held",
                "hạn · deadline",
                "có thể chọn · candidates",
            )
            show_table(console, headings, [_task(each) for each in found.items])

        return Result(value=found, show=show)

    return work


def resolve(code: str, *, to: str | None, reason: str) -> Work:
    """Decide for one code."""

    async def work(client: Client) -> Result:
        done = await client.under_way.resolve(code, to=to, reason=reason)

        def show(console: Console) -> None:
            vi, en = (
                ("Đã trả lại nơi gửi", "given back") if done.to is None else ("Đã chuyển tiếp", "sent on")
            )
            show_verdict(console, good=True, vi=vi, en=en)
            show_facts(
                console,
                [
                    ("mã · code", done.code),
                    ("tới · to", done.to),
                    ("số văn bản · deliveries", count(done.deliveries)),
                ],
            )

        return Result(value=done, show=show)

    return work


def _notice(each: Notice) -> tuple[str, ...]:
    to = each.code if each.resolved_code is None else f"{each.code} → {each.resolved_code}"
    reason = each.reason if each.explanation is None else f"{each.reason}: {each.explanation}"
    return each.id, local(each.at), f"{each.vi} · {each.en}", to, reason, each.document_id


def _task(each: Task) -> tuple[str, ...]:
    candidates = "\n".join(f"{one.code}  {one.name}".strip() for one in each.candidates)
    about = f"{each.code}\n{each.name}".strip()
    return about, f"{each.vi} · {each.en}", count(each.deliveries), local(each.deadline), candidates or "–"
