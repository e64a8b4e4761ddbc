"""Every finding about a document, as one class each.

SchemaErrors (all findings about one document) holds
SchemaError
├── FileError: the octets
│   ├── NotXml, UnboundPrefix, BytesBeforeXml, DoctypeForbidden, ProcessingInstruction, NotUtf8
│   └── TooLarge, TooComplex, LongTextNotBase64
├── ContentError: elements and values
│   ├── WrongNamespace, WrongRoot, MissingElement, RepeatedElement, EmptyElement, BadValue, DateInFuture
│   ├── BadBase64, AttachmentMissing, DuplicateContentId
│   ├── AttachmentExecutable, ArchiveRefused
│   ├── DuplicateRecipient, UnknownStatusCode, UnexpectedMessage, StateSecret
│   ├── RecallOfNothing, UpdateOfNothing, UpdateWithoutChange, ReceiverTwice
│   ├── ReplacementOfNothing, ReplacedTwice, RefersToItself
│   └── BadAgencyCode
│       ├── ForeignCharacter
│       └── NullAgencyCode
├── MetadataError: what a message is to be composed from
│   ├── MetadataUnreadable, UnknownKey, MissingKey, BadKeyValue
│   └── FileNotGiven, EmptyFile, StatusWithFiles
└── SchemaRemark: level "warning", the document is taken
    ├── UnusualDate, TooLong, LettersInCodeNumber, UnknownPriority, UnknownElement
    ├── UnlistedAttachment, CorruptedAttachment, AttachmentTypeDiffers, AttachmentNameUnsafe
    ├── IncompleteReference, IgnoredValue, UnusualAgencyCode, ReasonMissing
    ├── MisplacedElement, InvisibleCharacter, EarlyTimestamp, FutureTimestamp
    └── XsdRemark: the file departs from one of our XML Schemas
        ├── XsdElementUnexpected, XsdElementMissing, XsdValue, XsdTooLong
        └── XsdAttribute, XsdReference

Only the leaves and `BadAgencyCode` are ever raised. No finding is worth a retry: the same octets give the
same findings.
"""

from schemas.errors.business import (
    RecallOfNothing,
    ReceiverTwice,
    RefersToItself,
    ReplacedTwice,
    ReplacementOfNothing,
    UpdateOfNothing,
    UpdateWithoutChange,
)
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
    StateSecret,
    UnexpectedMessage,
    UnknownStatusCode,
    WrongNamespace,
    WrongRoot,
)
from schemas.errors.file import (
    BytesBeforeXml,
    DoctypeForbidden,
    FileError,
    LongTextNotBase64,
    NotUtf8,
    NotXml,
    ProcessingInstruction,
    TooComplex,
    TooLarge,
    UnboundPrefix,
)
from schemas.errors.finding import Parties, SchemaError, SchemaErrors
from schemas.errors.metadata import (
    BadKeyValue,
    EmptyFile,
    FileNotGiven,
    MetadataError,
    MetadataUnreadable,
    MissingKey,
    StatusWithFiles,
    UnknownKey,
)
from schemas.errors.remarks import (
    AttachmentNameUnsafe,
    AttachmentTypeDiffers,
    CorruptedAttachment,
    EarlyTimestamp,
    FutureTimestamp,
    IgnoredValue,
    IncompleteReference,
    InvisibleCharacter,
    LettersInCodeNumber,
    MisplacedElement,
    ReasonMissing,
    SchemaRemark,
    TooLong,
    UnknownElement,
    UnknownPriority,
    UnlistedAttachment,
    UnusualAgencyCode,
    UnusualDate,
)
from schemas.errors.xsd import (
    XsdAttribute,
    XsdElementMissing,
    XsdElementUnexpected,
    XsdReference,
    XsdRemark,
    XsdTooLong,
    XsdValue,
)

__all__ = [
    "ArchiveRefused",
    "AttachmentExecutable",
    "AttachmentMissing",
    "AttachmentNameUnsafe",
    "AttachmentTypeDiffers",
    "BadAgencyCode",
    "BadBase64",
    "BadKeyValue",
    "BadValue",
    "BytesBeforeXml",
    "ContentError",
    "CorruptedAttachment",
    "DateInFuture",
    "DoctypeForbidden",
    "DuplicateContentId",
    "DuplicateRecipient",
    "EarlyTimestamp",
    "EmptyElement",
    "EmptyFile",
    "FileError",
    "FileNotGiven",
    "ForeignCharacter",
    "FutureTimestamp",
    "IgnoredValue",
    "IncompleteReference",
    "InvisibleCharacter",
    "LettersInCodeNumber",
    "LongTextNotBase64",
    "MetadataError",
    "MetadataUnreadable",
    "MisplacedElement",
    "MissingElement",
    "MissingKey",
    "NotUtf8",
    "NotXml",
    "NullAgencyCode",
    "Parties",
    "ProcessingInstruction",
    "ReasonMissing",
    "RecallOfNothing",
    "ReceiverTwice",
    "RefersToItself",
    "RepeatedElement",
    "ReplacedTwice",
    "ReplacementOfNothing",
    "SchemaError",
    "SchemaErrors",
    "SchemaRemark",
    "StateSecret",
    "StatusWithFiles",
    "TooComplex",
    "TooLarge",
    "TooLong",
    "UnboundPrefix",
    "UnexpectedMessage",
    "UnknownElement",
    "UnknownKey",
    "UnknownPriority",
    "UnknownStatusCode",
    "UnlistedAttachment",
    "UnusualAgencyCode",
    "UnusualDate",
    "UpdateOfNothing",
    "UpdateWithoutChange",
    "WrongNamespace",
    "WrongRoot",
    "XsdAttribute",
    "XsdElementMissing",
    "XsdElementUnexpected",
    "XsdReference",
    "XsdRemark",
    "XsdTooLong",
    "XsdValue",
]
