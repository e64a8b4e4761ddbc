"""Good signatures pass in every form that is allowed, and nothing that touches signed content goes unseen."""

import re
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from certs.issue import KeyType
from certs.trust import Trust
from certs.verdict import Indication, Scope, SubIndication, Verdict
from certs.verify import verify
from tests.support import pki
from tests.support.signing import (
    ATTACHMENTS,
    EDXML,
    ENVELOPED,
    EXCLUSIVE,
    INCLUSIVE,
    INCLUSIVE_11,
    MARK,
    MORE,
    MORE_2007,
    TEMPLATE,
    UNSIGNED,
    Recipe,
    codes,
    forge,
    judge,
    read,
)

SIGNED = forge()

HASHES = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
DIGESTS = {
    "sha256": "http://www.w3.org/2001/04/xmlenc#sha256",
    "sha384": MORE + "sha384",
    "sha512": "http://www.w3.org/2001/04/xmlenc#sha512",
}


def assert_passed(verdict: Verdict) -> None:
    """Check everything that a passed verdict promises."""
    assert codes(verdict) == []
    assert verdict.indication is Indication.TOTAL_PASSED
    assert verdict.sub_indication is None
    assert verdict.scope is Scope.FULL
    assert verdict.signer is not None
    assert verdict.signed_view is not None
    assert verdict.chain == (
        verdict.signer.certificate_sha256,
        *verdict.chain[1:-1],
        verdict.signer.anchor_sha256,
    )


@pytest.mark.parametrize("key_type", [KeyType.EC_P256, KeyType.EC_P384, KeyType.EC_P521])
@pytest.mark.parametrize("word", HASHES)
def test_ecdsa_passes(key_type: KeyType, word: str) -> None:
    """ECDSA passes on each accepted curve with each accepted hash."""
    recipe = Recipe(identity=pki.signer(key_type), method=f"{MORE}ecdsa-{word}", hash=HASHES[word])
    verdict = judge(forge(recipe))
    assert_passed(verdict)
    assert verdict.algorithm == f"ecdsa-{word}"


@pytest.mark.parametrize("word", HASHES)
def test_rsa_pkcs1_passes(word: str) -> None:
    """RSA with PKCS #1 v1.5 passes with each accepted hash."""
    recipe = Recipe(identity=pki.signer(KeyType.RSA_2048), method=f"{MORE}rsa-{word}", hash=HASHES[word])
    verdict = judge(forge(recipe))
    assert_passed(verdict)
    assert verdict.algorithm == f"rsa-{word}"


@pytest.mark.parametrize("word", HASHES)
def test_rsa_pss_passes(word: str) -> None:
    """RSASSA-PSS passes with each accepted hash."""
    recipe = Recipe(
        identity=pki.signer(KeyType.RSA_2048),
        method=f"{MORE_2007}{word}-rsa-MGF1",
        hash=HASHES[word],
        pss=True,
    )
    verdict = judge(forge(recipe))
    assert_passed(verdict)
    assert verdict.algorithm == f"rsa-pss-{word}"


@pytest.mark.parametrize("word", DIGESTS)
def test_every_digest_passes(word: str) -> None:
    """The document may be digested with each accepted hash; the view is always identified by its SHA-256."""
    verdict = judge(forge(Recipe(digest_method=DIGESTS[word], digest_name=word)))
    assert_passed(verdict)
    assert verdict.evidence.digest == word
    assert verdict.facts()["signed_view_sha256"] == judge(SIGNED).facts()["signed_view_sha256"]


@pytest.mark.parametrize("canonicalization", [INCLUSIVE, INCLUSIVE_11, EXCLUSIVE])
@pytest.mark.parametrize("view", [INCLUSIVE, INCLUSIVE_11, EXCLUSIVE])
@pytest.mark.parametrize("default_namespace", [False, True])
def test_every_canonicalization_passes_in_every_prefix_style(
    canonicalization: str, view: str, *, default_namespace: bool
) -> None:
    """Each canonicalisation passes for SignedInfo and document, with `<Signature xmlns=…>` as with a prefix."""
    recipe = Recipe(
        canonicalization=canonicalization,
        transforms=(f'Algorithm="{ENVELOPED}">', f'Algorithm="{view}">'),
        view_is_exclusive=view == EXCLUSIVE,
        default_namespace=default_namespace,
    )
    verdict = judge(forge(recipe))
    assert_passed(verdict)
    names = {INCLUSIVE: "c14n", INCLUSIVE_11: "c14n11", EXCLUSIVE: "exc-c14n"}
    assert verdict.evidence.canonicalization == names[view]


def test_default_canonicalization_is_inclusive() -> None:
    """Without a canonicalisation among the transforms, Canonical XML 1.0 is meant."""
    verdict = judge(forge(Recipe(transforms=(f'Algorithm="{ENVELOPED}">',), view_is_exclusive=False)))
    assert_passed(verdict)
    assert verdict.evidence.canonicalization == "c14n"


@pytest.mark.parametrize("prefixes", ["edXML", "#default edXML", ""])
def test_inclusive_namespaces_are_honoured(prefixes: str) -> None:
    """The PrefixList of Exclusive C14N is applied to SignedInfo and to the document."""
    content = f'<e:InclusiveNamespaces xmlns:e="{EXCLUSIVE}" PrefixList="{prefixes}"/>'
    recipe = Recipe(
        transforms=(f'Algorithm="{ENVELOPED}">', f'Algorithm="{EXCLUSIVE}">{content}'),
        view_prefixes=tuple(prefixes.split()),
        signed_info_prefixes=tuple(prefixes.split()),
        canonicalization_content=content,
    )
    assert_passed(judge(forge(recipe)))


def test_reference_to_the_id_of_the_document_element_passes() -> None:
    """`#X` is the whole document when X is the Id of the document element."""
    template = TEMPLATE.replace("<edXML xmlns", '<edXML Id="văn-bản" xmlns')
    assert_passed(judge(forge(Recipe(uri=' URI="#văn-bản"'), template)))


def test_signer_is_described() -> None:
    """The signer's facts come from the certificate."""
    verdict = judge(SIGNED)
    certificate = pki.signer()[0]
    assert verdict.signer is not None
    assert verdict.signer.subject_serial_number == pki.AGENCY_CODE
    assert verdict.signer.subject == certificate.subject.rfc4514_string()
    assert verdict.signer.certificate_sha256 == certificate.fingerprint(hashes.SHA256()).hex()
    assert verdict.signer.anchor_sha256 == pki.root().certificate.fingerprint(hashes.SHA256()).hex()
    assert int(verdict.signer.serial_number, 16) == certificate.serial_number
    assert verdict.signer.not_before == pki.AT - pki.YEAR
    assert verdict.control_time == pki.AT


def test_signed_view_is_the_document_without_signature_and_comments() -> None:
    """The view holds all that was signed, with the text around the signature, and nothing else."""
    verdict = judge(forge(template=TEMPLATE.replace(MARK, f"<!-- a -->before{MARK}after<!-- b -->")))
    assert_passed(verdict)
    assert verdict.signed_view is not None
    view = etree.tostring(verdict.signed_view.tree, method="c14n")
    expected = read(TEMPLATE.replace(MARK, "beforeafter").encode())
    assert view == etree.tostring(expected, method="c14n", exclusive=True)


def test_text_before_a_signature_that_comes_first_is_kept() -> None:
    """A signature that is the first child of the header leaves the text on both sides of it."""
    template = TEMPLATE.replace("<edXML:edXMLHeader>", f"<edXML:edXMLHeader>a{MARK}b").replace(
        f"      {MARK}\n", ""
    )
    assert_passed(judge(forge(template=template)))


@pytest.mark.parametrize("element", ["<Signature><SignedInfo/></Signature>", '<Signature xmlns=""/>'])
def test_placeholder_is_legacy(element: str) -> None:
    """The unverifiable Signature of first-generation senders counts as no signature and is reported as legacy."""
    verdict = judge(TEMPLATE.replace(MARK, element).encode())
    assert verdict.indication is Indication.NO_SIGNATURE_FOUND
    assert verdict.legacy
    assert codes(verdict) == ["legacy_signature"]
    assert verdict.signed_view is None


@pytest.mark.parametrize("element", ["", "<edXML:DigitalSignature/>", "<!-- Signature -->"])
def test_no_signature(element: str) -> None:
    """A document without a signature, or with an empty DigitalSignature, has none."""
    verdict = judge(TEMPLATE.replace(MARK, element).encode())
    assert verdict.indication is Indication.NO_SIGNATURE_FOUND
    assert not verdict.legacy
    assert codes(verdict) == ["no_signature"]


def test_without_anchors_nothing_is_decided() -> None:
    """With no anchors the verdict is to try again later, never a pass or a refusal for good."""
    verdict = judge(SIGNED, trust=Trust(anchors=()))
    assert verdict.indication is Indication.INDETERMINATE
    assert verdict.sub_indication is SubIndication.TRY_LATER
    assert codes(verdict) == ["no_trust_anchors"]
    assert verdict.errors[0].retry


def test_path_is_a_parameter() -> None:
    """A signature elsewhere can be verified by naming its place."""
    xml = forge(template=f'<a xmlns="urn:a">{MARK}<b/></a>')
    path = ("{urn:a}a", "{http://www.w3.org/2000/09/xmldsig#}Signature")
    assert_passed(verify(read(xml), trust=pki.trust(), at=pki.AT, path=path))
    assert codes(judge(xml)) == ["signature_misplaced"]


def test_cheap_faults_are_collected() -> None:
    """Coverage, transforms and algorithms are all reported; the first one decides."""
    recipe = Recipe(uri=' URI="#nowhere"', method=MORE + "hmac-sha256", transforms=('Algorithm="urn:x">',))
    verdict = judge(forge(recipe))
    assert codes(verdict) == ["not_covered", "algorithm_forbidden", "transform_forbidden"]
    assert verdict.indication is Indication.TOTAL_FAILED
    assert verdict.sub_indication is SubIndication.SIGNED_DATA_NOT_FOUND


def test_signer_of_a_changed_document_is_still_reported() -> None:
    """A digest mismatch is found after the signer was, whose SignedInfo is genuine."""
    verdict = judge(SIGNED.replace(b"H01", b"H02"))
    assert codes(verdict) == ["digest_mismatch"]
    assert verdict.sub_indication is SubIndication.HASH_FAILURE
    assert verdict.signer is not None
    assert verdict.signed_view is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<edXML:Subject>", "<edXML:Subject><!-- x -->"),
        ("V/v báo", "<![CDATA[V/v]]> báo"),
        ("V/v", "&#x56;/v"),
        ("&amp;", "&#38;"),
        ("&amp;", "<![CDATA[&]]>"),
        (
            '<edXML:edXMLManifest version="1.0"/>',
            "<edXML:edXMLManifest  version = '1.0' ></edXML:edXMLManifest >",
        ),
        ('<?xml version="1.0" encoding="UTF-8"?>\n', ""),
        ('<?xml version="1.0" encoding="UTF-8"?>', "\ufeff<?xml version='1.0'?><!-- x -->"),
        ("</edXML>", "</edXML><!-- after -->"),
        ("\n", "\r\n"),
    ],
)
def test_other_writing_of_the_same_content_passes(before: str, after: str) -> None:
    """What XML calls equal stays valid: comments, CDATA, character references, quotes, line ends."""
    xml = SIGNED.decode()
    assert before in xml
    assert_passed(judge(xml.replace(before, after).encode()))


def _covered_offsets() -> list[int]:
    start, end = SIGNED.index(b"<ds:Signature"), SIGNED.index(b"</ds:Signature>") + len(b"</ds:Signature>")
    declaration = SIGNED.index(b"?>") + 2
    return [offset for offset in range(declaration, len(SIGNED)) if not start <= offset < end]


COVERED = _covered_offsets()


def assert_harmless_or_refused(changed: bytes) -> None:
    """Check that a changed document passes only where its canonical form is the one that was signed."""
    try:
        tree = read(changed)
    except etree.XMLSyntaxError:
        return
    if verify(tree, trust=pki.trust(), at=pki.AT).indication is Indication.TOTAL_PASSED:
        assert _canonical(changed) == _canonical(SIGNED)


def _canonical(xml: bytes) -> bytes:
    return etree.tostring(read(xml), method="c14n", exclusive=True, with_comments=False)


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(COVERED), st.integers(1, 127))
def test_changed_octet_of_covered_content_never_passes(offset: int, difference: int) -> None:
    """No change of one octet of what was signed passes, unless the canonical form is the same."""
    changed = bytearray(SIGNED)
    changed[offset] ^= difference
    assert_harmless_or_refused(bytes(changed))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(COVERED), st.text("aA0 .<>&é\u200b\t", min_size=1, max_size=3))
def test_inserted_text_never_passes(offset: int, text: str) -> None:
    """Text added to what was signed does not pass, unless the canonical form is the same."""
    assert_harmless_or_refused(SIGNED[:offset] + text.encode() + SIGNED[offset:])


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(COVERED), st.integers(1, 40))
def test_removed_octets_never_pass(offset: int, count: int) -> None:
    """Octets taken out of what was signed do not pass, unless the canonical form is the same."""
    assert_harmless_or_refused(SIGNED[:offset] + SIGNED[offset + count :])


FRAGMENTS = st.sampled_from(
    [match.encode() for match in re.findall(r"<[^>]+>|[^<]+", SIGNED.decode())]
    + [
        b"<!--x-->",
        b"<?x y?>",
        b"<![CDATA[x]]>",
        b'<x:Object xmlns:x="urn:x"/>',
        b"<Signature/>",
        b"",
        b"AAAA",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_whatever_parses_gets_a_verdict(data: st.DataObject) -> None:
    """Documents put together from pieces of signed ones are judged without any exception."""
    pieces = [match.encode() for match in re.findall(r"<[^>]+>|[^<]+", SIGNED.decode())]
    for _ in range(data.draw(st.integers(1, 3))):
        pieces[data.draw(st.integers(0, len(pieces) - 1))] = data.draw(FRAGMENTS)
    try:
        tree = read(b"".join(pieces))
    except etree.XMLSyntaxError:
        return
    verdict = verify(tree, trust=pki.trust(), at=pki.AT)
    assert verdict.facts()["indication"] in set(Indication)
    assert bool(verdict.errors) == (verdict.indication is not Indication.TOTAL_PASSED)


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        st.sampled_from(["<a/>", "x", "<!--c-->"]),
        lambda inner: st.builds(
            lambda name, parts: (
                f'<{name} xmlns:d="http://www.w3.org/2000/09/xmldsig#">{"".join(parts)}</{name}>'
            ),
            st.sampled_from(
                ["d:Signature", "d:SignedInfo", "d:Reference", "d:KeyInfo", "edXML", "Signature"]
            ),
            st.lists(inner, max_size=4),
        ),
    )
)
def test_any_tree_gets_a_verdict(xml: str) -> None:
    """Trees of XML-DSig names in any arrangement are judged, and none of them passes."""
    try:
        tree = read(xml.encode())
    except etree.XMLSyntaxError:
        return
    root = tree.getroot().tag
    path = (str(root), "{http://www.w3.org/2000/09/xmldsig#}Signature")
    assert verify(tree, trust=pki.trust(), at=pki.AT, path=path).indication is not Indication.TOTAL_PASSED


def test_certificate_must_be_valid_at_the_given_time() -> None:
    """The time of verification is the argument, not the clock."""
    assert codes(judge(SIGNED, at=pki.AT + pki.YEAR + timedelta(seconds=1))) == ["certificate_expired"]
    assert codes(judge(SIGNED, at=pki.AT - pki.YEAR - timedelta(seconds=1))) == ["certificate_not_yet_valid"]
    assert_passed(judge(SIGNED, at=pki.AT + pki.YEAR))


def test_size_is_optional() -> None:
    """Without the number of source octets the tree is measured."""
    assert_passed(verify(read(SIGNED), trust=pki.trust(), at=pki.AT))


def test_large_attachment_passes() -> None:
    """One text node may exceed the ten million octets at which libxml2 stops by default."""
    template = TEMPLATE.replace(ATTACHMENTS, f"<AttachmentEncoded>{'A' * 10_400_000}</AttachmentEncoded>")
    xml = forge(template=template)
    assert_passed(judge(xml))


def test_unsigned_document_is_not_blamed_for_its_form() -> None:
    """A processing instruction matters only where there is a signature."""
    assert codes(judge(UNSIGNED.replace(b"<edXML xmlns", b"<?a b?><edXML xmlns"))) == ["no_signature"]


def test_another_namespace_is_another_place() -> None:
    """The path is compared by namespace and local name."""
    assert codes(judge(forge(template=TEMPLATE.replace(EDXML, "http://edxml.gov.vn/schema")))) == [
        "signature_misplaced"
    ]
