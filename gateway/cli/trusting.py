"""The work behind `vanthu trust`, as coroutines over a client (`gateway.cli.remote`)."""

from __future__ import annotations

import re
import ssl
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.cli.moments import VIETNAM, moment
from gateway.cli.output import UnreadableFileError, count, local, plain, read_file, show_facts, show_verdict
from gateway.cli.remote import Result, Work
from gateway.client import Client
from gateway.client.trust import TrustChange, TrustedCertificate, TrustTerms, TrustVersion

_PREFIX: Final = re.compile(r"[0-9a-f]{4,64}")
_SHORT: Final = 12
_LENGTH: Final = 64
_ROLES: Final = {"anchor": "gốc · anchor", "intermediate": "cấp dưới · intermediate"}
_STATES: Final = {
    "in_force": ("đang tin cậy · in force", "green"),
    "not_yet": ("chưa đến hạn · not yet", "yellow"),
    "expired": ("hết hạn · expired", "bold red"),
    "retired": ("thôi tin cậy · retired", "dim"),
}
_URGENCY: Final = ((7, "bold red"), (30, "bold yellow"), (60, "yellow"))
"""Days left, and how they are shown when there are no more."""


def terms_of(
    *,
    usages: Sequence[str] | None,
    since: datetime | None,
    until: datetime | None,
    revocation: str | None,
    codes: Sequence[str],
    note: str,
) -> TrustTerms:
    """Return the terms that the options state."""
    return TrustTerms(
        usages=[str(usage) for usage in usages] if usages else None,
        trusted_from=None if since is None else moment(since),
        trusted_until=None if until is None else moment(until),
        revocation=revocation,
        codes=codes,
        note=note,
    )


def show_trust(*, everything: bool) -> Work:
    """List what is relied upon."""

    async def work(client: Client) -> Result:
        held = await client.trust.list(everything=everything)
        return Result(value=held, show=lambda console: _show(console, held))

    return work


def add_trust(file: Path, terms: TrustTerms, *, replace: bool) -> Work:
    """Rely on an authority."""

    async def work(client: Client) -> Result:
        made = await client.trust.add(_pem(read_file(file)), terms, replace=replace)
        vi, en = (
            ("Đã tin cậy", "relied upon") if made.changed else ("Không đổi", "these were its terms already")
        )
        return Result(value=made, show=lambda console: _show_change(console, made, vi=vi, en=en))

    return work


def retire_trust(named: str, *, at: datetime | None, reason: str) -> Work:
    """Stop relying on the one certificate whose SHA-256 is, or begins with, `named`."""

    async def work(client: Client) -> Result:
        name = named.lower().replace(":", "")
        sha256 = name if len(name) == _LENGTH else await _only_one(client, name)
        made = await client.trust.retire(sha256, reason=reason, at=None if at is None else moment(at))
        until = made.certificate.trusted_until
        vi = f"Thôi tin cậy từ {local(until)} (+07)" if until else "Thôi tin cậy"
        return Result(
            value=made,
            show=lambda console: _show_change(console, made, vi=vi, en="not relied upon from then on"),
        )

    return work


async def _only_one(client: Client, prefix: str) -> str:
    """Return the full SHA-256.

    Raises:
        UnreadableFileError: it names no certificate of the trust store, or several.

    """
    found: list[str] = []
    if _PREFIX.fullmatch(prefix):
        held = await client.trust.list(everything=True)
        found = [each.sha256 for each in held.certificates if each.sha256.startswith(prefix)]
    if len(found) != 1:
        raise UnreadableFileError(
            vi=f"“{prefix}” ứng với {len(found)} chứng thư trong kho; ghi thêm ký tự SHA-256 (ít nhất 4)",
            en=f"“{prefix}” names {len(found)} certificates; give more of the SHA-256 (at least 4 digits)",
        )
    return found[0]


def _pem(data: bytes) -> str:
    """Return a certificate file as text; what it holds is for the gateway to judge."""
    if b"-----BEGIN" not in data:
        return ssl.DER_cert_to_PEM_cert(data)
    return data.decode(errors="replace")


def _show(console: Console, held: TrustVersion) -> None:
    if not held.certificates:
        console.print("Chưa tin cậy tổ chức chứng thực nào · no authority is relied upon")
        return
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column("sha256", no_wrap=True)
    table.add_column("tổ chức chứng thực · authority", overflow="fold")
    table.add_column("tin cậy · trusted", no_wrap=True)
    table.add_column("ngày · days left", no_wrap=True, justify="right")
    for each in held.certificates:
        table.add_row(Text(each.sha256[:_SHORT]), _authority(each), _trusted(each), _left(each))
    console.print(table)
    console.print(Text(f"phiên bản · version {count(held.version)}   {held.sha256[:_SHORT]}…", style="dim"))


def _authority(each: TrustedCertificate) -> Text:
    lines = [
        Text(plain(_name(each.subject)), style="bold"),
        Text(_ROLES.get(each.role, each.role), style="dim"),
    ]
    terms = [
        "" if len(each.usages) != 1 or each.role != "anchor" else f"chỉ · only {plain(each.usages[0])}",
        f"thu hồi · revocation {plain(each.revocation)}" if each.revocation else "",
        f"mã · codes {plain(', '.join(each.codes))}" if each.codes else "",
    ]
    lines += [Text(term) for term in terms if term]
    lines += [Text(plain(words), style="italic") for words in (each.note, each.reason) if words]
    return Text("\n").join(lines)


def _trusted(each: TrustedCertificate) -> Text:
    words, style = _STATES.get(each.state, (each.state, ""))
    lines = [Text(words, style=style)]
    if each.trusted_from:
        lines.append(Text(f"từ · from {_day(each.trusted_from)}"))
    if each.trusted_until:
        lines.append(Text(f"đến · until {_day(each.trusted_until)}"))
    lines.append(Text(f"hạn · valid to {_day(each.not_after)}", style="dim"))
    return Text("\n").join(lines)


def _left(each: TrustedCertificate) -> Text:
    if each.state == "retired":
        return Text("–", style="dim")
    urgent = next((style for days, style in _URGENCY if each.days_left < days), "")
    return Text(f"! {count(each.days_left)}" if urgent else count(each.days_left), style=urgent)


def _show_change(console: Console, made: TrustChange, *, vi: str, en: str) -> None:
    show_verdict(console, good=True, vi=vi, en=en)
    each = made.certificate
    window = " → ".join(
        "…" if end is None else f"{local(end)}" for end in (each.trusted_from, each.trusted_until)
    )
    show_facts(
        console,
        [
            ("chứng thư · certificate", each.subject),
            ("sha256", each.sha256),
            ("vai trò · role", _ROLES.get(each.role, each.role)),
            ("dùng cho · usages", ", ".join(each.usages) if each.role == "anchor" else None),
            ("tin cậy (+07) · trusted", window if each.trusted_from or each.trusted_until else None),
            ("thu hồi · revocation", each.revocation),
            ("mã · codes", ", ".join(each.codes) or None),
            ("còn · days left", _left(each)),
            ("phiên bản · version", count(made.version)),
        ],
    )


def _name(subject: str) -> str:
    """Return the common name out of an RFC 4514 name, or all of it."""
    found = re.search(r"(?:^|,)CN=((?:\\.|[^,\\])+)", subject)
    return re.sub(r"\\(.)", r"\1", found[1]) if found else subject


def _day(value: datetime) -> str:
    return value.astimezone(VIETNAM).strftime("%d/%m/%Y")
