"""`vanthu member`, `vanthu token`: who is connected, and who may call."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from gateway.cli.moments import FORMATS, moment
from gateway.cli.options import LOCAL, AsJson, Token, Url

member_app = typer.Typer(help="Hệ thống kết nối. Connected systems.", no_args_is_help=True)
token_app = typer.Typer(help="Mã truy cập. Access tokens.", no_args_is_help=True)


@member_app.command("add")
def add_member(  # noqa: PLR0913, PLR0917 - the options of the command
    member: Annotated[
        str, typer.Argument(metavar="ID", help="Định danh hệ thống · the system's id.", show_default=False)
    ],
    name: Annotated[str, typer.Option("--name", help="Tên hệ thống · its name.", show_default=False)],
    prefix: Annotated[
        list[str],
        typer.Option(
            "--prefix", help="Tiền tố mã phục vụ, dùng nhiều lần được · code prefix served; may be repeated."
        ),
    ],
    queue: Annotated[
        str | None, typer.Option("--queue", help="Hàng đợi trên trục · its queue on the axis.")
    ] = None,
    gateway: Annotated[
        str | None, typer.Option("--gateway", help="Cổng phục vụ · the gateway that hosts it.")
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(
            "--since",
            metavar="TIME",
            formats=list(FORMATS),
            help="Phục vụ cả cơ quan mang mã từ lúc này · also serve the body that bears the code then.",
        ),
    ] = None,
    url: Url = LOCAL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Kết nối một hệ thống. Connect a system.

    Example: vanthu member add hanoi --name "Hệ thống văn bản Hà Nội" --prefix H26
    """
    from gateway.cli import remote  # noqa: PLC0415 - start-up time

    begins = moment(since) if since else None
    work = remote.member_add(member, name=name, prefixes=prefix, queue=queue, gateway=gateway, since=begins)
    remote.run(work, url=url, token=token, as_json=as_json)


@member_app.command("list")
def list_members(url: Url = LOCAL, token: Token = "", as_json: AsJson = False) -> None:
    """Liệt kê các hệ thống kết nối. List the connected systems.

    Example: vanthu member list
    """
    from gateway.cli import membership, remote  # noqa: PLC0415 - start-up time

    remote.run(membership.member_list(), url=url, token=token, as_json=as_json)


@member_app.command("contacts")
def contacts(
    member: Annotated[
        str, typer.Argument(metavar="ID", help="Định danh hệ thống · the system's id.", show_default=False)
    ],
    replace: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME;ROLE;PHONE;EMAIL",
            help="Thay toàn bộ bằng các đầu mối này · replace all by these; may be repeated.",
        ),
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Xóa hết · remove all.")] = False,
    url: Url = LOCAL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Xem hoặc đặt đầu mối liên hệ của một hệ thống. Show or set whom to call.

    Example: vanthu member contacts hanoi --set "Lê Thị Hoa;văn thư;+84 24 3804 3100;hoa@hanoi.gov.vn"
    """
    if clear and replace:
        raise typer.BadParameter("chọn --set hoặc --clear · give either --set or --clear")
    from gateway.cli import membership, remote  # noqa: PLC0415 - start-up time

    chosen = [] if clear else replace
    remote.run(membership.contacts(member, replace=chosen), url=url, token=token, as_json=as_json)


@token_app.command("issue")
def issue_token(
    member: Annotated[
        str | None,
        typer.Option("--member", metavar="ID", help="Cho hệ thống này · for this connected system."),
    ] = None,
    role: Annotated[
        list[str] | None,
        typer.Option("--role", help="Hoặc vai trò: admin, registry, auditor · or roles, may be repeated."),
    ] = None,
    label: Annotated[str, typer.Option("--label", help="Ghi chú · what it is for.")] = "",
    expires: Annotated[
        datetime | None,
        typer.Option(
            "--expires", metavar="DATE", formats=["%Y-%m-%d"], help="Ngày hết hạn · last day + 1, in Vietnam."
        ),
    ] = None,
    url: Url = LOCAL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Cấp mã truy cập; chỉ hiện một lần. Issue an access token, shown only once.

    Example: vanthu token issue --member hanoi --label "máy chủ chính"
    """
    if (member is None) == (not role):
        raise typer.BadParameter("chọn --member hoặc --role · give either --member or --role")
    from gateway.cli import remote  # noqa: PLC0415 - start-up time

    work = remote.token_issue(member=member, roles=role or [], label=label, expires=expires)
    remote.run(work, url=url, token=token, as_json=as_json)
