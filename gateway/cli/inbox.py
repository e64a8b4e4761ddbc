"""`vanthu inbox`: what has arrived for the caller's system."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import LOCAL, AsJson, Token, Url

app = typer.Typer(help="Văn bản đến. What has arrived.", no_args_is_help=True)

Item = Annotated[
    str, typer.Argument(metavar="ID", help="Mã trong danh sách · id from the list.", show_default=False)
]


@app.command("list")
def list_items(
    wait: Annotated[
        int, typer.Option("--wait", min=0, max=60, help="Chờ tối đa số giây · wait up to so many seconds.")
    ] = 0,
    code: Annotated[
        str | None, typer.Option("--code", help="Chỉ của cơ quan này · only for this agency.")
    ] = None,
    urgent: Annotated[bool, typer.Option("--urgent", help="Chỉ văn bản khẩn · only what is urgent.")] = False,
    after: Annotated[
        str | None, typer.Option("--after", metavar="ID", help="Tiếp sau mục này · continue after.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="Số mục tối đa · most items.")] = 50,
    url: Url = LOCAL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Liệt kê văn bản chưa xác nhận. List what is not acknowledged yet.

    Example: vanthu inbox list --wait 30 --code H60.1
    """
    from gateway.cli import remote  # noqa: PLC0415 - start-up time

    work = remote.inbox_list(wait=wait, code=code, urgent=urgent, after=after, limit=limit)
    remote.run(work, url=url, token=token, as_json=as_json)


@app.command("get")
def get(
    item: Item,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Ghi vào tệp · write to a file.", show_default="stdout"
        ),
    ] = None,
    url: Url = LOCAL,
    token: Token = "",
) -> None:
    """Lấy nguyên văn một văn bản đến. Fetch the exact bytes of one item.

    Example: vanthu inbox get 0197b2c4-… -o den-126.edxml
    """
    from gateway.cli import remote  # noqa: PLC0415 - start-up time

    remote.run(remote.inbox_get(item, output=output), url=url, token=token, as_json=False)


@app.command("ack")
def acknowledge(item: Item, url: Url = LOCAL, token: Token = "", as_json: AsJson = False) -> None:
    """Xác nhận đã nhận; nơi gửi được báo lại. Acknowledge one item; the sender is told.

    Example: vanthu inbox ack 0197b2c4-…
    """
    from gateway.cli import remote  # noqa: PLC0415 - start-up time

    remote.run(remote.inbox_acknowledge(item), url=url, token=token, as_json=as_json)
