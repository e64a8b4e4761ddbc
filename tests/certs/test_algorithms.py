"""The allow-list, and the checks that go with it."""

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from certs.algorithms import (
    CANONICALIZATIONS,
    DIGEST_ALGORITHMS,
    SIGNATURE_ALGORITHMS,
    SignatureAlgorithm,
    describe,
    fits,
    is_affordable,
    is_signed_by,
    is_strong,
)
from certs.issue import KeyType
from tests.support import pki
from tests.support.signing import sign

BY_NAME = {algorithm.name: algorithm for algorithm in SIGNATURE_ALGORITHMS.values()}
RSA = pki.key(KeyType.RSA_2048)
EC = pki.key()
# n = 2^8201 + 1: a modulus that no one holds the factors of is enough for a key that is not used.
HUGE = rsa.RSAPublicNumbers(65537, (1 << 8201) + 1).public_key()


def test_nothing_weak_is_listed() -> None:
    """The tables hold SHA-2 of 256 bits and more, asymmetric schemes and no comments."""
    assert {algorithm.hash.name for algorithm in BY_NAME.values()} == {"sha256", "sha384", "sha512"}
    assert len(BY_NAME) == 9
    assert {digest.name for digest in DIGEST_ALGORITHMS.values()} == {"sha256", "sha384", "sha512"}
    assert {form.name for form in CANONICALIZATIONS.values()} == {"c14n", "c14n11", "exc-c14n"}
    identifiers = [*SIGNATURE_ALGORITHMS, *DIGEST_ALGORITHMS, *CANONICALIZATIONS]
    assert not any(word in uri.lower() for uri in identifiers for word in ("hmac", "sha1", "md5", "comment"))


@pytest.mark.parametrize("algorithm", BY_NAME.values(), ids=lambda algorithm: algorithm.name)
def test_signature_is_bound_to_key_algorithm_and_octets(algorithm: SignatureAlgorithm) -> None:
    """A signature verifies under its own key, algorithm and octets and under no others."""
    own, other = (EC, RSA) if algorithm.name.startswith("ecdsa") else (RSA, EC)
    value = sign(own, b"octets", hash_=algorithm.hash, pss="pss" in algorithm.name)
    assert is_signed_by(own.public_key(), algorithm, value=value, octets=b"octets")
    assert not is_signed_by(own.public_key(), algorithm, value=value, octets=b"octetz")
    assert not is_signed_by(other.public_key(), algorithm, value=value, octets=b"octets")
    for another in BY_NAME.values():
        if another != algorithm:
            assert not is_signed_by(own.public_key(), another, value=value, octets=b"octets")


@pytest.mark.parametrize("size", [0, 1, 63, 65, 66, 128])
def test_ecdsa_value_has_one_length(size: int) -> None:
    """Values of any other length than two field elements are wrong, not an error."""
    algorithm = BY_NAME["ecdsa-sha256"]
    assert not is_signed_by(EC.public_key(), algorithm, value=b"\x01" * size, octets=b"")


def test_ecdsa_value_with_leading_zeros_is_wrong() -> None:
    """The same two numbers in more octets are another signature value, and not a valid one."""
    algorithm = BY_NAME["ecdsa-sha256"]
    value = sign(EC, b"", hash_=algorithm.hash)
    assert is_signed_by(EC.public_key(), algorithm, value=value, octets=b"")
    assert not is_signed_by(EC.public_key(), algorithm, value=value[:32] + b"\0" + value[32:], octets=b"")


@pytest.mark.parametrize(
    ("key", "strong", "text"),
    [
        (RSA.public_key(), True, "RSA 2048"),
        (pki.small_rsa_key().public_key(), False, "RSA 1024"),
        (HUGE, False, "RSA 8202"),
        (EC.public_key(), True, "ECDSA secp256r1"),
        (pki.key(KeyType.EC_P384).public_key(), True, "ECDSA secp384r1"),
        (pki.key(KeyType.EC_P521).public_key(), True, "ECDSA secp521r1"),
        (pki.koblitz_key().public_key(), False, "ECDSA secp256k1"),
        (ed25519.Ed25519PrivateKey.generate().public_key(), False, "Ed25519"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_strength(key: PublicKeyTypes, text: str, *, strong: bool) -> None:
    """Keys are accepted by size and curve, and named in messages."""
    assert is_strong(key) is strong
    assert describe(key) == text


def test_huge_keys_are_not_affordable() -> None:
    """Keys of up to 8192 bits may be tried, larger ones not."""
    assert is_affordable(RSA.public_key())
    assert is_affordable(EC.public_key())
    assert not is_affordable(HUGE)


def test_other_kinds_of_keys_fit_nothing() -> None:
    """Keys without an algorithm in the table sign nothing."""
    key = ed25519.Ed25519PrivateKey.generate().public_key()
    assert not any(fits(key, algorithm) for algorithm in BY_NAME.values())
    assert not any(
        is_signed_by(key, algorithm, value=bytes(64), octets=b"") for algorithm in BY_NAME.values()
    )


def test_hash_objects_are_shared_safely() -> None:
    """The table's hashes are descriptions without state."""
    assert isinstance(BY_NAME["rsa-sha256"].hash, hashes.SHA256)
    assert isinstance(EC, ec.EllipticCurvePrivateKey)


def test_a_key_of_another_kind_costs_little() -> None:
    """Only RSA has keys so large that verifying with them is work; what has no size has none that is too large."""
    assert is_affordable(ed25519.Ed25519PrivateKey.generate().public_key())
