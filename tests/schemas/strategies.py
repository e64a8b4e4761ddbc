"""Hypothesis strategies for messages that edXML can carry."""

from dataclasses import replace
from datetime import UTC, date, datetime

from hypothesis import assume
from hypothesis import strategies as st

from schemas.document import (
    Attachment,
    Business,
    BusinessDocumentInfo,
    Code,
    Document,
    DocumentType,
    Organization,
    OtherInfo,
    Receiver,
    ReplacementInfo,
    ResponseFor,
    SignerInfo,
    StaffInfo,
    StatusMessage,
    TraceHeader,
)
from schemas.file_type import PROGRAMS, detected_type
from schemas.measure import Measurement
from schemas.names import XML_SPACE
from schemas.references import references
from schemas.secrecy import is_marked
from schemas.zip_directory import is_zip

# Everything that XML 1.0 can carry, carriage return and astral planes included.
xml_characters = st.characters(
    codec="utf-8", exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"
) | st.sampled_from("\t\n\r<>&\"']")


def texts(longest: int = 40) -> st.SearchStrategy[str]:
    """Give texts as a reader returns them: not empty, no white space of XML around them, no mark of a state secret."""
    raw = st.text(xml_characters, min_size=1, max_size=longest)
    return raw.map(lambda text: text.strip(XML_SPACE)).filter(
        lambda text: bool(text) and not is_marked(text.upper())
    )


def maybe(strategy: st.SearchStrategy[str]) -> st.SearchStrategy[str | None]:
    """Give a value or its absence."""
    return st.none() | strategy


numbers = st.integers(0, 999)
dates = st.dates(date(1900, 1, 1), date(2025, 6, 30))
moments = st.datetimes(datetime(1900, 1, 2), datetime(2100, 1, 1)).map(  # noqa: DTZ001 - the zone is set next
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)
agency_codes = st.from_regex(r"[A-Y][0-9]{2}(\.[0-9A-Z]{1,4}){0,5}", fullmatch=True) | st.from_regex(
    r"[0-9]{3}\.[0-9]{2}\.[0-9]{2}\.[A-Y][0-9]{2}", fullmatch=True
)
organizations = st.builds(
    Organization,
    organ_id=agency_codes,
    in_charge=maybe(texts()),
    name=maybe(texts()),
    address=maybe(texts()),
    email=maybe(texts()),
    telephone=maybe(texts(20)),
    fax=maybe(texts(20)),
    website=maybe(texts()),
)
responses = st.builds(
    ResponseFor,
    organ_id=agency_codes,
    code=maybe(texts()),
    promulgation_date=st.none() | dates,
    document_id=texts(),
)
staff = st.builds(
    StaffInfo,
    department=maybe(texts()),
    department_id=maybe(texts()),
    staff=maybe(texts()),
    staff_id=maybe(texts()),
    email=maybe(texts()),
    mobile=maybe(texts(20)),
)
other_infos = st.builds(
    OtherInfo,
    sphere_of_promulgation=maybe(texts()),
    typer_notation=maybe(texts(10)),
    promulgation_amount=st.none() | numbers,
    page_amount=st.none() | numbers,
    reply_fors=maybe(texts()),
    direction=maybe(texts()),
    reference_codes=maybe(texts()),
    appendixes=st.lists(texts(), max_size=2).map(tuple),
)
businesses = st.builds(
    Business,
    document_id=maybe(texts()),
    reason=maybe(texts()),
    paper=st.none() | numbers,
    staff=st.none() | staff,
)
flags = st.none() | st.integers(0, 1)
changes = st.builds(
    BusinessDocumentInfo,
    document_info=flags,
    document_receiver=flags,
    receivers=st.lists(
        st.builds(Receiver, organ_id=agency_codes, receiver_type=st.integers(0, 1)),
        max_size=3,
        unique_by=lambda receiver: receiver.organ_id,
    ).map(tuple),
).filter(lambda change: bool(change.document_info or change.document_receiver or change.receivers))
replacements = st.lists(
    st.builds(
        ReplacementInfo,
        document_id=texts(),
        organ_ids=st.lists(agency_codes, min_size=1, max_size=3).map(tuple),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda replaced: replaced.document_id,
).map(tuple)


def may_be_attached(content: bytes) -> bool:
    """Return whether octets are neither a program nor a ZIP, which are refused or have to be whole."""
    measured = Measurement.of(content)
    return detected_type(measured) not in PROGRAMS and not is_zip(measured.head)


contents = st.dictionaries(
    texts(12).filter(lambda content_id: not content_id.startswith("cid:")),
    st.binary(min_size=1, max_size=200).filter(may_be_attached),
    max_size=3,
)


recipients = st.lists(organizations, min_size=1, max_size=3, unique_by=lambda to: to.organ_id).map(tuple)
traces = st.builds(TraceHeader, organ_id=maybe(texts()), timestamp=st.none() | moments)
new_documents = st.builds(
    Document,
    sender=organizations,
    recipients=recipients,
    document_id=texts(),
    code=st.builds(Code, number=texts(11), notation=texts(30)),
    promulgation_place=maybe(texts()),
    promulgation_date=dates,
    document_type=st.builds(DocumentType, type=numbers, type_detail=st.none() | numbers, type_name=texts()),
    subject=texts(),
    content=maybe(texts()),
    signer=st.builds(SignerInfo, competence=maybe(texts()), position=maybe(texts()), full_name=texts()),
    due_date=st.none() | dates,
    priority=st.none() | st.integers(0, 9),
    other_info=other_infos,
    response_for=st.lists(responses, max_size=2).map(tuple),
    steering_type=maybe(texts()),
    task_codes=st.lists(texts(), max_size=2).map(tuple),
    application_type=maybe(texts()),
    to_places=st.lists(texts(), max_size=2).map(tuple),
    business_type=st.just(0),
    business=st.none() | businesses,
    trace=st.lists(traces, max_size=2).map(tuple),
    attachments=st.just(()),
)


@st.composite
def _bare_documents(draw: st.DrawFn) -> Document:
    """Give a document of any kind of business that says what its kind has to say."""
    document = draw(new_documents)
    business_type = draw(st.integers(0, 3))
    if business_type:
        business = draw(businesses)
        if business_type == 1:
            answered = draw(st.lists(responses, min_size=0 if business.document_id else 1, max_size=2))
            document = replace(document, response_for=tuple(answered))
        elif business_type == 2:
            business = replace(business, document_id=draw(texts()), document_info=draw(changes))
        else:
            business = replace(business, replacements=draw(replacements))
        document = replace(document, business_type=business_type, business=business)
    spoken_of = {reference.document_id for reference in references(document)}
    assume(document.document_id not in spoken_of)
    return document


bare_documents = _bare_documents()


@st.composite
def documents(draw: st.DrawFn) -> tuple[Document, dict[str, bytes]]:
    """Give a document and the content of its attachments."""
    attached = draw(contents)
    described = tuple(
        replace(
            Attachment.of(content, content_id=content_id, name=draw(texts()), content_type=draw(texts())),
            field_name=draw(maybe(texts())),
            mime_type=draw(maybe(texts())),
        )
        for content_id, content in attached.items()
    )
    return replace(draw(bare_documents), attachments=described), attached


statuses = st.builds(
    StatusMessage,
    sender=organizations,
    response_for=responses,
    status_code=st.sampled_from(["01", "02", "03", "04", "05", "06", "13", "15", "16"]),
    description=maybe(texts()),
    timestamp=moments,
    staff=st.none() | staff,
)
