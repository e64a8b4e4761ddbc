"""`vanthu ledger`: is anything lost."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import LOCAL, AsJson, Token, Url


def ledger(
    days: Annotated[
        int, typer.Option("--days", min=0, max=4000, help="Số ngày gần nhất · how many of the last days.")
    ] = 7,
    recount: Annotated[
        bool,
        typer.Option("--recount", help="Đếm lại tất cả rồi mới báo · count everything first."),
    ] = False,
    database: Annotated[
        str | None,
        typer.Option(
            "--database",
            metavar="PATH|URL",
            help="Đối chiếu ngoại tuyến trên cơ sở dữ liệu hoặc bản sao · a database or a copy of it, offline.",
        ),
    ] = None,
    payloads: Annotated[
        Path | None,
        typer.Option(
            "--payloads",
            metavar="DIR",
            help="Thư mục nội dung lớn, cùng --database · folder of big bodies, with --database.",
            show_default="cạnh · beside",
        ),
    ] = None,
    url: Url = LOCAL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Sổ đối chiếu: có mất văn bản nào không. The loss ledger: is anything lost.

    Example: vanthu ledger --recount

    accepted = delivered + pending + held + refused + expired, by the log on
    one side and the rows on the other, with the id of whatever is missing.
    Exits 0 balanced, 1 a gap, 2 not everything was looked at yet.
    """
    from gateway.cli import ledger_view, remote  # noqa: PLC0415 - start-up time

    if database is not None:
        raise typer.Exit(ledger_view.offline(database, payloads=payloads, days=days, as_json=as_json))
    remote.run(ledger_view.online(days=days, recount=recount), url=url, token=token, as_json=as_json)
