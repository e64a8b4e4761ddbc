"""The work behind `vanthu serve` and `vanthu demo`: a gateway in this process until somebody stops it."""

from __future__ import annotations

import asyncio
import errno
import gc
import os
import signal
import sys
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvloop

from gateway import telemetry
from gateway.app import running
from gateway.cli.auditing import audit_for_demo
from gateway.cli.exits import Exit
from gateway.cli.failures import explain, show_error
from gateway.cli.output import make_console, show_facts, show_verdict
from gateway.demo.exchange import StoryError
from gateway.demo.story import tell
from gateway.keys.errors import (
    BadTokenAddressError,
    KeyFileExposedError,
    KeyFileForeignError,
    KeyFileUnusableError,
    PinRefusedError,
    TokenModuleError,
)
from gateway.settings import Settings, SettingsError


@explain.register
def _(error: StoryError) -> Exit:
    show_verdict(make_console(error=True), good=False, vi="Phần giới thiệu dừng giữa chừng", en=str(error))
    return Exit.REFUSED


@explain.register
def _(error: KeyFileExposedError | KeyFileForeignError | KeyFileUnusableError | PinRefusedError) -> Exit:
    show_error(error)
    return Exit.UNREADABLE


@explain.register
def _(error: BadTokenAddressError | TokenModuleError) -> Exit:
    show_error(error)
    return Exit.USAGE


def serve(*, host: str | None, port: int | None, data: Path | None, config_free: bool) -> Exit:
    """Run a gateway until SIGTERM or SIGINT.

    Raises:
        SettingsError: a setting does not fit.

    """
    settings = Settings.from_environment({} if config_free else os.environ)
    given: dict[str, Any] = {"host": host, "port": port, "data": data}
    settings = replace(settings, **{name: value for name, value in given.items() if value is not None})
    try:
        telemetry.set_up(settings.log_level)
    except KeyError as error:
        raise SettingsError(f"VANTHU_LOG_LEVEL must be debug, info, warning or error, not {error}") from error
    return _run(_serve(settings), settings, retry=f"vanthu serve --port {settings.port + 1}")


def demo(*, data: Path, host: str, port: int, keep: bool) -> Exit:
    """Tell the demo's story against a gateway of its own."""
    telemetry.set_up("error")
    settings = Settings(data=data, host=host, port=port)
    return _run(_demo(settings, keep=keep), settings, retry=f"make run PORT={port + 1}")


async def _serve(settings: Settings) -> Exit:
    stop = _stop_on_signals()
    async with running(settings) as gateway:
        _spare_the_collector()
        if sys.stdout.isatty():
            show_facts(
                make_console(error=True),
                [
                    ("Vanthu", gateway.url),
                    ("API", f"{gateway.url}/docs"),
                    ("mã quản trị · admin", gateway.admin_token_file),
                    ("dừng · stop", "Ctrl-C"),
                ],
            )
        await stop.wait()
    return Exit.OK


async def _demo(settings: Settings, *, keep: bool) -> Exit:
    stop, told = _stop_on_signals(), asyncio.Event()

    async def hold() -> None:
        told.set()
        if keep:
            console = make_console()
            console.print()
            console.print("    Cổng vẫn đang chạy; Ctrl-C để dừng · still serving, Ctrl-C stops")
            await stop.wait()

    story = asyncio.create_task(tell(settings, audit=audit_for_demo, hold=hold))
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({story, stopped}, return_when=asyncio.FIRST_COMPLETED)
    if told.is_set() or story.done():
        stopped.cancel()
        await story
        return Exit.OK
    story.cancel()
    with suppress(asyncio.CancelledError):
        await story
    return Exit.INTERRUPTED


def _spare_the_collector() -> None:
    """Keep the garbage collector from walking the registry and all modules again and again; they stay for good."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


def _stop_on_signals() -> asyncio.Event:
    """Return what SIGTERM and SIGINT set; a second signal stops at once, because the first takes the handlers away."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def begin_to_stop() -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, begin_to_stop)
    return stop


def _run(work: Coroutine[Any, Any, Exit], settings: Settings, *, retry: str) -> Exit:
    try:
        return uvloop.run(work)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        console = make_console(error=True)
        en = f"port {settings.port} on {settings.host} is taken by another program"
        show_verdict(console, good=False, vi=f"Cổng {settings.port} đang có chương trình khác dùng", en=en)
        show_facts(console, [("→", retry)], label_width=1)
        return Exit.UNREACHABLE
