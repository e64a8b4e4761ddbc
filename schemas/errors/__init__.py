"""Every finding about a document, as one class each.

SchemaErrors (all findings about one document) holds
SchemaError
├── FileError: the octets
│   ├── NotXml, BytesBeforeXml, DoctypeForbidden, ProcessingInstruction, NotUtf8
│   └── TooLarge, TooComplex
├── ContentError: elements and values
│   ├── WrongNamespace, WrongRoot, MissingElement, RepeatedElement, EmptyElement, BadValue, DateInFuture
│   ├── BadBase64, AttachmentMissing, DuplicateContentId
│   ├── AttachmentExecutable, ArchiveRefused
│   ├── DuplicateRecipient, UnsupportedBusinessType, UnknownStatusCode, UnexpectedMessage
│   └── BadAgencyCode
│       ├── ForeignCharacter
│       └── NullAgencyCode
└── SchemaRemark: level "warning", the document is taken
    ├── UnusualDate, TooLong, LettersInCodeNumber, UnknownPriority, UnknownElement
    ├── UnlistedAttachment, CorruptedAttachment, AttachmentTypeDiffers, AttachmentNameUnsafe
    └── IncompleteReference, IgnoredValue, UnusualAgencyCode, ReasonMissing

Only the leaves and `BadAgencyCode` are ever raised. No finding is worth a retry: the same octets give the
same findings.
"""

from schemas.errors.content import (
    ArchiveRefused,
    AttachmentExecutable,
    AttachmentMissing,
    BadAgencyCode,
    BadBase64,
    BadValue,
    ContentError,
    DateInFuture,
    DuplicateContentId,
    DuplicateRecipient,
    EmptyElement,
    ForeignCharacter,
    MissingElement,
    NullAgencyCode,
    RepeatedElement,
    UnexpectedMessage,
    UnknownStatusCode,
    UnsupportedBusinessType,
    WrongNamespace,
    WrongRoot,
)
from schemas.errors.file import (
    BytesBeforeXml,
    DoctypeForbidden,
    FileError,
    NotUtf8,
    NotXml,
    ProcessingInstruction,
    TooComplex,
    TooLarge,
)
from schemas.errors.finding import SchemaError, SchemaErrors
from schemas.errors.remarks import (
    AttachmentNameUnsafe,
    AttachmentTypeDiffers,
    CorruptedAttachment,
    IgnoredValue,
    IncompleteReference,
    LettersInCodeNumber,
    ReasonMissing,
    SchemaRemark,
    TooLong,
    UnknownElement,
    UnknownPriority,
    UnlistedAttachment,
    UnusualAgencyCode,
    UnusualDate,
)

__all__ = [
    "ArchiveRefused",
    "AttachmentExecutable",
    "AttachmentMissing",
    "AttachmentNameUnsafe",
    "AttachmentTypeDiffers",
    "BadAgencyCode",
    "BadBase64",
    "BadValue",
    "BytesBeforeXml",
    "ContentError",
    "CorruptedAttachment",
    "DateInFuture",
    "DoctypeForbidden",
    "DuplicateContentId",
    "DuplicateRecipient",
    "EmptyElement",
    "FileError",
    "ForeignCharacter",
    "IgnoredValue",
    "IncompleteReference",
    "LettersInCodeNumber",
    "MissingElement",
    "NotUtf8",
    "NotXml",
    "NullAgencyCode",
    "ProcessingInstruction",
    "ReasonMissing",
    "RepeatedElement",
    "SchemaError",
    "SchemaErrors",
    "SchemaRemark",
    "TooComplex",
    "TooLarge",
    "TooLong",
    "UnexpectedMessage",
    "UnknownElement",
    "UnknownPriority",
    "UnknownStatusCode",
    "UnlistedAttachment",
    "UnsupportedBusinessType",
    "UnusualAgencyCode",
    "UnusualDate",
    "WrongNamespace",
    "WrongRoot",
]
