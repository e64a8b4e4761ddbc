"""The work behind `vanthu cert`: each is a coroutine over a client, whose result says what to print (`gateway.cli.remote`)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_der_x509_certificate
from rich.console import Console

from certs.unreadable import UNREADABLE
from gateway.cli.moments import moment
from gateway.cli.output import local, read_file, show_facts, show_table, show_verdict
from gateway.cli.remote import Result, Work
from gateway.client import Client

STATES = {
    "in_force": "có hiệu lực · in force",
    "not_yet": "chưa hiệu lực · not yet",
    "ended": "hết hiệu lực · ended",
    "suspended": "tạm dừng · suspended",
    "revoked": "đã thu hồi · revoked",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a certificate shall be registered."""

    by: str
    since: datetime | None
    until: datetime | None
    replaces: str | None
    profile: str | None
    issuer: Path | None
    issuer_by: str
    attributes: tuple[str, ...]


def register(code: str, file: Path, terms: Terms) -> Work:
    """Register a certificate for an agency."""

    async def work(client: Client) -> Result:
        pem, asked = read_pem(file), {"by": terms.by, "replaces": terms.replaces}
        if terms.issuer is not None:
            pem = pem.rstrip() + b"\n" + read_pem(terms.issuer)
            asked |= {"profile": terms.profile, "issuer": terms.issuer_by}
            asked["attributes"] = ",".join(terms.attributes) or None
        made = await client.register_certificate(
            code, pem, since=_utc(terms.since), until=_utc(terms.until), **asked
        )

        def show(console: Console) -> None:
            show_verdict(console, good=True, vi=f"Đã đăng ký chứng thư cho {made['code']}", en="registered")
            _show_one(console, made["registration"])
            beside = made["others_in_force"]
            if beside:
                console.print("Đang có hiệu lực cùng lúc · also in force: " + ", ".join(beside))
                if not made["registration"]["replaces"]:
                    console.print(
                        "Nếu chứng thư này thay cho một trong số đó · if it replaces one: --replaces"
                    )

        return Result(value=made, show=show)

    return work


def list_registrations(code: str | None) -> Work:
    """List what is registered, for one agency or for all."""

    async def work(client: Client) -> Result:
        listed = await client.registrations(code)

        def show(console: Console) -> None:
            agencies = listed["agencies"] if code is None else [listed]
            if not any(each["registrations"] for each in agencies):
                console.print("Chưa có đăng ký nào · nothing is registered")
            for each in agencies:
                _show_agency(console, each)

        return Result(value=listed, show=show)

    return work


def suspend(code: str, registration: str, reason: str) -> Work:
    """Let a registration not count for now."""
    return _change(
        lambda client: client.suspend_registration(code, registration, reason=reason),
        vi="Đã tạm dừng",
        en="suspended",
    )


def resume(code: str, registration: str, reason: str) -> Work:
    """Let a suspended registration count again."""
    return _change(
        lambda client: client.resume_registration(code, registration, reason=reason),
        vi="Đã cho hiệu lực trở lại",
        en="resumed",
    )


def revoke(code: str, registration: str, reason: str, *, since: datetime | None, compromised: bool) -> Work:
    """End a registration for good."""
    return _change(
        lambda client: client.revoke_registration(
            code, registration, reason=reason, since=_utc(since), compromised=compromised
        ),
        vi="Đã thu hồi",
        en="revoked",
    )


def read_pem(file: Path) -> bytes:
    """Read a certificate that may be DER as PEM; what is neither is left for the gateway to refuse.

    Raises:
        UnreadableFileError: the file cannot be read.

    """
    content = read_file(file)
    if b"-----BEGIN" in content:
        return content
    try:
        return load_der_x509_certificate(content).public_bytes(Encoding.PEM)
    except UNREADABLE:
        return content


def day(text: str | None) -> str:
    """Write a moment of an answer as Vietnam time; nothing for an open end."""
    return "" if text is None else local(datetime.fromisoformat(text))


def _change(call: Callable[[Client], Awaitable[dict[str, Any]]], *, vi: str, en: str) -> Work:
    async def work(client: Client) -> Result:
        after = await call(client)

        def show(console: Console) -> None:
            show_verdict(console, good=True, vi=vi, en=en)
            _show_one(console, after["registration"])

        return Result(value=after, show=show)

    return work


def _show_agency(console: Console, listed: dict[str, Any]) -> None:
    for each in listed["registrations"]:
        console.print(f"\n{listed['code']}", style="bold")
        _show_one(console, each)
    registered = {each["certificate_sha256"] for each in listed["registrations"]}
    others = [each for each in listed["seen"] if each["certificate_sha256"] not in registered]
    if others and listed["registrations"]:
        rows = [(each["certificate_sha256"], day(each["last_seen"]), each["documents"]) for each in others]
        console.print("\nChứng thư khác đã ký · other certificates that signed")
        show_table(console, ("sha256", "lần cuối · last", "số văn bản · documents"), rows)


def _show_one(console: Console, each: dict[str, Any]) -> None:
    profile, revoked = each["profile"], each["revoked"]
    rows: list[tuple[str, object]] = [
        ("mã đăng ký · id", each["id"]),
        ("trạng thái · state", STATES.get(each["state"], each["state"])),
        ("theo · by", each["by"] if profile is None else f"{each['by']} {profile['name']}"),
        ("chứng thư · certificate", each["certificate_sha256"]),
        ("khóa · key", each["spki_sha256"] if each["by"] == "spki" else None),
        ("bên cấp · issuer", profile and f"{profile['issuer_by']} {profile['issuer_sha256']}"),
        *(
            ("chủ thể · subject", f"{one['attribute']} = {one['value']}")
            for one in (profile or {}).get("subject", ())
        ),
        ("hiệu lực · in force", _interval(each)),
        ("chứng thư hết hạn · ends", day(each["certificate_ends"]) or None),
        ("thay cho · replaces", each["replaces"]),
        ("đã có bản mới · newer", ", ".join(each["replaced_by"]) or None),
        *(("tạm dừng · suspended", _suspension(one)) for one in each["suspensions"]),
        ("thu hồi · revoked", revoked and f"{day(revoked['since'])}  {revoked['reason']}"),
        ("ký lần cuối · last seen", day(each["last_seen"]) or "–"),
        ("số văn bản · documents", each["documents"]),
    ]
    show_facts(console, rows, label_width=26)


def _interval(each: dict[str, Any]) -> str | None:
    if each["valid_from"] is None and each["valid_to"] is None:
        return None
    return f"{day(each['valid_from']) or '…'} – {day(each['valid_to']) or '…'}"


def _suspension(one: dict[str, Any]) -> str:
    return f"{day(one['since'])} – {day(one['until']) or '…'}  {one['reason']}"


def _utc(given: datetime | None) -> datetime | None:
    return None if given is None else moment(given)
