"""`vanthu log`: audit the routing log without trusting the gateway."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli.options import AsJson

app = typer.Typer(help="Nhật ký định tuyến. The routing log.", no_args_is_help=True)


@app.command("verify")
def verify(
    database: Annotated[
        str,
        typer.Option(
            "--database",
            metavar="PATH|URL",
            help="Cơ sở dữ liệu hoặc bản sao · the database or a copy of it.",
        ),
    ] = "var/vanthu.db",
    vkey: Annotated[
        list[str] | None,
        typer.Option(
            "--vkey",
            metavar="KEY",
            help="Khóa kiểm tra đã ghim · the verifier key that you pinned; may be repeated.",
        ),
    ] = None,
    payloads: Annotated[
        str | None,
        typer.Option(
            "--payloads",
            metavar="DIR|s3://…",
            help="Nơi giữ nội dung lớn · where big bodies are.",
            show_default="cạnh · beside",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Kiểm toán nhật ký và chứng cứ, ngoại tuyến. Audit log and evidence offline.

    Example: vanthu log verify --database ban-sao/vanthu.db --vkey "$KHOA"

    Recomputes the tree and every hash, checks signatures, each document's
    history and the rows that the log vouches for. Exits 0 valid, 1 altered,
    2 incomplete (no key, nothing signed yet), 3 not a readable database.
    """
    from gateway.cli import auditing  # noqa: PLC0415 - start-up time

    raise typer.Exit(auditing.verify(database, keys=tuple(vkey or ()), payloads=payloads, as_json=as_json))
