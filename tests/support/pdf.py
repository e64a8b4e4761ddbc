"""PDF files for tests, made page by page with fpdf2 and signed by pyHanko with certificates of `tests.support.pki`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from functools import cache
from io import BytesIO
from typing import Any

from asn1crypto import cms, keys, x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from fpdf import FPDF
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers, timestamps
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko_certvalidator.registry import SimpleCertificateStore

from tests.support import pki


@cache
def page(text: str = "Kinh gui: cac don vi", *, password: str | None = None) -> bytes:
    """Return a PDF of one page that nobody signed; with a password, it is encrypted, and an empty one opens it."""
    pdf = FPDF()
    if password is not None:
        pdf.set_encryption("owner", password)
    pdf.set_creation_date(pki.AT)
    pdf.add_page()
    pdf.set_font("Helvetica", size=12)
    pdf.cell(text=text)
    return bytes(pdf.output())


def asn1(certificate: Any) -> x509.Certificate:
    """Return a certificate as pyHanko wants it."""
    return x509.Certificate.load(certificate.public_bytes(Encoding.DER))


class _Octets:
    """A CMS object that is stored as it is; asn1crypto may encode one anew, which takes very long."""

    def __init__(self, der: bytes) -> None:
        self._der = der

    def dump(self) -> bytes:
        """Return its octets."""
        return self._der


class Signer(signers.SimpleSigner):
    """Signs as told, also what no honest software would; `spoil` may change the CMS object before it is stored."""

    def __init__(
        self,
        identity: pki.Identity,
        *,
        pss: bool = False,
        others: tuple[Any, ...] = (),
        spoil: Callable[[cms.ContentInfo], cms.ContentInfo | bytes] | None = None,
        spoil_attributes: Callable[[cms.CMSAttributes], cms.CMSAttributes] | None = None,
    ) -> None:
        certificate, key = identity
        der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        store = SimpleCertificateStore()
        store.register_multiple([asn1(other) for other in others])
        super().__init__(
            signing_cert=asn1(certificate),
            signing_key=keys.PrivateKeyInfo.load(der),
            cert_registry=store,
            prefer_pss=pss,
        )
        self._spoil = spoil
        self._spoil_attributes = spoil_attributes

    async def signed_attrs(self, *arguments: Any, **options: Any) -> cms.CMSAttributes:
        """Return the attributes to sign, spoiled if asked."""
        attributes = await super().signed_attrs(*arguments, **options)
        return attributes if self._spoil_attributes is None else self._spoil_attributes(attributes)

    async def async_sign(self, *arguments: Any, **options: Any) -> Any:
        """Return the CMS object, spoiled if asked."""
        made = await super().async_sign(*arguments, **options)
        spoiled = made if self._spoil is None else self._spoil(made)
        return _Octets(spoiled) if isinstance(spoiled, bytes) else spoiled


class _PdfSigner(signers.PdfSigner):
    """Signs even where an earlier signature forbids it."""

    def _enforce_certification_constraints(self, reader: Any) -> None: ...


def sign(
    content: bytes,
    signer: signers.Signer | None = None,
    *,
    field: str = "ChuKy1",
    digest: str = "sha256",
    pades: bool = True,
    certify: fields.MDPPerm | None = None,
    box: tuple[int, int, int, int] | None = None,
    at: datetime | None = None,
    timestamper: timestamps.TimeStamper | None = None,
    change: Callable[[IncrementalPdfFileWriter], None] | None = None,
) -> bytes:
    """Return a PDF with one signature more; `change` is made in the same revision."""
    kind = fields.SigSeedSubFilter.PADES if pades else fields.SigSeedSubFilter.ADOBE_PKCS7_DETACHED
    metadata = signers.PdfSignatureMetadata(
        field_name=field,
        md_algorithm=digest,
        subfilter=kind,
        certify=certify is not None,
        docmdp_permissions=certify or fields.MDPPerm.FILL_FORMS,
    )
    spec = fields.SigFieldSpec(field, box=box) if box is not None else None
    pdf_signer = _PdfSigner(
        metadata, signer or Signer(pki.signer()), new_field_spec=spec, timestamper=timestamper
    )
    writer = _writer(content)
    if change is not None:
        change(writer)
    return bytes(_run(pdf_signer.async_sign_pdf(writer)).getvalue())


def _writer(content: bytes) -> IncrementalPdfFileWriter:
    writer = IncrementalPdfFileWriter(BytesIO(content), strict=False)
    if writer.prev.encrypted:
        writer.encrypt("")
    return writer


def update(content: bytes, change: Callable[[IncrementalPdfFileWriter], None]) -> bytes:
    """Return a PDF with one more revision in which something was changed."""
    writer = _writer(content)
    change(writer)
    output = BytesIO()
    writer.write(output)
    return output.getvalue()


def with_validation_data(content: bytes) -> bytes:
    """Return a PDF with a document security store that holds a certificate."""
    output = BytesIO(content)
    DocumentSecurityStore.add_dss(
        output, sig_contents=None, certs=[asn1(pki.root().certificate)], force_write=True
    )
    return output.getvalue()


def _run(job: Any) -> Any:
    return asyncio.run(job)
