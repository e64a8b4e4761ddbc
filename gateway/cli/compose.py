"""`vanthu compose`: plain files and a description become an edXML file, signed if asked to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from gateway.cli.options import AsJson

Files: TypeAlias = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[FILE]…", help="Tệp đính kèm, theo thứ tự · attachments, in order.", show_default=False
    ),
]
Meta: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--meta", metavar="FILE", help="Mô tả văn bản, JSON hoặc TOML · metadata.", show_default=False
    ),
]
Output: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Tệp edXML; - là đầu ra chuẩn · the result; - for stdout.",
        show_default=False,
    ),
]
Sign: TypeAlias = Annotated[
    Path | None,
    typer.Option("--sign", metavar="KEY", help="Khóa bí mật PEM để ký · private key to sign with."),
]
Cert: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--cert",
        metavar="CERT",
        help="Chứng thư PEM của khóa, có thể kèm chuỗi · its certificate, chain allowed.",
    ),
]
Force: TypeAlias = Annotated[bool, typer.Option("--force", help="Ghi đè tệp đã có · overwrite.")]
Example: TypeAlias = Annotated[
    bool, typer.Option("--example", help="In một tệp mô tả mẫu · print a complete sample of metadata.")
]


def compose(
    files: Files = None,
    meta: Meta = None,
    output: Output = None,
    sign: Sign = None,
    cert: Cert = None,
    force: Force = False,
    example: Example = False,
    as_json: AsJson = False,
) -> None:
    """Soạn tệp edXML từ tệp thường. Compose an edXML file from plain files.

    Example: vanthu compose --meta vb.toml cong-van.pdf --sign khoa.pem --cert cts.pem -o cv.edxml

    `vanthu compose --example > vb.toml` begins a description. Every fault of
    it is listed with its key. What a gateway's reader would refuse is not
    written. The password of an encrypted key is asked for, or taken from
    VANTHU_CLIENT_KEY_PASSWORD. Exits 0 when written, 1 when description or
    files are refused, 3 when a file cannot be read or is there already.
    """
    from gateway.cli import composing  # noqa: PLC0415 - start-up time

    if example:
        typer.echo(composing.example(), nl=False)
        return
    if meta is None or output is None:
        raise typer.BadParameter("--meta và -o là bắt buộc · --meta and -o are required")
    if (sign is None) != (cert is None):
        raise typer.BadParameter("--sign và --cert đi cùng nhau · --sign and --cert go together")
    identity = (sign, cert) if sign is not None and cert is not None else None
    composing.compose(meta, files or [], output, identity=identity, force=force, as_json=as_json)
