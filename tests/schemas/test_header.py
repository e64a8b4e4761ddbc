"""The MessageHeader of a document: every rule and every message."""

from datetime import date

import pytest

from schemas.document import Document, DocumentType, Organization, OtherInfo, ResponseFor
from schemas.errors import (
    BadAgencyCode,
    BadValue,
    DateInFuture,
    DuplicateRecipient,
    EmptyElement,
    IgnoredValue,
    IncompleteReference,
    InvisibleCharacter,
    LettersInCodeNumber,
    MissingElement,
    NullAgencyCode,
    RepeatedElement,
    SchemaError,
    TooLong,
    UnknownPriority,
    UnusualAgencyCode,
    UnusualDate,
)
from tests.schemas.checks import read, refusal, refusals, warning, with_child, with_text, without, xpath
from tests.support.documents import PHUC_XA_WARD, TUYEN_QUANG_OFFICE, edxml

REQUIRED = (
    "From",
    "From/OrganId",
    "DocumentId",
    "Code",
    "Code/CodeNumber",
    "Code/CodeNotation",
    "PromulgationInfo",
    "PromulgationInfo/PromulgationDate",
    "DocumentType",
    "DocumentType/Type",
    "DocumentType/TypeName",
    "Subject",
    "SignerInfo",
    "SignerInfo/FullName",
)


def _document(file: bytes) -> Document:
    """Read a document."""
    message = read(file).message
    assert isinstance(message, Document)
    return message


@pytest.mark.parametrize("path", REQUIRED)
def test_required_elements(path: str) -> None:
    """Each required element is missed by name, at its parent."""
    parent, _, name = path.rpartition("/")
    finding = refusal(without(edxml(), path if "/" in path else f"MessageHeader/{path}"))
    assert isinstance(finding, MissingElement)
    assert finding.facts == {"name": name}
    assert finding.xpath == xpath(parent)
    assert finding.line is not None


@pytest.mark.parametrize(
    "path", [path for path in REQUIRED if "/" in path or path in {"DocumentId", "Subject"}]
)
def test_required_texts(path: str) -> None:
    """Each required text is missed where it should stand."""
    finding = refusal(with_text(edxml(), path if "/" in path else f"MessageHeader/{path}", " \n"))
    assert isinstance(finding, EmptyElement)
    assert finding.xpath == xpath(path)


def test_all_faults_at_once() -> None:
    """A sender learns of every fault in one answer."""
    file = without(
        without(with_text(edxml(), "From/OrganId", "h26"), "MessageHeader/Subject"), "Code/CodeNumber"
    )
    codes = [finding.code for finding in refusals(file)]
    assert codes == ["schema.malformed_agency_code", "schema.missing_element", "schema.missing_element"]


def test_at_least_one_recipient() -> None:
    """A document without To goes nowhere."""
    finding = refusal(without(without(edxml(), "To"), "To"))
    assert isinstance(finding, MissingElement)
    assert finding.facts == {"name": "To"}


def test_exactly_one_sender() -> None:
    """Two From are refused even if they are equal."""
    finding = refusal(with_child(edxml(), "MessageHeader", "From"))
    assert isinstance(finding, RepeatedElement)
    assert finding.xpath == xpath("From") + "[2]"


def test_no_recipient_twice() -> None:
    """The second To with a code is reported by its position."""
    finding = refusal(edxml(recipients=(TUYEN_QUANG_OFFICE, PHUC_XA_WARD, Organization(organ_id="H60.1"))))
    assert isinstance(finding, DuplicateRecipient)
    assert finding.xpath == xpath("To") + "[3]"


@pytest.mark.parametrize(
    ("code", "kind"),
    [("null", NullAgencyCode), ("H60.1 H26", BadAgencyCode), ("H26." + "1" * 32, BadAgencyCode)],
)
def test_bad_codes(code: str, kind: type[SchemaError]) -> None:
    """Codes of sender and recipients obey a grammar."""
    file = edxml(sender=Organization(organ_id=code), recipients=(Organization(organ_id=code),))
    findings = refusals(file)
    assert all(isinstance(finding, kind) for finding in findings)
    assert [finding.xpath for finding in findings] == [xpath("From/OrganId"), xpath("To/OrganId")]


def test_codes_are_kept_as_sent() -> None:
    """Old forms and white space around a code are taken, nothing is rewritten."""
    file = with_text(edxml(sender=Organization(organ_id="99.99.99.G21")), "To/OrganId", "\n 000.00.01.H60 \t")
    assert isinstance(warning(file), UnusualAgencyCode)
    document = _document(file)
    assert document.sender.organ_id == "99.99.99.G21"
    assert document.recipients[0].organ_id == "000.00.01.H60"


@pytest.mark.parametrize("text", ["2025-06-30", "30/06/2025"])
def test_other_date_forms(text: str) -> None:
    """A clear date in another form is taken with a warning."""
    file = with_text(edxml(), "PromulgationDate", text)
    finding = warning(file)
    assert isinstance(finding, UnusualDate)
    assert finding.facts["value"] == text
    assert _document(file).promulgation_date == date(2025, 6, 30)


@pytest.mark.parametrize("path", ["PromulgationInfo/PromulgationDate", "DueDate"])
@pytest.mark.parametrize("text", ["2014/02/30", "soon", "2018/09/28 00:00:00"])
def test_impossible_dates(path: str, text: str) -> None:
    """What is no date is refused, never guessed."""
    finding = refusal(with_text(edxml(), path, text))
    assert isinstance(finding, BadValue)
    assert (finding.xpath, finding.facts["value"]) == (xpath(path), text)


def test_date_in_the_future() -> None:
    """A date of issue after today in Vietnam is refused; today itself is not."""
    assert _document(edxml(promulgation_date=date(2025, 6, 30))).promulgation_date == date(2025, 6, 30)
    finding = refusal(edxml(promulgation_date=date(2025, 7, 1)))
    assert isinstance(finding, DateInFuture)
    assert finding.facts["today"] == "2025-06-30"


def test_date_with_a_comment() -> None:
    """A comment in a date is one fault, not two."""
    finding = refusal(with_child(with_text(edxml(), "PromulgationDate", ""), "PromulgationDate", "x"))
    assert isinstance(finding, BadValue)


def test_empty_due_date_is_none() -> None:
    """An empty optional date is no date."""
    assert _document(with_text(edxml(), "DueDate", "")).due_date is None


def test_letters_in_the_number() -> None:
    """A number with letters is kept with a warning."""
    file = with_text(edxml(), "CodeNumber", "74fass22")
    assert isinstance(warning(file), LettersInCodeNumber)
    assert _document(file).code.number == "74fass22"


@pytest.mark.parametrize(("text", "priority"), [("5", 5), ("cao", None)])
def test_unknown_priority(text: str, priority: int | None) -> None:
    """A priority outside the list is kept with a warning, if it is a number."""
    file = with_text(edxml(), "Priority", text)
    assert isinstance(warning(file), UnknownPriority)
    assert _document(file).priority == priority


def test_type_is_a_number() -> None:
    """The number of the type is required to be one, its detail is only left out."""
    finding = refusal(with_text(edxml(), "DocumentType/Type", "công văn"))
    assert isinstance(finding, BadValue)
    assert finding.facts["expected_en"] == "a whole number, not negative"
    file = with_text(edxml(), "TypeDetail", "x")
    assert isinstance(warning(file), IgnoredValue)
    assert _document(file).document_type == DocumentType(type=1, type_name="Công văn")


def test_absent_blocks() -> None:
    """Without OtherInfo there is neither priority nor anything else."""
    document = _document(without(edxml(), "OtherInfo"))
    assert (document.priority, document.other_info) == (None, OtherInfo())


def test_document_id_is_a_key() -> None:
    """An id of 200 characters is taken whole, a longer one refused."""
    assert _document(edxml(document_id="x" * 200)).document_id == "x" * 200
    finding = refusal(edxml(document_id="x" * 201))
    assert isinstance(finding, BadValue)
    assert finding.facts["expected_en"] == "at most 200 characters"


@pytest.mark.parametrize(
    ("path", "longest"),
    [
        ("To/OrganName", 200),
        ("To/OrganAdd", 500),
        ("From/Email", 100),
        ("CodeNotation", 30),
        ("PromulgationInfo/Place", 50),
        ("TypeName", 100),
        ("MessageHeader/Subject", 500),
        ("MessageHeader/Content", 500),
        ("FullName", 50),
        ("Position", 100),
        ("Competence", 100),
        ("ToPlaces/Place", 150),
    ],
)
def test_documented_lengths(path: str, longest: int) -> None:
    """A text of the documented length is taken silently, a longer one with a warning."""
    assert read(with_text(edxml(), path, "ă" * longest)).warnings == ()
    finding = warning(with_text(edxml(), path, "ă" * (longest + 1)))
    assert isinstance(finding, TooLong)
    assert finding.facts["longest"] == longest


def test_response_for() -> None:
    """A complete reference is read; one that leaves out code and date is remarked upon."""
    whole = ResponseFor(
        organ_id="H60.1",
        code="12/VP",
        promulgation_date=date(2025, 6, 1),
        document_id="H60.1,2025/06/01,12/VP",
    )
    assert _document(edxml(response_for=(whole,))).response_for == (whole,)
    part = ResponseFor(organ_id="000.00.01.H60", document_id="x")
    parsed = read(edxml(response_for=(part, whole)))
    assert isinstance(parsed.message, Document)
    assert parsed.message.response_for == (part, whole)
    assert [finding.facts["name"] for finding in parsed.warnings] == ["Code", "PromulgationDate"]
    assert all(isinstance(finding, IncompleteReference) for finding in parsed.warnings)


def test_response_for_without_its_keys() -> None:
    """A reference has to name agency and document."""
    whole = ResponseFor(organ_id="H60.1", code="1", promulgation_date=date(2025, 6, 1), document_id="x")
    for name in ("OrganId", "DocumentId"):
        finding = refusal(without(edxml(response_for=(whole,)), f"ResponseFor/{name}"))
        assert isinstance(finding, MissingElement)
        assert finding.facts == {"name": name}


def test_empty_response_for_is_none() -> None:
    """Some software always writes the element; without content it means nothing."""
    file = with_child(edxml(), "MessageHeader", "ResponseFor")
    assert _document(file).response_for == ()
    assert _document(with_child(file, "ResponseFor", "OrganId")).response_for == ()


def test_texts_that_nothing_explains_are_passed_on() -> None:
    """ReplyFors and ReferenceCodes are kept as texts; elements in them are left out with a warning."""
    file = with_child(edxml(), "OtherInfo", "ReplyFors", "12/UBND")
    info = _document(with_child(file, "OtherInfo", "ReferenceCodes", "3")).other_info
    assert (info.reply_fors, info.reference_codes) == ("12/UBND", "3")
    for name in ("ReplyFors", "ReferenceCodes"):
        file = with_child(with_child(edxml(), "OtherInfo", name), name, "Item", "1")
        finding = warning(file)
        assert isinstance(finding, IgnoredValue)
        assert finding.facts == {"name": name, "value": "<Item>"}
        assert _document(file) == _document(edxml())


def test_comments_in_texts_that_nothing_explains() -> None:
    """What the text would be depends on who reads it, so it is left out."""
    file = with_child(edxml(), "OtherInfo", "ReplyFors", "1").replace(
        b">1</edXML:ReplyFors>", b">1<!-- -->2</edXML:ReplyFors>"
    )
    assert warning(file).facts == {"name": "ReplyFors", "value": "<!-->"}


@pytest.mark.parametrize("path", ["From/OrganName", "To/OrganName"])
def test_invisible_characters_in_names(path: str) -> None:
    """A name is kept as it is; its sender is told what nobody sees in it."""
    name = "Ủy ban\u200b nhân dân\u2060"
    file = with_text(edxml(), path, name)
    finding = warning(file)
    assert isinstance(finding, InvisibleCharacter)
    assert finding.facts == {"name": "OrganName", "character": "U+200B", "count": 2}
    document = _document(file)
    assert name in {document.sender.name, document.recipients[0].name}
