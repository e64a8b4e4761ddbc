"""`vanthu parked`: documents that could not be decided when they were sent."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli.options import LOCAL, AsJson, Token, Url

app = typer.Typer(
    help="Văn bản chờ kết luận. What could not be decided yet.",
    no_args_is_help=True,
)


@app.command("list")
def list_parked(
    state: Annotated[
        str,
        typer.Option("--state", help="parked, accepted, refused, withdrawn."),
    ] = "parked",
    after: Annotated[
        str | None, typer.Option("--after", metavar="ID", help="Tiếp sau văn bản này · continue after.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="Số mục tối đa · most items.")] = 50,
    url: Url = LOCAL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Liệt kê văn bản chờ kết luận, hoặc kết quả sau đó. List what waits to be decided, or what became of it.

    Example: vanthu parked list --state refused
    """
    from gateway.cli import remote, remote_parked  # noqa: PLC0415 - start-up time

    work = remote_parked.parked_list(state=state, after=after, limit=limit)
    remote.run(work, url=url, token=token, as_json=as_json)


@app.command("withdraw")
def withdraw(
    message_id: Annotated[
        str, typer.Argument(metavar="ID", help="Mã trong danh sách · id from the list.", show_default=False)
    ],
    url: Url = LOCAL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Rút một văn bản đang chờ; chưa ai nhận được nó. Take back one that waits; nobody was sent it.

    Example: vanthu parked withdraw 0197b2c4-…
    """
    from gateway.cli import remote, remote_parked  # noqa: PLC0415 - start-up time

    remote.run(remote_parked.parked_withdraw(message_id), url=url, token=token, as_json=as_json)
