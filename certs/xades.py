"""XAdES baseline B inside an enveloped signature: the properties that the signer signed along with the document.

ETSI EN 319 132-1 §5 and §6. One form of Object is accepted, and everything else in an Object is refused:

- one QualifyingProperties whose Target is this signature, with SignedProperties first and perhaps UnsignedProperties;
- a second Reference, of the type that the standard gives, names the Id of these very SignedProperties, which no other attribute
  in the document has that might be taken for an identifier; their digest is over a copy, and only that copy is read;
- SigningCertificateV2 (or SigningCertificate) must name the certificate with which the signature is verified, by SHA-2;
- SigningTime is what the signer says, and nothing rests on it; of the unsigned properties only time stamps are read
  (`certs.xades_timestamps`).
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from certs.algorithms import DIGEST_ALGORITHMS
from certs.errors import AlgorithmForbiddenError, SignatureShapeError
from certs.errors_xades import SigningCertificateError
from certs.methods import PartMethods
from certs.parts import signed_part
from certs.rules import ShapeRule
from certs.shape import DS, XADES
from certs.signed_info import base64_octets

MAX_ELEMENTS: Final = 1000
"""Elements in an Object, unsigned properties included; long-term forms have some hundred."""

_ETSI: Final = (f"{{{XADES}}}", "{http://uri.etsi.org/01903/v1.4.1#}")
_OBJECT: Final = f"{{{DS}}}Object"
_PROPERTIES: Final = f"{{{XADES}}}SignedProperties"
_CHILDREN: Final = ([_PROPERTIES], [_PROPERTIES, f"{{{XADES}}}UnsignedProperties"])
_NAMES: Final = frozenset(
    f"{{{DS}}}{name}"
    for name in (
        *("DigestMethod", "DigestValue", "X509IssuerName", "X509SerialNumber"),
        *("CanonicalizationMethod", "Transforms", "Transform"),
    )
)
_SIGNATURE_PROPERTIES: Final = f"{{{XADES}}}SignedSignatureProperties"
_CERTIFICATES: Final = (f"{{{XADES}}}SigningCertificateV2", f"{{{XADES}}}SigningCertificate")
_DIGEST: Final = f"{{{XADES}}}Cert/{{{XADES}}}CertDigest"
_TIME: Final = re.compile(r"\s*([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,18}(?:Z|[+-][0-9]{2}:[0-9]{2})?)\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What the signer signed about the signature; `signing_time` as written, because it is only said."""

    certificate_digest: bytes
    digest_name: str
    signing_time: str | None

    def named(self, certificates: Iterable[x509.Certificate]) -> tuple[x509.Certificate, ...]:
        """Return those certificates that the signer said it signs with.

        Raises: SigningCertificateError when it is none of them.
        """
        found = tuple(each for each in certificates if self._names(each))
        if not found:
            raise SigningCertificateError
        return found

    def _names(self, certificate: x509.Certificate) -> bool:
        der = certificate.public_bytes(Encoding.DER)
        return hashlib.new(self.digest_name, der).digest() == self.certificate_digest


def find_properties(signature: etree._Element) -> etree._Element | None:
    """Return the SignedProperties of a signature, or None if it has no Object.

    Raises: SignatureShapeError when an Object holds anything else than this profile knows.
    """
    objects = list(signature.iterchildren(_OBJECT))
    if not objects:
        return None
    qualifying = list(objects[0])
    if len(objects) != 1 or [each.tag for each in qualifying] != [f"{{{XADES}}}QualifyingProperties"]:
        raise _refused(objects[0])
    identifier = signature.get("Id")
    if not identifier or qualifying[0].get("Target") != f"#{identifier}":
        raise _refused(qualifying[0])
    if [child.tag for child in qualifying[0]] not in _CHILDREN:
        raise _refused(qualifying[0])
    for count, element in enumerate(qualifying[0].iter("*")):
        if count >= MAX_ELEMENTS or not (str(element.tag).startswith(_ETSI) or element.tag in _NAMES):
            raise _refused(element)
    return qualifying[0][0]


def _refused(element: etree._Element) -> SignatureShapeError:
    return SignatureShapeError(
        ShapeRule.OBJECT, line=element.sourceline, found=str(element.tag).rpartition("}")[2]
    )


def read_claims(properties: etree._Element, methods: PartMethods) -> Claims:
    """Check the digest of SignedProperties, and return what they say.

    Raises: PropertiesChangedError, SignatureShapeError, CanonicalizationFailedError, AlgorithmForbiddenError,
    SigningCertificateError.
    """
    return _claims(signed_part(properties, methods).getroot())


def _claims(properties: etree._Element) -> Claims:
    about = properties.findall(_SIGNATURE_PROPERTIES)
    named = [each for name in _CERTIFICATES for part in about for each in part.findall(name)]
    digests = named[0].findall(_DIGEST) if len(named) == 1 else []
    if (
        len(about) != 1
        or not digests
        or [each.tag for each in digests[0]]
        != [
            f"{{{DS}}}DigestMethod",
            f"{{{DS}}}DigestValue",
        ]
    ):
        raise SigningCertificateError
    # The first is the signer's (§5.2.2); any others are of its path, which is built without them.
    method, value = digests[0]
    algorithm = DIGEST_ALGORITHMS.get(method.get("Algorithm", ""))
    if algorithm is None:
        raise AlgorithmForbiddenError(algorithm=method.get("Algorithm", ""))
    time = _TIME.fullmatch(about[0].findtext(f"{{{XADES}}}SigningTime") or "")
    return Claims(
        certificate_digest=base64_octets(value),
        digest_name=algorithm.name,
        signing_time=time[1] if time else None,
    )
