"""The work behind `vanthu serve` and `vanthu demo`: a gateway in this process until somebody stops it."""

from __future__ import annotations

import asyncio
import errno
import gc
import signal
import sys
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

import uvloop

from gateway import telemetry
from gateway.app import running
from gateway.cli.auditing import audit_for_demo
from gateway.cli.exits import Exit
from gateway.cli.failures import explain, show_error
from gateway.cli.output import make_console, show_facts, show_verdict
from gateway.cli.serving import chosen, set_up, show_taken
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
from gateway.settings import Settings
from gateway.share import Share
from gateway.supervisor import STOP_SECONDS


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


def serve(
    *, host: str | None, port: int | None, data: Path | None, config_free: bool, worker: str | None = None
) -> Exit:
    """Run a gateway until SIGTERM or SIGINT; `worker` is what the parent of several says of this one.

    Raises:
        SettingsError: a setting does not fit.

    """
    settings = chosen(host=host, port=port, data=data, config_free=config_free)
    share = None if worker is None else Share.read(worker)
    set_up(settings, worker=share.number if share else None)
    return _run(_serve(settings, share), settings, retry=f"vanthu serve --port {settings.port + 1}")


def demo(*, data: Path, host: str, port: int, keep: bool) -> Exit:
    """Tell the demo's story against a gateway of its own."""
    telemetry.set_up("error")
    settings = Settings(data=data, host=host, port=port)
    return _run(_demo(settings, keep=keep), settings, retry=f"make run PORT={port + 1}")


async def _serve(settings: Settings, share: Share | None) -> Exit:
    stop = _stop_on_signals()
    if share is not None:
        _stop_without(share, stop)
    async with running(settings, share=share) as gateway:
        _spare_the_collector()
        if share is not None:
            share.tell_ready()
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


def _stop_without(share: Share, stop: asyncio.Event) -> None:
    """Stop when the parent is gone: it says nothing on its line, so that all there is to read is its end."""
    loop = asyncio.get_running_loop()

    def begin_to_stop() -> None:
        loop.remove_reader(share.parent)
        # Nobody is there any more who would kill a stop that hangs, but this signal does.
        signal.alarm(int(STOP_SECONDS))
        stop.set()

    loop.add_reader(share.parent, begin_to_stop)


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
        return show_taken(settings, retry=retry)
