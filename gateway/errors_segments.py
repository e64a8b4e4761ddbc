"""What is said where a document in pieces is not all here.

GatewayError
└── SegmentsMissingError     axis.segments_missing     (retry)
"""

from __future__ import annotations

from gateway.errors import GatewayError


class SegmentsMissingError(GatewayError):
    """An envelope came before all pieces of its document; facts: sha256, present, count."""

    code = "axis.segments_missing"
    retry = True
    vi = "Mới nhận được {present} trên {count} phần của nội dung {sha256}."
    en = "Only {present} of the {count} pieces of the body {sha256} are here."
    fix_vi = "Không cần làm gì: cổng gửi sẽ gửi lại toàn bộ; các phần đã nhận được giữ lại."
    fix_en = "Nothing to do: the sending gateway sends all of it again; what is here is kept."
