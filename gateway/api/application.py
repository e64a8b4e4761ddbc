"""The API as one table: every route, who may call it, and what answers it."""

from __future__ import annotations

import asyncio
from typing import Final

from aiohttp import web

from gateway.api import (
    agencies,
    agency_search,
    certificates,
    change_files,
    changes,
    checking,
    composing,
    contacts,
    dead_letters,
    docs,
    documents,
    inbox,
    ledger,
    log,
    members,
    middleware,
    notices,
    operations,
    parked,
    peers,
    receipts,
    registry,
    revocation,
    snapshots,
    submissions,
    tasks,
    trust,
    verdicts,
)
from gateway.api.agency_search import SEARCH
from gateway.api.auth import Access, Handler, kept_here, only_for, open_to_all
from gateway.api.bodies import AT_ONCE, BODIES, defer_continue
from gateway.api.connections import SILENCE, STOPPING, UNDER_WAY, Silence, UnderWay, raise_limit
from gateway.api.context import CONTEXT, Context
from gateway.api.operations import READINESS, Readiness
from gateway.api.rates import RATES, Rates
from gateway.api.refusals import ALLOWANCE, Allowance
from gateway.distribution.search import AgencySearch

_Route = tuple[str, str, Handler]

ROUTES: Final[tuple[_Route, ...]] = (
    # sending
    ("POST", "/v1/documents", only_for(Access.MEMBER, submissions.post_document)),
    ("POST", "/v1/statuses", only_for(Access.MEMBER, submissions.post_status)),
    ("POST", "/v1/documents:check", only_for(Access.MEMBER, checking.check_message)),
    ("POST", "/v1/documents:compose", only_for(Access.MEMBER, composing.compose_message)),
    ("GET", "/v1/documents", only_for(Access.MEMBER, parked.list_documents)),
    ("POST", "/v1/documents/{id}/withdraw", only_for(Access.MEMBER, parked.withdraw)),
    ("GET", "/v1/documents/{id}", only_for(Access.ANY, documents.get_document)),
    ("GET", "/v1/documents/{id}/content", only_for(Access.MEMBER, documents.get_content)),
    ("POST", "/v1/documents/{id}/verdict:replay", only_for(Access.ANY, verdicts.replay_verdict)),
    ("GET", "/v1/documents/{id}/receipt", only_for(Access.ANY, receipts.get_receipt)),
    ("GET", "/v1/documents/{id}/receipts", only_for(Access.ANY, receipts.get_receipts)),
    ("GET", "/v1/notices", only_for(Access.MEMBER, notices.get_notices)),
    ("GET", "/v1/keys", open_to_all(receipts.get_keys)),
    # receiving
    ("GET", "/v1/inbox", only_for(Access.MEMBER, inbox.get_inbox)),
    ("GET", "/v1/inbox/{id}", only_for(Access.MEMBER, inbox.get_item)),
    ("GET", "/v1/inbox/{id}/content", only_for(Access.MEMBER, inbox.get_item_content)),
    ("POST", "/v1/inbox/{id}/ack", only_for(Access.MEMBER, inbox.acknowledge)),
    # agencies
    ("GET", "/v1/agencies", only_for(Access.ANY, agency_search.list_agencies)),
    ("GET", "/v1/agencies/{code}", only_for(Access.ANY, agencies.get_agency)),
    ("GET", "/v1/agencies/{code}/history", only_for(Access.ANY, agency_search.show_history)),
    ("GET", "/v1/agencies/{code}/certificates", only_for(Access.ANY, certificates.list_registrations)),
    ("POST", "/v1/agencies/{code}/certificates", only_for(Access.REGISTRY, kept_here(certificates.register))),
    (
        "POST",
        "/v1/agencies/{code}/certificates/{registration}/suspend",
        only_for(Access.REGISTRY, kept_here(certificates.suspend)),
    ),
    (
        "POST",
        "/v1/agencies/{code}/certificates/{registration}/resume",
        only_for(Access.REGISTRY, kept_here(certificates.resume)),
    ),
    (
        "POST",
        "/v1/agencies/{code}/certificates/{registration}/revoke",
        only_for(Access.REGISTRY, kept_here(certificates.revoke)),
    ),
    ("GET", "/v1/agencies/{code}/contacts", only_for(Access.ANY, contacts.get_agency_contacts)),
    ("PUT", "/v1/agencies/{code}/contacts", only_for(Access.REGISTRY, contacts.put_agency_contacts)),
    ("GET", "/v1/certificates", only_for(Access.ANY, certificates.list_all)),
    ("GET", "/v1/certificates/calendar", only_for(Access.ANY, certificates.show_calendar)),
    # the registry and its changes
    ("GET", "/v1/registry", only_for(Access.KEEPERS, registry.show_registry)),
    ("GET", "/v1/registry/versions", only_for(Access.KEEPERS, registry.list_versions)),
    ("GET", "/v1/registry/templates/{name}", only_for(Access.KEEPERS, registry.get_template)),
    ("GET", "/v1/registry/officers", only_for(Access.KEEPERS, registry.list_officers)),
    ("GET", "/v1/registry/changes", only_for(Access.KEEPERS, changes.list_changes)),
    ("POST", "/v1/registry/changes", only_for(Access.REGISTRY, kept_here(change_files.draft))),
    ("GET", "/v1/registry/changes/{id}", only_for(Access.KEEPERS, changes.show)),
    ("GET", "/v1/registry/changes/{id}/source", only_for(Access.KEEPERS, change_files.show_source)),
    ("PUT", "/v1/registry/changes/{id}/source", only_for(Access.REGISTRY, kept_here(change_files.replace))),
    ("GET", "/v1/registry/changes/{id}/lines", only_for(Access.KEEPERS, changes.show_lines)),
    ("GET", "/v1/registry/changes/{id}/diff", only_for(Access.KEEPERS, changes.show_diff)),
    ("GET", "/v1/registry/changes/{id}/impact", only_for(Access.KEEPERS, changes.show_impact)),
    ("POST", "/v1/registry/changes/{id}/validate", only_for(Access.REGISTRY, kept_here(changes.look_again))),
    ("POST", "/v1/registry/changes/{id}/propose", only_for(Access.REGISTRY, kept_here(changes.propose))),
    ("POST", "/v1/registry/changes/{id}/approve", only_for(Access.REGISTRY, kept_here(changes.approve))),
    (
        "POST",
        "/v1/registry/changes/{id}/emergency",
        only_for(Access.REGISTRY, kept_here(changes.declare_emergency)),
    ),
    ("POST", "/v1/registry/changes/{id}/release", only_for(Access.REGISTRY, kept_here(changes.release))),
    ("POST", "/v1/registry/changes/{id}/withdraw", only_for(Access.REGISTRY, changes.withdraw)),
    ("POST", "/v1/registry/changes/{id}/rollback", only_for(Access.REGISTRY, kept_here(changes.roll_back))),
    ("GET", "/v1/registry/snapshot", only_for(Access.ANY, snapshots.get_snapshot)),
    ("GET", "/v1/registry/tasks", only_for(Access.REGISTRY, tasks.list_tasks)),
    ("POST", "/v1/registry/tasks/{code}/resolve", only_for(Access.REGISTRY, tasks.resolve_task)),
    ("POST", "/v1/registry/agencies", only_for(Access.REGISTRY, kept_here(agencies.load_agencies))),
    # connected systems and tokens
    ("GET", "/v1/members", only_for(Access.KEEPERS, members.list_members)),
    ("POST", "/v1/members", only_for(Access.ADMIN, members.put_member)),
    ("GET", "/v1/peers", only_for(Access.KEEPERS, peers.list_peers)),
    ("POST", "/v1/peers", only_for(Access.ADMIN, peers.put_peer)),
    ("DELETE", "/v1/peers/{name}", only_for(Access.ADMIN, peers.end_peer)),
    ("GET", "/v1/members/{id}/contacts", only_for(Access.ANY, contacts.get_member_contacts)),
    ("PUT", "/v1/members/{id}/contacts", only_for(Access.ADMIN, contacts.put_member_contacts)),
    ("POST", "/v1/members/{id}/tokens", only_for(Access.ADMIN, members.issue_member_token)),
    ("POST", "/v1/tokens", only_for(Access.ADMIN, members.issue_role_token)),
    (
        "POST",
        "/v1/tokens/{credential_id}/officer-key",
        only_for(Access.ADMIN, registry.register_officer_key),
    ),
    ("DELETE", "/v1/tokens/{credential_id}", only_for(Access.ADMIN, members.revoke_token)),
    # the trust store
    ("GET", "/v1/trust/certificates", only_for(Access.OVERSIGHT, trust.list_certificates)),
    ("POST", "/v1/trust/certificates", only_for(Access.ADMIN, trust.add_certificate)),
    ("POST", "/v1/trust/certificates/{sha256}:retire", only_for(Access.ADMIN, trust.retire_certificate)),
    # what was revoked
    ("GET", "/v1/trust/revocation", only_for(Access.OVERSIGHT, revocation.show)),
    ("POST", "/v1/trust/revocation", only_for(Access.ADMIN, revocation.import_list)),
    # the routing log
    ("GET", "/v1/log/checkpoint", open_to_all(log.get_checkpoint)),
    ("GET", "/v1/log/entries", only_for(Access.AUDITOR, log.get_entries)),
    ("GET", "/v1/log/entries/{index}/proof", only_for(Access.AUDITOR, log.get_proof)),
    # the loss ledger
    ("GET", "/v1/ledger", only_for(Access.OVERSIGHT, ledger.get_ledger)),
    ("POST", "/v1/ledger/recount", only_for(Access.OVERSIGHT, ledger.recount)),
    # dead letters, and deliveries that keep failing
    ("GET", "/v1/dead-letters", only_for(Access.OVERSIGHT, dead_letters.list_letters)),
    ("GET", "/v1/dead-letters/causes", only_for(Access.OVERSIGHT, dead_letters.show_causes)),
    ("GET", "/v1/dead-letters/{id}", only_for(Access.OVERSIGHT, dead_letters.show_letter)),
    ("POST", "/v1/dead-letters:resend", only_for(Access.ADMIN, dead_letters.resend)),
    ("POST", "/v1/dead-letters:discard", only_for(Access.ADMIN, dead_letters.discard)),
    ("POST", "/v1/dead-letters:retry", only_for(Access.ADMIN, dead_letters.retry)),
    # operation and documentation
    ("GET", "/healthz", open_to_all(operations.alive)),
    ("GET", "/readyz", open_to_all(operations.ready)),
    ("GET", "/metrics", open_to_all(operations.metrics)),
    ("GET", "/openapi.yaml", open_to_all(docs.get_openapi)),
    ("GET", "/asyncapi.yaml", open_to_all(docs.get_asyncapi)),
    ("GET", "/errors", open_to_all(docs.get_errors)),
    ("GET", "/schemas/edxml-strict.xsd", open_to_all(docs.get_strict_schema)),
    ("GET", "/schemas/edxml-tolerant.xsd", open_to_all(docs.get_tolerant_schema)),
    ("GET", "/docs", open_to_all(docs.get_page)),
    ("GET", "/docs/{asset}", open_to_all(docs.get_asset)),
)


def make_api(context: Context) -> web.Application:
    """Build the HTTP API over its collaborators; it owns none of them."""
    # Bodies are limited where they are received (`gateway.api.bodies`), before they are read.
    api = web.Application(middlewares=(middleware.observe, middleware.explain), client_max_size=0)
    api[CONTEXT] = context
    api[SILENCE] = Silence(patience=context.pace.head, most=raise_limit())
    api[BODIES] = asyncio.Semaphore(AT_ONCE)
    api[ALLOWANCE] = Allowance()
    api[RATES] = Rates(context.settings.requests_per_second)
    api[READINESS] = Readiness()
    api[SEARCH] = AgencySearch()
    api[STOPPING], api[UNDER_WAY] = asyncio.Event(), UnderWay()
    api.on_response_prepare.append(middleware.add_headers)
    for method, path, handler in ROUTES:
        if method == "GET":
            api.router.add_get(path, handler, allow_head=True, expect_handler=defer_continue)
        else:
            api.router.add_route(method, path, handler, expect_handler=defer_continue)
    return api
