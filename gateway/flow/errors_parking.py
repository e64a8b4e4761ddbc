"""What is said of documents that could not be decided and are kept.

GatewayError
├── UndecidedTooLongError         intake.undecided_too_long
├── NoRoomToParkError             intake.no_room_to_park         (retry)
└── NotParkedError                intake.not_parked
"""

from __future__ import annotations

from gateway.errors import GatewayError


class UndecidedTooLongError(GatewayError):
    """What was missing did not come in the time for which a document is kept."""

    code = "intake.undecided_too_long"
    vi = "Không thể kết luận trong thời hạn lưu giữ: dữ liệu còn thiếu ({reason}) không đến trước {until}."
    en = "It could not be decided in time: what was missing ({reason}) had not come by {until}."
    fix_vi = "Khi dữ liệu còn thiếu (ví dụ danh sách thu hồi) đã có, gửi lại đúng văn bản này; chưa có gì được chuyển đi."
    fix_en = "Send the same document again once what was missing (a revocation list, say) is there; nothing was delivered."


class NoRoomToParkError(GatewayError):
    """The member has as many documents waiting to be decided as it may."""

    code = "intake.no_room_to_park"
    retry = True
    vi = "Văn bản chưa thể kết luận và không được lưu giữ: hệ thống “{member}” đã có quá nhiều văn bản đang chờ kết luận."
    en = (
        "It could not be decided and was not kept: “{member}” has too many documents that wait to be decided."
    )
    fix_vi = "Gửi lại sau thời gian ghi ở Retry-After, hoặc rút bớt văn bản đang chờ; chưa có gì được lưu."
    fix_en = "Send it again after the time in Retry-After, or withdraw some of those that wait; nothing was stored."


class NotParkedError(GatewayError):
    """A document is to be withdrawn that does not wait to be decided any more."""

    code = "intake.not_parked"
    vi = "Văn bản {message_id} không còn chờ kết luận (trạng thái: {state}) nên không thể rút lại."
    en = "Document {message_id} does not wait to be decided any more (state: {state}), so it cannot be withdrawn."
    fix_vi = "Tra cứu trạng thái; văn bản đã tiếp nhận thì gửi văn bản thu hồi."
    fix_en = "Look its state up; what was accepted is taken back by a recall."
