"""CMS objects as no honest software writes them: what `tests.support.pdf.Signer` may do to an object or its signed attributes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from asn1crypto import cms, core
from cryptography import x509

from tests.support.pdf import asn1
from tests.support.pdf_attacks import signer_info
from tests.support.tsa import attribute, der

Spoil: TypeAlias = Callable[[cms.ContentInfo], cms.ContentInfo | bytes]
SpoilAttributes: TypeAlias = Callable[[cms.CMSAttributes], cms.CMSAttributes]


def without_attributes(info: cms.ContentInfo) -> cms.ContentInfo:
    """Leave the signed attributes out."""
    signer_info(info)["signed_attrs"] = None
    return again(info)


def two_signers(info: cms.ContentInfo) -> cms.ContentInfo:
    """Have the same signer twice."""
    signer = signer_info(info)
    info["content"]["signer_infos"] = cms.SignerInfos([signer, signer.copy()])
    return again(info)


def no_signer(info: cms.ContentInfo) -> cms.ContentInfo:
    """Leave the signer out."""
    info["content"]["signer_infos"] = cms.SignerInfos([])
    return again(info)


def encapsulated(info: cms.ContentInfo) -> cms.ContentInfo:
    """Put content into the object."""
    info["content"]["encap_content_info"] = cms.ContentInfo({"content_type": "data", "content": b"text"})
    return again(info)


def other_content(info: cms.ContentInfo) -> cms.ContentInfo:
    """Say that the content is of another type."""
    info["content"]["encap_content_info"] = cms.ContentInfo({"content_type": "1.2.3.4"})
    return again(info)


def no_certificates(info: cms.ContentInfo) -> cms.ContentInfo:
    """Leave the certificates out."""
    info["content"]["certificates"] = None
    return again(info)


def many_certificates(info: cms.ContentInfo) -> cms.ContentInfo:
    """Bring more certificates than anybody needs."""
    one = info["content"]["certificates"][0]
    info["content"]["certificates"] = cms.CertificateSet([one] * 17)
    return again(info)


def again(info: cms.ContentInfo) -> cms.ContentInfo:
    """Return the object as it is read again."""
    return cms.ContentInfo.load(info.dump(force=True))


def drop(*names: str) -> SpoilAttributes:
    """Return how to leave signed attributes out."""

    def spoil(attributes: cms.CMSAttributes) -> cms.CMSAttributes:
        return cms.CMSAttributes([each for each in attributes if each["type"].native not in names])

    return spoil


def twice(name: str) -> SpoilAttributes:
    """Return how to have a signed attribute twice."""

    def spoil(attributes: cms.CMSAttributes) -> cms.CMSAttributes:
        return cms.CMSAttributes([*attributes, *(each for each in attributes if each["type"].native == name)])

    return spoil


def protected(digest: str) -> SpoilAttributes:
    """Return how to sign that the digest is by another algorithm, perhaps (RFC 6211)."""
    said = {
        "digest_algorithm": {"algorithm": digest},
        "signature_algorithm": {"algorithm": "sha256_ecdsa"},
    }

    def add(attributes: cms.CMSAttributes) -> cms.CMSAttributes:
        more = {"type": "cms_algorithm_protection", "values": [cms.CMSAlgorithmProtection(said)]}
        return cms.CMSAttributes([*attributes, cms.CMSAttribute(more)])

    return add


def exchanged(other: x509.Certificate) -> Spoil:
    """Return how to put another certificate in the place of the signer's, which the signed attributes still name."""

    def exchange(info: cms.ContentInfo) -> cms.ContentInfo:
        info["content"]["certificates"] = cms.CertificateSet(
            [cms.CertificateChoices("certificate", asn1(other))]
        )
        identifier = {"issuer": asn1(other).issuer, "serial_number": other.serial_number}
        signer_info(info)["sid"] = cms.SignerIdentifier("issuer_and_serial_number", identifier)
        return again(info)

    return exchange


def stamped_with(*makers: Callable[[bytes], bytes]) -> Spoil:
    """Return how to attach time stamps, each made from the octets of the signature."""

    def attach(info: cms.ContentInfo) -> bytes:
        value: bytes = signer_info(info)["signature"].native
        tokens = [make(value) for make in makers]
        return with_unsigned(info, attribute("1.2.840.113549.1.9.16.2.14", *tokens))

    return attach


def with_unsigned(info: cms.ContentInfo, unsigned: bytes) -> bytes:
    """Return the object with an unsigned attribute, octet by octet: encoding tokens anew takes long and changes them."""
    # ContentInfo, [0], SignedData, signerInfos and SignerInfo all end where the whole does.
    return _appended(info.dump(), der(0xA1, unsigned), depth=4)


def _appended(value: bytes, added: bytes, *, depth: int) -> bytes:
    starts = [_body(value)]
    if depth == 0:
        return der(value[0], value[starts[0] :], added)
    while (end := _end(value, starts[-1])) < len(value):
        starts.append(end)
    last = starts[-1]
    return der(value[0], value[starts[0] : last], _appended(value[last:], added, depth=depth - 1))


def _body(value: bytes, start: int = 0) -> int:
    count = max(value[start + 1] - 0x80, 0)
    return start + 2 + count


def _end(value: bytes, start: int) -> int:
    body = _body(value, start)
    return body + (int.from_bytes(value[start + 2 : body]) if body > start + 2 else value[start + 1])


def attributes_as_content(info: cms.ContentInfo) -> cms.ContentInfo:
    """Leave the signed attributes out and say that they are what was signed (EUF-CMA)."""
    signer = signer_info(info)
    info["content"]["encap_content_info"] = cms.ContentInfo(
        {"content_type": "data", "content": core.OctetString(b"\x31" + signer["signed_attrs"].dump()[1:])}
    )
    signer["signed_attrs"] = None
    return again(info)


def changed_value(info: cms.ContentInfo) -> cms.ContentInfo:
    """Change an octet of the signature's value."""
    signer = signer_info(info)
    value = signer["signature"].native
    signer["signature"] = value[:-1] + bytes([value[-1] ^ 1])
    return again(info)
