"""The examination, from bytes to a decision: every way to be refused, and that nothing passes by silence."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from certs.issue import Authority, issue, new_root
from certs.sign import sign_enveloped
from certs.trust import Trust
from certs.verdict import Indication
from gateway.flow.examination import Examination, Outcome, examine
from gateway.flow.findings import Level
from gateway.records import MessageKind
from routing.agencies import Agency, Directory, Member
from tests.schemas.checks import with_text
from tests.support.documents import TUYEN_QUANG_OFFICE, a_document, edxml, status_edxml
from tests.support.pki import anchored
from tests.support.registry import an_agency

AT = datetime(2025, 6, 30, 12, 0, tzinfo=UTC)
CAPITAL = Member(
    id="capital", name="Văn phòng Chính phủ", prefixes=("G22",), queue="member.capital", gateway="gw"
)
PROVINCES = Member(
    id="provinces", name="Các tỉnh", prefixes=("H26", "H60"), queue="member.provinces", gateway="gw"
)
AGENCIES = tuple(an_agency(code, code) for code in ("G22", "H26", "H26.21", "H26.21.1", "H60", "H60.1"))


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A root, the Government Office's certificate and key, and the registry of the examination."""

    directory: Directory
    trust: Trust
    sign: Callable[[bytes], bytes]

    def examine(self, source: bytes | Path, **changes: object) -> Examination:
        """Examine as the Government Office's system would be, with changes."""
        asked: dict[str, object] = {
            "expect": MessageKind.EDOC,
            "caller": CAPITAL,
            "directory": self.directory,
            "trust": self.trust,
            "at": AT,
        } | changes
        return examine(source, **asked)  # type: ignore[arg-type]  # the changes of each test fit


def a_directory(*agencies: Agency, members: tuple[Member, ...] = (CAPITAL, PROVINCES)) -> Directory:
    """Return version 7 of a registry."""
    return Directory(7, "7" * 64, agencies or AGENCIES, members)


def signer_of(
    root: Authority, code: str, *, not_after: datetime = AT + timedelta(days=365)
) -> Callable[[bytes], bytes]:
    """Return what signs as the agency with this code, under a certificate of `root`."""
    certificate, key = issue(
        root,
        subject_common_name=code,
        subject_serial_number=code,
        not_before=AT - timedelta(days=1),
        not_after=not_after,
    )
    return lambda xml: sign_enveloped(xml, key=key, certificates=[certificate])


@pytest.fixture(scope="module")
def bench() -> Bench:
    """Return a bench whose signer is G22."""
    root = new_root("Root", AT - timedelta(days=30))
    return Bench(
        directory=a_directory(), trust=Trust(anchors=anchored(root.certificate)), sign=signer_of(root, "G22")
    )


def codes(examination: Examination) -> set[str]:
    """Return the codes of everything that speaks against the message."""
    return {finding.code for finding in examination.findings if finding.level is not Level.WARNING}


def test_a_good_document_is_accepted_and_routed(bench: Bench) -> None:
    """Everything that an acceptance rests on is in the result."""
    examination = bench.examine(bench.sign(edxml()))

    assert examination.outcome is Outcome.ACCEPTED
    assert codes(examination) == set()
    assert examination.verdict is not None
    assert examination.verdict.indication is Indication.TOTAL_PASSED
    assert examination.binding is not None
    assert examination.binding.evidence == "G22"
    assert [(each.code, each.member) for each in examination.deliveries] == [
        ("H26.21.1", "provinces"),
        ("H60.1", "provinces"),
    ]
    assert (examination.registry_version, examination.at) == (7, AT)
    assert examination.decisive is None


def test_a_status_needs_no_signature_but_the_right_caller(bench: Bench) -> None:
    """A status message goes to the agency that it answers, and only the speaker's own system may bring it."""
    accepted = bench.examine(status_edxml(), expect=MessageKind.STATUS, caller=PROVINCES)
    refused = bench.examine(status_edxml(), expect=MessageKind.STATUS, caller=CAPITAL)

    assert accepted.outcome is Outcome.ACCEPTED
    assert [each.code for each in accepted.deliveries] == ["G22"]
    assert codes(refused) == {"access.sender_not_bound"}


def test_a_file_is_examined_like_bytes(bench: Bench, tmp_path: Path) -> None:
    """A spooled body gets the same decision."""
    path = tmp_path / "body"
    path.write_bytes(bench.sign(edxml()))

    assert bench.examine(path).outcome is Outcome.ACCEPTED


def test_one_changed_byte_of_an_attachment_is_found(bench: Bench) -> None:
    """The attachment is covered by the signature."""
    signed = bench.sign(edxml())
    forged = signed.replace(b"JVBERi0xLjc", b"JVBERi0xLjY")

    assert forged != signed
    assert codes(bench.examine(forged)) == {"certs.digest_mismatch"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"caller": PROVINCES}, {"access.sender_not_bound"}),
        ({"expect": MessageKind.STATUS}, {"schema.unexpected_message"}),
        ({"at": AT + timedelta(days=400)}, {"certs.certificate_expired"}),
        (
            {"trust": Trust(anchors=anchored(new_root("Another", AT).certificate))},
            {"certs.untrusted_certificate"},
        ),
        ({"directory": a_directory(an_agency("H60.1"), an_agency("H26.21.1"))}, {"registry.unknown_code"}),
        ({"directory": a_directory(members=(CAPITAL,))}, {"routing.recipient_not_connected"}),
    ],
    ids=["caller", "kind", "expired", "untrusted", "unknown sender", "recipient not connected"],
)
def test_what_is_refused(bench: Bench, changes: dict[str, object], expected: set[str]) -> None:
    """Each thing that is wrong is named by its code, and refuses."""
    examination = bench.examine(bench.sign(edxml()), **changes)

    assert examination.outcome is Outcome.REFUSED
    assert codes(examination) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"trust": Trust(anchors=())}, {"certs.no_trust_anchors"}),
        ({"directory": Directory(0, "0" * 64, (), ())}, {"registry.empty"}),
    ],
    ids=["no anchors", "no agencies"],
)
def test_what_cannot_be_decided_is_no_pass(
    bench: Bench, changes: dict[str, object], expected: set[str]
) -> None:
    """Where the gateway itself lacks something, the outcome is the third one."""
    examination = bench.examine(bench.sign(edxml()), **changes)

    assert examination.outcome is Outcome.UNDECIDED
    assert codes(examination) == expected


def test_a_refusal_outweighs_what_cannot_be_decided(bench: Bench) -> None:
    """A document that is wrong anyway is refused although something else is missing."""
    examination = bench.examine(edxml(), trust=Trust(anchors=()), directory=Directory(0, "0" * 64, (), ()))

    assert examination.outcome is Outcome.REFUSED
    assert examination.decisive is not None
    assert examination.decisive.code == "certs.no_signature"


def test_another_agency_cannot_sign_for_the_sender() -> None:
    """A good signature of H26 under a document of G22 is nobody's word for G22."""
    root = new_root("Root", AT - timedelta(days=30))
    bench = Bench(
        directory=a_directory(), trust=Trust(anchors=anchored(root.certificate)), sign=signer_of(root, "H26")
    )

    assert codes(bench.examine(bench.sign(edxml()))) == {"access.signer_not_bound"}


def test_all_faults_are_reported_at_once(bench: Bench) -> None:
    """One examination names every fault that can be found, so that a sender mends them in one go."""
    stranger = replace(TUYEN_QUANG_OFFICE, organ_id="H60.99")
    examination = bench.examine(edxml(recipients=(stranger,)), caller=PROVINCES)

    assert codes(examination) == {"certs.no_signature", "access.sender_not_bound", "registry.unknown_code"}


def test_an_agency_named_twice_gets_one_delivery() -> None:
    """The code and its older form in one document are one addressee."""
    root = new_root("Root", AT - timedelta(days=30))
    agencies = (an_agency("G22"), an_agency("H60.1", aliases=("000.00.01.H60",)))
    bench = Bench(
        directory=a_directory(*agencies),
        trust=Trust(anchors=anchored(root.certificate)),
        sign=signer_of(root, "G22"),
    )
    older = replace(TUYEN_QUANG_OFFICE, organ_id="000.00.01.H60")

    examination = bench.examine(bench.sign(edxml(recipients=(TUYEN_QUANG_OFFICE, older))))

    assert [each.code for each in examination.deliveries] == ["H60.1"]


@pytest.mark.parametrize("source", [b"", b"no xml", b"<a/>", b"<!DOCTYPE a><a/>", b"\x00\xff"], ids=repr)
def test_what_is_no_edxml_is_refused_with_a_place(bench: Bench, source: bytes) -> None:
    """Bytes that are no edXML message are refused, never an exception."""
    examination = bench.examine(source)

    assert examination.outcome is Outcome.REFUSED
    assert examination.message is None
    assert examination.decisive is not None
    assert examination.decisive.code.startswith("schema.")


def test_what_counts_is_what_was_signed(bench: Bench) -> None:
    """Text that looks like markup is only text, and the message is the one that its author wrote."""
    examination = bench.examine(bench.sign(edxml(subject="V/v kiểm tra <!-- & --> ký tự")))

    assert examination.message == a_document(subject="V/v kiểm tra <!-- & --> ký tự")


def test_a_comment_added_in_the_middle_of_a_text_is_refused(bench: Bench) -> None:
    """Comments are not signed; one that could make a careless reader stop early is refused although the signature is good."""
    signed = bench.sign(edxml())
    attacked = signed.replace(b"<edXML:OrganId>H60.1<", b"<edXML:OrganId>H60<!-- -->.1<")

    assert attacked != signed
    assert codes(bench.examine(attacked)) == {"schema.bad_value"}


def test_a_comment_between_elements_changes_nothing(bench: Bench) -> None:
    """A comment where no text is may stand."""
    signed = bench.sign(edxml())
    commented = signed.replace(b"<edXML:From>", b"<!-- sent by fax before --><edXML:From>")

    assert commented != signed
    assert bench.examine(commented).outcome is Outcome.ACCEPTED


def test_faults_of_a_signed_document_have_the_lines_of_the_file(bench: Bench) -> None:
    """What is wrong with a signed document is shown where its sender finds it, not where it stands in the canonical form."""
    xml = b"<?xml version='1.0'?>\n\n\n" + edxml().partition(b"?>")[2].lstrip()
    wrong = xml.replace(b"<edXML:Subject>", b"\n\n<edXML:Subject>").replace(
        b"<edXML:CodeNumber>7816<", b"<edXML:CodeNumber>78a16<"
    )
    examination = bench.examine(bench.sign(wrong))
    (warning,) = [finding for finding in examination.warnings if finding.code == "schema.code_number_letters"]

    signed_lines = bench.sign(wrong).split(b"\n")
    assert warning.line is not None
    assert b"78a16" in signed_lines[warning.line - 1]


def test_everything_is_told_at_once(bench: Bench) -> None:
    """A document that cannot even be read as one is still held against trust and registry, and its warnings are told."""
    unknown = replace(TUYEN_QUANG_OFFICE, organ_id="H60.99")
    file = edxml(recipients=(unknown,), promulgation_place="x" * 51)
    examination = bench.examine(with_text(file, "Subject", ""), caller=PROVINCES)

    assert examination.outcome is Outcome.REFUSED
    assert codes(examination) == {
        "schema.empty_element",
        "certs.no_signature",
        "access.sender_not_bound",
        "registry.unknown_code",
    }
    assert [finding.code for finding in examination.warnings] == ["schema.too_long"]
    assert examination.decisive is not None
    assert examination.decisive.code == "schema.empty_element"
    assert examination.message is None


def test_of_a_state_secret_nothing_else_is_told(bench: Bench) -> None:
    """Whatever else is wrong with it stays unsaid, and nothing is known of it afterwards."""
    unknown = replace(TUYEN_QUANG_OFFICE, organ_id="H60.99")
    examination = bench.examine(edxml(subject="[Tối mật] V/v bố trí lực lượng", recipients=(unknown,)))

    assert codes(examination) == {"schema.state_secret"}
    assert (examination.message, examination.sender, examination.verdict) == (None, None, None)
    assert "lực lượng" not in str(examination)
