"""A verdict cannot contradict itself, cannot be taken for yes or no, and tells its facts flat."""

import json
from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from lxml import etree

from certs.certificate import fingerprint, key_fingerprint
from certs.errors import LegacySignatureError, NoSignatureError
from certs.indication import Indication, Scope, SubIndication
from certs.revocation import Standing, Status
from certs.timestamp import Timestamp
from certs.trust import Trust
from certs.verdict import Signer
from certs.xmldsig import SignedView
from tests.support import pki
from tests.support.signing import UNSIGNED, forge, judge


def test_verdict_is_neither_true_nor_false() -> None:
    """`if verify(…)` is a mistake that raises."""
    for xml in (forge(), UNSIGNED):
        with pytest.raises(TypeError, match="three outcomes"):
            bool(judge(xml))


def test_pass_needs_everything() -> None:
    """No verdict passes without a signed view, and none fails without a reason."""
    good, unsigned = judge(forge()), judge(UNSIGNED)
    for changes in (
        {"indication": Indication.INDETERMINATE},
        {"errors": (NoSignatureError(),)},
        {"signer": None},
        {"chain": ()},
        {"evidence": replace(good.evidence, scope=Scope.PARTIAL)},
        {"evidence": replace(good.evidence, errors=(NoSignatureError(),))},
        {"evidence": replace(good.evidence, signed_view_sha256=None)},
    ):
        with pytest.raises(ValueError, match="passes"):
            replace(good, **changes)
    for others in ({"errors": ()}, {"signed_view": good.signed_view}):
        with pytest.raises(ValueError, match="passes"):
            replace(unsigned, **others)


def test_no_pass_with_a_revoked_certificate() -> None:
    """Whatever else is found, a verdict that knows of a revocation does not pass; a refusal may know of one."""
    revoked = (Status(standing=Standing.REVOKED), Status(standing=Standing.GOOD))
    with pytest.raises(ValueError, match="revoked"):
        replace(judge(forge()), revocation=revoked)
    assert replace(judge(forge()), revocation=revoked[1:]).indication is Indication.TOTAL_PASSED
    assert replace(judge(UNSIGNED), revocation=revoked).revocation == revoked


def test_signed_view_cannot_be_made_elsewhere() -> None:
    """Nobody but the verification can say that something was signed."""
    with pytest.raises(TypeError):
        SignedView(b"<a/>", sha256="", seal=object())


def test_facts_of_a_pass() -> None:
    """The facts are plain JSON and hold who signed, how, what, and when that was checked."""
    verdict = judge(forge())
    facts = verdict.facts()
    assert json.loads(json.dumps(facts)) == facts
    assert facts["indication"] == "TOTAL_PASSED"
    assert facts["errors"] == []
    assert facts["scope"] == "FULL"
    assert facts["signer_subject_serial_number"] == pki.AGENCY_CODE
    assert facts["signer_not_after"] == "2027-07-01T00:00:00Z"
    assert facts["control_time"] == "2026-07-01T00:00:00Z"
    assert facts["chain"] == list(verdict.chain)
    assert "sub_indication" not in facts


def test_facts_of_a_refusal() -> None:
    """What is unknown is left out rather than null."""
    verdict = judge(UNSIGNED)
    facts = verdict.facts()
    assert facts == {
        "indication": "NO_SIGNATURE_FOUND",
        "errors": ["certs.no_signature"],
        "legacy": False,
        "scope": "NONE",
        "chain": [],
        "policy": verdict.policy,
        "control_time": "2026-07-01T00:00:00Z",
        "best_signature_time": "2026-07-01T00:00:00Z",
        "time_source": "CONTROL",
    }
    assert judge(forge().replace(b"H01", b"H02")).facts()["sub_indication"] == SubIndication.HASH_FAILURE


def test_facts_that_decide_nothing() -> None:
    """Warnings and notes are told by their codes, and of a time stamp that is none why."""
    refused = Timestamp(control_time=pki.AT, errors=(NoSignatureError(),))
    verdict = replace(
        judge(forge()), warnings=(LegacySignatureError(),), notes=(NoSignatureError(),), timestamps=(refused,)
    )
    facts = verdict.facts()

    assert (facts["warnings"], facts["notes"]) == (["certs.legacy_signature"], ["certs.no_signature"])
    assert facts["timestamps"] == [{"indication": "NO_SIGNATURE_FOUND", "error": "certs.no_signature"}]


def test_signed_view_of_a_pass_only() -> None:
    """What was signed is told of a document that passed; a refused one is known by nothing."""
    good = judge(forge())
    refused = judge(forge(), trust=Trust(anchors=()))
    evidence = replace(refused.evidence, signed_view_sha256="00" * 32)

    assert good.facts()["signed_view_sha256"] == good.evidence.signed_view_sha256
    assert "signed_view_sha256" not in replace(refused, evidence=evidence).facts()


@pytest.mark.parametrize(("numbers", "expected"), [((), None), (("1",), "1"), (("1", "2"), None)])
def test_serial_number_of_the_subject_is_unambiguous(numbers: tuple[str, ...], expected: str | None) -> None:
    """With two serialNumber attributes in the name, none is reported."""
    name = x509.Name([x509.NameAttribute(NameOID.SERIAL_NUMBER, number) for number in numbers])
    certificate = pki.certificate(pki.root(), name=name)
    signer = Signer.from_path((certificate, pki.root().certificate), ("leaf", "anchor"))
    assert signer.subject_serial_number == expected
    assert (signer.certificate_sha256, signer.anchor_sha256) == ("leaf", "anchor")


def test_who_issued_the_signer_certificate() -> None:
    """The issuer on the path is told with its key; a signer that is its own anchor has none."""
    root = pki.root().certificate
    signer = Signer.from_path((pki.signer()[0], root), ("leaf", "anchor"))
    assert (signer.issuer_sha256, signer.issuer_spki_sha256) == ("anchor", key_fingerprint(root))

    alone = Signer.from_path((root,), ("anchor",))
    assert (alone.issuer_sha256, alone.issuer_spki_sha256) == (None, None)
    assert alone.certificate_sha256 == alone.anchor_sha256 == "anchor"


def test_view_is_a_tree_of_its_own() -> None:
    """What is done to the received tree afterwards does not reach the view."""
    verdict = judge(forge())
    assert verdict.signed_view is not None
    assert isinstance(verdict.signed_view.tree, etree._ElementTree)
    assert verdict.signed_view.tree.docinfo.encoding == "UTF-8"


def test_issuer_of_the_signer() -> None:
    """The certificate above the signer's is told, and the key in it; of a path of one there is none."""
    signer = judge(forge()).signer
    assert signer is not None
    root = pki.root().certificate
    assert (signer.issuer_sha256, signer.issuer_spki_sha256) == (fingerprint(root), key_fingerprint(root))

    alone = Signer.from_path((root,), (fingerprint(root),), codes=())
    assert (alone.issuer_sha256, alone.issuer_spki_sha256) == (None, None)
