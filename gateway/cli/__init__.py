"""The command `vanthu`: one module per group of verbs, assembled here.

Invariants: everything heavy is imported by a verb when it runs, so that `vanthu --help` answers at once; every failure that can
be foreseen is explained in words and ends with a documented exit code (`gateway/cli/exits.py`), never with a traceback.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from gateway.cli import (
    access,
    check,
    compose,
    demo,
    inbox,
    log,
    registry,
    schema,
    send,
    serve,
    show,
    verify,
    version,
)
from gateway.cli.exits import LEGEND, Exit

app = typer.Typer(
    name="vanthu",
    help="Cổng liên thông văn bản: kiểm tra chữ ký và mã định danh, ghi nhật ký, chuyển văn bản edXML.\n\n"
    "A document-routing gateway for official correspondence in edXML.",
    epilog=LEGEND,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("serve")(serve.serve)
app.command("demo")(demo.demo)
app.command("check")(check.check)
app.command("verify")(verify.verify)
app.command("schema")(schema.schema)
app.command("show")(show.show)
app.command("compose")(compose.compose)
app.command("send")(send.send)
app.add_typer(inbox.app, name="inbox")
app.add_typer(registry.app, name="registry")
app.add_typer(access.member_app, name="member")
app.add_typer(access.token_app, name="token")
app.add_typer(access.certificate_app, name="cert")
app.add_typer(log.app, name="log")
app.command("version")(version.version)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command, by default the one on the command line, and return its exit code."""
    try:
        code = app(args=arguments, prog_name="vanthu", standalone_mode=False)
    except typer.TyperException as error:
        return _wrong_usage(error.format_message())
    except Exception as error:  # noqa: BLE001 - the outermost place: `explain` tells all of them, also what nobody foresaw
        from gateway.cli.failures import explain  # noqa: PLC0415 - start-up time

        return explain(error)
    return code if isinstance(code, int) else Exit.OK


def main() -> None:
    """Run the command line and exit."""
    sys.exit(run())


def _wrong_usage(reason: str) -> Exit:
    # Without arguments typer has already printed the help, and there is nothing to add.
    if reason:
        sys.stderr.write(f"✗ Sai cú pháp · wrong usage: {reason}\n  vanthu --help\n")
    return Exit.USAGE
