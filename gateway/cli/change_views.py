"""How change sets, what they do, and the registry's versions are shown to people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from rich.console import Console

from gateway.cli.output import count, local, show_facts, show_table, show_verdict

FAULTS: Final = 20
"""Faults that are shown unless all are asked for."""

_WAITS: Final = {
    "correction": "sửa lỗi rồi tải lại tệp · correct the file and hand it in again",
    "proposer": "người đề xuất ký · the proposer signs: vanthu registry propose ID --key KEY",
    "approver": "cán bộ khác phê duyệt · another officer approves: vanthu registry approve ID --key KEY",
    "release": "cho thi hành · to be released: vanthu registry release ID",
    "gateway": "cổng đang lập phiên bản · the gateway is making the version",
    "instant": "đến thời điểm hiệu lực · its moment",
    "ratification": "cán bộ thứ hai phê chuẩn · a second officer ratifies: vanthu registry approve ID --key KEY",
}
_OPS: Final = {
    "open": "mở · open",
    "close": "đóng · close",
    "reconstitute": "lập mới giữ mã · reconstitute",
    "rename": "đổi thông tin · rename",
    "suspend": "tạm dừng · suspend",
    "resume": "hoạt động lại · resume",
    "annul": "hủy · annul",
}


def show_change(console: Console, change: Mapping[str, Any], *, everything: bool) -> None:
    """Show a change set."""
    faults = change["fault_count"]
    show_verdict(
        console,
        good=False if faults else True if change["state"] in {"scheduled", "active"} else None,
        vi=f"{change['state_vi'].upper()}{f', {count(faults)} lỗi' if faults else ''}",
        en=f"{change['state']}{f', {count(faults)} faults' if faults else ''}",
    )
    show_facts(console, _facts(change))
    shown = change["faults"] if everything else change["faults"][:FAULTS]
    if shown:
        show_table(
            console,
            ("dòng · row", "cột · column", "giá trị · value", "lý do · reason"),
            [(each["row"], each["column"], each["value"], f"{each['vi']} · {each['en']}") for each in shown],
        )
    if len(shown) < faults:
        console.print(f"… và {count(faults - len(shown))} lỗi nữa · more faults: vanthu registry show")


def _facts(change: Mapping[str, Any]) -> list[tuple[str, object]]:
    counts = change["counts"].get("operations", {})
    waits = change["waits_for"]
    return [
        ("mã · id", change["id"]),
        ("tên · title", change["title"]),
        ("căn cứ · legal basis", change["legal_basis"] or None),
        ("tệp · file", change["source"]["name"] or None),
        ("trên phiên bản · upon", count(change["base_version"])),
        *((_OPS.get(op, op), count(number)) for op, number in sorted(counts.items())),
        ("hiệu lực · effective", ", ".join(map(_moment, change["instants"])) or None),
        ("sha256 (ký · signed)", change["diff_sha256"]),
        *((f"ký · {each['role']}", _signature(each)) for each in change["approvals"]),
        ("khẩn cấp · emergency", change["emergency"]),
        ("hết hạn · expires", change["expires_at"] and _moment(change["expires_at"])),
        ("hoàn tác · rolls back", change["rolls_back"]),
        ("lý do · reason", change["reason"]),
        ("phiên bản · version", change["version"] and count(change["version"])),
        (
            "đang chờ · waits for",
            waits and _WAITS.get(waits, waits).replace("ID", change["id"][:8] + "…"),
        ),
    ]


def show_changes(console: Console, page: Mapping[str, Any]) -> None:
    """Show change sets as a table."""
    if not page["items"]:
        console.print("Chưa có đợt thay đổi nào · there are no change sets")
        return
    rows = [
        (
            each["id"],
            f"{each['state_vi']} · {each['state']}",
            ", ".join(map(_moment, each["instants"])),
            each["title"],
        )
        for each in page["items"]
    ]
    show_table(console, ("mã · id", "trạng thái · state", "hiệu lực · effective", "tên · title"), rows)
    if page["next"]:
        console.print(f"Còn nữa · more: --before {page['next']}")


def show_diff(console: Console, page: Mapping[str, Any]) -> None:
    """Show a part of a diff."""
    show_table(
        console, ("mã · code", "việc · what", "từ · from", "trước → sau · before → after"), _rows(page)
    )
    console.print(f"{count(page['total'])} mục · items   sha256 {page['diff_sha256']}")
    if page["next"] is not None:
        console.print(f"Còn nữa · more: --after {page['next']}")


def _rows(page: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    for each in page["items"]:
        mark = "bỏ · not any more: " if each["withdrawn"] else ""
        instant = _moment(each["instant"]) if each["instant"] else "–"
        yield each["code"], mark + _OPS.get(each["op"], each["op"]), instant, _change(each)


def _change(each: Mapping[str, Any]) -> str:
    before, after = each["before"], each["after"]
    if after is None:
        successors = ", ".join(before["successors"]) if before else ""
        return f"{before['name'] if before else '–'} → {successors or '∅'}"
    if before is None:
        return str(after["name"])
    if before["name"] != after["name"]:
        return f"{before['name']} → {after['name']}"
    changed = [
        name for name in before if name not in {"valid_from", "valid_to"} and before[name] != after[name]
    ]
    return f"{after['name']}: " + "; ".join(
        f"{name} {before[name] or '–'} → {after[name] or '–'}" for name in changed
    )


def show_registry(console: Console, found: Mapping[str, Any]) -> None:
    """Show the version in force and what is to come."""
    emergencies = found["emergencies"]
    show_verdict(
        console,
        good=None if emergencies else True,
        vi=f"Phiên bản {count(found['version'])}",
        en=f"version {count(found['version'])}",
    )
    show_facts(
        console,
        [
            ("số mã · codes", count(found["agencies"])),
            ("hệ thống · systems", count(found["members"])),
            ("sha256", found["sha256"]),
            ("sắp có hiệu lực · next", ", ".join(map(_moment, found["next_instants"])) or None),
            ("khẩn cấp · emergencies", ", ".join(emergencies) or None),
        ],
    )
    if found["pending"]:
        show_changes(console, {"items": found["pending"], "next": None})


def show_versions(console: Console, page: Mapping[str, Any]) -> None:
    """Show versions of the registry as a table."""
    rows = [
        (
            count(each["version"]),
            _moment(each["activated_at"]),
            each["actor"],
            each["change"] or each["source"],
        )
        for each in page["items"]
    ]
    show_table(console, ("phiên bản · version", "từ · since", "người · actor", "từ gì · made of"), rows)
    if page["next"]:
        console.print(f"Còn nữa · more: --before {page['next']}")


def _signature(each: Mapping[str, Any]) -> str:
    void = " (không còn giá trị · void)" if each["void_at"] else ""
    return f"{each['key']}  {_moment(each['signed_at'])}{void}"


def _moment(text: str) -> str:
    return local(datetime.fromisoformat(text))
