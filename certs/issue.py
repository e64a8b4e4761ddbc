"""A throw-away public-key infrastructure: a root, authorities below it, and certificates for agencies.

For the demo, for tests and for try-outs; the keys live in memory and nothing of a real authority (revocation,
audit, key ceremony) is here. The certificates obey the profile of RFC 5280 that `certs.chain` demands. The name of
an agency's certificate carries the agency code as serialNumber (X.520 §6.2.9).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

ROOT_LIFETIME = timedelta(days=20 * 365)
# X.520 counts characters; the library counts octets of UTF-8, which is never more lenient.
MAX_NAME = 64


class KeyType(StrEnum):
    """The kinds of key that can be asked for."""

    EC_P256 = "ec-p256"
    EC_P384 = "ec-p384"
    EC_P521 = "ec-p521"
    RSA_2048 = "rsa-2048"
    RSA_3072 = "rsa-3072"
    RSA_4096 = "rsa-4096"


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """A certification authority with its private key."""

    certificate: x509.Certificate
    key: PrivateKey


def new_key(key_type: KeyType = KeyType.EC_P256) -> PrivateKey:
    """Generate a private key; RSA keys take from a tenth of a second to several seconds."""
    return _NEW_KEY[key_type]()


_NEW_KEY: dict[KeyType, Callable[[], PrivateKey]] = {
    KeyType.EC_P256: lambda: ec.generate_private_key(ec.SECP256R1()),
    KeyType.EC_P384: lambda: ec.generate_private_key(ec.SECP384R1()),
    KeyType.EC_P521: lambda: ec.generate_private_key(ec.SECP521R1()),
    KeyType.RSA_2048: lambda: rsa.generate_private_key(65537, 2048),
    KeyType.RSA_3072: lambda: rsa.generate_private_key(65537, 3072),
    KeyType.RSA_4096: lambda: rsa.generate_private_key(65537, 4096),
}


def new_root(name: str, at: datetime, *, key_type: KeyType = KeyType.EC_P256) -> Authority:
    """Make a self-signed authority that is valid for twenty years from `at`."""
    key = new_key(key_type)
    subject = _name(name, organization=None, serial_number=None)
    builder = _builder(subject, key, not_before=at, not_after=at + ROOT_LIFETIME).issuer_name(subject)
    return Authority(certificate=_as_authority(builder).sign(key, hashes.SHA256()), key=key)


def issue_authority(
    ca: Authority,
    name: str,
    *,
    not_before: datetime,
    not_after: datetime,
    key_type: KeyType = KeyType.EC_P256,
) -> Authority:
    """Make an authority below another one."""
    key = new_key(key_type)
    subject = _name(name, organization=None, serial_number=None)
    builder = _below(ca, _builder(subject, key, not_before=not_before, not_after=not_after))
    return Authority(certificate=_as_authority(builder).sign(ca.key, hashes.SHA256()), key=key)


def issue(
    ca: Authority,
    *,
    subject_common_name: str,
    subject_serial_number: str | None = None,
    organization: str | None = None,
    not_before: datetime,
    not_after: datetime,
    key_type: KeyType = KeyType.EC_P256,
) -> tuple[x509.Certificate, PrivateKey]:
    """Issue a certificate for signing documents; names longer than X.520 allows are cut."""
    key = new_key(key_type)
    subject = _name(subject_common_name, organization=organization, serial_number=subject_serial_number)
    builder = (
        _below(ca, _builder(subject, key, not_before=not_before, not_after=not_after))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(is_authority=False), critical=True)
    )
    return builder.sign(ca.key, hashes.SHA256()), key


def _builder(
    subject: x509.Name, key: PrivateKey, *, not_before: datetime, not_after: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _below(ca: Authority, builder: x509.CertificateBuilder) -> x509.CertificateBuilder:
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca.key.public_key())
    return builder.issuer_name(ca.certificate.subject).add_extension(identifier, critical=False)


def _as_authority(builder: x509.CertificateBuilder) -> x509.CertificateBuilder:
    constraints = x509.BasicConstraints(ca=True, path_length=None)
    return builder.add_extension(constraints, critical=True).add_extension(
        _key_usage(is_authority=True), critical=True
    )


def _key_usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        content_commitment=not is_authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common_name: str, *, organization: str | None, serial_number: str | None) -> x509.Name:
    attributes = [
        (NameOID.COUNTRY_NAME, "VN"),
        (NameOID.ORGANIZATION_NAME, organization),
        (NameOID.COMMON_NAME, common_name),
        (NameOID.SERIAL_NUMBER, serial_number),
    ]
    return x509.Name([x509.NameAttribute(oid, _cut(value)) for oid, value in attributes if value])


def _cut(value: str) -> str:
    return value.encode()[:MAX_NAME].decode(errors="ignore").rstrip()
