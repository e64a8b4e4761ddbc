"""`vanthu axis`: what the broker between gateways has to hold."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from gateway.cli.options import LOCAL, Token, Url

_Table: TypeAlias = Annotated[bool, typer.Option("--table", help="In bảng dễ đọc · print tables.")]
_Commands: TypeAlias = Annotated[
    bool, typer.Option("--commands", help="In lệnh rabbitmqctl · print commands for the broker's shell.")
]
_Apply: TypeAlias = Annotated[bool, typer.Option("--apply", help="Thực hiện ngay trên trục · do it.")]
_Part: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--part", help="Chỉ phần này: queues, bindings, accounts · only this; may be repeated."),
]
_Passwords: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--passwords",
        metavar="DIR",
        help="Thư mục tệp mật khẩu, tạo nếu chưa có · folder of password files, made where missing.",
    ),
]
_Certificates: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--certificates", help="Tài khoản không mật khẩu, chỉ dùng chứng thư · accounts without a password."
    ),
]
_Vhost: TypeAlias = Annotated[str, typer.Option("--vhost", help="Virtual host.")]
_Broker: TypeAlias = Annotated[
    str,
    typer.Option(
        "--broker",
        envvar="VANTHU_CLIENT_BROKER",
        metavar="URL",
        help="Trục, tài khoản được khai báo · the broker, an account that may declare: amqps://admin@host.",
        show_default=False,
    ),
]
_BrokerPassword: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--broker-password", metavar="FILE", help="Tệp mật khẩu quản trị · the administrator's password."
    ),
]
_Ca: TypeAlias = Annotated[
    Path | None, typer.Option("--ca", metavar="FILE", help="CA của trục · the broker's authority.")
]
_Management: TypeAlias = Annotated[
    str,
    typer.Option(
        "--management",
        metavar="URL",
        help="Giao diện quản trị HTTP, để tạo tài khoản · management API, for accounts.",
        show_default=False,
    ),
]

app = typer.Typer(help="Trục RabbitMQ giữa các cổng. The broker between gateways.", no_args_is_help=True)


@app.callback()
def axis() -> None:
    """Trục RabbitMQ giữa các cổng. The broker between gateways."""


@app.command("topology")
def topology(  # noqa: PLR0913, PLR0917 - the options of the command
    table: _Table = False,
    commands: _Commands = False,
    apply: _Apply = False,
    part: _Part = None,
    passwords: _Passwords = None,
    certificates: _Certificates = False,
    vhost: _Vhost = "/",
    broker: _Broker = "",
    broker_password: _BrokerPassword = None,
    ca: _Ca = None,
    management: _Management = "",
    url: Url = LOCAL,
    token: Token = "",
) -> None:
    """In hoặc dựng hàng đợi và tài khoản trên trục. Print or make what the registry calls for.

    Example: vanthu axis topology --passwords mat-khau > dinh-nghia.json

    Prints RabbitMQ definitions (JSON) for `rabbitmqctl import_definitions`,
    or tables or commands. Accounts are in them only with --passwords or
    --certificates. No password is ever printed.
    """
    if table + commands + apply > 1:
        raise typer.BadParameter("chọn một: --table, --commands, --apply · give one of them")
    from gateway.cli import topology as work  # noqa: PLC0415 - start-up time

    request = work.Request(
        parts=work.parts_of(part),
        passwords=passwords,
        certificates=certificates,
        vhost=vhost,
        broker=broker,
        broker_password=broker_password,
        ca=ca,
        management=management,
    )
    how = work.Form.TABLE if table else work.Form.COMMANDS if commands else work.Form.JSON
    work.run(request, form=None if apply else how, url=url, token=token)
