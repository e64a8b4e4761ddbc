"""`vanthu registry tasks` and `vanthu registry resolve`: deliveries that wait for the code administrators."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli.options import LOCAL, AsJson, Token, Url


def register(app: typer.Typer) -> None:
    """Add both verbs to `vanthu registry`."""
    app.command("tasks")(tasks)
    app.command("resolve")(resolve)


def tasks(url: Url = LOCAL, token: Token = "", as_json: AsJson = False) -> None:
    """Liệt kê mã có văn bản đang tạm giữ. List the codes for which documents are held.

    Example: vanthu registry tasks

    What is not decided by the deadline goes back to its senders.
    """
    from gateway.cli import remote, remote_under_way  # noqa: PLC0415 - start-up time

    remote.run(remote_under_way.tasks(), url=url, token=token, as_json=as_json)


def resolve(
    code: Annotated[
        str,
        typer.Argument(metavar="CODE", help="Mã trong danh sách · code from the list.", show_default=False),
    ],
    reason: Annotated[
        str,
        typer.Option(
            "--reason", help="Căn cứ, ghi vào nhật ký · why; goes into the log.", show_default=False
        ),
    ],
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="CODE", help="Chuyển tới mã này · send it to this code."),
    ] = None,
    back: Annotated[
        bool, typer.Option("--return", help="Trả lại nơi gửi · give it back to the senders.")
    ] = False,
    url: Url = LOCAL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Quyết định cho văn bản đang tạm giữ. Decide where held documents go.

    Example: vanthu registry resolve H26.21 --to H26.105 --reason "NQ 1656/NQ-UBTVQH15"
    """
    from gateway.cli import remote, remote_under_way  # noqa: PLC0415 - start-up time

    if (to is None) != back:
        raise typer.BadParameter("--to CODE | --return")
    work = remote_under_way.resolve(code, to=to, reason=reason)
    remote.run(work, url=url, token=token, as_json=as_json)
