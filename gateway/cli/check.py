"""`vanthu check`: examine a file offline, exactly as a gateway would, and send nothing."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from gateway.cli.moments import FORMATS
from gateway.cli.options import AsJson, File
from schemas.profiles import Profile

Registry: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--registry", metavar="CSV", help="Danh mục mã định danh · list of agencies.", show_default=False
    ),
]
Certificates: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--certificates",
        metavar="FILE",
        help="Các đăng ký chứng thư, in bởi `vanthu cert list --json` · registrations, as that prints them.",
        show_default=False,
    ),
]
Anchors: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(
        "--trust-anchor",
        metavar="PEM",
        help="Chứng thư gốc, dùng nhiều lần được · root; may be repeated.",
    ),
]
Lists: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(
        "--crl",
        metavar="FILE",
        help="Danh sách thu hồi (CRL), dùng nhiều lần được · revocation list; may be repeated.",
    ),
]
At: TypeAlias = Annotated[
    datetime | None,
    typer.Option(
        "--at",
        metavar="TIME",
        formats=list(FORMATS),
        help="Kiểm tra như tại thời điểm này, giờ Việt Nam nếu không ghi múi · as if at this moment.",
        show_default="bây giờ · now",
    ),
]
Held: TypeAlias = Annotated[
    Profile,
    typer.Option(
        "--profile",
        help="strict: thêm cảnh báo theo lược đồ chặt · add what the strict schema remarks.",
    ),
]


def check(
    file: File,
    registry: Registry = None,
    certificates: Certificates = None,
    trust_anchor: Anchors = None,
    crl: Lists = None,
    at: At = None,
    profile: Held = Profile.TOLERANT,
    as_json: AsJson = False,
) -> None:
    """Kiểm tra một tệp edXML, không gửi đi. Check an edXML file offline; nothing is sent.

    Example: vanthu check cong-van.edxml --registry co-quan.csv --trust-anchor goc.pem

    Runs the very examination that a gateway runs and lists every finding with
    what to do. With --profile strict it adds warnings where the file departs
    from `vanthu schema strict`; they change no outcome. Whether a connected
    system serves the recipients is not known offline. Exits 0 accepted,
    1 refused, 2 could not decide, 3 the file cannot be read.
    """
    if certificates is not None and registry is None:
        raise typer.BadParameter("--certificates: cần --registry · needs --registry")
    from gateway.cli import offline  # noqa: PLC0415 - start-up time

    code = offline.check(
        file,
        registry=registry,
        certificates=certificates,
        anchors=tuple(trust_anchor or ()),
        lists=tuple(crl or ()),
        at=at,
        profile=profile,
        as_json=as_json,
    )
    raise typer.Exit(code)
