"""The work behind `vanthu dead-letters`, over a client."""

from __future__ import annotations

import typer
from rich.console import Console

from gateway.cli.output import count, local, show_facts, show_table, show_verdict
from gateway.cli.remote import Result, Work
from gateway.client import Client
from gateway.client.dead_letters import Chosen, DeadCause, DeadOrder, DeadOverview, Letter, StuckReason


def chosen(letter_id: str | None, *, cause: str | None, everything: bool) -> Chosen:
    """Return what was asked for on the command line.

    Raises:
        typer.BadParameter: nothing, or more than one thing, was asked for.

    """
    if sum((letter_id is not None, cause is not None, everything)) != 1:
        raise typer.BadParameter("ID | --cause CODE | --because REASON | --all")
    return Chosen(id=letter_id, cause=cause)


def overview() -> Work:
    """Show what waits by cause, what keeps failing, and how far orders are."""

    async def work(client: Client) -> Result:
        found = await client.dead_letters.overview()
        return Result(value=found, show=lambda console: _show_overview(console, found))

    return work


def letters(*, state: str | None, cause: str | None, after: str | None, limit: int) -> Work:
    """List letters."""

    async def work(client: Client) -> Result:
        page = await client.dead_letters.letters(state=state, cause=cause, after=after, limit=limit)

        def show(console: Console) -> None:
            if not page.items:
                console.print("Không có thông điệp nào · no letters")
                return
            headings = (
                "mã · id",
                "hàng đợi · queue",
                "nguyên nhân · cause",
                "lần · times",
                "lần cuối · last",
            )
            show_table(console, headings, [_letter(each) for each in page.items])
            if page.next:
                console.print(f"Còn nữa · more: --after {page.next}")

        return Result(value=page, show=show)

    return work


def show(letter_id: str) -> Work:
    """Show one letter."""

    async def work(client: Client) -> Result:
        found = await client.dead_letters.letter(letter_id)

        def tell(console: Console) -> None:
            facts = [
                ("mã · id", found.id),
                ("trạng thái · state", found.state),
                ("hàng đợi · queue", found.queue),
                ("nguyên nhân · cause", found.cause),
                ("", f"{found.vi} · {found.en}"),
                ("cách xử lý · what to do", f"{found.fix_vi} · {found.fix_en}"),
                ("số lần · times", count(found.times)),
                ("lần đầu · first", local(found.first_seen)),
                ("lần cuối · last", local(found.last_seen)),
                ("sha256", found.sha256),
                ("byte", count(found.size)),
                *((f"tự khai · claims {name}", text) for name, text in found.claims.items()),
            ]
            show_facts(console, facts)

        return Result(value=found, show=tell)

    return work


def resend(what: Chosen, *, reason: str, rate: int) -> Work:
    """Order that letters be examined again."""

    async def work(client: Client) -> Result:
        given = await client.dead_letters.resend(what, reason=reason, rate=rate)
        return Result(value=given, show=lambda console: _show_order(console, given))

    return work


def retry(what: Chosen, *, reason: str, rate: int) -> Work:
    """Order that deliveries be tried now."""

    async def work(client: Client) -> Result:
        given = await client.dead_letters.retry(what, reason=reason, rate=rate)
        return Result(value=given, show=lambda console: _show_order(console, given))

    return work


def discard(what: Chosen, *, reason: str) -> Work:
    """Give letters up."""

    async def work(client: Client) -> Result:
        number = await client.dead_letters.discard(what, reason=reason)
        vi, en = f"Đã loại bỏ {count(number)} thông điệp", f"{count(number)} discarded"
        return Result(
            value={"discarded": number}, show=lambda console: show_verdict(console, good=True, vi=vi, en=en)
        )

    return work


def _show_overview(console: Console, found: DeadOverview) -> None:
    console.print("THÔNG ĐIỆP KHÔNG XỬ LÝ ĐƯỢC · DEAD LETTERS")
    if found.causes:
        headings = (
            "nguyên nhân · cause",
            "số · letters",
            "đầu · first",
            "cuối · last",
            "cách xử lý · what to do",
        )
        show_table(console, headings, [_cause(each) for each in found.causes])
    else:
        console.print("Không có · none")
    console.print("\nLƯỢT GỬI THẤT BẠI NHIỀU LẦN · DELIVERIES THAT KEEP FAILING")
    if found.stuck:
        headings = ("lý do · reason", "số · count", "lần thử · attempts", "đầu · first", "cuối · last")
        show_table(console, headings, [_stuck(each) for each in found.stuck])
    else:
        console.print("Không có · none")
    if found.orders:
        console.print("\nLỆNH ĐÃ RA · ORDERS")
        headings = ("lúc · at", "việc · act", "đã xong · done", "lại lỗi · failed", "lý do · reason")
        show_table(console, headings, [_order(each) for each in found.orders])


def _show_order(console: Console, given: DeadOrder) -> None:
    show_verdict(console, good=True, vi="Đã nhận lệnh, đang làm", en="ordered; it goes on in the background")
    show_facts(
        console,
        [
            ("lệnh · order", given.id),
            ("số lượng · total", count(given.total)),
            ("mỗi giây · each second", count(given.rate)),
        ],
    )


def _cause(each: DeadCause) -> tuple[str, ...]:
    about = f"{each.cause}\n{each.vi} · {each.en}"
    hint = f"{each.fix_vi} · {each.fix_en}"
    return about, count(each.letters), local(each.first_seen), local(each.last_seen), hint


def _stuck(each: StuckReason) -> tuple[str, ...]:
    return each.reason, count(each.count), count(each.attempts), local(each.first), local(each.last)


def _order(each: DeadOrder) -> tuple[str, ...]:
    state = "xong · over" if each.finished_at else "đang làm · going on"
    done = f"{count(each.done)} / {count(each.total)}  {state}"
    what = each.act if each.cause is None else f"{each.act}  {each.cause}"
    return local(each.created_at), what, done, count(each.failed), each.reason


def _letter(each: Letter) -> tuple[str, ...]:
    return each.id, each.queue, each.cause, count(each.times), local(each.last_seen)
