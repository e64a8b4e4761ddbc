"""Facts about a PDF are judged one by one: each that is not as it must be keeps the file from passing, all others being good."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from io import BytesIO
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from certs.evidence import Stamp
from certs.indication import Form, Indication, Scope
from certs.issue import KeyType
from certs.pdf import PdfVerdict, SignedPdf, SignerRole, evidence_of, judge_pdf
from certs.pdf_facts import CmsFacts, Coverage, PdfFacts, PdfSignature
from certs.pdf_reading import read_pdf
from certs.pdf_rules import HARMLESS, Obstacle, PdfChange, PdfShapeRule
from tests.support import pki
from tests.support.pdf import Signer, page, sign
from tests.support.signing import sign as sign_octets


@cache
def good() -> PdfSignature:
    """Return the facts about a good signature."""
    (signature,) = read_pdf(BytesIO(sign(page()))).signatures
    return signature


def cms_of(signature: PdfSignature) -> CmsFacts:
    """Return what its CMS object says."""
    assert signature.cms is not None
    return signature.cms


def judged(*signatures: PdfSignature, **file: Any) -> PdfVerdict:
    """Return the verdict on a file with these signatures."""
    return judge_pdf(PdfFacts(signatures=signatures, **file), trust=pki.trust(), at=pki.AT)


def codes(verdict: PdfVerdict) -> list[str]:
    """Return what speaks against a file."""
    return [error.code.removeprefix("certs.") for error in verdict.errors]


OF_THE_SIGNATURE: Final[dict[str, tuple[dict[str, Any], list[str], Scope]]] = {
    "nothing": ({}, [], Scope.FULL),
    "archival": ({"change": PdfChange.ARCHIVAL}, [], Scope.FULL),
    "entire revision": ({"coverage": Coverage.ENTIRE_REVISION}, [], Scope.FULL),
    "digest": ({"digest_matches": False}, ["pdf_digest_mismatch"], Scope.NONE),
    "gap": ({"contiguous": False}, ["pdf_byte_range"], Scope.PARTIAL),
    "block": ({"coverage": Coverage.CONTIGUOUS_BLOCK_FROM_START}, ["pdf_byte_range"], Scope.PARTIAL),
    "unclear": ({"coverage": Coverage.UNCLEAR}, ["pdf_byte_range"], Scope.PARTIAL),
    "change unknown": ({"change": None}, ["pdf_modified"], Scope.PARTIAL),
    **{
        f"change {change.value}": ({"change": change}, ["pdf_modified"], Scope.PARTIAL)
        for change in PdfChange
        if change not in HARMLESS
    },
    "gap and change": (
        {"contiguous": False, "change": PdfChange.OTHER},
        ["pdf_byte_range"],
        Scope.PARTIAL,
    ),
    "shape": ({"shape": PdfShapeRule.TRAILING}, ["pdf_signature_shape"], Scope.NONE),
    "no CMS": ({"cms": None}, ["pdf_signature_shape"], Scope.NONE),
}


@pytest.mark.parametrize("name", OF_THE_SIGNATURE)
def test_facts_about_a_signature(name: str) -> None:
    """What it is over, and what came later."""
    changes, expected, scope = OF_THE_SIGNATURE[name]
    verdict = judged(replace(good(), **changes))

    assert codes(verdict) == expected
    assert (verdict.indication is Indication.TOTAL_PASSED) is (not expected)
    assert verdict.signatures[0].verdict.scope is scope


OTHER_ATTRIBUTES: Final = b"1\0"
OF_THE_CMS: Final[dict[str, tuple[dict[str, Any], list[str]]]] = {
    "forbidden": ({"forbidden": "md5"}, ["algorithm_forbidden"]),
    "no algorithm": ({"algorithm": None}, ["algorithm_forbidden"]),
    "unknown algorithm": ({"algorithm": "ecdsa-md5"}, ["algorithm_forbidden"]),
    "another algorithm": ({"algorithm": "rsa-sha256"}, ["signature_wrong"]),
    "another digest": ({"algorithm": "ecdsa-sha512"}, ["signature_wrong"]),
    "value": ({"value": b"x"}, ["signature_wrong"]),
    "attributes": ({"signed_attributes": OTHER_ATTRIBUTES}, ["signature_wrong"]),
    "nobody": ({"signer": None}, ["no_certificate"]),
    "nobody, unnamed": ({"signer": None, "names_signer": False}, ["no_certificate"]),
    "rubbish": ({"signer": b"x"}, ["malformed_certificate"]),
    "not named": ({"names_signer": False}, ["signing_certificate"]),
    "somebody else": (
        {"signer": pki.root().certificate.public_bytes(Encoding.DER)},
        ["signature_wrong"],
    ),
}


@pytest.mark.parametrize("name", OF_THE_CMS)
def test_facts_about_a_cms_object(name: str) -> None:
    """Whose it is, by which algorithm, and whether it is that signer's."""
    changes, expected = OF_THE_CMS[name]
    signature = replace(good(), cms=replace(cms_of(good()), **changes))
    verdict = judged(signature)

    assert codes(verdict)[:1] == expected
    assert verdict.indication is not Indication.TOTAL_PASSED


def test_digest_that_nobody_named() -> None:
    """Where the digest's algorithm is not accepted nothing was hashed, so nothing can be said of the octets."""
    cms = replace(cms_of(good()), digest=None, algorithm=None, forbidden="sha1")
    verdict = judged(replace(good(), cms=cms, digest_matches=False))

    assert codes(verdict)[0] == "algorithm_forbidden"
    assert "pdf_digest_mismatch" not in codes(verdict)
    assert verdict.errors[0].facts["algorithm"] == "sha1"


def test_salt() -> None:
    """The salt has the length that the signer wrote, or that of the digest; one that does not fit is a wrong signature."""
    identity = pki.signer(KeyType.RSA_2048)
    (signature,) = read_pdf(BytesIO(sign(page(), Signer(identity, pss=True)))).signatures
    cms = cms_of(signature)
    short = sign_octets(identity[1], cms.signed_attributes, hash_=hashes.SHA256(), pss=True)

    def said(**changes: Any) -> list[str]:
        return codes(judged(replace(signature, cms=replace(cms, **changes))))

    assert cms.pss_salt not in {None, 32}
    assert said() == said(value=short, pss_salt=32) == said(value=short, pss_salt=None) == []
    for salt in (20, 32, None, 1 << 20, 1 << 40):
        assert said(pss_salt=salt) == ["signature_wrong"]


def test_what_was_found_is_told() -> None:
    """The rule that was broken, the change that was made, the algorithm that is forbidden; or that it is not known."""
    cms = cms_of(good())

    def told(**changes: Any) -> dict[str, Any]:
        return dict(judged(replace(good(), **changes)).errors[0].facts)

    assert told(shape=PdfShapeRule.TRAILING)["rule"] == "trailing"
    assert told(shape=PdfShapeRule.TRAILING, cms=None)["rule"] == "trailing"
    assert told(cms=None)["rule"] == "cms"
    assert told(change=PdfChange.FORM_FILLING)["change"] == "form_filling"
    assert told(change=None)["change"] == "other"
    assert told(cms=replace(cms, forbidden="md5"))["algorithm"] == "md5"
    assert told(cms=replace(cms, algorithm=None))["algorithm"] == "-"


def test_what_is_wrong_goes_first() -> None:
    """What proves a signature wrong is told before what only leaves it open, whichever was found first."""
    cms = replace(cms_of(good()), value=b"x", names_signer=False)
    verdict = judged(replace(good(), change=PdfChange.OTHER, cms=cms))

    assert codes(verdict)[0] == "signature_wrong"
    assert verdict.indication is Indication.TOTAL_FAILED


def test_evidence() -> None:
    """Evidence names what was signed and how; of a signature of another form it knows the form only."""
    found = evidence_of(good())
    cms = cms_of(good())
    assert (found.form, found.algorithm, found.digest) == (Form.PADES_B, cms.algorithm, cms.digest)
    assert found.signing_time == good().claimed_time
    assert found.signed_view_sha256 == good().signed_sha256
    assert evidence_of(replace(good(), digest_matches=False)).signed_view_sha256 is None
    assert evidence_of(replace(good(), sub_filter="adbe.pkcs7.detached")).form is Form.PDF_CMS
    assert evidence_of(replace(good(), sub_filter="adbe.pkcs7.detached", cms=None)).form is Form.PDF_CMS
    stamped = evidence_of(replace(good(), cms=replace(cms, tokens=(b"a", b"b"))))
    assert stamped.stamps == (Stamp(token=b"a", stamped=cms.value), Stamp(token=b"b", stamped=cms.value))


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ({"obstacle": Obstacle.TIME}, "pdf_undecided"),
        ({"unreadable": "x"}, "pdf_unreadable"),
        ({"encrypted": True}, "pdf_encrypted"),
        ({"obstacle": Obstacle.TIME, "unreadable": "x", "encrypted": True}, "pdf_undecided"),
        ({"unreadable": "x", "encrypted": True}, "pdf_unreadable"),
    ],
)
def test_faults_of_a_file(file: dict[str, Any], code: str) -> None:
    """What is wrong with the whole goes before any signature that was found."""
    for signatures in ((), (good(),)):
        verdict = judged(*signatures, **file)
        assert (codes(verdict), verdict.signatures) == ([code], ())
        assert verdict.indication is verdict.errors[0].indication is not Indication.TOTAL_PASSED


def test_verdict_on_nothing() -> None:
    """A verdict has signatures or a fault, never both and never neither."""
    (signed,) = judged(good()).signatures
    assert isinstance(signed, SignedPdf)
    with pytest.raises(ValueError, match="signatures or a fault"):
        PdfVerdict()
    with pytest.raises(ValueError, match="signatures or a fault"):
        PdfVerdict(signatures=(signed,), fault=judged().fault)
    with pytest.raises(TypeError, match="four outcomes"):
        bool(judged(good()))


def test_original_value() -> None:
    """It takes both roles and a file that passes."""
    both = [SignerRole.AGENCY, SignerRole.PERSON]
    passed, failed = judged(good(), good()), judged(good(), replace(good(), digest_matches=False))

    assert passed.has_original_value(both)
    assert passed.has_original_value([*both, None])
    assert not failed.has_original_value(both)
    for roles in ([], [None], both[:1], both[1:], [SignerRole.AGENCY] * 2):
        assert not passed.has_original_value(roles)


def test_the_worst_first() -> None:
    """A file is what its worst signature is, wherever that stands."""
    wrong, opened = replace(good(), digest_matches=False), replace(good(), change=PdfChange.OTHER)
    for signatures in ((good(), opened, wrong), (wrong, good(), opened), (opened, wrong, good())):
        verdict = judged(*signatures)
        assert verdict.indication is Indication.TOTAL_FAILED
        assert codes(verdict) == ["pdf_digest_mismatch", "pdf_modified"]
        assert verdict.sub_indication is verdict.errors[0].sub_indication
    assert judged(good(), opened).indication is Indication.INDETERMINATE
    assert judged(good()).sub_indication is None
