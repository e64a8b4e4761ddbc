"""The work behind `vanthu log verify`: find the key and the big bodies, run the audit, and say what it came to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from rich.console import Console

from gateway.cli.audit import AuditResult, Conclusion, audit_database, damaged
from gateway.cli.exits import Exit
from gateway.cli.failures import explain
from gateway.cli.output import (
    UnreadableFileError,
    count,
    make_console,
    print_json,
    show_facts,
    show_fault,
    show_verdict,
)
from gateway.client.errors import Fault
from gateway.clock import utc_now
from gateway.demo.record import Audited
from gateway.payloads_s3 import SCHEME, S3Payloads
from gateway.settings import Settings
from gateway.store import open_audit
from gateway.store.errors import DamagedDatabaseError, StoreError
from routing.errors_log import LogError
from routing.note import Verifier, parse_verifier_key

EXITS = {Conclusion.VALID: Exit.OK, Conclusion.INVALID: Exit.REFUSED, Conclusion.INCOMPLETE: Exit.UNDECIDED}
_WORDS = {
    Conclusion.VALID: (True, "NHẬT KÝ VÀ CHỨNG CỨ NGUYÊN VẸN", "log and evidence are intact"),
    Conclusion.INVALID: (False, "CHỨNG CỨ ĐÃ BỊ SỬA HOẶC HỎNG", "evidence was altered or damaged"),
    Conclusion.INCOMPLETE: (None, "CHƯA ĐỦ CĂN CỨ KẾT LUẬN", "not enough to conclude"),
}
_SQLITE = b"SQLite format 3\x00"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Key:
    """The verifier keys to believe, and where they came from; `pinned` if the auditor brought them."""

    verifiers: tuple[Verifier, ...]
    source: str
    pinned: bool


@explain.register
def _(error: StoreError) -> Exit:
    texts = {name: getattr(error, name).format(**error.facts) for name in ("vi", "en", "fix_vi", "fix_en")}
    show_fault(make_console(error=True), Fault(code=error.code, **texts))
    return Exit.UNREADABLE


def verify(database: str, *, keys: Sequence[str], payloads: str | None, as_json: bool) -> Exit:
    """Audit a database and print what was found.

    Raises:
        UnreadableFileError: a verifier key is none.
        StoreError: it is no database of a gateway.

    """
    folder = folder_of(database)
    key = _Key(verifiers=(), source="", pinned=False)
    try:
        key = _find_key(database, keys, folder)
        with _bodies(payloads, folder) as where:
            result = audit_database(database, verifiers=key.verifiers, payloads=where, at=utc_now())
    except DamagedDatabaseError as error:
        if not _is_sqlite(database):
            raise
        result = damaged(error.facts.get("reason"))
    if as_json:
        print_json(_as_json(database, key, result))
    else:
        _show(make_console(), key, result)
    return EXITS[result.conclusion]


def audit_for_demo(settings: Settings, vkey: str) -> Audited:
    """Audit the demo's own database."""
    result = audit_database(
        settings.database_url,
        verifiers=(parse_verifier_key(vkey),),
        payloads=settings.payload_folder,
        at=utc_now(),
    )
    good, vi, en = _WORDS[result.conclusion]
    facts = [*_counts(result), *((each.code, f"{each.where} {each.en}") for each in result.findings)]
    return Audited(
        valid=result.conclusion is Conclusion.VALID,
        conclusion=f"{'✓' if good else '✗'} {vi} · {en}",
        facts=tuple(facts),
    )


def folder_of(database: str) -> Path:
    """Return the folder in which keys and big bodies lie beside a database file."""
    if "://" in database and not database.startswith("sqlite"):
        return Path("var")
    return Path(database.removeprefix("sqlite+pysqlite:///").removeprefix("sqlite:///")).parent


@contextmanager
def _bodies(payloads: str | None, folder: Path) -> Iterator[Path | S3Payloads]:
    """Yield where big bodies are; what is fetched from a bucket is gone afterwards."""
    if payloads is None or not payloads.startswith(SCHEME):
        yield folder / "payloads" if payloads is None else Path(payloads)
        return
    with TemporaryDirectory(prefix="vanthu-") as fetched:
        yield S3Payloads.at(payloads, Path(fetched))


def _is_sqlite(database: str) -> bool:
    """Tell a damaged database from a file that never was one."""
    path = Path(database.removeprefix("sqlite+pysqlite:///").removeprefix("sqlite:///"))
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_SQLITE)) == _SQLITE


def _find_key(database: str, keys: Sequence[str], folder: Path) -> _Key:
    if keys:
        return _Key(verifiers=tuple(_read_key(text) for text in keys), source="--vkey", pinned=True)
    beside = folder / "log.vkey"
    if beside.is_file():
        texts = beside.read_text().split()
        return _Key(verifiers=tuple(_read_key(text) for text in texts), source=str(beside), pinned=False)
    private = folder / "keys" / "log.key"
    if private.is_file():
        return _Key(verifiers=_public_half(database, private), source=str(private), pinned=False)
    return _Key(verifiers=(), source="", pinned=False)


def _read_key(text: str) -> Verifier:
    try:
        return parse_verifier_key(text)
    except LogError as error:
        raise UnreadableFileError(vi=f"Khóa kiểm tra không đọc được: {text}", en=str(error)) from error


def _public_half(database: str, private: Path) -> tuple[Verifier, ...]:
    """Return the public half of the gateway's own key under the name that the first checkpoint gives."""
    with open_audit(database) as audit:
        first = next(audit.checkpoints(), None)
    if first is None:
        return ()
    try:
        key = load_pem_private_key(private.read_bytes(), password=None)
    except ValueError as error:
        raise UnreadableFileError(vi=f"Không đọc được khóa {private}", en=str(error)) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UnreadableFileError(vi=f"{private} không phải khóa Ed25519", en=f"{private} is no Ed25519 key")
    return (Verifier.of(first[1].partition("\n")[0], key.public_key()),)


def _counts(result: AuditResult) -> list[tuple[str, str]]:
    report = result.report
    if report is None:
        return []
    waiting = f", {count(report.staged)} chờ vào cây · waiting" if report.staged else ""
    rows = [
        ("bản ghi · entries", f"{count(report.entries)}{waiting}"),
        ("văn bản · documents", count(report.documents)),
        ("checkpoint", f"{count(report.checkpoints)} chữ ký đúng · signatures good"),
    ]
    if report.uncovered and report.last_checkpoint:
        rows.append(("chưa có chữ ký · uncovered", count(report.uncovered)))
    return rows


def _show(console: Console, key: _Key, result: AuditResult) -> None:
    good, vi, en = _WORDS[result.conclusion]
    show_verdict(console, good=good, vi=vi, en=en)
    root = result.report.root.hex() if result.report and result.report.root else None
    rows: list[tuple[str, object]] = [*_counts(result), ("gốc cây · root", root)]
    if key.verifiers:
        rows.append(("khóa · key", f"{key.verifiers[0].label}  ({key.source})"))
    show_facts(console, rows, label_width=26)
    for finding in result.findings:
        level = "undecided" if finding.incomplete else "refuse"
        show_fault(
            console,
            Fault(code=finding.code, vi=finding.vi, en=finding.en, level=level, where=finding.where),
        )
    if result.found > len(result.findings):
        console.print(f"… và {count(result.found - len(result.findings))} phát hiện nữa · more findings")
    if key.verifiers and not key.pinned:
        console.print("Khóa nằm cạnh cơ sở dữ liệu; kiểm toán viên nên giữ khóa riêng và dùng --vkey.")
        console.print(
            "The key lies beside the database; an auditor should keep it elsewhere and give --vkey:"
        )
        console.print(f"  {key.verifiers[0]}", soft_wrap=True)


def _as_json(database: str, key: _Key, result: AuditResult) -> dict[str, Any]:
    report = result.report
    last = report.last_checkpoint if report else None
    return {
        "outcome": result.conclusion.value,
        "database": database,
        "key": str(key.verifiers[0]) if key.verifiers else None,
        "key_pinned": key.pinned,
        "entries": report.entries if report else None,
        "staged": report.staged if report else None,
        "documents": report.documents if report else None,
        "checkpoints": report.checkpoints if report else None,
        "covered": last.size if last else 0,
        "root": report.root.hex() if report and report.root else None,
        "found": result.found,
        "findings": [
            {
                "code": each.code,
                "where": each.where,
                "vi": each.vi,
                "en": each.en,
                "incomplete": each.incomplete,
            }
            for each in result.findings
        ],
    }
