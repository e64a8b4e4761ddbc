"""Options that several verbs share.

The variables start with VANTHU_CLIENT_, because VANTHU_* alone configures a gateway, which refuses names it does not know.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

Url: TypeAlias = Annotated[
    str,
    typer.Option(
        "--url", envvar="VANTHU_CLIENT_URL", help="Địa chỉ cổng · the gateway's address.", metavar="URL"
    ),
]
Token: TypeAlias = Annotated[
    str,
    typer.Option(
        "--token",
        envvar="VANTHU_CLIENT_TOKEN",
        help="Mã truy cập; nên đặt trong biến môi trường · access token, better kept in the variable.",
        show_default=False,
        metavar="TOKEN",
    ),
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="In JSON cho máy đọc · print JSON.")]
File: TypeAlias = Annotated[
    Path, typer.Argument(metavar="FILE", help="Tệp edXML · edXML file.", show_default=False)
]

LOCAL = "http://127.0.0.1:8025"
