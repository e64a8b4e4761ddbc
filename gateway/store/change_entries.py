"""The entries in the routing log about change sets: with them alone, signatures can be checked without the database."""

from __future__ import annotations

from datetime import datetime

from gateway.change_sets import ChangeSet, NewApproval
from gateway.records import Event, Json
from routing.log import Kind


def signed(
    kind: Kind,
    change: ChangeSet,
    approval: NewApproval,
    *,
    first: bool,
    **more: Json,
) -> Event:
    """Return the entry of a signature; the `first` one also tells what the change set is."""
    facts = _about(change)
    facts |= {
        "actor": approval.officer,
        "base_version": change.base_version,
        "role": approval.role.value,
        "signature": approval.signature,
        "signed_at": approval.signed_at.isoformat(),
        "verifier_key": approval.verifier_key,
        **more,
    }
    if first:
        facts |= details(change)
    return Event(kind=kind, fields=facts)


def details(change: ChangeSet) -> dict[str, Json]:
    """Return what a change set is."""
    facts: dict[str, Json] = {
        "title": change.title,
        "legal_basis": change.legal_basis,
        "source_name": change.source_name,
        "source_type": change.source_type.value,
        "instants": [each.isoformat() for each in change.instants],
        "retroactive": change.retroactive,
        "held": change.held,
        "proposer": change.proposer,
        "created_at": change.created_at.isoformat(),
    }
    optional = {"source_sha256": change.source_sha256, "rolls_back": change.rolls_back}
    if change.effective_at is not None:
        optional["effective_at"] = change.effective_at.isoformat()
    return facts | {name: value for name, value in optional.items() if value is not None}


def voided(change: ChangeSet, reason: str) -> Event:
    """Return the entry that signatures do not count any more."""
    return Event(kind=Kind.REGISTRY_VOIDED, fields={**_about(change), "reason": reason})


def released(change: ChangeSet, actor: str) -> Event:
    """Return the entry of an approved change set that somebody let go on."""
    return Event(kind=Kind.REGISTRY_RELEASED, fields={**_about(change), "actor": actor})


def withdrawn(change: ChangeSet, actor: str, reason: str) -> Event:
    """Return the entry of a change set that somebody took back."""
    fields = {**_about(change), "actor": actor}
    return Event(
        kind=Kind.REGISTRY_WITHDRAWN, fields={**fields, "justification": reason} if reason else fields
    )


def lapsed(change: ChangeSet, undo: ChangeSet) -> Event:
    """Return the entry of an emergency that nobody ratified, with what undoes it."""
    fields = {
        **_about(change),
        "rolled_back_by": undo.id,
        "undo_sha256": undo.diff_sha256 or "",
        "undo_base_version": undo.base_version,
        **details(undo),
    }
    return Event(kind=Kind.REGISTRY_LAPSED, fields=fields)


def key_registered(credential_id: str, verifier_key: str, *, actor: str) -> Event:
    """Return the entry of an officer's key."""
    fields = {
        "purpose": "officer",
        "credential": credential_id,
        "verifier_key": verifier_key,
        "actor": actor,
    }
    return Event(kind=Kind.KEY_ROTATED, fields=fields)


def until(moment: datetime) -> dict[str, Json]:
    """Return the end of an emergency as an entry tells it."""
    return {"expires_at": moment.isoformat()}


def _about(change: ChangeSet) -> dict[str, Json]:
    if change.diff_sha256 is None:
        raise AssertionError("only a change set with a diff is spoken of in the log")
    return {"change": change.id, "change_sha256": change.diff_sha256}
