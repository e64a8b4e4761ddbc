"""What the axis cannot do, in words for the operator's log and the readiness probe; never with a credential in them.

AxisError
├── AxisUnreachableError    no usable connection: refused, not answering, blocked or closed
├── QueueConflictError      a queue or exchange exists with other properties than ours
└── TopologyMissingError    axis.topology_missing: queues or exchanges are not there, and this account may not make them
"""

from __future__ import annotations

from gateway.errors import GatewayError
from gateway.ports import QueuesMissingError, UnavailableError


class AxisError(UnavailableError):
    """Base: the axis could not be used."""


class AxisUnreachableError(AxisError):
    """There is no usable connection to the broker; a later try may succeed."""


class QueueConflictError(AxisError):
    """The broker holds a queue or exchange of this name with other properties; somebody has to decide which are right."""


class TopologyMissingError(GatewayError, AxisError, QueuesMissingError):
    """The broker lacks what the registry calls for, and this gateway's account may not declare it."""

    code = "axis.topology_missing"
    retry = True
    vi = "Trên trục chưa có {missing}, và tài khoản của cổng không được phép tạo."
    en = "The broker lacks {missing}, and this gateway's account may not declare it."
    fix_vi = "Người quản trị trục chạy `vanthu axis topology` rồi nạp kết quả, hoặc chạy với --apply bằng tài khoản có quyền."
    fix_en = (
        "Run `vanthu axis topology` and have the broker's administrator import it, or run it with --apply."
    )
