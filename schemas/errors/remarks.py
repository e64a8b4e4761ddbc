"""Findings that are worth telling the sender but do not refuse the document."""

from schemas.errors.finding import SchemaError

# Findings are named after the fault; an Error at the end of each name would say nothing more.
# ruff: noqa: N818


class SchemaRemark(SchemaError):
    """The document is taken; the sender's software should still be corrected."""

    code = "schema.remark"
    level = "warning"


class UnusualDate(SchemaRemark):
    """A date is clear but not in the standard's form. Facts: name, value, form."""

    code = "schema.unusual_date"
    vi = "{name} “{value}” không theo dạng chuẩn {form} nhưng vẫn đọc được."
    en = "{name} “{value}” is not in the standard form {form}, yet readable."
    fix_vi = "Ghi ngày theo dạng {form}."
    fix_en = "Write dates as {form}."


class TooLong(SchemaRemark):
    """A text is longer than the standard gives room for. Facts: name, length, longest."""

    code = "schema.too_long"
    vi = "{name} dài {length} ký tự, quá {longest} ký tự; nơi nhận có thể cắt bớt."
    en = "{name} has {length} characters, more than {longest}; a receiver may cut it."
    fix_vi = "Rút gọn {name} còn tối đa {longest} ký tự."
    fix_en = "Shorten {name} to at most {longest} characters."


class LettersInCodeNumber(SchemaRemark):
    """The number of the document is not a number. Facts: value."""

    code = "schema.code_number_letters"
    vi = "Số văn bản “{value}” không chỉ gồm chữ số."
    en = "The document number “{value}” is not made of digits only."
    fix_vi = "Chỉ ghi số thứ tự vào CodeNumber, phần ký hiệu ghi vào CodeNotation."
    fix_en = "Write only the sequence number into CodeNumber; the notation belongs into CodeNotation."


class UnknownPriority(SchemaRemark):
    """The urgency is outside the list. Facts: value."""

    code = "schema.unknown_priority"
    vi = "Độ khẩn “{value}” không có trong danh mục (0–4)."
    en = "The priority “{value}” is not in the list (0–4)."
    fix_vi = "Dùng 0 thường, 1 khẩn, 2 thượng khẩn, 3 hỏa tốc, 4 hỏa tốc hẹn giờ."
    fix_en = "Use 0 normal, 1 urgent, 2 very urgent, 3 express, 4 timed express."


class UnknownElement(SchemaRemark):
    """An element has no meaning here and is passed over. Facts: name."""

    code = "schema.unknown_element"
    vi = "Phần tử {name} không có trong tiêu chuẩn tại vị trí này và bị bỏ qua."
    en = "The element {name} has no place here in the standard and is passed over."
    fix_vi = "Kiểm tra chính tả tên phần tử (tiêu chuẩn viết Bussiness với hai chữ s)."
    fix_en = "Check the spelling of the element (the standard writes Bussiness with a double s)."


class UnlistedAttachment(SchemaRemark):
    """An attachment is not named by the manifest. Facts: content_id."""

    code = "schema.unlisted_attachment"
    vi = "Tệp đính kèm “{content_id}” không có trong danh mục."
    en = "The attachment “{content_id}” is not on the manifest."
    fix_vi = "Thêm một Reference cho tệp đính kèm vào edXMLManifest."
    fix_en = "Add a Reference for the attachment to edXMLManifest."


class CorruptedAttachment(SchemaRemark):
    """The attachment looks like a file that was read as text and written back. Facts: content_id, count."""

    code = "schema.attachment_corrupted"
    vi = "Tệp đính kèm “{content_id}” có vẻ đã hỏng: chuỗi EF BF BD lặp lại {count} lần ở đầu tệp."
    en = "The attachment “{content_id}” looks damaged: EF BF BD occurs {count} times near its start."
    fix_vi = "Đọc và mã hóa tệp đính kèm như dữ liệu nhị phân, không như văn bản."
    fix_en = "Read and encode attachments as binary, never as text."


class AttachmentTypeDiffers(SchemaRemark):
    """An attachment is not of its type. Facts: content_id, content_type, detected_vi, detected_en."""

    code = "schema.attachment_type_differs"
    vi = "Tệp đính kèm “{content_id}” khai là {content_type} nhưng nội dung là {detected_vi}."
    en = "The attachment “{content_id}” is declared as {content_type}, but its content is {detected_en}."
    fix_vi = "Khai ContentType theo đúng nội dung của tệp."
    fix_en = "Declare the ContentType that the content really has."


class AttachmentNameUnsafe(SchemaRemark):
    """The name of an attachment cannot be given to a file as it is. Facts: content_id, name, safe_name."""

    code = "schema.attachment_name_unsafe"
    vi = "Tên tệp đính kèm “{name}” ({content_id}) không dùng được làm tên tệp; nơi nhận ghi thành “{safe_name}”."
    en = "The name “{name}” of the attachment {content_id} cannot be a file name; a receiver writes “{safe_name}”."
    fix_vi = 'Đặt tên tệp ngắn gọn, không có đường dẫn, ký tự ẩn hay các ký tự < > : " | ? *.'
    fix_en = 'Give a short name without a path, without invisible characters and without < > : " | ? *.'


class IncompleteReference(SchemaRemark):
    """A reference to another document leaves out a part. Facts: name."""

    code = "schema.incomplete_reference"
    vi = "ResponseFor thiếu {name}; văn bản được đối chiếu chỉ theo DocumentId."
    en = "ResponseFor leaves out {name}; the document is matched by its DocumentId alone."
    fix_vi = "Ghi đủ OrganId, Code, PromulgationDate và DocumentId của văn bản được phản hồi."
    fix_en = "Give OrganId, Code, PromulgationDate and DocumentId of the document answered."


class IgnoredValue(SchemaRemark):
    """An optional value cannot be read and is left out. Facts: name, value."""

    code = "schema.ignored_value"
    vi = "Giá trị “{value}” của {name} không đọc được và bị bỏ qua."
    en = "The value “{value}” of {name} cannot be read and is left out."
    fix_vi = "Sửa giá trị hoặc bỏ phần tử {name}."
    fix_en = "Correct the value, or leave {name} out."


class UnusualAgencyCode(SchemaRemark):
    """An old four-group code has a first group of two digits. Facts: value."""

    code = "schema.unusual_agency_code"
    own_clause = "QCVN 102:2016/BTTTT, mã định danh bốn nhóm"
    vi = "Mã “{value}” có nhóm đầu hai chữ số; QCVN 102:2016 quy định ba chữ số."
    en = "The code “{value}” starts with a group of two digits where QCVN 102:2016 has three."
    fix_vi = "Dùng mã theo QĐ 20/2020/QĐ-TTg."
    fix_en = "Use the code of Decision 20/2020/QĐ-TTg."


class ReasonMissing(SchemaRemark):
    """A refusal or a request comes without its reason. Facts: status_code."""

    code = "schema.reason_missing"
    own_clause = "QĐ 28/2018/QĐ-TTg, Điều 5.4"
    vi = "Trạng thái {status_code} cần nêu lý do trong Description."
    en = "Status {status_code} should give its reason in Description."
    fix_vi = "Ghi lý do vào Description (QĐ 28/2018/QĐ-TTg, Điều 5)."
    fix_en = "Write the reason into Description (Decision 28/2018/QĐ-TTg, Article 5)."


class MisplacedElement(SchemaRemark):
    """An element belongs to another kind of business and is left out. Facts: name, type, expected."""

    code = "schema.misplaced_element"
    vi = "{name} chỉ dùng cho loại nghiệp vụ {expected}; trong văn bản loại {type} phần tử này bị bỏ qua."
    en = "{name} belongs to business type {expected}; in a document of type {type} it is left out."
    fix_vi = "Sửa BussinessDocType thành {expected} hoặc bỏ {name}."
    fix_en = "Set BussinessDocType to {expected}, or leave {name} out."


class InvisibleCharacter(SchemaRemark):
    """A name holds a character that nobody sees. Facts: name, character, count."""

    code = "schema.invisible_character"
    vi = "{name} có {count} ký tự không nhìn thấy được ({character}); nội dung được giữ nguyên."
    en = "{name} holds {count} invisible characters ({character}); it is kept as it is."
    fix_vi = "Gõ lại {name}; không sao chép từ văn bản có định dạng."
    fix_en = "Type {name} again; do not paste it from formatted text."


class EarlyTimestamp(SchemaRemark):
    """A status claims a time before its document was issued. Facts: value, issued."""

    code = "schema.timestamp_before_document"
    vi = "Timestamp {value} sớm hơn ngày ban hành {issued} của văn bản được phản hồi."
    en = "The Timestamp {value} is earlier than the document's date of issue {issued}."
    fix_vi = "Kiểm tra đồng hồ của máy gửi và PromulgationDate trong ResponseFor."
    fix_en = "Check the sending system's clock and the PromulgationDate in ResponseFor."


class FutureTimestamp(SchemaRemark):
    """A status claims a time more than a day from now. Facts: value, now."""

    code = "schema.timestamp_in_future"
    vi = "Timestamp {value} muộn hơn hiện tại ({now}) quá một ngày."
    en = "The Timestamp {value} is more than a day later than now ({now})."
    fix_vi = "Kiểm tra đồng hồ và múi giờ của máy gửi (giờ Việt Nam, UTC+7)."
    fix_en = "Check the sending system's clock and time zone (Vietnam, UTC+7)."
