"""Where an authority says that its lists and responders are."""

from cryptography import x509
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID

from certs.whereabouts import list_addresses, ocsp_request, responder_addresses
from tests.support import pki

ROOT = pki.root()
ONE, TWO, THREE = (x509.UniformResourceIdentifier(f"http://crl.example.vn/{each}.crl") for each in (1, 2, 3))
LDAP = x509.UniformResourceIdentifier("ldap://x/")
ELSEWHERE = x509.DirectoryName(pki.authority().certificate.subject)


def _point(*names: x509.GeneralName, issuer: list[x509.GeneralName] | None = None) -> x509.DistributionPoint:
    return x509.DistributionPoint(list(names), None, None, issuer)


def test_lists() -> None:
    """Every address by http or https at which the issuer's own list is, each once."""
    relative = x509.RelativeDistinguishedName([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x")])
    points = [
        *(_point(ONE, LDAP, TWO), _point(ONE), _point(ELSEWHERE), _point(THREE, issuer=[ELSEWHERE])),
        x509.DistributionPoint(None, relative, None, None),
    ]
    certificate = pki.certificate(ROOT, extensions=((x509.CRLDistributionPoints(points), False),))
    assert list_addresses(certificate) == (ONE.value, TWO.value)
    assert list_addresses(pki.certificate(ROOT)) == ()


def test_responders() -> None:
    """Addresses of responders, not of issuers' certificates."""
    access = [
        x509.AccessDescription(AuthorityInformationAccessOID.OCSP, ONE),
        x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, TWO),
        x509.AccessDescription(AuthorityInformationAccessOID.OCSP, LDAP),
    ]
    certificate = pki.certificate(ROOT, extensions=((x509.AuthorityInformationAccess(access), False),))
    assert responder_addresses(certificate) == (ONE.value,)
    assert responder_addresses(pki.certificate(ROOT)) == ()


def test_what_cannot_be_read_is_nowhere() -> None:
    """Broken extensions name no address."""
    for oid, find in (
        (x509.CRLDistributionPoints.oid, list_addresses),
        (x509.AuthorityInformationAccess.oid, responder_addresses),
    ):
        broken = x509.UnrecognizedExtension(oid, b"\x30\x00\x00")
        assert find(pki.certificate(ROOT, extensions=((broken, False),))) == ()


def test_question() -> None:
    """A responder is asked about one certificate of one issuer."""
    signer = pki.signer()[0]
    question = ocsp.load_der_ocsp_request(ocsp_request(signer, ROOT.certificate))
    assert question.serial_number == signer.serial_number
    assert question.hash_algorithm.name == "sha1"
