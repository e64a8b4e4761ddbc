"""References to parts of the signature itself: the signed properties of XAdES, and KeyInfo.

XML Signature 1.1 §4.4.3, ETSI EN 319 132-1 §5.2.1. Such a Reference names the Id of the part, and no other attribute in the
document that might be taken for an identifier has that value. Invariant: the digest is over a copy, and only that copy is read
afterwards.
"""

import hashlib

from lxml import etree

from certs.c14n import as_root, canonicalize, inherits_xml_attributes, size_limit
from certs.errors import SignatureShapeError
from certs.errors_xades import PropertiesChangedError
from certs.methods import PartMethods
from certs.rules import ShapeRule
from certs.shape import DS, count_identified
from certs.signed_info import Reference


def find_key_info(signature: etree._Element) -> etree._Element | None:
    """Return the KeyInfo of a signature."""
    return next(signature.iterchildren(f"{{{DS}}}KeyInfo"), None)


def check_reference(
    tree: etree._ElementTree, part: etree._Element | None, reference: Reference | None
) -> None:
    """Check that a Reference, if there is one, names this part, and that nothing else can be meant.

    Raises: SignatureShapeError.
    """
    if part is None or reference is None:
        return
    identifier = part.get("Id")
    if not identifier or reference.uri != f"#{identifier}":
        raise SignatureShapeError(ShapeRule.REFERENCES, line=part.sourceline, found=reference.uri or "-")
    if count_identified(tree, identifier) != 1:
        raise SignatureShapeError(ShapeRule.DUPLICATE_ID, line=part.sourceline, found=identifier)


def signed_part(part: etree._Element, methods: PartMethods) -> etree._ElementTree:
    """Return a copy of a part whose digest is the one that was signed.

    Raises: PropertiesChangedError, SignatureShapeError, CanonicalizationFailedError.
    """
    if not methods.canonicalization.exclusive and inherits_xml_attributes(part):
        raise SignatureShapeError(ShapeRule.INHERITED_XML_ATTRIBUTE, line=part.sourceline)
    copy = as_root(part)
    octets = canonicalize(copy, methods.canonicalization, methods.prefixes, limit=size_limit(copy, size=0))
    if hashlib.new(methods.digest.name, octets).digest() != methods.expected:
        raise PropertiesChangedError(part=str(part.tag).rpartition("}")[2])
    return copy
