"""`vanthu cert`: which certificates count for an agency, from when to when, and what became of them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from gateway.cli.moments import FORMATS
from gateway.cli.options import LOCAL, AsJson, Token, Url

app = typer.Typer(help="Chứng thư số của cơ quan. Agencies' certificates.", no_args_is_help=True)


class By(StrEnum):
    """What is registered; the words of `routing.registrations`, which is not imported here for start-up time."""

    CERTIFICATE = "certificate"
    SPKI = "spki"
    PROFILE = "profile"


class IssuerBy(StrEnum):
    """By what a profile recognises the authority."""

    CERTIFICATE = "certificate"
    SPKI = "spki"
    ANCHOR = "anchor"


Code: TypeAlias = Annotated[
    str, typer.Argument(metavar="CODE", help="Mã định danh cơ quan · agency code.", show_default=False)
]
Registration: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="REGISTRATION",
        help="Mã đăng ký, hoặc SHA-256 của chứng thư hay khóa · its id, or the SHA-256 of certificate or key.",
        show_default=False,
    ),
]
Reason: TypeAlias = Annotated[
    str,
    typer.Option("--reason", help="Lý do, lưu mãi mãi · why; kept for ever.", show_default=False),
]


CertificateFile: TypeAlias = Annotated[
    Path,
    typer.Argument(metavar="FILE", help="Chứng thư số của cơ quan · its certificate.", show_default=False),
]
RegisteredBy: TypeAlias = Annotated[
    By,
    typer.Option(
        "--by",
        help="certificate: chính chứng thư này; spki: khóa, cả khi gia hạn; profile: bên cấp và chủ thể · "
        "this very one, its key, or issuer and subject.",
    ),
]
Since: TypeAlias = Annotated[
    datetime | None,
    typer.Option(
        "--from",
        metavar="TIME",
        formats=list(FORMATS),
        help="Có hiệu lực từ thời điểm này · in force from then on.",
    ),
]
Until: TypeAlias = Annotated[
    datetime | None,
    typer.Option(
        "--until",
        metavar="TIME",
        formats=list(FORMATS),
        help="Có hiệu lực đến trước thời điểm này · up to then.",
    ),
]
RevokedSince: TypeAlias = Annotated[
    datetime | None,
    typer.Option(
        "--since",
        metavar="TIME",
        formats=list(FORMATS),
        help="Từ thời điểm này, mặc định: bây giờ · from then, or now.",
    ),
]
Replaces: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--replaces",
        metavar="SHA",
        help="Thay cho đăng ký này: mã, hoặc SHA-256 · the registration whose place it takes.",
    ),
]
Profile: TypeAlias = Annotated[
    str | None, typer.Option("--profile", metavar="NAME", help="Tên mẫu · the profile's name.")
]
Issuer: TypeAlias = Annotated[
    Path | None,
    typer.Option("--issuer", metavar="PEM", help="Chứng thư của bên cấp · its authority's certificate."),
]
RecognisedBy: TypeAlias = Annotated[
    IssuerBy, typer.Option("--issuer-by", help="Nhận ra bên cấp bằng · how the authority is recognised.")
]
Attributes: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--attribute",
        metavar="NAME",
        help="Thuộc tính chủ thể phải trùng, dùng nhiều lần được; không ghi: mọi thuộc tính · "
        "attribute that must be equal; all by default.",
    ),
]
Compromised: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--compromised", help="Lộ khóa: chặn mọi chứng thư dùng khóa này · refuse every certificate with it."
    ),
]


@app.command("register")
def register(  # noqa: PLR0913, PLR0917 - one parameter an option
    code: Code,
    file: CertificateFile,
    by: RegisteredBy = By.CERTIFICATE,
    since: Since = None,
    until: Until = None,
    replaces: Replaces = None,
    profile: Profile = None,
    issuer: Issuer = None,
    issuer_by: RecognisedBy = IssuerBy.CERTIFICATE,
    attribute: Attributes = None,
    url: Url = LOCAL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Đăng ký chứng thư số cho cơ quan. Register a certificate for an agency.

    Example: vanthu cert register H26.1 moi.pem --from 2026-07-01 --replaces SHA

    From then on only registered certificates count for this agency. Old and new
    may overlap. A profile needs --profile and --issuer, and takes the values of
    the attributes from FILE.
    """
    if len({by is By.PROFILE, profile is not None, issuer is not None}) > 1:
        raise typer.BadParameter("--by profile ⇔ --profile, --issuer")
    if attribute and by is not By.PROFILE:
        raise typer.BadParameter("--attribute: chỉ với --by profile · only with --by profile")
    from gateway.cli import registering, remote  # noqa: PLC0415 - start-up time

    terms = registering.Terms(
        by=by.value,
        since=since,
        until=until,
        replaces=replaces,
        profile=profile,
        issuer=issuer,
        issuer_by=issuer_by.value,
        attributes=tuple(attribute or ()),
    )
    remote.run(registering.register(code, file, terms), url=url, token=token, as_json=as_json)


@app.command("list")
def list_registrations(
    code: Annotated[
        str | None,
        typer.Argument(metavar="[CODE]", help="Mã định danh; không ghi: mọi cơ quan · all by default."),
    ] = None,
    url: Url = LOCAL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Các đăng ký chứng thư và lần ký gần nhất. Registrations, and when each certificate last signed.

    Example: vanthu cert list H26.1
    """
    from gateway.cli import registering, remote  # noqa: PLC0415 - start-up time

    remote.run(registering.list_registrations(code), url=url, token=token, as_json=as_json)


@app.command("suspend")
def suspend(
    code: Code,
    registration: Registration,
    reason: Reason,
    url: Url = LOCAL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Tạm dừng một đăng ký. Let a registration not count for now.

    Example: vanthu cert suspend H26.1 1f0c… --reason "nghi lộ khóa"

    Whoever it recognises is refused until it is resumed, also if another
    registration of the agency would bind them.
    """
    from gateway.cli import registering, remote  # noqa: PLC0415 - start-up time

    remote.run(registering.suspend(code, registration, reason), url=url, token=token, as_json=as_json)


@app.command("resume")
def resume(
    code: Code,
    registration: Registration,
    reason: Reason,
    url: Url = LOCAL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Cho một đăng ký có hiệu lực trở lại. Let a suspended registration count again.

    Example: vanthu cert resume H26.1 1f0c… --reason "đã tìm thấy thiết bị"
    """
    from gateway.cli import registering, remote  # noqa: PLC0415 - start-up time

    remote.run(registering.resume(code, registration, reason), url=url, token=token, as_json=as_json)


@app.command("revoke")
def revoke(
    code: Code,
    registration: Registration,
    reason: Reason,
    since: RevokedSince = None,
    compromised: Compromised = False,
    url: Url = LOCAL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Thu hồi một đăng ký, không lấy lại được. End a registration for good.

    Example: vanthu cert revoke H26.1 1f0c… --reason "mất thiết bị" --compromised
    """
    from gateway.cli import registering, remote  # noqa: PLC0415 - start-up time

    work = registering.revoke(code, registration, reason, since=since, compromised=compromised)
    remote.run(work, url=url, token=token, as_json=as_json)


@app.command("calendar")
def calendar(
    days: Annotated[
        int, typer.Option("--days", min=0, max=3660, help="Trong bao nhiêu ngày tới · days ahead.")
    ] = 90,
    ics: Annotated[
        Path | None,
        typer.Option("--ics", metavar="FILE", help="Ghi thêm tệp lịch (iCalendar) · write a calendar, too."),
    ] = None,
    url: Url = LOCAL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Chứng thư sắp hết hạn, và cơ quan còn ký bằng chứng thư cũ. What ends, and who still uses the old one.

    Example: vanthu cert calendar --days 60 --ics het-han.ics
    """
    from gateway.cli import calendar as dates  # noqa: PLC0415 - start-up time
    from gateway.cli import remote  # noqa: PLC0415 - as above

    remote.run(dates.calendar(days=days, ics=ics), url=url, token=token, as_json=as_json)
