"""`--type edxml` and `--type xmldsig`: one enveloped signature over a whole XML document, and whose it is.

Both read with the gateway's hardened parser. edXML has its signature at the standard's place, and the sender's code is read from
the signed view, never from the document received. What only departs from the standard's schema is a remark: the signature of a
document that nobody could route is no worse for that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final, TypeAlias

from lxml import etree

from certs.indication import Indication, SubIndication
from certs.shape import EDXML
from certs.trust import Trust
from certs.verdict import Signer
from certs.verify import verify
from gateway.cli.verification.errors import BindingFault, BindingMismatchError
from gateway.cli.verification.report import Judgement
from gateway.flow.findings import Fault
from routing.errors import RoutingError
from schemas.errors import FileError, SchemaErrors, TooComplex
from schemas.splice import Opened, open_file
from schemas.xml_parser import parse_tree

Bind: TypeAlias = Callable[[Signer, str], str]
"""Takes the signer and the sender's code; returns what binds them, or raises BindingMismatchError or RoutingError."""

FindAgency: TypeAlias = Callable[[Signer], tuple[str, str] | None]
"""Takes a signer; returns the code of the agency that it may speak for, and by what, or None. For files that name no sender."""

MAX_ELEMENTS: Final = 20_000
"""So many elements are held against the schema: describing a fault of each would take longer than all the rest."""

_COUNT: Final = etree.XPath("count(//*)")
_SENDER_PATH: Final = tuple(
    f"{{{EDXML}}}{name}" for name in ("edXML", "edXMLEnvelope", "edXMLHeader", "MessageHeader", "From")
)


def judge_xml(source: bytes | Path, *, trust: Trust, at: datetime) -> Judgement:
    """Judge the signature of any XML document."""
    try:
        tree = parse_tree(source)
    except FileError as error:
        return Judgement.failed(error)
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    return Judgement.of(verify(tree, trust=trust, at=at, size=size, path=None))


def judge_edxml(source: bytes | Path, *, trust: Trust, at: datetime, bind: Bind | None) -> Judgement:
    """Judge the signature of an edXML document and, if it is good and `bind` is given, whose it is."""
    try:
        opened = open_file(source)
    except FileError as error:
        return Judgement.failed(error)
    verdict = verify(opened.tree, trust=trust, at=at, size=opened.size, contents=opened.canonical)
    if verdict.signed_view is None or verdict.signer is None:
        return Judgement.of(verdict)
    view = verdict.signed_view.tree
    judgement = Judgement.of(verdict, remarks=_remarks(view, opened, at=at))
    return judgement if bind is None else _bound(judgement, verdict.signer, view, bind)


def _bound(judgement: Judgement, signer: Signer, view: etree._ElementTree, bind: Bind) -> Judgement:
    """Add to a pass whom the signer speaks for, or turn it into what it is without that."""
    try:
        code = sender_of(view)
        return replace(judgement, agency_code=code, binding=bind(signer, code))
    except (BindingMismatchError, RoutingError) as error:
        return replace(
            judgement,
            indication=Indication.INDETERMINATE,
            sub_indication=SubIndication.SIG_CONSTRAINTS_FAILURE,
            errors=(error,),
        )


def sender_of(view: etree._ElementTree) -> str:
    """Return From/OrganId of a signed view exactly as signed.

    Raises:
        BindingMismatchError: there is not exactly one, or it holds more than text.

    """
    senders = list(view.iter("{*}From"))
    if len(senders) != 1 or _path(senders[0]) != _SENDER_PATH:
        raise BindingMismatchError(BindingFault.SENDER)
    codes = list(senders[0].iter("{*}OrganId"))
    if len(codes) != 1 or codes[0].getparent() is not senders[0] or codes[0].tag != f"{{{EDXML}}}OrganId":
        raise BindingMismatchError(BindingFault.SENDER)
    code = codes[0].text
    if len(codes[0]) or not code:
        raise BindingMismatchError(BindingFault.SENDER)
    return code


def bind_to_subject(signer: Signer, code: str) -> str:
    """Return the binding if the certificate's subject has the sender's code as its serialNumber, byte for byte.

    Raises:
        BindingMismatchError: it has another one, none, or several.

    """
    if signer.subject_serial_number is None:
        raise BindingMismatchError(BindingFault.NAMES_NONE)
    if signer.subject_serial_number.encode() != code.encode():
        raise BindingMismatchError(BindingFault.NAMES_ANOTHER)
    return "subject.serialNumber"


def _path(element: etree._Element) -> tuple[str, ...]:
    return (*(str(above.tag) for above in reversed(list(element.iterancestors()))), str(element.tag))


def _remarks(view: etree._ElementTree, opened: Opened, *, at: datetime) -> tuple[Fault, ...]:
    """Return what the reader of edXML minds about the document that was signed."""
    from schemas.parse import parse  # noqa: PLC0415 - start-up time: needed only where a signature is good

    if _COUNT(view) > MAX_ELEMENTS:
        return (TooComplex(limit="elements", allowed=MAX_ELEMENTS),)
    try:
        return parse(view, at=at, contents=opened.contents).warnings
    except SchemaErrors as refused:
        return (*refused.errors, *refused.warnings)
