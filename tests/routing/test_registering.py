"""From certificates to registrations: what is taken from them, and what is refused."""

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.x509 import Name, NameAttribute, RelativeDistinguishedName
from cryptography.x509.oid import NameOID

from certs.certificate import fingerprint, key_fingerprint
from certs.verdict import Signer
from routing.errors_registration import RegistrationRefusedError, Unfit
from routing.registering import Wish, named_by, registration_from
from routing.registrations import IssuerBy, RegisteredBy, Registration
from tests.support import pki

DAY = timedelta(days=1)
BY_PROFILE = Wish(by=RegisteredBy.PROFILE, profile="vgca")
NAMES = (
    NameAttribute(NameOID.COUNTRY_NAME, "VN"),
    NameAttribute(NameOID.ORGANIZATION_NAME, "Bộ Công An"),
    NameAttribute(NameOID.SERIAL_NUMBER, "G01"),
)
UNIT = NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Văn phòng")


def leaf(*names: NameAttribute[str]) -> x509.Certificate:
    """Return a certificate with this subject, issued by the root."""
    return pki.certificate(pki.root(), name=Name(names or NAMES))


def signer_of(certificate: x509.Certificate) -> Signer:
    """Return the signer that a path of the certificate and the root makes."""
    root = pki.root().certificate
    return Signer.from_path((certificate, root), (fingerprint(certificate), fingerprint(root)))


def refusal(wish: Wish, *certificates: x509.Certificate, among: tuple[Registration, ...] = ()) -> Unfit:
    """Return why something is refused."""
    with pytest.raises(RegistrationRefusedError) as caught:
        registration_from(certificates, wish, among=among)
    return caught.value.unfit


@pytest.mark.parametrize("by", [RegisteredBy.CERTIFICATE, RegisteredBy.SPKI])
def test_what_is_taken_from_the_certificate(by: RegisteredBy) -> None:
    """Its hash, its key's, and when it ends; and it recognises its holder."""
    certificate = leaf()
    registration = registration_from([certificate], Wish(by=by), among=())
    assert registration.certificate_sha256 == fingerprint(certificate)
    assert registration.spki_sha256 == key_fingerprint(certificate)
    assert registration.certificate_ends == certificate.not_valid_after_utc
    assert registration.recognises(signer_of(certificate))


@pytest.mark.parametrize("issuer_by", IssuerBy)
def test_a_profile_recognises_its_sample_and_its_successors(issuer_by: IssuerBy) -> None:
    """Whatever the authority is recognised by; the values are the sample's."""
    sample, root = leaf(), pki.root().certificate
    registration = registration_from([sample, root], replace(BY_PROFILE, issuer_by=issuer_by), among=())
    assert registration.profile is not None
    assert registration.profile.subject == (("C", "VN"), ("O", "Bộ Công An"), ("serialNumber", "G01"))
    assert registration.recognises(signer_of(sample))
    assert registration.recognises(signer_of(leaf()))
    assert not registration.recognises(signer_of(leaf(*NAMES, UNIT)))


def test_a_unit_registers_with_its_unit() -> None:
    """The OU is among the attributes, or the profile would not even match its sample."""
    sample, root = leaf(*NAMES, UNIT), pki.root().certificate
    registration = registration_from([sample, root], BY_PROFILE, among=())
    assert registration.recognises(signer_of(sample))
    assert not registration.recognises(signer_of(leaf()))
    assert refusal(replace(BY_PROFILE, attributes=("O",)), sample, root) is Unfit.ATTRIBUTE


@pytest.mark.parametrize(
    "names",
    [
        Name([*NAMES, NAMES[2]]),
        Name([*NAMES, NameAttribute(NameOID.SERIAL_NUMBER, "G02")]),
        Name([RelativeDistinguishedName([NAMES[1], NAMES[2]])]),
        Name([NAMES[1]]),
    ],
    ids=["twice", "two values", "multi-valued", "missing"],
)
def test_an_ambiguous_attribute_is_refused(names: Name) -> None:
    """What would never match is not registered."""
    sample = pki.certificate(pki.root(), name=names)
    wish = replace(BY_PROFILE, attributes=("serialNumber",))
    assert refusal(wish, sample, pki.root().certificate) is Unfit.ATTRIBUTE


def test_what_is_no_agencys_certificate_is_refused() -> None:
    """Authorities, profiles without an authority or with another one, and such as name nobody."""
    root, other = pki.root().certificate, pki.stranger().certificate
    assert refusal(Wish(), root) is Unfit.AUTHORITY
    assert refusal(BY_PROFILE, leaf(), leaf()) is Unfit.NOT_AN_AUTHORITY
    assert refusal(BY_PROFILE, leaf(), other) is Unfit.NOT_ISSUED_BY
    assert refusal(replace(BY_PROFILE, attributes=("C",)), leaf(), root) is Unfit.NOT_IDENTIFYING
    assert refusal(replace(BY_PROFILE, attributes=("DC",)), leaf(), root) is Unfit.ATTRIBUTE


def test_an_anchor_may_stand_above_the_authority() -> None:
    """It need not have issued the sample itself."""
    below = pki.certificate(pki.authority(), name=Name(NAMES))
    wish = replace(BY_PROFILE, issuer_by=IssuerBy.ANCHOR)
    registration = registration_from([below, pki.root().certificate], wish, among=())
    assert registration.profile is not None
    assert registration.profile.issuer_sha256 == fingerprint(pki.root().certificate)


def test_a_certificate_with_an_extension_twice_is_refused() -> None:
    """What cannot be read is refused, not an accident."""
    twice = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b"\x05\x00")
    bad_name = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.17"), b"\x30\x02\xa5\x00")
    for extension in (twice, bad_name):
        broken = pki.certificate(pki.root(), extensions=((extension, False),))
        if extension is bad_name:
            assert refusal(Wish(), broken) is Unfit.MALFORMED
        else:
            assert registration_from([broken], Wish(), among=()).certificate_sha256 == fingerprint(broken)


def test_intervals_that_never_meet_the_certificate_are_refused() -> None:
    """Over before it begins, or after its end; a key may outlive the certificate that shows it."""
    certificate = leaf()
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    assert refusal(Wish(valid_from=begins, valid_to=begins), certificate) is Unfit.EMPTY_INTERVAL
    assert refusal(Wish(valid_to=begins), certificate) is Unfit.OUTSIDE_VALIDITY
    late = Wish(valid_from=ends + DAY)
    assert refusal(late, certificate) is Unfit.OUTSIDE_VALIDITY
    by_key = registration_from([certificate], replace(late, by=RegisteredBy.SPKI), among=())
    assert by_key.valid_from == ends + DAY


def test_a_predecessor_is_named_by_id_certificate_or_key() -> None:
    """By exactly one of them, and never by a registration that is not the agency's."""
    first = registration_from([leaf()], Wish(), among=())
    twin = replace(first, valid_to=first.certificate_ends)
    by_key = replace(first, by=RegisteredBy.SPKI)
    assert named_by(first.id, [first, twin, by_key]) == first
    assert named_by(first.certificate_sha256.upper(), [first]) == first
    assert named_by(first.certificate_sha256, [first, twin]) is None
    assert first.spki_sha256 is not None
    assert named_by(first.spki_sha256, [first, by_key]) == by_key
    assert named_by("", [first]) is None
    wish = Wish(replaces=first.id)
    assert registration_from([leaf()], wish, among=[first]).replaces == first.id
    assert refusal(wish, leaf()) is Unfit.UNKNOWN_PREDECESSOR


def test_the_same_again_replaces_nothing() -> None:
    """A registration does not take its own place."""
    certificate = leaf()
    first = registration_from([certificate], Wish(), among=())
    assert registration_from([certificate], Wish(replaces=first.id), among=[first]) == first
