"""What the store refuses to do, each for a reason that an operator can act on.

::

    StoreError
    ├── UnsupportedDatabaseError    store.unsupported_database
    ├── UnsafeDatabaseError         store.unsafe_database
    ├── UnknownSchemaError          store.unknown_schema
    ├── DatabaseUnavailableError    store.unavailable       (retry)
    ├── OutcomeUnknownError         store.outcome_unknown   (retry)
    ├── StoreClosedError            store.closed            (retry)
    ├── RegistryBusyError           store.registry_busy     (retry)
    ├── LogForkError                store.log_fork
    └── DamagedDatabaseError        store.damaged_database

What a port's contract names (`KeyConflictError`, `StaleRegistryError`, `KeyError`) is raised as such. A
database that cannot be reached or is busy raises SQLAlchemy's own errors; `availability` says what they mean.
"""

from __future__ import annotations

from gateway.errors import GatewayError


class StoreError(GatewayError):
    """Base: something about the database itself."""


class UnsupportedDatabaseError(StoreError):
    """The URL names no database that the gateway can use."""

    code = "store.unsupported_database"
    vi = "Không dùng được cơ sở dữ liệu “{url}”."
    en = "The database “{url}” cannot be used."
    fix_vi = "Đặt sqlite:///đường-dẫn-tới-tệp hoặc postgresql+psycopg://…"
    fix_en = "Set sqlite:///path-to-a-file or postgresql+psycopg://…"


class UnsafeDatabaseError(StoreError):
    """The database is set up so that a power cut could lose what was acknowledged."""

    code = "store.unsafe_database"
    vi = "Cơ sở dữ liệu không an toàn: {setting} = {found}, cần {expected}."
    en = "The database is not safe: {setting} = {found}, {expected} is needed."
    fix_vi = (
        "Sửa cấu hình cơ sở dữ liệu rồi khởi động lại; cổng không chạy với cấu hình có thể làm mất văn bản."
    )
    fix_en = "Correct the database's configuration and start again; the gateway does not run where documents could be lost."


class UnknownSchemaError(StoreError):
    """The schema is of another version of this software, or there is none."""

    code = "store.unknown_schema"
    vi = "Lược đồ cơ sở dữ liệu có phiên bản “{found}”, phần mềm này chỉ biết đến “{expected}”."
    en = "The database's schema is at “{found}”; this software knows “{expected}”."
    fix_vi = "Dùng đúng phiên bản phần mềm đã tạo ra cơ sở dữ liệu, hoặc phiên bản mới hơn."
    fix_en = "Use the version of the software that made the database, or a newer one."


class DatabaseUnavailableError(StoreError):
    """The database does not answer, has no room, or is being started again."""

    code = "store.unavailable"
    retry = True
    vi = "Cơ sở dữ liệu hiện không dùng được."
    en = "The database cannot be used just now."
    fix_vi = "Gửi lại đúng nội dung cũ với cùng Idempotency-Key sau thời gian ghi ở Retry-After."
    fix_en = "Repeat the same request with the same Idempotency-Key after the time in Retry-After."


class OutcomeUnknownError(StoreError):
    """The connection broke during COMMIT, so nobody knows whether the transaction stands."""

    code = "store.outcome_unknown"
    retry = True
    vi = "Mất kết nối cơ sở dữ liệu khi đang ghi; chưa biết đã ghi hay chưa."
    en = "The connection broke during the commit; nobody knows whether it stands."
    fix_vi = "Gửi lại đúng nội dung cũ với cùng Idempotency-Key: nếu đã ghi, cổng trả lại kết quả lần đầu."
    fix_en = (
        "Repeat the same request with the same Idempotency-Key: if it stands, the first answer comes again."
    )


class StoreClosedError(StoreError):
    """A write came after the store was closed."""

    code = "store.closed"
    retry = True
    vi = "Kho dữ liệu đã đóng."
    en = "The store is closed."
    fix_vi = "Gửi lại sau khi cổng khởi động xong; chưa có gì được lưu."
    fix_en = "Try again when the gateway is up again; nothing was stored."


class RegistryBusyError(StoreError):
    """A large change of the registry is being written, and no other can be made meanwhile."""

    code = "store.registry_busy"
    retry = True
    vi = "Một thay đổi lớn của danh bạ đang được ghi; chưa thể thực hiện thay đổi khác."
    en = "A large change of the registry is being written; no other can be made meanwhile."
    fix_vi = "Thử lại sau vài giây; chưa có gì được lưu. Văn bản vẫn được tiếp nhận bình thường."
    fix_en = "Try again in a few seconds; nothing was stored. Documents are accepted all the while."


class LogForkError(StoreError):
    """What is stored of the log contradicts itself: to sign on would fork it."""

    code = "store.log_fork"
    vi = "Nhật ký tại kích thước {size} mâu thuẫn với đầu cây đã ghi: {reason}."
    en = "The log contradicts its recorded head at size {size}: {reason}."
    fix_vi = "Dừng cổng, giữ nguyên cơ sở dữ liệu và kiểm tra bằng “vanthu log verify”; không khôi phục bản sao lưu cũ."
    fix_en = "Stop the gateway, keep the database as it is and run “vanthu log verify”; do not restore an older backup."


class DamagedDatabaseError(StoreError):
    """The database, or the copy handed to an auditor, cannot be read."""

    code = "store.damaged_database"
    vi = "Không đọc được cơ sở dữ liệu: {reason}."
    en = "The database cannot be read: {reason}."
    fix_vi = "Kiểm tra lại tệp và bản sao lưu gần nhất."
    fix_en = "Check the file, and the latest backup."
