"""`vanthu demo`: see it work, from signing to acknowledgement, and try it yourself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    keep: Annotated[
        bool,
        typer.Option(
            "--keep/--exit", help="Chạy tiếp sau phần giới thiệu, hoặc thoát · keep serving, or exit."
        ),
    ] = True,
    data: Annotated[
        Path,
        typer.Option("--data", metavar="DIR", help="Thư mục dữ liệu, dùng lại được · data folder, reused."),
    ] = Path("var/demo"),
    host: Annotated[str, typer.Option("--host", help="Địa chỉ lắng nghe · address.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Cổng TCP · TCP port.")] = 8025,
) -> None:
    """Xem Vanthu làm việc: hai cơ quan, một công văn đã ký. Watch two agencies exchange a signed letter.

    Example: vanthu demo --exit

    Makes a throw-away PKI and two connected systems in <data>, sends a signed
    document from one to the other, follows it to the acknowledgement, and
    audits the log.
    """
    from gateway.cli import service  # noqa: PLC0415 - start-up time

    raise typer.Exit(service.demo(data=data, host=host, port=port, keep=keep))
