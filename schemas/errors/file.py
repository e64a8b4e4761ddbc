"""Findings about the file before anything is read from it: octets, XML, limits (QCVN 102:2016, XML 1.0)."""

from schemas.errors.finding import SchemaError

# Findings are named after the fault; an Error at the end of each name would say nothing more.
# ruff: noqa: N818


class FileError(SchemaError):
    """The octets are not an XML file that the gateway reads."""

    code = "schema.file"


class NotXml(FileError):
    """The file is not well-formed XML. Facts: reason, column."""

    code = "schema.not_xml"
    own_clause = "XML 1.0, mục 2.1"
    vi = "Tệp không phải là XML đúng cú pháp (cột {column}): {reason}."
    en = "The file is not well-formed XML (column {column}): {reason}."
    fix_vi = "Kiểm tra tệp bằng một công cụ đọc XML và tạo lại tệp; không ghép XML bằng tay."
    fix_en = "Check the file with an XML tool and produce it again; do not assemble XML by hand."


class UnboundPrefix(FileError):
    """A name has a prefix that no declaration binds. Facts: prefix, declaration."""

    code = "schema.unbound_prefix"
    own_clause = "Namespaces in XML 1.0, mục 5"
    vi = "Tiền tố “{prefix}” được dùng nhưng chưa khai báo không gian tên, ví dụ {declaration}."
    en = "The prefix “{prefix}” is used without a declaration such as {declaration}."
    fix_vi = "Thêm {declaration} vào phần tử dùng tiền tố này hoặc vào phần tử gốc."
    fix_en = "Add {declaration} to the element that uses the prefix or to the document element."


class BytesBeforeXml(FileError):
    """Something stands before the XML declaration. Facts: found."""

    code = "schema.bytes_before_xml"
    own_clause = "XML 1.0, mục 2.8"
    vi = "Có dữ liệu thừa đứng trước phần mở đầu của tệp XML: {found}."
    en = "There are stray bytes before the start of the XML: {found}."
    fix_vi = "Bỏ phần dữ liệu thừa để tệp bắt đầu đúng bằng “<?xml”."
    fix_en = "Remove the stray bytes so that the file starts exactly with “<?xml”."


class DoctypeForbidden(FileError):
    """The file has a document type declaration."""

    code = "schema.doctype_forbidden"
    own_clause = "XML 1.0, mục 2.8"
    vi = "Tệp chứa khai báo DOCTYPE, không được phép trong edXML."
    en = "The file has a DOCTYPE declaration, which edXML does not allow."
    fix_vi = "Bỏ khai báo DOCTYPE và mọi thực thể tự định nghĩa rồi gửi lại."
    fix_en = "Remove the DOCTYPE declaration and every entity defined in it, then send again."


class ProcessingInstruction(FileError):
    """The file has a processing instruction. Facts: target."""

    code = "schema.processing_instruction"
    own_clause = "XML 1.0, mục 2.6"
    vi = "Tệp chứa chỉ thị xử lý “<?{target} …?>”, không được phép trong edXML."
    en = "The file has a processing instruction “<?{target} …?>”, which edXML does not allow."
    fix_vi = "Bỏ mọi chỉ thị xử lý, chỉ giữ dòng khai báo “<?xml …?>” ở đầu tệp."
    fix_en = "Remove every processing instruction; only the declaration “<?xml …?>” may stand at the top."


class NotUtf8(FileError):
    """The file is not UTF-8, or declares another encoding. Facts: found."""

    code = "schema.not_utf8"
    own_clause = "XML 1.0, mục 4.3.3"
    vi = "Tệp không được mã hóa bằng UTF-8: {found}."
    en = "The file is not encoded in UTF-8: {found}."
    fix_vi = 'Ghi tệp bằng UTF-8 và khai báo encoding="UTF-8".'
    fix_en = 'Write the file in UTF-8 and declare encoding="UTF-8".'


class TooLarge(FileError):
    """The file is larger than the gateway takes. Facts: size, limit (octets)."""

    code = "schema.too_large"
    vi = "Tệp có {size} byte, vượt giới hạn {limit} byte."
    en = "The file has {size} bytes, more than the limit of {limit} bytes."
    fix_vi = "Giảm dung lượng tệp đính kèm hoặc gửi thành nhiều văn bản."
    fix_en = "Make the attachments smaller or send them as several documents."


class LongTextNotBase64(FileError):
    """The content of an attachment is not base64, and too long to look for the place. Facts: content_id."""

    code = "schema.long_text_not_base64"
    own_clause = "RFC 4648, mục 4"
    vi = "Nội dung của tệp đính kèm lớn “{content_id}” không phải là base64 hợp lệ."
    en = "The content of the large attachment “{content_id}” is not valid base64."
    fix_vi = (
        "Mã hóa lại tệp đính kèm bằng base64 chuẩn (RFC 4648, mục 4), viết thẳng thành chữ, không dùng CDATA."
    )
    fix_en = "Encode the attachment again in standard base64 (RFC 4648, section 4), as plain letters, not in CDATA."


class TooComplex(FileError):
    """The XML has more structure than any document needs. Facts: limit (its name), allowed."""

    code = "schema.too_complex"
    vi = "Cấu trúc XML vượt giới hạn cho phép ({limit}: tối đa {allowed})."
    en = "The XML structure is beyond the limit ({limit}: at most {allowed})."
    fix_vi = "Kiểm tra phần mềm tạo tệp: văn bản edXML không cần nhiều phần tử, thuộc tính hay cấp như vậy."
    fix_en = "Check the software that made the file: edXML needs far fewer elements, attributes and levels."
