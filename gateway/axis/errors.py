"""What the axis cannot do, in words for the operator's log and the readiness probe; never with a credential in them.

AxisError
├── AxisUnreachableError    no usable connection: refused, not answering, blocked or closed
├── QueuesSilentError       queues do not answer, although the broker does
├── ChannelSpoiledError     a channel refuses what the queue takes from others
├── QueueGoneError          a queue that was declared is not there any more
├── QueueConflictError      a queue or exchange exists with other properties than ours
└── TopologyMissingError    axis.topology_missing: queues or exchanges are not there, and this account may not make them

Of `vanthu axis topology`: TooManyQueuesError (axis.too_many_queues), BrokerRefusedError (axis.broker_refused).
"""

from __future__ import annotations

from gateway.errors import GatewayError
from gateway.ports import QueuesMissingError, UnavailableError


class AxisError(UnavailableError):
    """Base: the axis could not be used."""


class AxisUnreachableError(AxisError):
    """There is no usable connection to the broker; a later try may succeed."""


class QueuesSilentError(AxisError):
    """Queues do not answer, although the broker does: they have lost their leader, or too many of their nodes."""

    def __init__(self, queues: frozenset[str]) -> None:
        more = f" (and {len(queues) - 1} more)" if len(queues) > 1 else ""
        super().__init__(
            f"the broker has the queue {min(queues)}, but that does not answer{more}: see axis_queue_silent"
        )
        self.queues = queues


class ChannelSpoiledError(AxisError):
    """A channel refuses messages for a queue that takes them from others; a new channel helps."""


class QueueGoneError(AxisError):
    """A queue that was declared is not there any more: somebody deleted it."""


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


class TooManyQueuesError(GatewayError):
    """An account would need a pattern that the broker does not take."""

    code = "axis.too_many_queues"
    vi = "Tài khoản “{user}” cần đọc {count} hàng đợi, nhiều hơn mức một quyền trên trục ghi được."
    en = "The account “{user}” would read {count} queues, more than a permission of the broker can name."
    fix_vi = "Chia các hệ thống kết nối cho nhiều cổng, hoặc đặt tên hàng đợi ngắn hơn."
    fix_en = "Divide the members among several gateways, or give their queues shorter names."


class BrokerRefusedError(GatewayError):
    """The broker's management API did not do what it was asked."""

    code = "axis.broker_refused"
    vi = "Giao diện quản trị của trục không thực hiện “{what}”: {reason}."
    en = "The broker's management API did not do “{what}”: {reason}."
    fix_vi = (
        "Kiểm tra địa chỉ --management, tên và mật khẩu quản trị, và plugin rabbitmq_management trên trục."
    )
    fix_en = "Check the address --management, the administrator's name and password, and the plugin rabbitmq_management."
