"""What can be written in the routing log: the closed set of kinds and what an entry of each must say.

Readers refuse kinds that are not listed here, so a new one needs a new version of the verifier in the
auditors' hands before a gateway writes it. The kinds of one document's history fall in three parts, because
a gateway that hosts both sides writes both in one log, and because every recipient's delivery runs on its
own:

- *intake*: what a gateway decided about the document, or learned of it, as a whole;
- *sending*: what became of the delivery to one recipient (member ``recipient``, the canonical code as
  addressed), as the sender's gateway knows it;
- *receiving*: what the recipient's gateway and the recipient did with it.

``routing.history`` says in which order they may follow each other.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Kind(StrEnum):
    """What happened."""

    # intake
    ACCEPTED = "accepted"  # documents and status messages alike
    ROUTED = "routed"  # further recipients, where one entry cannot hold them all
    REJECTED = "rejected"
    UNDECIDED = "undecided"
    PARKED = "parked"  # kept although undecided; it is examined again by itself until `keep_until_t`
    WITHDRAWN = "withdrawn"  # its sender took it back while it was parked
    STATUS = "status"  # the status message `status_message` spoke of this document
    REFERRED = (
        "referred"  # the document `message` answers, recalls, updates or replaces this one (`relation`)
    )
    PAYLOAD_ERASED = "payload_erased"
    # sending
    PUBLISH_ATTEMPT = "publish_attempt"
    BROKER_CONFIRMED = "broker_confirmed"
    RETURNED = "returned"
    HELD = "held"
    RELEASED = "released"
    REROUTED = "rerouted"
    REQUEUED = "requeued"  # it had fallen out of the outbox; the ledger noticed and put it back
    UNDELIVERABLE = "undeliverable"
    EXPIRED = "expired"  # no receipt came before its deadline (`deliver_by_t`); it is not sent any more
    DELIVERED_RECEIPT = "delivered_receipt"  # the recipient's gateway has stored it
    ACKNOWLEDGED_RECEIPT = "acknowledged_receipt"  # the recipient has taken it over
    REFUSED_RECEIPT = "refused_receipt"  # the recipient's gateway or the recipient refused it
    LATE_RECEIPT = "late_receipt"  # the receipt `stage` came when the delivery had expired, which it remains
    # receiving
    ARRIVED = "arrived"
    ARRIVAL_REFUSED = "arrival_refused"
    ARRIVAL_UNDECIDED = "arrival_undecided"
    HANDED_OVER = (
        "handed_over"  # to the system of whoever took over from the recipient, before it was acknowledged
    )
    FETCHED = "fetched"
    ACKNOWLEDGED = "acknowledged"
    RECIPIENT_REFUSED = "recipient_refused"
    # registry, members and credentials
    REGISTRY_PROPOSED = "registry_proposed"
    REGISTRY_APPROVED = "registry_approved"
    REGISTRY_WITHDRAWN = "registry_withdrawn"
    REGISTRY_VOIDED = "registry_voided"  # the signatures over a change set do not count any more
    REGISTRY_RELEASED = "registry_released"  # approved beforehand and held; somebody let it go on
    REGISTRY_EMERGENCY = "registry_emergency"  # put in force by one officer, until `expires_t` at the latest
    REGISTRY_RATIFIED = "registry_ratified"  # by a second officer; the emergency is over
    REGISTRY_LAPSED = "registry_lapsed"  # not ratified in time; `rolled_back_by` undoes it
    REGISTRY_ACTIVATED = "registry_activated"
    MEMBER_ADDED = "member_added"
    MEMBER_CHANGED = "member_changed"
    MEMBER_REMOVED = "member_removed"
    PEER_CHANGED = "peer_changed"  # another gateway, under the key that it had; a new key is `key_rotated`
    PEER_REMOVED = "peer_removed"  # another gateway is not believed any more
    CREDENTIAL_ISSUED = "credential_issued"
    CREDENTIAL_REVOKED = "credential_revoked"
    CERTIFICATE_BOUND = "certificate_bound"
    CERTIFICATE_UNBOUND = "certificate_unbound"
    # the trust store
    TRUST_ADDED = "trust_added"
    TRUST_CHANGED = "trust_changed"  # held already, from now on on other terms
    TRUST_RETIRED = "trust_retired"  # not relied upon from `trusted_until` on
    CERTIFICATE_SUSPENDED = "certificate_suspended"
    CERTIFICATE_RESUMED = "certificate_resumed"
    CERTIFICATE_REVOKED = "certificate_revoked"
    REVOCATION_LIST_IMPORTED = "revocation_list_imported"  # a revocation list, or an OCSP answer
    # the log and the gateway themselves
    LOG_OPENED = "log_opened"  # the first entry of a log
    LOG_QUERY = "log_query"
    EVIDENCE_EXPORTED = "evidence_exported"
    KEY_ROTATED = "key_rotated"
    CLOCK_ALARM = "clock_alarm"
    DEAD_LETTERS_RESENT = "dead_letters_resent"  # ordered to be examined again; `count` of them
    DEAD_LETTERS_DISCARDED = "dead_letters_discarded"
    DELIVERIES_URGED = "deliveries_urged"  # ordered to be tried now, although they keep failing
    MESSAGE_DISCARDED = "message_discarded"  # something on the axis that could not be tied to a document


INTAKE = frozenset(
    {
        Kind.ACCEPTED,
        Kind.ROUTED,
        Kind.REJECTED,
        Kind.UNDECIDED,
        Kind.PARKED,
        Kind.WITHDRAWN,
        Kind.STATUS,
        Kind.REFERRED,
        Kind.PAYLOAD_ERASED,
    }
)
SENDING = frozenset(
    {
        Kind.PUBLISH_ATTEMPT,
        Kind.BROKER_CONFIRMED,
        Kind.RETURNED,
        Kind.HELD,
        Kind.RELEASED,
        Kind.REROUTED,
        Kind.REQUEUED,
        Kind.UNDELIVERABLE,
        Kind.EXPIRED,
        Kind.DELIVERED_RECEIPT,
        Kind.ACKNOWLEDGED_RECEIPT,
        Kind.REFUSED_RECEIPT,
        Kind.LATE_RECEIPT,
    }
)
RECEIVING = frozenset(
    {
        Kind.ARRIVED,
        Kind.ARRIVAL_REFUSED,
        Kind.ARRIVAL_UNDECIDED,
        Kind.HANDED_OVER,
        Kind.FETCHED,
        Kind.ACKNOWLEDGED,
        Kind.RECIPIENT_REFUSED,
    }
)
DOCUMENT_KINDS = INTAKE | SENDING | RECEIVING

_PAYLOAD = ("payload_sha256", "payload_size")
_REGISTRY = ("registry_version", "registry_sha256")
_DECISION = (*_PAYLOAD, *_REGISTRY, "rule")
_REGISTRATION = ("certificate_sha256", "registration", "entity", "actor")
_RECEIPT = ("recipient", "gateway", "receipt_sha256")
_TRUST = ("trust_number", "trust_sha256", "certificate_sha256", "certificate_subject", "role", "actor")

REQUIRED: Mapping[Kind, tuple[str, ...]] = MappingProxyType(
    {
        Kind.ACCEPTED: ("sender", "recipients", *_DECISION),
        Kind.ROUTED: ("recipients",),
        Kind.REJECTED: ("reason",),
        Kind.UNDECIDED: ("reason",),
        Kind.PARKED: ("reason", "sender", *_PAYLOAD),
        Kind.WITHDRAWN: ("member",),
        Kind.STATUS: ("status_message", "status_code", "sender"),
        Kind.REFERRED: ("message", "relation", "sender"),
        Kind.PAYLOAD_ERASED: ("payload_sha256", "reason"),
        Kind.PUBLISH_ATTEMPT: ("recipient", "member", "attempt"),
        Kind.BROKER_CONFIRMED: ("recipient", "attempt"),
        Kind.RETURNED: ("recipient", "attempt", "reason"),
        Kind.HELD: ("recipient", "reason"),
        Kind.RELEASED: ("recipient", "reason"),
        Kind.REROUTED: ("recipient", "to", "rule", *_REGISTRY),
        Kind.REQUEUED: ("recipient", "reason"),
        Kind.UNDELIVERABLE: ("recipient", "reason"),
        Kind.EXPIRED: ("recipient", "reason", "deliver_by_t"),
        Kind.DELIVERED_RECEIPT: _RECEIPT,
        Kind.ACKNOWLEDGED_RECEIPT: _RECEIPT,
        Kind.REFUSED_RECEIPT: (*_RECEIPT, "reason"),
        Kind.LATE_RECEIPT: (*_RECEIPT, "stage", "reason"),
        Kind.ARRIVED: ("recipient", "gateway", *_DECISION),
        Kind.ARRIVAL_REFUSED: ("recipient", "gateway", "reason"),
        Kind.ARRIVAL_UNDECIDED: ("recipient", "gateway", "reason"),
        Kind.HANDED_OVER: ("recipient", "member", "former_member", "to", "rule", *_REGISTRY),
        Kind.FETCHED: ("recipient", "member"),
        Kind.ACKNOWLEDGED: ("recipient", "member"),
        Kind.RECIPIENT_REFUSED: ("recipient", "member", "reason"),
        Kind.REGISTRY_PROPOSED: ("change", "change_sha256", "actor"),
        Kind.REGISTRY_APPROVED: ("change", "change_sha256", "actor"),
        Kind.REGISTRY_WITHDRAWN: ("change", "change_sha256", "actor"),
        Kind.REGISTRY_VOIDED: ("change", "change_sha256", "reason"),
        Kind.REGISTRY_RELEASED: ("change", "change_sha256", "actor"),
        Kind.REGISTRY_EMERGENCY: ("change", "change_sha256", "actor", "justification"),
        Kind.REGISTRY_RATIFIED: ("change", "change_sha256", "actor"),
        Kind.REGISTRY_LAPSED: ("change", "change_sha256", "rolled_back_by"),
        Kind.REGISTRY_ACTIVATED: _REGISTRY,
        Kind.MEMBER_ADDED: ("member", "actor"),
        Kind.MEMBER_CHANGED: ("member", "actor"),
        Kind.MEMBER_REMOVED: ("member", "actor"),
        Kind.PEER_CHANGED: ("gateway", "verifier_key", "actor"),
        Kind.PEER_REMOVED: ("gateway", "verifier_key", "actor"),
        Kind.CREDENTIAL_ISSUED: ("credential", "member", "actor"),
        Kind.CREDENTIAL_REVOKED: ("credential", "member", "actor"),
        Kind.CERTIFICATE_BOUND: ("certificate_sha256", "entity", "actor"),
        Kind.CERTIFICATE_UNBOUND: ("certificate_sha256", "entity", "actor"),
        Kind.TRUST_ADDED: (*_TRUST, "usages"),
        Kind.TRUST_CHANGED: (*_TRUST, "usages"),
        Kind.TRUST_RETIRED: (*_TRUST, "trusted_until"),
        Kind.CERTIFICATE_SUSPENDED: _REGISTRATION,
        Kind.CERTIFICATE_RESUMED: _REGISTRATION,
        Kind.CERTIFICATE_REVOKED: _REGISTRATION,
        Kind.REVOCATION_LIST_IMPORTED: ("issuer", "sha256", "actor"),
        Kind.LOG_OPENED: ("origin", "verifier_key"),
        Kind.LOG_QUERY: ("actor", "query"),
        Kind.EVIDENCE_EXPORTED: ("actor", "query", "entries"),
        Kind.KEY_ROTATED: ("verifier_key", "purpose"),
        Kind.CLOCK_ALARM: ("reason",),
        Kind.DEAD_LETTERS_RESENT: ("actor", "explanation", "count"),
        Kind.DEAD_LETTERS_DISCARDED: ("actor", "explanation", "count"),
        Kind.DELIVERIES_URGED: ("actor", "explanation", "count"),
        Kind.MESSAGE_DISCARDED: ("reason",),
    }
)
