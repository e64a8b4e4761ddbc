"""From the identifiers in a SignedInfo to the rows of the allow-list.

XML Signature 1.1 §4.4 and §6, RFC 9231 §2.3.9. Every identifier that is not listed is reported, not only the
first; nothing is executed for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from lxml import etree

from certs.algorithms import (
    CANONICALIZATIONS,
    DIGEST_ALGORITHMS,
    ENVELOPED,
    INCLUSIVE,
    RSA_PSS,
    SIGNATURE_ALGORITHMS,
    Canonicalization,
    DigestAlgorithm,
    Scheme,
    SignatureAlgorithm,
)
from certs.errors import AlgorithmForbiddenError, TransformForbiddenError, TrustError
from certs.signed_info import Method, Reference, SignedInfo

_PSS = "{http://www.w3.org/2007/05/xmldsig-more#}"
_DIGEST_METHOD = "{http://www.w3.org/2000/09/xmldsig#}DigestMethod"
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
_MGF1 = "http://www.w3.org/2007/05/xmldsig-more#MGF1"
_PSS_PARAMETERS = ("DigestMethod", "MaskGenerationFunction", "SaltLength", "TrailerField")

MAX_TRANSFORMS = 2

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class PartMethods:
    """How a part of the signature itself was digested, and the digest that it must have."""

    digest: DigestAlgorithm
    canonicalization: Canonicalization
    prefixes: tuple[str, ...]
    expected: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Methods:
    """The algorithms of a signature, all of them allowed.

    `prefixes` and `view_prefixes` are the PrefixLists of the canonicalisation of SignedInfo and of the document.
    """

    algorithm: SignatureAlgorithm
    digest: DigestAlgorithm
    canonicalization: Canonicalization
    prefixes: tuple[str, ...]
    view_canonicalization: Canonicalization
    view_prefixes: tuple[str, ...]
    properties: PartMethods | None = None
    key_info: PartMethods | None = None


def resolve_methods(info: SignedInfo, *, errors: list[TrustError]) -> Methods | None:
    """Look up every algorithm of a SignedInfo; append what is forbidden to `errors` and then return `None`."""
    algorithm = _signature_algorithm(info.signature_method, errors)
    canonicalization = _canonicalization(info.canonicalization)
    if canonicalization is None:
        errors.append(AlgorithmForbiddenError(algorithm=info.canonicalization.uri))
    digest = _lookup(DIGEST_ALGORITHMS, info.document.digest_method, errors)
    view = _view_transform(info.document.transforms)
    view_canonicalization = None if view is None else _canonicalization(view)
    if view is None or view_canonicalization is None:
        errors.append(_forbidden(info.document))
        return None
    properties = None if info.properties is None else _part(info.properties, errors)
    key_info = None if info.key_info is None else _part(info.key_info, errors)
    if algorithm is None or digest is None or canonicalization is None or errors:
        return None
    return Methods(
        algorithm=algorithm,
        digest=digest,
        canonicalization=canonicalization,
        prefixes=info.canonicalization.prefixes,
        view_canonicalization=view_canonicalization,
        view_prefixes=view.prefixes,
        properties=properties,
        key_info=key_info,
    )


def _forbidden(reference: Reference) -> TransformForbiddenError:
    return TransformForbiddenError(found=", ".join(method.uri for method in reference.transforms))


def _part(reference: Reference, errors: list[TrustError]) -> PartMethods | None:
    """Look up how a part of the signature was digested: with at most one canonicalisation, by default Canonical XML 1.0."""
    digest = _lookup(DIGEST_ALGORITHMS, reference.digest_method, errors)
    method = reference.transforms[0] if reference.transforms else Method(uri=INCLUSIVE.uri)
    canonicalization = _canonicalization(method) if len(reference.transforms) <= 1 else None
    if canonicalization is None:
        errors.append(_forbidden(reference))
    if digest is None or canonicalization is None:
        return None
    return PartMethods(
        digest=digest, canonicalization=canonicalization, prefixes=method.prefixes, expected=reference.digest
    )


def _lookup(table: Mapping[str, Row], uri: str, errors: list[TrustError]) -> Row | None:
    row = table.get(uri)
    if row is None:
        errors.append(AlgorithmForbiddenError(algorithm=uri))
    return row


def _canonicalization(method: Method) -> Canonicalization | None:
    row = CANONICALIZATIONS.get(method.uri)
    if row is None or method.parameters is not None or (method.prefixes and not row.exclusive):
        return None
    return row


def _view_transform(transforms: tuple[Method, ...]) -> Method | None:
    """Return the canonicalisation of the document, or `None` if the transforms are not the two allowed ones.

    Without one, XML Signature 1.1 §4.4.3.2 prescribes Canonical XML 1.0.
    """
    if not 1 <= len(transforms) <= MAX_TRANSFORMS or transforms[0] != Method(uri=ENVELOPED):
        return None
    return transforms[1] if len(transforms) == MAX_TRANSFORMS else Method(uri=INCLUSIVE.uri)


def _signature_algorithm(method: Method, errors: list[TrustError]) -> SignatureAlgorithm | None:
    if method.uri == RSA_PSS:
        algorithm = _pss(method.parameters)
    elif method.parameters is None:
        algorithm = SIGNATURE_ALGORITHMS.get(method.uri)
    else:
        algorithm = None
    if algorithm is None:
        errors.append(AlgorithmForbiddenError(algorithm=method.uri))
    return algorithm


def _pss(parameters: etree._Element | None) -> SignatureAlgorithm | None:
    """Return the fixed algorithm that the parameters spell out, `None` for any other combination."""
    params = parameters[0] if parameters is not None else etree.Element("none")
    names = [etree.QName(child).localname for child in params]
    if names != [name for name in _PSS_PARAMETERS if name in names]:
        return None
    digest = _algorithm_of(params.find(_DIGEST_METHOD), _SHA256)
    mask = params.find(_PSS + "MaskGenerationFunction")
    mask_digest = _algorithm_of(mask.find(_DIGEST_METHOD) if mask is not None else None, _SHA256)
    if digest not in DIGEST_ALGORITHMS or mask_digest != digest or _algorithm_of(mask, _MGF1) != _MGF1:
        return None
    name = DIGEST_ALGORITHMS[digest].name
    algorithm = next(
        row for row in SIGNATURE_ALGORITHMS.values() if row.scheme is Scheme.RSA_PSS and row.hash.name == name
    )
    salt, trailer = params.findtext(_PSS + "SaltLength"), params.findtext(_PSS + "TrailerField")
    if salt not in {None, str(algorithm.hash.digest_size)} or trailer not in {None, "1"}:
        return None
    return algorithm


def _algorithm_of(element: etree._Element | None, default: str) -> str:
    return default if element is None else element.get("Algorithm", "")
