"""`vanthu trust lists` and `vanthu trust import-list`: what is held of revocation, and handing in what cannot be fetched."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import LOCAL, AsJson, Token, Url


def add_to(app: typer.Typer) -> None:
    """Add these verbs to the group `vanthu trust`."""
    app.command("lists")(lists)
    app.command("import-list")(import_list)


def lists(url: Url = LOCAL, token: Token = "", as_json: AsJson = False) -> None:
    """Xem danh sách thu hồi đang giữ. Show the revocation lists that are held, and how fetching goes.

    Example: vanthu trust lists

    Exits 0, also where a list is out of date; it is marked.
    """
    from gateway.cli import remote, trust_lists_work  # noqa: PLC0415 - start-up time

    remote.run(trust_lists_work.show(), url=url, token=token, as_json=as_json)


def import_list(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="Danh sách thu hồi hoặc câu trả lời OCSP · revocation lists or OCSP answers.",
            show_default=False,
        ),
    ],
    url: Url = LOCAL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Nạp danh sách thu hồi từ tệp. Hand in revocation lists or OCSP answers from files.

    Example: vanthu trust import-list goc.crl cap-duoi.crl

    For a gateway that fetches nothing. Every file is verified, and an older
    list never replaces a newer one. Stops at the first file that is refused;
    those before it stay. Exits 0 when all were taken or were there already.
    """
    from gateway.cli import remote, trust_lists_work  # noqa: PLC0415 - start-up time

    remote.run(trust_lists_work.hand_in(files), url=url, token=token, as_json=as_json)
