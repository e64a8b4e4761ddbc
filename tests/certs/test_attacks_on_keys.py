"""Hostile documents that are about algorithms, keys and certificates.

The document itself is in order in each of them; what is wrong is who signed it, or how.
"""

import base64
import hmac
import time
from collections.abc import Callable

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lxml import etree

from certs.errors import KeyUsageError
from certs.issue import Authority, KeyType, issue_authority
from certs.rules import CertificateRule, ShapeRule
from certs.verdict import Indication, SubIndication, Verdict
from tests.support import pki
from tests.support.signing import (
    DS,
    EXCLUSIVE,
    INCLUSIVE,
    MORE,
    MORE_2007,
    Recipe,
    codes,
    forge,
    judge,
    refused,
    sign,
    swollen,
    x509_certificates,
)


def _hmac(secret: bytes) -> Callable[[str], str]:
    def replace(text: str) -> str:
        octets = text.encode()
        return text.replace("@VALUE@", base64.b64encode(hmac.digest(secret, octets, "sha256")).decode())

    return replace


CERTIFICATE = pki.signer()[0]
PUBLIC_KEY = CERTIFICATE.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
ALGORITHMS = {
    "HMAC, keyed with the certificate": Recipe(
        method=MORE + "hmac-sha256", before_signing=_hmac(CERTIFICATE.public_bytes(Encoding.DER))
    ),
    "HMAC, keyed with the public key": Recipe(method=MORE + "hmac-sha256", before_signing=_hmac(PUBLIC_KEY)),
    "RSA with SHA-1": Recipe(method=DS + "rsa-sha1"),
    "DSA": Recipe(method=DS + "dsa-sha1"),
    "ECDSA with SHA-1": Recipe(method=MORE + "ecdsa-sha1"),
    "RSA with MD5": Recipe(method=MORE + "rsa-md5"),
    "unknown": Recipe(method="urn:x"),
    "none": Recipe(method=""),
    "digest with SHA-1": Recipe(digest_method=DS + "sha1", digest_name="sha1"),
    "digest with MD5": Recipe(digest_method=MORE + "md5", digest_name="md5"),
    "SignedInfo with comments": Recipe(canonicalization=EXCLUSIVE + "WithComments"),
    "SignedInfo by an unknown method": Recipe(canonicalization="urn:x"),
    "SignedInfo, inclusive with PrefixList": Recipe(
        canonicalization=INCLUSIVE,
        canonicalization_content=f'<e:InclusiveNamespaces xmlns:e="{EXCLUSIVE}" PrefixList="a"/>',
    ),
}


@pytest.mark.parametrize("attack", ALGORITHMS)
def test_algorithms(attack: str) -> None:
    """Whatever is not on the allow-list is refused without being computed."""
    verdict = judge(forge(ALGORITHMS[attack]))
    refused(verdict, "algorithm_forbidden")
    assert verdict.indication is Indication.INDETERMINATE
    assert verdict.sub_indication is SubIndication.CRYPTO_CONSTRAINTS_FAILURE
    assert not verdict.errors[0].retry


def test_hmac_output_length() -> None:
    """Parameters of an algorithm that has none are refused."""
    verdict = judge(forge(Recipe(method_content="<ds:HMACOutputLength>0</ds:HMACOutputLength>")))
    refused(verdict, "signature_shape", ShapeRule.CONTENT)


def _salted(octets_of_salt: int) -> bytes:
    """Return a document signed with RSASSA-PSS and a salt of the given length."""
    certificate, private = pki.signer(KeyType.RSA_2048)
    method = MORE_2007 + "sha256-rsa-MGF1"
    xml = forge(Recipe(identity=(certificate, private), method=method, pss=True)).decode()
    tree = etree.fromstring(xml.partition("?>")[2])
    signed_info = next(tree.iter(f"{{{DS}}}SignedInfo"))
    octets = etree.tostring(signed_info, method="c14n", exclusive=True)
    assert isinstance(private, rsa.RSAPrivateKey)
    value = private.sign(octets, padding.PSS(padding.MGF1(hashes.SHA256()), octets_of_salt), hashes.SHA256())
    start, end = (
        xml.index("<ds:SignatureValue>") + len("<ds:SignatureValue>"),
        xml.index("</ds:SignatureValue>"),
    )
    return (xml[:start] + base64.b64encode(value).decode() + xml[end:]).encode()


def _der_value(value: bytes) -> bytes:
    return encode_dss_signature(int.from_bytes(value[:32]), int.from_bytes(value[32:]))


WRONG_VALUES: dict[str, Callable[[], bytes]] = {
    "DER instead of r ‖ s": lambda: forge(Recipe(raw_value=_der_value)),
    "padded halves": lambda: forge(
        Recipe(raw_value=lambda value: b"\0" + value[:32] + b"\0" + value[32:]),
    ),
    "padded second half": lambda: forge(Recipe(raw_value=lambda value: value[:32] + b"\0" + value[32:])),
    "truncated": lambda: forge(Recipe(raw_value=lambda value: value[:-1])),
    "extended": lambda: forge(Recipe(raw_value=lambda value: value + b"\0")),
    "zero": lambda: forge(Recipe(raw_value=lambda value: bytes(len(value)))),
    "one octet": lambda: forge(Recipe(raw_value=lambda _: b"\0")),
    "flipped": lambda: forge(Recipe(raw_value=lambda value: bytes([value[0] ^ 1]) + value[1:])),
    "of another key": lambda: forge(Recipe(identity=(CERTIFICATE, pki.key()))),
    "RSA where ECDSA is declared": lambda: forge(Recipe(identity=pki.signer(KeyType.RSA_2048))),
    "ECDSA where RSA is declared": lambda: forge(Recipe(method=MORE + "rsa-sha256")),
    "PKCS #1 where PSS is declared": lambda: forge(
        Recipe(identity=pki.signer(KeyType.RSA_2048), method=MORE_2007 + "sha256-rsa-MGF1")
    ),
    "PSS where PKCS #1 is declared": lambda: forge(
        Recipe(identity=pki.signer(KeyType.RSA_2048), method=MORE + "rsa-sha256", pss=True)
    ),
    "another hash than declared": lambda: forge(Recipe(hash=hashes.SHA512())),
    "PSS with another salt": lambda: _salted(20),
    "SignedInfo changed": lambda: forge(
        Recipe(after_signing=lambda text: text.replace('Reference URI=""', 'Reference Id="x" URI=""'))
    ),
}


@pytest.mark.parametrize("attack", WRONG_VALUES)
def test_signature_value(attack: str) -> None:
    """Only the one correct encoding of a signature by the certificate's key is a signature."""
    verdict = judge(WRONG_VALUES[attack]())
    refused(verdict, "signature_wrong")
    assert verdict.indication is Indication.TOTAL_FAILED
    assert verdict.sub_indication is SubIndication.SIG_CRYPTO_FAILURE


def test_salt_of_the_right_length() -> None:
    """A salt as long as the digest, which RFC 9231 fixes, passes."""
    assert judge(_salted(32)).indication is Indication.TOTAL_PASSED


def test_digest_is_not_computed_for_a_signed_info_that_nobody_signed() -> None:
    """A wrong SignatureValue ends the work: the swollen body is not canonicalised."""
    xml = swollen().decode()
    start = xml.index("<ds:SignatureValue>") + len("<ds:SignatureValue>\n")
    replaced = xml[:start] + ("B" if xml[start] == "A" else "A") + xml[start + 1 :]
    assert codes(judge(replaced.encode())) == ["signature_wrong"]


def test_weak_rsa_key() -> None:
    """A trusted certificate with an RSA key of 1024 bits does not sign."""
    private = pki.small_rsa_key()
    certificate = pki.certificate(pki.root(), public_key=private)
    verdict = judge(forge(Recipe(identity=(certificate, private), method=MORE + "rsa-sha256")))
    refused(verdict, "key_too_weak")
    assert verdict.sub_indication is SubIndication.CRYPTO_CONSTRAINTS_FAILURE
    assert "RSA 1024" in str(verdict.errors[0])


def test_oversized_rsa_key() -> None:
    """A key that is costly to verify with is not tried, and named as the reason."""
    huge = rsa.RSAPublicNumbers(65537, (1 << 8201) + 1).public_key()
    certificate = pki.certificate(pki.root(), public_key=huge)
    recipe = Recipe(
        certificates=[certificate], identity=pki.signer(KeyType.RSA_2048), method=MORE + "rsa-sha256"
    )
    verdict = judge(forge(recipe))
    refused(verdict, "key_too_weak")
    assert "RSA 8202" in str(verdict.errors[0])


def test_oversized_rsa_key_beside_a_good_one_is_ignored() -> None:
    """A costly key in KeyInfo does not hinder the signer's."""
    huge = rsa.RSAPublicNumbers(65537, (1 << 8201) + 1).public_key()
    certificate = pki.certificate(pki.root(), public_key=huge)
    verdict = judge(forge(Recipe(certificates=[certificate, CERTIFICATE])))
    assert verdict.indication is Indication.TOTAL_PASSED


def test_unaccepted_curve() -> None:
    """A trusted certificate with a key on another curve does not sign."""
    private = pki.koblitz_key()
    certificate = pki.certificate(pki.root(), public_key=private)
    verdict = judge(forge(Recipe(identity=(certificate, private))))
    refused(verdict, "key_too_weak")
    assert "secp256k1" in str(verdict.errors[0])


KEY_VALUE = (
    "<ds:KeyInfo><ds:KeyName>x</ds:KeyName><ds:KeyValue><ds:RSAKeyValue><ds:Modulus>AQAB</ds:Modulus>"
    "<ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue></ds:KeyInfo>"
)


@pytest.mark.parametrize(
    "key_info",
    [
        "",
        KEY_VALUE,
        "<ds:KeyInfo><ds:X509Data><ds:X509SubjectName>CN=x</ds:X509SubjectName></ds:X509Data></ds:KeyInfo>",
    ],
)
def test_no_certificate(key_info: str) -> None:
    """A key, or a name, that the message asserts is never used."""
    verdict = judge(forge(Recipe(key_info=key_info)))
    refused(verdict, "no_certificate")
    assert verdict.sub_indication is SubIndication.NO_SIGNING_CERTIFICATE_FOUND


def test_key_value_beside_a_certificate_is_ignored() -> None:
    """What else KeyInfo says makes no difference."""
    data = f"<ds:X509Data>{x509_certificates([CERTIFICATE])}</ds:X509Data></ds:KeyInfo>"
    verdict = judge(forge(Recipe(key_info=KEY_VALUE.replace("</ds:KeyInfo>", data))))
    assert verdict.indication is Indication.TOTAL_PASSED


DER = CERTIFICATE.public_bytes(Encoding.DER)


def _changed(before: str, after: str) -> bytes:
    """Return the signer's certificate with other octets, given in hexadecimal, in some of its places."""
    assert bytes.fromhex(before) in DER
    return DER.replace(bytes.fromhex(before), bytes.fromhex(after))


@pytest.mark.parametrize(
    "der",
    [
        b"\0",
        b"junk",
        DER[:-1],
        _changed("a003020102", "a003020101"),  # version 2
        _changed("a003020102", "a003020108"),  # version 9
        _changed("06035504030c", "060355040303"),  # a common name that is a string of bits
        _changed("06082a8648ce3d030107", "06082a8648ce3d03017f"),  # an unknown curve
    ],
    ids=range(7),
)
def test_malformed_certificate(der: bytes) -> None:
    """A certificate that cannot be read is reported as such."""
    text = base64.b64encode(der).decode()
    key_info = (
        f"<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{text}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
    )
    refused(judge(forge(Recipe(key_info=key_info))), "malformed_certificate")


def test_malformed_certificate_beside_a_good_one_is_ignored() -> None:
    """KeyInfo is a hint: junk in it does not make a good certificate bad."""
    data = f"<ds:X509Data>{x509_certificates([CERTIFICATE])}<ds:X509Certificate>AAAA</ds:X509Certificate></ds:X509Data>"
    verdict = judge(forge(Recipe(key_info=f"<ds:KeyInfo>{data}</ds:KeyInfo>")))
    assert verdict.indication is Indication.TOTAL_PASSED


def _by(certificate: x509.Certificate, *more: x509.Certificate) -> Verdict:
    """Judge a document that was signed with `pki.key()` under this certificate."""
    return judge(forge(Recipe(identity=(certificate, pki.key()), certificates=[certificate, *more])))


def test_self_signed_certificate() -> None:
    """A certificate that vouches for itself is trusted by nobody."""
    verdict = _by(pki.self_signed()[0])
    refused(verdict, "untrusted_certificate")
    assert verdict.indication is Indication.INDETERMINATE
    assert verdict.sub_indication is SubIndication.NO_CERTIFICATE_CHAIN_FOUND


def test_authority_with_the_name_of_a_trusted_one() -> None:
    """A chain is made of signatures, not of names."""
    impostor = pki.stranger()
    refused(_by(pki.certificate(impostor), impostor.certificate), "untrusted_certificate")


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (2, 0, 1)])
def test_order_of_certificates_has_no_meaning(order: tuple[int, ...]) -> None:
    """The signing certificate is the one whose key signed, first or last or in between."""
    rogue = pki.certificate(pki.stranger(), public_key=pki.key(KeyType.EC_P384))
    certificates = [CERTIFICATE, rogue, pki.root().certificate]
    verdict = judge(forge(Recipe(certificates=[certificates[i] for i in order])))
    assert verdict.indication is Indication.TOTAL_PASSED
    assert verdict.signer is not None
    assert verdict.signer.certificate_sha256 == CERTIFICATE.fingerprint(hashes.SHA256()).hex()


@pytest.mark.parametrize("good_first", [True, False])
def test_good_certificate_does_not_lend_its_trust(*, good_first: bool) -> None:
    """A trusted certificate beside a rogue one whose key signed makes nothing trusted."""
    rogue = pki.certificate(pki.stranger())
    certificates = [CERTIFICATE, rogue] if good_first else [rogue, CERTIFICATE]
    verdict = judge(forge(Recipe(identity=(rogue, pki.key()), certificates=certificates)))
    refused(verdict, "untrusted_certificate")


def test_of_two_certificates_for_one_key_the_trusted_one_counts() -> None:
    """A copy of the signer's key in a rogue certificate changes neither the verdict nor the signer."""
    good = pki.certificate(pki.root(), subject="Tốt")
    rogue = pki.certificate(pki.stranger(), subject="Xấu")
    for certificates in ([good, rogue], [rogue, good]):
        verdict = judge(forge(Recipe(identity=(good, pki.key()), certificates=certificates)))
        assert verdict.signer is not None
        assert verdict.signer.subject == "CN=Tốt"


def test_root_key_used_as_signer() -> None:
    """An authority's certificate does not sign documents."""
    root = pki.root()
    verdict = judge(forge(Recipe(identity=(root.certificate, root.key))))
    refused(verdict, "key_usage")
    assert isinstance(verdict.errors[0], KeyUsageError)
    assert verdict.errors[0].rule is CertificateRule.ANCHOR


def test_subordinate_authority_used_as_signer() -> None:
    """Neither does the certificate of an authority below the root."""
    authority = pki.authority()
    verdict = judge(forge(Recipe(identity=(authority.certificate, authority.key))))
    refused(verdict, "key_usage")
    assert isinstance(verdict.errors[0], KeyUsageError)
    assert verdict.errors[0].rule is CertificateRule.BASIC_CONSTRAINTS


def test_leaf_that_issues_a_leaf() -> None:
    """Whoever holds a signing certificate cannot issue another."""
    certificate, private = pki.signer()
    refused(
        _by(pki.certificate(Authority(certificate=certificate, key=private)), certificate),
        "key_usage",
    )


def test_intermediate_may_come_with_the_message() -> None:
    """A path may go through an authority that only the message brings, if an anchor vouches for it."""
    authority = pki.authority()
    leaf = pki.certificate(authority)
    assert _by(leaf, authority.certificate).indication is Indication.TOTAL_PASSED
    refused(_by(leaf), "untrusted_certificate")


def test_path_that_is_too_long() -> None:
    """Four certificates above the signer's are allowed, five are not."""
    authority, brought = pki.root(), []
    outcomes = []
    for depth in range(4):
        authority = issue_authority(
            authority, f"Cấp {depth}", not_before=pki.AT - pki.YEAR, not_after=pki.AT + pki.YEAR
        )
        brought.append(authority.certificate)
        outcomes.append(codes(_by(pki.certificate(authority), *brought)))
    assert outcomes == [[], [], [], ["key_usage"]]


def test_too_many_certificates() -> None:
    """A pool of certificates to search through is refused unread; copies count once."""
    certificates = [pki.certificate(pki.root(), subject=str(number)) for number in range(7)]
    refused(_by(*certificates), "signature_shape", ShapeRule.CERTIFICATE_COUNT)
    assert _by(*certificates[:6]).indication is Indication.TOTAL_PASSED
    assert _by(*[certificates[0]] * 500).indication is Indication.TOTAL_PASSED


def test_maze_of_certificates() -> None:
    """Authorities that could each have issued the other, on the slowest curve, cost little."""
    maze_key = pki.key(KeyType.EC_P521)
    maze = Authority(certificate=pki.root().certificate, key=maze_key)
    name = pki.root().certificate.subject
    walls = [
        pki.certificate(
            maze, name=name, public_key=maze_key, is_authority=True, key_usage=pki.usage("key_cert_sign")
        )
        for _ in range(5)
    ]
    leaf = pki.certificate(maze)
    started = time.process_time()
    refused(_by(leaf, *walls), "untrusted_certificate")
    assert time.process_time() - started < 0.1


def test_expired() -> None:
    """A certificate past its validity is reported as expired, not as untrusted."""
    verdict = _by(pki.certificate(pki.root(), not_after=pki.AT - pki.DAY))
    refused(verdict, "certificate_expired")
    assert verdict.indication is Indication.INDETERMINATE
    assert verdict.sub_indication is SubIndication.OUT_OF_BOUNDS_NO_POE


def test_not_yet_valid() -> None:
    """A certificate before its validity is reported as such; waiting does not help."""
    verdict = _by(pki.certificate(pki.root(), not_before=pki.AT + pki.DAY))
    refused(verdict, "certificate_not_yet_valid")
    assert verdict.sub_indication is SubIndication.NOT_YET_VALID
    assert not verdict.errors[0].retry


def test_expired_and_never_trusted() -> None:
    """A certificate that was never trusted is untrusted, whatever its dates."""
    refused(_by(pki.certificate(pki.stranger(), not_after=pki.AT - pki.DAY)), "untrusted_certificate")


def test_name_constraints_bomb_in_key_info() -> None:
    """Thousands of name constraints in a certificate that nobody vouches for cost little."""
    names = [x509.DNSName(f"{number}.example") for number in range(2000)]
    constraints = x509.NameConstraints(permitted_subtrees=names, excluded_subtrees=names)
    bomb = pki.certificate(
        pki.stranger(),
        subject="Bom",
        public_key=pki.authority().key,
        is_authority=True,
        key_usage=pki.usage("key_cert_sign"),
        extensions=((constraints, True),),
    )
    authority = Authority(certificate=bomb, key=pki.authority().key)
    started = time.process_time()
    refused(_by(pki.certificate(authority), bomb), "untrusted_certificate")
    assert time.process_time() - started < 1


def test_attack_toolkit_signs_well() -> None:
    """The recipes that the attacks vary pass when nothing is varied, so that each refusal has its own cause."""
    assert judge(forge()).indication is Indication.TOTAL_PASSED
    octets = b"x"
    ec_key = pki.key()
    assert isinstance(ec_key, ec.EllipticCurvePrivateKey)
    assert len(sign(ec_key, octets, hash_=hashes.SHA256())) == 64
