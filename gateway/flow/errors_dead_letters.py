"""Why something lies in the dead letters although nobody here judged it, and what cannot be ordered about them.

GatewayError
├── DeliveryLimitError      axis.delivery_limit
├── RejectedOnAxisError     axis.rejected
├── QueueOverflowError      axis.maxlen
├── ExpiredOnAxisError      axis.expired
├── UnknownDeathError       axis.unknown_death
├── NothingDeadError        axis.nothing_dead
└── NothingStuckError       axis.nothing_stuck
"""

from __future__ import annotations

from gateway.errors import GatewayError


class DeliveryLimitError(GatewayError):
    """A message was handed out again and again and never settled: whoever took it ended each time."""

    code = "axis.delivery_limit"
    vi = "Thông điệp đã được giao nhiều lần mà lần nào nơi nhận cũng dừng trước khi xử lý xong."
    en = "The message was handed out again and again, and each time its receiver ended before it was done."
    fix_vi = "Tìm trong nhật ký vận hành vì sao tiến trình nhận dừng, sửa hoặc nâng cấp, rồi gửi lại một thông điệp để thử."
    fix_en = (
        "Find in the telemetry why the receiving process ended, mend or upgrade it, then resend one to try."
    )


class RejectedOnAxisError(GatewayError):
    """A receiver put a message aside, and it is not known why."""

    code = "axis.rejected"
    vi = "Nơi nhận đã từ chối thông điệp; không có lý do nào được ghi lại."
    en = "Its receiver put the message aside; no reason is on record."
    fix_vi = "Xem nhật ký của hệ thống đọc hàng đợi này, rồi gửi lại hoặc loại bỏ."
    fix_en = "Look at what the system that reads this queue says, then resend or discard it."


class QueueOverflowError(GatewayError):
    """A queue was full."""

    code = "axis.maxlen"
    vi = "Hàng đợi đầy."
    en = "The queue was full."
    fix_vi = "Kiểm tra nơi nhận có đang đọc hàng đợi không, rồi gửi lại với tốc độ thấp."
    fix_en = "See whether its receiver reads the queue, then resend at a low rate."


class ExpiredOnAxisError(GatewayError):
    """A message waited longer than the broker was told to keep it."""

    code = "axis.expired"
    vi = "Thông điệp quá thời hạn mà máy chủ hàng đợi được đặt."
    en = "The message waited longer than the broker was told to keep it."
    fix_vi = "Bỏ thời hạn (TTL) đặt trên hàng đợi: cổng không đặt thời hạn nào; rồi gửi lại."
    fix_en = "Take the time limit (TTL) off the queue: the gateway sets none; then resend."


class UnknownDeathError(GatewayError):
    """The broker gives a cause of death that is not known here; facts: died_of."""

    code = "axis.unknown_death"
    vi = "Máy chủ hàng đợi cho biết lý do “{died_of}”."
    en = "The broker gives the cause “{died_of}”."
    fix_vi = "Xem tài liệu của máy chủ hàng đợi về lý do này, rồi gửi lại hoặc loại bỏ."
    fix_en = "See what the broker's documentation says of this cause, then resend or discard it."


class NothingDeadError(GatewayError):
    """No dead letter that was asked for waits."""

    code = "axis.nothing_dead"
    vi = "Không có thông điệp lỗi nào như vậy đang chờ."
    en = "No such dead letter waits."
    fix_vi = "Xem danh sách: vanthu dead-letters list."
    fix_en = "See what waits: vanthu dead-letters list."


class NothingStuckError(GatewayError):
    """No delivery that was asked for keeps failing."""

    code = "axis.nothing_stuck"
    vi = "Không có lượt gửi nào như vậy đang thất bại nhiều lần."
    en = "No such delivery keeps failing."
    fix_vi = "Xem danh sách: vanthu dead-letters list."
    fix_en = "See what is stuck: vanthu dead-letters list."
