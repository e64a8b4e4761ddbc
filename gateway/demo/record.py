"""What remains: the letter's timeline, its entry in the signed log, the proof that it is there, and the audit of everything."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.app import Running
from gateway.client import Client, Correspondence
from gateway.demo.exchange import PATIENCE, Sent, StoryError, Systems
from gateway.demo.narration import BAD, GOOD, MARKED, QUIET, VIETNAM, Narrator, program
from gateway.settings import Settings
from routing.checkpoint import open_checkpoint
from routing.merkle import verify_inclusion
from routing.note import parse_verifier_key

KINDS = {
    "accepted": ("tiếp nhận", "accepted"),
    "publish_attempt": ("đưa lên trục", "sent on the axis"),
    "broker_confirmed": ("trục đã nhận", "confirmed by the axis"),
    "arrived": ("đến nơi, kiểm tra lại", "arrived, examined again"),
    "delivered_receipt": ("biên nhận đã đến", "receipt: delivered"),
    "fetched": ("nơi nhận lấy về", "fetched"),
    "acknowledged": ("nơi nhận xác nhận", "acknowledged"),
    "acknowledged_receipt": ("biên nhận xác nhận", "receipt: acknowledged"),
    "status": ("trạng thái", "status"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """What an audit of the log and its evidence came to, for a reader."""

    valid: bool
    conclusion: str
    facts: tuple[tuple[str, str], ...]


Audit = Callable[[Settings, str], Audited]
"""Audits the database of these settings under a verifier key, as `vanthu log verify` does."""


async def show_timeline(narrator: Narrator, client: Client, sent: Sent) -> Correspondence:
    """Show what the sender sees: every step of the letter, once the log has placed them all."""
    with narrator.step("Hà Nội xem hành trình văn bản", "the sender's view of the journey") as step:
        found = await _settled(client, sent.submitted.id)
        rows = []
        for event in found.timeline:
            vi, en = KINDS.get(event["kind"], (event["kind"], ""))
            detail = event.get("status_code") or event.get("recipient") or ""
            at = datetime.fromisoformat(event["t"]).astimezone(VIETNAM)
            rows.append((f"#{event['index']}", f"{at:%H:%M:%S.%f}"[:-3], vi, str(detail), en))
        step.table(rows, styles=(MARKED, QUIET, "", "", QUIET))
        for delivery in found.deliveries:
            step.fact(
                "kết quả · delivery", (f"✓ {delivery.state_vi}", GOOD), (f"  {delivery.state_en}", QUIET)
            )
    return found


async def show_log(
    narrator: Narrator, gateway: Running, systems: Systems, sent: Sent, found: Correspondence
) -> None:
    """Show the letter's entry, the refusal's entry and the signed checkpoint, and check the proof between them."""
    with narrator.step(
        "Nhật ký định tuyến: không sửa được mà không lộ", "the routing log, tamper-evident"
    ) as step:
        accepted = next(event for event in found.timeline if event["kind"] == "accepted")
        refused = await _refusal(systems.admin, sent.refused_sha256, start=accepted["index"])
        step.fact(
            "bản ghi · entry",
            (f"#{accepted['index']}", MARKED),
            " accepted  ",
            ("mã băm lá · leaf hash", QUIET),
        )
        step.fact("", accepted["leaf_sha256"])
        step.fact("từ chối · refusal", (f"#{refused['index']}", MARKED), f" rejected  {refused['reason']}")
        step.fact("", refused["leaf_sha256"])
        note, hashes = await _prove(gateway, systems.admin, accepted, beyond=refused["index"])
        step.fact(
            "bằng chứng · proof",
            ("✓ ", GOOD),
            f"{hashes} mã băm dẫn tới gốc cây đã ký",
            (f"  {hashes} hashes to the signed root", QUIET),
        )
        step.lines("checkpoint (C2SP):", style=QUIET)
        step.lines("\n".join(f"│ {line}" for line in note.splitlines()))


async def show_audit(narrator: Narrator, gateway: Running, audit: Audit) -> None:
    """Audit the database as an outsider would, with nothing but the verifier key."""
    with narrator.step("Kiểm toán độc lập", "audit it offline, trusting only the key") as step:
        step.lines(
            f"$ {program()} log verify --database {gateway.settings.data / 'vanthu.db'} \\", style=MARKED
        )
        step.lines(f"    --vkey '{gateway.keys.log.verifier}'", style=MARKED)
        audited = await asyncio.to_thread(audit, gateway.settings, gateway.keys.log.verifier)
        step.lines(audited.conclusion, style=GOOD if audited.valid else BAD)
        for label, value in audited.facts:
            step.fact(label, value)
    if not audited.valid:
        raise StoryError("the audit found something")


async def _settled(client: Client, message_id: str) -> Correspondence:
    """Read the letter until its last receipt is there and every entry has its place in the tree."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = await client.document(message_id)
        placed = all(event["index"] is not None for event in found.timeline)
        if placed and all(delivery.state == "acknowledged" for delivery in found.deliveries):
            return found
        await asyncio.sleep(0.05)
    raise StoryError("the letter's journey did not come to its end")


async def _refusal(admin: Client, sha256: str, *, start: int) -> dict[str, Any]:
    """Find the entry of the refusal."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        page = await admin.entries(start=start, limit=1000)
        for entry in page.entries:
            if entry.leaf.get("payload_sha256") == sha256 and entry.leaf["kind"] == "rejected":
                return {
                    "index": entry.index,
                    "leaf_sha256": entry.leaf_sha256,
                    "reason": entry.leaf["reason"],
                }
        await asyncio.sleep(0.05)
    raise StoryError("the refusal is not in the log")


async def _prove(
    gateway: Running, admin: Client, accepted: dict[str, Any], *, beyond: int
) -> tuple[str, int]:
    """Check that the letter's entry is in a signed tree that holds the entry at `beyond` too.

    Returns the signed checkpoint, and how many hashes the proof took.
    """
    key = gateway.keys.log
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        answer = await admin.proof(accepted["index"])
        note = answer["checkpoint"]
        checkpoint = open_checkpoint(note, origin=key.name, verifiers=(parse_verifier_key(key.verifier),))
        path = tuple(bytes.fromhex(node) for node in answer["proof"])
        leaf = bytes.fromhex(accepted["leaf_sha256"])
        verify_inclusion(
            leaf, index=accepted["index"], size=checkpoint.size, proof=path, root=checkpoint.root
        )
        if checkpoint.size > beyond:
            return note, len(path)
        await asyncio.sleep(0.05)
    raise StoryError("no checkpoint covers the refusal")
