"""Findings about the metadata from which a document is composed: each names the key where it is, as recipients[1].organ_id."""

from schemas.errors.finding import SchemaError

# Findings are named after the fault; an Error at the end of each name would say nothing more.
# ruff: noqa: N818


class MetadataError(SchemaError):
    """The metadata does not describe a message that could be written."""

    code = "schema.metadata"


class MetadataUnreadable(MetadataError):
    """The metadata is not JSON or TOML. Facts: form, reason."""

    code = "schema.metadata_unreadable"
    vi = "Dữ liệu mô tả không phải là {form} đúng cú pháp: {reason}."
    en = "The metadata is not well-formed {form}: {reason}."
    fix_vi = "Sửa chỗ được nêu; lệnh vanthu compose --example in ra một mẫu đầy đủ."
    fix_en = "Correct it there; vanthu compose --example prints a complete sample."


class UnknownKey(MetadataError):
    """A key has no meaning here. Facts: key, known."""

    code = "schema.metadata_unknown_key"
    vi = "Không có khóa nào tên là “{key}”; khóa dùng được ở đây: {known}."
    en = "There is no key “{key}”; known here: {known}."
    fix_vi = "Xóa khóa này hoặc sửa tên; lệnh vanthu compose --example in ra mọi khóa."
    fix_en = "Take it out or correct its name; vanthu compose --example prints all keys."


class MissingKey(MetadataError):
    """A key that every message needs is not there, or says nothing. Facts: key."""

    code = "schema.metadata_missing_key"
    vi = "Thiếu khóa bắt buộc “{key}”, hoặc khóa để trống."
    en = "The required key “{key}” is missing or empty."
    fix_vi = "Thêm khóa “{key}” vào dữ liệu mô tả."
    fix_en = "Add the key “{key}” to the metadata."


class BadKeyValue(MetadataError):
    """The value of a key is not of its kind. Facts: key, value, expected_vi, expected_en."""

    code = "schema.metadata_bad_value"
    vi = "Giá trị {value} của “{key}” không hợp lệ, cần {expected_vi}."
    en = "The value {value} of “{key}” is not valid: expected {expected_en}."
    fix_vi = "Sửa giá trị của “{key}”."
    fix_en = "Correct the value of “{key}”."


class FileNotGiven(MetadataError):
    """The metadata describes an attachment that was not given, or is given twice. Facts: key, name."""

    code = "schema.metadata_file_not_given"
    vi = "“{key}” nói về tệp “{name}”, nhưng không có đúng một tệp đính kèm mang tên đó."
    en = "“{key}” speaks of the file “{name}”, but not exactly one attachment has that name."
    fix_vi = "Đưa kèm tệp đó, hoặc sửa tên tệp trong dữ liệu mô tả; tên các tệp phải khác nhau."
    fix_en = "Give the file, or correct its name in the metadata; no two files may have the same name."


class EmptyFile(MetadataError):
    """A file that was to be attached has nothing in it. Facts: name."""

    code = "schema.metadata_empty_file"
    vi = "Tệp “{name}” rỗng nên không đính kèm được."
    en = "The file “{name}” is empty and cannot be attached."
    fix_vi = "Kiểm tra lại tệp, hoặc bỏ tệp này ra."
    fix_en = "Look at the file again, or leave it out."


class StatusWithFiles(MetadataError):
    """A status message was to carry attachments. Facts: count."""

    code = "schema.metadata_status_with_files"
    vi = "Thông điệp trạng thái không mang tệp đính kèm được, nhưng có {count} tệp."
    en = "A status message cannot carry attachments, but {count} were given."
    fix_vi = "Bỏ các tệp, hoặc gửi chúng bằng một văn bản (kind = document)."
    fix_en = "Leave the files out, or send them with a document (kind = document)."
