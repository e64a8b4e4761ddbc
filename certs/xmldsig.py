"""Core validation of XML Signature 1.1 §3.2 for the one form that `certs.shape` lets through.

The result is a `SignedView`: the octets that were hashed, parsed again. Whoever reads the view instead of the
document received reads what was signed and nothing else. It can be made only here, after the digest matched.
"""

import hashlib
from collections.abc import Iterable

from cryptography import x509
from lxml import etree

from certs.algorithms import (
    EXCLUSIVE,
    SignatureAlgorithm,
    describe,
    is_affordable,
    is_signed_by,
    is_strong,
)
from certs.c14n import (
    FLOOR_OCTETS,
    Contents,
    as_root,
    canonicalize,
    inherits_xml_attributes,
    parse_own,
    size_limit,
    spliced,
)
from certs.certificate import key_of, load_certificates
from certs.errors import (
    DigestMismatchError,
    KeyTooWeakError,
    NoCertificateError,
    NotCoveredError,
    SignatureShapeError,
    SignatureWrongError,
    TrustError,
)
from certs.indication import Scope
from certs.methods import Methods
from certs.rules import ShapeRule
from certs.shape import count_identified

_SEAL = object()


class SignedView:
    """What was signed: the canonical document without its signature and comments.

    `tree` is all that business code may read; `sha256` (hex) is the digest of its canonical octets. Marks that stood for long
    texts in the tree that was verified stand in this one as well.
    """

    __slots__ = ("_octets", "_tree", "sha256")

    def __init__(self, octets: bytes, *, sha256: str, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("a SignedView comes only from certs.verify")
        self._octets = octets
        self._tree: etree._ElementTree | None = None
        self.sha256 = sha256

    @property
    def tree(self) -> etree._ElementTree:
        """The octets as a tree; made when it is asked for."""
        if self._tree is None:
            self._tree = parse_own(self._octets)
            self._octets = b""
        return self._tree


def scope_of(tree: etree._ElementTree, reference: str | None, *, errors: list[TrustError]) -> Scope:
    """Say how much of the document a Reference URI stands for; anything but all of it is added to `errors`.

    The whole document is `""`, or `#X` where X is the `Id` of the document element and of nothing else, whatever
    that identifier attribute may be called (XML Signature 1.1 §4.4.3.3 leaves the name open; parsers differ).
    """
    if reference == "":
        return Scope.FULL
    scope = Scope.NONE
    if reference is not None and reference.startswith("#"):
        wanted = reference[1:]
        count = count_identified(tree, wanted)
        if count == 1 and tree.getroot().get("Id") == wanted:
            return Scope.FULL
        if count > 1:
            errors.append(SignatureShapeError(ShapeRule.DUPLICATE_ID, found=wanted))
        scope = Scope.PARTIAL if count else Scope.NONE
    errors.append(NotCoveredError(reference="-" if reference is None else reference))
    return scope


def read_canonically(signed_info: etree._Element) -> tuple[etree._ElementTree, bytes | None]:
    """Return a SignedInfo as a document of its own, and the octets that it was parsed from if these are its canonical ones.

    Where its canonical form can be had at once, what is read afterwards are the very octets that the signature is over.

    Raises: CanonicalizationFailedError.
    """
    method = signed_info[0]
    if method.get("Algorithm") != EXCLUSIVE.uri or len(method):
        return as_root(signed_info), None
    octets = canonicalize(etree.ElementTree(signed_info), EXCLUSIVE, (), limit=FLOOR_OCTETS)
    return parse_own(octets), octets


def signed_octets(signature: etree._Element, copy: etree._ElementTree, methods: Methods) -> bytes:
    """Return the octets that SignatureValue is over: the canonical form of `copy`, the SignedInfo as a root.

    Raises: SignatureShapeError when attributes from outside would belong to them, CanonicalizationFailedError.
    """
    if not methods.canonicalization.exclusive and inherits_xml_attributes(signature):
        raise SignatureShapeError(ShapeRule.INHERITED_XML_ATTRIBUTE, line=signature.sourceline)
    limit = size_limit(copy, size=0)
    return canonicalize(copy, methods.canonicalization, methods.prefixes, limit=limit)


def signing_certificates(
    ders: Iterable[bytes], algorithm: SignatureAlgorithm, *, value: bytes, octets: bytes
) -> tuple[tuple[x509.Certificate, ...], tuple[x509.Certificate, ...]]:
    """Return the certificates whose key made the signature, and all that could be read.

    Several certificates may carry one key. The order in the message has no meaning.

    Raises: NoCertificateError, MalformedCertificateError, KeyTooWeakError, SignatureWrongError.
    """
    broken: list[TrustError] = []
    certificates = load_certificates(ders, errors=broken)
    if not certificates and not broken:
        raise NoCertificateError
    affordable = [certificate for certificate in certificates if is_affordable(key_of(certificate))]
    signers = tuple(
        certificate
        for certificate in affordable
        if is_signed_by(key_of(certificate), algorithm, value=value, octets=octets)
    )
    # An oversized key is never tried; where nobody else signed, it is the reason.
    suspects = signers or tuple(certificate for certificate in certificates if certificate not in affordable)
    refused = [key for key in map(key_of, suspects) if not is_strong(key)]
    if refused:
        raise KeyTooWeakError(key=describe(refused[0]))
    if not signers:
        raise broken[0] if broken else SignatureWrongError()
    return signers, certificates


def open_view(
    tree: etree._ElementTree,
    signature: etree._Element,
    methods: Methods,
    *,
    expected: bytes,
    size: int | None,
    contents: Contents,
) -> SignedView:
    """Take the signature out of the tree (enveloped-signature transform) and return what was signed.

    Raises: CanonicalizationFailedError, DigestMismatchError.
    """
    _take_out(signature)
    limit = size_limit(tree, size=size)
    octets = canonicalize(tree, methods.view_canonicalization, methods.view_prefixes, limit=limit)
    sha256 = hashlib.sha256()
    actual = sha256 if methods.digest.name == "sha256" else hashlib.new(methods.digest.name)
    for piece in spliced(octets, contents):
        actual.update(piece)
        if actual is not sha256:
            sha256.update(piece)
    if actual.digest() != expected:
        raise DigestMismatchError
    return SignedView(octets, sha256=sha256.hexdigest(), seal=_SEAL)


def _take_out(signature: etree._Element) -> None:
    """Remove an element but not the text after it, which lxml would remove with it."""
    parent, before, tail = signature.getparent(), signature.getprevious(), signature.tail or ""
    if parent is None:
        raise ValueError("a signature is never the document element")
    if before is None:
        parent.text = (parent.text or "") + tail
    else:
        before.tail = (before.tail or "") + tail
    parent.remove(signature)
