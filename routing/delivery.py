"""What is owed to one recipient of a document, and how far it has come.

::

    queued ──► confirmed ──► received ──► acknowledged
     ▲ │ ▲         │            │
     │ │ └─────────┤            │                    sent anew, to whoever took over from the addressee
     │ ├───────────┼────────────┴──► refused         by the recipient; on arrival by its gateway
     │ ├───────────┴──► undeliverable
     └─┴─► held ──────► undeliverable                until somebody can say who took over

    queued, confirmed, held ──► expired              its deadline passed before any receipt came

Steps may be skipped: a receipt may overtake the broker's confirm of the message it answers, and the receipt of the
acknowledgement may overtake that of the arrival. What was confirmed can be held, too, and a receipt for it may
come even then.

Invariants: a delivery moves only along `ALLOWED`; a final state is never left, so that a late or repeated
receipt cannot rewrite an outcome. What arrives after its deadline stays expired; the receipt is told beside it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class DeliveryState(StrEnum):
    """How far a delivery has come."""

    QUEUED = "queued"
    CONFIRMED = "confirmed"
    HELD = "held"
    RECEIVED = "received"
    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    UNDELIVERABLE = "undeliverable"
    EXPIRED = "expired"

    @property
    def is_final(self) -> bool:
        """Whether nothing more can happen to the delivery."""
        return not ALLOWED[self]

    @property
    def vi(self) -> str:
        """The Vietnamese name, for display."""
        return _NAMES[self][0]

    @property
    def en(self) -> str:
        """The English name, for display."""
        return _NAMES[self][1]

    def can_become(self, later: "DeliveryState") -> bool:
        """Tell whether a delivery in this state may move to `later`."""
        return later in ALLOWED[self]


ALLOWED: Mapping[DeliveryState, frozenset[DeliveryState]] = MappingProxyType(
    {
        DeliveryState.QUEUED: frozenset(
            {
                DeliveryState.CONFIRMED,
                DeliveryState.HELD,
                DeliveryState.RECEIVED,
                DeliveryState.ACKNOWLEDGED,
                DeliveryState.REFUSED,
                DeliveryState.UNDELIVERABLE,
                DeliveryState.EXPIRED,
            }
        ),
        DeliveryState.CONFIRMED: frozenset(
            {
                DeliveryState.QUEUED,
                DeliveryState.HELD,
                DeliveryState.RECEIVED,
                DeliveryState.ACKNOWLEDGED,
                DeliveryState.REFUSED,
                DeliveryState.UNDELIVERABLE,
                DeliveryState.EXPIRED,
            }
        ),
        DeliveryState.HELD: frozenset(
            {
                DeliveryState.QUEUED,
                DeliveryState.RECEIVED,
                DeliveryState.ACKNOWLEDGED,
                DeliveryState.REFUSED,
                DeliveryState.UNDELIVERABLE,
                DeliveryState.EXPIRED,
            }
        ),
        DeliveryState.RECEIVED: frozenset({DeliveryState.ACKNOWLEDGED, DeliveryState.REFUSED}),
        DeliveryState.ACKNOWLEDGED: frozenset(),
        DeliveryState.REFUSED: frozenset(),
        DeliveryState.UNDELIVERABLE: frozenset(),
        DeliveryState.EXPIRED: frozenset(),
    }
)
"""The states that each state may be followed by."""

_NAMES = {
    DeliveryState.QUEUED: ("chờ gửi", "queued"),
    DeliveryState.CONFIRMED: ("đã chuyển lên trục", "handed to the axis"),
    DeliveryState.HELD: ("tạm giữ, chờ quyết định", "held until it is decided"),
    DeliveryState.RECEIVED: ("đã đến hệ thống nhận", "arrived at the receiving system"),
    DeliveryState.ACKNOWLEDGED: ("nơi nhận đã lấy về", "fetched by the recipient"),
    DeliveryState.REFUSED: ("bị từ chối", "refused"),
    DeliveryState.UNDELIVERABLE: ("không gửi được", "undeliverable"),
    DeliveryState.EXPIRED: ("quá hạn gửi", "expired"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A document owed to one agency through one connected system.

    `code` is canonical, `as_sent` the form in the document, `member` the id of the system, `queue` its queue.
    """

    code: str
    as_sent: str
    member: str
    queue: str
