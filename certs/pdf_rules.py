"""What a signature inside a PDF must look like, and what may follow it, each with its Vietnamese and English text.

`PdfShapeRule` is about the CMS object (RFC 5652, ETSI EN 319 142-1 §4.1), `PdfChange` about what was added to the file afterwards
(ISO 32000-2 §12.8, §7.5.6): of all changes only more signatures and what keeps them verifiable are harmless. `Obstacle` is why
nothing could be found out.
"""

from certs.rules import Rule


class PdfShapeRule(Rule):
    """What the signature dictionary and the CMS object in it must look like."""

    DICTIONARY = (
        "dictionary",
        "từ điển chữ ký thiếu hoặc sai Contents, ByteRange",
        "its dictionary has no usable Contents and ByteRange",
    )
    SUB_FILTER = (
        "sub_filter",
        "kiểu chữ ký (SubFilter) không được chấp nhận",
        "its kind (SubFilter) is not accepted",
    )
    CMS = (
        "cms",
        "Contents không phải là CMS SignedData mã hóa DER",
        "Contents is not a CMS SignedData in DER",
    )
    TRAILING = ("trailing", "sau CMS có dữ liệu khác 0", "something other than zeros follows the CMS object")
    SIGNER_INFO = ("signer_info", "phải có đúng một SignerInfo", "there must be exactly one SignerInfo")
    ENCAPSULATED = (
        "encapsulated",
        "nội dung ký phải nằm ngoài CMS và có kiểu data",
        "the signed content must be detached and of type data",
    )
    SIGNED_ATTRIBUTES = (
        "signed_attributes",
        "thiếu hoặc lặp thuộc tính đã ký contentType, messageDigest",
        "contentType or messageDigest is not signed, or not once",
    )
    ALGORITHM_PROTECTION = (
        "algorithm_protection",
        "thuật toán khác với thuật toán đã được ký (RFC 6211)",
        "the algorithms are not those that were signed (RFC 6211)",
    )
    CERTIFICATE_COUNT = (
        "certificate_count",
        "CMS có quá nhiều chứng thư số",
        "the CMS object holds too many certificates",
    )


class PdfChange(Rule):
    """What became of the file after a signature; all but the first two speak against it."""

    NONE = ("none", "không có gì được thêm", "nothing was added")
    ARCHIVAL = (
        "archival",
        "chỉ thêm chữ ký, dấu thời gian hoặc dữ liệu kiểm tra",
        "only signatures, time stamps or validation data were added",
    )
    FORM_FILLING = ("form_filling", "biểu mẫu đã được điền hoặc sửa", "form fields were filled in or changed")
    OTHER = ("other", "nội dung đã bị thêm, sửa hoặc xóa", "content was added, changed or removed")
    EMPTY_FIELD = (
        "empty_field",
        "có ô chữ ký mới nhưng chưa ký, có thể che nội dung",
        "a signature field was added that nobody signed and that may hide content",
    )
    APPENDED = (
        "appended",
        "có dữ liệu nối thêm ngoài các bản cập nhật PDF",
        "octets were appended that belong to no update of the PDF",
    )
    PERMISSIONS = (
        "permissions",
        "có thay đổi mà chữ ký chứng nhận (DocMDP, FieldMDP) cấm",
        "a change was made that the signature forbids (DocMDP, FieldMDP)",
    )
    UNREADABLE = (
        "unreadable",
        "cấu trúc PDF có lỗi nên không so sánh được các phiên bản",
        "the PDF has faults, so that its revisions cannot be compared",
    )


HARMLESS = frozenset({PdfChange.NONE, PdfChange.ARCHIVAL})


class Obstacle(Rule):
    """Why a PDF could not be examined."""

    TIME = ("time", "quá thời gian cho phép", "it took too long")
    MEMORY = ("memory", "cần quá nhiều bộ nhớ", "it needed too much memory")
    CRASH = ("crash", "tiến trình kiểm tra dừng bất thường", "the examining process ended")
    SIZE = ("size", "tệp hoặc số chữ ký quá lớn", "the file, or what was found in it, is too large")
    ERROR = ("error", "phần mềm gặp lỗi với tệp này", "the software failed on this file")
    ABSENT = ("absent", "không khởi động được tiến trình kiểm tra", "the examining process did not start")
    CHANGED = ("changed", "tệp bị thay đổi trong khi kiểm tra", "the file changed while it was examined")
