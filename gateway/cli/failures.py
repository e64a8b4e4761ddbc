"""What can stop a command, told to people on standard error, and the exit code that says so to scripts."""

from __future__ import annotations

from gateway.cli.exits import Exit
from gateway.cli.output import make_console, plain, show_facts, show_fault, show_verdict
from gateway.client.errors import Fault, ProblemError, UnexpectedAnswerError, UnreachableError
from gateway.settings import SettingsError
from gateway.store.errors import StoreError


class UnreadableFileError(Exception):
    """A file that the command was given cannot be used; says in both languages which and why."""

    def __init__(self, *, vi: str, en: str) -> None:
        super().__init__(en)
        self.vi = vi
        self.en = en


def explain(error: Exception) -> Exit:
    """Tell what stopped the command and return its exit code; what nobody foresaw is raised again.

    Raises:
        Exception: `error` itself, if it is none that is known here.

    """
    console = make_console(error=True)
    match error:
        case ProblemError():
            return _problem(error)
        case UnreachableError():
            show_verdict(console, good=False, vi=f"Không kết nối được {error.url}", en=error.reason)
            show_facts(console, [("", "Kiểm tra địa chỉ --url và cổng có đang chạy không (vanthu serve).")])
            return Exit.UNREACHABLE
        case UnexpectedAnswerError():
            show_verdict(console, good=False, vi=f"{error.url} không phải cổng Vanthu", en=str(error))
            return Exit.UNREACHABLE
        case UnreadableFileError():
            show_verdict(console, good=False, vi=error.vi, en=error.en)
            return Exit.UNREADABLE
        case StoreError():
            facts = {name: str(value) for name, value in error.facts.items()}
            texts = {name: getattr(error, name).format(**facts) for name in ("vi", "en", "fix_vi", "fix_en")}
            show_fault(console, Fault(code=error.code, **texts))
            return Exit.UNREADABLE
        case SettingsError():
            show_verdict(console, good=False, vi="Cấu hình sai", en=str(error))
            return Exit.USAGE
        case OSError():
            return _operating_system(error)
        case _:
            raise error


def _problem(error: ProblemError) -> Exit:
    console = make_console(error=True)
    if error.undecided:
        show_verdict(console, good=None, vi="CHƯA QUYẾT ĐỊNH ĐƯỢC", en="could not decide; try again later")
    else:
        show_verdict(console, good=False, vi="BỊ TỪ CHỐI", en=f"refused (HTTP {error.status})")
    for fault in error.faults or (error.fault,):
        show_fault(console, fault)
    return Exit.UNDECIDED if error.undecided else Exit.REFUSED


def _operating_system(error: OSError) -> Exit:
    console = make_console(error=True)
    about = f"{error.filename}: " if error.filename else ""
    show_verdict(console, good=False, vi=f"{plain(about)}không dùng được", en=error.strerror or str(error))
    return Exit.UNREADABLE
