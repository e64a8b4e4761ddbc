"""`vanthu agency`: looking agencies up."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from gateway.cli.moments import FORMATS
from gateway.cli.options import LOCAL, AsJson, Token, Url

app = typer.Typer(help="Tra cứu cơ quan. Looking agencies up.", no_args_is_help=True)

At = Annotated[
    datetime | None,
    typer.Option(
        "--at", metavar="TIME", formats=FORMATS, help="Tại thời điểm này, giờ Việt Nam · as of this moment."
    ),
]


@app.command("find")
def find(  # noqa: PLR0913, PLR0917 - typer reads the command line from the signature
    text: Annotated[
        str, typer.Argument(metavar="TEXT", help="Từ trong tên, không cần dấu; hoặc mã · words, or a code.")
    ] = "",
    prefix: Annotated[
        str | None, typer.Option("--prefix", help="Chỉ mã này và các mã trực thuộc · only codes under it.")
    ] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="Chỉ loại này · only this kind.")] = None,
    status: Annotated[
        str | None,
        typer.Option("--status", help="Trạng thái: active, merged…, hoặc any · statuses, or any."),
    ] = None,
    at: At = None,
    after: Annotated[
        str | None, typer.Option("--after", metavar="CODE", help="Tiếp sau mã này · continue after.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="Số dòng tối đa · most rows.")] = 50,
    url: Url = LOCAL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Tìm cơ quan theo tên không dấu hoặc theo mã. Find agencies by name or code.

    Example: vanthu agency find "so noi vu ha noi"

    Exits 1 when nothing is found.
    """
    from gateway.cli import looking_up, remote  # noqa: PLC0415 - start-up time

    work = looking_up.find(text, prefix=prefix, kind=kind, status=status, at=at, after=after, limit=limit)
    remote.run(work, url=url, token=token, as_json=as_json)


@app.command("show")
def show(
    code: Annotated[
        str, typer.Argument(metavar="CODE", help="Mã định danh, dạng mới hoặc cũ · any form of a code.")
    ],
    at: At = None,
    url: Url = LOCAL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Xem một mã: trạng thái, lịch sử, nơi kế thừa. Show a code with its history.

    Example: vanthu agency show H53 --at 2025-07-01
    """
    from gateway.cli import looking_up, remote  # noqa: PLC0415 - start-up time

    remote.run(looking_up.show(code, at=at), url=url, token=token, as_json=as_json)
