"""`vanthu registry snapshot`: fetching the signed registry, and verifying it without any gateway."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.moments import FORMATS
from gateway.cli.options import LOCAL, AsJson, Token, Url

app = typer.Typer(help="Bản chụp danh mục có chữ ký. The signed registry.", no_args_is_help=True)


@app.command("get")
def get(
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE", help="Ghi vào tệp · write to.", show_default=False),
    ],
    since: Annotated[
        int | None,
        typer.Option("--since", min=0, help="Chỉ phần thay đổi từ phiên bản này · only what changed."),
    ] = None,
    url: Url = LOCAL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Tải bản chụp danh mục; chưa kiểm tra gì. Fetch the signed registry, unverified.

    Example: vanthu registry snapshot get -o danh-muc.jsonl
    """
    from gateway.cli import remote, snapshots  # noqa: PLC0415 - start-up time

    remote.run(snapshots.get(output, since=since), url=url, token=token, as_json=as_json)


@app.command("verify")
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Bản chụp · the file.", show_default=False)],
    key: Annotated[
        list[str],
        typer.Option(
            "--key", metavar="VKEY|FILE", help="Khóa của cổng phát hành · the issuer's verifier key."
        ),
    ],
    known: Annotated[
        Path | None,
        typer.Option(
            "--known",
            metavar="FILE",
            help="Bản đầy đủ mới nhất đã dùng: không được lùi; phần thay đổi nối vào bản này · "
            "the newest whole file used so far: nothing goes back behind it, and a delta leads on from it.",
        ),
    ] = None,
    at: Annotated[
        datetime | None,
        typer.Option("--at", metavar="TIME", formats=FORMATS, help="Tại thời điểm này · as of this moment."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Kiểm tra bản chụp danh mục, ngoại tuyến. Verify the signed registry offline.

    Example: vanthu registry snapshot verify danh-muc.jsonl --key khoa-cong.json

    Exits 0 good, 1 must not be used, 2 the key is not known, 3 unreadable.
    """
    from gateway.cli import snapshots  # noqa: PLC0415 - start-up time

    request = snapshots.Request(file=file, keys=tuple(key), known=known, at=at)
    raise typer.Exit(snapshots.verify(request, as_json=as_json))
