"""The work behind `vanthu check`: the gateway's own examination, with what a desk has at hand.

A desk has no registry of connected systems, so every code counts as served by one invented member, and the output says so.
Without a list of agencies or without trust anchors the examination comes out undecided, never accepted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from certs.errors import BadTrustBundleError
from certs.errors_revocation import BadRevocationListError
from certs.trust import Trust
from gateway.cli.exits import Exit
from gateway.cli.moments import moment
from gateway.cli.output import (
    UnreadableFileError,
    count,
    local,
    make_console,
    measure_file,
    print_json,
    read_file,
    show_facts,
    show_fault,
    show_verdict,
)
from gateway.cli.registrations_file import with_registrations
from gateway.cli.signers import revocation_text, signer_text
from gateway.client.errors import Fault
from gateway.flow.examination import Examination, Outcome, examine, kind_of
from gateway.flow.findings import Finding, Level
from gateway.pdf_worker.client import PdfWorker
from routing.agencies import Agency, Directory, Member
from routing.agency_csv import parse_agencies
from routing.errors import RegistryFileErrors
from routing.registry_hash import registry_sha256
from schemas.document import Document, StatusMessage
from schemas.errors import FileError, StateSecret, XsdTooLong, XsdValue
from schemas.profiles import Profile
from schemas.splice import open_file
from schemas.validation import validate

_EXITS = {Outcome.ACCEPTED: Exit.OK, Outcome.REFUSED: Exit.REFUSED, Outcome.UNDECIDED: Exit.UNDECIDED}
_WORDS = {
    Outcome.ACCEPTED: (True, "CHẤP NHẬN", "accepted"),
    Outcome.REFUSED: (False, "TỪ CHỐI", "refused"),
    Outcome.UNDECIDED: (None, "CHƯA QUYẾT ĐỊNH ĐƯỢC", "could not decide"),
}
_UNROUTED_VI = "Chưa đối chiếu với các hệ thống kết nối thật: mọi mã được coi là đã kết nối."
_UNROUTED_EN = "Routing was not checked against real members: every code counts as connected."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Report:
    """One examined file, ready to be shown."""

    file: Path
    size: int
    sha256: str
    examination: Examination
    directory: Directory


def check(
    file: Path,
    *,
    registry: Path | None,
    certificates: Path | None,
    anchors: tuple[Path, ...],
    lists: tuple[Path, ...],
    at: datetime | None,
    profile: Profile,
    as_json: bool,
) -> Exit:
    """Examine a file and print the outcome with every finding.

    Raises:
        UnreadableFileError: a file that is named cannot be read or used.

    """
    size, sha256 = measure_file(file)
    directory = _directory(registry, certificates)
    with PdfWorker() as pdf:
        examination = examine(
            file,
            expect=None,
            caller=None,
            directory=directory,
            trust=load_trust(anchors, lists),
            at=moment(at),
            pdf=pdf,
        )
    report = _Report(
        file=file,
        size=size,
        sha256=sha256,
        examination=_remarked(examination, file) if profile is Profile.STRICT else examination,
        directory=directory,
    )
    if as_json:
        print_json(_as_json(report))
    else:
        _show(make_console(), report)
        _advise(make_console(), registry=registry, anchors=anchors, lists=lists)
    return _EXITS[examination.outcome]


def _remarked(examination: Examination, file: Path) -> Examination:
    """Add what the strict schema remarks, but for values of which the examination has spoken already.

    Of a state secret nothing is shown: remarks would quote from it.
    """
    if any(finding.code == StateSecret.code for finding in examination.findings):
        return examination
    try:
        opened = open_file(file)
    except FileError:
        return examination  # the examination says what the file is instead
    told = {finding.xpath for finding in examination.findings}
    remarks = (
        Finding.of(remark, level=Level.WARNING)
        for remark in validate(opened.tree, profile=Profile.STRICT, contents=opened.contents)
        if not (isinstance(remark, XsdValue | XsdTooLong) and remark.xpath in told)
    )
    return replace(examination, findings=(*examination.findings, *remarks))


def offline_directory(agencies: tuple[Agency, ...]) -> Directory:
    """Return a directory in which one invented member serves every code."""
    prefixes = sorted({_top(agency.code) for agency in agencies})
    members = (
        Member(id="offline", name="(offline)", prefixes=tuple(prefixes), queue="offline", gateway="offline"),
    )
    return Directory(0, registry_sha256(agencies, members), agencies, members)


def _top(code: str) -> str:
    """Return the level-1 code that serves as prefix; other schemes have no levels."""
    return code.partition(".")[0] if "A" <= code[:1] <= "Y" else code


def _directory(path: Path | None, certificates: Path | None) -> Directory:
    if path is None:
        return Directory(0, registry_sha256((), ()), (), ())
    try:
        agencies = parse_agencies(read_file(path))
        if certificates is not None:
            agencies = with_registrations(agencies, certificates)
        return offline_directory(agencies)
    except RegistryFileErrors as refused:
        raise unusable_registry(path, refused) from refused


def unusable_registry(path: Path, refused: RegistryFileErrors) -> UnreadableFileError:
    """Show what is wrong with a list of agencies, and return the error that ends the command."""
    console = make_console(error=True)
    for fault in refused.faults:
        show_fault(console, Fault.read(Finding.of(fault).as_json()))
    en = f"{path}: {len(refused.faults)} faults"
    return UnreadableFileError(vi=f"Danh mục {path} có {len(refused.faults)} lỗi", en=en)


def load_trust(anchors: tuple[Path, ...], lists: tuple[Path, ...] = ()) -> Trust:
    """Load the trust anchors and revocation lists that count at this desk.

    Raises:
        UnreadableFileError: a file cannot be read, holds no anchors, or a list that cannot be verified.

    """
    try:
        return Trust.from_pem(
            *(read_file(path) for path in anchors), lists=[read_file(path) for path in lists]
        )
    except BadRevocationListError as error:
        raise UnreadableFileError(vi="Không dùng được danh sách thu hồi", en=str(error)) from error
    except BadTrustBundleError as error:
        raise UnreadableFileError(vi="Không dùng được chứng thư gốc", en=str(error)) from error


def _as_json(report: _Report) -> dict[str, Any]:
    found = report.examination
    return {
        "outcome": found.outcome.value,
        "file": str(report.file),
        "size": report.size,
        "sha256": report.sha256,
        "at": found.at.isoformat(),
        "kind": kind_of(found.message).value if found.message else None,
        "document_id": _document_id(found.message),
        "sender": _party(found.sender.agency, found.sender.as_sent) if found.sender else None,
        "recipients": [{"code": each.code, "as_sent": each.as_sent} for each in found.deliveries],
        "binding": (
            {"rule": found.binding.rule.value, "evidence": found.binding.evidence} if found.binding else None
        ),
        "verdict": found.verdict.facts() if found.verdict is not None else None,
        "findings": [finding.as_json() for finding in found.findings],
        "registry_sha256": found.registry_sha256,
        "trust_version": found.trust_version,
        "routing_checked": False,
    }


def _party(agency: Agency, as_sent: str) -> dict[str, str]:
    return {"code": agency.code, "as_sent": as_sent, "name": agency.name}


def _document_id(message: Document | StatusMessage | None) -> str | None:
    if message is None:
        return None
    return message.document_id if isinstance(message, Document) else message.response_for.document_id


def _show(console: Console, report: _Report) -> None:
    found = report.examination
    good, vi, en = _WORDS[found.outcome]
    show_verdict(console, good=good, vi=vi, en=en)
    show_facts(console, _facts(report))
    for finding in found.findings:
        console.print()
        show_fault(console, Fault.read(finding.as_json()))


def _advise(
    console: Console, *, registry: Path | None, anchors: tuple[Path, ...], lists: tuple[Path, ...]
) -> None:
    """Say what was not looked at, and how it could be."""
    console.print()
    if not anchors:
        console.print("Chưa kiểm tra được chữ ký đến gốc · to check the chain: --trust-anchor PEM")
    elif not lists:
        console.print("Chưa kiểm tra được việc thu hồi · to check revocation: --crl FILE")
    if registry is None:
        console.print("Chưa kiểm tra được mã định danh · to check the codes: --registry CSV")
    else:
        console.print(Text.assemble(f"{_UNROUTED_VI}\n", (_UNROUTED_EN, "dim")))


def _facts(report: _Report) -> list[tuple[str, object]]:
    found = report.examination
    message = found.message
    rows: list[tuple[str, object]] = [
        ("tệp · file", f"{report.file}  {count(report.size)} byte"),
        ("sha256", report.sha256),
        ("thời điểm · at", f"{local(found.at)} (+07)"),
    ]
    if isinstance(message, Document):
        rows += [
            ("số, ký hiệu · number", f"{message.code.number}/{message.code.notation}"),
            ("trích yếu · subject", message.subject),
        ]
    elif message is not None:
        rows.append(("trạng thái · status", f"{message.status_code}  {message.description or ''}"))
    rows.append(("mã văn bản · document id", _document_id(message)))
    if found.sender is not None:
        rows.append(("nơi gửi · from", f"{found.sender.as_sent}  {found.sender.agency.name}"))
    for delivery in found.deliveries:
        agency = report.directory.agency(delivery.code, found.at)
        rows.append(("nơi nhận · to", f"{delivery.as_sent}  {agency.name if agency else ''}"))
    if found.verdict is not None:
        rows.append(
            ("chữ ký · signature", f"{found.verdict.indication.value}  {found.verdict.algorithm or ''}")
        )
        rows.append(("người ký · signer", signer_text(found.verdict.signer)))
        rows += [("thu hồi · revocation", revocation_text(status)) for status in found.verdict.revocation]
    if found.binding is not None:
        rows.append(("ràng buộc · binding", f"{found.binding.rule.value} = {found.binding.evidence}"))
    return rows
