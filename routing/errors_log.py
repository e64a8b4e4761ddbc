"""Errors of the routing log: its entries, its tree, its signed notes and statements.

Families, whose names end in Error, are never raised themselves::

    LogError
    ├── NotCanonical                      log.not_canonical
    ├── EntryError
    │   ├── EntryTooLarge                 log.entry_too_large
    │   ├── EntryMalformed                log.entry_malformed
    │   ├── EntryVersionUnknown           log.entry_version_unknown
    │   └── EntryKindUnknown              log.entry_kind_unknown
    ├── ProofError
    │   ├── ProofRange                    log.proof_range
    │   ├── NotIncluded                   log.not_included
    │   └── NotConsistent                 log.not_consistent
    ├── NoteError
    │   ├── VerifierKeyMalformed          log.verifier_key_malformed
    │   ├── NoteMalformed                 log.note_malformed
    │   ├── NoteSignatureInvalid          log.note_signature_invalid
    │   ├── NoteKeyUnknown                log.note_key_unknown
    │   ├── CheckpointMalformed           log.checkpoint_malformed
    │   └── CheckpointOrigin              log.checkpoint_origin
    ├── StatementError
    │   ├── StatementMalformed            log.statement_malformed
    │   ├── StatementSignatureInvalid     log.statement_signature_invalid
    │   ├── StatementKeyUnknown           log.statement_key_unknown (retry)
    │   └── ReceiptMismatch               log.receipt_mismatch
    └── AuditFinding                      (routing/findings.py)
"""

# ruff: noqa: N818 -- the names say what is wrong in the words of the domain; "Error" after each would add nothing

from typing import ClassVar

from routing.errors import printable


class LogError(Exception):
    """Something about the routing log is not as it must be; `facts` are short and safe to print."""

    code: ClassVar[str] = "log.error"
    retry: ClassVar[bool] = False
    vi: ClassVar[str] = "Nhật ký định tuyến có sai sót."
    en: ClassVar[str] = "The routing log is not as it must be."
    fix_vi: ClassVar[str] = "Báo cho đơn vị vận hành gateway kèm mã lỗi này."
    fix_en: ClassVar[str] = "Report this code to the operator of the gateway."

    def __init__(self, *, xpath: str | None = None, line: int | None = None, **facts: object) -> None:
        self.xpath = xpath
        self.line = line
        self.facts: dict[str, object] = {
            n: printable(v) if isinstance(v, str) else v for n, v in facts.items()
        }
        super().__init__()

    def __str__(self) -> str:
        """Return the English message."""
        return self.en.format(**self.facts)


class NotCanonical(LogError):
    """JSON outside the subset that is hashed and signed, or not in its one canonical form."""

    code = "log.not_canonical"
    vi = "JSON không ở dạng chuẩn tắc RFC 8785: {reason}."
    en = "The JSON is not in the canonical form of RFC 8785: {reason}."


class EntryError(LogError):
    """Family: the bytes of one log entry cannot be taken as an entry."""


class EntryTooLarge(EntryError):
    """An entry does not fit the 65,534 bytes that a tile bundle can hold."""

    code = "log.entry_too_large"
    vi = "Bản ghi nhật ký dài {size} byte, tối đa là {limit} byte."
    en = "The log entry has {size} bytes, {limit} is the most."


class EntryMalformed(EntryError):
    """A field is missing, has the wrong shape or is not allowed for the kind."""

    code = "log.entry_malformed"
    vi = "Bản ghi nhật ký loại {kind} sai ở trường {field}: {reason}."
    en = "The log entry of kind {kind} is wrong in field {field}: {reason}."


class EntryVersionUnknown(EntryError):
    """An entry written to rules that this reader does not know."""

    code = "log.entry_version_unknown"
    vi = "Bản ghi nhật ký có phiên bản {version} chưa được hỗ trợ."
    en = "The log entry has version {version}, which this reader does not know."
    fix_vi = "Dùng bản mới hơn của công cụ kiểm tra."
    fix_en = "Use a newer verifier."


class EntryKindUnknown(EntryError):
    """An entry of a kind that this reader does not know."""

    code = "log.entry_kind_unknown"
    vi = "Bản ghi nhật ký thuộc loại {kind} chưa được hỗ trợ."
    en = "The log entry has kind {kind}, which this reader does not know."
    fix_vi = "Dùng bản mới hơn của công cụ kiểm tra."
    fix_en = "Use a newer verifier."


class ProofError(LogError):
    """Family: a Merkle proof cannot be made or does not prove what it should."""

    fix_vi = "Giữ lại bằng chứng và checkpoint, báo cho đơn vị thanh tra."
    fix_en = "Keep the proof and the checkpoint, and tell the auditing body."


class ProofRange(ProofError):
    """A proof was asked for an entry or a size that the tree does not have."""

    code = "log.proof_range"
    vi = "Không thể tạo bằng chứng từ {first} đến {size}: nằm ngoài cây nhật ký."
    en = "There is no proof from {first} to {size}: it lies outside the log's tree."
    fix_vi = "Lấy checkpoint mới nhất rồi hỏi lại với kích thước của nó."
    fix_en = "Fetch the newest checkpoint and ask again with its size."


class NotIncluded(ProofError):
    """An inclusion proof does not lead from the entry to the root."""

    code = "log.not_included"
    vi = "Không chứng minh được bản ghi {index} nằm trong nhật ký kích thước {size}: {reason}."
    en = "Entry {index} is not proven to be in the log of size {size}: {reason}."


class NotConsistent(ProofError):
    """A consistency proof does not show that the newer log extends the older."""

    code = "log.not_consistent"
    vi = "Không chứng minh được nhật ký kích thước {new} nối tiếp nhật ký kích thước {old}: {reason}."
    en = "The log of size {new} is not proven to extend the log of size {old}: {reason}."


class NoteError(LogError):
    """Family: a signed note, a checkpoint or a verifier key cannot be relied on."""


class VerifierKeyMalformed(NoteError):
    """Text that is not a verifier key of the form name+id+key."""

    code = "log.verifier_key_malformed"
    vi = "Khóa kiểm tra không hợp lệ: {reason}."
    en = "The verifier key is malformed: {reason}."
    fix_vi = "Lấy lại khóa kiểm tra từ nguồn tin cậy, không lấy từ chính nhật ký."
    fix_en = "Get the verifier key again from a source you trust, not from the log itself."


class NoteMalformed(NoteError):
    """Text that is not a signed note."""

    code = "log.note_malformed"
    vi = "Văn bản ký (signed note) không đúng định dạng: {reason}."
    en = "The signed note is malformed: {reason}."


class NoteSignatureInvalid(NoteError):
    """A known key's signature on a note does not verify."""

    code = "log.note_signature_invalid"
    vi = "Chữ ký của khóa {key} trên văn bản ký không đúng."
    en = "The signature of key {key} on the note is wrong."


class NoteKeyUnknown(NoteError):
    """A note bears no signature of a key that the reader knows."""

    code = "log.note_key_unknown"
    vi = "Văn bản ký không có chữ ký nào của khóa đã biết."
    en = "The note bears no signature of a known key."
    fix_vi = "Kiểm tra lại danh sách khóa tin cậy; khóa có thể đã được thay."
    fix_en = "Check the list of trusted keys; the key may have been rotated."


class CheckpointMalformed(NoteError):
    """A note text that is not a checkpoint."""

    code = "log.checkpoint_malformed"
    vi = "Checkpoint không đúng định dạng: {reason}."
    en = "The checkpoint is malformed: {reason}."


class CheckpointOrigin(NoteError):
    """A checkpoint of another log."""

    code = "log.checkpoint_origin"
    vi = "Checkpoint thuộc nhật ký {origin}, không phải {expected}."
    en = "The checkpoint is of log {origin}, not of {expected}."


class StatementError(LogError):
    """Family: a signed statement, such as a receipt, cannot be relied on."""


class StatementMalformed(StatementError):
    """A signed statement lacks a member or has one of the wrong shape."""

    code = "log.statement_malformed"
    vi = "Xác nhận {statement} không đúng định dạng: {reason}."
    en = "The signed {statement} is malformed: {reason}."


class StatementSignatureInvalid(StatementError):
    """The signature on a statement does not verify."""

    code = "log.statement_signature_invalid"
    vi = "Chữ ký của khóa {key} trên xác nhận {statement} không đúng."
    en = "The signature of key {key} on the {statement} is wrong."


class StatementKeyUnknown(StatementError):
    """A statement is signed by a key that is not known here (yet), so nothing can be said of it."""

    code = "log.statement_key_unknown"
    retry = True
    vi = "Chưa biết khóa {key} đã ký xác nhận {statement}."
    en = "The key {key} that signed the {statement} is not known."
    fix_vi = "Cập nhật danh sách khóa của các gateway rồi thử lại."
    fix_en = "Update the list of gateway keys and try again."


class ReceiptMismatch(StatementError):
    """A genuine receipt speaks of something else than what it is held against."""

    code = "log.receipt_mismatch"
    vi = "Biên nhận không khớp: {reason}."
    en = "The receipt does not match: {reason}."
