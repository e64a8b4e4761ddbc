"""Verification of an edXML document's envelope signature: "see what is signed".

The steps, numbered as in the code of `verify`:

1. The document is XML 1.0 in UTF-8, without DOCTYPE and without processing instructions.
2. Exactly one element has the local name Signature; it is ds:Signature, at the standard's place, and holds
   nothing but SignedInfo, SignatureValue, KeyInfo and the properties of XAdES in their plainest form.
3. Its only Reference is to the whole document, but for one to the signed properties of XAdES, which must name the signer's
   certificate (`certs.xades`).
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

from certs.c14n import Contents, as_root
from certs.chain import choose_path, required_of, revocation_of
from certs.errors import LegacySignatureError, TrustError
from certs.indication import Form, Indication, Scope
from certs.known_paths import CertificatePath
from certs.methods import Methods, resolve_methods
from certs.revocation import Status, objection_to
from certs.shape import (
    SIGNATURE_PATH,
    check_content,
    check_document,
    find_signature,
    read_certificates,
    read_signature_value,
    read_signed_info,
)
from certs.trust import Trust
from certs.verdict import Signer, Verdict, fingerprint
from certs.xades import check_reference, find_properties, read_claims
from certs.xmldsig import SignedView, open_view, scope_of, signed_octets, signing_certificates

_NONE: Contents = MappingProxyType({})


@dataclass(slots=True)
class _Findings:
    """What is known so far; becomes the verdict."""

    errors: list[TrustError] = field(default_factory=list)
    scope: Scope = Scope.NONE
    path: CertificatePath = ()
    signer: Signer | None = None
    chain: tuple[str, ...] = ()
    revocation: tuple[Status, ...] = ()
    algorithm: str | None = None
    digest: str | None = None
    canonicalization: str | None = None
    form: Form = Form.XMLDSIG
    signing_time: str | None = None

    def refuse(self, methods: Methods) -> bool:
        """Keep the names of the algorithms, and tell whether there is reason enough to do nothing with them."""
        self.algorithm, self.digest = methods.algorithm.name, methods.digest.name
        self.canonicalization = methods.view_canonicalization.name
        return bool(self.errors)

    def hear(
        self,
        properties: etree._Element | None,
        methods: Methods,
        signers: tuple[x509.Certificate, ...],
    ) -> tuple[x509.Certificate, ...]:
        """Keep what the signer says of itself, if anything, and return the certificates that it can mean.

        Raises: as `read_claims`; SigningCertificateError.
        """
        if properties is None or methods.properties is None:
            return signers
        claims = read_claims(properties, methods.properties)
        self.form, self.signing_time = Form.XADES_B, claims.signing_time
        return claims.named(signers)

    def take(self, path: CertificatePath, *, trust: Trust, at: datetime) -> None:
        """Keep who signed, and what is known of the revocation of each certificate."""
        self.path = path
        self.chain = tuple(fingerprint(certificate) for certificate in path)
        self.signer = Signer.from_path(path, self.chain, codes=trust.terms_of(path[-1]).codes)
        self.revocation = revocation_of(path, trust=trust, at=at)

    def object_to_revoked(self, trust: Trust) -> None:
        """Raise what speaks against the path, if anything does.

        Raises: RevokedError, RevocationUnknownError.
        """
        if not self.path:
            return
        objection = objection_to(self.path, self.revocation, revocation=required_of(self.path, trust=trust))
        if objection is not None:
            raise objection


def verify(
    tree: etree._ElementTree,
    *,
    trust: Trust,
    at: datetime,
    size: int | None = None,
    contents: Contents = _NONE,
    path: tuple[str, ...] | None = SIGNATURE_PATH,
) -> Verdict:
    """Say whether the document in `tree` is signed, wholly and validly, at the instant `at` (aware).

    The tree is consumed: its signature is taken out. It must come from a parser with limits. `size` is the number
    of octets it was parsed from and bounds the work; without it the tree is measured. `contents` are the texts that marks in the
    tree stand for; they are part of what was signed. `path` is the place of the signature, as expanded names from the document
    element down; None takes it anywhere below that element, for XML that is not edXML.

    Never raises for a fault of the document: faults are in the verdict, the first one decides.
    """
    findings = _Findings()
    view = None
    try:
        view = _view(tree, findings, trust=trust, at=at, size=size, contents=contents, path=path)
        # 9. Revocation.
        findings.object_to_revoked(trust)
    except TrustError as error:
        findings.errors.append(error)
        view = None
    first = findings.errors[0] if findings.errors else None
    return Verdict(
        indication=first.indication if first else Indication.TOTAL_PASSED,
        sub_indication=first.sub_indication if first else None,
        errors=tuple(findings.errors),
        legacy=isinstance(first, LegacySignatureError),
        scope=findings.scope,
        signer=findings.signer,
        algorithm=findings.algorithm,
        digest=findings.digest,
        canonicalization=findings.canonicalization,
        chain=findings.chain,
        revocation=findings.revocation,
        form=findings.form,
        signing_time=findings.signing_time,
        signed_view=view,
        control_time=at,
    )


def _view(
    tree: etree._ElementTree,
    findings: _Findings,
    *,
    trust: Trust,
    at: datetime,
    size: int | None,
    contents: Contents,
    path: tuple[str, ...] | None,
) -> SignedView | None:
    """Return the signed view, or leave at least one error in the findings, or raise one."""
    # 1. What may be nowhere in a document that is to be signed. An unsigned one is reported as such all the same.
    signature = find_signature(tree, path=path)
    check_document(tree)

    # 2. One signature (above) of one form. From here on only this copy of SignedInfo is read and verified.
    properties = find_properties(signature)
    check_content(signature)
    copy = as_root(signature[0])
    info = read_signed_info(copy.getroot(), has_properties=properties is not None)
    value, ders = read_signature_value(signature), read_certificates(signature)

    # 3. One Reference, to everything. 6. Scope.
    findings.scope = scope_of(tree, info.document.uri, errors=findings.errors)
    check_reference(tree, properties, info.properties)

    # 4. Transforms and algorithms.
    methods = resolve_methods(info, errors=findings.errors)
    if methods is None or findings.refuse(methods):
        return None

    # 8. SignatureValue over SignedInfo, with a key from a validated path, before any digest of the document.
    octets = signed_octets(signature, copy, methods)
    signers, certificates = signing_certificates(ders, methods.algorithm, value=value, octets=octets)
    signers = findings.hear(properties, methods, signers)

    # 7. The signer is who the path says it is.
    findings.take(choose_path(signers, certificates, trust=trust, at=at), trust=trust, at=at)

    # 5. The digest, and what it is over.
    return open_view(tree, signature, methods, expected=info.document.digest, size=size, contents=contents)
