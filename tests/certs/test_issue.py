"""The throw-away infrastructure issues certificates that the strict verifier accepts."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from certs.chain import find_path
from certs.issue import KeyType, issue, issue_authority, new_key, new_root
from certs.trust import Trust
from tests.support import pki


def test_path_through_two_authorities() -> None:
    """A leaf under two subordinate authorities has a path to the root."""
    root = new_root("Gốc", pki.AT)
    first = issue_authority(root, "Một", not_before=pki.AT, not_after=pki.AT + pki.YEAR)
    second = issue_authority(first, "Hai", not_before=pki.AT, not_after=pki.AT + pki.YEAR)
    leaf, _ = issue(second, subject_common_name="Lá", not_before=pki.AT, not_after=pki.AT + pki.YEAR)
    others = (second.certificate, first.certificate)
    path = find_path(leaf, others, trust=Trust(anchors=pki.anchored(root.certificate)), at=pki.AT + pki.DAY)
    assert path == (leaf, *others, root.certificate)


def test_agency_code_is_the_serial_number_of_the_subject() -> None:
    """Names are as given; the agency code is the subject's serialNumber."""
    leaf, _ = pki.signer()
    names = {attribute.oid: attribute.value for attribute in leaf.subject}
    assert names == {
        NameOID.COUNTRY_NAME: "VN",
        NameOID.ORGANIZATION_NAME: "Bộ Công An",
        NameOID.COMMON_NAME: "Bộ Công An",
        NameOID.SERIAL_NUMBER: pki.AGENCY_CODE,
    }


def test_long_names_are_cut() -> None:
    """Agencies with long names get a certificate all the same."""
    name = "Văn phòng Đoàn đại biểu Quốc hội và Hội đồng nhân dân tỉnh Bà Rịa – Vũng Tàu"
    leaf, _ = issue(
        pki.root(),
        subject_common_name=name,
        organization=name,
        not_before=pki.AT,
        not_after=pki.AT + pki.YEAR,
    )
    common_name = leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
    assert common_name == "Văn phòng Đoàn đại biểu Quốc hội và Hội đồng"
    assert not leaf.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)


@pytest.mark.parametrize(
    ("key_type", "curve"),
    [(KeyType.EC_P256, "secp256r1"), (KeyType.EC_P384, "secp384r1"), (KeyType.EC_P521, "secp521r1")],
)
def test_elliptic_curve_keys(key_type: KeyType, curve: str) -> None:
    """Keys are on the curve that was asked for."""
    key = new_key(key_type)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert key.curve.name == curve


@pytest.mark.parametrize("key_type", [KeyType.RSA_2048, KeyType.RSA_3072, KeyType.RSA_4096])
def test_rsa_keys(key_type: KeyType) -> None:
    """Keys are of the size that was asked for."""
    key = new_key(key_type)
    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.key_size == int(key_type.value.removeprefix("rsa-"))


def test_root_is_an_authority_from_its_instant_on() -> None:
    """A root is self-signed, may sign certificates only, and is valid from the given time."""
    root = new_root("Gốc", pki.AT).certificate
    root.verify_directly_issued_by(root)
    assert root.not_valid_before_utc == pki.AT
    usage = root.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.key_cert_sign
    assert not usage.digital_signature
