"""How `vanthu verify` shows its report to people."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from certs.indication import Indication
from gateway.cli.output import count, local, make_console, show_facts, show_fault, show_verdict
from gateway.cli.signers import signer_text
from gateway.cli.verification.report import Report
from gateway.client.errors import Fault

WORDS: Final = {
    Indication.TOTAL_PASSED: (True, "CHỮ KÝ HỢP LỆ", "TOTAL_PASSED"),
    Indication.TOTAL_FAILED: (False, "CHỮ KÝ KHÔNG HỢP LỆ", "TOTAL_FAILED"),
    Indication.INDETERMINATE: (None, "CHƯA KẾT LUẬN ĐƯỢC", "INDETERMINATE"),
    Indication.NO_SIGNATURE_FOUND: (False, "KHÔNG CÓ CHỮ KÝ SỐ", "NO_SIGNATURE_FOUND"),
}
_CERTIFICATE: Final = {
    Indication.TOTAL_PASSED: (True, "CHỨNG THƯ SỐ ĐÁNG TIN", "TOTAL_PASSED"),
    Indication.TOTAL_FAILED: (False, "KHÔNG PHẢI CHỨNG THƯ SỐ", "TOTAL_FAILED"),
}
_TIMESTAMP: Final = {
    Indication.TOTAL_PASSED: (True, "DẤU THỜI GIAN HỢP LỆ", "TOTAL_PASSED"),
    Indication.TOTAL_FAILED: (False, "DẤU THỜI GIAN KHÔNG HỢP LỆ", "TOTAL_FAILED"),
    Indication.NO_SIGNATURE_FOUND: (False, "KHÔNG CÓ DẤU THỜI GIAN", "NO_SIGNATURE_FOUND"),
}
_OF_KIND: Final = {"cert": _CERTIFICATE, "tst": _TIMESTAMP}


def show_report(report: Report, file: Path) -> None:
    """Print the indication, what is known of file, signature and signer, and every finding."""
    console = make_console()
    words = {**WORDS, **_OF_KIND.get(report.kind, {})}
    good, vi, en = words[report.judgement.indication]
    sub = report.judgement.sub_indication
    show_verdict(console, good=good, vi=vi, en=f"{en} / {sub.value}" if sub else en)
    show_facts(console, _facts(report, file))
    for finding in report.findings:
        console.print()
        show_fault(console, Fault.read(finding.as_json()))


def _facts(report: Report, file: Path) -> list[tuple[str, object]]:
    judgement = report.judgement
    signer, verdict = judgement.signer, judgement.verdict
    rows: list[tuple[str, object]] = [
        ("tệp · file", f"{file}  {count(report.size)} byte"),
        ("sha256", report.document_sha256),
        ("thời điểm · at", f"{local(report.at)} (+07)"),
        ("phạm vi ký · scope", judgement.scope.value if report.kind != "cert" else None),
        ("thuật toán · algorithm", None if verdict is None else verdict.algorithm),
        ("người ký · signer", signer_text(signer)),
    ]
    if signer is not None:
        rows.append(("hiệu lực · valid", f"{local(signer.not_before)} – {local(signer.not_after)} (+07)"))
    rows += [
        *(
            (f"chữ ký · {each['field']}", _signature_text(each))
            for each in (judgement.details or {}).get("signatures", ())
        ),
        ("cơ quan · agency", judgement.agency_code),
        ("ràng buộc · binding", judgement.binding),
    ]
    rows += [
        ("dấu thời gian · time stamp", f"{local(each.info.gen_time)} (+07)  {each.indication.value}")
        for each in judgement.timestamps
        if each.info is not None
    ]
    return rows


def _signature_text(facts: Mapping[str, Any]) -> str:
    """Say of one signature of several what became of it, who made it and for whom."""
    signer = facts["signer"]
    parts = (facts["indication"], facts["role"], signer and signer["subject"], facts["claimed_time"])
    return "  ".join(str(part) for part in parts if part)
