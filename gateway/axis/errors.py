"""What the axis cannot do, in words for the operator's log and the readiness probe; never with a credential in them.

AxisError
├── AxisUnreachableError    no usable connection: refused, not answering, blocked or closed
└── QueueConflictError      a queue or exchange exists with other properties than ours
"""

from __future__ import annotations

from gateway.ports import UnavailableError


class AxisError(UnavailableError):
    """Base: the axis could not be used."""


class AxisUnreachableError(AxisError):
    """There is no usable connection to the broker; a later try may succeed."""


class QueueConflictError(AxisError):
    """The broker holds a queue or exchange of this name with other properties; somebody has to decide which are right."""
