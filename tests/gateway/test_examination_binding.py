"""Who signed for whom, through the whole examination: tricks with agency codes, registrations, and what the sender hears.

Each hostile document is signed by a genuine certificate, over the very text that it shows; what is wrong is only whose it is.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from cryptography.x509 import Name, NameAttribute
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID
from lxml import etree

from certs.certificate import fingerprint, key_fingerprint
from certs.issue import Authority, new_key, new_root
from certs.sign import sign_enveloped
from certs.trust import Trust
from gateway.flow.examination import Examination, Outcome, examine
from gateway.records import MessageKind
from routing.agencies import Agency, Directory, Member
from routing.registration_changes import Revoke, Suspend, changed
from routing.registrations import RegisteredBy, Registration
from tests.support.documents import edit, edxml, find
from tests.support.pki import Identity, anchored, certificate
from tests.support.registry import an_agency

AT = datetime(2025, 6, 30, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
EVERYONE = Member(id="all", name="Tất cả", prefixes=("G22", "H26", "H60"), queue="q", gateway="gw")
CODES = ("G22", "G22.1", "H26", "H26.21", "H26.21.1", "H60", "H60.1")

TRICKS = {
    "fullwidth": "Ｇ22",
    "fullwidth digits": "G２２",
    "Cyrillic": "Ԍ22",
    "lower case": "g22",
    "zero width": "G\u200b22",
    "zero width end": "G22\u200d",
    "byte-order mark": "\ufeffG22",
    "right to left": "\u202eG22",
    "no-break space": "G22\u00a0",
    "soft hyphen": "G\u00ad22",
    "ideographic space": "\u3000G22",
    "combining": "G22\u0301",
    "Arabic digits": "G٢٢",
    "leading zero": "G022",
    "trailing dot": "G22.",
    "other dot": "G22․1",
    "unit": "G22.1",
    "longer": "G221",
    "comma": "G22,G22",
}


@cache
def root() -> Authority:
    """Return the trusted root."""
    return new_root("Root", AT - 30 * DAY)


@cache
def identity(serial_number: str, *, days: int = 365) -> Identity:
    """Return a genuine certificate with this serialNumber in UTF-8, which may say anything, and its key."""
    own = new_key()
    names = (
        NameAttribute(NameOID.COMMON_NAME, "Văn phòng Chính phủ"),
        NameAttribute(NameOID.SERIAL_NUMBER, serial_number, _ASN1Type.UTF8String),
    )
    issued = certificate(
        root(), name=Name(names), public_key=own, not_before=AT - DAY, not_after=AT + days * DAY
    )
    return issued, own


def judged(file: bytes, by: Identity, *, registered: tuple[Registration, ...] = ()) -> Examination:
    """Sign a file and examine it; `registered` are the Government Office's."""
    signed = sign_enveloped(file, key=by[1], certificates=[by[0]])
    agencies: list[Agency] = [an_agency(code, code) for code in CODES]
    agencies[0] = replace(agencies[0], certificates=registered)
    return examine(
        signed,
        expect=MessageKind.EDOC,
        caller=EVERYONE,
        directory=Directory(7, "7" * 64, agencies, (EVERYONE,)),
        trust=Trust(anchors=anchored(root().certificate)),
        at=AT,
    )


def codes(examination: Examination) -> list[str]:
    """Return the codes of all findings."""
    return [finding.code for finding in examination.findings]


def sent_as(code: str) -> Callable[[etree._Element], None]:
    """Return the change that lets a document come from another code."""

    def change(document: etree._Element) -> None:
        find(document, "From/OrganId").text = code

    return change


@pytest.mark.parametrize("code", TRICKS.values(), ids=TRICKS.keys())
def test_a_look_alike_of_the_senders_code_is_refused(code: str) -> None:
    """A document under a code that resembles the agency's is not the agency's, though its own certificate signed it."""
    examination = judged(edit(edxml(), sent_as(code)), identity("G22"))

    assert examination.outcome is Outcome.REFUSED
    assert examination.binding is None


@pytest.mark.parametrize("code", TRICKS.values(), ids=TRICKS.keys())
def test_a_certificate_with_a_look_alike_is_refused(code: str) -> None:
    """A certificate that names something like the agency's code does not sign for it."""
    examination = judged(edxml(), identity(code))

    assert (examination.outcome, examination.binding) == (Outcome.REFUSED, None)
    assert codes(examination) == ["access.signer_not_bound"]


@pytest.mark.parametrize("code", TRICKS.values(), ids=TRICKS.keys())
def test_a_look_alike_on_both_sides_is_refused(code: str) -> None:
    """Nor do two equal look-alikes make an agency, but for the unit, which is itself."""
    examination = judged(edit(edxml(), sent_as(code)), identity(code))

    if code == "G22.1":
        assert examination.sender is not None
        assert (examination.outcome, examination.sender.agency.code) == (Outcome.ACCEPTED, "G22.1")
    else:
        assert (examination.outcome, examination.binding) == (Outcome.REFUSED, None)


@pytest.mark.parametrize("first", [True, False])
def test_two_senders_are_refused(first: bool) -> None:
    """A document with two From elements has no sender, whichever of them is the signer."""

    def change(document: etree._Element) -> None:
        sender = find(document, "From")
        other = deepcopy(sender)
        find_in = [each for each in other if etree.QName(each).localname == "OrganId"]
        find_in[0].text = "H26"
        (sender.addprevious if first else sender.addnext)(other)

    examination = judged(edit(edxml(), change), identity("G22"))

    assert examination.outcome is Outcome.REFUSED


@pytest.mark.parametrize("by", [RegisteredBy.CERTIFICATE, RegisteredBy.SPKI])
def test_a_unit_does_not_sign_with_its_parents_registration(by: RegisteredBy) -> None:
    """What is registered for the Government Office binds to it alone."""
    office = identity("G22")
    registered = (
        Registration(
            by=by, certificate_sha256=fingerprint(office[0]), spki_sha256=key_fingerprint(office[0])
        ),
    )

    assert judged(edxml(), office, registered=registered).outcome is Outcome.ACCEPTED
    unit = judged(edit(edxml(), sent_as("G22.1")), office, registered=registered)
    assert codes(unit) == ["access.signer_not_bound"]


def test_a_stopped_registration_refuses_whatever_the_subject_says() -> None:
    """The certificate names the agency, and that does not help."""
    office = identity("G22")
    made = Registration(certificate_sha256=fingerprint(office[0]))

    for stop, word in ((Suspend(reason="x"), "suspended"), (Revoke(reason="x"), "revoked")):
        examination = judged(edxml(), office, registered=(changed(made, stop, at=AT - DAY),))
        assert codes(examination) == ["access.signer_not_bound"]
        assert word in examination.findings[0].en


def test_the_sender_hears_that_the_certificate_ends() -> None:
    """A warning, which decides nothing."""
    examination = judged(edxml(), identity("G22", days=10))

    assert examination.outcome is Outcome.ACCEPTED
    (warning,) = examination.warnings
    assert warning.code == "certs.certificate_ends_soon"
    assert "còn 10 ngày" in warning.vi


def test_the_sender_hears_that_there_is_a_new_certificate() -> None:
    """Signed with the old one: taken, and told."""
    old, new = identity("G22"), identity("G22", days=700)
    first = Registration(certificate_sha256=fingerprint(old[0]))
    second = Registration(certificate_sha256=fingerprint(new[0]), replaces=first.id)

    examination = judged(edxml(), old, registered=(second, first))

    assert examination.outcome is Outcome.ACCEPTED
    assert [each.code for each in examination.warnings] == ["certs.old_certificate"]
    assert fingerprint(new[0]) in examination.warnings[0].en
    assert judged(edxml(), new, registered=(first, second)).warnings == ()
