"""What a path is built for, and what that asks of its certificates beyond RFC 5280 §6: signing documents, or time-stamping.

cryptography's verifier knows neither, so the checks on the end entity are here, and those of ours on authorities: one that is
limited to other purposes certifies nobody for this one.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, ObjectIdentifier
from cryptography.x509.verification import Criticality, ExtensionPolicy, Policy

from certs.anchor import Usage
from certs.certificate import name_of
from certs.errors import KeyUsageError, MalformedCertificateError
from certs.errors_timestamp import TimestampAuthorityError
from certs.rules import CertificateRule
from certs.rules_timestamp import TimestampRule
from certs.unreadable import UNREADABLE

SIGNING_PURPOSES: Final = frozenset(
    {
        ExtendedKeyUsageOID.EMAIL_PROTECTION,
        ExtendedKeyUsageOID.CLIENT_AUTH,
        ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
        ObjectIdentifier("1.3.6.1.5.5.7.3.36"),  # documentSigning, RFC 9336
        ObjectIdentifier("1.3.6.1.4.1.311.10.3.12"),  # documentSigning as Microsoft named it before
    }
)
_TIMESTAMPING_PURPOSES: Final = frozenset(
    {ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
)
_UNDERSTOOD: Final = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    }
)
_Extensions = Mapping[x509.ObjectIdentifier, x509.Extension[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """What the end entity of a path does.

    `check` raises what its certificate does not allow; `authorities` are the rules for those above it.
    """

    usage: Usage
    check: Callable[[x509.Certificate], None]
    authorities: ExtensionPolicy


def check_leaf(leaf: x509.Certificate) -> None:
    """Check what RFC 5280 §4.2.1 lets an issuer say about the use of the certificate's key.

    Raises: KeyUsageError, MalformedCertificateError.
    """
    for broken in _broken_rules(_extensions(leaf)):
        raise KeyUsageError(broken, subject=name_of(leaf))


def check_timestamping(leaf: x509.Certificate) -> None:
    """Check that a certificate is one for time-stamping and for nothing else (RFC 3161 §2.3).

    A KeyUsage is not asked for: ExtendedKeyUsage, which is critical, limits the key already. Where there is one, it counts.

    Raises: TimestampAuthorityError, MalformedCertificateError.
    """
    for broken in _broken_timestamping_rules(_extensions(leaf)):
        raise TimestampAuthorityError(broken, subject=name_of(leaf))


def has_unknown_critical_extension(leaf: x509.Certificate) -> bool:
    """Tell whether an end entity's certificate has a critical extension that nobody here understands.

    Raises: MalformedCertificateError.
    """
    return _is_not_understood(_extensions(leaf))


def _extensions(leaf: x509.Certificate) -> _Extensions:
    try:
        return {extension.oid: extension for extension in leaf.extensions}
    except UNREADABLE as error:
        raise MalformedCertificateError from error


def _broken_rules(extensions: _Extensions) -> Iterator[CertificateRule]:
    yield from _broken_common_rules(extensions)
    usage = extensions.get(ExtensionOID.KEY_USAGE)
    if usage is None or not usage.critical or not _may_sign(usage.value):
        yield CertificateRule.KEY_USAGE
    purposes = extensions.get(ExtensionOID.EXTENDED_KEY_USAGE)
    if purposes is not None and SIGNING_PURPOSES.isdisjoint(purposes.value):
        yield CertificateRule.EXTENDED_KEY_USAGE
    if _is_not_understood(extensions):
        yield CertificateRule.CRITICAL_EXTENSION


def _broken_timestamping_rules(extensions: _Extensions) -> Iterator[CertificateRule | TimestampRule]:
    yield from _broken_common_rules(extensions)
    usage = extensions.get(ExtensionOID.KEY_USAGE)
    if usage is not None and not _may_sign(usage.value):
        yield TimestampRule.KEY_USAGE
    purposes = extensions.get(ExtensionOID.EXTENDED_KEY_USAGE)
    if (
        purposes is None
        or not purposes.critical
        or list(purposes.value) != [ExtendedKeyUsageOID.TIME_STAMPING]
    ):
        yield TimestampRule.PURPOSE
    if _is_not_understood(extensions):
        yield CertificateRule.CRITICAL_EXTENSION


def _broken_common_rules(extensions: _Extensions) -> Iterator[CertificateRule]:
    constraints = extensions.get(ExtensionOID.BASIC_CONSTRAINTS)
    if constraints is not None and constraints.value.ca:
        yield CertificateRule.BASIC_CONSTRAINTS
    if ExtensionOID.NAME_CONSTRAINTS in extensions:
        yield CertificateRule.NAME_CONSTRAINTS


def _is_not_understood(extensions: _Extensions) -> bool:
    return any(extension.critical and oid not in _UNDERSTOOD for oid, extension in extensions.items())


def _may_sign(usage: x509.KeyUsage) -> bool:
    return (usage.digital_signature or usage.content_commitment) and not (
        usage.key_cert_sign or usage.crl_sign
    )


def _authorities(allowed: frozenset[ObjectIdentifier], purpose: str) -> ExtensionPolicy:
    def purposes(_policy: Policy, _authority: x509.Certificate, found: x509.ExtendedKeyUsage | None) -> None:
        if found is not None and allowed.isdisjoint(found):
            raise ValueError(f"the authority may not issue certificates for {purpose}")

    # The web's rules also demand key identifiers and a key usage, which RFC 5280 §6 does not: a root made with plain OpenSSL has
    # no key usage. Where they are, they count.
    return (
        ExtensionPolicy.webpki_defaults_ca()
        .may_be_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, purposes)
        .may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, _authority_usage)
        .may_be_present(x509.SubjectKeyIdentifier, Criticality.AGNOSTIC, None)
        .may_be_present(x509.AuthorityKeyIdentifier, Criticality.AGNOSTIC, None)
    )


def _authority_usage(_policy: Policy, _authority: x509.Certificate, usage: x509.KeyUsage | None) -> None:
    if usage is not None and not usage.key_cert_sign:
        raise ValueError("the authority may not sign certificates")


SIGNER: Final = Role(
    usage=Usage.SIGNATURE,
    check=check_leaf,
    authorities=_authorities(SIGNING_PURPOSES, "signing documents"),
)
TIMESTAMPER: Final = Role(
    usage=Usage.TIMESTAMP,
    check=check_timestamping,
    authorities=_authorities(_TIMESTAMPING_PURPOSES, "time-stamping"),
)
