"""Revocation data and certificates that came inside an XML signature (ETSI EN 319 132-1 §5.4).

They are in the unsigned properties: anybody can put anything there, and nothing is believed for being there. Invariants: a list
or answer counts exactly as one that is held, verified against a certificate that is trusted for itself; one that does not is
told and otherwise the same as not there; a certificate is a candidate for a path; whatever comes, the work is bounded.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeVar

import pybase64
from cryptography import x509
from lxml import etree

from certs.errors import BadTrustBundleError
from certs.errors_revocation import BadOcspAnswerError, BadRevocationListError
from certs.ocsp import OcspAnswer
from certs.revocation_data import NOTHING, RevocationData
from certs.revocation_list import RevocationList
from certs.shape import DS, XADES

MOST: Final = 16
"""Values of one kind that are looked at; a signature for the archive has a few for each level of each path."""

_DER: Final = ("", "http://uri.etsi.org/01903/v1.2.2#DER")
_UNSIGNED: Final = f"{{{DS}}}Object/{{{XADES}}}QualifyingProperties/{{{XADES}}}UnsignedProperties"
_CERTIFICATES: Final = f"{{{XADES}}}CertificateValues/{{{XADES}}}EncapsulatedX509Certificate"
_LISTS: Final = f"{{{XADES}}}RevocationValues/{{{XADES}}}CRLValues/{{{XADES}}}EncapsulatedCRLValue"
_ANSWERS: Final = f"{{{XADES}}}RevocationValues/{{{XADES}}}OCSPValues/{{{XADES}}}EncapsulatedOCSPValue"

_Taken = TypeVar("_Taken", RevocationList, OcspAnswer)


@dataclass(frozen=True, slots=True, kw_only=True)
class StapledValues:
    """The octets of lists and answers that came with a signature, as nobody has looked at them yet."""

    lists: tuple[bytes, ...] = ()
    answers: tuple[bytes, ...] = ()

    def __bool__(self) -> bool:
        """Tell whether there are any."""
        return bool(self.lists or self.answers)


NO_VALUES: Final = StapledValues()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stapled:
    """What could be verified of that which came with a signature, and why the rest could not."""

    data: RevocationData = NOTHING
    refused: tuple[BadTrustBundleError, ...] = ()


NOTHING_CAME: Final = Stapled()


def verify_stapled(values: StapledValues, issuers: Iterable[x509.Certificate]) -> Stapled:
    """Verify lists and answers that came with a signature.

    `issuers` are those that are held, and may be those that came too: a list speaks only for the authority that signed it, and
    that authority counts only where it stands in a validated path.
    """
    if not values:
        return NOTHING_CAME
    held = tuple(dict.fromkeys(issuers))
    refused: list[BadTrustBundleError] = []
    lists = _take(values.lists, lambda der: RevocationList.read(der, issuers=held), refused)
    answers = _take(values.answers, lambda der: OcspAnswer.read(der, issuers=held), refused)
    return Stapled(data=RevocationData(lists=lists, responses=answers), refused=tuple(refused))


def stapled_values(signature: etree._Element) -> StapledValues:
    """Return the lists and answers that came in RevocationValues."""
    return StapledValues(lists=_octets(signature, _LISTS), answers=_octets(signature, _ANSWERS))


def stapled_certificates(signature: etree._Element) -> tuple[bytes, ...]:
    """Return the certificates that came in CertificateValues, as octets nobody has looked at yet."""
    return _octets(signature, _CERTIFICATES)


def _octets(signature: etree._Element, path: str) -> tuple[bytes, ...]:
    """Return the values at a place, each once; what is not Base64 or said to be no DER is left as it is, to be refused."""
    found: dict[bytes, None] = {}
    for properties in signature.iterfind(f"{_UNSIGNED}/{{{XADES}}}UnsignedSignatureProperties"):
        for element in properties.iterfind(path):
            if len(found) == MOST:
                break
            found[_decoded(element)] = None
    return tuple(found)


def _decoded(element: etree._Element) -> bytes:
    text = (element.text or "").encode()
    if element.get("Encoding", "") not in _DER:
        return text
    try:
        return pybase64.b64decode(text.translate(None, b" \t\r\n"), validate=True)
    except ValueError:
        return text


def _take(
    values: tuple[bytes, ...],
    read: Callable[[bytes], tuple[_Taken, ...]],
    refused: list[BadTrustBundleError],
) -> tuple[_Taken, ...]:
    taken: dict[_Taken, None] = {}
    for value in values:
        try:
            taken |= dict.fromkeys(read(value))
        except (BadRevocationListError, BadOcspAnswerError) as error:
            refused.append(error)
    return tuple(taken)
