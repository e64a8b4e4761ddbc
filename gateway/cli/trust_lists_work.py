"""The work behind `vanthu trust lists` and `vanthu trust import-list`, as coroutines over a client (`gateway.cli.remote`)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.console import Console

from gateway.cli.output import count, local, read_file, show_facts, show_table, show_verdict
from gateway.cli.remote import Result, Work
from gateway.client import Client
from gateway.client.revocation import FetchingFrom, HeldAnswer, HeldList, RevocationState, Taken

_LISTS: Final = (
    "của · of",
    "số · number",
    "phát hành · issued",
    "đến · until",
    "mục · entries",
    "nguồn · source",
)
_ANSWERS: Final = ("OCSP của · of", "serial", "trạng thái · status", "đến · until", "nguồn · source")
_ORIGINS: Final = ("địa chỉ · address", "tải lúc · fetched", "lần tới · next", "lỗi · error")


def show() -> Work:
    """Show what is held of revocation."""

    async def work(client: Client) -> Result:
        state = await client.revocation.state()
        return Result(value=state, show=lambda console: _show(console, state))

    return work


def hand_in(files: Sequence[Path]) -> Work:
    """Hand in files, one after the other."""

    async def work(client: Client) -> Result:
        taken: list[Taken] = []
        for file in files:
            taken += (await client.revocation.hand_in(read_file(file))).taken

        def show_taken(console: Console) -> None:
            changed = sum(each.changed for each in taken)
            vi, en = f"Đã nạp {changed}", f"{changed} of {len(taken)} are new"
            show_verdict(console, good=True, vi=vi, en=en)
            show_table(
                console,
                ("của · of", "số · number", "đến · until", "sha256"),
                [_taken_row(each) for each in taken],
            )

        return Result(value={"taken": taken}, show=show_taken)

    return work


def _taken_row(each: Taken) -> tuple[str, ...]:
    return each.issuer, each.number or each.serial or "", local(each.next_update), each.sha256[:12]


def _show(console: Console, state: RevocationState) -> None:
    show_facts(
        console,
        [
            ("yêu cầu · required", state.required),
            ("nguồn tải · hosts", ", ".join(state.hosts) or "không tải gì · nothing is fetched"),
        ],
    )
    if not state.lists and not state.answers:
        console.print("Chưa giữ danh sách thu hồi nào · no revocation list is held")
    if state.lists:
        shown = [_list_row(each) for each in state.lists if each.is_current or each.is_delta]
        show_table(console, _LISTS, shown)
    if state.answers:
        show_table(console, _ANSWERS, [_answer_row(each) for each in state.answers])
    if state.origins:
        show_table(console, _ORIGINS, [_origin_row(each) for each in state.origins])


def _list_row(each: HeldList) -> tuple[str, ...]:
    delta = " (delta)" if each.is_delta else ""
    until = local(each.next_update) + (" QUÁ HẠN · stale" if each.is_stale else "")
    number = (each.number or "") + delta
    return each.issuer, number, local(each.this_update), until, count(each.entries), each.source


def _answer_row(each: HeldAnswer) -> tuple[str, ...]:
    until = local(each.next_update) + (" QUÁ HẠN · stale" if each.is_stale else "")
    return each.issuer, each.serial, each.status, until, each.source


def _origin_row(each: FetchingFrom) -> tuple[str, ...]:
    fetched = local(each.fetched_at) if each.fetched_at else "-"
    due = local(each.due_at) if each.due_at else "-"
    return each.url, fetched, due, each.last_error or ""
