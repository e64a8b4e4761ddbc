"""`vanthu show`: a document or status message the way a clerk wants to see it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import AsJson, File


def show(
    file: File,
    trust_anchor: Annotated[
        list[Path] | None,
        typer.Option(
            "--trust-anchor",
            metavar="PEM",
            help="Chứng thư gốc, dùng nhiều lần được · root; may be repeated.",
        ),
    ] = None,
    extract: Annotated[
        Path | None,
        typer.Option(
            "--extract",
            metavar="DIR",
            help="Ghi các tệp đính kèm vào thư mục này, không ghi đè · write the attachments there.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Xem một tệp edXML: nội dung, đính kèm, chữ ký. Show what an edXML file says.

    Example: vanthu show cong-van.edxml --trust-anchor goc.pem --extract dinh-kem

    Nothing is sent and no list of agencies is needed; whether a gateway
    would take the file is for `vanthu check` to say. Attachments are
    written under harmless names, out of the ZIP that the axis's software
    puts around some of them, and never over a file that is there. Exits 0
    when the file can be read, 1 when it is refused, 3 when it is not there
    or an attachment cannot be written.
    """
    from gateway.cli import showing  # noqa: PLC0415 - start-up time

    code = showing.show(file, anchors=tuple(trust_anchor or ()), extract=extract, as_json=as_json)
    raise typer.Exit(code)
