"""What is refused about other gateways, beside `gateway.errors`.

GatewayError
└── PeerError
    ├── PeerKeyUnreadableError        peer.key_unreadable
    ├── PeerKeyForeignError           peer.key_foreign
    ├── OwnGatewayError               peer.own_gateway
    └── GatewayUnknownError           peer.gateway_unknown
"""

from __future__ import annotations

from gateway.errors import GatewayError


class PeerError(GatewayError):
    """Base: a change about other gateways that is not made."""


class PeerKeyUnreadableError(PeerError):
    """What was given is no verifier key; facts: reason."""

    code = "peer.key_unreadable"
    vi = "Khóa kiểm tra của cổng không đọc được: {reason}."
    en = "The gateway's verifier key cannot be read: {reason}."
    fix_vi = "Lấy khóa bằng vanthu peer key --url CỔNG-KIA và chép nguyên vẹn cả dòng."
    fix_en = "Get it with vanthu peer key --url THAT-GATEWAY, and copy the whole line."


class PeerKeyForeignError(PeerError):
    """The key is not that with which this gateway signs what it sends; facts: found, expected."""

    code = "peer.key_foreign"
    vi = "Khóa mang tên “{found}”, không phải “{expected}”."
    en = "The key is named “{found}” and not “{expected}”."
    fix_vi = "Dùng khóa có mục đích “axis” của đúng cổng đó (vanthu peer key), hoặc sửa tên cổng."
    fix_en = "Use the key of that very gateway with the purpose “axis” (vanthu peer key), or correct the gateway's name."


class OwnGatewayError(PeerError):
    """A gateway is no peer of itself; facts: gateway."""

    code = "peer.own_gateway"
    vi = "“{gateway}” là tên của chính cổng này."
    en = "“{gateway}” is the name of this gateway itself."
    fix_vi = "Đăng ký cổng kia; khóa của chính cổng này được tin cậy sẵn."
    fix_en = "Register the other gateway; this one believes its own key anyway."


class GatewayUnknownError(PeerError):
    """A system cannot be given to a gateway that is not known here; facts: gateway, known."""

    code = "peer.gateway_unknown"
    vi = "Cổng này không biết cổng “{gateway}”; các cổng đã biết: {known}."
    en = "The gateway “{gateway}” is not known here; known are: {known}."
    fix_vi = "Đăng ký cổng đó trước (vanthu peer add), hoặc sửa tên cổng của hệ thống."
    fix_en = "Register that gateway first (vanthu peer add), or correct the name of the system's gateway."
