"""Hostile documents that make a verifier check one thing and its user read another.

All of them carry a signature that was made with a trusted key.
"""

import hashlib
import time
from collections.abc import Callable

import pytest
from lxml import etree

from certs.rules import ShapeRule
from certs.verdict import Indication, Scope, SubIndication
from tests.support.signing import (
    ATTACHMENTS,
    DS,
    EDXML,
    ENVELOPED,
    EXCLUSIVE,
    HEADER,
    INCLUSIVE,
    MARK,
    TEMPLATE,
    Recipe,
    forge,
    judge,
    refused,
    swollen,
)

WITH_ID = TEMPLATE.replace("<edXML xmlns", '<edXML Id="_1" xmlns')
EVIL = TEMPLATE.replace("G01", "H99").replace("JVBERi0xLjQ=", "RVZJTA==")
BY_ID = Recipe(uri=' URI="#_1"')


def _parts() -> tuple[str, str, str]:
    """Return a document signed by Id, the same without its signature, and the signature."""
    signed = forge(BY_ID, WITH_ID).decode().partition("?>")[2].strip()
    start, end = signed.index("<ds:Signature "), signed.index("</ds:Signature>") + len("</ds:Signature>")
    return signed, signed[:start] + signed[end:], signed[start:end]


ORIGINAL, ORIGINAL_UNSIGNED, SIGNATURE = _parts()
IN_OBJECT = SIGNATURE.replace("</ds:Signature>", f"<ds:Object>{ORIGINAL_UNSIGNED}</ds:Object></ds:Signature>")
IN_KEY_INFO = SIGNATURE.replace("</ds:KeyInfo>", f"{ORIGINAL_UNSIGNED}</ds:KeyInfo>")
WRAPPED = {
    "evil document, original as Object of its signature": (EVIL.replace(MARK, IN_OBJECT), "signature_shape"),
    "evil document, original beside its signature": (
        EVIL.replace(MARK, SIGNATURE + ORIGINAL_UNSIGNED),
        "signature_shape",
    ),
    "evil document with the Id of the original": (
        EVIL.replace("<edXML xmlns", '<edXML Id="_1" xmlns').replace(MARK, SIGNATURE + ORIGINAL_UNSIGNED),
        "signature_shape",
    ),
    "evil document around the original": (
        EVIL.replace(MARK, "").replace("</edXML>", ORIGINAL + "</edXML>"),
        "signature_misplaced",
    ),
    "evil document inside the original": (
        ORIGINAL.replace("</edXML>", EVIL.partition("?>")[2].replace(MARK, "") + "</edXML>"),
        "signature_shape",
    ),
    "evil document, original among its attachments": (
        EVIL.replace(MARK, SIGNATURE).replace("</Attachment>", ORIGINAL_UNSIGNED + "</Attachment>"),
        "signature_shape",
    ),
    "evil document, original in KeyInfo": (EVIL.replace(MARK, IN_KEY_INFO), "signature_shape"),
    "evil document with the signature, whole original in an extension": (
        EVIL.replace(MARK, f"{SIGNATURE}<Extensions>{ORIGINAL}</Extensions>"),
        "several_signatures",
    ),
    "evil document without signature, whole original in an extension": (
        EVIL.replace(MARK, f"<Extensions>{ORIGINAL}</Extensions>"),
        "signature_misplaced",
    ),
    "evil header before the signed one": (
        ORIGINAL.replace(
            "<edXML:edXMLHeader>", f"<edXML:edXMLHeader>{HEADER}</edXML:edXMLHeader><edXML:edXMLHeader>"
        ),
        "signature_shape",
    ),
}


@pytest.mark.parametrize("attack", WRAPPED)
def test_signature_wrapping(attack: str) -> None:
    """The genuine signature and the element it is over do not help a document that is read elsewhere."""
    assert judge(ORIGINAL.encode()).indication is Indication.TOTAL_PASSED
    xml, code = WRAPPED[attack]
    refused(judge(xml.encode()), code)


@pytest.mark.parametrize("name", ["edXML", "edXMLEnvelope", "edXMLHeader", "MessageHeader"])
def test_element_that_stands_twice(name: str) -> None:
    """Two readers of a document with two headers may mean different ones, so nobody reads either."""
    twice = TEMPLATE.replace("</edXML>", f'<e:{name} xmlns:e="{EDXML}"/></edXML>')
    refused(judge(forge(template=twice)), "signature_shape", ShapeRule.REPEATED)
    elsewhere = TEMPLATE.replace("</edXML>", f'<e:{name} xmlns:e="urn:x"/></edXML>')
    assert judge(forge(template=elsewhere)).indication is Indication.TOTAL_PASSED


@pytest.mark.parametrize("attribute", ["Id", "ID", "id", "iD", "xml:id", "edXML:Id"])
def test_duplicate_identifier(attribute: str) -> None:
    """An identifier that occurs twice refers to nothing, whatever its attributes are called."""
    template = WITH_ID.replace("<edXML:edXMLBody>", f'<edXML:edXMLBody {attribute}="_1">')
    refused(judge(forge(BY_ID, template)), "signature_shape", ShapeRule.DUPLICATE_ID)


@pytest.mark.parametrize("attribute", ["ID", "id", "xml:id"])
def test_other_identifier_attribute_of_the_document_element(attribute: str) -> None:
    """Only `Id` makes the document element the target of a reference."""
    refused(judge(forge(BY_ID, WITH_ID.replace(' Id="', f' {attribute}="'))), "not_covered")


def _header_only(attachments: str = ATTACHMENTS) -> bytes:
    template = TEMPLATE.replace("<edXML:MessageHeader>", '<edXML:MessageHeader Id="h">')
    tree = etree.fromstring(template.replace(MARK, "").partition("?>")[2])
    header = next(tree.iter(f"{{{EDXML}}}MessageHeader"))
    octets = etree.tostring(header, method="c14n", exclusive=True)
    recipe = Recipe(uri=' URI="#h"', digest=hashlib.sha256(octets).digest())
    return forge(recipe, template.replace(ATTACHMENTS, attachments))


@pytest.mark.parametrize("attachments", [ATTACHMENTS, ATTACHMENTS.replace("JVBERi0xLjQ=", "RVZJTA=="), ""])
def test_partial_coverage(attachments: str) -> None:
    """A signature over the header only is no signature over the attachments."""
    verdict = judge(_header_only(attachments))
    refused(verdict, "not_covered")
    assert verdict.scope is Scope.PARTIAL
    assert verdict.sub_indication is SubIndication.SIGNED_DATA_NOT_FOUND


REFERENCES = [
    "",
    ' URI="#"',
    ' URI="#missing"',
    ' URI="#xpointer(/)"',
    ' URI="#xpointer(id(&apos;_1&apos;))"',
    ' URI="file:///etc/passwd"',
    ' URI="http://127.0.0.1:9/"',
    ' URI="\\\\host\\share"',
    ' URI="cid:1"',
    ' URI="other.xml"',
    ' URI=" "',
]


@pytest.mark.parametrize("uri", REFERENCES)
def test_reference_to_something_else(uri: str) -> None:
    """References to anything but the whole document are refused and never followed."""
    verdict = judge(forge(Recipe(uri=uri)))
    refused(verdict, "not_covered")
    assert "None" not in str(verdict.errors[0])
    assert verdict.scope is Scope.NONE


MISSHAPEN: dict[str, tuple[Recipe, str, ShapeRule | None]] = {
    "comment in SignedInfo": (
        Recipe(before_signing=lambda text: text.replace("<ds:SignedInfo>", "<ds:SignedInfo><!---->")),
        "signature_shape",
        ShapeRule.COMMENT,
    ),
    "comment in DigestValue": (
        Recipe(before_signing=lambda text: text.replace("</ds:DigestValue>", "<!--x--></ds:DigestValue>")),
        "signature_shape",
        ShapeRule.COMMENT,
    ),
    "comment in SignatureValue": (
        Recipe(after_signing=lambda text: text.replace("<ds:SignatureValue>", "<ds:SignatureValue><!--x-->")),
        "signature_shape",
        ShapeRule.COMMENT,
    ),
    "processing instruction in KeyInfo": (
        Recipe(after_signing=lambda text: text.replace("<ds:KeyInfo>", "<ds:KeyInfo><?a b?>")),
        "signature_shape",
        ShapeRule.PROCESSING_INSTRUCTION,
    ),
    "two SignedInfo": (
        Recipe(
            after_signing=lambda text: text.replace("</ds:SignedInfo>", "</ds:SignedInfo><ds:SignedInfo/>")
        ),
        "signature_shape",
        ShapeRule.CONTENT,
    ),
    "two SignatureValue": (
        Recipe(after_signing=lambda text: text.replace("<ds:KeyInfo>", "<ds:SignatureValue/><ds:KeyInfo>")),
        "signature_shape",
        ShapeRule.CONTENT,
    ),
    "two KeyInfo": (Recipe(extra="<ds:KeyInfo/>"), "signature_shape", ShapeRule.CONTENT),
    "Object": (Recipe(extra="<ds:Object/>"), "signature_shape", ShapeRule.OBJECT),
    "nested Signature": (
        Recipe(extra="<ds:Object><ds:Signature/></ds:Object>"),
        "several_signatures",
        None,
    ),
    "foreign child": (Recipe(extra='<x xmlns="urn:x"/>'), "signature_shape", ShapeRule.CONTENT),
    "no SignedInfo": (
        Recipe(after_signing=lambda text: text[: text.index("<ds:SignedInfo>")] + "</ds:Signature>"),
        "signature_shape",
        ShapeRule.CONTENT,
    ),
    "empty list of references": (Recipe(references=0), "signature_shape", ShapeRule.REFERENCES),
    "two references": (Recipe(references=2), "signature_shape", ShapeRule.REFERENCES),
    "5000 references": (Recipe(references=5000), "signature_shape", ShapeRule.REFERENCES),
    "Manifest reference": (
        Recipe(uri=f' URI="" Type="{DS}Manifest"'),
        "signature_shape",
        ShapeRule.REFERENCES,
    ),
    "unknown attribute": (
        Recipe(before_signing=lambda text: text.replace("<ds:SignedInfo>", '<ds:SignedInfo xml:base="/">')),
        "signature_shape",
        ShapeRule.ATTRIBUTE,
    ),
    "text between elements": (
        Recipe(before_signing=lambda text: text.replace("<ds:SignedInfo>", "<ds:SignedInfo>x")),
        "signature_shape",
        ShapeRule.TEXT,
    ),
    "element in DigestValue": (
        Recipe(before_signing=lambda text: text.replace("</ds:DigestValue>", "<x/></ds:DigestValue>")),
        "signature_shape",
        ShapeRule.CONTENT,
    ),
    "RetrievalMethod": (
        Recipe(key_info='<ds:KeyInfo><ds:RetrievalMethod URI="http://127.0.0.1:9/"/></ds:KeyInfo>'),
        "signature_shape",
        ShapeRule.CONTENT,
    ),
    "junk in SignatureValue": (
        Recipe(after_signing=lambda text: text.replace("<ds:SignatureValue>", "<ds:SignatureValue>!")),
        "signature_shape",
        ShapeRule.BASE64,
    ),
    "non-ASCII SignatureValue": (
        Recipe(after_signing=lambda text: text.replace("<ds:SignatureValue>", "<ds:SignatureValue>Ａ")),
        "signature_shape",
        ShapeRule.BASE64,
    ),
    "no-break space in SignatureValue": (
        Recipe(after_signing=lambda text: text.replace("<ds:SignatureValue>", "<ds:SignatureValue>\u00a0")),
        "signature_shape",
        ShapeRule.BASE64,
    ),
    "empty DigestValue": (Recipe(digest=b""), "signature_shape", ShapeRule.BASE64),
    "unused bits set in DigestValue": (
        Recipe(
            before_signing=lambda text: text.replace(
                _last_character(text), _next_character(_last_character(text)), 1
            )
        ),
        "signature_shape",
        ShapeRule.BASE64,
    ),
    "InclusiveNamespaces with content": (
        Recipe(
            canonicalization_content=f'<e:InclusiveNamespaces xmlns:e="{EXCLUSIVE}" PrefixList="a"><x/>'
            "</e:InclusiveNamespaces>"
        ),
        "signature_shape",
        ShapeRule.CONTENT,
    ),
    "InclusiveNamespaces without end": (
        Recipe(
            canonicalization_content=f'<e:InclusiveNamespaces xmlns:e="{EXCLUSIVE}" PrefixList="{"a " * 17}"/>'
        ),
        "signature_shape",
        ShapeRule.CONTENT,
    ),
}


def _last_character(text: str) -> str:
    """Return the end of DigestValue, from the last character that carries bits."""
    end = text.index("=</ds:DigestValue>")
    return text[end - 1 : end + len("=</ds:DigestValue>")]


def _next_character(end: str) -> str:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return alphabet[alphabet.index(end[0]) + 1] + end[1:]


@pytest.mark.parametrize("attack", MISSHAPEN)
def test_form(attack: str) -> None:
    """A signature of any other form is refused before cryptography."""
    recipe, code, rule = MISSHAPEN[attack]
    verdict = judge(forge(recipe))
    refused(verdict, code, rule)
    assert verdict.sub_indication is SubIndication.FORMAT_FAILURE


DOCUMENTS: dict[str, tuple[Callable[[], bytes], str, ShapeRule | None]] = {
    "two genuine signatures": (
        lambda: forge().replace(b"</ds:Signature>", b"</ds:Signature>" + SIGNATURE.encode()),
        "several_signatures",
        None,
    ),
    "placeholder beside the signature": (
        lambda: forge().replace(b"</ds:Signature>", b"</ds:Signature><Signature/>"),
        "several_signatures",
        None,
    ),
    "Signature in no known namespace": (
        lambda: TEMPLATE.replace(MARK, '<Signature xmlns="urn:x"/>').encode(),
        "signature_shape",
        ShapeRule.FOREIGN_SIGNATURE,
    ),
    "XML-DSig element elsewhere": (
        lambda: forge(template=TEMPLATE.replace("</edXML>", f'<d:SignedInfo xmlns:d="{DS}"/></edXML>')),
        "signature_shape",
        ShapeRule.STRAY_ELEMENT,
    ),
    "XML-DSig element without a signature": (
        lambda: TEMPLATE.replace(MARK, f'<d:SignedInfo xmlns:d="{DS}"/>').encode(),
        "signature_shape",
        ShapeRule.STRAY_ELEMENT,
    ),
    "signature outside the header": (
        lambda: forge(template=TEMPLATE.replace(MARK, "").replace("</edXML>", f"{MARK}</edXML>")),
        "signature_misplaced",
        None,
    ),
    "signature as document element": (
        f'<d:Signature xmlns:d="{DS}"/>'.encode,
        "signature_misplaced",
        None,
    ),
    "empty signature": (
        lambda: TEMPLATE.replace(MARK, f'<d:Signature xmlns:d="{DS}"/>').encode(),
        "signature_shape",
        ShapeRule.CONTENT,
    ),
    "empty document": (lambda: b"<a/>", "no_signature", None),
    "document type": (
        lambda: forge().replace(b"?>\n", b"?>\n<!DOCTYPE edXML>", 1),
        "signature_shape",
        ShapeRule.DOCTYPE,
    ),
    "identifiers and defaults declared in a document type": (
        lambda: forge().replace(b"?>\n", b'?>\n<!DOCTYPE edXML [<!ATTLIST edXML x CDATA "y">]>', 1),
        "signature_shape",
        ShapeRule.DOCTYPE,
    ),
    "processing instruction before the document element": (
        lambda: forge().replace(b"?>\n", b"?>\n<?xml-stylesheet href='x'?>", 1),
        "signature_shape",
        ShapeRule.PROCESSING_INSTRUCTION,
    ),
    "processing instruction inside, signed": (
        lambda: forge(template=TEMPLATE.replace("<edXML:To>", "<?a b?><edXML:To>")),
        "signature_shape",
        ShapeRule.PROCESSING_INSTRUCTION,
    ),
    "processing instruction after the document element": (
        lambda: forge() + b"<?a b?>",
        "signature_shape",
        ShapeRule.PROCESSING_INSTRUCTION,
    ),
    "UTF-16": (
        lambda: forge().decode().replace("UTF-8", "UTF-16").encode("utf-16"),
        "signature_shape",
        ShapeRule.ENCODING,
    ),
    "Latin-1": (
        lambda: forge().decode().replace("UTF-8", "ISO-8859-1").encode("latin-1", "xmlcharrefreplace"),
        "signature_shape",
        ShapeRule.ENCODING,
    ),
    "XML 1.1": (
        lambda: forge().replace(b'version="1.0" enc', b'version="1.1" enc'),
        "signature_shape",
        ShapeRule.ENCODING,
    ),
    "xml:* attribute above an inclusive SignedInfo": (
        lambda: forge(
            Recipe(canonicalization=INCLUSIVE),
            TEMPLATE.replace("<edXML:edXMLHeader>", '<edXML:edXMLHeader xml:lang="vi">'),
        ),
        "signature_shape",
        ShapeRule.INHERITED_XML_ATTRIBUTE,
    ),
}


@pytest.mark.parametrize("attack", DOCUMENTS)
def test_document(attack: str) -> None:
    """A document that a signature could be misread in is refused as a whole."""
    make, code, rule = DOCUMENTS[attack]
    refused(judge(make()), code, rule)


def test_xml_attribute_above_an_exclusive_signed_info_is_harmless() -> None:
    """Exclusive C14N copies no xml:* attributes down, so they are no reason to refuse."""
    template = TEMPLATE.replace("<edXML:edXMLHeader>", '<edXML:edXMLHeader xml:lang="vi">')
    assert judge(forge(template=template)).indication is Indication.TOTAL_PASSED


def test_comment_does_not_truncate_text() -> None:
    """A comment in an agency code neither cuts nor changes what is read from the view."""
    signed = forge(template=TEMPLATE.replace("G01<", "G01.evil<"))
    verdict = judge(signed.replace(b"G01.evil", b"G01<!-- -->.evil"))
    assert verdict.signed_view is not None
    sender = next(verdict.signed_view.tree.iter(f"{{{EDXML}}}OrganId"))
    assert sender.text == "000.00.00.G01.evil"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<edXML:To>", '<edXML:To a="">'),
        ("H01", "H02"),
        ("JVBERi0xLjQ=", "RVZJTA=="),
        ("V/v", "v/v"),
        ('version="1.0"/', 'version="1.1"/'),
        ("\n    <edXML:edXMLBody>", "<edXML:edXMLBody>"),
        (ATTACHMENTS, ""),
    ],
)
def test_tampering(before: str, after: str) -> None:
    """Header, attachment, text, attribute and white space are all covered."""
    signed = forge().decode()
    assert before in signed
    changed = signed.replace(before, after)
    verdict = judge(changed.encode())
    refused(verdict, "digest_mismatch")
    assert verdict.indication is Indication.TOTAL_FAILED
    assert verdict.sub_indication is SubIndication.HASH_FAILURE


@pytest.mark.parametrize("view", [INCLUSIVE, EXCLUSIVE])
def test_void_canonicalization(view: str) -> None:
    """libxml2 has no canonical form for relative namespace names; the digest of nothing does not pass for one."""
    recipe = Recipe(
        digest=hashlib.sha256(b"").digest(),
        transforms=(f'Algorithm="{ENVELOPED}">', f'Algorithm="{view}">'),
    )
    template = TEMPLATE.replace("<AttachmentEncoded>", '<AttachmentEncoded xmlns:r="relative">')
    refused(judge(forge(recipe, template)), "canonicalization_failed")


def test_amplification_is_stopped() -> None:
    """A genuine SignedInfo replayed over a body that swells in C14N costs less than a second."""
    xml = swollen()
    started = time.process_time()
    verdict = judge(xml)
    assert time.process_time() - started < 1
    refused(verdict, "canonicalization_failed")


TRANSFORMS = {
    "none": (),
    "canonicalisation only": (f'Algorithm="{EXCLUSIVE}">',),
    "the wrong order": (f'Algorithm="{EXCLUSIVE}">', f'Algorithm="{ENVELOPED}">'),
    "three": (f'Algorithm="{ENVELOPED}">', f'Algorithm="{EXCLUSIVE}">', f'Algorithm="{EXCLUSIVE}">'),
    "with comments": (f'Algorithm="{ENVELOPED}">', f'Algorithm="{EXCLUSIVE}WithComments">'),
    "XPath": (
        f'Algorithm="{ENVELOPED}">',
        'Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><ds:XPath>false()</ds:XPath>',
    ),
    "XPath filter": (f'Algorithm="{ENVELOPED}">', 'Algorithm="http://www.w3.org/2002/06/xmldsig-filter2">'),
    "XSLT": (
        (
            'Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116">'
            '<x:stylesheet version="1.0" xmlns:x="http://www.w3.org/1999/XSL/Transform"/>'
        ),
    ),
    "Base64": (f'Algorithm="{DS}base64">',),
    "parameters where none may be": (f'Algorithm="{ENVELOPED}"><a/>', f'Algorithm="{EXCLUSIVE}">'),
    "parameters of a canonicalisation": (f'Algorithm="{ENVELOPED}">', f'Algorithm="{EXCLUSIVE}"><a/>'),
    "PrefixList of an inclusive canonicalisation": (
        f'Algorithm="{ENVELOPED}">',
        f'Algorithm="{INCLUSIVE}"><e:InclusiveNamespaces xmlns:e="{EXCLUSIVE}" PrefixList="a"/>',
    ),
    "PrefixList of an unknown canonicalisation": (
        f'Algorithm="{ENVELOPED}">',
        f'Algorithm="urn:x"><e:InclusiveNamespaces xmlns:e="{EXCLUSIVE}" PrefixList="a"/>',
    ),
    "no Algorithm": (">",),
    "500": (f'Algorithm="{ENVELOPED}">',) * 500,
}


@pytest.mark.parametrize("attack", TRANSFORMS)
def test_transforms(attack: str) -> None:
    """No other transforms than the two allowed ones are carried out."""
    verdict = judge(
        forge(Recipe(transforms=TRANSFORMS[attack])).replace(b"<ds:Transforms></ds:Transforms>", b"")
    )
    refused(verdict, "transform_forbidden")
    assert verdict.sub_indication is SubIndication.SIG_CONSTRAINTS_FAILURE
