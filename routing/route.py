"""From the recipients of a document to the deliveries that are owed.

Each agency is served by the connected system with the longest prefix of its code in whole dotted groups
(QĐ 20/2020/QĐ-TTg Điều 4.1: the groups in front name the units that a unit belongs to).

Invariants: the result does not depend on the order of the recipients; an agency addressed twice, by its
code and by an older form, gets one delivery; either every recipient is routed or none is.
"""

from datetime import datetime

from routing.agencies import Directory
from routing.delivery import Delivery
from routing.errors import RecipientNotConnected
from routing.resolve import Resolved


def route(recipients: tuple[Resolved, ...], *, directory: Directory, at: datetime) -> tuple[Delivery, ...]:
    """Return one delivery for each distinct recipient by whoever serves it at `at`, in the order of their codes.

    Raises:
        RecipientNotConnected: no member serves one or more of the recipients; all of them are named.

    """
    deliveries: dict[str, Delivery] = {}
    unserved: dict[str, None] = {}
    for recipient in sorted(recipients, key=lambda resolved: (resolved.agency.code, resolved.as_sent)):
        code = recipient.agency.code
        member = directory.member_for(code, at)
        if member is None:
            unserved[code] = None
        elif code not in deliveries:
            deliveries[code] = Delivery(
                code=code, as_sent=recipient.as_sent, member=member.id, queue=member.queue
            )
    if unserved:
        raise RecipientNotConnected(codes=tuple(unserved))
    return tuple(deliveries.values())
