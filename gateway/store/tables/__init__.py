"""Every table of the gateway, the same on SQLite and PostgreSQL.

Messages, references, idempotency keys, log and registry rows are never deleted; the outbox holds only what is still owed
to the axis, so its size follows the backlog. Rows of the registry and of the trust store are versioned: a row is in force for
versions `since_version <= v < until_version`, and closing `until_version` is the only change it ever sees. Only rows of a
version that was being written and never came into force are taken back.
`migrations/` builds the same schema; a test compares the two.
"""

from __future__ import annotations

from gateway.store.tables.access import credential, peer
from gateway.store.tables.base import metadata
from gateway.store.tables.changes import change_approval, change_content, change_set, officer_key
from gateway.store.tables.dead_letters import dead_letter, resend_order
from gateway.store.tables.distribution import contact, upstream_registry
from gateway.store.tables.documents import arrival, body, delivery, idempotency, message, outbox, reference
from gateway.store.tables.evidence import evidence
from gateway.store.tables.flows import flow
from gateway.store.tables.keys import receipt_key
from gateway.store.tables.ledger import ledger_day, ledger_head
from gateway.store.tables.local import axis_message, readiness
from gateway.store.tables.log import log_checkpoint, log_entry, log_head, log_node
from gateway.store.tables.notices import notice
from gateway.store.tables.parking import first_seen, parked
from gateway.store.tables.registry import (
    agency,
    certificate,
    certificate_sighting,
    member,
    registry_head,
    registry_preparation,
    registry_version,
)
from gateway.store.tables.trust import trust_certificate, trust_head, trust_version

__all__ = [
    "agency",
    "arrival",
    "axis_message",
    "body",
    "certificate",
    "certificate_sighting",
    "change_approval",
    "change_content",
    "change_set",
    "contact",
    "credential",
    "dead_letter",
    "delivery",
    "evidence",
    "first_seen",
    "flow",
    "idempotency",
    "ledger_day",
    "ledger_head",
    "log_checkpoint",
    "log_entry",
    "log_head",
    "log_node",
    "member",
    "message",
    "metadata",
    "notice",
    "officer_key",
    "outbox",
    "parked",
    "peer",
    "readiness",
    "receipt_key",
    "reference",
    "registry_head",
    "registry_preparation",
    "registry_version",
    "resend_order",
    "trust_certificate",
    "trust_head",
    "trust_version",
    "upstream_registry",
]
