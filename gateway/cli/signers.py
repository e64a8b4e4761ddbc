"""Naming the holder of a certificate for people, and saying whether it is revoked.

A holder is named by common name and agency code instead of a distinguished name.
"""

from __future__ import annotations

from pathlib import Path

import pybase64
from cryptography import x509
from cryptography.x509.oid import NameOID

from certs.revocation import Standing, Status
from certs.shape import DS
from certs.unreadable import UNREADABLE
from certs.verdict import Signer
from gateway.cli.output import local, plain
from schemas.errors import SchemaError
from schemas.splice import open_file


def signer_text(signer: Signer | None) -> str | None:
    """Name a signer as the certificate does."""
    if signer is None:
        return None
    try:
        return _readable(x509.Name.from_rfc4514_string(signer.subject)) or plain(signer.subject)
    except ValueError:
        return plain(signer.subject)


def revocation_text(status: Status) -> str:
    """Say what is known of one certificate's revocation, and until when the list that says so is in force."""
    if status.gap is not None:
        return f"chưa rõ · unknown: {status.gap.vi}"
    word = "đã thu hồi · revoked" if status.standing is Standing.REVOKED else "không bị thu hồi · good"
    since = f", {local(status.entry.since)}: {status.entry.reason.vi}" if status.entry else ""
    until = f" (CRL → {local(status.source.next_update)})" if status.source else ""
    return f"{word}{since}{until}"


def claimed_signer(file: Path) -> str | None:
    """Name whom the first certificate in a file names; nothing about it has been checked."""
    try:
        element = next(open_file(file).tree.iter(f"{{{DS}}}X509Certificate"), None)
        text = "" if element is None else "".join((element.text or "").split())
        return _readable(x509.load_der_x509_certificate(pybase64.b64decode(text, validate=True)).subject)
    except (SchemaError, OSError, *UNREADABLE):
        return None


def certificate_text(certificate: x509.Certificate) -> str:
    """Name the holder of a certificate."""
    return _readable(certificate.subject) or plain(certificate.subject.rfc4514_string())


def _readable(name: x509.Name) -> str | None:
    known = [
        str(attributes[0].value)
        for oid in (NameOID.COMMON_NAME, NameOID.SERIAL_NUMBER)
        if (attributes := name.get_attributes_for_oid(oid))
    ]
    if not known:
        return None
    named, *code = known
    return plain(f"{named} ({code[0]})" if code else named)
