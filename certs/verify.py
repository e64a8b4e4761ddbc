"""Verification of an edXML document's envelope signature: "see what is signed".

The steps, numbered as in the code of `verify`:

1. The document is XML 1.0 in UTF-8, without DOCTYPE and without processing instructions.
2. Exactly one element has the local name Signature; it is ds:Signature, at the standard's place, and holds
   nothing but SignedInfo, SignatureValue, KeyInfo and the properties of XAdES in their plainest form.
3. Its only Reference is to the whole document, but for one to the signed properties of XAdES, which must name the signer's
   certificate (`certs.xades`), and one to its own KeyInfo (`certs.parts`).
4. The transforms are enveloped-signature and one canonicalisation without comments, and every algorithm is on
   the allow-list.
5. The digest is over the canonical octets of the document without its signature; the signed view is these octets
   parsed again.
6. The scope is FULL: whatever was not hashed (the signature, comments, the XML declaration) is not in the view.
7. The signer is the first certificate of a validated path, never a name or key that the message asserts. Whether
   it may speak for the sender named in the view is for `routing.binding` to say.
8. Order: shape, then allow-list, then SignatureValue and certificate path, and only then the digest, so that the
   costly work is done for a genuine SignedInfo only. Cheap faults are collected; the first one decides.
9. No certificate of the path is revoked. This comes last: a changed document is refused, whatever list is missing.

Rules: XML Signature 1.1 §3.2, RFC 5280 §6, ETSI EN 319 102-1 §5.3. Attachments are inside the document, so a
signature over all of it covers them.
"""

from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from cryptography import x509
from lxml import etree

from certs.c14n import Contents
from certs.certificate import load_certificates
from certs.errors import TrustError
from certs.evidence import Evidence, Stamp
from certs.indication import Form, Scope
from certs.judgement import conclude, stand
from certs.methods import Methods, resolve_methods
from certs.parts import check_reference, find_key_info, signed_part
from certs.plain_form import read_plain
from certs.shape import SIGNATURE_PATH, check_content, check_document, find_signature
from certs.signed_info import MAX_CERTIFICATES, read_certificates, read_signature_value, read_signed_info
from certs.stapled import NO_VALUES, StapledValues, stapled_certificates, stapled_values
from certs.trust import Trust
from certs.verdict import Verdict
from certs.xades import find_properties, read_claims
from certs.xades_timestamps import find_stamps
from certs.xmldsig import (
    SignedView,
    open_view,
    read_canonically,
    scope_of,
    signed_octets,
    signing_certificates,
)

_NONE: Contents = MappingProxyType({})


@dataclass(slots=True)
class _Findings:
    """What is known so far; becomes the evidence."""

    errors: list[TrustError] = field(default_factory=list)
    scope: Scope = Scope.NONE
    form: Form = Form.XMLDSIG
    methods: Methods | None = None
    signing_time: str | None = None
    signers: tuple[x509.Certificate, ...] = ()
    certificates: tuple[x509.Certificate, ...] = ()
    stamps: tuple[Stamp, ...] = ()
    revocation_values: StapledValues = NO_VALUES

    def hear(self, properties: etree._Element | None, methods: Methods) -> None:
        """Keep what the signer says of itself, if anything, and of the certificates only those that it can mean.

        Raises: as `read_claims`; SigningCertificateError.
        """
        if properties is None or methods.properties is None:
            return
        claims = read_claims(properties, methods.properties)
        self.form, self.signing_time = Form.XADES_B, claims.signing_time
        self.signers = claims.named(self.signers)

    def gather(self, signature: etree._Element) -> None:
        """Keep what came in the unsigned properties: candidates for the path, and what may tell of revocation."""
        # One that cannot be read is the same as one that is not there.
        more = load_certificates(stapled_certificates(signature)[:MAX_CERTIFICATES], errors=[])
        self.certificates = tuple(dict.fromkeys((*self.certificates, *more)))
        self.revocation_values = stapled_values(signature)

    def evidence(self, view: SignedView | None) -> Evidence:
        """Return what was found, with the hash of what was signed."""
        methods = self.methods
        return Evidence(
            errors=tuple(self.errors),
            scope=self.scope,
            form=self.form,
            algorithm=methods.algorithm.name if methods else None,
            digest=methods.digest.name if methods else None,
            canonicalization=methods.view_canonicalization.name if methods else None,
            signing_time=self.signing_time,
            signers=self.signers,
            certificates=self.certificates,
            stamps=self.stamps,
            revocation_values=self.revocation_values,
            signed_view_sha256=view.sha256 if view is not None else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Signed:
    """A signature whose value is right: what was signed is still to be compared."""

    element: etree._Element
    methods: Methods
    digest: bytes


def verify(
    tree: etree._ElementTree,
    *,
    trust: Trust,
    at: datetime,
    existed_at: datetime | None = None,
    size: int | None = None,
    contents: Contents = _NONE,
    path: tuple[str, ...] | None = SIGNATURE_PATH,
) -> Verdict:
    """Say whether the document in `tree` is signed, wholly and validly, at the instant `at` (aware).

    The tree is consumed: its signature is taken out. It must come from a parser with limits. `existed_at` is when these very
    octets are known to have existed, if that is not only now. `size` is the number of octets the tree was parsed from and
    bounds the work; without it the tree is measured. `contents` are the texts that marks in the tree stand for; they are part
    of what was signed. `path` is the place of the signature, as expanded names from the document element down; None takes it
    anywhere below that element, for XML that is not edXML.

    Never raises for a fault of the document: faults are in the verdict, the first one decides.
    """
    findings, footing, view = _Findings(), None, None
    try:
        signed = _signature(tree, findings, path=path)
        if signed is not None:
            # 7. The signer is who the path says it is. Without one nothing is digested.
            footing = stand(findings, trust=trust, at=at, existed_at=existed_at)
            if footing.refusal is None:
                # 5. The digest, and what it is over.
                view = open_view(
                    tree,
                    signed.element,
                    signed.methods,
                    expected=signed.digest,
                    size=size,
                    contents=contents,
                )
    except TrustError as error:
        findings.errors.append(error)
    # 9. Revocation, and what the policy says.
    return conclude(findings.evidence(view), footing, trust=trust, at=at, view=view)


def _signature(
    tree: etree._ElementTree, findings: _Findings, *, path: tuple[str, ...] | None
) -> _Signed | None:
    """Return the signature of a document if its value is right, or leave at least one error in the findings, or raise one."""
    # 1. What may be nowhere in a document that is to be signed. An unsigned one is reported as such all the same.
    signature = find_signature(tree, path=path)
    check_document(tree)
    plain = read_plain(signature)
    if plain is None:
        return _any_form(tree, signature, findings)

    # 2. and 4. follow from its form. 3. One Reference, to everything. 6. Scope.
    findings.scope = scope_of(tree, plain.uri, errors=findings.errors)
    if findings.errors:
        return None

    # 8. SignatureValue over SignedInfo, before any digest of the document.
    findings.methods = methods = plain.methods
    findings.signers, findings.certificates = signing_certificates(
        plain.certificates, methods.algorithm, value=plain.value, octets=plain.octets
    )
    return _Signed(element=signature, methods=methods, digest=plain.digest)


def _any_form(tree: etree._ElementTree, signature: etree._Element, findings: _Findings) -> _Signed | None:
    """Do the same with a signature of another than the plain form, or with faults."""
    # 2. One signature of one form. From here on only this copy of SignedInfo is read and verified.
    properties, key_info = find_properties(signature), find_key_info(signature)
    check_content(signature)
    copy, canonical = read_canonically(signature[0])
    info = read_signed_info(
        copy.getroot(),
        has_properties=properties is not None,
        key_info_id=key_info.get("Id") if key_info is not None else None,
    )
    value, ders = read_signature_value(signature), read_certificates(signature)

    # 3. One Reference, to everything. 6. Scope.
    findings.scope = scope_of(tree, info.document.uri, errors=findings.errors)
    check_reference(tree, properties, info.properties)
    check_reference(tree, key_info, info.key_info)

    # 4. Transforms and algorithms.
    findings.methods = methods = resolve_methods(info, errors=findings.errors)
    if methods is None or findings.errors:
        return None

    # 8. SignatureValue over SignedInfo, before any digest of the document.
    octets = canonical or signed_octets(signature, copy, methods)
    findings.signers, findings.certificates = signing_certificates(
        ders, methods.algorithm, value=value, octets=octets
    )
    findings.hear(properties, methods)
    findings.stamps = find_stamps(signature)
    if key_info is not None and methods.key_info is not None:
        signed_part(key_info, methods.key_info)
    if properties is not None:
        findings.gather(signature)
    return _Signed(element=signature, methods=methods, digest=info.document.digest)
