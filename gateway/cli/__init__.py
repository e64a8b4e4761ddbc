"""The command `vanthu`: one module per group of verbs, assembled in `gateway/cli/commands.py`.

Invariants: nothing is imported before it is needed; every failure that can be foreseen is explained in words and ends with a
documented exit code (`gateway/cli/exits.py`), never with a traceback.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from gateway.cli.exits import Exit


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command, by default the one on the command line, and return its exit code."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        code = _run(given)
    except Exception as error:  # noqa: BLE001 - the outermost place: `explain` tells all of them, also what nobody foresaw
        from gateway.cli.failures import explain  # noqa: PLC0415 - start-up time

        return explain(error)
    return code if isinstance(code, int) else Exit.OK


def main() -> None:
    """Run the command line and exit."""
    sys.exit(run())


def _run(arguments: list[str]) -> object:
    if arguments[:1] == ["verify"]:
        from gateway.cli import shortcut  # noqa: PLC0415 - start-up time

        plain = shortcut.read(arguments[1:])
        if plain is not None:
            return shortcut.verify(plain)
    import typer  # noqa: PLC0415 - start-up time

    from gateway.cli.commands import app  # noqa: PLC0415 - start-up time

    try:
        return app(args=arguments, prog_name="vanthu", standalone_mode=False)
    except typer.TyperException as error:
        return _wrong_usage(error.format_message())


def _wrong_usage(reason: str) -> Exit:
    # Without arguments typer has already printed the help, and there is nothing to add.
    if reason:
        sys.stderr.write(f"✗ Sai cú pháp · wrong usage: {reason}\n  vanthu --help\n")
    return Exit.USAGE
