"""What a recall, an update and a replacement have to say to be understood (QCVN 102:2016/BTTTT).

A recall names what it recalls, in Bussiness or in ResponseFor; an update names one document and at least one
change; a replacement names each replaced document once; none of them does anything to itself. A new document owes
nothing: its Bussiness/DocumentId may hold anything, the DocumentId of the header is its identity. Whether the
documents named exist, and whether the sender may speak of them, is for those to say who know them.
"""

from collections.abc import Iterator

from schemas.codelists import RECALL, REPLACEMENT, UPDATE
from schemas.document import Business, Document
from schemas.errors import (
    RecallOfNothing,
    ReceiverTwice,
    RefersToItself,
    ReplacedTwice,
    ReplacementOfNothing,
    SchemaError,
    UpdateOfNothing,
    UpdateWithoutChange,
)
from schemas.references import Relation, references


def check_business(document: Document) -> Iterator[SchemaError]:
    """Yield what speaks against the business of a document, without places in a file."""
    business = document.business or Business()
    if document.business_type == RECALL:
        if not references(document):
            yield RecallOfNothing()
    elif document.business_type == UPDATE:
        yield from _check_update(business)
    elif document.business_type == REPLACEMENT:
        yield from _check_replacement(business)
    # Software that fills in an answer to itself is sloppy but harms nobody.
    acted_on = {each.document_id for each in references(document) if each.relation is not Relation.ANSWERS}
    if document.document_id in acted_on - {""}:
        yield RefersToItself(document_id=document.document_id)


def _check_update(business: Business) -> Iterator[SchemaError]:
    """Yield what an update leaves open."""
    if business.document_id is None:
        yield UpdateOfNothing()
    info = business.document_info
    if info is None or not (info.document_info or info.document_receiver or info.receivers):
        yield UpdateWithoutChange()
        return
    yield from (
        ReceiverTwice(organ_id=code) for code in _repeated(receiver.organ_id for receiver in info.receivers)
    )


def _check_replacement(business: Business) -> Iterator[SchemaError]:
    """Yield what a replacement leaves open."""
    if not business.replacements:
        yield ReplacementOfNothing()
    yield from (
        ReplacedTwice(document_id=name) for name in _repeated(r.document_id for r in business.replacements)
    )


def _repeated(names: Iterator[str]) -> Iterator[str]:
    """Yield each name when it comes for the second time; what could not be read is no name."""
    seen: dict[str, int] = {"": 2}
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        if seen[name] == 2:  # noqa: PLR2004 - the second time
            yield name
