"""The form that a signature must have before any cryptography is done on it.

XML Signature 1.1 leaves a signer so much freedom that a verifier who follows all of it can be led to check one
element while the program reads another (signature wrapping). This profile leaves one form:

- exactly one element named Signature in any namespace, in the XML-DSig namespace, at `SIGNATURE_PATH`;
- no other XML-DSig element outside it; inside, only what `_CONTENT` and `_ATTRIBUTES` list; one Reference, no
  comments and no processing instructions; no Object, or one in the form that `certs.xades` demands with a Reference to it;
- what is read (`certs.signed_info`) is the very copy of SignedInfo that is canonicalised and verified.
"""

import re
from functools import lru_cache

from lxml import etree

from certs.errors import (
    LegacySignatureError,
    NoSignatureError,
    SeveralSignaturesError,
    SignatureShapeError,
)
from certs.place import check_once, check_place
from certs.rules import ShapeRule

EDXML = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
DS = "http://www.w3.org/2000/09/xmldsig#"
XADES = "http://uri.etsi.org/01903/v1.3.2#"
EXC_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
_PSS = "http://www.w3.org/2007/05/xmldsig-more#"

SIGNATURE_PATH = (
    f"{{{EDXML}}}edXML",
    f"{{{EDXML}}}edXMLEnvelope",
    f"{{{EDXML}}}edXMLHeader",
    f"{{{DS}}}Signature",
)
_MESSAGE_HEADER = f"{{{EDXML}}}MessageHeader"

_SIGNATURE = f"{{{DS}}}Signature"
_SPACE = " \t\r\n"
_PROCESSING_INSTRUCTIONS = etree.XPath("boolean(//processing-instruction())")
_IDENTIFIED = etree.XPath("count(//@*[translate(local-name(), 'ID', 'id') = 'id'][. = $wanted])")

# Content of each element as a pattern over its children's names, each followed by a space. An element that is
# not listed holds only text; what KeyValue holds is never read.
_CONTENT = {
    "Signature": r"SignedInfo SignatureValue (KeyInfo )?(Object )?",
    "Object": r"xades:QualifyingProperties ",
    "SignedInfo": r"CanonicalizationMethod SignatureMethod Reference (Reference ){0,2}",
    "CanonicalizationMethod": r"(exc:InclusiveNamespaces )?",
    "SignatureMethod": r"(pss:RSAPSSParams )?",
    "Reference": r"(Transforms )?DigestMethod DigestValue ",
    "Transforms": r"(Transform )+",
    "Transform": r"(\S+ )*",
    "KeyInfo": r"((KeyName|KeyValue|X509Data) )+",
    "KeyValue": r"(RSAKeyValue|\S+:ECKeyValue) ",
    "RSAKeyValue": r"Modulus Exponent ",
    "X509Data": r"((X509IssuerSerial|X509SKI|X509SubjectName|X509Certificate|X509CRL|\S+:X509Digest) )+",
    "X509IssuerSerial": r"X509IssuerName X509SerialNumber ",
}
_FEW = 512
_NONE: frozenset[str] = frozenset()
_PATTERNS = {name: re.compile(pattern) for name, pattern in _CONTENT.items()}
_PREFIXES = {"{" + DS: "", "{" + EXC_C14N: "exc:", "{" + _PSS: "pss:", "{" + XADES: "xades:"}
_ATTRIBUTES = {
    "Signature": {"Id"},
    "SignedInfo": {"Id"},
    "CanonicalizationMethod": {"Algorithm"},
    "SignatureMethod": {"Algorithm"},
    "Reference": {"Id", "URI", "Type"},
    "Object": {"Id"},
    "Transform": {"Algorithm"},
    "DigestMethod": {"Algorithm"},
    "SignatureValue": {"Id"},
    "KeyInfo": {"Id"},
}


def check_document(tree: etree._ElementTree) -> None:
    """Refuse what may not be anywhere in a signed document.

    The parser that made the tree has its own limits; these three would change what the signature means.

    Raises: SignatureShapeError.
    """
    information = tree.docinfo
    encoding = information.encoding or "UTF-8"
    if encoding.upper() not in {"UTF-8", "US-ASCII", "ASCII"} or information.xml_version != "1.0":
        raise SignatureShapeError(ShapeRule.ENCODING, found=encoding)
    if information.doctype or information.internalDTD is not None:
        raise SignatureShapeError(ShapeRule.DOCTYPE)
    if _PROCESSING_INSTRUCTIONS(tree):
        raise SignatureShapeError(ShapeRule.PROCESSING_INSTRUCTION)


def find_signature(
    tree: etree._ElementTree, *, path: tuple[str, ...] | None = SIGNATURE_PATH
) -> etree._Element:
    """Return the one signature of a document, at `path` or (None) anywhere below the document element.

    Raises: NoSignatureError, LegacySignatureError, SeveralSignaturesError, SignatureMisplacedError, SignatureShapeError.
    """
    found = list(tree.iter("{*}Signature"))
    real = [element for element in found if element.tag == _SIGNATURE]
    if found and not real:
        if all(element.tag in {f"{{{EDXML}}}Signature", "Signature"} for element in found):
            raise LegacySignatureError(line=found[0].sourceline)
        raise SignatureShapeError(ShapeRule.FOREIGN_SIGNATURE, line=found[0].sourceline)
    if len(found) > 1:
        raise SeveralSignaturesError(line=found[1].sourceline, count=len(found))
    signature = real[0] if real else None
    every = list(tree.iter(f"{{{DS}}}*"))
    inside = list(signature.iter(f"{{{DS}}}*")) if signature is not None else []
    if len(every) != len(inside):
        known = set(inside)
        stray = next(element for element in every if element not in known)
        raise SignatureShapeError(ShapeRule.STRAY_ELEMENT, line=stray.sourceline, found=_local_name(stray))
    if signature is None:
        raise NoSignatureError
    check_place(signature, path)
    if path is not None:
        check_once(tree, (*path[:-1], _MESSAGE_HEADER))
    return signature


def count_identified(tree: etree._ElementTree, wanted: str) -> int:
    """Count the attributes named id in any case and namespace (xml:id is one) that have the wanted value."""
    return int(_IDENTIFIED(tree, wanted=wanted))


def check_content(signature: etree._Element) -> None:
    """Refuse anything in a signature that this profile does not know.

    Raises: SignatureShapeError.
    """
    for node in signature.iter(etree.Comment, etree.ProcessingInstruction, etree.Entity):
        raise SignatureShapeError(ShapeRule.COMMENT, line=node.sourceline)
    for element in signature.iter(f"{{{DS}}}*"):
        name = _local_name(element)
        children = list(element)
        words = "".join([_word(str(child.tag)) for child in children])
        if not _may_hold(name, words):
            raise SignatureShapeError(_content_rule(name, words), line=element.sourceline, found=name)
        if name in _PATTERNS and not all(map(_is_blank, (element.text, *[child.tail for child in children]))):
            raise SignatureShapeError(ShapeRule.TEXT, line=element.sourceline, found=name)
        if not _ATTRIBUTES.get(name, _NONE).issuperset(element.keys()):
            raise SignatureShapeError(ShapeRule.ATTRIBUTE, line=element.sourceline, found=name)


def _local_name(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


@lru_cache(maxsize=_FEW)
def _word(tag: str) -> str:
    """Return the word for a child in the patterns of `_CONTENT`."""
    namespace, _, name = tag.rpartition("}")
    return _PREFIXES.get(namespace, "other:") + name + " "


@lru_cache(maxsize=_FEW)
def _may_hold(name: str, words: str) -> bool:
    """Tell whether an element may have these children."""
    pattern = _PATTERNS.get(name)
    return pattern.fullmatch(words) is not None if pattern is not None else not words


def _content_rule(name: str, children: str) -> ShapeRule:
    if name == "Signature" and "Object " in children:
        return ShapeRule.OBJECT
    if name == "SignedInfo" and children.count("Reference ") not in {1, 2, 3}:
        return ShapeRule.REFERENCES
    return ShapeRule.CONTENT


def _is_blank(text: str | None) -> bool:
    return not text or not text.strip(_SPACE)
