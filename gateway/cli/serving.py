"""`vanthu serve --workers N`: the parent of several processes of one gateway, and what it has in common with a single one."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import typer

from gateway import telemetry
from gateway.cli.exits import Exit
from gateway.cli.output import make_console, show_facts, show_verdict
from gateway.settings import Settings, SettingsError
from gateway.supervisor import obstacles, supervise


def serve_with_workers(
    workers: int, *, host: str | None, port: int | None, data: Path | None, config_free: bool
) -> int:
    """Run several processes of one gateway until SIGTERM or SIGINT, and return the exit code.

    Raises:
        SettingsError: a setting does not fit.
        BadParameter: the settings are for one process only.

    """
    settings = chosen(host=host, port=port, data=data, config_free=config_free)
    found = obstacles(settings)
    if found:
        raise typer.BadParameter(f"--workers {workers}: " + "; ".join(f"{vi} · {en}" for vi, en in found))
    set_up(settings)
    try:
        return supervise(settings, workers=workers, base=os.environ, config_free=config_free)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        return show_taken(settings, retry=f"vanthu serve --workers {workers} --port {settings.port + 1}")


def chosen(*, host: str | None, port: int | None, data: Path | None, config_free: bool) -> Settings:
    """Return the settings: the options given, then the environment.

    Raises:
        SettingsError: a setting does not fit.

    """
    settings = Settings.from_environment({} if config_free else os.environ)
    given: dict[str, Any] = {"host": host, "port": port, "data": data}
    return replace(settings, **{name: value for name, value in given.items() if value is not None})


def set_up(settings: Settings, *, worker: int | None = None) -> None:
    """Begin to write telemetry.

    Raises:
        SettingsError: there is no such level.

    """
    try:
        telemetry.set_up(settings.log_level, worker=worker)
    except KeyError as error:
        raise SettingsError(f"VANTHU_LOG_LEVEL must be debug, info, warning or error, not {error}") from error


def show_taken(settings: Settings, *, retry: str) -> Exit:
    """Say that another program has the port, and what to do."""
    console = make_console(error=True)
    en = f"port {settings.port} on {settings.host} is taken by another program"
    show_verdict(console, good=False, vi=f"Cổng {settings.port} đang có chương trình khác dùng", en=en)
    show_facts(console, [("→", retry)], label_width=1)
    return Exit.UNREACHABLE
