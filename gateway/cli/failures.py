"""What can stop a command, told to people on standard error, and the exit code that says so to scripts.

Errors that only one verb can raise are registered where that verb does its work, so that no other has to import them.
"""

from __future__ import annotations

import traceback
from functools import singledispatch

from certs.errors import TrustError
from gateway.cli.exits import Exit
from gateway.cli.output import (
    UnreadableFileError,
    make_console,
    show_facts,
    show_fault,
    show_table,
    show_verdict,
)
from gateway.client.errors import Fault, ProblemError, UnexpectedAnswerError, UnreachableError
from gateway.errors import GatewayError
from gateway.settings import SettingsError

MANY = 3
"""So many findings of one kind are better read as a table."""


@singledispatch
def explain(error: Exception) -> Exit:
    """Tell what stopped the command and return its exit code; what nobody foresaw is shown as it is, for whoever mends it."""
    traceback.print_exception(error)
    return Exit.BROKEN


def show_error(error: GatewayError | TrustError) -> None:
    """Print an error of the gateway in both languages, with what to do."""
    texts = {name: getattr(error, name).format(**error.facts) for name in ("vi", "en", "fix_vi", "fix_en")}
    show_fault(make_console(error=True), Fault(code=error.code, **texts))


@explain.register
def _(error: ProblemError) -> Exit:
    console = make_console(error=True)
    if error.undecided:
        show_verdict(console, good=None, vi="CHƯA QUYẾT ĐỊNH ĐƯỢC", en="could not decide; try again later")
    else:
        show_verdict(console, good=False, vi="BỊ TỪ CHỐI", en=f"refused (HTTP {error.status})")
    if len(error.faults) > MANY and len({fault.code for fault in error.faults}) == 1:
        show_fault(console, error.fault)
        rows = [(number, fault.vi, fault.en) for number, fault in enumerate(error.faults, start=1)]
        show_table(console, ("", "lỗi", "fault"), rows)
    else:
        for fault in error.faults or (error.fault,):
            show_fault(console, fault)
    return verdict_of(error)


def verdict_of(error: ProblemError) -> Exit:
    """Tell a decided no from an answer that a later try may change."""
    return Exit.UNDECIDED if error.undecided else Exit.REFUSED


@explain.register
def _(error: TrustError) -> Exit:
    show_error(error)
    return Exit.UNREADABLE


@explain.register
def _(error: GatewayError) -> Exit:
    show_error(error)
    return Exit.UNREACHABLE


@explain.register
def _(error: UnreachableError) -> Exit:
    console = make_console(error=True)
    show_verdict(console, good=False, vi=f"Không kết nối được {error.url}", en=f"no answer: {error.reason}")
    show_facts(
        console,
        [
            ("→", "Kiểm tra --url và xem cổng có đang chạy không: vanthu serve"),
            ("", "Check --url, and whether the gateway is running."),
        ],
        label_width=1,
    )
    return Exit.UNREACHABLE


@explain.register
def _(error: UnexpectedAnswerError) -> Exit:
    show_verdict(
        make_console(error=True), good=False, vi=f"{error.url} không phải cổng Vanthu", en=str(error)
    )
    return Exit.UNREACHABLE


@explain.register
def _(error: UnreadableFileError) -> Exit:
    show_verdict(make_console(error=True), good=False, vi=error.vi, en=error.en)
    return Exit.UNREADABLE


@explain.register
def _(error: SettingsError) -> Exit:
    show_verdict(make_console(error=True), good=False, vi="Cấu hình sai", en=str(error))
    return Exit.USAGE


@explain.register
def _(error: OSError) -> Exit:
    about = f"{error.filename}: " if error.filename else ""
    en = f"{about}{error.strerror or error}"
    show_verdict(make_console(error=True), good=False, vi="Hệ thống báo lỗi", en=en)
    return Exit.UNREADABLE
