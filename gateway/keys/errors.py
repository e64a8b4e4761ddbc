"""What can be wrong with the gateway's own keys, told to the operator at the start, and what a sender hears meanwhile.

GatewayError
├── KeyFileExposedError       keys.file_exposed
├── KeyFileForeignError       keys.file_foreign
├── KeyFileUnusableError      keys.file_unusable
├── BadTokenAddressError      keys.bad_token_address
├── TokenModuleError          keys.token_module
├── TokenUnavailableError     keys.token_unavailable
├── PinRefusedError           keys.pin_refused
└── CannotSignError           receipt.cannot_sign          (retry)

Invariant: no text and no fact holds a PIN or a part of a private key.
"""

from __future__ import annotations

from gateway.errors import GatewayError


class KeyFileExposedError(GatewayError):
    """Others than its owner may read or change a file that holds a secret."""

    code = "keys.file_exposed"
    vi = "Tệp bí mật {path} có quyền {mode}: người dùng khác đọc hoặc sửa được."
    en = "The secret file {path} has mode {mode}: other users can read or change it."
    fix_vi = "Chạy: chmod 400 {path}; nếu người khác có thể đã đọc, hãy thay khóa."
    fix_en = "Run: chmod 400 {path}; if somebody else may have read it, replace the key."


class KeyFileForeignError(GatewayError):
    """A file that holds a secret belongs to another user than the one who runs the gateway."""

    code = "keys.file_foreign"
    vi = "Tệp bí mật {path} thuộc về người dùng số {owner}, không phải người chạy cổng (số {user})."
    en = "The secret file {path} belongs to user {owner}, not to the one who runs the gateway (user {user})."
    fix_vi = "Chạy: chown {user} {path}, rồi chmod 400 {path}."
    fix_en = "Run: chown {user} {path}, then chmod 400 {path}."


class KeyFileUnusableError(GatewayError):
    """A file does not hold what it should, or cannot be read."""

    code = "keys.file_unusable"
    vi = "Không dùng được tệp khóa {path}: {reason}."
    en = "The key file {path} cannot be used: {reason}."
    fix_vi = "Đặt vào đó khóa Ed25519 dạng PEM (PKCS #8), không mật khẩu; hoặc khôi phục từ bản sao lưu."
    fix_en = "Put an Ed25519 key there, as PEM (PKCS #8) without a password, or restore it from the backup."


class BadTokenAddressError(GatewayError):
    """The address of a key on a token cannot be read."""

    code = "keys.bad_token_address"
    vi = "Địa chỉ khóa trong thiết bị không hợp lệ: {reason}."
    en = "The address of the key on the token is not valid: {reason}."
    fix_vi = (
        "Dạng đúng: pkcs11:token=…;object=…?module-path=/đường/dẫn.so&pin-source=file:/đường/dẫn (RFC 7512)."
    )
    fix_en = "Write it as pkcs11:token=…;object=…?module-path=/path.so&pin-source=file:/path (RFC 7512)."


class TokenModuleError(GatewayError):
    """The library of the token, or Python's binding to such libraries, is not there or does not work."""

    code = "keys.token_module"
    vi = "Không dùng được thư viện PKCS #11 {module}: {reason}."
    en = "The PKCS #11 library {module} cannot be used: {reason}."
    fix_vi = "Kiểm tra module-path; cài phần phụ trợ bằng: pip install 'vanthu[hsm]'."
    fix_en = "Check module-path, and install what it needs: pip install 'vanthu[hsm]'."


class TokenUnavailableError(GatewayError):
    """The token, or the key on it, is not there or does not work."""

    code = "keys.token_unavailable"
    vi = "Không dùng được khóa {object} trong thiết bị {token}: {reason}."
    en = "The key {object} on token {token} cannot be used: {reason}."
    fix_vi = "Cắm lại thiết bị và kiểm tra nhãn; khóa phải là Ed25519, có cả phần công khai."
    fix_en = (
        "Plug the token in and check the labels; the key must be Ed25519, with its public half beside it."
    )


class PinRefusedError(GatewayError):
    """The token refuses the PIN."""

    code = "keys.pin_refused"
    vi = "Thiết bị {token} không nhận mã PIN trong {source}: {reason}."
    en = "The token {token} does not take the PIN in {source}: {reason}."
    fix_vi = "Sửa mã PIN trong tệp đó trước khi thử lại: sai nhiều lần thì thiết bị bị khóa."
    fix_en = "Correct the PIN in that file before the next try: a token locks after a few wrong ones."


class CannotSignError(GatewayError):
    """The gateway cannot sign a receipt now; what the receipt would say is stored and stays so."""

    code = "receipt.cannot_sign"
    retry = True
    vi = "Tạm thời chưa ký được biên nhận; quyết định về văn bản đã được ghi và không thay đổi."
    en = "The receipt cannot be signed right now; what was decided about the document is recorded and stays so."
    fix_vi = "Gửi lại đúng yêu cầu này sau ít phút: sẽ nhận được câu trả lời đầu tiên kèm biên nhận."
    fix_en = "Send the same request again in a few minutes: it gets the first answer, with the receipt."
