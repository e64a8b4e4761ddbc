"""Signs edXML documents with properties of XAdES, well and badly, and puts time stamps over the signatures (XAdES-T)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from tests.support import pki
from tests.support.signing import DS, EXCLUSIVE, SHA256, TEMPLATE, Recipe, forge
from tests.support.tsa import Stamp

XADES = "http://uri.etsi.org/01903/v1.3.2#"
TYPE = "http://uri.etsi.org/01903#SignedProperties"
UNSIGNED_MARK = "@UNSIGNED@"
SIGNER = pki.signer()[0]


def named(
    certificate: x509.Certificate = SIGNER,
    *,
    method: str = SHA256,
    name: str = "sha256",
    element: str = "SigningCertificateV2",
) -> str:
    """Return the property that names a certificate."""
    digest = hashlib.new(name, certificate.public_bytes(Encoding.DER)).digest()
    return (
        f"<xades:{element}><xades:Cert><xades:CertDigest>"
        f'<ds:DigestMethod Algorithm="{method}"/><ds:DigestValue>{base64.b64encode(digest).decode()}</ds:DigestValue>'
        f"</xades:CertDigest></xades:Cert></xades:{element}>"
    )


TIME = "<xades:SigningTime>2026-06-30T09:00:00+07:00</xades:SigningTime>"


@dataclass(frozen=True, kw_only=True)
class Properties:
    """How to make a signature with properties; the defaults are good."""

    content: str = TIME + named()
    transform: str = f'<ds:Transform Algorithm="{EXCLUSIVE}"></ds:Transform>'
    canonicalization: str = EXCLUSIVE
    digest_method: str = SHA256
    digest_name: str = "sha256"
    type: str = f' Type="{TYPE}"'
    uri: str = "#properties"
    identifier: str = ' Id="properties"'
    target: str = ' Target="#signature"'
    unsigned: str = ""
    reference_first: bool = False
    recipe: Recipe | None = None
    after: Callable[[str], str] = lambda text: text

    def signed(self, template: str = TEMPLATE) -> bytes:
        """Return a document with such a signature."""
        declared = f'<xades:SignedProperties xmlns:xades="{XADES}" xmlns:ds="{DS}"{self.identifier}>'
        content = f"<xades:SignedSignatureProperties>{self.content}</xades:SignedSignatureProperties>"
        properties = f"{declared}{content}</xades:SignedProperties>"
        octets = etree.tostring(
            etree.fromstring(properties), method="c14n", exclusive=self.canonicalization == EXCLUSIVE
        )
        digest = base64.b64encode(hashlib.new(self.digest_name, octets).digest()).decode()
        transforms = f"<ds:Transforms>{self.transform}</ds:Transforms>" if self.transform else ""
        reference = (
            f'<ds:Reference{self.type} URI="{self.uri}">{transforms}'
            f'<ds:DigestMethod Algorithm="{self.digest_method}"/><ds:DigestValue>{digest}</ds:DigestValue></ds:Reference>'
        )
        qualifying = f'<xades:QualifyingProperties xmlns:xades="{XADES}"{self.target}>'
        extra = f"<ds:Object>{qualifying}{properties}{self.unsigned}</xades:QualifyingProperties></ds:Object>"

        def complete(text: str) -> str:
            text = text.replace("<ds:Signature ", '<ds:Signature Id="signature" ', 1)
            if self.reference_first:
                return text.replace("<ds:Reference ", reference + "<ds:Reference ", 1)
            return text.replace("</ds:SignedInfo>", f"{reference}</ds:SignedInfo>", 1)

        made = replace(
            self.recipe or Recipe(), extra=extra, before_signing=complete, after_signing=self.after
        )
        return forge(made, template)


def stamped_octets(xml: bytes, method: str | None = EXCLUSIVE) -> bytes:
    """Return the canonical ds:SignatureValue of a document; without a method, by Canonical XML 1.0."""
    value = next(etree.fromstring(xml).iter(f"{{{DS}}}SignatureValue"))
    alone = etree.fromstring(etree.tostring(value, with_tail=False))
    return etree.tostring(alone, method="c14n", exclusive=(method or "").startswith(EXCLUSIVE))


def signature_time_stamp(*tokens: bytes, method: str | None = EXCLUSIVE, attributes: str = "") -> str:
    """Return a SignatureTimeStamp with tokens."""
    canonicalization = f'<ds:CanonicalizationMethod Algorithm="{method}"/>' if method is not None else ""
    encapsulated = "".join(
        f"<xades:EncapsulatedTimeStamp{attributes}>{base64.encodebytes(token).decode()}</xades:EncapsulatedTimeStamp>"
        for token in tokens
    )
    return f'<xades:SignatureTimeStamp xmlns:ds="{DS}">{canonicalization}{encapsulated}</xades:SignatureTimeStamp>'


def with_stamps(xml: bytes, *stamps: str) -> bytes:
    """Put SignatureTimeStamps where `UNSIGNED_MARK` is."""
    inside = f"<xades:UnsignedSignatureProperties>{''.join(stamps)}</xades:UnsignedSignatureProperties>"
    unsigned = f"<xades:UnsignedProperties>{inside}</xades:UnsignedProperties>" if stamps else ""
    return xml.replace(UNSIGNED_MARK.encode(), unsigned.encode())


def unstamped(properties: Properties | None = None, template: str = TEMPLATE) -> bytes:
    """Return a signed document that still holds `UNSIGNED_MARK`."""
    return replace(properties or Properties(), unsigned=UNSIGNED_MARK).signed(template)


def stamped(
    *stamps: Stamp,
    properties: Properties | None = None,
    method: str | None = EXCLUSIVE,
    template: str = TEMPLATE,
) -> bytes:
    """Return a signed document with time stamps over its signature."""
    xml = unstamped(properties, template)
    octets = stamped_octets(xml, method)
    made = (replace(stamp, data=octets).token() for stamp in stamps)
    return with_stamps(xml, *(signature_time_stamp(token, method=method) for token in made))
