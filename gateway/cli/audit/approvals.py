"""Signatures over change sets, and the keys behind them: verified again, and held against the entries that speak of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row

from gateway.cli.audit.findings import Difference, Pairs, compare, differs, missing, unlogged
from gateway.cli.audit.spoken import Spoken
from gateway.cli.audit.testimony import Fields, Testimony
from gateway.store import Audit
from gateway.store.tables import change_approval, officer_key
from routing.change_approval import REGISTRY_APPROVAL, Signer, require_another
from routing.errors_change_sets import SameOfficerError
from routing.errors_log import LogError
from routing.log import Kind
from routing.note import parse_verifier_key
from routing.statement import open_statement

SIGNED: Final = frozenset(
    {Kind.REGISTRY_PROPOSED, Kind.REGISTRY_APPROVED, Kind.REGISTRY_EMERGENCY, Kind.REGISTRY_RATIFIED}
)
_VOID: Final = frozenset({Kind.REGISTRY_VOIDED, Kind.REGISTRY_WITHDRAWN})


def check_approvals(audit: Audit, log: Testimony) -> Iterator[Difference]:
    """Yield signatures that the log tells otherwise or not at all, that are gone, or that do not verify."""
    rows: dict[str, list[Row[Any]]] = {}
    for row in audit.rows(change_approval):
        rows.setdefault(row.change_id, []).append(row)
    for change_id, spoken in log.changes.items():
        yield from _of_change(change_id, spoken, rows.pop(change_id, []), log)
    for left in rows.values():
        for row in left:
            yield unlogged(f"change_approval[{row.id}]")


def _of_change(
    change_id: str, spoken: Sequence[Spoken], rows: Sequence[Row[Any]], log: Testimony
) -> Iterator[Difference]:
    signed = [each for each in spoken if each.kind in SIGNED]
    for each, row in zip(signed, sorted(rows, key=lambda row: int(row.id)), strict=False):
        yield from _row(row, each, _void_at(spoken, each))
    for row in rows[len(signed) :]:
        yield unlogged(f"change_approval[{row.id}]")
    if len(rows) < len(signed):
        yield missing(f"change_approval of {change_id}")
    for each in signed:
        yield from _verified(change_id, each, log)
    yield from _four_eyes(change_id, spoken)


def _row(row: Row[Any], spoken: Spoken, void_at: datetime | None) -> Iterator[Difference]:
    fields = spoken.fields
    pairs: Pairs = {
        "officer": (fields["actor"], row.officer),
        "role": (fields["role"], row.role),
        "verifier_key": (fields["verifier_key"], row.verifier_key),
        "base_version": (fields["base_version"], row.base_version),
        "diff_sha256": (fields["change_sha256"], row.diff_sha256),
        "signed_at": (fields["signed_at"], row.signed_at.isoformat()),
        "signature": (fields["signature"], row.signature),
        "at": (spoken.at, row.at),
        "void_at": (void_at, row.void_at),
    }
    yield from compare(f"change_approval[{row.id}]", pairs)


def _void_at(spoken: Sequence[Spoken], signed: Spoken) -> datetime | None:
    later = spoken[spoken.index(signed) + 1 :]
    return next((each.at for each in later if each.kind in _VOID), None)


def _verified(change_id: str, spoken: Spoken, log: Testimony) -> Iterator[Difference]:
    """Verify a signature from what the log says, under the key that the log says was the officer's."""
    fields, where = spoken.fields, f"change_set[{change_id}]"
    facts = {
        "at": fields["signed_at"],
        "base_version": fields["base_version"],
        "change": change_id,
        "diff_sha256": fields["change_sha256"],
        "role": fields["role"],
    }
    try:
        verifier = parse_verifier_key(str(fields["verifier_key"]))
        signed = {REGISTRY_APPROVAL.name: facts, "key": verifier.label, "signature": fields["signature"]}
        open_statement(REGISTRY_APPROVAL, signed, [verifier])
    except LogError as error:
        yield differs(where, "signature", logged=error.code, found=fields["verifier_key"])
    if _key_of(log.officer_keys, str(fields["actor"]), spoken.at) != fields["verifier_key"]:
        yield differs(where, "officer_key", logged="another key", found=fields["verifier_key"])


def _key_of(keys: Sequence[Fields], credential: str, at: datetime) -> str | None:
    """Return the key that a credential signed with at a moment, as the log has it."""
    before = [
        str(each["verifier_key"]) for each in keys if each["credential"] == credential and each["at"] <= at
    ]
    return before[-1] if before else None


def _four_eyes(change_id: str, spoken: Sequence[Spoken]) -> Iterator[Difference]:
    """Yield a change set that one officer signed twice."""
    first: Spoken | None = None
    for each in spoken:
        if each.kind in {Kind.REGISTRY_PROPOSED, Kind.REGISTRY_EMERGENCY}:
            first = each
        elif each.kind in {Kind.REGISTRY_APPROVED, Kind.REGISTRY_RATIFIED}:
            where = f"change_set[{change_id}]"
            if first is None:
                yield differs(where, "proposer", logged="–", found=each.fields["actor"])
                continue
            try:
                require_another(_signer(first.fields), _signer(each.fields))
            except (SameOfficerError, LogError):
                yield differs(where, "approver", logged=first.fields["actor"], found=each.fields["actor"])


def _signer(fields: Mapping[str, Any]) -> Signer:
    verifier = parse_verifier_key(str(fields["verifier_key"]))
    return Signer(credential=str(fields["actor"]), verifier=verifier)


def check_officer_keys(audit: Audit, log: Testimony) -> Iterator[Difference]:
    """Yield keys of officers that the log tells otherwise or not at all, and those that are gone."""
    rows = sorted(audit.rows(officer_key), key=lambda row: int(row.id))
    for row, logged in zip(rows, log.officer_keys, strict=False):
        pairs: Pairs = {
            "credential_id": (logged["credential"], row.credential_id),
            "verifier_key": (logged["verifier_key"], row.verifier_key),
            "since": (logged["at"], row.since),
            "until": (_until(log.officer_keys, logged), row.until),
        }
        yield from compare(f"officer_key[{row.id}]", pairs)
    for row in rows[len(log.officer_keys) :]:
        yield unlogged(f"officer_key[{row.id}]")
    for logged in log.officer_keys[len(rows) :]:
        yield missing(f"officer_key[{logged['verifier_key']}]")


def _until(keys: Sequence[Fields], key: Fields) -> datetime | None:
    later = keys[keys.index(key) + 1 :]
    ends = (
        each["at"]
        for each in later
        if each["credential"] == key["credential"] or each["verifier_key"] == key["verifier_key"]
    )
    return next(ends, None)
