"""The exchange itself: send, receive, answer, and one refusal, each as the system concerned would do it over HTTP."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gateway.client import Client, InboxItem, ProblemError, Submitted
from gateway.clock import utc_now
from gateway.demo.cast import HANOI, TUYEN_QUANG
from gateway.demo.letter import (
    CODE,
    ISSUED,
    PDF_NAME,
    SUBJECT,
    Letter,
    change_one_byte,
    write_letter,
    write_status,
)
from gateway.demo.narration import BAD, GOOD, MARKED, QUIET, VIETNAM, Narrator, Step, count
from gateway.demo.pki import Identity
from routing.note import parse_verifier_key
from routing.receipt import verify_receipt
from schemas.codelists import STATUS_CODES

PATIENCE = 10
"""Seconds after which something that should have arrived counts as lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Systems:
    """The callers: an administrator who may also read the log, and the two document systems."""

    admin: Client
    hanoi: Client
    tuyen_quang: Client
    receipt_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The letter that went through, and the hash of the one that did not."""

    letter: Letter
    submitted: Submitted
    refused_sha256: str


class StoryError(Exception):
    """The gateway did something else than the story says."""


async def exchange(narrator: Narrator, systems: Systems, keys: Mapping[str, Identity]) -> Sent:
    """Send the letter, receive it, answer it, and try a forged one."""
    letter = await asyncio.to_thread(write_letter, HANOI, TUYEN_QUANG, keys[HANOI.code])
    submitted = await _send(narrator, systems, letter)
    await _receive(narrator, systems.tuyen_quang, letter)
    await _answer(narrator, systems, letter, submitted)
    refused = await _forge(narrator, systems.hanoi, letter)
    return Sent(letter=letter, submitted=submitted, refused_sha256=refused)


async def _send(narrator: Narrator, systems: Systems, letter: Letter) -> Submitted:
    with narrator.step("Hà Nội ký và gửi", "Hà Nội signs and sends") as step:
        step.fact("văn bản · document", f"Công văn {CODE.number}/{CODE.notation} ngày {ISSUED:%d/%m/%Y}")
        step.fact("trích yếu · subject", SUBJECT)
        step.fact("đính kèm · attachment", f"{PDF_NAME}, {count(len(letter.pdf))} byte")
        begun = time.perf_counter()
        sent = await systems.hanoi.submit_document(letter.signed)
        taken = time.perf_counter() - begun
        step.fact(
            "POST /v1/documents",
            ("201 ", GOOD),
            f"{count(len(letter.signed))} byte edXML trong {taken * 1000:.0f} ms",
            ("  đã ghi bền · durable", QUIET),
        )
        _tell_verdict(step, sent)
        await _tell_route(step, systems.admin, sent)
        receipt = verify_receipt(sent.receipt, (parse_verifier_key(systems.receipt_key),))
        step.fact(
            "biên nhận · receipt",
            ("✓ ", GOOD),
            f"{receipt.gateway} ký, vào nhật ký trước {receipt.in_log_by.astimezone(VIETNAM):%H:%M:%S}",
            ("  signed", QUIET),
        )
    return sent


def _tell_verdict(step: Step, sent: Submitted) -> None:
    verdict = sent.verdict
    step.fact(
        "chữ ký · signature",
        ("✓ ", GOOD),
        (str(verdict.get("indication")), GOOD),
        f"  {verdict.get('algorithm')}, toàn văn bản · whole document",
    )
    named = str(verdict.get("signer_subject_serial_number"))
    step.fact(
        "người ký · signer",
        HANOI.holder,
        f"  serialNumber={named}",
        ("  = nơi gửi · sender", QUIET),
    )


async def _tell_route(step: Step, admin: Client, sent: Submitted) -> None:
    sender = await admin.agency(sent.sender.code)
    step.fact("tuyến · route", (f"{sent.sender.code:<6}", MARKED), str(sender["name"]))
    for delivery in sent.deliveries:
        agency = await admin.agency(delivery.code)
        step.fact(
            "", (f"→ {delivery.code:<6}", MARKED), str(agency["name"]), (f"  [{delivery.member}]", QUIET)
        )


async def _receive(narrator: Narrator, client: Client, letter: Letter) -> None:
    with narrator.step("Tuyên Quang nhận và xác nhận", "Tuyên Quang receives and acknowledges") as step:
        item = await _expect(client, lambda found: found.document.document_id == letter.document.document_id)
        step.fact(
            "hộp đến · inbox",
            (item.document.number, MARKED),
            f"  {count(item.document.size)} byte",
            (f"  từ · from {item.sender.as_sent}", QUIET),
        )
        body = await client.inbox_content(item.id)
        if body != letter.signed:
            raise StoryError("the bytes that arrived are not the bytes that were sent")
        step.fact(
            "nội dung · content", ("✓ giống hệt từng byte", GOOD), ("  identical, byte for byte", QUIET)
        )
        step.fact("sha256", hashlib.sha256(body).hexdigest())
        await client.acknowledge(item.id)
        step.fact(
            "xác nhận · ack", ("✓ ", GOOD), "nơi gửi được báo bằng biên nhận có chữ ký · the sender is told"
        )


async def _answer(narrator: Narrator, systems: Systems, letter: Letter, submitted: Submitted) -> None:
    with narrator.step("Trạng thái quay về Hà Nội", "a status goes back to Hà Nội") as step:
        at = utc_now()
        await systems.tuyen_quang.submit_status(write_status(letter, TUYEN_QUANG, at=at))
        item = await _expect(systems.hanoi, lambda found: found.document.about == submitted.id)
        code = item.document.status_code or ""
        name = STATUS_CODES[code]
        step.fact("trạng thái · status", (f"{code} {name.vi}", MARKED), (f"  {name.en}", QUIET))
        step.fact("", f"“{item.document.subject}”", (f"  {TUYEN_QUANG.code} → {HANOI.code}", QUIET))
        await systems.hanoi.acknowledge(item.id)


async def _forge(narrator: Narrator, client: Client, letter: Letter) -> str:
    with narrator.step(
        "Sửa đúng một byte trong tệp PDF rồi gửi lại", "change one byte of the PDF, send again"
    ) as step:
        changed = change_one_byte(letter)
        try:
            await client.submit_document(changed)
        except ProblemError as problem:
            step.fact(f"HTTP {problem.status}", ("✗ ", BAD), (problem.code, BAD))
            step.fact("", problem.fault.vi)
            step.fact("", (problem.fault.en, QUIET))
            step.fact("cách xử lý · what to do", problem.fault.fix_vi)
            return hashlib.sha256(changed).hexdigest()
        raise StoryError("a forged letter was accepted")


async def _expect(client: Client, is_it: Callable[[InboxItem], bool]) -> InboxItem:
    """Wait for an item, passing over what earlier runs may have left in the inbox."""
    after = None
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        page = await client.inbox(wait=PATIENCE, after=after, limit=200)
        for item in page.items:
            if is_it(item):
                return item
            after = item.id
    raise StoryError("what was sent did not arrive")
