"""Judging a document's signature again: POST /v1/documents/{id}/verdict:replay.

What was found in a signature was kept when the document came, apart from what was concluded from it (`certs.evidence`). A replay
concludes once more: under another policy, at another moment, with what is known of certificates today. It changes nothing, and
what was concluded then stands beside it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from aiohttp import web

from certs.evidence import Evidence
from certs.judgement import judge
from certs.policy_file import read_policy
from certs.trust import Trust
from certs.verdict import TimeSource, Verdict
from gateway.api import documents, wire
from gateway.api.bodies import received_json
from gateway.api.context import Context, note
from gateway.api.parameters import instant
from gateway.errors import NotFoundError
from gateway.flow.access import Caller
from gateway.flow.findings import Finding, Level
from gateway.records import Json, Message


class Replay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body: the moment of the judgement (if none, now), and a policy file (if none, the gateway's policy)."""

    at: str | None = None
    policy: Annotated[str, msgspec.Meta(max_length=1 << 16)] | None = None


async def replay_verdict(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Judge the signature of a document again, from the evidence that was kept.

    Raises:
        NotFoundError: there is no such document for this caller, or none with evidence.
        BadPolicyError: the policy cannot be used.

    """
    message, _ = await documents.visible(request, context, caller, to_auditors=True)
    stated = await received_json(request, context, Replay)
    evidence = await context.store.documents.evidence(message.id)
    if evidence is None:
        raise NotFoundError(what=f"evidence “{message.id}”")
    existed_at = _existed_at(message)
    at = context.clock() if stated.at is None else instant(stated.at, name="at")
    trust = _trust(context.trust.trust(), stated.policy)
    verdict = judge(Evidence.read(evidence), trust=trust, at=at, existed_at=existed_at)
    note(request, id=message.id, indication=verdict.indication.value)
    return wire.answer(_replayed(message, verdict, existed_at=existed_at, at=at))


def _trust(trust: Trust, policy: str | None) -> Trust:
    return trust if policy is None else trust.under(read_policy(policy.encode()))


def _existed_at(message: Message) -> datetime:
    """Return when the document is known, by our own record, to have existed."""
    known = message.verdict
    name = "best_signature_time" if known["time_source"] == TimeSource.RECEIPT else "control_time"
    return datetime.fromisoformat(known[name])


def _replayed(message: Message, verdict: Verdict, *, existed_at: datetime, at: datetime) -> dict[str, Json]:
    before = dict(message.verdict)
    before.pop("warnings", None)
    findings = [
        *(Finding.of(error) for error in verdict.errors),
        *(Finding.of(warning, level=Level.WARNING) for warning in verdict.warnings),
    ]
    return {
        "id": message.id,
        "sha256": message.sha256,
        "found_at": wire.moment(existed_at),
        "at": wire.moment(at),
        "before": before,
        "verdict": verdict.facts(),
        "agrees": before.get("indication") == verdict.indication.value,
        "findings": [finding.as_json() for finding in findings],
    }
