"""The work behind `vanthu cert calendar`: what ends, as a table, as JSON, and as a calendar for other programs (RFC 5545)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from gateway.cli.drafts import draft_of
from gateway.cli.output import plain, show_table
from gateway.cli.registering import STATES, day
from gateway.cli.remote import Result, Work
from gateway.client import Client

LINE: Final = 75
"""Octets that a line of iCalendar may have (§3.1)."""


def calendar(*, days: int, ics: Path | None) -> Work:
    """Show what ends within some days, and write it to a calendar file if one is named."""

    async def work(client: Client) -> Result:
        found = await client.certificate_calendar(days=days)
        if ics is not None:
            with draft_of(ics, force=True) as draft:
                draft.write_bytes(icalendar(found))
        return Result(value=found, show=lambda console: _show(console, found, ics))

    return work


def _show(console: Console, found: dict[str, Any], ics: Path | None) -> None:
    if not found["endings"]:
        console.print(f"Không có gì hết hạn trong {found['days']} ngày tới · nothing ends")
    else:
        rows = [
            (
                each["code"],
                day(each["ends"]),
                each["days_left"],
                "chứng thư" if each["by_certificate"] else "đăng ký",
                STATES[each["state"]].partition(" · ")[0],
                "có" if each["replaced_by"] else "–",
                each["certificate_sha256"][:16],
            )
            for each in found["endings"]
        ]
        headings = (
            "mã",
            "hết hạn · ends",
            "còn ngày · days",
            "cái gì",
            "trạng thái",
            "bản mới · newer",
            "sha256",
        )
        show_table(console, headings, rows)
    for each in found["alerts"]:
        who, last = f"{each['code']} {each['name']}", day(each["last_seen"])
        console.print(
            plain(f"! {who} vẫn ký bằng chứng thư cũ, lần cuối {last} · still signs with the old one")
        )
    if ics is not None:
        console.print(f"Đã ghi · written: {ics}")


def icalendar(found: dict[str, Any]) -> bytes:
    """Return the calendar of what ends, one event each; the same ending has the same UID in every file."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Vanthu//certificates//VI"]
    stamp = _instant(found["at"])
    for each in found["endings"]:
        begins = _instant(each["ends"])
        summary = f"Chứng thư số của {each['code']} {each['name']} hết hiệu lực"
        lines += [
            "BEGIN:VEVENT",
            f"UID:{each['registration']}-{begins}@vanthu",
            f"DTSTAMP:{stamp}",
            f"DTSTART:{begins}",
            f"SUMMARY:{_text(summary)}",
            f"DESCRIPTION:{_text('SHA-256 ' + each['certificate_sha256'])}",
            "BEGIN:VALARM",
            "ACTION:DISPLAY",
            "TRIGGER:-P30D",
            f"DESCRIPTION:{_text(summary)}",
            "END:VALARM",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return b"".join(piece + b"\r\n" for line in lines for piece in _folded(line))


def _instant(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(value: str) -> str:
    """Write a text as §3.3.11 has it; what cannot be seen is left out of a file that other programs read."""
    shown = plain(value)
    for mark in ("\\", ";", ","):
        shown = shown.replace(mark, f"\\{mark}")
    return shown


def _folded(line: str) -> Iterator[bytes]:
    """Part a line into pieces of at most 75 octets, between characters, each but the first after a space (§3.1)."""
    piece = b""
    for letter in line:
        octets = letter.encode()
        if len(piece) + len(octets) > LINE:
            yield piece
            piece = b" "
        piece += octets
    yield piece
