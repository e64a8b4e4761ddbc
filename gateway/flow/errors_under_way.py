"""What is said where an addressee's code ended while a document was under way, its deadline has passed, or it cannot be found.

GatewayError
├── DeadlineInPastError        intake.deadline_passed
├── LeftQueueError             axis.left_queue                  (retry)
├── NothingHeldError           registry.nothing_held
├── UnknownDeliveryError       axis.unknown_delivery
└── UnusableSuccessorError     registry.unusable_successor
"""

from __future__ import annotations

from gateway.errors import GatewayError


class DeadlineInPastError(GatewayError):
    """The deadline that the caller named for a message has passed; facts: deadline, now."""

    code = "intake.deadline_passed"
    vi = "Hạn gửi {deadline} đã qua; bây giờ là {now} theo đồng hồ của cơ sở dữ liệu."
    en = "The deadline {deadline} has passed; by the database's clock it is {now}."
    fix_vi = "Gửi lại với Vanthu-Deliver-By ở tương lai, hoặc bỏ tiêu đề này để dùng hạn mặc định."
    fix_en = "Send it again with a Vanthu-Deliver-By in the future, or without one for the default."


class LeftQueueError(GatewayError):
    """A document came to a queue that its addressee has left; it gets no receipt, so that its sender sends it anew."""

    code = "axis.left_queue"
    retry = True
    vi = "Cơ quan {recipient} không còn nhận văn bản ở hàng đợi này."
    en = "{recipient} does not get its documents from this queue any more."
    fix_vi = "Không cần làm gì: cổng gửi sẽ gửi tới nơi kế thừa hoặc tạm giữ văn bản."
    fix_en = "Nothing to do: the sending gateway sends it to the successor, or holds it."


class NothingHeldError(GatewayError):
    """Nothing that was sent to this code waits for a decision; facts: code."""

    code = "registry.nothing_held"
    vi = "Không có văn bản nào gửi tới mã “{code}” đang tạm giữ."
    en = "Nothing that was sent to the code “{code}” is held."
    fix_vi = "Xem danh sách việc chờ: vanthu registry tasks."
    fix_en = "See what waits: vanthu registry tasks."


class UnknownDeliveryError(GatewayError):
    """Its sender has a receipt for a delivery that is not here; facts: delivery."""

    code = "axis.unknown_delivery"
    vi = "Cổng gửi hỏi về lượt gửi {delivery} đã có biên nhận, nhưng cơ sở dữ liệu ở đây không có."
    en = "The sending gateway asks about delivery {delivery}, for which it has a receipt; it is not in the database here."
    fix_vi = (
        "Nếu cơ sở dữ liệu vừa được khôi phục từ bản sao lưu cũ, hãy đề nghị bên gửi gửi lại văn bản này. Nếu không, "
        "một cổng trước đây của nơi nhận đã nhận nó: loại bỏ thông điệp."
    )
    fix_en = (
        "If the database was restored from an older backup, ask the sender to send this document anew. If not, a gateway "
        "that served the addressee before has taken it: discard the letter."
    )


class UnusableSuccessorError(GatewayError):
    """The code chosen cannot take documents over now; facts: code, reason_vi, reason_en."""

    code = "registry.unusable_successor"
    vi = "Không thể chuyển văn bản tới mã “{code}”: {reason_vi}."
    en = "Documents cannot go to the code “{code}”: {reason_en}."
    fix_vi = "Chọn một mã đang hoạt động và đã có hệ thống kết nối."
    fix_en = "Choose a code that is active and served by a connected system."
