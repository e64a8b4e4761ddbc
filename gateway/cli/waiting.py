"""How documents that could not be decided yet are shown."""

from __future__ import annotations

from datetime import datetime

from rich.console import Console

from gateway.cli.output import local, show_facts, show_fault, show_table, show_verdict
from gateway.client import Fault, Parked, Submitted

OUTCOMES = {
    "parked": "CHỜ KẾT LUẬN",
    "accepted": "đã tiếp nhận",
    "refused": "bị từ chối",
    "withdrawn": "đã rút",
}


def show_parked(console: Console, sent: Submitted | Parked) -> None:
    """Say that a document is kept although it could not be decided, why, and what comes next."""
    good = None if sent.outcome == "parked" else sent.outcome == "accepted"
    vi = "CHƯA KẾT LUẬN ĐƯỢC, ĐANG LƯU GIỮ" if good is None else OUTCOMES.get(sent.outcome, sent.outcome)
    en = "not decided yet; kept and tried again" if good is None else sent.outcome
    show_verdict(console, good=good, vi=vi, en=en)
    show_facts(
        console,
        [
            ("mã tra cứu · id", sent.id),
            ("mã văn bản · document id", sent.document_id),
            ("nhận lần đầu · first seen", _at(sent.received_at)),
            ("xét lại lúc · next try", _at(sent.next_at)),
            ("giữ đến · kept until", _at(sent.keep_until)),
        ],
    )
    if sent.reason:
        show_fault(console, Fault.read(sent.reason))


def show_list(console: Console, items: tuple[Parked, ...]) -> None:
    """List documents that are or were parked."""
    rows = [
        (
            each.id,
            OUTCOMES.get(each.outcome, each.outcome),
            local(each.received_at),
            local(each.decided_at or each.next_at or each.keep_until),
            str(each.reason.get("code", "")),
            f"{each.number}  {each.subject}".strip(),
        )
        for each in items
    ]
    headings = (
        "mã · id",
        "kết quả · outcome",
        "nhận · came",
        "xét · tried, decided",
        "lý do · reason",
        "số · trích yếu",
    )
    show_table(console, headings, rows)


def _at(moment: datetime | None) -> str | None:
    return f"{local(moment)} (+07)" if moment else None
