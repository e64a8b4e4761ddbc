"""What can go wrong when codes are resolved, actors are bound to agencies, and documents are routed.

::

    RoutingError
    ├── CodeError                  a code in a document leads to no agency
    │   ├── MalformedCode          registry.malformed_code
    │   ├── UnknownCode            registry.unknown_code
    │   ├── CodeClosed             registry.code_closed
    │   ├── CodeNotYetValid        registry.code_not_yet_valid
    │   └── RegistryEmpty          registry.empty                      could not decide: retry
    ├── BindingError               somebody acts for an agency they are not bound to
    │   ├── SignerNotBound         access.signer_not_bound
    │   └── CallerNotBound         access.sender_not_bound
    ├── RecipientNotConnected      routing.recipient_not_connected
    └── RegistryError              the registry's own content is not acceptable
        ├── RegistryInconsistent   registry.inconsistent
        ├── FileFault              one fault of a list of agencies
        │   ├── BadFile            registry.bad_file
        │   └── BadRow             registry.bad_row
        └── RegistryFileErrors     registry.file_refused               holds every FileFault

The errors of the routing log are in ``errors_log``. Invariants: ``code`` is stable; ``retry`` is False
where the answer is a refusal and True where no decision was possible; every string in ``facts`` is at most
80 printable characters, so that a hostile code can neither fill a log nor disguise itself in one, except
those named ``…_vi`` and ``…_en``, which are sentences of ours. ``vi``, ``en``, ``fix_vi`` and ``fix_en``
are templates that `str.format` completes from ``facts`` alone.
"""

from enum import Enum
from typing import ClassVar

FACT_LENGTH = 80


def printable(text: str) -> str:
    """Return `text` cut to 80 characters, each character that cannot be seen written as its code point."""
    if len(text) <= FACT_LENGTH and text.isprintable():
        return text
    shown = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text[: FACT_LENGTH + 1])
    return shown if len(shown) <= FACT_LENGTH else shown[: FACT_LENGTH - 1] + "…"


class Listing(tuple[str, ...]):
    """Several short strings that print as one comma-separated phrase, or as a dash when there are none."""

    __slots__ = ()

    def __str__(self) -> str:
        """Return the strings joined by commas."""
        return ", ".join(self) or "–"

    def __format__(self, spec: str) -> str:
        """Format the joined strings, so that message templates need no special case."""
        return format(str(self), spec)


def _fact(name: str, value: object) -> object:
    if isinstance(value, str):
        return value if name.endswith(("_vi", "_en")) else printable(value)
    if isinstance(value, tuple):
        return Listing(printable(str(item)) for item in value)
    return value


class RoutingError(Exception):
    """Anything that this package refuses or cannot decide."""

    code: ClassVar[str] = "routing.error"
    retry: ClassVar[bool] = False
    vi: ClassVar[str] = "Không định tuyến được văn bản."
    en: ClassVar[str] = "The document cannot be routed."
    fix_vi: ClassVar[str] = "Liên hệ đơn vị vận hành và nêu mã lỗi."
    fix_en: ClassVar[str] = "Contact the operator and quote the error code."

    def __init__(self, *, xpath: str | None = None, line: int | None = None, **facts: object) -> None:
        self.xpath = xpath
        self.line = line
        self.facts: dict[str, object] = {name: _fact(name, value) for name, value in facts.items()}
        super().__init__()

    def __str__(self) -> str:
        """Return the English message."""
        return self.en.format(**self.facts)


class CodeError(RoutingError):
    """A code written in a document leads to no agency that exists at that moment."""


class MalformedCode(CodeError):
    """The text is no agency code in any grammar; facts: code, nearest, reason, reason_vi, reason_en."""

    code = "registry.malformed_code"
    vi = "{reason_vi}"
    en = "{reason_en}"
    fix_vi = "Sửa mã theo Quyết định 20/2020/QĐ-TTg. Mã gần giống: {nearest}."
    fix_en = "Write the code as QĐ 20/2020 defines it. Similar codes: {nearest}."


class UnknownCode(CodeError):
    """The code is well formed, but no agency has ever had it; facts: code, nearest."""

    code = "registry.unknown_code"
    vi = "Không có cơ quan nào mang mã định danh “{code}”."
    en = "No agency has the code “{code}”."
    fix_vi = "Tra lại danh mục cơ quan rồi gửi lại. Mã gần giống: {nearest}."
    fix_en = "Look the code up in the directory of agencies and send again. Similar codes: {nearest}."


class CodeClosed(CodeError):
    """The agency's code is no longer in force; facts: code, name, since, successors."""

    code = "registry.code_closed"
    vi = "Mã “{code}” ({name}) đã đóng từ {since}."
    en = "The code “{code}” ({name}) has been closed since {since}."
    fix_vi = "Dùng mã của cơ quan kế thừa: {successors}."
    fix_en = "Use the code of the agency that took over: {successors}."


class CodeNotYetValid(CodeError):
    """The agency exists only from a later moment; facts: code, name, valid_from."""

    code = "registry.code_not_yet_valid"
    vi = "Mã “{code}” ({name}) chỉ có hiệu lực từ {valid_from}."
    en = "The code “{code}” ({name}) is valid only from {valid_from}."
    fix_vi = "Gửi lại sau thời điểm đó, hoặc dùng mã đang có hiệu lực."
    fix_en = "Send again after that moment, or use the code in force now."


class RegistryEmpty(CodeError):
    """The registry holds no agency at all, so nothing can be said of any code; facts: code."""

    code = "registry.empty"
    retry = True
    vi = "Chưa kiểm tra được mã “{code}”: danh mục cơ quan đang trống."
    en = "The code “{code}” cannot be judged: the registry holds no agencies."
    fix_vi = "Gửi lại sau. Đơn vị vận hành cần nạp danh mục cơ quan."
    fix_en = "Send again later. The operator has to load the list of agencies."


class BindingError(RoutingError):
    """Somebody acts for an agency that they are not bound to."""


class SignerNotBound(BindingError):
    """The certificate is not the agency's; facts: agency, named, needed, reason, reason_vi, reason_en."""

    code = "access.signer_not_bound"
    vi = (
        "Chứng thư số của người ký không phải của cơ quan {agency}: {reason_vi}. "
        "Chứng thư ghi: {named}; cần có: {needed}."
    )
    en = (
        "The signer's certificate is not that of agency {agency}: {reason_en}. "
        "It names: {named}; needed: {needed}."
    )
    fix_vi = (
        "Ký bằng chứng thư số của chính cơ quan gửi, hoặc đề nghị quản trị danh mục đăng ký chứng thư này."
    )
    fix_en = (
        "Sign with the sending agency's own certificate, or ask the code administrators to register this one."
    )


class CallerNotBound(BindingError):
    """The connected system does not serve the sending agency; facts: agency, caller, serves, reason, reason_vi, reason_en."""

    code = "access.sender_not_bound"
    vi = "Hệ thống “{caller}” không được gửi thay cơ quan {agency}: {reason_vi}."
    en = "The system “{caller}” may not send for agency {agency}: {reason_en}."
    fix_vi = "Gửi từ hệ thống phục vụ cơ quan này. Hệ thống “{caller}” phục vụ các mã: {serves}."
    fix_en = "Send from the system that serves this agency. The system “{caller}” serves the codes: {serves}."


class RecipientNotConnected(RoutingError):
    """No connected system serves one or more recipients; facts: codes."""

    code = "routing.recipient_not_connected"
    vi = "Chưa có hệ thống kết nối nào phục vụ nơi nhận: {codes}."
    en = "No connected system serves the recipients: {codes}."
    fix_vi = "Gửi các nơi nhận này bằng cách khác, hoặc đợi hệ thống của họ kết nối."
    fix_en = "Reach these recipients in another way, or wait until their system is connected."


class RegistryError(RoutingError):
    """The registry's own content cannot be accepted."""


class RegistryInconsistent(RegistryError):
    """Agencies or members contradict each other; facts: about, reason_vi, reason_en."""

    code = "registry.inconsistent"
    vi = "Danh mục mâu thuẫn tại “{about}”: {reason_vi}."
    en = "The registry contradicts itself at “{about}”: {reason_en}."
    fix_vi = "Sửa mục này rồi nạp lại; danh mục đang dùng không thay đổi."
    fix_en = "Correct this item and load again; the registry in use is unchanged."


class RegistryFault(Enum):
    """What can be wrong with a list of agencies or with a cell in it, in Vietnamese and English."""

    NOT_UTF8 = "không phải UTF-8", "it is not UTF-8"
    WORKBOOK = "đây là tệp Excel, không phải CSV", "it is an Excel workbook, not CSV"
    DELIMITER = "các cột không phân cách bằng dấu phẩy", "its columns are not separated by commas"
    QUOTES = "dấu ngoặc kép không khép đúng", "its quotation marks do not match"
    EMPTY = "không có cơ quan nào trong tệp", "it names no agencies"
    UNKNOWN_COLUMN = "không có cột mang tên này trong định dạng", "the format has no column of this name"
    MISSING_COLUMN = "thiếu cột bắt buộc", "a required column is missing"
    REPEATED_COLUMN = "cột xuất hiện hai lần", "a column appears twice"
    FIELD_COUNT = "số ô khác với dòng tiêu đề", "the number of cells differs from the header"
    INVISIBLE = "có ký tự không nhìn thấy được", "it contains characters that cannot be seen"
    GRAMMAR = "không đúng cấu trúc mã định danh", "it does not follow the grammar of agency codes"
    OLD_FORM = (
        "phải dùng mã theo QĐ 20/2020, không dùng dạng cũ",
        "use the QĐ 20/2020 code, not the older form",
    )
    DUPLICATE_CODE = "mã trùng với dòng khác", "another row has the same code"
    DUPLICATE_ALIAS = (
        "mã cũ trùng với một mã khác trong tệp",
        "the older form is also another code in the file",
    )
    EMPTY_NAME = "thiếu tên cơ quan", "the agency has no name"
    FORMULA = "tên bắt đầu như một công thức bảng tính", "the name begins like a spreadsheet formula"
    BAD_KIND = "loại cơ quan phải là một từ thường không dấu", "the kind has to be one lower-case ASCII word"
    BAD_DATE = "không phải thời điểm ISO 8601 có múi giờ", "it is not an ISO 8601 time with a zone"
    BAD_CERTIFICATE = "không phải 64 chữ số thập lục phân", "it is not 64 hexadecimal digits"
    MISSING_PARENT = "cơ quan cấp trên không có trong tệp", "the parent is not in the file"
    PARENT_CYCLE = "cơ quan là cấp trên của chính mình", "the agency is its own ancestor"


class FileFault(RegistryError):
    """One fault of a list of agencies; facts: row (0 = none), column, value, reason, reason_vi, reason_en."""

    def __init__(self, fault: RegistryFault, *, row: int = 0, column: str = "–", value: str = "") -> None:
        self.fault = fault
        self.row = row
        vi, en = fault.value
        super().__init__(
            row=row, column=column, value=value, reason=fault.name.lower(), reason_vi=vi, reason_en=en
        )


class BadFile(FileFault):
    """A fault of the file as a whole, or of its header."""

    code = "registry.bad_file"
    vi = "Không đọc được tệp danh mục: {reason_vi}."
    en = "The list of agencies cannot be read: {reason_en}."
    fix_vi = "Lưu tệp dạng CSV UTF-8, phân cách bằng dấu phẩy, có dòng tiêu đề, rồi nạp lại."
    fix_en = "Save the file as CSV UTF-8, separated by commas, with a header line, and load it again."


class BadRow(FileFault):
    """A fault in one row; the header is row 1."""

    code = "registry.bad_row"
    vi = "Dòng {row}, cột {column}, giá trị “{value}”: {reason_vi}."
    en = "Row {row}, column {column}, value “{value}”: {reason_en}."
    fix_vi = "Sửa dòng này rồi nạp lại cả tệp."
    fix_en = "Correct this row and load the whole file again."


class RegistryFileErrors(RegistryError):
    """A file that was refused as a whole; `faults` holds every fault found, in the order of the file."""

    code = "registry.file_refused"
    vi = "Tệp danh mục bị từ chối: {count} lỗi. Không có cơ quan nào được nạp. Lỗi đầu tiên: {first_vi}"
    en = "The list of agencies is refused: {count} faults. No agency was loaded. The first: {first_en}"
    fix_vi = "Sửa tất cả các dòng nêu trong danh sách lỗi rồi nạp lại cả tệp."
    fix_en = "Correct every row in the list of faults and load the whole file again."

    def __init__(self, faults: tuple[FileFault, ...]) -> None:
        self.faults = faults
        facts = faults[0].facts
        super().__init__(
            count=len(faults),
            first_vi=faults[0].vi.format(**facts),
            first_en=faults[0].en.format(**facts),
        )
