"""Signs edXML documents, well and badly, without using the code under test.

A document is a template with `MARK` where the signature goes. `forge` fills it in; a `Recipe` says in which of
the many ways, and the defaults make a good signature.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import new

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from certs.errors import SignatureShapeError
from certs.issue import PrivateKey
from certs.rules import ShapeRule
from certs.trust import Trust
from certs.verdict import Indication, Verdict
from certs.verify import verify
from tests.support import pki

DS = "http://www.w3.org/2000/09/xmldsig#"
EDXML = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
MORE_2007 = "http://www.w3.org/2007/05/xmldsig-more#"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
INCLUSIVE_11 = "http://www.w3.org/2006/12/xml-c14n11"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = DS + "enveloped-signature"

MARK = "@SIGNATURE@"
HEADER = (
    "<edXML:MessageHeader><edXML:From><edXML:OrganId>000.00.00.G01</edXML:OrganId></edXML:From>"
    "<edXML:To><edXML:OrganId>000.00.00.H01</edXML:OrganId></edXML:To>"
    "<edXML:Subject>V/v báo cáo &amp; tổng kết</edXML:Subject></edXML:MessageHeader>"
)
ATTACHMENTS = "<AttachmentEncoded><Attachment>JVBERi0xLjQ=</Attachment></AttachmentEncoded>"
TEMPLATE = f"""<?xml version="1.0" encoding="UTF-8"?>
<edXML xmlns="{EDXML}">
  <edXML:edXMLEnvelope xmlns:edXML="{EDXML}">
    <edXML:edXMLHeader>
      {HEADER}
      {MARK}
    </edXML:edXMLHeader>
    <edXML:edXMLBody><edXML:edXMLManifest version="1.0"/></edXML:edXMLBody>
  </edXML:edXMLEnvelope>
  {ATTACHMENTS}
</edXML>
"""
UNSIGNED = TEMPLATE.replace(MARK, "").encode()

EXCLUSIVE_TRANSFORMS = (f'Algorithm="{ENVELOPED}">', f'Algorithm="{EXCLUSIVE}">')


@dataclass(kw_only=True)
class Recipe:
    """How to sign; `after_signing` may change the text of the finished signature."""

    identity: pki.Identity = field(default_factory=pki.signer)
    certificates: list[x509.Certificate] | None = None
    method: str = MORE + "ecdsa-sha256"
    method_content: str = ""
    pss: bool = False
    hash: hashes.HashAlgorithm = field(default_factory=hashes.SHA256)
    canonicalization: str = EXCLUSIVE
    canonicalization_content: str = ""
    signed_info_prefixes: tuple[str, ...] = ()
    transforms: tuple[str, ...] = EXCLUSIVE_TRANSFORMS  # attributes, ">" and content
    view_is_exclusive: bool = True
    view_prefixes: tuple[str, ...] = ()
    uri: str = ' URI=""'
    digest_method: str = SHA256
    digest_name: str = "sha256"
    digest: bytes | None = None
    references: int = 1
    default_namespace: bool = False
    key_info: str | None = None
    extra: str = ""
    raw_value: Callable[[bytes], bytes] = lambda value: value
    before_signing: Callable[[str], str] = lambda text: text
    after_signing: Callable[[str], str] = lambda text: text


def forge(recipe: Recipe | None = None, template: str = TEMPLATE) -> bytes:
    """Fill a signature into a template."""
    recipe = recipe or Recipe()
    read(b'<a xmlns="#default"/>')  # lxml passes only names on that it knows
    digest = recipe.digest if recipe.digest is not None else _digest(recipe, template)
    text = recipe.before_signing(_signature(recipe, digest))
    signed_info = _signed_info(template.replace(MARK, text))
    octets = etree.tostring(
        signed_info,
        method="c14n",
        exclusive=recipe.canonicalization.startswith(EXCLUSIVE),
        with_comments=False,
        inclusive_ns_prefixes=recipe.signed_info_prefixes or None,
    )
    value = recipe.raw_value(sign(recipe.identity[1], octets, hash_=recipe.hash, pss=recipe.pss))
    text = text.replace("@VALUE@", base64.b64encode(value).decode())
    return template.replace(MARK, recipe.after_signing(text)).encode()


def _digest(recipe: Recipe, template: str) -> bytes:
    octets = etree.tostring(
        read(template.replace(MARK, "").encode()),
        method="c14n",
        exclusive=recipe.view_is_exclusive,
        with_comments=False,
        inclusive_ns_prefixes=recipe.view_prefixes or None,
    )
    return new(recipe.digest_name, octets).digest()


def _signed_info(xml: str) -> etree._Element:
    """Return SignedInfo as a document of its own, for the reason given in `certs.c14n`."""
    signed_info = next(read(xml.encode()).iter(f"{{{DS}}}SignedInfo"))
    return etree.fromstring(etree.tostring(signed_info, with_tail=False))


def _signature(recipe: Recipe, digest: bytes) -> str:
    transforms = "".join(f"<ds:Transform {transform}</ds:Transform>" for transform in recipe.transforms)
    reference = (
        f"<ds:Reference{recipe.uri}><ds:Transforms>{transforms}</ds:Transforms>"
        f'<ds:DigestMethod Algorithm="{recipe.digest_method}"/>'
        f"<ds:DigestValue>{base64.b64encode(digest).decode()}</ds:DigestValue></ds:Reference>"
    )
    canonicalization = f'<ds:CanonicalizationMethod Algorithm="{recipe.canonicalization}">'
    text = (
        f'<ds:Signature xmlns:ds="{DS}">\n<ds:SignedInfo>{canonicalization}{recipe.canonicalization_content}'
        f"</ds:CanonicalizationMethod>"
        f'<ds:SignatureMethod Algorithm="{recipe.method}">{recipe.method_content}</ds:SignatureMethod>'
        f"{reference * recipe.references}</ds:SignedInfo>\n"
        f"<ds:SignatureValue>\n@VALUE@\n</ds:SignatureValue>{_key_info(recipe)}{recipe.extra}</ds:Signature>"
    )
    if recipe.default_namespace:
        text = text.replace("<ds:", "<").replace("</ds:", "</").replace("xmlns:ds=", "xmlns=")
    return text


def _key_info(recipe: Recipe) -> str:
    if recipe.key_info is not None:
        return recipe.key_info
    certificates = recipe.certificates if recipe.certificates is not None else [recipe.identity[0]]
    return f"<ds:KeyInfo><ds:X509Data>{x509_certificates(certificates)}</ds:X509Data></ds:KeyInfo>"


def x509_certificates(certificates: list[x509.Certificate]) -> str:
    """Return X509Certificate elements."""
    texts = (base64.encodebytes(one.public_bytes(Encoding.DER)).decode() for one in certificates)
    return "".join(f"<ds:X509Certificate>{text}</ds:X509Certificate>" for text in texts)


def sign(key: PrivateKey, octets: bytes, *, hash_: hashes.HashAlgorithm, pss: bool = False) -> bytes:
    """Sign as XML Signature 1.1 writes signature values."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        r, s = decode_dss_signature(key.sign(octets, ec.ECDSA(hash_)))
        size = (key.curve.key_size + 7) // 8
        return r.to_bytes(size) + s.to_bytes(size)
    scheme = padding.PSS(padding.MGF1(hash_), hash_.digest_size) if pss else padding.PKCS1v15()
    return key.sign(octets, scheme, hash_)


def read(xml: bytes) -> etree._ElementTree:
    """Parse as hardened as the product does, but for comments, instructions and document types, which stay."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    return etree.ElementTree(etree.fromstring(xml, parser))


def judge(xml: bytes, *, trust: Trust | None = None, at: datetime = pki.AT) -> Verdict:
    """Verify octets."""
    return verify(read(xml), trust=trust or pki.trust(), at=at, size=len(xml))


def codes(verdict: Verdict) -> list[str]:
    """Return the codes of a verdict's errors without the package's name."""
    return [error.code.removeprefix("certs.") for error in verdict.errors]


def refused(verdict: Verdict, code: str, rule: ShapeRule | None = None) -> None:
    """Check that the first error is the expected one and that nothing is handed out."""
    assert codes(verdict)[:1] == [code]
    assert verdict.indication is not Indication.TOTAL_PASSED
    assert verdict.signed_view is None
    if rule is not None:
        assert isinstance(verdict.errors[0], SignatureShapeError)
        assert verdict.errors[0].rule is rule


def swollen() -> bytes:
    """Return a small document whose exclusive canonical form would be a hundred times larger."""
    names = "".join(f' xmlns:p{i}="urn:{i}:{"x" * 490}"' for i in range(60))
    attributes = "".join(f' p{i}:a=""' for i in range(60))
    evil = f"<e{names}>{f'<e{attributes}/>' * 4000}</e>"
    return forge().replace(b"</edXML>", evil.encode() + b"</edXML>")
