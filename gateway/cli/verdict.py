"""`vanthu verdict`: judge the signature of a document that came before once more."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.moments import FORMATS
from gateway.cli.options import LOCAL, AsJson, Token, Url

app = typer.Typer(help="Kết luận về chữ ký số. Verdicts on signatures.", no_args_is_help=True)


@app.command("replay")
def replay(
    document: Annotated[
        str,
        typer.Argument(metavar="ID", help="Mã tra cứu của văn bản · id of the document.", show_default=False),
    ],
    policy: Annotated[
        Path | None,
        typer.Option("--policy", metavar="TOML", help="Theo chính sách này · under this policy."),
    ] = None,
    at: Annotated[
        datetime | None,
        typer.Option(
            "--at",
            metavar="TIME",
            formats=list(FORMATS),
            help="Xét tại thời điểm này, giờ Việt Nam nếu không ghi múi · as of this moment.",
            show_default="bây giờ · now",
        ),
    ] = None,
    url: Url = LOCAL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Xét lại chữ ký của một văn bản đã nhận. Judge the signature of a document again.

    Example: vanthu verdict replay 0197b2c4-… --policy policy.toml --at 2026-07-01

    Rests on what was found when the document came, with what is known of
    certificates today; it changes nothing. Exits 0 TOTAL_PASSED, 1
    TOTAL_FAILED, 2 INDETERMINATE, 3 NO_SIGNATURE_FOUND.
    """
    from gateway.cli import replaying  # noqa: PLC0415 - start-up time

    raise typer.Exit(replaying.replay(document, policy=policy, at=at, url=url, token=token, as_json=as_json))
