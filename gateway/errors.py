"""What the running service itself refuses: access, the request, and contradictions with what was accepted before.

GatewayError
├── BodyTooLargeError             request.body_too_large
├── LengthMissingError            request.length_missing
├── BodyIncompleteError           request.body_incomplete
├── UnsupportedMediaTypeError     request.unsupported_media_type
├── BadParameterError             request.bad_parameter
├── NotFoundError                 request.not_found
├── MethodNotAllowedError         request.method_not_allowed
├── TokenMissingError             access.token_missing
├── TokenInvalidError             access.token_invalid
├── TokenExpiredError             access.token_expired
├── RoleMissingError              access.role_missing
├── KeyReusedError                intake.key_reused
├── DocumentIdReusedError         intake.document_id_reused
├── SignedViewDiffersError        intake.signed_view_differs
├── EnvelopeError                 axis.bad_envelope
├── PayloadMissingError           axis.payload_missing           (retry)
├── PayloadDiffersError           axis.payload_differs
├── NotAddressedError             axis.not_addressed
├── RegistryBusyError             intake.registry_busy            (retry)
├── OverloadedError               service.overloaded              (retry)
├── DataInUseError                service.data_in_use
└── InternalError                 service.internal_error          (retry)

Each class carries its stable code, Vietnamese and English text and what to do; facts fill the templates. HTTP statuses are in
`gateway/api/problem_status.toml` only.
"""

from __future__ import annotations

from typing import ClassVar


class GatewayError(Exception):
    """Base: a stable code, texts in two languages, and the facts that fill them."""

    code: ClassVar[str]
    level: ClassVar[str] = "refuse"
    retry: ClassVar[bool] = False
    vi: ClassVar[str]
    en: ClassVar[str]
    fix_vi: ClassVar[str]
    fix_en: ClassVar[str]

    def __init__(self, *, xpath: str | None = None, line: int | None = None, **facts: object) -> None:
        self.facts = facts
        self.xpath = xpath
        self.line = line
        super().__init__(self.en.format(**facts))


class BodyTooLargeError(GatewayError):
    """The body is over the limit."""

    code = "request.body_too_large"
    vi = "Nội dung gửi lên vượt quá giới hạn {limit} byte."
    en = "The body is larger than the limit of {limit} bytes."
    fix_vi = "Giảm dung lượng tệp đính kèm hoặc chia thành nhiều văn bản."
    fix_en = "Make the attachments smaller or send several documents."


class LengthMissingError(GatewayError):
    """The request announces no length."""

    code = "request.length_missing"
    vi = "Yêu cầu không có tiêu đề Content-Length."
    en = "The request has no Content-Length header."
    fix_vi = "Gửi lại với Content-Length bằng đúng số byte của nội dung."
    fix_en = "Send it again with Content-Length set to the exact number of bytes."


class BodyIncompleteError(GatewayError):
    """The body ended early or came too slowly."""

    code = "request.body_incomplete"
    vi = "Không nhận đủ nội dung: nhận {received} byte."
    en = "The body did not arrive completely: {received} bytes were received."
    fix_vi = "Gửi lại; chưa có gì được lưu."
    fix_en = "Send it again; nothing was stored."


class UnsupportedMediaTypeError(GatewayError):
    """The content type is none that this resource reads."""

    code = "request.unsupported_media_type"
    vi = "Không đọc được kiểu nội dung “{found}”."
    en = "The content type “{found}” is not read here."
    fix_vi = "Đặt Content-Type là {expected}."
    fix_en = "Set Content-Type to {expected}."


class BadParameterError(GatewayError):
    """A query parameter, header or JSON member has an impossible value."""

    code = "request.bad_parameter"
    vi = "Tham số “{name}” không hợp lệ: {found}."
    en = "The parameter “{name}” is not valid: {found}."
    fix_vi = "Giá trị hợp lệ: {expected}."
    fix_en = "Valid is: {expected}."


class NotFoundError(GatewayError):
    """There is no such thing, or the caller has no part in it; the answer does not tell which."""

    code = "request.not_found"
    vi = "Không tìm thấy {what}."
    en = "There is no {what}."
    fix_vi = "Kiểm tra đường dẫn và mã; chỉ thấy được những gì thuộc về hệ thống của mình."
    fix_en = "Check the path and the id; only what belongs to your own system can be seen."


class MethodNotAllowedError(GatewayError):
    """The resource exists but does not take this method."""

    code = "request.method_not_allowed"
    vi = "Tài nguyên này không nhận phương thức {method}."
    en = "This resource does not take the method {method}."
    fix_vi = "Dùng một trong: {allowed}."
    fix_en = "Use one of: {allowed}."


class TokenMissingError(GatewayError):
    """No bearer token came with the request."""

    code = "access.token_missing"
    vi = "Yêu cầu không kèm mã truy cập."
    en = "The request carries no access token."
    fix_vi = "Gửi tiêu đề “Authorization: Bearer <mã truy cập>”."
    fix_en = "Send the header “Authorization: Bearer <token>”."


class TokenInvalidError(GatewayError):
    """The token is unknown, revoked or malformed; the answer does not tell which."""

    code = "access.token_invalid"
    vi = "Mã truy cập không hợp lệ hoặc đã bị thu hồi."
    en = "The access token is not valid or was revoked."
    fix_vi = "Kiểm tra lại mã truy cập, hoặc xin quản trị viên cấp mã mới."
    fix_en = "Check the token, or ask the administrator for a new one."


class TokenExpiredError(GatewayError):
    """The token was good until a moment that has passed."""

    code = "access.token_expired"
    vi = "Mã truy cập đã hết hạn từ {since}."
    en = "The access token expired at {since}."
    fix_vi = "Xin quản trị viên cấp mã mới."
    fix_en = "Ask the administrator for a new one."


class RoleMissingError(GatewayError):
    """The caller is known but may not do this."""

    code = "access.role_missing"
    vi = "Mã truy cập này không có quyền “{role}”."
    en = "This access token does not have the role “{role}”."
    fix_vi = "Dùng mã truy cập có quyền đó."
    fix_en = "Use a token that has it."


class KeyReusedError(GatewayError):
    """The Idempotency-Key already stands for other bytes."""

    code = "intake.key_reused"
    vi = "Idempotency-Key này đã được dùng cho một nội dung khác, văn bản {message_id}."
    en = "This Idempotency-Key was already used for other bytes, document {message_id}."
    fix_vi = "Mỗi nội dung dùng một khóa riêng; chỉ dùng lại khóa khi gửi lại đúng nội dung cũ."
    fix_en = "Use a new key for each body; repeat a key only to repeat the same bytes."


class DocumentIdReusedError(GatewayError):
    """The same agency already sent other bytes under this DocumentId (NĐ 30/2020, annex VI: ids must not repeat)."""

    code = "intake.document_id_reused"
    vi = "Cơ quan này đã gửi một nội dung khác với cùng DocumentId, văn bản {message_id}."
    en = "This agency already sent other bytes under the same DocumentId, document {message_id}."
    fix_vi = "Đặt DocumentId mới cho văn bản mới."
    fix_en = "Give a new document a new DocumentId."


class SignedViewDiffersError(GatewayError):
    """What a reader would see is not what was signed."""

    code = "intake.signed_view_differs"
    vi = "Nội dung đọc được khác với nội dung đã ký."
    en = "What a reader would see differs from what was signed."
    fix_vi = "Tạo và ký lại văn bản; không sửa tệp sau khi ký."
    fix_en = "Make and sign the document again; do not edit the file after signing."


class EnvelopeError(GatewayError):
    """An envelope that no registered gateway signed, or that makes no sense: it goes to the dead letters."""

    code = "axis.bad_envelope"
    vi = "Phong bì trên trục không hợp lệ: {reason}."
    en = "The envelope on the axis is not valid: {reason}."
    fix_vi = "Kiểm tra khóa của cổng gửi trong danh mục cổng."
    fix_en = "Check the sending gateway's key in the registry of gateways."


class PayloadMissingError(GatewayError):
    """The document named by an envelope is not in the shared payload store (yet)."""

    code = "axis.payload_missing"
    retry = True
    vi = "Không có nội dung {sha256} trong kho chung."
    en = "The body {sha256} is not in the shared payload store."
    fix_vi = "Kiểm tra hai cổng có dùng chung kho nội dung như đã khai báo; cổng gửi sẽ tự gửi lại."
    fix_en = "Check that the gateways share a payload store if they say so; the sender sends again by itself."


class PayloadDiffersError(GatewayError):
    """The bytes that arrived are not the bytes that the sending gateway vouched for."""

    code = "axis.payload_differs"
    vi = "Nội dung nhận được không khớp mã băm {sha256}."
    en = "The bytes that arrived do not have the hash {sha256}."
    fix_vi = "Kiểm tra kho nội dung chung và đường truyền."
    fix_en = "Check the shared payload store and the link."


class NotAddressedError(GatewayError):
    """The document does not name the addressee of its envelope, or its addressee is not served here."""

    code = "axis.not_addressed"
    vi = "Văn bản không gửi cho {recipient}, hoặc cổng này không phục vụ cơ quan đó."
    en = "The document is not addressed to {recipient}, or this gateway does not serve that agency."
    fix_vi = "So sánh danh mục hệ thống kết nối của hai cổng."
    fix_en = "Compare the members in the registries of the two gateways."


class RegistryBusyError(GatewayError):
    """The registry changed again and again while this message was being decided."""

    code = "intake.registry_busy"
    retry = True
    vi = "Danh mục mã định danh đang được cập nhật."
    en = "The registry of agency codes is being updated."
    fix_vi = "Gửi lại sau ít giây; chưa có gì được lưu."
    fix_en = "Send it again in a few seconds; nothing was stored."


class OverloadedError(GatewayError):
    """The gateway cannot take more right now."""

    code = "service.overloaded"
    retry = True
    vi = "Cổng đang quá tải: {reason}."
    en = "The gateway cannot take more right now: {reason}."
    fix_vi = "Gửi lại sau thời gian ghi ở Retry-After; chưa có gì được lưu."
    fix_en = "Send it again after the time in Retry-After; nothing was stored."


class DataInUseError(GatewayError):
    """A second process was started on the same data folder."""

    code = "service.data_in_use"
    vi = "Một tiến trình khác đang dùng thư mục dữ liệu “{folder}”."
    en = "Another process is using the data folder “{folder}”."
    fix_vi = "Dừng tiến trình đó, hoặc đặt VANTHU_DATA là một thư mục khác."
    fix_en = "Stop that process, or set VANTHU_DATA to another folder."


class InternalError(GatewayError):
    """Something broke inside; the details are in the gateway's own log under this reference."""

    code = "service.internal_error"
    retry = True
    vi = "Lỗi nội bộ, mã tra cứu {reference}."
    en = "Internal error, reference {reference}."
    fix_vi = "Gửi lại; nếu lỗi lặp lại, báo đơn vị vận hành kèm mã tra cứu."
    fix_en = "Send it again; if it happens again, give the operator the reference."
