"""Findings about elements and values that refuse a document (QCVN 102:2016, QĐ 20/2020/QĐ-TTg)."""

from schemas.errors.finding import SchemaError

# Findings are named after the fault; an Error at the end of each name would say nothing more.
# ruff: noqa: N818


class ContentError(SchemaError):
    """The file is XML, but not the message that edXML describes."""

    code = "schema.content"


class WrongNamespace(ContentError):
    """An edXML element is in another namespace. Facts: name, found, about_vi, about_en."""

    code = "schema.wrong_namespace"
    vi = "Phần tử {name} thuộc không gian tên “{found}” ({about_vi})."
    en = "The element {name} is in the namespace “{found}” ({about_en})."
    fix_vi = "Dùng không gian tên http://www.mic.gov.vn/TBT/QCVN_102_2016 cho mọi phần tử edXML."
    fix_en = "Use the namespace http://www.mic.gov.vn/TBT/QCVN_102_2016 for every edXML element."


class WrongRoot(ContentError):
    """The document element is not edXML. Facts: found."""

    code = "schema.wrong_root"
    vi = "Phần tử gốc là “{found}”, không phải edXML."
    en = "The document element is “{found}”, not edXML."
    fix_vi = "Gửi nguyên tệp edXML, không bọc trong phong bì khác và không gửi tệp đính kèm riêng lẻ."
    fix_en = "Send the edXML file itself, not wrapped in another envelope and not a bare attachment."


class MissingElement(ContentError):
    """A required element is absent; the XPath is that of its parent. Facts: name."""

    code = "schema.missing_element"
    vi = "Thiếu phần tử bắt buộc {name}."
    en = "The required element {name} is missing."
    fix_vi = "Bổ sung phần tử {name} vào phần tử được nêu rồi gửi lại."
    fix_en = "Add the element {name} inside the element named by the path and send again."


class RepeatedElement(ContentError):
    """An element that may stand once stands several times. Facts: name, count."""

    code = "schema.repeated_element"
    vi = "Phần tử {name} xuất hiện {count} lần, chỉ được phép một lần."
    en = "The element {name} stands {count} times where only one is allowed."
    fix_vi = "Chỉ giữ lại một phần tử {name}."
    fix_en = "Keep a single element {name}."


class EmptyElement(ContentError):
    """A required element has no content. Facts: name."""

    code = "schema.empty_element"
    vi = "Phần tử bắt buộc {name} không có nội dung."
    en = "The required element {name} is empty."
    fix_vi = "Điền nội dung cho phần tử {name}."
    fix_en = "Fill in the element {name}."


class BadValue(ContentError):
    """A value is not of its kind. Facts: name, value, expected_vi, expected_en."""

    code = "schema.bad_value"
    vi = "Giá trị “{value}” của {name} không hợp lệ, cần {expected_vi}."
    en = "The value “{value}” of {name} is not valid: expected {expected_en}."
    fix_vi = "Sửa giá trị của {name} cho đúng kiểu rồi gửi lại."
    fix_en = "Correct the value of {name} and send again."


class DateInFuture(ContentError):
    """A document claims to be issued after the day on which it is sent. Facts: name, value, today."""

    code = "schema.date_in_future"
    vi = "{name} là {value}, sau ngày hôm nay ({today}, giờ Việt Nam)."
    en = "{name} is {value}, later than today ({today}, Vietnam time)."
    fix_vi = "Kiểm tra ngày ban hành và đồng hồ của máy gửi."
    fix_en = "Check the date of issue and the clock of the sending system."


class BadBase64(ContentError):
    """The content of an attachment is not base64. Facts: content_id."""

    code = "schema.bad_base64"
    own_clause = "RFC 4648, mục 4"
    vi = "Nội dung của tệp đính kèm “{content_id}” không phải là base64 hợp lệ."
    en = "The content of the attachment “{content_id}” is not valid base64."
    fix_vi = "Mã hóa lại tệp đính kèm bằng base64 chuẩn (RFC 4648, mục 4), kể cả dấu “=” ở cuối."
    fix_en = "Encode the attachment again in standard base64 (RFC 4648, section 4), padding included."


class AttachmentMissing(ContentError):
    """The manifest names an attachment that is not in the file. Facts: content_id."""

    code = "schema.attachment_missing"
    vi = "Danh mục nêu tệp đính kèm “{content_id}” nhưng trong tệp không có."
    en = "The manifest names the attachment “{content_id}”, which is not in the file."
    fix_vi = "Đưa tệp đính kèm vào AttachmentEncoded với cùng ContentId, hoặc bỏ khỏi danh mục."
    fix_en = (
        "Put the attachment into AttachmentEncoded under the same ContentId, or take it off the manifest."
    )


class DuplicateContentId(ContentError):
    """Two attachments carry the same ContentId. Facts: content_id."""

    code = "schema.duplicate_content_id"
    vi = "ContentId “{content_id}” được dùng cho nhiều tệp đính kèm."
    en = "The ContentId “{content_id}” is used for more than one attachment."
    fix_vi = "Đặt cho mỗi tệp đính kèm một ContentId riêng."
    fix_en = "Give every attachment a ContentId of its own."


class AttachmentExecutable(ContentError):
    """The content of an attachment is a program, whatever its name. Facts: content_id, name, detected."""

    code = "schema.attachment_executable"
    vi = "Tệp đính kèm “{name}” ({content_id}) là chương trình ({detected}) nên bị từ chối."
    en = "The attachment “{name}” ({content_id}) is a program ({detected}) and is refused."
    fix_vi = "Bỏ tệp này khỏi văn bản rồi gửi lại; không gửi chương trình hay tập lệnh cùng văn bản."
    fix_en = "Take the file out and send the document again; programs and scripts do not belong into one."


class ArchiveRefused(ContentError):
    """A ZIP file is dangerous to unpack or cannot be checked. Facts: content_id, name, reason, reason_vi/en."""

    code = "schema.archive_refused"
    vi = "Tệp đính kèm “{name}” ({content_id}) bị từ chối: {reason_vi}."
    en = "The attachment “{name}” ({content_id}) is refused: {reason_en}."
    fix_vi = (
        "Đính kèm trực tiếp các tệp bên trong, hoặc nén lại bằng ZIP thường, không mật khẩu, không lồng nhau."
    )
    fix_en = "Attach the files themselves, or pack them again as a plain ZIP: no password, no archive inside."


class DuplicateRecipient(ContentError):
    """The same agency is addressed twice. Facts: organ_id."""

    code = "schema.duplicate_recipient"
    vi = "Mã “{organ_id}” xuất hiện nhiều lần trong danh sách nơi nhận."
    en = "The code “{organ_id}” stands more than once among the recipients."
    fix_vi = "Mỗi cơ quan nhận chỉ ghi một phần tử To."
    fix_en = "Write one To element for each receiving agency."


class UnknownStatusCode(ContentError):
    """A status message carries a code outside the list. Facts: value, known."""

    code = "schema.unknown_status_code"
    vi = "Mã trạng thái “{value}” không có trong danh mục ({known})."
    en = "The status code “{value}” is not in the list ({known})."
    fix_vi = "Dùng một mã trạng thái trong danh mục; không dùng trạng thái truyền nhận (done, fail) ở đây."
    fix_en = "Use a status code from the list; transport states (done, fail) do not belong here."


class BadAgencyCode(ContentError):
    """A text is not an agency code in any known form. Facts: value."""

    code = "schema.malformed_agency_code"
    own_clause = "QĐ 20/2020/QĐ-TTg, Điều 4–6"
    vi = "“{value}” không phải là mã định danh hợp lệ."
    en = "“{value}” is not an agency code in any known form."
    fix_vi = "Dùng mã theo QĐ 20/2020/QĐ-TTg (ví dụ H26.21.1), viết hoa, các nhóm cách nhau một dấu chấm."
    fix_en = "Use the code of Decision 20/2020/QĐ-TTg (as in H26.21.1), in capitals, one dot between groups."


class ForeignCharacter(BadAgencyCode):
    """An agency code holds a character that no code may hold. Facts: value, character, position."""

    code = "schema.agency_code_character"
    vi = "Mã định danh “{value}” chứa ký tự không được phép {character} ở vị trí {position}."
    en = "The agency code “{value}” holds the forbidden character {character} at position {position}."
    fix_vi = "Gõ lại mã bằng chữ cái và chữ số ASCII; không sao chép từ văn bản có định dạng."
    fix_en = "Type the code again in ASCII letters and digits; do not paste it from formatted text."


class NullAgencyCode(BadAgencyCode):
    """The sending software wrote the word null instead of a code. Facts: value."""

    code = "schema.agency_code_null"
    vi = "Mã định danh là chữ “{value}”: phần mềm gửi đã không điền mã."
    en = "The agency code is the word “{value}”: the sending software left the code out."
    fix_vi = "Cấu hình mã định danh của cơ quan trong phần mềm gửi."
    fix_en = "Set the agency's code in the sending software."


class UnexpectedMessage(ContentError):
    """A status came where a document belongs, or the reverse. Facts: expected_vi/en, found_vi/en."""

    code = "schema.unexpected_message"
    vi = "Ở đây cần {expected_vi}, nhưng tệp là {found_vi}."
    en = "Here {expected_en} is expected, but the file is {found_en}."
    fix_vi = "Gửi tệp tới đúng địa chỉ dành cho loại thông điệp đó."
    fix_en = "Send the file to the address meant for that kind of message."


class StateSecret(ContentError):
    """A document is marked as a state secret; nothing of it is repeated here. Facts: name (of the element)."""

    code = "schema.state_secret"
    own_clause = "QĐ 28/2018/QĐ-TTg, Điều 1.2; NĐ 30/2020/NĐ-CP, Điều 18.2"
    vi = "Văn bản mang dấu chỉ độ mật ở {name}; văn bản thuộc bí mật nhà nước không được gửi, nhận qua trục liên thông."
    en = "The document is marked as a state secret in {name}; state secrets do not travel on the axis."
    fix_vi = "Gửi văn bản theo quy định về bảo vệ bí mật nhà nước. Nếu không mật, bỏ dấu chỉ độ mật khỏi {name} rồi gửi lại."
    fix_en = (
        "Send it by the rules for state secrets. If it is none, remove the mark from {name} and send again."
    )
