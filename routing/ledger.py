"""The loss ledger: what the routing log promised, held against what is really there, document by document.

Counted in deliveries, at every moment::

    accepted = delivered + pending + held + refused + expired

=========  =================================================================================================
accepted   deliveries that an ``accepted`` or ``routed`` entry promised
delivered  the recipient's gateway said that it stored it (``received``), or its system took it (``acknowledged``)
pending    owed to the axis (``queued``), or handed to it without a receipt yet (``confirmed``)
held       waits for people to say who took over from its addressee
refused    the recipient refused it, or it went back to its sender (``refused``, ``undeliverable``)
expired    its deadline passed (``expired``)
=========  =================================================================================================

The sum alone proves nothing: a row that was deleted or altered leaves it even if both sides come from the same table. So each
side is made from something else: promises and ends from the log, what is owed from the rows, what will be sent from the outbox,
what can be sent from the bodies. `shortfalls` names each place in which they differ.

Invariants: states and kinds are known by their value, so that one which this module does not know shows as a gap and is never
left out of the sum; entries that cannot be read are a gap, too.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple


class Term(StrEnum):
    """A term on the right side of the equation."""

    DELIVERED = "delivered"
    PENDING = "pending"
    HELD = "held"
    REFUSED = "refused"
    EXPIRED = "expired"

    @property
    def is_under_way(self) -> bool:
        """Whether the gateway still owes something to the recipient."""
        return self in {Term.PENDING, Term.HELD}


TERMS: Final[Mapping[str, Term]] = MappingProxyType(
    {
        "queued": Term.PENDING,
        "confirmed": Term.PENDING,
        "held": Term.HELD,
        "received": Term.DELIVERED,
        "acknowledged": Term.DELIVERED,
        "refused": Term.REFUSED,
        "undeliverable": Term.REFUSED,
        "expired": Term.EXPIRED,
    }
)
"""The term of each state of a delivery."""

_PROMISES: Final = frozenset({"accepted", "routed"})
_TURNS: Final[Mapping[str, Term]] = MappingProxyType(
    {
        "held": Term.HELD,
        "released": Term.PENDING,
        "rerouted": Term.PENDING,
        "undeliverable": Term.REFUSED,
        "expired": Term.EXPIRED,
        "delivered_receipt": Term.DELIVERED,
        "acknowledged_receipt": Term.DELIVERED,
        "refused_receipt": Term.REFUSED,
    }
)
"""The term that an entry about a delivery moves it to; entries of other kinds leave it where it is."""

_ARRIVALS: Final = frozenset({"arrived", "arrival_refused"})
KINDS: Final = _PROMISES | _TURNS.keys()
"""The kinds of entries that change the sum."""


class GapKind(StrEnum):
    """In which way a document can be missing although nobody noticed."""

    SUM = "sum"
    """The equation does not come out; which delivery it is, a recount says."""

    DELIVERY_MISSING = "delivery_missing"
    """Promised in the log, and there is no row of it."""

    DELIVERY_UNPROMISED = "delivery_unpromised"
    """A row that no entry of the log promised."""

    MESSAGE_MISSING = "message_missing"
    """Accepted by the log, and the message is not there."""

    STATE_UNFOUNDED = "state_unfounded"
    """The row is at an end for which the log has no receipt or entry, or the other way round."""

    STATE_UNKNOWN = "state_unknown"
    """The row is in a state that belongs to no term."""

    NOT_IN_OUTBOX = "not_in_outbox"
    """Pending or held, and nothing will ever send it."""

    STILL_IN_OUTBOX = "still_in_outbox"
    """At its end, and the outbox would send it again."""

    BODY_MISSING = "body_missing"
    """Not delivered yet, or waiting in an inbox, and its bytes are gone."""

    ARRIVAL_MISSING = "arrival_missing"
    """The log says that it arrived here, and it is in no inbox."""

    ARRIVAL_UNLOGGED = "arrival_unlogged"
    """It is in an inbox, and the log does not say that it arrived."""

    ENTRY_UNREADABLE = "entry_unreadable"
    """An entry of its history cannot be read, so that nothing is known for sure."""


class Line(NamedTuple):
    """What matters of an entry of the log: kind, time (UTC milliseconds), delivery, and the deliveries that it promises."""

    kind: str
    t: int
    delivery: str = ""
    routes: tuple[str, ...] = ()


class Gap(NamedTuple):
    """One place where the sides differ; `subject` is the id of a delivery, or of the document where there is no one delivery."""

    kind: GapKind
    subject: str
    document_id: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What the log says of one document: when it was accepted (UTC milliseconds), the term of each delivery, what arrived."""

    accepted_t: int | None
    promised: Mapping[str, Term]
    arrived: Mapping[str, str]
    """The kind of the entry of each arrival."""

    unreadable: bool = False

    def counts(self) -> dict[Term, int]:
        """Return how many deliveries stand at each term."""
        counts = dict.fromkeys(Term, 0)
        for term in self.promised.values():
            counts[term] += 1
        return counts


class Awaiting(NamedTuple):
    """An arrival as its row says: whether it was refused, and whether its system still has to take it over."""

    refused: bool
    is_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What is really there of one document: each delivery's state, what is in the outbox, message, body, arrivals."""

    states: Mapping[str, str] = field(default_factory=dict)
    outbox: frozenset[str] = frozenset()
    has_message: bool = True
    has_body: bool = True
    arrivals: Mapping[str, Awaiting] = field(default_factory=dict)

    @property
    def needs_body(self) -> bool:
        """Whether somebody still has to get the bytes of the document."""
        terms = (TERMS.get(state) for state in self.states.values())
        owed = any(term is not None and term.is_under_way for term in terms)
        return owed or any(arrival.is_open for arrival in self.arrivals.values())

    def with_body(self, *, has_body: bool) -> "Holdings":
        """Say whether the bytes are there."""
        return replace(self, has_body=has_body)


def story(lines: Iterable[Line | None]) -> Story:
    """Tell a document's story from the entries of its history, in their order; None is one that cannot be read."""
    accepted_t: int | None = None
    promised: dict[str, Term] = {}
    arrived: dict[str, str] = {}
    unreadable = False
    for line in lines:
        if line is None:
            unreadable = True
            continue
        if line.kind == "accepted":
            accepted_t = line.t
        if line.kind in _PROMISES:
            for delivery_id in line.routes:
                promised.setdefault(delivery_id, Term.PENDING)
        elif line.kind in _ARRIVALS:
            arrived[line.delivery] = line.kind
        elif (term := _TURNS.get(line.kind)) is not None and line.delivery in promised:
            promised[line.delivery] = term
    return Story(accepted_t=accepted_t, promised=promised, arrived=arrived, unreadable=unreadable)


def shortfalls(document_id: str, told: Story, held: Holdings) -> Iterator[Gap]:
    """Name every place where a document's story and what is there of it differ."""
    if told.unreadable:
        yield Gap(GapKind.ENTRY_UNREADABLE, document_id, document_id)
        return
    for delivery_id, term in told.promised.items():
        if delivery_id not in held.states:
            yield Gap(GapKind.DELIVERY_MISSING, delivery_id, document_id, term.value)
    for delivery_id, state in held.states.items():
        for kind, detail in _of_delivery(delivery_id, state, told, held):
            yield Gap(kind, delivery_id, document_id, detail)
    if told.promised and not held.has_message:
        yield Gap(GapKind.MESSAGE_MISSING, document_id, document_id)
    if held.has_message and not held.has_body and held.needs_body:
        yield Gap(GapKind.BODY_MISSING, document_id, document_id)
    yield from _of_arrivals(document_id, told, held)


def _of_arrivals(document_id: str, told: Story, held: Holdings) -> Iterator[Gap]:
    """Yield what is wrong with what came from the axis."""
    for delivery_id, came in told.arrived.items():
        row = held.arrivals.get(delivery_id)
        if row is None or row.refused != (came == "arrival_refused"):
            yield Gap(GapKind.ARRIVAL_MISSING, delivery_id, document_id, came)
    for delivery_id in held.arrivals.keys() - told.arrived.keys():
        yield Gap(GapKind.ARRIVAL_UNLOGGED, delivery_id, document_id)


def _of_delivery(delivery_id: str, state: str, told: Story, held: Holdings) -> Iterator[tuple[GapKind, str]]:
    """Yield what is wrong with one row."""
    promised, term = told.promised.get(delivery_id), TERMS.get(state)
    if promised is None:
        yield GapKind.DELIVERY_UNPROMISED, state
    if term is None:
        yield GapKind.STATE_UNKNOWN, state
        return
    if promised is not None and promised is not term:
        yield GapKind.STATE_UNFOUNDED, f"{promised.value} ≠ {state}"
    if term.is_under_way and delivery_id not in held.outbox:
        yield GapKind.NOT_IN_OUTBOX, state
    if not term.is_under_way and delivery_id in held.outbox:
        yield GapKind.STILL_IN_OUTBOX, state
