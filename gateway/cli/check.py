"""`vanthu check`: examine a file offline, exactly as a gateway would, and send nothing."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import AsJson, File


def check(
    file: File,
    registry: Annotated[
        Path | None,
        typer.Option(
            "--registry", metavar="CSV", help="Danh mục mã định danh · list of agencies.", show_default=False
        ),
    ] = None,
    trust_anchor: Annotated[
        list[Path] | None,
        typer.Option(
            "--trust-anchor",
            metavar="PEM",
            help="Chứng thư gốc, dùng nhiều lần được · root; may be repeated.",
        ),
    ] = None,
    at: Annotated[
        datetime | None,
        typer.Option(
            "--at",
            metavar="TIME",
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"],
            help="Kiểm tra như tại thời điểm này, giờ Việt Nam nếu không ghi múi · as if at this moment.",
            show_default="bây giờ · now",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Kiểm tra một tệp edXML, không gửi đi. Check an edXML file offline; nothing is sent.

    Example: vanthu check cong-van.edxml --registry co-quan.csv --trust-anchor goc.pem

    Runs the very examination that a gateway runs and lists every finding with
    what to do. Whether a connected system serves the recipients is not known
    offline. Exits 0 accepted, 1 refused, 2 could not decide, 3 the file
    cannot be read.
    """
    from gateway.cli import offline  # noqa: PLC0415 - start-up time

    code = offline.check(file, registry=registry, anchors=tuple(trust_anchor or ()), at=at, as_json=as_json)
    raise typer.Exit(code)
