"""The documents that a document speaks of, in one shape for all four kinds of business (QCVN 102:2016/BTTTT).

A recall names what it recalls in Bussiness/DocumentId or, as official samples do, in ResponseFor; an update
in Bussiness/DocumentId; a replacement in its ReplacementInfoList. Invariants: nothing is looked up here; a
document is spoken of once in each relation; a new document's Bussiness/DocumentId refers to nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from schemas.codelists import RECALL, REPLACEMENT, UPDATE
from schemas.document import Document, ResponseFor


class Relation(StrEnum):
    """What a document does to the one it speaks of."""

    ANSWERS = "answers"
    RECALLS = "recalls"
    UPDATES = "updates"
    REPLACES = "replaces"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A document spoken of, with as much as the message says of it."""

    relation: Relation
    document_id: str
    organ_id: str | None = None
    """The agency that issued it."""
    code: str | None = None
    """Number and notation, such as 7816/VPCP-TTĐT."""
    promulgation_date: date | None = None


def references(document: Document) -> tuple[Reference, ...]:
    """Return the documents that a document speaks of, those of its business first."""
    return tuple({(found.relation, found.document_id): found for found in _references(document)}.values())


def _references(document: Document) -> Iterator[Reference]:
    """Yield every reference, repeated ones too."""
    business = document.business
    named = business.document_id if business else None
    if document.business_type == RECALL:
        if named is not None:
            yield _about(Relation.RECALLS, named, document)
        else:
            yield from (_stated(Relation.RECALLS, answered) for answered in document.response_for)
        return
    if document.business_type == UPDATE and named is not None:
        yield _about(Relation.UPDATES, named, document)
    elif document.business_type == REPLACEMENT and business:
        for replacement in business.replacements:
            yield _about(Relation.REPLACES, replacement.document_id, document)
    yield from (_stated(Relation.ANSWERS, answered) for answered in document.response_for)


def _about(relation: Relation, document_id: str, document: Document) -> Reference:
    """Return a reference by id alone, completed by the ResponseFor of the same id if there is one."""
    for answered in document.response_for:
        if answered.document_id == document_id:
            return _stated(relation, answered)
    return Reference(relation=relation, document_id=document_id)


def _stated(relation: Relation, answered: ResponseFor) -> Reference:
    """Return a reference with what a ResponseFor says."""
    return Reference(
        relation=relation,
        document_id=answered.document_id,
        organ_id=answered.organ_id,
        code=answered.code,
        promulgation_date=answered.promulgation_date,
    )
