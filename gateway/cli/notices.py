"""`vanthu notices`: what the gateway tells senders of their documents."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli.options import LOCAL, AsJson, Token, Url


def notices(
    wait: Annotated[
        int, typer.Option("--wait", min=0, max=60, help="Chờ tối đa số giây · wait up to so many seconds.")
    ] = 0,
    after: Annotated[
        str | None, typer.Option("--after", metavar="ID", help="Tiếp sau thông báo này · continue after.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="Số mục tối đa · most items.")] = 50,
    url: Url = LOCAL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Thông báo về văn bản đã gửi: tạm giữ, chuyển tiếp, trả lại. What became of documents on their way.

    Example: vanthu notices --after 0197b2c4-…

    Each notice comes with a signed receipt; --json prints it.
    """
    from gateway.cli import remote, remote_under_way  # noqa: PLC0415 - start-up time

    work = remote_under_way.notices(wait=wait, after=after, limit=limit)
    remote.run(work, url=url, token=token, as_json=as_json)
