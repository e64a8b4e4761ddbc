"""The CMS object in a PDF signature, read strictly into facts (RFC 5652, RFC 5035, ETSI EN 319 122-1 §5).

Exactly one SignerInfo; signed attributes are there, each once, with contentType and messageDigest; without them the content
itself could be taken for attributes. Only the process that reads PDF files imports this: asn1crypto decodes where a value is
looked at, and raises whatever it likes on octets that are none.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from asn1crypto import cms, core, tsp, x509

from certs.algorithms import Scheme
from certs.pdf_facts import MAX_CERTIFICATES, MAX_TOKENS, CmsFacts
from certs.pdf_rules import PdfShapeRule

DIGESTS: Final = frozenset({"sha256", "sha384", "sha512"})
MIN_SALT: Final = 20
"""RSASSA-PSS as RFC 4055 has it by default; signers choose what they like above that."""

_UNFORESEEN: Final = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError)
"""The decoder is lazy and does not promise any one class of error (nor does it distinguish its own from Python's)."""

_SEQUENCE: Final = 0x30
_SET: Final = b"\x31"
_SHORT: Final = 0x80
_LENGTH_OCTETS: Final = 4
_SIGNING_CERTIFICATES: Final = ("signing_certificate", "signing_certificate_v2")


class CmsShapeError(Exception):
    """The CMS object breaks a rule."""

    def __init__(self, rule: PdfShapeRule) -> None:
        self.rule = rule
        super().__init__(rule.value)


def read_cms(contents: bytes) -> CmsFacts:
    """Return what the Contents of a signature dictionary say.

    Raises: CmsShapeError; whatever it does not foresee is not that.
    """
    der = _without_padding(contents)
    try:
        return _read(der)
    except _UNFORESEEN as error:
        raise CmsShapeError(PdfShapeRule.CMS) from error


def _without_padding(contents: bytes) -> bytes:
    """Cut the CMS object out of its room, which must be filled up with zeros."""
    if len(contents) <= 1 + _LENGTH_OCTETS or contents[0] != _SEQUENCE:
        raise CmsShapeError(PdfShapeRule.CMS)
    count = max(contents[1] - _SHORT, 0)
    # 0x80 alone would be an indefinite length, which DER has not.
    if contents[1] == _SHORT or count > _LENGTH_OCTETS:
        raise CmsShapeError(PdfShapeRule.CMS)
    length = int.from_bytes(contents[2 : 2 + count]) if count else contents[1]
    end = 2 + count + length
    if end > len(contents):
        raise CmsShapeError(PdfShapeRule.CMS)
    if contents[end:].strip(b"\0"):
        raise CmsShapeError(PdfShapeRule.TRAILING)
    return contents[:end]


def _read(der: bytes) -> CmsFacts:
    info = cms.ContentInfo.load(der, strict=True)
    if info["content_type"].native != "signed_data":
        raise CmsShapeError(PdfShapeRule.CMS)
    signed = info["content"]
    content = signed["encap_content_info"]
    if content["content_type"].native != "data" or content["content"].native is not None:
        raise CmsShapeError(PdfShapeRule.ENCAPSULATED)
    if len(signed["signer_infos"]) != 1:
        raise CmsShapeError(PdfShapeRule.SIGNER_INFO)
    (signer_info,) = signed["signer_infos"]
    attributes = _attributes(signer_info["signed_attrs"])
    _check_protection(signer_info, attributes)
    certificates = _certificates(signed["certificates"])
    signer = next((each for each in certificates if _is_meant(signer_info["sid"], each)), None)
    digest, algorithm, forbidden, salt = _algorithms(signer_info)
    return CmsFacts(
        digest=digest,
        algorithm=algorithm,
        forbidden=forbidden,
        pss_salt=salt,
        message_digest=_one(attributes, "message_digest").native,
        # RFC 5652 §5.4: the attributes are signed as a SET OF, and sent with a tag of their own.
        signed_attributes=_SET + _octets(signer_info["signed_attrs"])[1:],
        value=signer_info["signature"].native,
        signer=_octets(signer) if signer is not None else None,
        names_signer=signer is not None and _names(attributes, signer),
        certificates=tuple(_octets(each) for each in certificates),
        tokens=_tokens(signer_info["unsigned_attrs"]),
    )


def _attributes(signed: Any) -> dict[str, Any]:  # noqa: ANN401 - asn1crypto has no types
    """Return the values of the signed attributes by type; each may be there once, and those that matter must be."""
    if signed.native is None:
        raise CmsShapeError(PdfShapeRule.SIGNED_ATTRIBUTES)
    attributes: dict[str, Any] = {}
    for attribute in signed:
        name = attribute["type"].native
        if name in attributes:
            raise CmsShapeError(PdfShapeRule.SIGNED_ATTRIBUTES)
        attributes[name] = attribute["values"]
    if _one(attributes, "content_type").native != "data":
        raise CmsShapeError(PdfShapeRule.SIGNED_ATTRIBUTES)
    _one(attributes, "message_digest")
    return attributes


def _one(attributes: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401
    values = attributes.get(name, ())
    if len(values) != 1:
        raise CmsShapeError(PdfShapeRule.SIGNED_ATTRIBUTES)
    return values[0]


def _check_protection(signer_info: Any, attributes: Mapping[str, Any]) -> None:  # noqa: ANN401
    if "cms_algorithm_protection" not in attributes:
        return
    said = _one(attributes, "cms_algorithm_protection")
    for name in ("digest_algorithm", "signature_algorithm"):
        if said[name].native != signer_info[name].native:
            raise CmsShapeError(PdfShapeRule.ALGORITHM_PROTECTION)


def _certificates(choices: Any) -> tuple[x509.Certificate, ...]:  # noqa: ANN401
    if choices.native is None:
        return ()
    if len(choices) > MAX_CERTIFICATES:
        raise CmsShapeError(PdfShapeRule.CERTIFICATE_COUNT)
    return tuple(each.chosen for each in choices if each.name == "certificate")


def _is_meant(identifier: Any, certificate: x509.Certificate) -> bool:  # noqa: ANN401
    if identifier.name == "issuer_and_serial_number":
        return _is_serial(identifier.chosen, certificate)
    return bool(identifier.chosen.native == certificate.key_identifier)


def _is_serial(named: Any, certificate: x509.Certificate) -> bool:  # noqa: ANN401
    return bool(
        named["serial_number"].native == certificate.serial_number
        and named["issuer"].dump() == certificate.issuer.dump()
    )


def _names(attributes: Mapping[str, Any], signer: x509.Certificate) -> bool:
    """Tell whether each signed signingCertificate attribute names the signer first, and there is one."""
    present = [name for name in _SIGNING_CERTIFICATES if name in attributes]
    return bool(present) and all(_is_named(_one(attributes, name)["certs"][0], signer) for name in present)


def _is_named(named: Any, signer: x509.Certificate) -> bool:  # noqa: ANN401
    # ESSCertID knows SHA-1 only. Another certificate with the same hash is beyond anybody, and it would have to be trusted.
    hash_name = named["hash_algorithm"]["algorithm"].native if isinstance(named, tsp.ESSCertIDv2) else "sha1"
    if hash_name not in {*DIGESTS, "sha1"} or (hash_name == "sha1") is isinstance(named, tsp.ESSCertIDv2):
        return False
    if named["cert_hash"].native != hashlib.new(hash_name, _octets(signer)).digest():
        return False
    serial = named["issuer_serial"]
    if serial.native is None:
        return True
    issuers = [name.chosen.untag().dump() for name in serial["issuer"] if name.name == "directory_name"]
    return issuers == [signer.issuer.dump()] and serial["serial_number"].native == signer.serial_number


def _algorithms(signer_info: Any) -> tuple[str | None, str | None, str | None, int | None]:  # noqa: ANN401
    """Return digest, algorithm, what is forbidden (its name) and the salt of RSASSA-PSS."""
    digest = signer_info["digest_algorithm"]["algorithm"].native
    method = signer_info["signature_algorithm"]
    name = method["algorithm"].native
    if digest not in DIGESTS:
        return None, None, digest, None
    salt = None
    if name in {"rsassa_pkcs1v15", f"{digest}_rsa"}:
        scheme = "rsa"  # as `certs.algorithms` names it
    elif name in {"ecdsa", f"{digest}_ecdsa"}:
        scheme = Scheme.ECDSA.value
    elif name == "rsassa_pss":
        scheme, salt = Scheme.RSA_PSS.value, _salt(method["parameters"], digest)
    else:
        return digest, None, f"{name} ({digest})", None
    if name == "rsassa_pss" and salt is None:
        return digest, None, f"{name} ({digest})", None
    return digest, f"{scheme}-{digest}", None, salt


def _salt(parameters: Any, digest: str) -> int | None:  # noqa: ANN401
    """Return the length of the salt; None unless digest and mask go by the digest of the signature (RFC 4056 §3)."""
    mask = parameters["mask_gen_algorithm"]
    plain = (
        parameters["hash_algorithm"]["algorithm"].native == digest
        and mask["algorithm"].native == "mgf1"
        and mask["parameters"]["algorithm"].native == digest
        and parameters["trailer_field"].native in {1, "trailer_field_bc"}
    )
    salt = parameters["salt_length"].native
    return salt if plain and salt >= MIN_SALT else None


def _tokens(unsigned: Any) -> tuple[bytes, ...]:  # noqa: ANN401
    """Return the signature time stamps; nobody signed these attributes, so whatever is in them is no fault of the signature."""
    if isinstance(unsigned, core.Void):
        return ()
    try:
        found = [
            _octets(value)
            for attribute in unsigned
            if attribute["type"].native == "signature_time_stamp_token"
            for value in attribute["values"]
        ]
    except _UNFORESEEN:
        return ()
    return tuple(found[:MAX_TOKENS])


def _octets(value: Any) -> bytes:  # noqa: ANN401
    """Return a value as it was sent; its own `dump` encodes it anew where its length ends as an indefinite one does."""
    return bytes(core.Asn1Value.dump(value))
