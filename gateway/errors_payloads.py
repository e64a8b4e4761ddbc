"""What keeps big bodies from being stored or read.

GatewayError
└── PayloadsUnavailableError      service.payloads_unavailable  (retry)
"""

from __future__ import annotations

from gateway.errors import GatewayError
from gateway.ports import UnavailableError


class PayloadsUnavailableError(GatewayError, UnavailableError):
    """The object store that holds big bodies does not answer, or does not let us in."""

    code = "service.payloads_unavailable"
    retry = True
    vi = "Không dùng được kho nội dung lớn: {reason}."
    en = "The store of big bodies cannot be used: {reason}."
    fix_vi = "Gửi lại sau; chưa có gì được tiếp nhận. Người vận hành kiểm tra VANTHU_PAYLOADS, khóa truy cập và dịch vụ S3."
    fix_en = "Send it again later; nothing was accepted. The operator checks VANTHU_PAYLOADS, its keys and the S3 service."
