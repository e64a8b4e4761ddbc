"""The verbs `vanthu registry key`: officers' keys, which sign changes of the registry."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import LOCAL, AsJson, Token, Url

app = typer.Typer(help="Khóa ký của cán bộ. The keys of officers.", no_args_is_help=True)


@app.command("new")
def new(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Tệp khóa sẽ tạo · the file to make.", show_default=False)
    ],
    name: Annotated[
        str | None, typer.Option("--name", help="Tên khóa, mặc định theo tên tệp · by default the file's.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tạo khóa ký; phần riêng ở lại với cán bộ. Make a key; its private half stays with the officer.

    Example: vanthu registry key new nguyen.van.a.key

    It prints the public half, which an administrator registers for the
    officer's token: vanthu registry key register CREDENTIAL VKEY.
    """
    from gateway.cli import officer_keys  # noqa: PLC0415 - start-up time

    officer_keys.new(file, name=name, as_json=as_json)


@app.command("show")
def show(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Tệp khóa · the key.", show_default=False)],
    name: Annotated[
        str | None, typer.Option("--name", help="Tên khóa, mặc định theo tên tệp · by default the file's.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """In phần công khai của khóa. Print the public half of a key.

    Example: vanthu registry key show nguyen.van.a.key
    """
    from gateway.cli import officer_keys  # noqa: PLC0415 - start-up time

    officer_keys.show(file, name=name, as_json=as_json)


@app.command("register")
def register(
    credential: Annotated[
        str,
        typer.Argument(
            metavar="CREDENTIAL", help="Định danh mã truy cập · the token's id.", show_default=False
        ),
    ],
    verifier_key: Annotated[
        str, typer.Argument(metavar="VKEY", help="Phần công khai · the public half.", show_default=False)
    ],
    url: Url = LOCAL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Đăng ký khóa cho mã truy cập của cán bộ (quản trị). Register an officer's key (administrators).

    Example: vanthu registry key register 0197b2c4-3a51-7c1e-9d1b-5f0e6a7b8c9d nguyen.van.a+6de68f59+AXz…
    """
    from gateway.cli import officer_keys, remote  # noqa: PLC0415 - start-up time

    remote.run(officer_keys.register(credential, verifier_key), url=url, token=token, as_json=as_json)


@app.command("list")
def list_keys(url: Url = LOCAL, token: Token = "", as_json: AsJson = False) -> None:
    """Liệt kê khóa của các cán bộ, kể cả khóa cũ. List the keys of officers, old ones too.

    Example: vanthu registry key list
    """
    from gateway.cli import officer_keys, remote  # noqa: PLC0415 - start-up time

    remote.run(officer_keys.list_keys(), url=url, token=token, as_json=as_json)
