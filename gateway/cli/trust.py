"""`vanthu trust`: which certification authorities the gateway relies upon, and on what terms."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from gateway.cli import trust_lists
from gateway.cli.moments import FORMATS
from gateway.cli.options import LOCAL, AsJson, Token, Url

app = typer.Typer(help="Kho chứng thư tin cậy. The authorities relied upon.", no_args_is_help=True)


class UsageName(StrEnum):
    """What an anchor can be relied upon for."""

    SIGNATURE = "signature"
    TIMESTAMP = "timestamp"


class RevocationName(StrEnum):
    """What can be asked of revocation below an anchor."""

    REQUIRE = "require"
    SOFT = "soft"
    OFF = "off"


Certificate: TypeAlias = Annotated[
    Path, typer.Argument(metavar="FILE", help="Chứng thư, PEM hoặc DER · certificate.", show_default=False)
]
Usages: TypeAlias = Annotated[
    list[UsageName] | None,
    typer.Option("--usage", help="Dùng để kiểm tra gì, nhiều lần được · for what; may be repeated."),
]
Since: TypeAlias = Annotated[
    datetime | None,
    typer.Option("--from", metavar="TIME", formats=list(FORMATS), help="Tin cậy từ lúc · from then on."),
]
Until: TypeAlias = Annotated[
    datetime | None,
    typer.Option("--until", metavar="TIME", formats=list(FORMATS), help="Đến trước lúc · up to then."),
]
RevocationMode: TypeAlias = Annotated[
    RevocationName | None,
    typer.Option("--revocation", help="Yêu cầu về thu hồi · what must be known of revocation."),
]
Codes: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--code", help="Chỉ cho mã này và cấp dưới, nhiều lần được · only for this agency."),
]
Note: TypeAlias = Annotated[str, typer.Option("--note", help="Ghi chú · a note.")]
Replace: TypeAlias = Annotated[
    bool,
    typer.Option("--replace", help="Đã có thì đổi điều kiện · change the terms of one that is there."),
]


@app.command("list")
def list_trust(
    everything: Annotated[
        bool, typer.Option("--all", help="Cả những chứng thư đã thôi tin cậy · what was retired, too.")
    ] = False,
    url: Url = LOCAL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Liệt kê các tổ chức chứng thực được tin cậy. List the authorities relied upon.

    Example: vanthu trust list --all
    """
    from gateway.cli import remote, trusting  # noqa: PLC0415 - start-up time

    remote.run(trusting.show_trust(everything=everything), url=url, token=token, as_json=as_json)


@app.command("add")
def add_trust(  # noqa: PLR0913, PLR0917 - one parameter an option
    file: Certificate,
    usage: Usages = None,
    since: Since = None,
    until: Until = None,
    revocation: RevocationMode = None,
    code: Codes = None,
    note: Note = "",
    replace: Replace = False,
    url: Url = LOCAL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Tin cậy một tổ chức chứng thực. Rely on a certification authority.

    Example: vanthu trust add goc.pem --usage signature --until 2030-01-01 --note "QĐ 12"

    A self-signed authority becomes an anchor, any other an intermediate, which
    has no terms but --from and --until. Times are Vietnam's unless a zone is
    written. In force at once; other processes follow within seconds.
    """
    from gateway.cli import remote, trusting  # noqa: PLC0415 - start-up time

    terms = trusting.terms_of(
        usages=usage, since=since, until=until, revocation=revocation, codes=code or [], note=note
    )
    work = trusting.add_trust(file, terms, replace=replace)
    remote.run(work, url=url, token=token, as_json=as_json)


@app.command("retire")
def retire_trust(
    certificate: Annotated[
        str,
        typer.Argument(metavar="SHA256", help="SHA-256 hoặc phần đầu · or its start.", show_default=False),
    ],
    reason: Annotated[str, typer.Option("--reason", help="Lý do · why.", show_default=False)],
    at: Annotated[
        datetime | None,
        typer.Option(
            "--at",
            metavar="TIME",
            formats=list(FORMATS),
            help="Từ lúc nào · from when on.",
            show_default="bây giờ · now",
        ),
    ] = None,
    url: Url = LOCAL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Thôi tin cậy một tổ chức chứng thực. Stop relying on a certification authority.

    Example: vanthu trust retire 3f9a12c4 --reason "khóa bị lộ"

    What was signed before can still be judged. Nothing is deleted.
    """
    from gateway.cli import remote, trusting  # noqa: PLC0415 - start-up time

    remote.run(
        trusting.retire_trust(certificate, at=at, reason=reason), url=url, token=token, as_json=as_json
    )


trust_lists.add_to(app)
