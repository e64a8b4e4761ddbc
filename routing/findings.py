"""What the audit of a whole log can find; collected, not raised.

Each finding is a typed error that says at which entry, or at which tree size, it was found::

    LogError
    └── AuditFinding
        ├── EntryAltered                  log.entry_altered
        ├── EntryUnreadable               log.entry_unreadable
        ├── EntryOutOfPlace               log.entry_out_of_place
        ├── HistoryGap                    log.history_gap
        ├── HistoryBroken                 log.history_broken
        ├── HistoryIllegal                log.history_illegal
        ├── NodeAltered                   log.node_altered
        ├── CheckpointUnreadable          log.checkpoint_unreadable
        ├── CheckpointContradicted        log.checkpoint_contradicted
        ├── LogTruncated                  log.truncated
        └── LogUnsigned                   log.unsigned (retry)

`retry` tells the two outcomes apart that are not "valid": False is proof that the log was altered,
True means that nothing could be decided.
"""

# ruff: noqa: N818 -- findings are named by what was found

from routing.errors_log import LogError


class AuditFinding(LogError):
    """Family: `index` is the entry, or the tree size, that the finding is about."""

    def __init__(
        self, *, index: int, xpath: str | None = None, line: int | None = None, **facts: object
    ) -> None:
        self.index = index
        super().__init__(xpath=xpath, line=line, index=index, **facts)


class EntryAltered(AuditFinding):
    """The bytes of an entry are not those that were hashed into the tree."""

    code = "log.entry_altered"
    vi = "Nội dung bản ghi {index} không khớp mã băm đã lưu."
    en = "The bytes of entry {index} do not match their stored hash."


class EntryUnreadable(AuditFinding):
    """The bytes of an entry are not an entry."""

    code = "log.entry_unreadable"
    vi = "Không đọc được bản ghi {index}: {reason}"
    en = "Entry {index} cannot be read: {reason}"


class EntryOutOfPlace(AuditFinding):
    """Entries are missing, repeated or in the wrong order."""

    code = "log.entry_out_of_place"
    vi = "Bản ghi {index} nằm ở vị trí của bản ghi {expected}."
    en = "Entry {index} stands where entry {expected} belongs."


class HistoryGap(AuditFinding):
    """An entry of a document's own history is missing or repeated."""

    code = "log.history_gap"
    vi = "Bản ghi {index} của văn bản {document_id} mang số {seq}, đúng ra là {expected}."
    en = "Entry {index} of document {document_id} has number {seq} where {expected} was due."


class HistoryBroken(AuditFinding):
    """An entry does not name its document's previous entry."""

    code = "log.history_broken"
    vi = "Bản ghi {index} không nối tiếp bản ghi trước của văn bản {document_id}."
    en = "Entry {index} does not name the previous entry of document {document_id}."


class HistoryIllegal(AuditFinding):
    """A document's history tells of something that cannot follow what came before."""

    code = "log.history_illegal"
    vi = "Bản ghi {index} ({kind}) không hợp lệ trong quá trình của văn bản {document_id}: {reason}."
    en = "Entry {index} ({kind}) is not possible in the history of document {document_id}: {reason}."


class NodeAltered(AuditFinding):
    """A stored node of the tree is missing or is not the hash of what lies below it."""

    code = "log.node_altered"
    vi = "Nút ({level}, {node}) của cây bị thiếu hoặc sai, phát hiện tại bản ghi {index}."
    en = "Tree node ({level}, {node}) is missing or wrong, found at entry {index}."


class CheckpointUnreadable(AuditFinding):
    """A stored checkpoint cannot be relied on."""

    code = "log.checkpoint_unreadable"
    vi = "Checkpoint tại kích thước {index} không dùng được: {reason}"
    en = "The checkpoint at size {index} cannot be relied on: {reason}"


class CheckpointContradicted(AuditFinding):
    """A signed checkpoint shows that the log was once different."""

    code = "log.checkpoint_contradicted"
    vi = "Checkpoint tại kích thước {index} cho thấy nhật ký trước đây có nội dung khác."
    en = "The checkpoint at size {index} was signed over other entries than these."


class LogTruncated(AuditFinding):
    """A signed checkpoint is larger than the log."""

    code = "log.truncated"
    vi = "Nhật ký chỉ có {index} bản ghi nhưng đã ký checkpoint đến {size}."
    en = "The log ends at {index} entries, but a checkpoint was signed for {size}."


class LogUnsigned(AuditFinding):
    """No checkpoint vouches for any entry, so nothing can be said of the log."""

    code = "log.unsigned"
    retry = True
    vi = "Không có checkpoint hợp lệ nào bảo chứng cho {index} bản ghi của nhật ký."
    en = "No valid checkpoint vouches for the {index} entries of the log."
