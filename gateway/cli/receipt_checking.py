"""The work behind `vanthu receipt verify`: whether this is what a gateway signed, and whether it is about this document.

Nothing is asked of a gateway and nothing is believed but the keys on the command line. A receipt whose key is not among them is
undecided: it may be genuine. Of a receipt that is not genuine, nothing that it says is shown.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from rich.console import Console

from gateway.cli.exits import Exit
from gateway.cli.output import (
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
from gateway.cli.receipt_files import Keys, Proof, read_keys, read_proof, read_receipts
from gateway.client.errors import Fault
from routing.checkpoint import open_checkpoint
from routing.errors_log import LogError, NoteKeyUnknown, ReceiptMismatch, StatementKeyUnknown
from routing.merkle import leaf_hash, verify_inclusion
from routing.receipt import AnyReceipt, DeliveryReceipt, Receipt, RefusalReceipt, open_receipt
from routing.receipt_entry import match_receipt


class Outcome(StrEnum):
    """What a check comes to, the worst first."""

    INVALID = "invalid"
    UNDECIDED = "undecided"
    VALID = "valid"


_EXITS = {Outcome.VALID: Exit.OK, Outcome.INVALID: Exit.REFUSED, Outcome.UNDECIDED: Exit.UNDECIDED}
_WORDS = {
    Outcome.VALID: (True, "BIÊN NHẬN HỢP LỆ", "valid"),
    Outcome.INVALID: (False, "BIÊN NHẬN KHÔNG HỢP LỆ", "not valid"),
    Outcome.UNDECIDED: (None, "CHƯA KẾT LUẬN ĐƯỢC", "could not decide"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to check, and what to hold it against."""

    file: Path
    keys: tuple[str, ...] = ()
    document: Path | None = None
    entry: Path | None = None
    proof: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Evidence:
    """What the command line names, read; `alone` if there is one receipt to which all of it must belong."""

    keys: Keys
    document_sha256: str | None
    entry: bytes | None
    proof: Proof | None
    alone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checked:
    """One receipt after the check; `receipt` is there only if its signature is good."""

    outcome: Outcome
    key: str
    receipt: AnyReceipt | None = None
    error: LogError | None = None
    entry_matches: bool = False


def verify(request: Request, *, as_json: bool) -> Exit:
    """Check every receipt in a file and print what it came to.

    Raises:
        UnreadableFileError: a file that the command line names cannot be used.

    """
    receipts = read_receipts(request.file)
    evidence = _Evidence(
        keys=read_keys(request.keys),
        document_sha256=measure_file(request.document)[1] if request.document else None,
        entry=read_file(request.entry) if request.entry else None,
        proof=read_proof(request.proof) if request.proof else None,
        alone=len(receipts) == 1,
    )
    checked = [_check(signed, evidence) for signed in receipts]
    outcome = _outcome(checked, evidence)
    if as_json:
        print_json(_as_json(request, outcome, checked))
    else:
        _show(make_console(), outcome, checked, evidence)
    return _EXITS[outcome]


def _outcome(checked: list[_Checked], evidence: _Evidence) -> Outcome:
    """Return the worst of all; nothing to check is no proof, and an entry that belongs to none of them belongs elsewhere."""
    outcomes = {each.outcome for each in checked} or {Outcome.UNDECIDED}
    about_entry = evidence.entry is not None or evidence.proof is not None
    if about_entry and outcomes == {Outcome.VALID} and not any(each.entry_matches for each in checked):
        return Outcome.INVALID
    return next(each for each in Outcome if each in outcomes)


def _check(signed: dict[str, object], evidence: _Evidence) -> _Checked:
    key, receipt = str(signed.get("key")), None
    try:
        receipt = open_receipt(signed, evidence.keys.verifiers)
        _check_time(receipt, evidence.keys.ends.get(key))
        if evidence.document_sha256 not in {None, receipt.payload_sha256}:
            raise ReceiptMismatch(reason="it is about another document, or the document was changed")
        matches = _check_entry(receipt, evidence)
    except (StatementKeyUnknown, NoteKeyUnknown) as error:
        return _Checked(outcome=Outcome.UNDECIDED, key=key, receipt=receipt, error=error)
    except LogError as error:
        return _Checked(outcome=Outcome.INVALID, key=key, receipt=receipt, error=error)
    return _Checked(outcome=Outcome.VALID, key=key, receipt=receipt, entry_matches=matches)


def _check_time(receipt: AnyReceipt, end: datetime | None) -> None:
    if end is not None and receipt.at > end:
        raise ReceiptMismatch(reason=f"it speaks of a time after its key had ended ({end.isoformat()})")


def _check_entry(receipt: AnyReceipt, evidence: _Evidence) -> bool:
    """Hold a receipt against the entry and the proof; among several receipts they belong to one."""
    entry, proof = evidence.entry, evidence.proof
    named = {leaf_hash(entry).hex()} if entry is not None else set[str]()
    named |= {proof.leaf_sha256} if proof is not None else set()
    if not named or (not evidence.alone and named != {receipt.entry_sha256}):
        return False
    if named != {receipt.entry_sha256}:
        raise ReceiptMismatch(reason="the entry or the proof is of another entry than the receipt names")
    if entry is not None:
        match_receipt(receipt, entry)
    if proof is not None:
        checkpoint = open_checkpoint(
            proof.checkpoint, origin=receipt.origin, verifiers=evidence.keys.verifiers
        )
        verify_inclusion(
            bytes.fromhex(receipt.entry_sha256),
            index=proof.index,
            size=checkpoint.size,
            proof=proof.nodes,
            root=checkpoint.root,
        )
    return True


def _fault(error: LogError, outcome: Outcome) -> Fault:
    texts = {name: getattr(error, name).format(**error.facts) for name in ("vi", "en", "fix_vi", "fix_en")}
    level = "undecided" if outcome is Outcome.UNDECIDED else "refuse"
    return Fault(code=error.code, level=level, **texts)


def _what(receipt: AnyReceipt) -> tuple[str, str]:
    """Say in both languages what a receipt says."""
    if isinstance(receipt, Receipt):
        return "đã tiếp nhận", "accepted"
    if isinstance(receipt, RefusalReceipt):
        return "đã từ chối", "refused"
    return receipt.stage.vi, receipt.stage.en


def _facts(receipt: AnyReceipt) -> Iterator[tuple[str, object]]:
    yield "cổng · gateway", receipt.gateway
    yield "việc · what", " · ".join(_what(receipt))
    yield "lúc · at", f"{local(receipt.at)} (+07)"
    if isinstance(receipt, DeliveryReceipt):
        yield "nơi nhận · recipient", receipt.recipient
        yield "nơi kế thừa · successor", receipt.resolved_code
        yield "theo cổng · as told by", receipt.peer
        yield "lúc, ở đó · at, there", f"{local(receipt.peer_at)} (+07)" if receipt.peer_at else None
        yield "lý do · reason", receipt.reason
    else:
        yield "cỡ · size", f"{count(receipt.payload_size)} byte"
        yield "chữ ký · signature", receipt.indication
        yield "chứng thư · certificate", receipt.signer_certificate_sha256
        yield "danh mục · registry", receipt.registry_version
    if isinstance(receipt, RefusalReceipt):
        yield "lý do · reason", receipt.reason
    yield "mã tra cứu · id", receipt.document_id
    yield "sha256", receipt.payload_sha256
    yield "bản ghi · log entry", receipt.entry_sha256
    yield "vào nhật ký · in log by", f"{local(receipt.in_log_by)} (+07)  {receipt.origin}"


def _show(console: Console, outcome: Outcome, checked: list[_Checked], evidence: _Evidence) -> None:
    good, vi, en = _WORDS[outcome]
    show_verdict(console, good=good, vi=vi, en=en)
    for each in checked:
        console.print()
        good, vi, en = _WORDS[each.outcome]
        show_verdict(console, good=good, vi=vi.lower(), en=en)
        rows = [] if each.receipt is None else list(_facts(each.receipt))
        show_facts(console, [*rows, ("khóa · key", each.key)])
        if each.error is not None:
            show_fault(console, _fault(each.error, each.outcome))
    console.print()
    if not checked:
        console.print("Tệp không có biên nhận nào · there is no receipt in the file")
    if not evidence.keys.verifiers:
        console.print("Chưa có khóa kiểm tra · give the gateway's key: --key KEY|FILE")
    if evidence.document_sha256 is None and checked:
        console.print("Chưa đối chiếu với văn bản · not held against the document: --document FILE")


def _as_json(request: Request, outcome: Outcome, checked: list[_Checked]) -> dict[str, Any]:
    return {
        "v": 1,
        "outcome": outcome.value,
        "file": str(request.file),
        "receipts": [_checked_as_json(each) for each in checked],
    }


def _checked_as_json(checked: _Checked) -> dict[str, Any]:
    receipt, error = checked.receipt, checked.error
    fault = _fault(error, checked.outcome) if error is not None else None
    told: dict[str, Any] = {}
    if receipt is not None:
        vi, en = _what(receipt)
        members = {each.name: getattr(receipt, each.name) for each in dataclasses.fields(receipt)}
        told = {name: v.isoformat() if isinstance(v, datetime) else v for name, v in members.items()}
        told |= {"vi": vi, "en": en}
    return {
        "outcome": checked.outcome.value,
        "key": checked.key,
        "entry_matches": checked.entry_matches,
        "says": told or None,
        "fault": dataclasses.asdict(fault) if fault is not None else None,
    }
