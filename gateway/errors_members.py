"""What is refused about connected systems, beside `gateway.errors`.

GatewayError
└── QueueReservedError    axis.queue_reserved
"""

from __future__ import annotations

from gateway.errors import GatewayError


class QueueReservedError(GatewayError):
    """The name is that of another queue's dead letters, which would be taken for documents; facts: found, suffix."""

    code = "axis.queue_reserved"
    vi = "“{found}” không dùng được: tên kết thúc bằng “{suffix}” dành cho hàng đợi thông điệp lỗi của hệ thống khác."
    en = "“{found}” cannot be used: names that end in “{suffix}” are those of other systems' dead-letter queues."
    fix_vi = "Chọn mã hoặc tên hàng đợi không kết thúc bằng “{suffix}”."
    fix_en = "Choose an id, or a queue, whose name does not end in “{suffix}”."
