"""`vanthu registry`: the list of agencies and their codes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli import tasks
from gateway.cli.options import LOCAL, AsJson, Token, Url

app = typer.Typer(help="Danh mục mã định danh. The registry of agency codes.", no_args_is_help=True)


@app.command("load")
def load(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Danh mục dạng CSV · the list as CSV.", show_default=False)
    ],
    url: Url = LOCAL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Nạp danh mục; sai một hàng thì không nạp hàng nào. Load a list of agencies, whole or not at all.

    Example: vanthu registry load co-quan.csv

    Every faulty row is listed. Exits 0 when loaded or unchanged, 1 when the
    file has faults.
    """
    from gateway.cli import remote  # noqa: PLC0415 - start-up time

    remote.run(remote.registry_load(file), url=url, token=token, as_json=as_json)


tasks.register(app)
