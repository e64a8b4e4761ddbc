"""Composing: the law that metadata and document are the same thing, defaults, and every fault under its key."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from lxml import etree

from schemas.composition import DEFAULT_REASON, compose, content_ids
from schemas.document import (
    Attachment,
    Business,
    Document,
    StatusMessage,
    TraceHeader,
)
from schemas.errors import SchemaErrors
from schemas.location import xpath_of
from schemas.metadata_keys import key_of
from schemas.parse import parse
from schemas.serialize import document_xml, status_xml
from schemas.xml_parser import parse_tree
from tests.schemas.strategies import documents, statuses
from tests.support.documents import AT, a_document, a_status

LETTER: dict[str, Any] = {
    "sender": {"organ_id": "G22", "name": "Văn phòng Chính phủ"},
    "recipients": [{"organ_id": "H60.1"}, {"organ_id": "H26.21.1"}],
    "code": {"number": "7816", "notation": "VPCP-TTĐT"},
    "promulgation_date": "2025-06-30",
    "document_type": {"type_name": "Công văn"},
    "subject": "V/v chuyển đổi mã định danh",
    "signer": {"full_name": "Nguyễn Văn An"},
}
STATUS: dict[str, Any] = {
    "kind": "status",
    "sender": {"organ_id": "H60.1"},
    "response_for": {"organ_id": "G22", "code": "7816/VPCP-TTĐT", "document_id": "G22,2025,7816"},
    "status_code": "03",
}
PDF = Attachment.of(b"%PDF-1.7", content_id="1", name="cong-van.pdf", content_type="application/pdf")


def _metadata(message: Document | StatusMessage) -> dict[str, Any]:
    """Write a message as a desk would, without what is computed from the files."""
    told: dict[str, Any] = json.loads(msgspec.json.encode(message))
    if isinstance(message, StatusMessage):
        return {"kind": "status", **told}
    told["attachments"] = [
        {"name": each.name, "description": each.description}
        for each in message.attachments
        if [one.name for one in message.attachments].count(each.name) == 1
    ]
    return told


def _document(metadata: dict[str, Any], *attachments: Attachment) -> Document:
    message = compose(metadata, attachments, at=AT).message
    assert isinstance(message, Document)
    return message


def _faults(metadata: dict[str, Any], *attachments: Attachment) -> dict[str, str]:
    """Compose what cannot be composed, and return the codes of the faults by their keys."""
    with pytest.raises(SchemaErrors) as refused:
        compose(metadata, attachments, at=AT)
    for fault in refused.value.errors:
        for text in (fault.vi, fault.en, fault.fix_vi, fault.fix_en):
            assert text.format(**fault.facts)
    return {fault.key or "": fault.code.removeprefix("schema.") for fault in refused.value.errors}


@settings(max_examples=80)
@given(documents())
def test_the_metadata_of_a_document_composes_it(drawn: tuple[Document, dict[str, bytes]]) -> None:
    """What a document says, told key by key, is the document again; only what every one must have is added."""
    document, _ = drawn
    composed = _document(_metadata(document), *document.attachments)

    business = document.business or Business()
    if not document.business_type and not business.reason:
        business = replace(business, reason=DEFAULT_REASON)
    kind = document.document_type
    assert composed == replace(
        document,
        business=business,
        trace=document.trace or (TraceHeader(organ_id=document.sender.organ_id, timestamp=AT),),
        steering_type=document.steering_type or "0",
        document_type=replace(kind, type_detail=kind.type_detail if kind.type_detail is not None else 0),
    )


@settings(max_examples=60)
@given(statuses)
def test_the_metadata_of_a_status_composes_it(status: StatusMessage) -> None:
    """The same for a status message."""
    assert compose(_metadata(status), (), at=AT).message == status


@settings(max_examples=40)
@given(documents())
def test_what_is_composed_is_read_back(drawn: tuple[Document, dict[str, bytes]]) -> None:
    """Reading what was composed and written gives what was composed."""
    document, contents = drawn
    composed = _document(_metadata(document), *document.attachments)
    assert parse(parse_tree(document_xml(composed, contents)), at=AT).message == composed


def test_what_is_left_out_of_a_letter() -> None:
    """DocumentId, Bussiness, TypeDetail, SteeringType and the sender's trace are there without being asked for."""
    composed = _document(LETTER, PDF)

    assert composed.document_id == "G22,2025/06/30,7816/VPCP-TTĐT"
    assert (composed.business_type, composed.business) == (0, Business(reason=DEFAULT_REASON))
    assert (composed.document_type.type, composed.document_type.type_detail) == (1, 0)
    assert composed.steering_type == "0"
    assert composed.trace == (TraceHeader(organ_id="G22", timestamp=AT),)
    assert composed.attachments == (PDF,)


def test_what_is_given_is_kept() -> None:
    """A default never replaces what the desk wrote."""
    trace = [{"organ_id": "H26", "timestamp": "2025-06-30 18:59:30"}]
    business = {"paper": 1, "reason": "Gửi lại"}
    composed = _document(
        LETTER | {"document_id": "x", "steering_type": "2", "business": business, "trace": trace}
    )

    assert (composed.document_id, composed.steering_type) == ("x", "2")
    assert composed.business == Business(paper=1, reason="Gửi lại")
    assert composed.trace == (
        TraceHeader(organ_id="H26", timestamp=datetime(2025, 6, 30, 11, 59, 30, tzinfo=UTC)),
    )


def test_a_status_is_of_now() -> None:
    """A status without a time is one of this moment."""
    composed = compose(STATUS, (), at=AT).message

    assert isinstance(composed, StatusMessage)
    assert (composed.status_code, composed.timestamp) == ("03", AT)


@pytest.mark.parametrize("day", ["2025-06-30", "2025/06/30", " 2025-06-30 ", date(2025, 6, 30)])
def test_dates(day: object) -> None:
    """Dates are those of ISO 8601 or of edXML; TOML has its own."""
    assert _document(LETTER | {"promulgation_date": day}).promulgation_date == date(2025, 6, 30)


@pytest.mark.parametrize("day", ["30/06/2025", "30-06-2025", "2025-06-31", "2025", 20250630, True, AT])
def test_no_dates(day: object) -> None:
    """What could be read in two ways, or is no date, is not guessed."""
    assert _faults(LETTER | {"promulgation_date": day}) == {"promulgation_date": "metadata_bad_value"}


def test_toml_and_json_are_the_same() -> None:
    """Both forms of the same metadata give the same document."""
    toml = tomllib.loads(
        """
        promulgation_date = 2025-06-30
        subject = "V/v chuyển đổi mã định danh"
        sender = { organ_id = "G22", name = "Văn phòng Chính phủ" }
        signer.full_name = "Nguyễn Văn An"
        document_type.type_name = "Công văn"
        code = { number = "7816", notation = "VPCP-TTĐT" }
        [[recipients]]
        organ_id = "H60.1"
        [[recipients]]
        organ_id = "H26.21.1"
        """
    )
    assert _document(toml) == _document(LETTER)


def test_every_fault_is_told_at_once_under_its_key() -> None:
    """Unknown, missing and wrong values are found together, wherever they are."""
    metadata = LETTER | {
        "recipients": [{"organ_id": "H60.1"}, {"organ_Id": "H26"}, "H26"],
        "subject": "  ",
        "due_date": "soon",
        "other_info": {"page_amount": "3", "appendixes": "Phụ lục"},
        "signer": {"full_name": None, "position": 5},
        "sbject": "x",
    }
    del metadata["code"]

    assert _faults(metadata) == {
        "sbject": "metadata_unknown_key",
        "recipients[1].organ_Id": "metadata_unknown_key",
        "recipients[1].organ_id": "metadata_missing_key",
        "recipients[2]": "metadata_bad_value",
        "code": "metadata_missing_key",
        "subject": "metadata_missing_key",
        "signer.full_name": "metadata_missing_key",
        "signer.position": "metadata_bad_value",
        "due_date": "metadata_bad_value",
        "other_info.page_amount": "metadata_bad_value",
        "other_info.appendixes": "metadata_bad_value",
    }


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("sbject", "subject"),
        ("OrganId", "organ_id"),
        ("documentId", "document_id"),
        ("recipient", "recipients"),
    ],
)
def test_mistyped_keys_get_a_suggestion(typed: str, meant: str) -> None:
    """A near miss, also in the standard's own spelling, is told what was meant."""
    metadata = LETTER | ({"sender": {"OrganId": "G22"}} if typed == "OrganId" else {typed: "x"})
    with pytest.raises(SchemaErrors) as refused:
        compose(metadata, (), at=AT)

    (fault,) = [each for each in refused.value.errors if each.code == "schema.metadata_unknown_key"]
    assert str(fault.facts["known"]).split(", ")[0] == meant


def test_characters_that_no_file_can_carry() -> None:
    """A control character is refused with its key, before anything is written."""
    assert _faults(LETTER | {"subject": "a\0b"}) == {"subject": "metadata_bad_value"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"promulgation_date": "2025-07-01"}, {"promulgation_date": "date_in_future"}),
        ({"recipients": [{"organ_id": "H60.1"}] * 2}, {"recipients[1]": "duplicate_recipient"}),
        (
            {"recipients": [{"organ_id": "H1"}, {"organ_id": "null"}]},
            {"recipients[0].organ_id": "malformed_agency_code", "recipients[1].organ_id": "agency_code_null"},
        ),
        ({"document_id": "x" * 201}, {"document_id": "bad_value"}),
        ({"business_type": 9}, {"business_type": "bad_value"}),
    ],
)
def test_what_the_reader_refuses_is_not_composed(change: dict[str, Any], expected: dict[str, str]) -> None:
    """The reader's own rules hold, and its findings name keys instead of places in a file."""
    assert _faults(LETTER | change) == expected


def test_what_the_reader_remarks_is_passed_on() -> None:
    """A remark does not stop anything, and names its key."""
    composed = compose(LETTER | {"priority": 7, "code": {"number": "7816a", "notation": "x"}}, (), at=AT)

    assert {(each.key, each.code) for each in composed.warnings} == {
        ("priority", "schema.unknown_priority"),
        ("code.number", "schema.code_number_letters"),
    }


def test_statuses_are_held_to_their_rules() -> None:
    """A status with files, an unknown code or a document's key is refused."""
    assert _faults(STATUS, PDF) == {"kind": "metadata_status_with_files"}
    assert _faults(STATUS | {"status_code": "99"}) == {"status_code": "unknown_status_code"}
    assert _faults(STATUS | {"subject": "x"}) == {"subject": "metadata_unknown_key"}
    assert _faults(STATUS | {"timestamp": "noon"}) == {"timestamp": "metadata_bad_value"}
    assert _faults(LETTER | {"kind": "letter"}) == {"kind": "metadata_unknown_key"}


@pytest.mark.parametrize(
    ("business_type", "more"),
    [
        (1, {"response_for": [{"organ_id": "G22", "code": "1/A", "document_id": "x"}]}),
        (1, {"business": {"document_id": "x", "reason": "Gửi nhầm"}}),
        (2, {"business": {"document_id": "x", "document_info": {"document_info": 1}}}),
        (
            2,
            {
                "business": {
                    "document_id": "x",
                    "document_info": {"receivers": [{"organ_id": "H26", "receiver_type": 1}]},
                }
            },
        ),
        (3, {"business": {"replacements": [{"document_id": "x", "organ_ids": ["H60.1"]}]}}),
    ],
)
def test_business_of_every_kind(business_type: int, more: dict[str, Any]) -> None:
    """A recall, an update and a replacement are composed as they are told, with no reason put into their mouths."""
    composed = _document(LETTER | {"business_type": business_type} | more, PDF)

    assert composed.business_type == business_type
    assert composed.business is not None
    assert composed.business.reason != DEFAULT_REASON
    content = {"1": b"%PDF-1.7"}
    assert parse(parse_tree(document_xml(composed, content)), at=AT).message == composed


@pytest.mark.parametrize(
    ("business_type", "code"),
    [(1, "recall_of_nothing"), (2, "update_of_nothing"), (3, "replacement_of_nothing")],
)
def test_business_that_says_nothing(business_type: int, code: str) -> None:
    """A recall, update or replacement of nothing is refused as a receiver would."""
    with pytest.raises(SchemaErrors) as refused:
        compose(LETTER | {"business_type": business_type, "business": {"reason": "x"}}, (), at=AT)

    assert f"schema.{code}" in {fault.code for fault in refused.value.errors}


def test_state_secrets_are_not_composed() -> None:
    """A mark of secrecy stops the message, and the finding does not quote it."""
    with pytest.raises(SchemaErrors) as refused:
        compose(LETTER | {"subject": "TỐI MẬT: kế hoạch"}, (), at=AT)

    (fault,) = refused.value.errors
    assert (fault.code, fault.key) == ("schema.state_secret", "subject")
    assert "kế hoạch" not in str(fault)


def test_files_can_be_described() -> None:
    """A description goes to the file of that name; files that are not there, or meant twice, are told."""
    table = replace(PDF, content_id="2", name="phu-luc.xlsx")
    told = [{"name": "phu-luc.xlsx", "description": "Phụ lục I"}]

    composed = _document(LETTER | {"attachments": told}, PDF, table)

    assert [each.description for each in composed.attachments] == [None, "Phụ lục I"]
    assert _faults(LETTER | {"attachments": [{"name": "none.pdf"}]}, PDF) == {
        "attachments[0].name": "metadata_file_not_given"
    }
    assert _faults(LETTER | {"attachments": told * 2}, table) == {
        "attachments[1].name": "metadata_file_not_given"
    }
    assert _faults(LETTER | {"attachments": told}, table, table) == {
        "attachments[0].name": "metadata_file_not_given"
    }
    assert content_ids(3) == ("1", "2", "3")


def _value(message: Document | StatusMessage, key: str) -> Any:
    found: Any = msgspec.to_builtins(message)
    for step in key.split("."):
        name, _, place = step.partition("[")
        found = found[name]
        found = found[int(place.rstrip("]"))] if place else found
    return found


@pytest.mark.parametrize("message", [a_document(attachments=(), task_codes=("7", "8")), a_status()])
def test_every_element_leads_to_its_key(message: Document | StatusMessage) -> None:
    """The key of each element in a written message holds that element's value."""
    is_status = isinstance(message, StatusMessage)
    xml = status_xml(message) if isinstance(message, StatusMessage) else document_xml(message, {})
    leaves = [
        each for each in parse_tree(xml).iter(etree.Element) if not len(each) and (each.text or "").strip()
    ]

    for leaf in leaves:
        value = _value(message, key_of(xpath_of(leaf), is_status=is_status))
        written = str(leaf.text).replace("/", "-")[:10]
        assert str(value).replace("/", "-")[:10] == written, leaf.tag
    assert len(leaves) > (10 if is_status else 30)
