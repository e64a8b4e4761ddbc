"""Reading a signature whose form was checked (`certs.shape`): what SignedInfo says, its value, and the certificates beside it.

XML Signature 1.1 §4. Nothing is believed here: identifiers of algorithms are looked up in `certs.methods`, certificates are
hints. Invariant: Base64 is read strictly, so that no two texts stand for the same octets.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pybase64
from lxml import etree

from certs.errors import SignatureShapeError
from certs.rules import ShapeRule
from certs.shape import DS, EXC_C14N

SIGNED_PROPERTIES_TYPE: Final = "http://uri.etsi.org/01903#SignedProperties"
MAX_CERTIFICATES: Final = 6
MAX_PREFIXES: Final = 16

_KEY_INFO: Final = "KeyInfo"
_INCLUSIVE_NAMESPACES: Final = f"{{{EXC_C14N}}}InclusiveNamespaces"
_SPACE: Final = b" \t\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """An Algorithm, with the PrefixList or else the element that holds its other parameters."""

    uri: str
    prefixes: tuple[str, ...] = ()
    parameters: etree._Element | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What was digested, and how."""

    uri: str | None
    transforms: tuple[Method, ...]
    digest_method: str
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedInfo:
    """What the signer signed: how, and over what; `properties` are those of XAdES, `key_info` is that of this signature."""

    canonicalization: Method
    signature_method: Method
    document: Reference
    properties: Reference | None
    key_info: Reference | None


def read_signed_info(
    signed_info: etree._Element, *, has_properties: bool, key_info_id: str | None = None
) -> SignedInfo:
    """Read a SignedInfo whose form was checked; `has_properties` says that there must be a Reference to properties of XAdES.

    There may be one to the KeyInfo of this signature, which has the Id `key_info_id`.

    Raises: SignatureShapeError when there are other References, DigestValue is not Base64, or InclusiveNamespaces is not as
    specified.
    """
    canonicalization, signature_method, *references = signed_info
    about = {_what(reference, key_info_id): reference for reference in references}
    expected = {"", SIGNED_PROPERTIES_TYPE} if has_properties else {""}
    if len(about) != len(references) or about.keys() - {_KEY_INFO} != expected:
        raise SignatureShapeError(ShapeRule.REFERENCES, line=signed_info.sourceline, found="SignedInfo")
    return SignedInfo(
        canonicalization=_method(canonicalization),
        signature_method=_method(signature_method),
        document=_reference(about[""]),
        properties=_reference(about[SIGNED_PROPERTIES_TYPE]) if has_properties else None,
        key_info=_reference(about[_KEY_INFO]) if _KEY_INFO in about else None,
    )


def _what(reference: etree._Element, key_info_id: str | None) -> str:
    """Say what a Reference is to: its Type, or KeyInfo if it names that one."""
    kind = reference.get("Type", "")
    is_key_info = key_info_id is not None and reference.get("URI") == f"#{key_info_id}"
    return _KEY_INFO if is_key_info and kind == "" else kind


def _reference(reference: etree._Element) -> Reference:
    *transforms, digest_method, digest_value = reference
    return Reference(
        uri=reference.get("URI"),
        transforms=tuple(_method(transform) for transform in transforms[0]) if transforms else (),
        digest_method=digest_method.get("Algorithm", ""),
        digest=base64_octets(digest_value),
    )


def read_signature_value(signature: etree._Element) -> bytes:
    """Return the octets of SignatureValue.

    Raises: SignatureShapeError when it is not Base64.
    """
    return base64_octets(signature[1])


def read_certificates(signature: etree._Element) -> tuple[bytes, ...]:
    """Return the distinct X509Certificate values of KeyInfo; they are hints and trusted for nothing.

    Raises: SignatureShapeError when one is not Base64, or there are more than `MAX_CERTIFICATES`.
    """
    found = dict.fromkeys(map(base64_octets, certificate_elements(signature)))
    if len(found) > MAX_CERTIFICATES:
        raise SignatureShapeError(
            ShapeRule.CERTIFICATE_COUNT, line=signature.sourceline, found=str(len(found))
        )
    return tuple(sorted(found))


def certificate_elements(signature: etree._Element) -> Iterator[etree._Element]:
    """Yield the X509Certificate elements of KeyInfo, in the order of the document."""
    for key_info in signature.iterchildren(f"{{{DS}}}KeyInfo"):
        for data in key_info.iterchildren(f"{{{DS}}}X509Data"):
            yield from data.iterchildren(f"{{{DS}}}X509Certificate")


def _method(element: etree._Element) -> Method:
    uri = element.get("Algorithm", "")
    if len(element) == 1 and element[0].tag == _INCLUSIVE_NAMESPACES:
        return Method(uri=uri, prefixes=_prefixes(element[0]))
    return Method(uri=uri, parameters=element if len(element) else None)


def _prefixes(element: etree._Element) -> tuple[str, ...]:
    prefixes = tuple(element.get("PrefixList", "").split())
    if len(element) or set(element.attrib) - {"PrefixList"} or len(prefixes) > MAX_PREFIXES:
        raise SignatureShapeError(ShapeRule.CONTENT, line=element.sourceline, found="InclusiveNamespaces")
    return prefixes


def base64_octets(element: etree._Element) -> bytes:
    """Decode the text of an element strictly.

    Raises: SignatureShapeError.
    """
    try:
        return strictly_decoded((element.text or "").encode("ascii"))
    except ValueError as error:
        raise _not_base64(element) from error


def strictly_decoded(text: bytes) -> bytes:
    """Decode Base64: no other characters than the alphabet and XML white space, and no unused bits set; never nothing.

    Raises: ValueError.
    """
    text = text.translate(None, _SPACE)
    octets: bytes = pybase64.b64decode(text, validate=True)
    if not octets or pybase64.b64encode(octets) != text:
        raise ValueError("nothing, or Base64 that can be written otherwise")
    return octets


def _not_base64(element: etree._Element) -> SignatureShapeError:
    return SignatureShapeError(
        ShapeRule.BASE64, line=element.sourceline, found=str(element.tag).rpartition("}")[2]
    )
