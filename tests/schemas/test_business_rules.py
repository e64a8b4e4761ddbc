"""Recalls, updates and replacements: what is read of them, and what each has to say."""

from dataclasses import replace

import pytest

from schemas.codelists import BUSINESS_TYPES
from schemas.document import (
    Business,
    BusinessDocumentInfo,
    Document,
    Receiver,
    ReplacementInfo,
    ResponseFor,
)
from schemas.errors import (
    BadAgencyCode,
    BadValue,
    EmptyElement,
    IncompleteReference,
    MisplacedElement,
    MissingElement,
    RecallOfNothing,
    ReceiverTwice,
    RefersToItself,
    ReplacedTwice,
    ReplacementOfNothing,
    UpdateOfNothing,
    UpdateWithoutChange,
)
from tests.schemas.checks import read, refusal, refusals, warning, with_child, with_text, without
from tests.support.documents import a_document, edxml

OWN_ID = a_document().document_id
TARGET = ResponseFor(
    organ_id="G22", code="1/VPCP", promulgation_date=a_document().promulgation_date, document_id="G22,2025,1"
)
BUSINESS_XPATH = "/edXML:edXML/edXML:edXMLEnvelope/edXML:edXMLHeader/edXML:TraceHeaderList/edXML:Bussiness"

RECALL = {"business_type": 1, "business": Business(document_id="G22,2025,1", reason="Gửi nhầm nơi nhận")}
UPDATE = {
    "business_type": 2,
    "business": Business(
        document_id="G22,2025,1",
        document_info=BusinessDocumentInfo(
            document_info=1,
            document_receiver=1,
            receivers=(
                Receiver(organ_id="H60.1", receiver_type=0),
                Receiver(organ_id="000.00.01.H26", receiver_type=1),
            ),
        ),
    ),
}
REPLACEMENT = {
    "business_type": 3,
    "business": Business(
        replacements=(
            ReplacementInfo(document_id="G22,2025,1", organ_ids=("H60.1", "H26.21.1")),
            ReplacementInfo(document_id="G22,2025,2", organ_ids=("H60.1",)),
        )
    ),
}


def _update(**changes: object) -> bytes:
    """Give an update with other changes to the document."""
    info = BusinessDocumentInfo(**changes)  # type: ignore[arg-type]
    return edxml(business_type=2, business=Business(document_id="x", document_info=info))


@pytest.mark.parametrize("changes", [RECALL, UPDATE, REPLACEMENT], ids=["recall", "update", "replacement"])
def test_every_kind_is_read(changes: dict[str, object]) -> None:
    """All that a kind of business says comes back without a remark."""
    parsed = read(edxml(**changes))
    assert parsed.message == a_document(**changes)
    assert parsed.warnings == ()


def test_a_recall_names_what_it_recalls() -> None:
    """The id in Bussiness or in a ResponseFor is enough; without both nobody knows what is recalled."""
    assert read(edxml(business_type=1, business=None, response_for=(TARGET,))).warnings == ()
    finding = refusal(edxml(business_type=1))
    assert isinstance(finding, RecallOfNothing)
    assert finding.xpath == BUSINESS_XPATH


def test_an_unreadable_reference_is_told_once() -> None:
    """A recall whose reference is at fault is not also said to have none."""
    file = edxml(business_type=1, business=None, response_for=(TARGET,))
    finding = refusal(without(file, "ResponseFor/DocumentId"))
    assert isinstance(finding, MissingElement)


def test_an_update_names_what_it_updates() -> None:
    """A ResponseFor does not take the place of the id in Bussiness."""
    business = replace(UPDATE["business"], document_id=None)  # type: ignore[type-var]
    finding = refusal(edxml(business_type=2, business=business, response_for=(TARGET,)))
    assert isinstance(finding, UpdateOfNothing)
    assert finding.xpath == BUSINESS_XPATH


def test_an_update_changes_something() -> None:
    """A flag of 1 or a list of receivers is a change; anything less is none."""
    for changes in (
        {"document_info": 1},
        {"document_receiver": 1},
        {"document_info": 0, "receivers": (Receiver(organ_id="H60.1", receiver_type=1),)},
    ):
        assert read(_update(**changes)).warnings == ()
    assert isinstance(refusal(_update(document_info=0, document_receiver=0)), UpdateWithoutChange)
    assert isinstance(refusal(_update()), UpdateWithoutChange)
    assert isinstance(
        refusal(edxml(business_type=2, business=Business(document_id="x"))), UpdateWithoutChange
    )


@pytest.mark.parametrize("name", ["DocumentInfo", "DocumentReceiver", "Receiver/ReceiverType"])
@pytest.mark.parametrize("text", ["2", "true", "-1", "١"])
def test_flags_are_0_or_1(name: str, text: str) -> None:
    """A flag that says anything else could mean anything."""
    finding = refusal(with_text(edxml(**UPDATE), f"{name}", text))
    assert isinstance(finding, BadValue)
    assert finding.facts["name"] == name.rpartition("/")[2]


def test_receivers_are_agencies() -> None:
    """A receiver has a code of the grammar and says whether it is added or removed, once."""
    assert isinstance(refusal(with_text(edxml(**UPDATE), "Receiver/OrganId", "h60")), BadAgencyCode)
    assert isinstance(refusal(without(edxml(**UPDATE), "Receiver/OrganId")), MissingElement)
    assert isinstance(refusal(without(edxml(**UPDATE), "Receiver/ReceiverType")), MissingElement)
    assert isinstance(refusal(with_text(edxml(**UPDATE), "Receiver/ReceiverType", "")), EmptyElement)
    finding = refusal(
        _update(receivers=tuple(Receiver(organ_id="H60.1", receiver_type=kind) for kind in (0, 1, 0)))
    )
    assert isinstance(finding, ReceiverTwice)
    assert finding.facts == {"organ_id": "H60.1"}


def test_a_replacement_names_what_it_replaces() -> None:
    """At least one document, each with its id and at least one agency."""
    assert isinstance(refusal(edxml(business_type=3)), ReplacementOfNothing)
    assert isinstance(refusal(edxml(business_type=3, business=None)), ReplacementOfNothing)
    file = edxml(**REPLACEMENT)
    for name in ("DocumentId", "OrganIdList"):
        finding = refusal(without(file, f"ReplacementInfo/{name}"))
        assert isinstance(finding, MissingElement)
        assert finding.facts == {"name": name}
    single = edxml(
        business_type=3,
        business=Business(replacements=(ReplacementInfo(document_id="x", organ_ids=("G22",)),)),
    )
    assert isinstance(refusal(without(single, "OrganIdList/OrganId")), MissingElement)
    assert isinstance(refusal(with_text(file, "OrganIdList/OrganId", "")), EmptyElement)
    assert isinstance(refusal(with_text(file, "OrganIdList/OrganId", "null")), BadAgencyCode)


def test_a_document_is_replaced_once() -> None:
    """Two entries for one document would be two lists of those that got it."""
    replaced = ReplacementInfo(document_id="x", organ_ids=("H60.1",))
    finding = refusal(edxml(business_type=3, business=Business(replacements=(replaced, replaced, replaced))))
    assert isinstance(finding, ReplacedTwice)
    assert finding.facts == {"document_id": "x"}


@pytest.mark.parametrize(
    "changes",
    [
        {"business_type": 1, "business": Business(document_id=OWN_ID)},
        {"business_type": 1, "business": None, "response_for": (replace(TARGET, document_id=OWN_ID),)},
        {"business_type": 2, "business": replace(UPDATE["business"], document_id=OWN_ID)},  # type: ignore[type-var]
        {
            "business_type": 3,
            "business": Business(replacements=(ReplacementInfo(document_id=OWN_ID, organ_ids=("G22",)),)),
        },
    ],
)
def test_no_document_changes_itself(changes: dict[str, object]) -> None:
    """A document that recalls, updates or replaces itself is a mistake of its software; one that answers itself is harmless."""
    finding = refusal(edxml(**changes))
    assert isinstance(finding, RefersToItself)
    assert finding.facts == {"document_id": OWN_ID}
    assert read(edxml(response_for=(replace(TARGET, document_id=OWN_ID),))).warnings == ()


def test_a_new_document_owes_nothing() -> None:
    """Its id in Bussiness may be its own or another, and be as long as it likes."""
    for document_id in (OWN_ID, "000.00.00.G22,2014/02/30,7806/VPCP-TTĐT"):
        assert read(edxml(business=Business(document_id=document_id))).warnings == ()
    assert warning(edxml(business=Business(document_id="x" * 201))).code == "schema.too_long"


def test_the_id_of_another_document_is_a_key() -> None:
    """Where it decides which document is meant, an id is never longer than an id can be."""
    for changes in (RECALL, UPDATE):
        finding = refusal(with_text(edxml(**changes), "Bussiness/DocumentId", "x" * 201))
        assert isinstance(finding, BadValue)
    assert isinstance(
        refusal(with_text(edxml(**REPLACEMENT), "ReplacementInfo/DocumentId", "x" * 201)), BadValue
    )


@pytest.mark.parametrize("name", ["BussinessDocumentInfo", "ReplacementInfoList"])
def test_elements_of_another_kind(name: str) -> None:
    """What belongs to another kind of business is left out, aloud if it says anything."""
    changes = UPDATE if name == "BussinessDocumentInfo" else REPLACEMENT
    file = with_text(edxml(**changes), "BussinessDocType", "0")
    finding = warning(file)
    assert isinstance(finding, MisplacedElement)
    assert finding.facts == {"name": name, "type": 0, "expected": changes["business_type"]}
    message = read(file).message
    assert isinstance(message, Document)
    assert message.business is not None
    assert (message.business.document_info, message.business.replacements) == (None, ())
    assert read(with_child(edxml(), "Bussiness", name)).warnings == ()


def test_all_faults_of_a_business_at_once() -> None:
    """A sender learns of everything that is missing in one answer."""
    codes = [finding.code for finding in refusals(edxml(business_type=2, business=None))]
    assert codes == ["schema.update_of_nothing", "schema.update_without_change"]
    assert set(BUSINESS_TYPES) == {0, 1, 2, 3}


def test_incomplete_references_of_a_recall() -> None:
    """A recall by id alone is understood, and its ResponseFor may be as short as that of a status."""
    finding = warning(edxml(business_type=1, business=None, response_for=(replace(TARGET, code=None),)))
    assert isinstance(finding, IncompleteReference)
