"""`vanthu serve`: run a gateway until it is told to stop."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def serve(
    host: Annotated[
        str | None, typer.Option("--host", help="Địa chỉ lắng nghe · address. [VANTHU_HOST]")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            "--port", min=0, max=65535, help="Cổng TCP, 0 là tự chọn · 0 takes a free one. [VANTHU_PORT]"
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="DIR", help="Thư mục dữ liệu · data folder. [VANTHU_DATA]"),
    ] = None,
    workers: Annotated[
        int,
        typer.Option(
            "--workers",
            min=1,
            max=64,
            help="Số tiến trình trên cùng một cổng TCP · processes on one port; more than 1 need PostgreSQL and RabbitMQ.",
        ),
    ] = 1,
    worker: Annotated[str | None, typer.Option("--worker", hidden=True)] = None,
    config_free: Annotated[
        bool, typer.Option("--config-free", help="Bỏ qua biến môi trường VANTHU_* · ignore the environment.")
    ] = False,
) -> None:
    """Chạy cổng cho đến khi được dừng. Run a gateway until SIGTERM or Ctrl-C.

    Example: vanthu serve --port 8025 --data /var/lib/vanthu

    Configured by VANTHU_* variables; options override them. The first start
    makes keys, database and <data>/admin.token. A stop lets requests under
    way finish and exits 0. With --workers one parent watches the processes and
    starts those anew that die; SIGHUP replaces them one after the other.
    """
    if workers > 1:
        from gateway.cli import serving  # noqa: PLC0415 - start-up time

        code = serving.serve_with_workers(workers, host=host, port=port, data=data, config_free=config_free)
        raise typer.Exit(code)
    from gateway.cli import service  # noqa: PLC0415 - start-up time

    raise typer.Exit(service.serve(host=host, port=port, data=data, config_free=config_free, worker=worker))
