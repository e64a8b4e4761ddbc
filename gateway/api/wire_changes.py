"""How change sets, what they touch and the registry's history look on the wire; moments are written as in `wire`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gateway.api.wire import moment
from gateway.change_sets import Approval, ChangeSet, OfficerKey, RegistryVersion
from gateway.records import Json
from routing.change_approval import OfficerRole
from routing.change_state import ChangeState
from routing.note import parse_verifier_key


def change_set(change: ChangeSet, *, at: datetime) -> dict[str, Json]:
    """Write a change set."""
    state = change.shown(at)
    base = f"/v1/registry/changes/{change.id}"
    return {
        "id": change.id,
        "revision": change.revision,
        "title": change.title,
        "legal_basis": change.legal_basis,
        "state": state.value,
        "state_vi": state.vi,
        "waits_for": waits_for(change, at=at),
        "source": {
            "name": change.source_name,
            "type": change.source_type.value,
            "sha256": change.source_sha256,
        },
        "retroactive": change.retroactive,
        "held": change.held,
        "effective_at": moment(change.effective_at),
        "base_version": change.base_version,
        "fault_count": change.fault_count,
        "faults": [dict(fault) for fault in change.faults],
        "diff_sha256": change.diff_sha256,
        "counts": dict(change.counts),
        "instants": [moment(each) for each in change.instants],
        "proposer": change.proposer,
        "approvals": [approval(each) for each in change.approvals],
        "emergency": change.emergency,
        "expires_at": moment(change.expires_at),
        "reason": change.reason,
        "rolls_back": change.rolls_back,
        "version": change.version,
        "created_at": moment(change.created_at),
        "changed_at": moment(change.changed_at),
        "links": {"self": base, "diff": f"{base}/diff", "impact": f"{base}/impact"},
    }


def summary(change: ChangeSet, *, at: datetime) -> dict[str, Json]:
    """Write a change set as one of many: without its faults."""
    return {**change_set(change, at=at), "faults": []}


def waits_for(change: ChangeSet, *, at: datetime) -> str | None:
    """Say whose turn it is, or None when nothing is to come."""
    if change.state is ChangeState.SCHEDULED:
        if change.expires_at is not None:
            return "ratification"
        return "instant" if max(change.instants, default=at) > at else None
    return {
        ChangeState.DRAFT: "correction",
        ChangeState.VALIDATED: "proposer" if change.first is None else "approver",
        ChangeState.APPROVED: "release" if change.held else "gateway",
    }.get(change.state)


def approval(source: Approval) -> dict[str, Json]:
    """Write a signature with all that is needed to check it."""
    return {
        "officer": source.officer,
        "role": source.role.value,
        "key": parse_verifier_key(source.verifier_key).label,
        "verifier_key": source.verifier_key,
        "base_version": source.base_version,
        "diff_sha256": source.diff_sha256,
        # As it was signed, to the letter.
        "signed_at": source.signed_at.isoformat(),
        "signature": source.signature,
        "at": moment(source.at),
        "void_at": moment(source.void_at),
    }


def officer_key(source: OfficerKey) -> dict[str, Json]:
    """Write the key of an officer."""
    return {
        "credential_id": source.credential_id,
        "verifier_key": source.verifier_key,
        "since": moment(source.since),
        "until": moment(source.until),
    }


def registry_version(source: RegistryVersion) -> dict[str, Json]:
    """Write one version of the registry."""
    return {
        "version": source.version,
        "sha256": source.sha256,
        "activated_at": moment(source.activated_at),
        "actor": source.actor,
        "source": source.source,
        "change": source.change,
    }


def registry(
    head: RegistryVersion | None, sizes: dict[str, Json], pending: Sequence[ChangeSet], *, at: datetime
) -> dict[str, Json]:
    """Write the version in force and what is to come."""
    coming = sorted(
        {
            instant
            for change in pending
            if change.state is ChangeState.SCHEDULED
            for instant in change.instants
            if instant > at
        }
    )
    emergencies = [
        change.id
        for change in pending
        if change.expires_at is not None and change.approval(OfficerRole.APPROVER) is None
    ]
    return {
        "at": moment(at),
        "head": None if head is None else registry_version(head),
        **sizes,
        "next_instants": [moment(each) for each in coming],
        "emergencies": emergencies,
        "pending": [summary(change, at=at) for change in pending],
    }
