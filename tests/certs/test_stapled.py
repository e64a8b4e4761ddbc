"""What came inside a signature is verified as what is held is, and otherwise the same as not there."""

from __future__ import annotations

import base64

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from certs.evidence import Evidence
from certs.indication import Indication, SubIndication
from certs.judgement import judge as judge_again
from certs.revocation import Revocation, Standing, status_of
from certs.shape import DS, XADES
from certs.stapled import MOST, Stapled, stapled_certificates, stapled_values, verify_stapled
from certs.trust import Trust
from tests.support import pki
from tests.support.crl import crl, revoked
from tests.support.crl import read as read_list
from tests.support.ocsp import REVOKED, answer, responder
from tests.support.signing import Recipe, judge, refused
from tests.support.xades import Properties, named

ROOT = pki.root()
SIGNER = pki.signer()[0]
HELD = (ROOT.certificate,)


def value(name: str, octets: bytes, attributes: str = "") -> str:
    """Return an element with octets in it."""
    return f"<xades:{name}{attributes}>{base64.b64encode(octets).decode()}</xades:{name}>"


def lists(*ders: bytes) -> str:
    """Return CRLValues."""
    return f"<xades:CRLValues>{''.join(value('EncapsulatedCRLValue', der) for der in ders)}</xades:CRLValues>"


def answers(*ders: bytes) -> str:
    """Return OCSPValues."""
    return (
        f"<xades:OCSPValues>{''.join(value('EncapsulatedOCSPValue', der) for der in ders)}</xades:OCSPValues>"
    )


def properties(values: str, *, certificates: str = "") -> str:
    """Return unsigned properties."""
    inner = (
        f"<xades:CertificateValues>{certificates}</xades:CertificateValues>"
        f"<xades:RevocationValues>{values}</xades:RevocationValues>"
    )
    return (
        "<xades:UnsignedProperties><xades:UnsignedSignatureProperties>"
        f"{inner}</xades:UnsignedSignatureProperties></xades:UnsignedProperties>"
    )


def signature(values: str, *, certificates: str = "", around: str = "UnsignedProperties") -> etree._Element:
    """Return a signature with unsigned properties; nothing else of it is looked at here."""
    made = properties(values, certificates=certificates).replace("UnsignedProperties", around)
    return etree.fromstring(
        f'<ds:Signature xmlns:ds="{DS}" xmlns:xades="{XADES}"><ds:Object><xades:QualifyingProperties>{made}'
        "</xades:QualifyingProperties></ds:Object></ds:Signature>"
    )


def stapled(made: etree._Element, issuers: tuple[x509.Certificate, ...]) -> Stapled:
    """Return what can be verified of what came with a signature."""
    return verify_stapled(stapled_values(made), issuers)


def standing(made: etree._Element, issuers: tuple[x509.Certificate, ...] = HELD) -> Standing:
    """Return what comes of it for the signer."""
    held = stapled(made, issuers).data
    return status_of(SIGNER, issuer=ROOT.certificate, held=held, at=pki.AT).standing


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (lists(crl(ROOT)), Standing.GOOD),
        (lists(crl(ROOT, revoked(SIGNER))), Standing.REVOKED),
        (answers(answer(ROOT, SIGNER)), Standing.GOOD),
        (answers(answer(ROOT, SIGNER, by=responder(ROOT))), Standing.GOOD),
        (answers(answer(ROOT, SIGNER, REVOKED)), Standing.REVOKED),
        (
            "<xades:CRLValues>"
            + value("EncapsulatedCRLValue", crl(ROOT), ' Encoding="http://uri.etsi.org/01903/v1.2.2#DER"')
            + "</xades:CRLValues>",
            Standing.GOOD,
        ),
        (lists(crl(ROOT)) + answers(answer(ROOT, SIGNER, REVOKED)), Standing.REVOKED),
    ],
    ids=range(7),
)
def test_taken(values: str, expected: Standing) -> None:
    """Lists and answers of an authority that is relied upon count as those that are held do."""
    made = stapled(signature(values), HELD)
    assert made.refused == ()
    assert standing(signature(values)) is expected


@pytest.mark.parametrize(
    ("values", "code"),
    [
        (lists(crl(pki.stranger())), "certs.bad_revocation_list"),
        (answers(answer(pki.stranger(), SIGNER)), "certs.bad_ocsp_answer"),
        (answers(answer(ROOT, SIGNER, by=responder(pki.stranger()))), "certs.bad_ocsp_answer"),
        (lists(b"junk"), "certs.bad_revocation_list"),
        (answers(b"junk"), "certs.bad_ocsp_answer"),
        (answers(crl(ROOT)), "certs.bad_ocsp_answer"),
        ("<xades:CRLValues><xades:EncapsulatedCRLValue/></xades:CRLValues>", "certs.bad_revocation_list"),
        ("<xades:CRLValues><xades:EncapsulatedCRLValue>é!</xades:EncapsulatedCRLValue></xades:CRLValues>",)
        * 1
        + ("certs.bad_revocation_list",),
        (
            "<xades:OCSPValues>"
            + value(
                "EncapsulatedOCSPValue",
                answer(ROOT, SIGNER),
                ' Encoding="http://uri.etsi.org/01903/v1.2.2#PER"',
            )
            + "</xades:OCSPValues>",
            "certs.bad_ocsp_answer",
        ),
    ],
    ids=range(9),
)
def test_refused(values: str, code: str) -> None:
    """What does not verify is told and says nothing."""
    made = stapled(signature(values), HELD)
    assert [error.code for error in made.refused] == [code]
    assert not made.data
    assert standing(signature(values)) is Standing.UNKNOWN


def test_elsewhere_is_not_read() -> None:
    """Only unsigned properties at their place count."""
    made = stapled(signature(lists(crl(ROOT)), around="SignedProperties"), HELD)
    assert (bool(made.data), made.refused) == (False, ())
    bare = etree.fromstring(f'<ds:Signature xmlns:ds="{DS}"/>')
    assert not stapled(bare, HELD).data
    assert stapled_certificates(bare) == ()


def test_same_value_twice_counts_once_and_many_are_cut() -> None:
    """Whatever comes, the work is bounded."""
    twice = stapled(signature(lists(*[crl(ROOT)] * 2, *(b"junk%d" % number for number in range(100)))), HELD)
    assert len(twice.data.lists) + len(twice.refused) == MOST
    once = crl(ROOT)
    assert len(stapled(signature(lists(once, once)), HELD).data.lists) == 1


def test_certificates() -> None:
    """Certificates are handed on as octets."""
    der = pki.authority().certificate.public_bytes(Encoding.DER)
    made = signature("", certificates=value("EncapsulatedX509Certificate", der))
    assert stapled_certificates(made) == (der,)


# In a document.

REQUIRE = Trust(anchors=pki.anchored(ROOT.certificate), revocation=Revocation.REQUIRE)


def test_document_that_brings_its_own_proof() -> None:
    """Where revocation must be known, what came with the signature is as good as what is held, and no better."""
    plain = Properties()
    assert judge(plain.signed(), trust=REQUIRE).sub_indication is SubIndication.TRY_LATER
    for good in (lists(crl(ROOT)), answers(answer(ROOT, SIGNER, by=responder(ROOT)))):
        verdict = judge(Properties(unsigned=properties(good)).signed(), trust=REQUIRE)
        assert verdict.indication is Indication.TOTAL_PASSED
        late = judge(Properties(unsigned=properties(good)).signed(), trust=REQUIRE, at=pki.AT + 30 * pki.DAY)
        assert late.sub_indication is SubIndication.TRY_LATER
    for bad in (lists(crl(ROOT, revoked(SIGNER))), answers(answer(ROOT, SIGNER, REVOKED))):
        refused(judge(Properties(unsigned=properties(bad)).signed(), trust=REQUIRE), "certificate_revoked")
    forged = Properties(unsigned=properties(answers(answer(pki.stranger(), SIGNER)))).signed()
    verdict = judge(forged, trust=REQUIRE)
    refused(verdict, "revocation_unknown")
    assert [each.code for each in verdict.warnings] == ["certs.bad_ocsp_answer"]


def test_what_is_held_goes_together_with_what_came() -> None:
    """A document cannot hide by a good answer that a list which is held names its signer."""
    made = Properties(unsigned=properties(answers(answer(ROOT, SIGNER, this_update=pki.AT)))).signed()
    held = Trust(
        anchors=REQUIRE.anchors, lists=(read_list(crl(ROOT, revoked(SIGNER))),), revocation=Revocation.SOFT
    )
    refused(judge(made, trust=held), "certificate_revoked")


def test_authority_that_came_along() -> None:
    """An authority from CertificateValues completes a path, and its own list, which came too, speaks for what it issued."""
    below = pki.authority()
    leaf = pki.certificate(below)
    authority = value("EncapsulatedX509Certificate", below.certificate.public_bytes(Encoding.DER))
    unsigned = properties(lists(crl(ROOT), crl(below)), certificates=authority)
    recipe = Recipe(identity=(leaf, pki.key()))
    made = Properties(unsigned=unsigned, recipe=recipe, content=named(leaf)).signed()

    assert judge(made, trust=REQUIRE).indication is Indication.TOTAL_PASSED
    alone = Properties(
        unsigned=properties(lists(crl(ROOT)), certificates=authority), recipe=recipe, content=named(leaf)
    )
    assert judge(alone.signed(), trust=REQUIRE).sub_indication is SubIndication.TRY_LATER


def test_nobody_asks() -> None:
    """Where revocation does not count, nothing that came is looked at."""
    made = Properties(unsigned=properties(lists(b"junk"))).signed()
    verdict = judge(made, trust=Trust(anchors=REQUIRE.anchors, revocation=Revocation.OFF))
    assert verdict.indication is Indication.TOTAL_PASSED
    assert verdict.warnings == ()


def test_judged_again_from_its_evidence() -> None:
    """What came along is recorded, so that years later it speaks again of the moment at which the document came."""
    made = Properties(unsigned=properties(answers(answer(ROOT, SIGNER)) + lists(b"junk"))).signed()
    first = judge(made, trust=REQUIRE)
    recorded = Evidence.read(first.evidence.as_json())
    later = judge_again(recorded, trust=REQUIRE, at=pki.AT + 90 * pki.DAY, existed_at=pki.AT)

    assert recorded == first.evidence
    assert later.indication is Indication.TOTAL_PASSED
    assert later.revocation == first.revocation
