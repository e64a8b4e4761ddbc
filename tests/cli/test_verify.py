"""`vanthu verify`: the real command over documents, certificates and rubbish; four exits and one report, whatever it is given."""

from __future__ import annotations

import hashlib
import json
import resource
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from certs.issue import issue
from certs.policy import default_policy
from gateway.cli import run
from gateway.cli.verifying import Request, examine
from tests.cli.world import ROOT, clean_environment, lines_wider_than
from tests.support import pki
from tests.support.crl import crl, revoked
from tests.support.ocsp import GOOD, REVOKED, UNKNOWN, answer
from tests.support.signing import (
    ATTACHMENTS,
    EXCLUSIVE_TRANSFORMS,
    MARK,
    MORE,
    TEMPLATE,
    UNSIGNED,
    Recipe,
    forge,
    swollen,
)

TIME: Final = "2026-07-01T00:00:00Z"
SIGNED: Final = forge()
MEMORY: Final = 400 * 2**20
"""Address space for the child: 200 MB for the document, and as much again for Python and the libraries mapped into it."""
SECONDS: Final = 2
"""Processor time for the child, start included; whoever needs more is killed, and a killed command has none of the exits."""

FIELDS: Final = {
    *("v", "type", "indication", "sub_indication", "code", "reason_vi", "reason_en", "policy", "anchors"),
    *("control_time", "document_sha256", "size", "scope", "decorative", "signed_view_sha256", "signature"),
    *("best_signature_time", "notes"),
    *("signer", "chain", "timestamps", "signatures", "original_value", "findings", "findings_omitted"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How the command ended, and its report."""

    exit: int
    report: dict[str, Any]


Verify = Callable[..., Result]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the trust anchor and an intermediate."""
    made = tmp_path_factory.mktemp("verify")
    (made / "root.pem").write_bytes(_pem(pki.root().certificate))
    (made / "authority.pem").write_bytes(_pem(pki.authority().certificate))
    return made


@pytest.fixture
def verify(folder: Path, capsys: pytest.CaptureFixture[str]) -> Verify:
    """Return the command as a function of a file's content, in this process."""

    def call(content: bytes, *options: str, kind: str = "edxml", time: str = TIME) -> Result:
        file = folder / "file"
        file.write_bytes(content)
        anchor = () if "--trust-anchor" in options else ("--trust-anchor", str(folder / "root.pem"))
        arguments = ["verify", str(file), *anchor, "--time", time, "--type", kind, *options, "--json", "-"]
        code = run(arguments)
        report = json.loads(capsys.readouterr().out)
        assert report.keys() == FIELDS
        return Result(exit=code, report=report)

    return call


def _pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def _said(result: Result) -> tuple[int, str, str | None, str | None]:
    report = result.report
    return result.exit, report["indication"], report["sub_indication"], report["code"]


# The report


def test_report_of_a_pass(verify: Verify) -> None:
    """Everything that was established is in the report."""
    result = verify(SIGNED, "--binding", "subject.serialNumber")

    report = result.report
    certificate = hashlib.sha256(_der(pki.signer()[0])).hexdigest()
    root = hashlib.sha256(_der(pki.root().certificate)).hexdigest()
    assert _said(result) == (0, "TOTAL_PASSED", None, None)
    assert (report["v"], report["type"]) == (1, "edxml")
    assert report["policy"] == default_policy().label
    assert len(report["anchors"]) == 64
    assert report["control_time"] == TIME
    assert report["document_sha256"] == hashlib.sha256(SIGNED).hexdigest()
    assert (report["size"], report["scope"], report["decorative"]) == (len(SIGNED), "FULL", False)
    assert len(report["signed_view_sha256"]) == 64
    assert report["signature"] == {
        "form": "XMLDSIG-ENVELOPED",
        "method": "ecdsa-sha256",
        "digest": "sha256",
        "c14n": "exc-c14n",
        "claimed_time": None,
    }
    assert report["signer"]["subject_serial_number"] == pki.AGENCY_CODE
    assert report["signer"]["agency_code"] == pki.AGENCY_CODE
    assert report["signer"]["binding"] == "subject.serialNumber"
    assert report["signer"]["certificate_sha256"] == certificate
    assert report["signer"]["serial"] == f"{pki.signer()[0].serial_number:x}"
    assert report["chain"] == [
        {"sha256": certificate, "role": "EE", "revocation": None},
        {"sha256": root, "role": "ANCHOR", "revocation": None},
    ]
    assert (report["reason_vi"], report["reason_en"]) == ("Chữ ký số hợp lệ.", "The signature is valid.")


def test_faults_of_a_well_signed_document_are_remarks(verify: Verify) -> None:
    """What only the schema minds changes nothing, and is told."""
    report = verify(SIGNED).report

    assert {finding["level"] for finding in report["findings"]} == {"warning"}
    assert "schema.missing_element" in {finding["code"] for finding in report["findings"]}
    assert report["signer"]["agency_code"] is None


def test_report_of_a_failure(verify: Verify) -> None:
    """The first finding decided, and its texts are the reason; of the signer only what was established is told."""
    result = verify(SIGNED.replace(b"&amp;", b"v\xc3\xa0"))

    report = result.report
    assert _said(result) == (1, "TOTAL_FAILED", "HASH_FAILURE", "certs.digest_mismatch")
    assert report["findings"][0]["level"] == "refuse"
    assert report["reason_vi"] == report["findings"][0]["vi"]
    assert report["reason_en"] == report["findings"][0]["en"]
    assert report["signed_view_sha256"] is None


def test_findings_are_counted_and_cut(verify: Verify) -> None:
    """A signed document with thousands of faults gives a short report all the same."""
    twice = "<edXML:Subject>x</edXML:Subject>" * 300
    result = verify(
        forge(template=TEMPLATE.replace("<edXML:Subject>", f"{twice}<edXML:Unknown/><edXML:Subject>"))
    )

    assert result.exit == 0
    assert len(result.report["findings"]) <= 100


@pytest.mark.parametrize("name", ["edXML:Signature", "Signature"])
def test_decorative_signature(name: str, verify: Verify) -> None:
    """The placeholder of old software is no signature."""
    placeholder = f"<{name}><edXML:SignatureValue>FwgIqsSY</edXML:SignatureValue></{name}>"
    result = verify(TEMPLATE.replace(MARK, placeholder).encode())

    assert _said(result) == (3, "NO_SIGNATURE_FOUND", None, "certs.legacy_signature")
    assert result.report["decorative"] is True


def test_no_signature(verify: Verify) -> None:
    """An unsigned document has no signature, and is not said to have a decorative one."""
    result = verify(UNSIGNED)

    assert _said(result) == (3, "NO_SIGNATURE_FOUND", None, "certs.no_signature")
    assert result.report["decorative"] is False


def test_for_people(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without `--json` the report is in Vietnamese and English, and narrow."""
    anchor = ["--trust-anchor", str(folder / "root.pem"), "--time", TIME]
    (folder / "good.edxml").write_bytes(SIGNED)
    assert run(["verify", str(folder / "good.edxml"), *anchor, "--binding", "subject.serialNumber"]) == 0
    good = capsys.readouterr().out
    (folder / "bad.edxml").write_bytes(SIGNED.replace(b"&amp;", b"+"))
    assert run(["verify", str(folder / "bad.edxml"), *anchor]) == 1
    bad = capsys.readouterr().out
    (folder / "leaf.pem").write_bytes(_pem(pki.signer()[0]))
    assert run(["verify", str(folder / "leaf.pem"), *anchor, "--type", "cert"]) == 0

    assert "CHỮ KÝ HỢP LỆ · TOTAL_PASSED" in good
    assert "Bộ Công An (000.00.00.G01)" in good
    assert "CHỮ KÝ KHÔNG HỢP LỆ · TOTAL_FAILED / HASH_FAILURE" in bad
    assert "CHỨNG THƯ SỐ ĐÁNG TIN" in capsys.readouterr().out
    assert lines_wider_than(100, good + bad) == []


def test_report_in_a_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--json PATH` writes the report there and says nothing."""
    (folder / "unsigned.edxml").write_bytes(UNSIGNED)
    target = folder / "report.json"

    assert run(["verify", str(folder / "unsigned.edxml"), "--json", str(target)]) == 3
    assert json.loads(target.read_text())["indication"] == "NO_SIGNATURE_FOUND"
    assert capsys.readouterr().out == ""


# Trust and time


def test_without_anchors_nothing_is_decided(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No anchor is no reason to pass, nor to fail."""
    (folder / "signed.edxml").write_bytes(SIGNED)

    assert run(["verify", str(folder / "signed.edxml"), "--time", TIME, "--json", "-"]) == 2
    report = json.loads(capsys.readouterr().out)
    assert (report["sub_indication"], report["code"]) == ("TRY_LATER", "certs.no_trust_anchors")


def test_time_decides(verify: Verify) -> None:
    """The certificate must be valid at the time given, in whatever zone it is written."""
    late = verify(SIGNED, time="2027-07-02")
    early = verify(SIGNED, time="2025-06-30T23:59:59.5+00:00")

    assert _said(late) == (2, "INDETERMINATE", "OUT_OF_BOUNDS_NO_POE", "certs.certificate_expired")
    assert _said(early) == (2, "INDETERMINATE", "NOT_YET_VALID", "certs.certificate_not_yet_valid")
    assert verify(SIGNED, time="2025-07-01T07:00:00+07:00").exit == 0
    assert (
        verify(SIGNED, time="2025-07-01T06:59:59").exit == 2
    )  # Vietnam time, that is before midnight in UTC


@pytest.mark.parametrize("time", ["1000-01-01", "1900-01-01", "1950-01-01", "9999-12-31"])
@pytest.mark.parametrize("kind", ["edxml", "cert"])
def test_any_year(time: str, kind: str, verify: Verify) -> None:
    """A year that no certificate can write is a year in which none is valid."""
    content = SIGNED if kind == "edxml" else _pem(pki.signer()[0])

    assert verify(content, kind=kind, time=time).exit == 2


def _below_the_authority() -> pki.Identity:
    return issue(
        pki.authority(),
        subject_common_name="Bộ Y tế",
        subject_serial_number=pki.AGENCY_CODE,
        not_before=pki.AT - pki.YEAR,
        not_after=pki.AT + pki.YEAR,
    )


def test_intermediates_are_only_building_blocks(folder: Path, verify: Verify) -> None:
    """An intermediate on the command line completes a path; a root among them is not trusted for that."""
    signed = forge(Recipe(identity=_below_the_authority()))
    (folder / "all.der").write_bytes(_der(pki.authority().certificate) + _der(pki.root().certificate))
    (folder / "stranger.pem").write_bytes(_pem(pki.stranger().certificate))

    passed = verify(signed, "--intermediate", str(folder / "authority.pem"))
    assert [each["role"] for each in passed.report["chain"]] == ["EE", "CA", "ANCHOR"]
    assert verify(signed, "--intermediate", str(folder / "all.der")).exit == 0
    assert verify(signed).report["code"] == "certs.untrusted_certificate"
    other = verify(
        *(signed, "--trust-anchor", str(folder / "stranger.pem"), "--intermediate", str(folder / "all.der"))
    )
    assert _said(other) == (2, "INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND", "certs.untrusted_certificate")


@pytest.mark.parametrize("option", ["--trust-anchor", "--intermediate"])
@pytest.mark.parametrize(
    "content", [b"", b"text", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_what_is_relied_on_must_be_usable(option: str, content: bytes, folder: Path, verify: Verify) -> None:
    """A file without certificates where some should be leaves everything undecided."""
    (folder / "odd.pem").write_bytes(content)
    result = verify(SIGNED, option, str(folder / "odd.pem"))

    assert _said(result) == (
        *(2, "INDETERMINATE", "CERTIFICATE_CHAIN_GENERAL_FAILURE"),
        "certs.bad_trust_bundle",
    )


# Revocation


def test_revocation(folder: Path, verify: Verify) -> None:
    """With a list, the signer must be known not to be revoked; without one, nobody asks."""
    (folder / "good.crl").write_bytes(crl(pki.root()))
    (folder / "revoked.crl").write_bytes(crl(pki.root(), revoked(pki.signer()[0], since=pki.AT - pki.DAY)))

    passed = verify(SIGNED, "--crl", str(folder / "good.crl"))
    assert passed.exit == 0
    assert [each["revocation"] for each in verify(SIGNED).report["chain"]] == [None, None]
    assert passed.report["chain"][0]["revocation"]["status"] == "good"
    assert passed.report["chain"][1]["revocation"] is None
    for kind, content in (("edxml", SIGNED), ("xmldsig", SIGNED), ("cert", _pem(pki.signer()[0]))):
        result = verify(content, "--crl", str(folder / "revoked.crl"), kind=kind)
        assert _said(result) == (2, "INDETERMINATE", "REVOKED_NO_POE", "certs.certificate_revoked")
        assert result.report["chain"][0]["revocation"]["status"] == "revoked"
        assert verify(content, "--crl", str(folder / "good.crl"), kind=kind).exit == 0


def test_revocation_by_ocsp(folder: Path, verify: Verify) -> None:
    """An OCSP answer does what a list does: with one, the signer must be known not to be revoked."""
    signer = pki.signer()[0]
    for name, said in (("good", GOOD), ("revoked", REVOKED), ("unknown", UNKNOWN)):
        (folder / f"{name}.ocsp").write_bytes(answer(pki.root(), signer, said))
    (folder / "forged.ocsp").write_bytes(answer(pki.stranger(), signer))
    (folder / "good.crl").write_bytes(crl(pki.root()))

    for kind, content in (("edxml", SIGNED), ("xmldsig", SIGNED), ("cert", _pem(signer))):
        passed = verify(content, "--ocsp", str(folder / "good.ocsp"), kind=kind)
        assert passed.exit == 0
        assert passed.report["chain"][0]["revocation"]["source"] == "ocsp"
        for name, sub_indication, code in (
            ("revoked", "REVOKED_NO_POE", "certs.certificate_revoked"),
            ("unknown", "TRY_LATER", "certs.revocation_unknown"),
            ("forged", "TRY_LATER", "certs.revocation_unknown"),
        ):
            result = verify(content, "--ocsp", str(folder / f"{name}.ocsp"), kind=kind)
            assert _said(result) == (2, "INDETERMINATE", sub_indication, code)
    forged = verify(SIGNED, "--ocsp", str(folder / "forged.ocsp"))
    warned = [each["code"] for each in forged.report["findings"] if each["level"] == "warning"]
    assert warned == ["certs.bad_ocsp_answer"]
    # Whichever of several says that it is revoked is believed.
    both = ("--crl", str(folder / "good.crl"), "--ocsp", str(folder / "revoked.ocsp"))
    assert verify(SIGNED, *both).report["sub_indication"] == "REVOKED_NO_POE"


def test_revocation_that_is_not_known(folder: Path, verify: Verify) -> None:
    """A list that is stale, forged or nothing at all decides nothing, and is told."""
    (folder / "stale.crl").write_bytes(crl(pki.root()))
    (folder / "forged.crl").write_bytes(crl(pki.stranger()))
    (folder / "text.crl").write_bytes(b"text")
    late = verify(SIGNED, "--crl", str(folder / "stale.crl"), time="2027-06-30")

    assert _said(late) == (2, "INDETERMINATE", "TRY_LATER", "certs.revocation_unknown")
    for name in ("forged.crl", "text.crl"):
        for kind, content in (("edxml", SIGNED), ("cert", _pem(pki.signer()[0]))):
            result = verify(content, "--crl", str(folder / name), kind=kind)
            assert _said(result) == (2, "INDETERMINATE", "TRY_LATER", "certs.revocation_unknown")
            warned = [each["code"] for each in result.report["findings"] if each["level"] == "warning"]
            assert warned == ["certs.bad_revocation_list"]


def test_revocation_by_an_intermediate(folder: Path, verify: Verify) -> None:
    """Every authority below the anchor speaks for what it issued, and must be spoken for."""
    leaf = _below_the_authority()[0]
    (folder / "root.crl").write_bytes(crl(pki.root()))
    (folder / "authority.crl").write_bytes(crl(pki.authority()))
    (folder / "revoked.crl").write_bytes(
        crl(pki.root(), revoked(pki.authority().certificate, since=pki.AT - pki.DAY))
    )
    below = ("--intermediate", str(folder / "authority.pem"), "--crl", str(folder / "authority.crl"))

    assert verify(_pem(leaf), *below, "--crl", str(folder / "root.crl"), kind="cert").exit == 0
    assert verify(_pem(leaf), *below, kind="cert").report["sub_indication"] == "TRY_LATER"
    revoked_ca = verify(_pem(leaf), *below, "--crl", str(folder / "revoked.crl"), kind="cert")
    assert _said(revoked_ca)[2:] == ("REVOKED_CA_NO_POE", "certs.authority_revoked")


# Binding


def _coded(code: str) -> bytes:
    return forge(template=TEMPLATE.replace("<edXML:OrganId>000.00.00.G01", f"<edXML:OrganId>{code}"))


@pytest.mark.parametrize(
    "code",
    [
        *("000.00.00.G02", "000.00.00.g01", "000.00.00.G01.1", "000.00.00.G0", "G01", "00.00.00.G01"),
        *("\uff10\uff10\uff10.00.00.G01", "000.00.00.G\uff101", "OOO.00.00.G01", "000.00.00.G\u041e1"),
        *("000.00.00.G01\u200b", "\u202e000.00.00.G01", "000.00.00.G01\u00a0", "000.00\u00ad.00.G01"),
        *(" 000.00.00.G01", "000.00.00.G01\n", "\t000.00.00.G01", "000.00.00.G01 000.00.00.G01"),
        *("<b/>000.00.00.G01", "000.00<b>.00.G01</b>", "000.00.00.G01<b/>", ""),
        "<edXML:OrganId>000.00.00.G01</edXML:OrganId>",
    ],
)
def test_code_that_only_resembles(code: str, verify: Verify) -> None:
    """Another agency, a unit, a parent, or the same code in other letters: none of them is the code of the certificate."""
    result = verify(_coded(code), "--binding", "subject.serialNumber")

    assert _said(result) == (
        *(2, "INDETERMINATE", "SIG_CONSTRAINTS_FAILURE"),
        "verify.binding_mismatch",
    )
    assert result.report["signer"]["agency_code"] is None
    assert result.report["findings"][0]["level"] == "undecided"
    assert verify(_coded(code)).exit == 0


@pytest.mark.parametrize("code", ["000.00.00.G<!-- -->01", "<![CDATA[000.00.00.G01]]>", "000.00.00.G0&#49;"])
def test_code_in_other_writing(code: str, verify: Verify) -> None:
    """What was signed is the text; comments are not part of it, and CDATA and references are ways to write it."""
    assert verify(_coded(code), "--binding", "subject.serialNumber").exit == 0


_SENDER: Final = "<edXML:From><edXML:OrganId>000.00.00.G01</edXML:OrganId></edXML:From>"


@pytest.mark.parametrize(
    "senders",
    [
        "",
        _SENDER * 2,
        _SENDER + _SENDER.replace("G01", "G02"),
        _SENDER.replace("G01", "G02") + _SENDER,
        _SENDER + _SENDER.replace("edXML:From", "From"),
        _SENDER + '<From xmlns="urn:x"/>',
        _SENDER.replace("edXML:From", "From xmlns='urn:x'", 1).replace("</edXML:From", "</From"),
        "<edXML:From/>",
        _SENDER.replace("</edXML:From>", "<edXML:OrganId>000.00.00.G02</edXML:OrganId></edXML:From>"),
        _SENDER.replace("</edXML:From>", '<OrganId xmlns="urn:x">1</OrganId></edXML:From>'),
        "<edXML:From><edXML:More><edXML:OrganId>000.00.00.G01</edXML:OrganId></edXML:More></edXML:From>",
        f"<edXML:To>{_SENDER}</edXML:To>",
    ],
)
def test_sender_must_be_one(senders: str, verify: Verify) -> None:
    """There is exactly one From in a document, at its place, with exactly one OrganId."""
    result = verify(forge(template=TEMPLATE.replace(_SENDER, senders)), "--binding", "subject.serialNumber")

    assert (result.exit, result.report["code"]) == (2, "verify.binding_mismatch")


@pytest.mark.parametrize(
    "numbers", [(), ("000.00.00.G01", "000.00.00.G01"), ("000.00.00.G01", "000.00.00.G02")]
)
def test_certificate_must_name_one_agency(numbers: tuple[str, ...], verify: Verify) -> None:
    """A subject with none or several serialNumber attributes names nobody."""
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, "000.00.00.G01"),
            *(x509.NameAttribute(NameOID.SERIAL_NUMBER, number) for number in numbers),
        ]
    )
    certificate = pki.certificate(pki.root(), name=name)
    signed = forge(Recipe(identity=(certificate, pki.key())))

    assert verify(signed).exit == 0
    assert verify(signed, "--binding", "subject.serialNumber").report["code"] == "verify.binding_mismatch"


def test_binding_mends_nothing(verify: Verify) -> None:
    """A document that does not pass without a binding keeps its indication with one."""
    tampered = SIGNED.replace(b"&amp;", b"+")

    assert verify(tampered, "--binding", "subject.serialNumber").report["code"] == "certs.digest_mismatch"
    assert verify(UNSIGNED, "--binding", "subject.serialNumber").exit == 3


def test_registry(folder: Path, verify: Verify) -> None:
    """With a list of agencies the certificate must be the agency's by the rules of `routing.binding`."""
    listed = folder / "agencies.csv"
    sha256 = hashlib.sha256(_der(pki.signer()[0])).hexdigest()
    listed.write_text(
        "code,name,parent,kind,code_qcvn102,certificate_sha256\nG01,Bộ Công an,,central,000.00.00.G01,\n"
    )
    by_name = verify(SIGNED, "--registry", str(listed))
    listed.write_text(
        f"code,name,parent,kind,code_qcvn102,certificate_sha256\nG01,Bộ Công an,,central,000.00.00.G01,{sha256}\n"
    )
    by_certificate = verify(SIGNED, "--registry", str(listed))
    listed.write_text("code,name,parent,kind\nG02,Bộ Y tế,,central\n")
    unknown = verify(SIGNED, "--registry", str(listed))

    assert (by_name.exit, by_name.report["signer"]["binding"]) == (
        *(0, "registry:certificate-subject=000.00.00.G01"),
    )
    assert by_certificate.report["signer"]["binding"] == f"registry:registered-certificate={sha256}"
    assert _said(unknown) == (2, "INDETERMINATE", "SIG_CONSTRAINTS_FAILURE", "registry.unknown_code")


# Any XML, and certificates


def _plain(before: str, after: str = "", root: str = "bao-cao") -> str:
    return f"<{root}><a>1</a>{before}{MARK}{after}<b>2</b></{root}>"


@pytest.mark.parametrize("place", [_plain(""), _plain("<c><d>", "</d></c>"), f"<x>{MARK}</x>"])
def test_plain_xml(place: str, verify: Verify) -> None:
    """One signature over a whole document passes wherever it stands, as long as it is inside."""
    result = verify(forge(template=place), kind="xmldsig")

    assert _said(result) == (0, "TOTAL_PASSED", None, None)
    assert (result.report["scope"], result.report["type"]) == ("FULL", "xmldsig")
    assert verify(forge(template=place)).report["code"] == "certs.signature_misplaced"


def test_plain_xml_that_is_a_signature(verify: Verify) -> None:
    """A signature is not a signed document."""
    result = verify(forge(Recipe(digest=bytes(32)), MARK), kind="xmldsig")

    assert _said(result) == (1, "TOTAL_FAILED", "FORMAT_FAILURE", "certs.signature_misplaced")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda xml: xml.replace("<a>1", "<a>2"), "certs.digest_mismatch"),
        (lambda xml: xml.replace("</bao-cao>", "<Signature/></bao-cao>"), "certs.several_signatures"),
        (lambda xml: "<!DOCTYPE bao-cao>" + xml, "schema.doctype_forbidden"),
        (lambda xml: xml.replace("<a>", "<?a b?><a>"), "schema.processing_instruction"),
        (lambda xml: xml + "<x/>", "schema.not_xml"),
        (lambda xml: f"<evil>{xml}</evil>", "certs.digest_mismatch"),
    ],
    ids=range(6),
)
def test_plain_xml_that_was_changed(change: Callable[[str], str], code: str, verify: Verify) -> None:
    """Plain XML has the same shape checks and the same parser as edXML."""
    result = verify(change(forge(template=_plain("")).decode()).encode(), kind="xmldsig")

    assert (result.exit, result.report["code"]) == (1, code)


def test_plain_xml_that_is_signed_in_part(verify: Verify) -> None:
    """A signature over one element of a document is not one over the document."""
    part = forge(Recipe(uri=' URI="#p"'), _plain("").replace("<a>", '<a Id="p">'))

    assert _said(verify(part, kind="xmldsig"))[:3] == (1, "TOTAL_FAILED", "SIGNED_DATA_NOT_FOUND")


@pytest.mark.parametrize("write", [_pem, _der])
def test_certificate(write: Callable[[x509.Certificate], bytes], folder: Path, verify: Verify) -> None:
    """A certificate passes in either encoding; what follows it, and what is on the command line, may complete its path."""
    leaf = _below_the_authority()[0]
    alone = write(leaf)
    result = verify(alone + write(pki.authority().certificate), kind="cert")

    assert _said(result) == (0, "TOTAL_PASSED", None, None)
    assert [each["role"] for each in result.report["chain"]] == ["EE", "CA", "ANCHOR"]
    assert result.report["signer"]["subject_serial_number"] == pki.AGENCY_CODE
    assert (result.report["signature"], result.report["scope"]) == (None, "NONE")
    assert verify(alone, "--intermediate", str(folder / "authority.pem"), kind="cert").exit == 0
    assert verify(alone, kind="cert").report["code"] == "certs.untrusted_certificate"


@pytest.mark.parametrize(
    ("certificate", "code"),
    [
        (lambda: pki.certificate(pki.stranger()), "certs.untrusted_certificate"),
        (lambda: pki.certificate(pki.root(), not_after=pki.AT - pki.DAY), "certs.certificate_expired"),
        (
            lambda: pki.certificate(pki.root(), not_before=pki.AT + timedelta(seconds=1)),
            "certs.certificate_not_yet_valid",
        ),
        (lambda: pki.certificate(pki.root(), key_usage=None), "certs.key_usage"),
        (lambda: pki.certificate(pki.root(), public_key=pki.small_rsa_key()), "certs.key_too_weak"),
        (lambda: pki.certificate(pki.root(), public_key=pki.koblitz_key()), "certs.key_too_weak"),
        (lambda: pki.root().certificate, "certs.key_usage"),
        (lambda: pki.authority().certificate, "certs.key_usage"),
        (lambda: pki.self_signed()[0], "certs.untrusted_certificate"),
    ],
    ids=range(9),
)
def test_certificate_that_is_not_relied_upon(
    certificate: Callable[[], x509.Certificate], code: str, verify: Verify
) -> None:
    """A certificate that may not sign official documents is undecided, with the reason."""
    result = verify(_pem(certificate()), kind="cert")

    assert (result.exit, result.report["code"]) == (2, code)
    assert result.report["signer"] is None


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"0", b"0\x80", b"0\x84\xff\xff\xff\xff", b"0\x00", b"text", SIGNED),
        *(b"-----BEGIN CERTIFICATE-----", b"-----BEGIN CERTIFICATE-----\n=\n-----END CERTIFICATE-----"),
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
        b"0\x00" * 500_000,
        b"-----BEGIN A-----\n" * 50_000,
    ],
    ids=range(12),
)
def test_no_certificate(content: bytes, verify: Verify) -> None:
    """What is no certificate is a format failure."""
    assert _said(verify(content, kind="cert")) == (
        *(1, "TOTAL_FAILED", "FORMAT_FAILURE"),
        "verify.not_a_certificate",
    )


# Usage


@pytest.mark.parametrize(
    "options",
    [
        *(["--type", "docx"], ["--type", "zip"], ["--time", "today"], ["--time", "0001-01-01"]),
        *(["--binding", "subject.commonName"], ["--binding", "subject.serialNumber", "--registry", "x"]),
        ["--type", "cert", "--binding", "subject.serialNumber"],
        ["--type", "xmldsig", "--registry", "x"],
    ],
    ids=" ".join,
)
def test_wrong_usage(options: list[str], folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A command line that means nothing is exit 64, which no verdict has."""
    (folder / "file").write_bytes(SIGNED)

    assert run(["verify", str(folder / "file"), *options]) == 64
    assert "wrong usage" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [["none"], ["."], ["root.pem", "--trust-anchor", "none"], ["root.pem", "--intermediate", "none"]],
    ids=" ".join,
)
def test_unreadable(arguments: list[str], folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that cannot be read is exit 3, as with every verb, and there is no report."""
    paths = [each if each.startswith("--") else str(folder / each) for each in arguments]

    assert run(["verify", *paths, "--json", "-"]) == 3
    told = capsys.readouterr()
    assert (told.out, bool(told.err)) == ("", True)


def test_unusable_registry(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A faulty list of agencies is told row by row, as by `vanthu check`."""
    (folder / "file").write_bytes(SIGNED)
    (folder / "odd.csv").write_text("code,name\nG01,x\n")

    assert run(["verify", str(folder / "file"), "--registry", str(folder / "odd.csv"), "--json", "-"]) == 3
    assert "registry.bad_file" in capsys.readouterr().err


# Whatever it is given


def _amid(body: str) -> bytes:
    return SIGNED.replace(b"</edXML>", body.encode() + b"</edXML>")


def _signed(old: str, new: str) -> bytes:
    return forge(template=TEMPLATE.replace(old, new))


_SUBJECT: Final = "<edXML:Subject>"
HOSTILE: Final[dict[str, tuple[Callable[[], bytes], int]]] = {
    "billion laughs": (
        lambda: b'<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><l>&b;</l>',
        1,
    ),
    "external entity": (lambda: b'<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]><l>&a;</l>', 1),
    "parameter entity": (lambda: b'<!DOCTYPE l [<!ENTITY % a SYSTEM "http://127.0.0.1:9/x">%a;]><l/>', 1),
    "external DTD": (lambda: b'<!DOCTYPE edXML SYSTEM "http://127.0.0.1:9/x.dtd">' + SIGNED[39:], 1),
    "deep": (lambda: b"<a>" * 140_000 + b"</a>" * 140_000, 1),
    "many attributes": (lambda: _amid("<e " + " ".join(f'a{i}=""' for i in range(60_000)) + "/>"), 1),
    "many elements with attributes": (
        lambda: _amid(("<e " + " ".join(f'a{i}=""' for i in range(64)) + "/>") * 1500),
        1,
    ),
    "many identifiers": (lambda: _amid("".join(f'<e Id="x{i}"/>' for i in range(48_000))), 1),
    "many namespaces": (lambda: _amid("".join(f'<p{i}:e xmlns:p{i}="urn:{i}"/>' for i in range(24_000))), 1),
    "comments": (lambda: SIGNED.replace(b"</edXML>", b"<!--x-->" * 90_000 + b"</edXML>"), 0),
    "swollen canonical form": (swollen, 1),
    "references": (lambda: forge(Recipe(references=2500)), 1),
    "transforms": (lambda: forge(Recipe(transforms=EXCLUSIVE_TRANSFORMS * 4000)), 2),
    "signatures": (lambda: _amid("<Signature/>" * 60_000), 1),
    "key names": (
        lambda: forge(Recipe(key_info=f"<ds:KeyInfo>{'<ds:KeyName>x</ds:KeyName>' * 30_000}</ds:KeyInfo>")),
        2,
    ),
    "certificates": (
        lambda: forge(
            Recipe(
                key_info="<ds:KeyInfo><ds:X509Data>"
                + "".join(f"<ds:X509Certificate>{'A' * (4 * i + 4)}</ds:X509Certificate>" for i in range(600))
                + "</ds:X509Data></ds:KeyInfo>"
            )
        ),
        1,
    ),
    "references to characters": (lambda: _amid("&#38;" * 180_000), 1),
    "one text": (lambda: _amid("x" * 1_000_000), 1),
    "processing instructions": (lambda: _amid("<?a b?>" * 90_000), 1),
    "XInclude": (lambda: _amid('<i xmlns="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>'), 1),
    "zeros": (lambda: bytes(1_000_000), 1),
    "less-than signs": (lambda: b"<" * 1_000_000, 1),
    "UTF-16": (lambda: SIGNED.decode().replace("UTF-8", "UTF-16").encode("utf-16"), 1),
    "UTF-7": (lambda: SIGNED.replace(b"UTF-8", b"UTF-7"), 1),
    "nothing": (lambda: b"", 1),
    "signed, small elements": (lambda: _signed("</edXML>", "<e/>" * 95_000 + "</edXML>"), 0),
    "signed, repeated elements": (
        lambda: _signed(_SUBJECT, "<edXML:Subject>x</edXML:Subject>" * 20_000 + _SUBJECT),
        0,
    ),
    "signed, attachments": (lambda: _signed(ATTACHMENTS, ATTACHMENTS * 12_000), 0),
    "signed, recipients": (
        lambda: _signed(
            _SUBJECT, "<edXML:To><edXML:OrganId>x</edXML:OrganId></edXML:To>" * 18_000 + _SUBJECT
        ),
        0,
    ),
    "signed, senders": (lambda: _signed(_SUBJECT, _SENDER * 15_000 + _SUBJECT), 0),
}


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_document(name: str, folder: Path) -> None:
    """A document of up to 1 MB gets its verdict within tight limits of memory and time, whatever it holds."""
    make, expected = HOSTILE[name]
    file = folder / "hostile"
    file.write_bytes(make())
    arguments = [
        "verify",
        str(file),
        "--trust-anchor",
        str(folder / "root.pem"),
        "--time",
        TIME,
        "--json",
        "-",
    ]
    result = subprocess.run(
        [sys.executable, "-m", "gateway", *arguments],
        cwd=ROOT,
        env=clean_environment(),
        preexec_fn=_limit,  # the child has no threads yet
        capture_output=True,
        check=False,
    )

    assert result.returncode == expected, result.stderr.decode()
    assert json.loads(result.stdout)["findings_omitted"] >= 0
    assert len(result.stdout) < 200_000


CERTIFICATE: Final = _der(pki.signer()[0])
NO_BREAK: Final = "verify.broke"


@given(content=st.binary(max_size=2000), kind=st.sampled_from(["edxml", "xmldsig", "cert"]))
def test_any_octets_get_a_verdict(
    content: bytes, kind: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever octets a file holds, the exit is one of the four, and nothing broke on the way."""
    _is_told(content, kind, tmp_path_factory.getbasetemp() / "any")


@given(
    kind=st.sampled_from(["edxml", "xmldsig", "cert"]),
    at=st.floats(0, 0.999),
    piece=st.binary(max_size=6),
    removed=st.integers(0, 6),
)
def test_damaged_files_get_a_verdict(
    kind: str, at: float, piece: bytes, removed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A good file with a change anywhere gets a verdict, too."""
    whole = CERTIFICATE if kind == "cert" else SIGNED
    place = int(at * len(whole))
    content = whole[:place] + piece + whole[place + removed :]
    _is_told(content, kind, tmp_path_factory.getbasetemp() / "damaged")


def _is_told(content: bytes, kind: Any, file: Path) -> None:
    file.write_bytes(content)
    anchor = file.with_suffix(".pem")
    anchor.write_bytes(_pem(pki.root().certificate))
    report = examine(Request(file=file, kind=kind, anchors=(anchor,), at=pki.AT))

    assert report.exit in {0, 1, 2, 3}
    assert NO_BREAK not in {finding.code for finding in report.findings}
    assert json.loads(json.dumps(report.as_json()))["size"] == len(content)


def test_defect_is_not_a_verdict_on_the_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch, verify: Verify
) -> None:
    """If the software itself fails, nothing was decided, and nothing passes."""

    def fail(*_: object, **__: object) -> None:
        raise RecursionError

    monkeypatch.setattr("gateway.cli.verifying.judge_edxml", fail)

    assert _said(verify(SIGNED)) == (2, "INDETERMINATE", None, "verify.broke")


def test_algorithm_that_is_not_allowed(verify: Verify) -> None:
    """A weak algorithm is undecided with a word of its own."""
    result = verify(forge(Recipe(method=f"{MORE}rsa-md5")))

    assert _said(result) == (2, "INDETERMINATE", "CRYPTO_CONSTRAINTS_FAILURE", "certs.algorithm_forbidden")
