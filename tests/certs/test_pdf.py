"""Signatures in PDF files: good ones pass, and whatever is done to a file or to a signature, it does not."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from io import BytesIO
from typing import Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm

from certs.indication import Indication, Scope
from certs.issue import KeyType
from certs.pdf import PdfVerdict, judge_pdf
from certs.pdf_facts import Coverage, PdfFacts
from certs.pdf_reading import read_pdf
from certs.pdf_rules import HARMLESS, Obstacle, PdfChange, PdfShapeRule
from certs.revocation import Revocation
from certs.trust import Trust
from tests.support import cms_attacks, crl, pdf_attacks, pki
from tests.support.pdf import Signer, page, sign, update, with_validation_data


def judge(content: bytes, *, trust: Trust | None = None) -> PdfVerdict:
    """Return the verdict on a file."""
    return judge_pdf(read_pdf(BytesIO(content)), trust=trust or pki.trust(), at=pki.AT)


def survive(content: bytes) -> Indication:
    """Return the indication of a file that may break the reader, as the process that reads would tell it."""
    try:
        facts = read_pdf(BytesIO(content))
    except Exception:  # noqa: BLE001 - whatever it is
        facts = PdfFacts.undecided(Obstacle.ERROR)
    return judge_pdf(facts, trust=pki.trust(), at=pki.AT).indication


def said(verdict: PdfVerdict) -> tuple[str, str | None, str | None]:
    """Return indication, sub-indication and code."""
    code = verdict.errors[0].code if verdict.errors else None
    return verdict.indication.value, verdict.sub_indication and verdict.sub_indication.value, code


PASSED: Final = ("TOTAL_PASSED", None, None)
MODIFIED: Final = ("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE", "certs.pdf_modified")
CHANGED: Final = ("TOTAL_FAILED", "HASH_FAILURE", "certs.pdf_digest_mismatch")
SHAPE: Final = ("TOTAL_FAILED", "FORMAT_FAILURE", "certs.pdf_signature_shape")


# What passes


@pytest.mark.parametrize(
    ("key_type", "pss", "digest", "method"),
    [
        (KeyType.EC_P256, False, "sha256", "ecdsa-sha256"),
        (KeyType.EC_P384, False, "sha384", "ecdsa-sha384"),
        (KeyType.EC_P521, False, "sha512", "ecdsa-sha512"),
        (KeyType.RSA_2048, False, "sha256", "rsa-sha256"),
        (KeyType.RSA_2048, True, "sha256", "rsa-pss-sha256"),
        (KeyType.RSA_3072, True, "sha512", "rsa-pss-sha512"),
    ],
)
def test_algorithms(key_type: KeyType, pss: bool, digest: str, method: str) -> None:
    """Every algorithm of the allow-list passes, and the verdict names it."""
    verdict = judge(sign(page(), Signer(pki.signer(key_type), pss=pss), digest=digest))

    assert said(verdict) == PASSED
    (signature,) = verdict.signatures
    assert signature.facts.cms is not None
    assert (signature.facts.cms.algorithm, signature.facts.cms.digest) == (method, digest)
    assert (signature.verdict.scope, signature.facts.coverage) == (Scope.FULL, Coverage.ENTIRE_FILE)
    assert signature.verdict.signer is not None
    assert signature.verdict.signer.subject_serial_number == pki.AGENCY_CODE


def test_signature_of_older_software() -> None:
    """A plain CMS signature is as good as one by PAdES, and says itself when it was made."""
    verdict = judge(sign(page(), pades=False))

    assert said(verdict) == PASSED
    assert verdict.signatures[0].facts.sub_filter == "adbe.pkcs7.detached"
    assert verdict.signatures[0].facts.claimed_time is not None


def test_signed_octets() -> None:
    """The facts hold the digest of what was signed: all of the file but the value."""
    content = sign(page())
    _, before, second, _ = pdf_attacks.byte_range_of(content)

    signed = hashlib.sha256(content[:before] + content[second:]).hexdigest()
    assert judge(content).signatures[0].facts.signed_sha256 == signed


def test_several_signatures() -> None:
    """Each signature may be followed by others, seen or not; all are told in the order in which they were made."""
    content = sign(page(), field="C")
    content = sign(content, field="B", box=(50, 50, 200, 100))
    content = sign(content, field="A", pades=False)

    verdict = judge(content)
    assert said(verdict) == PASSED
    assert [each.facts.field for each in verdict.signatures] == ["C", "B", "A"]
    assert [each.facts.change for each in verdict.signatures] == ["archival", "archival", "none"]
    assert {each.verdict.scope for each in verdict.signatures} == {Scope.FULL}


def test_field_that_waited() -> None:
    """A signature field that was there, empty, when somebody else signed may be signed later."""
    content = update(page(), pdf_attacks.empty_field_added)
    content = sign(sign(content), field="Trong")

    assert said(judge(content)) == PASSED


def test_form_that_nobody_touched() -> None:
    """A form with a field may be signed twice."""
    assert said(judge(sign(sign(pdf_attacks.form()), field="B"))) == PASSED


def test_validation_data() -> None:
    """A document security store may follow a signature."""
    verdict = judge(with_validation_data(sign(page())))

    assert said(verdict) == PASSED
    assert verdict.signatures[0].facts.change is PdfChange.ARCHIVAL


def test_certified_document() -> None:
    """A certifying signature that allows more signatures may be followed by one that cannot be seen."""
    content = sign(sign(page(), certify=MDPPerm.FILL_FORMS), field="B")

    verdict = judge(content)
    assert said(verdict) == PASSED
    assert [each.facts.certifies for each in verdict.signatures] == [True, False]


def test_path_through_an_authority() -> None:
    """Certificates that came with the signature complete its path."""
    certificate = pki.certificate(pki.authority(), public_key=pki.key())
    signer = Signer((certificate, pki.key()), others=(pki.authority().certificate,))

    verdict = judge(sign(page(), signer))
    assert said(verdict) == PASSED
    assert len(verdict.signatures[0].verdict.chain) == 3


# What was done to the file afterwards


@pytest.mark.parametrize(
    ("attack", "change"),
    [
        (pdf_attacks.page_added, PdfChange.OTHER),
        (pdf_attacks.page_redrawn, PdfChange.OTHER),
        (pdf_attacks.annotation_added, PdfChange.OTHER),
        (pdf_attacks.catalog_changed, PdfChange.OTHER),
        (pdf_attacks.form_filled, PdfChange.FORM_FILLING),
        (pdf_attacks.font_swapped, PdfChange.FORM_FILLING),
        (pdf_attacks.appearances_needed, PdfChange.OTHER),
        (pdf_attacks.empty_field_added, PdfChange.EMPTY_FIELD),
        (pdf_attacks.timestamp_shown, PdfChange.OTHER),
    ],
)
@pytest.mark.parametrize("signed_again", [False, True])
def test_revision_added(
    attack: Callable[[IncrementalPdfFileWriter], None], change: PdfChange, signed_again: bool
) -> None:
    """Whatever changes what is seen speaks against the signature, also if somebody signs afterwards."""
    content = update(sign(pdf_attacks.form()), attack)
    if signed_again:
        content = sign(content, field="B")

    verdict = judge(content)
    assert said(verdict) == MODIFIED
    first = verdict.signatures[0]
    assert first.facts.change not in HARMLESS
    assert (first.facts.change is change) or change in {PdfChange.FORM_FILLING, PdfChange.OTHER}
    assert first.verdict.scope is Scope.PARTIAL
    assert not signed_again or verdict.signatures[1].verdict.indication is Indication.TOTAL_PASSED


def test_page_removed() -> None:
    """A page that is gone is a change, too."""
    assert said(judge(update(sign(page()), pdf_attacks.page_removed))) == MODIFIED


def test_signature_taken_out() -> None:
    """A file whose signature was taken out has none."""
    content = update(sign(page()), pdf_attacks.signature_cleared)

    assert said(judge(content))[0] == "NO_SIGNATURE_FOUND"


def test_signature_of_two_taken_out() -> None:
    """Of two signatures the one that is left notices."""
    content = update(sign(sign(page()), field="B"), pdf_attacks.signature_cleared)

    assert said(judge(content)) == MODIFIED


def test_change_that_a_certification_forbids() -> None:
    """After a certification that allows no changes, not even another signature may follow, but validation data may."""
    content = sign(page(), certify=MDPPerm.NO_CHANGES)
    verdict = judge(sign(content, field="B"))
    assert said(verdict) == MODIFIED
    assert verdict.signatures[0].facts.change is PdfChange.PERMISSIONS

    assert said(judge(with_validation_data(content))) == PASSED


@pytest.mark.parametrize("tail", [b"\n", b"\0", b"%%EOF", b"x" * 2000, b"\n%PDF-1.7\n%%EOF\n"], ids=repr)
def test_octets_appended(tail: bytes) -> None:
    """Whatever follows the end of a signed file is noticed."""
    for content in (sign(page()), sign(sign(page()), field="B")):
        assert survive(content + tail) is not Indication.TOTAL_PASSED


def test_octets_after_validation_data() -> None:
    """The end of a file with a harmless revision is where that ends."""
    assert said(judge(with_validation_data(sign(page())) + b"%")) == MODIFIED


def test_any_octet_changed() -> None:
    """A signed octet that changed is a wrong digest, or the file cannot be read."""
    content = sign(page())
    _, before, second, _ = pdf_attacks.byte_range_of(content)
    places = [place for place in range(0, len(content), 101) if not before <= place < second]

    for place in places:
        spoiled = bytearray(content)
        spoiled[place] ^= 0x01
        assert survive(bytes(spoiled)) is not Indication.TOTAL_PASSED, place


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_any_octet_of_the_value_changed(data: st.DataObject) -> None:
    """Whatever is done to the signature's value, it is no other valid signature, except that hexadecimal has two cases."""
    content = sign(page()) if not _KEPT else _KEPT[0]
    _KEPT[:] = [content]
    _, before, second, _ = pdf_attacks.byte_range_of(content)
    place = data.draw(st.integers(before, second - 1))
    octet = data.draw(st.integers(0, 255))
    spoiled = content[:place] + bytes([octet]) + content[place + 1 :]
    same = bytes([octet]).lower() == content[place : place + 1].lower()
    assert same or survive(spoiled) is not Indication.TOTAL_PASSED or _is_unsigned_part(content, place)


_KEPT: list[bytes] = []


def _is_unsigned_part(content: bytes, place: int) -> bool:
    """Tell whether a place is in a part of the CMS object that says nothing about the signature: versions, lists of names."""
    _, before, _, _ = pdf_attacks.byte_range_of(content)
    info = pdf_attacks.cms_of(content)
    signer = pdf_attacks.signer_info(info)
    der = info.dump()
    offset = (place - before - 1) // 2
    signed = (signer["signed_attrs"].dump(), signer["signature"].contents, signer["sid"].dump())
    certificate = info["content"]["certificates"][0].dump()
    return not any(der.index(part) <= offset < der.index(part) + len(part) for part in (*signed, certificate))


# Where the signature's octets are


def test_range_with_a_gap() -> None:
    """Octets that the signer left out could be anything."""
    content = sign(page())
    _, before, second, after = pdf_attacks.byte_range_of(content)

    for moved in (
        (0, before - 9, second, after),
        (0, before, second + 9, after - 9),
        (9, before - 9, second, after),
        (0, before, second, after - 9),
        (0, before + 1, second, after),
        (0, before, second - 9, after + 9),
    ):
        verdict = judge(pdf_attacks.ranged(content, moved))
        assert said(verdict)[:2] == ("INDETERMINATE", "FORMAT_FAILURE"), moved
        assert verdict.signatures[0].verdict.scope is Scope.PARTIAL
    assert said(judge(pdf_attacks.ranged(content, (0, before, second, after)))) == PASSED


def test_range_that_is_none() -> None:
    """A ByteRange of another shape is none."""
    content = sign(page())
    old = b"/ByteRange ["

    for new in (b"/ByteRangf [", b"/ByteRange (", b"/ByteRange<["):
        assert survive(content.replace(old, new)) is not Indication.TOTAL_PASSED


@pytest.mark.parametrize("part", range(4))
def test_wild_ranges(part: int) -> None:
    """Numbers that are far outside the file do no harm."""
    content = sign(page())
    numbers = list(pdf_attacks.byte_range_of(content))
    numbers[part] = 10**12
    old = b" ".join(str(number).encode() for number in pdf_attacks.byte_range_of(content))
    new = b" ".join(str(number).encode() for number in numbers)

    room = b"]" + b" " * 40
    spoiled = content.replace(old + room[: 1 + len(new) - len(old)], new + b"]")
    assert spoiled != content
    assert survive(spoiled) is not Indication.TOTAL_PASSED


# The form of the CMS object


@pytest.mark.parametrize(
    ("spoil", "rule"),
    [
        (cms_attacks.without_attributes, PdfShapeRule.SIGNED_ATTRIBUTES),
        (cms_attacks.two_signers, PdfShapeRule.SIGNER_INFO),
        (cms_attacks.no_signer, PdfShapeRule.SIGNER_INFO),
        (cms_attacks.encapsulated, PdfShapeRule.ENCAPSULATED),
        (cms_attacks.other_content, PdfShapeRule.ENCAPSULATED),
        (cms_attacks.many_certificates, PdfShapeRule.CERTIFICATE_COUNT),
    ],
)
def test_cms_of_another_form(spoil: cms_attacks.Spoil, rule: PdfShapeRule) -> None:
    """One signer, signed attributes, detached content: anything else is refused before any cryptography."""
    verdict = judge(sign(page(), Signer(pki.signer(), spoil=spoil)))

    assert said(verdict) == SHAPE
    assert verdict.signatures[0].facts.shape is rule


def test_no_certificate() -> None:
    """A signature without the signer's certificate is nobody's."""
    verdict = judge(sign(page(), Signer(pki.signer(), spoil=cms_attacks.no_certificates)))

    assert said(verdict) == ("INDETERMINATE", "NO_SIGNING_CERTIFICATE_FOUND", "certs.no_certificate")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"/SubFilter /ETSI.CAdES.detached", b"/SubFilter /ETSI.CAdES.detachex"),
        (b"/SubFilter /ETSI.CAdES.detached", b"/SubFilter /ETSI.RFC3161       "),
        (b"/Contents <30", b"/Contents <31"),
        (b"/Contents <3082", b"/Contents <3080"),
        (b"/Contents <3082", b"/Contents <3084"),
        (b"00>", b"01>"),
    ],
    ids=["unknown", "time stamp", "no sequence", "indefinite", "too long", "not padded"],
)
def test_broken_dictionary(old: bytes, new: bytes) -> None:
    """A signature that is not of an accepted kind is still one, and it fails."""
    content = sign(page())
    assert old in content

    assert said(judge(content.replace(old, new))) == SHAPE


@pytest.mark.parametrize(
    "spoil",
    [
        cms_attacks.drop("content_type"),
        cms_attacks.drop("message_digest"),
        cms_attacks.twice("message_digest"),
        cms_attacks.twice("content_type"),
    ],
    ids=["no content type", "no digest", "two digests", "two content types"],
)
def test_attributes_that_must_be_signed_once(
    spoil: cms_attacks.SpoilAttributes,
) -> None:
    """Types and digests are there exactly once, though the signature over the others is good."""
    verdict = judge(sign(page(), Signer(pki.signer(), spoil_attributes=spoil)))

    assert said(verdict) == SHAPE
    assert verdict.signatures[0].facts.shape is PdfShapeRule.SIGNED_ATTRIBUTES


def test_algorithms_that_were_signed() -> None:
    """Where the algorithms are signed, too, no others may be named."""
    named = Signer(pki.signer(), spoil_attributes=cms_attacks.protected("sha256"))
    other = Signer(pki.signer(), spoil_attributes=cms_attacks.protected("sha384"))

    assert said(judge(sign(page(), named))) == PASSED
    verdict = judge(sign(page(), other))
    assert said(verdict) == SHAPE
    assert verdict.signatures[0].facts.shape is PdfShapeRule.ALGORITHM_PROTECTION


def test_certificate_that_is_not_named() -> None:
    """A signature must say whose it is: with signingCertificate, of the very certificate."""
    missing = Signer(pki.signer(), spoil_attributes=cms_attacks.drop("signing_certificate_v2"))
    other = pki.certificate(pki.root(), subject="Người khác", public_key=pki.signer()[1])
    named = sign(page(), Signer(pki.signer()))

    expected = ("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE", "certs.signing_certificate")
    assert said(judge(named)) == PASSED
    assert said(judge(sign(page(), missing))) == expected
    assert said(judge(sign(page(), Signer(pki.signer(), spoil=cms_attacks.exchanged(other))))) == expected


# Algorithms, keys and certificates


def test_weak_digest() -> None:
    """SHA-1 is not on the allow-list."""
    verdict = judge(sign(page(), Signer(pki.signer(KeyType.RSA_2048)), digest="sha1"))

    assert said(verdict) == ("INDETERMINATE", "CRYPTO_CONSTRAINTS_FAILURE", "certs.algorithm_forbidden")


def test_weak_key() -> None:
    """An RSA key of 1024 bits is too short, whoever vouches for it."""
    key = pki.small_rsa_key()
    certificate = pki.certificate(pki.root(), public_key=key)

    verdict = judge(sign(page(), Signer((certificate, key))))
    assert said(verdict) == ("INDETERMINATE", "CRYPTO_CONSTRAINTS_FAILURE", "certs.key_too_weak")


def test_value_of_another_key() -> None:
    """A certificate whose key did not make the value is not the signer's."""
    certificate = pki.certificate(pki.root(), public_key=pki.key())

    verdict = judge(sign(page(), Signer((certificate, pki.signer()[1]))))
    assert said(verdict) == ("TOTAL_FAILED", "SIG_CRYPTO_FAILURE", "certs.signature_wrong")


def _expired() -> x509.Certificate:
    return pki.certificate(pki.root(), not_after=pki.AT - pki.DAY)


def _future() -> x509.Certificate:
    return pki.certificate(pki.root(), not_before=pki.AT + pki.DAY)


def _stranger() -> x509.Certificate:
    return pki.certificate(pki.stranger())


def _authority() -> x509.Certificate:
    return pki.certificate(
        pki.root(), is_authority=True, key_usage=pki.usage("digital_signature", "key_cert_sign")
    )


def _encryption() -> x509.Certificate:
    return pki.certificate(pki.root(), key_usage=pki.usage("key_encipherment"))


def _self_signed() -> x509.Certificate:
    return pki.self_signed()[0]


@pytest.mark.parametrize(
    ("make", "sub_indication"),
    [
        (_expired, "OUT_OF_BOUNDS_NO_POE"),
        (_future, "NOT_YET_VALID"),
        (_stranger, "NO_CERTIFICATE_CHAIN_FOUND"),
        (_authority, "CHAIN_CONSTRAINTS_FAILURE"),
        (_encryption, "CHAIN_CONSTRAINTS_FAILURE"),
        (_self_signed, "NO_CERTIFICATE_CHAIN_FOUND"),
    ],
)
def test_certificate_that_does_not_do(make: Callable[[], x509.Certificate], sub_indication: str) -> None:
    """Certificates are judged as those of the envelope are."""
    verdict = judge(sign(page(), Signer((make(), pki.key()))))

    assert said(verdict)[:2] == ("INDETERMINATE", sub_indication)


def test_revoked() -> None:
    """A revoked certificate does not pass, and a list that is missing where it must be there leaves it open."""
    content = sign(page())
    good = Trust(
        anchors=pki.trust().anchors, lists=(crl.read(crl.crl(pki.root())),), revocation=Revocation.REQUIRE
    )
    revoked = Trust(
        anchors=pki.trust().anchors,
        lists=(crl.read(crl.crl(pki.root(), crl.revoked(pki.signer()[0]))),),
        revocation=Revocation.REQUIRE,
    )
    blind = Trust(anchors=pki.trust().anchors, revocation=Revocation.REQUIRE)

    assert said(judge(content, trust=good)) == PASSED
    assert said(judge(content, trust=revoked))[:2] == ("INDETERMINATE", "REVOKED_NO_POE")
    assert said(judge(content, trust=blind))[:2] == ("INDETERMINATE", "TRY_LATER")


def test_nobody_is_trusted() -> None:
    """Without anchors nothing can be said yet."""
    assert said(judge(sign(page()), trust=Trust(anchors=())))[:2] == ("INDETERMINATE", "TRY_LATER")


# The file as a whole


def test_worst_signature_decides() -> None:
    """A stranger's signature beside a good one keeps the file from passing; a wrong one makes it fail."""
    content = sign(page(), field="A")
    strange = sign(content, Signer((_stranger(), pki.key())), field="B", box=(50, 400, 450, 800))
    broken = sign(strange, Signer(pki.signer(), spoil=cms_attacks.two_signers), field="C")

    verdict = judge(strange)
    assert said(verdict)[:2] == ("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND")
    assert [each.verdict.indication.value for each in verdict.signatures] == ["TOTAL_PASSED", "INDETERMINATE"]
    assert verdict.ranked[0] is verdict.signatures[1]
    assert said(judge(broken)) == SHAPE


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", b"%PDF-1.7\n", b"<?xml version='1.0'?><edXML/>", b"PK\x03\x04", b" " + sign(page())],
    ids=["empty", "text", "header", "xml", "zip", "space"],
)
def test_not_a_pdf(content: bytes) -> None:
    """What is no PDF has failed."""
    assert said(judge(content))[:2] == ("TOTAL_FAILED", "FORMAT_FAILURE")


def test_encrypted() -> None:
    """What opens without a password can be signed, once; what needs one cannot be looked at."""
    content = sign(page(password=""))
    assert said(judge(content)) == PASSED
    assert said(judge(sign(content, field="B"))) == MODIFIED

    expected = ("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE", "certs.pdf_encrypted")
    assert said(judge(page(password="secret"))) == expected


def test_cut_off() -> None:
    """A file of which the end is missing cannot be read."""
    content = sign(page())

    for end in (len(content) - 10, len(content) // 2, 100):
        assert said(judge(content[:end]))[:2] == ("TOTAL_FAILED", "FORMAT_FAILURE")


def test_unsigned() -> None:
    """A PDF without a signature has none, and an empty field is none."""
    for content in (page(), update(page(), pdf_attacks.empty_field_added), pdf_attacks.form()):
        assert said(judge(content)) == ("NO_SIGNATURE_FOUND", None, "certs.pdf_unsigned")


@pytest.mark.parametrize("obstacle", Obstacle)
def test_obstacles(obstacle: Obstacle) -> None:
    """What could not be examined was not decided."""
    verdict = judge_pdf(PdfFacts.undecided(obstacle), trust=pki.trust(), at=pki.AT)

    assert said(verdict) == ("INDETERMINATE", "TRY_LATER", "certs.pdf_undecided")
    assert verdict.errors[0].retry


def test_verdicts_are_no_truth_values() -> None:
    """Nobody can take "not decided" for yes or no by accident."""
    verdict = judge(sign(page()))

    with pytest.raises(TypeError):
        bool(verdict)
    with pytest.raises(ValueError, match="signatures or a fault"):
        PdfVerdict()


def test_rsa_keys_are_what_they_seem() -> None:
    """The short key of these tests is one."""
    assert isinstance(pki.small_rsa_key(), rsa.RSAPrivateKey)
    assert pki.small_rsa_key().key_size == 1024
