"""Answers of OCSP responders (RFC 6960), read and verified once, when they are taken in.

Invariants:

- there is no unverified `OcspAnswer`: it was signed by the very authority that issued the certificate in question, or by a
  responder to whom that authority gave a certificate for it (§4.2.2.2: id-kp-OCSPSigning, issued directly), valid at the time;
- it is bound to the authority's name *and* key and to one serial number, both as the answer itself names them (§4.1.1);
- it counts for a bounded time: to its next update, never beyond its signer's certificate, and without one for
  `WITHOUT_NEXT_UPDATE`;
- "unknown" makes nobody good, and an extension that must be understood and is not makes the answer unusable.

Nonces are not looked at: answers are held and used by many, and what bounds a replay is the time above.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import ClassVar, Final, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from certs.authority import authority_of, is_allowed, is_issued_by, key_usage_of
from certs.errors_revocation import BadOcspAnswerError
from certs.ocsp_signature import check_signature
from certs.rules import RevocationReason
from certs.standing import Entry
from certs.unreadable import UNREADABLE

WITHOUT_NEXT_UPDATE: Final = timedelta(hours=24)
"""How long an answer counts that does not say when newer information will be there."""

_CRITICAL: Final = b"\x01\x01\xff"
"""The DER encoding of `critical TRUE`."""

_RESPONDER_UNDERSTOOD: Final = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.OCSP_NO_CHECK,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OcspAnswer:
    """What a responder said of one certificate; `sha256` is that of the whole response's octets (hex).

    `entry` is there if it is revoked, `is_known` is False if the responder knows nothing of it. `responder` is the certificate
    of a signer that is not the authority itself.
    """

    kind: ClassVar[str] = "ocsp"

    sha256: str
    authority: str
    serial_number: int
    issuer: str = field(compare=False)
    this_update: datetime = field(compare=False)
    next_update: datetime = field(compare=False)
    produced_at: datetime = field(compare=False)
    is_known: bool = field(compare=False)
    entry: Entry | None = field(compare=False)
    responder: x509.Certificate | None = field(default=None, compare=False, repr=False)

    @classmethod
    def read(cls, data: bytes, *, issuers: Iterable[x509.Certificate]) -> tuple[Self, ...]:
        """Read a response in DER and verify it against the issuers that are held; one answer for each certificate in it.

        Raises: BadOcspAnswerError.
        """
        try:
            return tuple(cls._all_of(ocsp.load_der_ocsp_response(data), data, tuple(issuers)))
        # The library reads a response's parts only when they are asked for.
        except UNREADABLE as error:
            raise BadOcspAnswerError(reason=str(error)) from error

    @classmethod
    def _all_of(
        cls, response: ocsp.OCSPResponse, data: bytes, issuers: tuple[x509.Certificate, ...]
    ) -> Iterator[Self]:
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise BadOcspAnswerError(reason=f"the responder answered {response.response_status.name.lower()}")
        singles = list(response.responses)
        _check_extensions(response, alone=len(singles) == 1)
        sha256 = hashlib.sha256(data).hexdigest()
        for single in singles:
            issuer = _issuer(single, issuers)
            responder = _signer(response, data, issuer)
            yield cls._of(response, single, sha256=sha256, issuer=issuer, responder=responder)

    @classmethod
    def _of(
        cls,
        response: ocsp.OCSPResponse,
        single: ocsp.OCSPSingleResponse,
        *,
        sha256: str,
        issuer: x509.Certificate,
        responder: x509.Certificate | None,
    ) -> Self:
        this_update = single.this_update_utc
        next_update = single.next_update_utc or this_update + WITHOUT_NEXT_UPDATE
        if next_update < this_update:
            raise BadOcspAnswerError(reason="it ends before it begins")
        if responder is not None:
            next_update = min(next_update, responder.not_valid_after_utc)
        return cls(
            sha256=sha256,
            authority=authority_of(issuer),
            serial_number=single.serial_number,
            issuer=issuer.subject.rfc4514_string(),
            this_update=this_update,
            next_update=next_update,
            produced_at=response.produced_at_utc,
            is_known=single.certificate_status is not ocsp.OCSPCertStatus.UNKNOWN,
            entry=_entry(single),
            responder=responder,
        )


def _entry(single: ocsp.OCSPSingleResponse) -> Entry | None:
    if single.certificate_status is not ocsp.OCSPCertStatus.REVOKED:
        return None
    reason = single.revocation_reason or x509.ReasonFlags.unspecified
    # An answer is about the certificate as it stands: what would be taken back need not be said to be revoked.
    if reason is x509.ReasonFlags.remove_from_crl:
        reason = x509.ReasonFlags.unspecified
    since = single.revocation_time_utc
    if since is None:
        raise BadOcspAnswerError(reason="it does not say since when")
    return Entry(since=since, reason=RevocationReason[reason.name.upper()])


def _check_extensions(response: ocsp.OCSPResponse, *, alone: bool) -> None:
    """Refuse what must be understood; no extension that RFC 6960 knows is critical."""
    extensions = [*response.extensions, *(response.single_extensions if alone else ())]
    for extension in extensions:
        if extension.critical:
            raise BadOcspAnswerError(reason=f"unknown critical extension {extension.oid.dotted_string}")
    # The library shows the extensions of an answer only where it is the only one.
    if not alone and _CRITICAL in response.tbs_response_bytes:
        raise BadOcspAnswerError(reason="a critical extension among several answers")


def _issuer(single: ocsp.OCSPSingleResponse, issuers: tuple[x509.Certificate, ...]) -> x509.Certificate:
    """Return the authority that the answer names, by the hashes of its name and its key."""
    algorithm = single.hash_algorithm
    for issuer in issuers:
        if _hashes(issuer, algorithm.name) == (single.issuer_name_hash, single.issuer_key_hash):
            return issuer
    raise BadOcspAnswerError(reason="no certificate of the authority that it names is held")


@lru_cache(maxsize=1024)
def _hashes(issuer: x509.Certificate, name: str) -> tuple[bytes, bytes]:
    """Return what a CertID holds of an authority (§4.1.1)."""
    algorithm = _ALGORITHMS[name]
    digest = hashes.Hash(algorithm)
    digest.update(issuer.subject.public_bytes())
    # Only a request can be asked for the hash of a key's bits; whose certificate it asks about does not matter to that.
    request = ocsp.OCSPRequestBuilder().add_certificate(issuer, issuer, algorithm).build()
    return digest.finalize(), request.issuer_key_hash


_ALGORITHMS: Final = {
    each.name: each
    for each in (hashes.SHA1(), hashes.SHA224(), hashes.SHA256(), hashes.SHA384(), hashes.SHA512())  # noqa: S303 - a name
}


def _signer(response: ocsp.OCSPResponse, data: bytes, issuer: x509.Certificate) -> x509.Certificate | None:
    """Verify the signature; return the certificate of a responder that is not the authority itself.

    Raises: BadOcspAnswerError.
    """
    if _is_named(issuer, response):
        usage = key_usage_of(issuer)
        if usage is not None and not (usage.digital_signature or usage.key_cert_sign):
            raise BadOcspAnswerError(reason="its issuer's KeyUsage does not allow signing")
        check_signature(response, data, issuer.public_key())
        return None
    for responder in response.certificates:
        if _is_named(responder, response):
            _check_responder(responder, issuer, at=response.produced_at_utc)
            check_signature(response, data, responder.public_key())
            return responder
    raise BadOcspAnswerError(reason="the certificate of its signer is not there")


def _is_named(certificate: x509.Certificate, response: ocsp.OCSPResponse) -> bool:
    """Tell whether a certificate is the one that the ResponderID names (§4.2.1)."""
    if response.responder_key_hash is not None:
        digest = x509.SubjectKeyIdentifier.from_public_key(certificate.public_key()).digest
        return digest == response.responder_key_hash
    return certificate.subject == response.responder_name


def _check_responder(responder: x509.Certificate, issuer: x509.Certificate, *, at: datetime) -> None:
    """Check that the authority gave a responder its certificate to answer for it.

    Raises: BadOcspAnswerError.
    """
    if not is_issued_by(responder, issuer):
        raise BadOcspAnswerError(reason="its signer's certificate is not the authority's")
    if not is_allowed(responder.signature_algorithm_oid, lambda: responder.signature_hash_algorithm):
        raise BadOcspAnswerError(reason="its signer's certificate is signed with what is not allowed")
    if not responder.not_valid_before_utc <= at <= responder.not_valid_after_utc:
        raise BadOcspAnswerError(reason="its signer's certificate was not valid at the time")
    extensions = {extension.oid: extension for extension in responder.extensions}
    purposes = extensions.get(ExtensionOID.EXTENDED_KEY_USAGE)
    if purposes is None or ExtendedKeyUsageOID.OCSP_SIGNING not in purposes.value:
        raise BadOcspAnswerError(reason="its signer's certificate is not for OCSP")
    usage = key_usage_of(responder)
    if usage is not None and not (usage.digital_signature or usage.content_commitment):
        raise BadOcspAnswerError(reason="its signer's KeyUsage does not allow signing")
    if any(each.critical and oid not in _RESPONDER_UNDERSTOOD for oid, each in extensions.items()):
        raise BadOcspAnswerError(reason="its signer's certificate has an unknown critical extension")
