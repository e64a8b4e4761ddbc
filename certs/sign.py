"""Signing: an enveloped XML signature over a whole edXML document, in the form that `certs.verify` accepts.

XML Signature 1.1 §3.1: one Reference to the whole document, enveloped-signature and Exclusive C14N, SHA-256 for
the document, and the certificates in KeyInfo. The signature is the last child of edXMLHeader.
"""

import hashlib
import io
from collections.abc import Sequence
from types import MappingProxyType
from typing import BinaryIO

import pybase64
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from certs.algorithms import (
    ENVELOPED,
    EXCLUSIVE,
    SIGNATURE_ALGORITHMS,
    SignatureAlgorithm,
    fits,
    rsa_padding,
)
from certs.c14n import Contents, as_root, canonicalize, parse_own, size_limit, spliced
from certs.errors_signing import CannotSignError
from certs.issue import PrivateKey
from certs.shape import DS, SIGNATURE_PATH, check_document

_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
# As the axis's software writes it; lxml would put it in apostrophes.
_DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'
_NONE: Contents = MappingProxyType({})
_BY_NAME = {algorithm.name: algorithm for algorithm in SIGNATURE_ALGORITHMS.values()}


def sign_enveloped(
    xml: bytes, *, key: PrivateKey, certificates: Sequence[x509.Certificate], algorithm: str | None = None
) -> bytes:
    """Return the document with a signature in its header, as UTF-8.

    `certificates` starts with the signer's and may go on towards the root. `algorithm` is a short name from the
    allow-list such as `ecdsa-sha256`; by default RSA keys sign with RSASSA-PSS, as Circular 15/2025 asks. The
    document is the signer's own: this is not the place to parse what somebody sent.

    Raises: CannotSignError when it is not an edXML document, is signed already, or key and algorithm differ;
    SignatureShapeError when it holds what no signed document may.
    """
    out = io.BytesIO()
    sign_tree(_parse(xml), out, key=key, certificates=certificates, algorithm=algorithm)
    return out.getvalue()


def sign_tree(
    tree: etree._ElementTree,
    out: BinaryIO,
    *,
    key: PrivateKey,
    certificates: Sequence[x509.Certificate],
    algorithm: str | None = None,
    contents: Contents = _NONE,
) -> None:
    """Write the document in `tree` with a signature in its header, as `sign_enveloped` does, to `out`.

    `contents` are the texts that marks in the tree stand for: they are signed and written as if they stood there, without ever
    being in memory as a whole. The signature becomes part of the tree.

    Raises: as `sign_enveloped`.
    """
    method = _method(key, algorithm)
    check_document(tree)
    header = _header(tree)
    digest = hashlib.sha256()
    for piece in spliced(_canonical(tree), contents):
        digest.update(piece)
    signature = etree.SubElement(header, f"{{{DS}}}Signature", nsmap={"ds": DS})
    signed_info = _signed_info(signature, method, digest.digest())
    value = _sign(key, method, _canonical(as_root(signed_info)))
    etree.SubElement(signature, f"{{{DS}}}SignatureValue").text = _text(value)
    data = etree.SubElement(etree.SubElement(signature, f"{{{DS}}}KeyInfo"), f"{{{DS}}}X509Data")
    for certificate in certificates:
        der = certificate.public_bytes(Encoding.DER)
        etree.SubElement(data, f"{{{DS}}}X509Certificate").text = _text(der)
    out.write(_DECLARATION)
    out.writelines(spliced(etree.tostring(tree, encoding="UTF-8", xml_declaration=False), contents))
    out.write(b"\n")


def _method(key: PrivateKey, algorithm: str | None) -> SignatureAlgorithm:
    default = "ecdsa-sha256" if isinstance(key, ec.EllipticCurvePrivateKey) else "rsa-pss-sha256"
    method = _BY_NAME.get(algorithm or default)
    if method is None:
        raise CannotSignError(reason=f"unknown algorithm {algorithm}")
    if not fits(key.public_key(), method):
        raise CannotSignError(reason=f"the key is not one for {method.name}")
    return method


def _parse(xml: bytes) -> etree._ElementTree:
    try:
        return parse_own(xml)
    except etree.XMLSyntaxError as error:
        raise CannotSignError(reason="not well-formed XML", line=error.lineno) from error


def _header(tree: etree._ElementTree) -> etree._Element:
    root, *inner = SIGNATURE_PATH[:-1]
    headers = tree.getroot().findall("/".join(inner)) if tree.getroot().tag == root else []
    if len(headers) != 1:
        raise CannotSignError(reason="not an edXML document with one edXMLHeader")
    if next(tree.iter("{*}Signature"), None) is not None:
        raise CannotSignError(reason="there is a Signature already")
    return headers[0]


def _signed_info(signature: etree._Element, method: SignatureAlgorithm, digest: bytes) -> etree._Element:
    signed_info = etree.SubElement(signature, f"{{{DS}}}SignedInfo")
    _algorithm(signed_info, "CanonicalizationMethod", EXCLUSIVE.uri)
    _algorithm(signed_info, "SignatureMethod", method.uri)
    reference = etree.SubElement(signed_info, f"{{{DS}}}Reference", URI="")
    transforms = etree.SubElement(reference, f"{{{DS}}}Transforms")
    _algorithm(transforms, "Transform", ENVELOPED)
    _algorithm(transforms, "Transform", EXCLUSIVE.uri)
    _algorithm(reference, "DigestMethod", _SHA256)
    etree.SubElement(reference, f"{{{DS}}}DigestValue").text = _text(digest)
    return signed_info


def _algorithm(parent: etree._Element, name: str, uri: str) -> None:
    etree.SubElement(parent, f"{{{DS}}}{name}", Algorithm=uri)


def _canonical(tree: etree._ElementTree) -> bytes:
    return canonicalize(tree, EXCLUSIVE, (), limit=size_limit(tree, size=None))


def _sign(key: PrivateKey, method: SignatureAlgorithm, octets: bytes) -> bytes:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        r, s = decode_dss_signature(key.sign(octets, ec.ECDSA(method.hash)))
        size = (key.curve.key_size + 7) // 8
        return r.to_bytes(size) + s.to_bytes(size)
    return key.sign(octets, rsa_padding(method), method.hash)


def _text(octets: bytes) -> str:
    return pybase64.b64encode(octets).decode("ascii")
