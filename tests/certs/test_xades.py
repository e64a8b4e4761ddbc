"""XAdES baseline B: properties that were signed along with the document are held to it, and an Object is no place to hide."""

from __future__ import annotations

import pytest
from cryptography import x509
from lxml import etree

from certs.errors import SignatureShapeError
from certs.rules import ShapeRule
from certs.verdict import Form, Indication, SubIndication, Verdict
from certs.xades import find_properties
from tests.support import pki
from tests.support.signing import (
    DS,
    ENVELOPED,
    EXCLUSIVE,
    INCLUSIVE,
    SHA256,
    TEMPLATE,
    Recipe,
    codes,
    forge,
    judge,
    read,
    refused,
    sign,
)
from tests.support.xades import SIGNER, TIME, TYPE, XADES, Properties, named

SHA1 = DS + "sha1"
ISSUER_SERIAL = (
    "<xades:IssuerSerial><ds:X509IssuerName>CN=x</ds:X509IssuerName>"
    "<ds:X509SerialNumber>1</ds:X509SerialNumber></xades:IssuerSerial>"
)
ARCHIVED = (
    "<xades:UnsignedProperties><xades:UnsignedSignatureProperties>"
    '<x:ArchiveTimeStamp xmlns:x="http://uri.etsi.org/01903/v1.4.1#"><xades:Include><ds:Transforms>'
    f'<ds:Transform Algorithm="{EXCLUSIVE}"/></ds:Transforms></xades:Include>'
    f'<ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}"/></x:ArchiveTimeStamp>'
    "</xades:UnsignedSignatureProperties></xades:UnsignedProperties>"
)


def _passed(verdict: Verdict) -> None:
    assert codes(verdict) == []
    assert verdict.indication is Indication.TOTAL_PASSED
    assert verdict.evidence.form is Form.XADES_B


@pytest.mark.parametrize(
    "properties",
    [
        Properties(),
        Properties(reference_first=True),
        Properties(content=named(element="SigningCertificate")),
        Properties(content=named(method="http://www.w3.org/2001/04/xmlenc#sha512", name="sha512")),
        Properties(digest_method="http://www.w3.org/2001/04/xmlenc#sha512", digest_name="sha512"),
        Properties(unsigned="<xades:UnsignedProperties><xades:Any>x</xades:Any></xades:UnsignedProperties>"),
        Properties(content=TIME + named() + "<xades:SignerRoleV2><xades:Any/></xades:SignerRoleV2>"),
        Properties(
            content=TIME + named().replace("</xades:CertDigest>", f"</xades:CertDigest>{ISSUER_SERIAL}")
        ),
        Properties(unsigned=ARCHIVED),
    ],
    ids=range(9),
)
def test_baseline(properties: Properties) -> None:
    """Properties in the accepted form pass, in either order of the references, with either kind of SigningCertificate."""
    _passed(judge(properties.signed()))


def test_what_the_signer_says_is_told() -> None:
    """SigningTime is reported as written, and decides nothing; without properties there is none."""
    assert judge(Properties().signed()).evidence.signing_time == "2026-06-30T09:00:00+07:00"
    assert judge(Properties(content=named()).signed()).evidence.signing_time is None
    odd = "<xades:SigningTime>yesterday</xades:SigningTime>"
    assert judge(Properties(content=odd + named()).signed()).evidence.signing_time is None
    assert (judge(forge()).evidence.form, judge(forge()).evidence.signing_time) == (Form.XMLDSIG, None)


def _other() -> x509.Certificate:
    return pki.certificate(pki.root(), subject="Khác")


NAMED_WRONGLY = {
    "nothing": "",
    "time only": TIME,
    "another certificate": named(_other()),
    "the issuer": named(pki.root().certificate),
    "both forms": named() + named(element="SigningCertificate"),
    "twice": named() + named(),
    "without a digest": "<xades:SigningCertificateV2><xades:Cert/></xades:SigningCertificateV2>",
    "another first": named(_other()).replace("</xades:SigningCertificateV2>", "")
    + named().replace("<xades:SigningCertificateV2>", ""),
    "digest before its method": named()
    .replace("</xades:CertDigest>", f'<ds:DigestMethod Algorithm="{SHA256}"/></xades:CertDigest>')
    .replace(f'<xades:CertDigest><ds:DigestMethod Algorithm="{SHA256}"/>', "<xades:CertDigest>"),
    "digest and more": named().replace("</xades:CertDigest>", "<xades:Any/></xades:CertDigest>"),
    "two sets of properties": named() + "</xades:SignedSignatureProperties><xades:SignedSignatureProperties>",
    "in another element": f"<xades:SignerRole>{named()}</xades:SignerRole>",
}


@pytest.mark.parametrize("name", NAMED_WRONGLY)
def test_signing_certificate_must_benamed(name: str) -> None:
    """The properties name the very certificate that the signature is verified with, or nothing passes."""
    verdict = judge(Properties(content=NAMED_WRONGLY[name]).signed())

    refused(verdict, "signing_certificate")
    assert verdict.sub_indication is SubIndication.SIG_CONSTRAINTS_FAILURE


def test_signing_certificate_by_a_weak_digest() -> None:
    """A certificate named by SHA-1 could be another one."""
    verdict = judge(Properties(content=named(method=SHA1, name="sha1")).signed())

    refused(verdict, "algorithm_forbidden")


def test_of_certificates_with_one_key_the_named_one_counts() -> None:
    """Another certificate for the same key, newer and as good, is not the one that signed."""
    newer = pki.certificate(
        pki.root(), subject="Mới", public_key=pki.signer()[1], not_before=pki.AT - pki.DAY
    )
    recipe = Recipe(certificates=[SIGNER, newer])

    plain = judge(forge(recipe))
    named = judge(Properties(recipe=recipe).signed())
    assert plain.signer is not None
    assert named.signer is not None
    assert "Mới" in plain.signer.subject
    assert "Bộ Công An" in named.signer.subject


def test_changed_properties() -> None:
    """Whoever changes what was signed of the signature has changed the signature."""
    verdict = judge(Properties(after=lambda text: text.replace("T09:00", "T08:00")).signed())

    refused(verdict, "properties_changed")
    assert (verdict.indication, verdict.sub_indication) == (
        Indication.TOTAL_FAILED,
        SubIndication.HASH_FAILURE,
    )


def test_changed_document() -> None:
    """Properties do not stand in for the document."""
    refused(judge(Properties().signed().replace(b"&amp;", b"+")), "digest_mismatch")


EVIL = f'<xades:SignedProperties xmlns:xades="{XADES}" Id="properties"/>'
SHAPES: dict[str, tuple[bytes, ShapeRule]] = {
    "properties without a reference": (
        Properties(after=lambda text: text).signed().replace(f' Type="{TYPE}"'.encode(), b""),
        ShapeRule.REFERENCES,
    ),
    "reference of another type": (Properties(type=f' Type="{DS}Object"').signed(), ShapeRule.REFERENCES),
    "reference to something else": (Properties(uri="#signature").signed(), ShapeRule.REFERENCES),
    "reference to everything": (Properties(uri="").signed(), ShapeRule.REFERENCES),
    "no Id": (Properties(identifier="").signed(), ShapeRule.REFERENCES),
    "Id in another letter case": (Properties(identifier=' ID="properties"').signed(), ShapeRule.REFERENCES),
    "no target": (Properties(target="").signed(), ShapeRule.OBJECT),
    "another target": (Properties(target=' Target="#x"').signed(), ShapeRule.OBJECT),
    "no Id to target": (
        Properties(
            target=' Target="#None"',
            after=lambda text: text.replace('<ds:Signature Id="signature" ', "<ds:Signature "),
        ).signed(),
        ShapeRule.OBJECT,
    ),
    "foreign element": (Properties(content=named() + "<x/>").signed(), ShapeRule.OBJECT),
    "certificate in properties": (
        Properties(content=named() + "<ds:X509Certificate>AAAA</ds:X509Certificate>").signed(),
        ShapeRule.OBJECT,
    ),
    "two objects": (
        Properties(
            after=lambda text: text.replace("</ds:Signature>", "<ds:Object/></ds:Signature>")
        ).signed(),
        ShapeRule.OBJECT,
    ),
    "two sets of properties": (Properties(unsigned=EVIL).signed(), ShapeRule.OBJECT),
    "unsigned first": (
        Properties(
            after=lambda text: text.replace(
                "<xades:SignedProperties", "<xades:UnsignedProperties/><xades:SignedProperties", 1
            )
        ).signed(),
        ShapeRule.OBJECT,
    ),
    "more beside the properties": (
        Properties(
            after=lambda text: text.replace("</ds:Object>", f"<xades:Any xmlns:xades='{XADES}'/></ds:Object>")
        ).signed(),
        ShapeRule.OBJECT,
    ),
    "swollen unsigned properties": (
        Properties(
            unsigned=f"<xades:UnsignedProperties>{'<xades:Any/>' * 1000}</xades:UnsignedProperties>"
        ).signed(),
        ShapeRule.OBJECT,
    ),
    "comment": (Properties(content=named() + "<!-- -->").signed(), ShapeRule.COMMENT),
    "attribute on the object": (
        Properties(after=lambda text: text.replace("<ds:Object>", '<ds:Object Encoding="x">')).signed(),
        ShapeRule.ATTRIBUTE,
    ),
    "reference to properties, and no object": (
        forge(
            Recipe(
                before_signing=lambda text: text.replace(
                    "</ds:SignedInfo>",
                    f'<ds:Reference Type="{TYPE}" URI="#x"><ds:DigestMethod Algorithm="{SHA256}"/>'
                    "<ds:DigestValue>AAAA</ds:DigestValue></ds:Reference></ds:SignedInfo>",
                )
            )
        ),
        ShapeRule.REFERENCES,
    ),
    **{
        f"{attribute} elsewhere": (
            Properties().signed(TEMPLATE.replace("<edXML xmlns", f'<edXML {attribute}="properties" xmlns')),
            ShapeRule.DUPLICATE_ID,
        )
        for attribute in ("Id", "ID", "id", "xml:id")
    },
    "original properties moved into the document": (
        Properties(
            after=lambda text: text.replace("T09:00", "T08:00"),
        ).signed(TEMPLATE.replace("<AttachmentEncoded>", f"{EVIL}<AttachmentEncoded>")),
        ShapeRule.DUPLICATE_ID,
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_shape(name: str) -> None:
    """An Object holds signed properties of this signature, named by its second Reference, or nothing is looked at."""
    xml, rule = SHAPES[name]

    refused(judge(xml), "signature_shape", rule)


def test_second_object() -> None:
    """Nor is it looked at if something else lets a second Object through."""
    signature = next(read(Properties().signed()).iter(f"{{{DS}}}Signature"))
    assert find_properties(signature) is not None
    etree.SubElement(signature, f"{{{DS}}}Object")

    with pytest.raises(SignatureShapeError):
        find_properties(signature)


@pytest.mark.parametrize(
    "transform",
    [
        f'<ds:Transform Algorithm="{ENVELOPED}"/>',
        f'<ds:Transform Algorithm="{EXCLUSIVE}"/>' * 2,
        '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"/>',
        f'<ds:Transform Algorithm="{EXCLUSIVE}WithComments"/>',
    ],
)
def test_transforms(transform: str) -> None:
    """Properties are canonicalised once, and nothing else is done with them."""
    refused(judge(Properties(transform=transform).signed()), "transform_forbidden")


def test_weak_digest_of_properties() -> None:
    """The digest of the properties is on the allow-list, too."""
    refused(judge(Properties(digest_method=SHA1, digest_name="sha1").signed()), "algorithm_forbidden")


@pytest.mark.parametrize("transform", ["", f'<ds:Transform Algorithm="{INCLUSIVE}"></ds:Transform>'])
def test_xml_attribute_above_inclusively_canonicalised_properties(transform: str) -> None:
    """Inclusive canonicalisation would copy an attribute from outside into the properties."""
    template = TEMPLATE.replace("<edXML xmlns", '<edXML xml:lang="vi" xmlns')
    xml = Properties(transform=transform, canonicalization=INCLUSIVE).signed(template)

    refused(judge(xml), "signature_shape", ShapeRule.INHERITED_XML_ATTRIBUTE)


def test_signature_of_somebody_else_over_the_same_properties() -> None:
    """Properties that name the signer do not make another key's signature the signer's."""
    recipe = Recipe(raw_value=lambda _: sign(pki.key(), b"", hash_=Recipe().hash))

    refused(judge(Properties(recipe=recipe).signed()), "signature_wrong")
