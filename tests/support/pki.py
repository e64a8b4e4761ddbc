"""A throw-away public-key infrastructure for tests; every key is made once per run."""

from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from certs.anchor import Anchor
from certs.issue import Authority, KeyType, PrivateKey, issue, issue_authority, new_key, new_root
from certs.trust import Trust

AT = datetime(2026, 7, 1, tzinfo=UTC)
DAY = timedelta(days=1)
YEAR = timedelta(days=365)
AGENCY_CODE = "000.00.00.G01"

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey
Identity = tuple[x509.Certificate, PrivateKey]


@cache
def root() -> Authority:
    """Return the one trusted root."""
    return new_root("Tổ chức chứng thực gốc", AT - 10 * YEAR)


@cache
def authority() -> Authority:
    """Return an authority below the root; it is not in the bundle of `trust`."""
    return issue_authority(root(), "Tổ chức chứng thực", not_before=AT - 5 * YEAR, not_after=AT + 5 * YEAR)


@cache
def stranger() -> Authority:
    """Return a root that nobody trusts and that bears the name of the trusted one."""
    return new_root("Tổ chức chứng thực gốc", AT - 10 * YEAR)


@cache
def trust() -> Trust:
    """Return the trust that tests verify under."""
    return Trust(anchors=anchored(root().certificate))


@cache
def signer(key_type: KeyType = KeyType.EC_P256) -> Identity:
    """Return a good signing certificate and its key."""
    return issue(
        root(),
        subject_common_name="Bộ Công An",
        subject_serial_number=AGENCY_CODE,
        organization="Bộ Công An",
        not_before=AT - YEAR,
        not_after=AT + YEAR,
        key_type=key_type,
    )


@cache
def key(key_type: KeyType = KeyType.EC_P256) -> PrivateKey:
    """Return a key that is nobody's yet."""
    return new_key(key_type)


@cache
def small_rsa_key() -> rsa.RSAPrivateKey:
    """Return an RSA key that is too short."""
    return rsa.generate_private_key(65537, 1024)  # noqa: S505  # the point of the test


@cache
def koblitz_key() -> ec.EllipticCurvePrivateKey:
    """Return a key on a curve that is not accepted."""
    return ec.generate_private_key(ec.SECP256K1())


def usage(*allowed: str) -> x509.KeyUsage:
    """Return a KeyUsage that allows just these."""
    names = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{name: name in allowed for name in names})


SIGNING_USAGE = usage("digital_signature")


def certificate(
    ca: Authority,
    *,
    subject: str = "Kẻ ký",
    public_key: PrivateKey | PublicKey | None = None,
    not_before: datetime = AT - YEAR,
    not_after: datetime = AT + YEAR,
    key_usage: x509.KeyUsage | None = SIGNING_USAGE,
    usage_is_critical: bool = True,
    is_authority: bool = False,
    path_length: int | None = None,
    extensions: tuple[tuple[x509.ExtensionType, bool], ...] = (),
    name: x509.Name | None = None,
    hash_: hashes.SHA224 | hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | None = None,
) -> x509.Certificate:
    """Issue any certificate, good or not; the default is good."""
    holder = public_key or key()
    if isinstance(holder, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        holder = holder.public_key()
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca.key.public_key())
    builder = (
        x509.CertificateBuilder()
        .subject_name(name or x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)]))
        .issuer_name(ca.certificate.subject)
        .public_key(holder)
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=path_length), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(holder), critical=False)
        .add_extension(issuer_key, critical=False)
    )
    if key_usage is not None:
        builder = builder.add_extension(key_usage, critical=usage_is_critical)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(ca.key, hash_ or hashes.SHA256())


def self_signed(*, is_authority: bool = False) -> Identity:
    """Return a certificate that vouches for itself."""
    own = key()
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Tự ký")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(AT - YEAR)
        .not_valid_after(AT + YEAR)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(
            usage("digital_signature", *(["key_cert_sign"] if is_authority else [])), critical=True
        )
    )
    return builder.sign(own, hashes.SHA256()), own


def bare_certificate() -> x509.Certificate:
    """Return a self-signed certificate without any extensions."""
    own = key()
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Trần trụi")])
    builder = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(own.public_key())
    )
    builder = builder.serial_number(1).not_valid_before(AT - YEAR).not_valid_after(AT + YEAR)
    return builder.sign(own, hashes.SHA256())


def anchored(*certificates: x509.Certificate) -> tuple[Anchor, ...]:
    """Return anchors that are relied upon without reserve."""
    return tuple(Anchor(certificate=certificate) for certificate in certificates)


def roots_of(trust: Trust) -> tuple[x509.Certificate, ...]:
    """Return the certificates of a trust's anchors."""
    return tuple(anchor.certificate for anchor in trust.anchors)
