"""`vanthu peer`: the other gateways that this one meets on the broker."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli.options import LOCAL, AsJson, Token, Url

app = typer.Typer(help="Các cổng khác trên trục. Other gateways on the axis.", no_args_is_help=True)


@app.command("list")
def list_peers(url: Url = LOCAL, token: Token = "", as_json: AsJson = False) -> None:
    """Liệt kê các cổng được tin cậy. List the gateways that are believed.

    Example: vanthu peer list
    """
    from gateway.cli import peering, remote  # noqa: PLC0415 - start-up time

    remote.run(peering.list_peers(), url=url, token=token, as_json=as_json)


@app.command("key")
def key(url: Url = LOCAL, as_json: AsJson = False) -> None:
    """In khóa kiểm tra của một cổng. Print the verifier key that another gateway registers.

    Example: vanthu peer key --url https://vanthu.tayninh.gov.vn

    Compare it with its operator over another road (telephone, paper) before
    you believe it: whoever answers under an address can name a key.
    """
    from gateway.cli import peering, remote  # noqa: PLC0415 - start-up time

    remote.run(peering.key(), url=url, token="", as_json=as_json)


@app.command("add")
def add(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Tên cổng kia · the gateway's name.", show_default=False)
    ],
    verifier_key: Annotated[
        str,
        typer.Argument(metavar="VKEY", help="Khóa kiểm tra của cổng · its verifier key.", show_default=False),
    ],
    shares_payloads: Annotated[
        bool,
        typer.Option(
            "--shares-payloads", help="Dùng chung kho nội dung với cổng này · both use one payload store."
        ),
    ] = False,
    url: Url = LOCAL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Tin cậy một cổng khác, hoặc đổi khóa, điều kiện (quản trị). Believe a gateway, or change its key or terms.

    Example: vanthu peer add vanthu.tayninh vanthu.tayninh/axis+6de68f59+AXz… --shares-payloads

    What is stated replaces what was stated before, at once and in every
    process. Both gateways register each other.
    """
    from gateway.cli import peering, remote  # noqa: PLC0415 - start-up time

    work = peering.add(name, verifier_key=verifier_key, shares_payloads=shares_payloads)
    remote.run(work, url=url, token=token, as_json=as_json)


@app.command("end")
def end(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Tên cổng kia · the gateway's name.", show_default=False)
    ],
    url: Url = LOCAL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Thôi tin cậy một cổng (quản trị). Believe nothing of a gateway any more.

    Example: vanthu peer end vanthu.tayninh

    It names the systems that are still given to it: nothing that is sent to
    them arrives any more.
    """
    from gateway.cli import peering, remote  # noqa: PLC0415 - start-up time

    remote.run(peering.end(name), url=url, token=token, as_json=as_json)
