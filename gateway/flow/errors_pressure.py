"""Why no document is taken right now although nothing is wrong with it: a limit is reached, and it is said before a body is read.

GatewayError
├── OutboxFullError               pressure.outbox_rows           (retry)
├── OwedBytesError                pressure.outbox_bytes          (retry)
├── DiskReserveError              pressure.disk_reserve          (retry)
├── LogBehindError                pressure.log_behind            (retry)
├── TooManyRequestsError          pressure.too_many_requests     (retry)
└── StorageFullError              pressure.storage_full          (retry)
"""

from __future__ import annotations

from gateway.errors import GatewayError


class OutboxFullError(GatewayError):
    """As many deliveries as may be are owed to the axis, which does not take them."""

    code = "pressure.outbox_rows"
    retry = True
    vi = "Hàng chờ gửi đã đầy: {found} lượt gửi, giới hạn {limit}."
    en = "The outbox is full: {found} deliveries, the limit is {limit}."
    fix_vi = "Gửi lại sau thời gian ghi ở Retry-After; chưa có gì được lưu. Đơn vị vận hành: kiểm tra trục liên thông."
    fix_en = "Send it again after the time in Retry-After; nothing was stored. Operator: see why the axis takes nothing."


class OwedBytesError(GatewayError):
    """The bodies that are owed to the axis have as many bytes as they may."""

    code = "pressure.outbox_bytes"
    retry = True
    vi = "Dung lượng văn bản chờ gửi đã đến giới hạn: {found} byte, giới hạn {limit}."
    en = "The documents that wait to be sent have {found} bytes, the limit is {limit}."
    fix_vi = "Gửi lại sau thời gian ghi ở Retry-After; chưa có gì được lưu. Đơn vị vận hành: kiểm tra trục liên thông."
    fix_en = "Send it again after the time in Retry-After; nothing was stored. Operator: see why the axis takes nothing."


class DiskReserveError(GatewayError):
    """A disk has only its reserve left, which is for what was accepted already."""

    code = "pressure.disk_reserve"
    retry = True
    vi = "Đĩa sắp đầy: còn {found} byte, phải giữ lại {limit}."
    en = "The disk is nearly full: {found} bytes are free, {limit} are kept in reserve."
    fix_vi = "Gửi lại sau thời gian ghi ở Retry-After; chưa có gì được lưu. Đơn vị vận hành: giải phóng hoặc thêm dung lượng."
    fix_en = "Send it again after the time in Retry-After; nothing was stored. Operator: free some space, or add some."


class LogBehindError(GatewayError):
    """Entries of the routing log wait for their place longer than receipts promise."""

    code = "pressure.log_behind"
    retry = True
    vi = "Nhật ký định tuyến chậm: bản ghi cũ nhất đã chờ {found} giây, giới hạn {limit}."
    en = "The routing log is behind: its oldest entry has waited for {found} seconds, the limit is {limit}."
    fix_vi = "Gửi lại sau thời gian ghi ở Retry-After; chưa có gì được lưu. Đơn vị vận hành: xem loop_failed của vòng “sequence”."
    fix_en = "Send it again after the time in Retry-After; nothing was stored. Operator: see loop_failed of the loop “sequence”."


class TooManyRequestsError(GatewayError):
    """One token sends more documents a second than it may."""

    code = "pressure.too_many_requests"
    retry = True
    vi = "Gửi quá nhanh: mỗi mã truy cập được gửi {limit} văn bản mỗi giây."
    en = "Too fast: each token may send {limit} documents a second."
    fix_vi = "Gửi lại sau thời gian ghi ở Retry-After và giãn cách các lần gửi; chưa có gì được lưu."
    fix_en = "Send it again after the time in Retry-After, and at a steadier rate; nothing was stored."


class StorageFullError(GatewayError):
    """A disk or the database had no room for what was to be written, so nothing of it stands."""

    code = "pressure.storage_full"
    retry = True
    vi = "Không còn chỗ để ghi, mã tra cứu {reference}."
    en = "There is no room to write, reference {reference}."
    fix_vi = "Gửi lại sau thời gian ghi ở Retry-After; chưa có gì được lưu. Đơn vị vận hành: giải phóng hoặc thêm dung lượng."
    fix_en = "Send it again after the time in Retry-After; nothing was stored. Operator: free some space, or add some."
