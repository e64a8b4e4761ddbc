"""Findings about recalls, updates and replacements that say too little or contradict themselves (QCVN 102:2016)."""

from schemas.errors.content import ContentError

# Findings are named after the fault; an Error at the end of each name would say nothing more.
# ruff: noqa: N818


class RecallOfNothing(ContentError):
    """A recall names no document."""

    code = "schema.recall_of_nothing"
    vi = "Thông điệp thu hồi (loại 1) không nêu văn bản cần thu hồi."
    en = "The recall (type 1) does not name the document that it recalls."
    fix_vi = "Ghi DocumentId của văn bản cần thu hồi vào Bussiness hoặc vào ResponseFor."
    fix_en = "Write the DocumentId of the recalled document into Bussiness or into a ResponseFor."


class UpdateOfNothing(ContentError):
    """An update names no document."""

    code = "schema.update_of_nothing"
    vi = "Thông điệp cập nhật (loại 2) không nêu văn bản được cập nhật."
    en = "The update (type 2) does not name the document that it updates."
    fix_vi = "Ghi DocumentId của văn bản được cập nhật vào Bussiness."
    fix_en = "Write the DocumentId of the updated document into Bussiness."


class UpdateWithoutChange(ContentError):
    """An update changes neither the content nor the recipients."""

    code = "schema.update_without_change"
    vi = "Thông điệp cập nhật (loại 2) không nêu thay đổi nào về nội dung hay nơi nhận."
    en = "The update (type 2) states no change, neither of the content nor of the recipients."
    fix_vi = (
        "Ghi DocumentInfo hoặc DocumentReceiver bằng 1, hoặc thêm ReceiverList, trong BussinessDocumentInfo."
    )
    fix_en = "Set DocumentInfo or DocumentReceiver to 1, or add a ReceiverList, in BussinessDocumentInfo."


class ReceiverTwice(ContentError):
    """An update adds or removes the same agency more than once. Facts: organ_id."""

    code = "schema.receiver_twice"
    vi = "Mã “{organ_id}” xuất hiện nhiều lần trong ReceiverList, không rõ là thêm hay bớt nơi nhận."
    en = "The code “{organ_id}” stands more than once in ReceiverList; added or removed is not clear."
    fix_vi = "Mỗi cơ quan chỉ ghi một phần tử Receiver."
    fix_en = "Write one Receiver element for each agency."


class ReplacementOfNothing(ContentError):
    """A replacement names no document."""

    code = "schema.replacement_of_nothing"
    vi = "Thông điệp thay thế (loại 3) không nêu văn bản bị thay thế."
    en = "The replacement (type 3) does not name a document that it replaces."
    fix_vi = "Ghi mỗi văn bản bị thay thế thành một ReplacementInfo, gồm DocumentId và các OrganId đã nhận."
    fix_en = (
        "Write a ReplacementInfo for each replaced document: its DocumentId and the OrganIds that got it."
    )


class ReplacedTwice(ContentError):
    """A replacement names the same document more than once. Facts: document_id."""

    code = "schema.replaced_twice"
    vi = "Văn bản “{document_id}” được nêu nhiều lần trong ReplacementInfoList."
    en = "The document “{document_id}” stands more than once in ReplacementInfoList."
    fix_vi = "Gộp các OrganId của văn bản đó vào một ReplacementInfo."
    fix_en = "Put all OrganIds of that document into one ReplacementInfo."


class RefersToItself(ContentError):
    """A document recalls, updates or replaces itself. Facts: document_id."""

    code = "schema.refers_to_itself"
    vi = "Văn bản thu hồi, cập nhật hoặc thay thế chính nó (“{document_id}”)."
    en = "The document recalls, updates or replaces itself (“{document_id}”)."
    fix_vi = "Cấp DocumentId mới cho văn bản này và viện dẫn DocumentId của văn bản kia."
    fix_en = "Give this document a DocumentId of its own and refer to that of the other document."
