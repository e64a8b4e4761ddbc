"""The work behind `vanthu show`: read a file as a gateway reads it, and show it whole.

The file is read by the gateway's own examination, so what is shown is what would be accepted or refused. No list of agencies is
at hand, so findings about codes and routes are left to `vanthu check`. Invariant: of a refused file only the refusal is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
from rich.console import Console
from rich.text import Text

from certs.verdict import Indication, Verdict
from gateway.cli.exits import Exit
from gateway.cli.extracting import Extracted, extract_to
from gateway.cli.offline import load_trust
from gateway.cli.output import (
    count,
    make_console,
    measure_file,
    print_json,
    show_facts,
    show_fault,
    show_table,
    show_verdict,
)
from gateway.cli.portrait import Row, day, rows_of, title
from gateway.cli.signers import claimed_signer, signer_text
from gateway.client.errors import Fault
from gateway.clock import utc_now
from gateway.flow.examination import Examination, examine, kind_of
from gateway.flow.findings import Finding
from gateway.flow.outline import attachment_facts
from routing.agencies import Directory
from routing.registry_hash import registry_sha256
from schemas.document import Attachment, Document, StatusMessage
from schemas.wrapping import is_wrapped

_SHOWN: Final = ("schema.", "certs.", "intake.")
"""Findings about the file itself; the others need a registry."""
_NO_ANCHORS: Final = "certs.no_trust_anchors"
_SHORT: Final = 12
_RESULTS: Final = {
    Indication.TOTAL_PASSED: (
        "✓ hợp lệ, phủ toàn bộ văn bản · valid, covers the whole document",
        "bold green",
    ),
    Indication.TOTAL_FAILED: ("✗ KHÔNG HỢP LỆ · not valid", "bold red"),
    Indication.INDETERMINATE: ("? chưa kết luận được · not decided", "bold yellow"),
    Indication.NO_SIGNATURE_FOUND: ("– không có ở phong bì edXML · none in the envelope", "bold yellow"),
}
_LEGACY: Final = (
    "– kiểu cũ, chỉ là phần giữ chỗ, không kiểm tra được · old style, a placeholder",
    "bold yellow",
)


_UNANCHORED: Final = "không có chứng thư gốc để đối chiếu · no root to check against: --trust-anchor PEM"
_ELSEWHERE_VI: Final = "Chữ ký bên trong tệp PDF đính kèm không được kiểm tra ở đây."
_ELSEWHERE_EN: Final = "Signatures inside attached PDF files are not looked at here."
LABEL: Final = 29
"""Columns for the longest label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Report:
    """One file that was read, ready to be shown."""

    file: Path
    size: int
    sha256: str
    found: Examination
    findings: tuple[Finding, ...]


def show(file: Path, *, anchors: tuple[Path, ...], extract: Path | None, as_json: bool) -> Exit:
    """Show a file, and write its attachments if asked to.

    Raises:
        UnreadableFileError: the file or an anchor cannot be read, or an attachment cannot be written.

    """
    report = _read(file, anchors=anchors)
    if as_json:
        print_json(_as_json(report, _extracted(report, extract)))
    else:
        console = make_console()
        _show(console, report)
        _show_extracted(console, _extracted(report, extract))
    return Exit.OK if report.found.message is not None else Exit.REFUSED


def _read(file: Path, *, anchors: tuple[Path, ...]) -> _Report:
    trust = load_trust(anchors)
    size, sha256 = measure_file(file)
    nobody = Directory(0, registry_sha256((), ()), (), ())
    found = examine(file, expect=None, caller=None, directory=nobody, trust=trust, at=utc_now())
    findings = tuple(each for each in found.findings if each.code.startswith(_SHOWN))
    if not anchors:
        findings = tuple(each for each in findings if each.code != _NO_ANCHORS)
    return _Report(file=file, size=size, sha256=sha256, found=found, findings=findings)


def _extracted(report: _Report, folder: Path | None) -> tuple[Extracted, ...]:
    attachments = _attachments(report.found.message)
    return extract_to(folder, report.file, attachments) if folder is not None and attachments else ()


def _as_json(report: _Report, extracted: tuple[Extracted, ...]) -> dict[str, Any]:
    message, verdict = report.found.message, report.found.verdict
    return {
        "file": str(report.file),
        "size": report.size,
        "sha256": report.sha256,
        "kind": kind_of(message).value if message else None,
        "message": msgspec.to_builtins(message),
        "attachments": [attachment_facts(each) for each in _attachments(message)],
        "signature": verdict.facts() if verdict is not None else None,
        "findings": [each.as_json() for each in report.findings],
        "extracted": [
            {"content_id": each.attachment.content_id, "file": str(each.path)} for each in extracted
        ],
    }


def _attachments(message: Document | StatusMessage | None) -> tuple[Attachment, ...]:
    return message.attachments if isinstance(message, Document) else ()


def _show(console: Console, report: _Report) -> None:
    message = report.found.message
    if message is None:
        show_verdict(console, good=False, vi="BỊ TỪ CHỐI, không đọc được như edXML", en="refused")
    else:
        name = title(message)
        console.print(Text.assemble((name.vi.upper(), "bold"), (f" · {name.en}", "dim")))
    show_facts(console, [("Tệp · file", f"{report.file}  {count(report.size)} byte")], label_width=LABEL)
    if message is not None:
        console.print()
        show_facts(console, rows_of(message), label_width=LABEL)
    if isinstance(message, Document):
        show_attachments(console, message)
        _show_signature(console, report, report.found.verdict)
    for finding in report.findings:
        console.print()
        show_fault(console, Fault.read(finding.as_json()))


def _heading(console: Console, vi: str, en: str) -> None:
    console.print()
    console.print(Text.assemble((vi, "bold"), (f" · {en}", "dim")))


def show_attachments(console: Console, document: Document) -> None:
    """Print what is attached: name, true type, size and hash, and whether the axis's ZIP is around it."""
    _heading(console, f"Đính kèm ({len(document.attachments)})", "attachments")
    rows = [
        (
            place,
            each.name,
            each.detected_type or f"? ({each.content_type})",
            count(each.size),
            each.sha256[:_SHORT],
            "bọc ZIP · zipped" if is_wrapped(each) else "",
        )
        for place, each in enumerate(document.attachments, start=1)
    ]
    if rows:
        show_table(console, ("", "tên · name", "loại thật · true type", "byte", "sha256", ""), rows)


def _show_signature(console: Console, report: _Report, verdict: Verdict | None) -> None:
    _heading(console, "Chữ ký số", "signature")
    if verdict is None:
        return
    words, style = _LEGACY if verdict.legacy else _RESULTS[verdict.indication]
    rows: list[Row] = [("Kết quả · result", Text(words, style=style))]
    is_there = verdict.indication is not Indication.NO_SIGNATURE_FOUND and not verdict.legacy
    if is_there and verdict.errors:
        reason = verdict.errors[0]
        rows.append(("Lý do · reason", _UNANCHORED if reason.code == _NO_ANCHORS else Finding.of(reason).vi))
    if (signer := verdict.signer) is not None:
        until = f"{day(signer.not_before)} – {day(signer.not_after)}"
        rows += [("Người ký · signer", signer_text(signer)), ("Chứng thư · certificate", until)]
    elif is_there:
        rows.append(("Tự xưng là · claims to be", claimed_signer(report.file)))
    rows.append(("Thuật toán · algorithm", verdict.algorithm))
    show_facts(console, rows, label_width=LABEL)
    if not is_there:
        console.print(Text.assemble(f"{_ELSEWHERE_VI}\n", (_ELSEWHERE_EN, "dim")))


def _show_extracted(console: Console, extracted: tuple[Extracted, ...]) -> None:
    if extracted:
        _heading(console, "Đã ghi", "written")
        show_facts(console, [("", each.path) for each in extracted], label_width=1)
