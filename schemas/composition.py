"""From metadata and files to a message: what a desk knows, with what every message needs besides (QCVN 102:2016/BTTTT).

Left out, DocumentId is made of agency, date, number and notation; a new document gets a Bussiness of type 0 with a reason, a
TypeDetail, a SteeringType and the sender's own TraceHeader, because the axis has swallowed documents without them. What the
reader would refuse is not composed: the message is written, read again, and each finding names the key that it comes from.
Law: the metadata of a document composes that document.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from schemas.document import Attachment, Business, Document, StatusMessage, TraceHeader
from schemas.errors import EmptyFile, FileNotGiven, SchemaError, SchemaErrors, StatusWithFiles, UnknownKey
from schemas.metadata import Reader, is_nothing
from schemas.metadata_keys import key_of
from schemas.names import XML_SPACE
from schemas.parse import Parsed, parse
from schemas.serialize import document_xml, status_xml
from schemas.xml_parser import parse_tree

KINDS: Final = ("document", "status")
DEFAULT_REASON: Final = "Văn bản điện tử mới"
DEFAULT_STEERING: Final = "0"
DEFAULT_TYPE: Final = {"type": 1, "type_detail": 0}

_COMPUTED: Final = frozenset({"attachments"})
_TO_COME: Final = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Described:
    """What the metadata may say of a file."""

    name: str
    description: str | None = None


def compose(metadata: Mapping[str, Any], attachments: Sequence[Attachment], *, at: datetime) -> Parsed:
    """Make a message from metadata and the files that it shall carry, with what its sender should be told of it.

    White space around the name of a file does not get through, as with any text.

    Raises: SchemaErrors with every fault, each with its `key`; ValueError if `at` carries no zone.
    """
    reader = Reader()
    kind = metadata.get("kind", KINDS[0])
    if kind not in KINDS:
        reader.add(UnknownKey(key=f"kind = {kind}", known=", ".join(KINDS)), "kind")
        raise SchemaErrors(tuple(reader.faults))
    rest = {name: value for name, value in metadata.items() if name != "kind"}
    if kind == "status":
        message: Document | StatusMessage = _status(reader, rest, len(attachments), at)
    else:
        message = _document(reader, rest, attachments, at)
    return _read_again(message, at)


def content_ids(count: int) -> tuple[str, ...]:
    """Return the ContentIds of so many files, in their order."""
    return tuple(str(place) for place in range(1, count + 1))


def _status(reader: Reader, metadata: Mapping[str, Any], files: int, at: datetime) -> StatusMessage:
    if files:
        reader.add(StatusWithFiles(count=files), "kind")
    status = reader.record(StatusMessage, _filled(metadata, timestamp=at))
    if reader.faults:
        raise SchemaErrors(tuple(reader.faults))
    made: StatusMessage = status
    return made


def _document(
    reader: Reader, metadata: Mapping[str, Any], attachments: Sequence[Attachment], at: datetime
) -> Document:
    told = metadata.get("attachments")
    described = reader.read(tuple[_Described, ...], told, "attachments") if told else ()
    carried = _carried(reader, attachments, described if not reader.faults else ())
    given = {name: value for name, value in metadata.items() if name not in _COMPUTED}
    kind = given.get("document_type")
    if isinstance(kind, Mapping):
        given["document_type"] = _filled(kind, **DEFAULT_TYPE)
    has_id = not is_nothing(given.get("document_id"))
    filled = _filled(given, steering_type=DEFAULT_STEERING, document_id=_TO_COME)
    read = reader.record(Document, filled, without=_COMPUTED)
    if reader.faults:
        raise SchemaErrors(tuple(reader.faults))
    document: Document = read
    return replace(
        document,
        document_id=document.document_id if has_id else _document_id(document),
        business=_business(document),
        trace=document.trace or (TraceHeader(organ_id=document.sender.organ_id, timestamp=_whole(at)),),
        attachments=carried,
    )


def _filled(given: Mapping[str, Any], **defaults: object) -> dict[str, Any]:
    """Add what is not given, or given as nothing."""
    return {**given, **{name: value for name, value in defaults.items() if is_nothing(given.get(name))}}


def _carried(
    reader: Reader, attachments: Sequence[Attachment], described: Sequence[_Described]
) -> tuple[Attachment, ...]:
    """Give the attachments their descriptions."""
    names = [attachment.name.strip(XML_SPACE) for attachment in attachments]
    found = {}
    for place, each in enumerate(described):
        key = f"attachments[{place}].name"
        if names.count(each.name) != 1 or each.name in found:
            reader.add(FileNotGiven(key=key, name=each.name), key)
        found[each.name] = each.description
    for place, attachment in enumerate(attachments):
        reader.read(str, attachment.name, f"attachments[{place}].name")
        if not attachment.size:
            reader.add(EmptyFile(name=attachment.name), f"attachments[{place}]")
    return tuple(
        replace(
            each,
            name=each.name.strip(XML_SPACE),
            description=found.get(each.name.strip(XML_SPACE), each.description),
        )
        for each in attachments
    )


def _business(document: Document) -> Business:
    """Say of a new document that it is one; who recalls, updates or replaces has reasons of their own."""
    business = document.business or Business()
    if document.business_type or business.reason:
        return business
    return replace(business, reason=DEFAULT_REASON)


def _document_id(document: Document) -> str:
    code = document.code
    return f"{document.sender.organ_id},{document.promulgation_date:%Y/%m/%d},{code.number}/{code.notation}"


def _whole(at: datetime) -> datetime:
    return at.replace(microsecond=0)


def _read_again(message: Document | StatusMessage, at: datetime) -> Parsed:
    """Write the message without its attachments and read it, as any receiver will."""
    try:
        read = parse(parse_tree(_header_only(message)), at=at)
    except SchemaErrors as refused:
        place_in_metadata((*refused.errors, *refused.warnings), message)
        raise
    place_in_metadata(read.warnings, message)
    return Parsed(message=message, warnings=read.warnings)


def _header_only(message: Document | StatusMessage) -> bytes:
    if isinstance(message, StatusMessage):
        return status_xml(message)
    return document_xml(replace(message, attachments=()), {})


def place_in_metadata(findings: Sequence[SchemaError], message: Document | StatusMessage) -> None:
    """Say where in the metadata findings about the written file come from; there is no file whose lines could be counted."""
    is_status = isinstance(message, StatusMessage)
    for finding in findings:
        finding.key = key_of(finding.xpath or "", is_status=is_status)
        finding.line = None
