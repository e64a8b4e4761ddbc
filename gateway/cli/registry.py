"""`vanthu registry`: agencies and their codes, and how they change."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli import registry_changes, registry_keys, tasks
from gateway.cli.options import LOCAL, AsJson, Token, Url


class TemplateName(StrEnum):
    """The templates that there are."""

    CHANGES_CSV = "changes.csv"
    CHANGES_XLSX = "changes.xlsx"
    CHANGES_JSON = "changes.json"
    AGENCIES_CSV = "agencies.csv"
    AGENCIES_XLSX = "agencies.xlsx"


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
    """Nạp danh mục lần đầu, đúng cả hoặc không nạp gì. Load the first list of agencies, whole or not at all.

    Example: vanthu registry load co-quan.csv

    Only for an empty registry; later: vanthu registry propose. Every faulty
    row is listed. Exits 0 when loaded or unchanged, 1 when the
    file has faults.
    """
    from gateway.cli import remote  # noqa: PLC0415 - start-up time

    remote.run(remote.registry_load(file), url=url, token=token, as_json=as_json)


@app.command("template")
def template(
    name: Annotated[
        TemplateName, typer.Argument(metavar="NAME", help="Mẫu nào · which one.", show_default=False)
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Ghi vào tệp · write it there.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Ghi đè · replace an existing file.")] = False,
) -> None:
    """In hoặc ghi tệp mẫu để điền. Print or write a file to fill in.

    Example: vanthu registry template changes.xlsx -o thay-doi.xlsx

    NAME is changes.csv, changes.xlsx, changes.json, agencies.csv or
    agencies.xlsx. It needs no gateway.
    """
    from gateway.cli import templates  # noqa: PLC0415 - start-up time

    templates.template(name.value, output=output, force=force)


@app.command("status")
def status(url: Url = LOCAL, token: Token = "", as_json: AsJson = False) -> None:
    """Xem danh mục hiện hành và thay đổi sắp tới. Show the version in force and what is to come.

    Example: vanthu registry status
    """
    from gateway.cli import changing, remote  # noqa: PLC0415 - start-up time

    remote.run(changing.status(), url=url, token=token, as_json=as_json)


@app.command("versions")
def versions(
    before: Annotated[int | None, typer.Option("--before", min=1, help="Trang sau · older ones.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="Nhiều nhất · at most.")] = 50,
    url: Url = LOCAL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Liệt kê các phiên bản của danh mục. List the versions of the registry, the newest first.

    Example: vanthu registry versions
    """
    from gateway.cli import changing, remote  # noqa: PLC0415 - start-up time

    remote.run(changing.versions(before=before, limit=limit), url=url, token=token, as_json=as_json)


registry_changes.add_to(app)
app.add_typer(registry_keys.app, name="key")
tasks.register(app)
