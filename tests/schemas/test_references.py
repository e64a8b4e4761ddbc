"""The documents that a document speaks of."""

from datetime import date

from hypothesis import given, settings

from schemas.document import Business, Document, ReplacementInfo, ResponseFor
from schemas.references import Reference, Relation, references
from tests.schemas.strategies import bare_documents
from tests.support.documents import a_document

ANSWERED = ResponseFor(
    organ_id="H60.1", code="12/UBND", promulgation_date=date(2025, 6, 2), document_id="H60.1,2025,12"
)
OTHER = ResponseFor(organ_id="H60.1", document_id="other")


def _of(answered: ResponseFor, relation: Relation) -> Reference:
    """Give the reference that a ResponseFor makes."""
    return Reference(
        relation=relation,
        document_id=answered.document_id,
        organ_id=answered.organ_id,
        code=answered.code,
        promulgation_date=answered.promulgation_date,
    )


def test_a_new_document_answers() -> None:
    """A new document speaks of those it answers, whatever stands in its Bussiness/DocumentId."""
    document = a_document(response_for=(ANSWERED, OTHER), business=Business(document_id="anything"))
    assert references(document) == (_of(ANSWERED, Relation.ANSWERS), _of(OTHER, Relation.ANSWERS))
    assert references(a_document()) == ()
    assert references(a_document(business=None)) == ()


def test_a_recall_names_what_it_recalls() -> None:
    """The id in Bussiness counts; without it every ResponseFor does, as in the official sample."""
    by_id = a_document(
        business_type=1, business=Business(document_id=ANSWERED.document_id), response_for=(OTHER, ANSWERED)
    )
    assert references(by_id) == (_of(ANSWERED, Relation.RECALLS),)
    by_response = a_document(business_type=1, response_for=(ANSWERED, OTHER))
    assert references(by_response) == (_of(ANSWERED, Relation.RECALLS), _of(OTHER, Relation.RECALLS))
    assert references(a_document(business_type=1, business=None)) == ()


def test_an_update_names_what_it_updates() -> None:
    """An update may answer another document at the same time."""
    document = a_document(business_type=2, business=Business(document_id="x"), response_for=(ANSWERED,))
    assert references(document) == (
        Reference(relation=Relation.UPDATES, document_id="x"),
        _of(ANSWERED, Relation.ANSWERS),
    )
    same = a_document(business_type=2, business=Business(document_id="other"), response_for=(OTHER,))
    assert references(same) == (_of(OTHER, Relation.UPDATES), _of(OTHER, Relation.ANSWERS))


def test_a_replacement_names_each_it_replaces() -> None:
    """The agencies that had got a replaced document are not those that issued it."""
    replaced = tuple(ReplacementInfo(document_id=name, organ_ids=("H60.1",)) for name in ("x", "y"))
    document = a_document(business_type=3, business=Business(document_id="z", replacements=replaced))
    assert references(document) == (
        Reference(relation=Relation.REPLACES, document_id="x"),
        Reference(relation=Relation.REPLACES, document_id="y"),
    )


def test_a_document_is_spoken_of_once() -> None:
    """The same document answered twice is one reference."""
    assert len(references(a_document(response_for=(ANSWERED, ANSWERED)))) == 1


@settings(max_examples=60)
@given(bare_documents)
def test_no_reference_is_repeated(document: Document) -> None:
    """Relation and id together name a reference."""
    found = [(reference.relation, reference.document_id) for reference in references(document)]
    assert len(found) == len(set(found))
