"""What refuses a message for what it says of another one or lacks, or is worth a warning.

GatewayError
├── UnknownCorrespondenceError    status.unknown_document
├── NothingToAnswerError          status.nothing_to_answer
├── OutOfOrderError               status.out_of_order             (a warning)
├── UnknownReferenceError         correspondence.unknown_document
├── NotItsSenderError             correspondence.not_its_sender
├── NeverSentToError              correspondence.never_sent_to
├── RecallOfRecallError           correspondence.recall_of_recall
└── AttachmentUnsignedError       intake.attachment_unsigned
"""

from __future__ import annotations

from gateway.errors import GatewayError


class UnknownCorrespondenceError(GatewayError):
    """A status speaks of a document that did not pass between these two agencies."""

    code = "status.unknown_document"
    vi = "Không có văn bản “{document_id}” nào giữa {sender} và {recipient}."
    en = "No document “{document_id}” passed between {sender} and {recipient}."
    fix_vi = "Kiểm tra ResponseFor: OrganId là cơ quan gửi văn bản, DocumentId là mã của văn bản đó."
    fix_en = (
        "Check ResponseFor: OrganId is the agency that sent the document, DocumentId is that document's id."
    )


class NothingToAnswerError(GatewayError):
    """A status agrees to, or refuses, a request that nobody made or that was answered before."""

    code = "status.nothing_to_answer"
    vi = "Trạng thái {status_code} “{meaning_vi}” không trả lời yêu cầu nào: không có yêu cầu lấy lại hay cập nhật đang chờ."
    en = "Status {status_code} “{meaning_en}” answers nothing: no request to take back or update the document is open."
    fix_vi = "Chỉ gửi 15 hoặc 16 để trả lời trạng thái 13, văn bản thu hồi hoặc văn bản cập nhật chưa được trả lời."
    fix_en = "Send 15 or 16 only in answer to a status 13, a recall or an update that was not answered yet."


class OutOfOrderError(GatewayError):
    """A status came late, again or after the end: it is kept as history and moves nothing."""

    code = "status.out_of_order"
    level = "warning"
    vi = "Trạng thái {status_code} “{meaning_vi}” được lưu vào lịch sử nhưng không làm thay đổi tiến độ: {why_vi}."
    en = "Status {status_code} “{meaning_en}” is kept as history but changes nothing: {why_en}."
    fix_vi = "Không cần làm gì nếu đây là trạng thái gửi muộn hoặc gửi lại; nếu không, kiểm tra Timestamp và thứ tự gửi."
    fix_en = "Nothing needs to be done if it is late or sent again; otherwise check Timestamp and the order of sending."


class UnknownReferenceError(GatewayError):
    """A recall, update or replacement names a document that its sender never sent through this gateway."""

    code = "correspondence.unknown_document"
    vi = "{sender} chưa gửi văn bản “{document_id}” nào qua cổng này."
    en = "{sender} never sent a document “{document_id}” through this gateway."
    fix_vi = (
        "Ghi đúng DocumentId của văn bản đã gửi, hoặc đủ OrganId, Code và PromulgationDate trong ResponseFor."
    )
    fix_en = (
        "Give the DocumentId under which it was sent, or OrganId, Code and PromulgationDate in ResponseFor."
    )


class NotItsSenderError(GatewayError):
    """A recall, update or replacement speaks of a document of another agency (QĐ 28/2018 Điều 8.2)."""

    code = "correspondence.not_its_sender"
    vi = "Văn bản “{document_id}” không do {sender} phát hành nên {sender} không thể thu hồi, cập nhật hoặc thay thế."
    en = "The document “{document_id}” is not {sender}'s, so {sender} cannot recall, update or replace it."
    fix_vi = "Để cơ quan đã phát hành văn bản đó gửi; nếu là văn bản của mình, sửa OrganId trong ResponseFor."
    fix_en = "Let the agency that issued it do so; if it is your own, correct OrganId in ResponseFor."


class NeverSentToError(GatewayError):
    """A recall goes to an agency that never got what is recalled."""

    code = "correspondence.never_sent_to"
    vi = "Văn bản “{document_id}” chưa từng được gửi cho {recipient} nên không thể thu hồi từ cơ quan này."
    en = "The document “{document_id}” was never sent to {recipient}, so it cannot be recalled from there."
    fix_vi = "Bỏ cơ quan này khỏi nơi nhận văn bản thu hồi."
    fix_en = "Take this agency off the recipients of the recall."


class RecallOfRecallError(GatewayError):
    """What is to be recalled is a recall."""

    code = "correspondence.recall_of_recall"
    vi = "Văn bản “{document_id}” là văn bản thu hồi, không thể thu hồi."
    en = "The document “{document_id}” is itself a recall and cannot be recalled."
    fix_vi = "Gửi lại văn bản gốc thành một văn bản mới với DocumentId mới."
    fix_en = "Send the original again as a new document with a new DocumentId."


class AttachmentUnsignedError(GatewayError):
    """The policy asks for an attached PDF that the sending agency signed, and there is none."""

    code = "intake.attachment_unsigned"
    vi = "Không có tệp PDF đính kèm nào mang chữ ký số hợp lệ của cơ quan gửi."
    en = "No attached PDF bears a valid signature of the sending agency."
    fix_vi = "Ký số tệp PDF của văn bản bằng chứng thư số của cơ quan rồi gửi lại."
    fix_en = "Sign the PDF of the document with the agency's certificate and send it again."
