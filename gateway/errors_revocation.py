"""What the gateway refuses about revocation lists that are handed in.

GatewayError
└── OlderListError                trust.older_list
"""

from __future__ import annotations

from gateway.errors import GatewayError


class OlderListError(GatewayError):
    """Something newer is held."""

    code = "trust.older_list"
    vi = "Đang giữ bản mới hơn của {issuer}: bản này {found}, bản đang giữ {held}."
    en = "Something newer of {issuer} is held: this is {found}, held is {held}."
    fix_vi = "Lấy danh sách thu hồi mới nhất; bản cũ không bao giờ thay bản mới."
    fix_en = "Get the newest list; an older one never replaces a newer one."
