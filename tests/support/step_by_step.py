"""Reads a signature as `certs.verify` reads those that are not of the plain form, without anything that is remembered."""

from lxml import etree

from certs.methods import resolve_methods
from certs.parts import find_key_info
from certs.plain_form import PlainSignature
from certs.shape import check_content
from certs.signed_info import read_certificates, read_signature_value, read_signed_info
from certs.xades import find_properties
from certs.xmldsig import read_canonically, signed_octets


def step_by_step(signature: etree._Element) -> PlainSignature | None:
    """Return what a signature says; None if it has properties, signs its KeyInfo or names a forbidden algorithm.

    Raises: SignatureShapeError.
    """
    properties, key_info = find_properties(signature), find_key_info(signature)
    check_content(signature)
    copy, canonical = read_canonically(signature[0])
    identifier = key_info.get("Id") if key_info is not None else None
    info = read_signed_info(copy.getroot(), has_properties=properties is not None, key_info_id=identifier)
    methods = resolve_methods(info, errors=[])
    if methods is None or properties is not None or methods.key_info is not None:
        return None
    return PlainSignature(
        uri=info.document.uri,
        methods=methods,
        digest=info.document.digest,
        octets=canonical or signed_octets(signature, copy, methods),
        value=read_signature_value(signature),
        certificates=read_certificates(signature),
    )
