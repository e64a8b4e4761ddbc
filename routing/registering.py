"""From a certificate to its registration: what may be registered, and what is taken from the certificate.

What could never bind is refused here, where somebody is there to mend it. The values of a profile come from a certificate of the
body itself, so that nobody has to type them, and its authority's certificate must have signed that one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from cryptography import x509

from certs.certificate import fingerprint, key_fingerprint, names_of
from certs.revocation_list import is_authority
from certs.trust import is_issued_by
from certs.unreadable import UNREADABLE
from routing.errors_registration import RegistrationRefusedError, Unfit
from routing.registrations import (
    ATTRIBUTES,
    IDENTIFYING,
    IssuerBy,
    RegisteredBy,
    Registration,
    SubjectProfile,
    found_in,
)

NEEDED: Final = {RegisteredBy.CERTIFICATE: 1, RegisteredBy.SPKI: 1, RegisteredBy.PROFILE: 2}
"""How many certificates a registration is made from: the agency's, then for a profile its authority's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How a certificate shall be registered; `attributes` empty: all of its subject that a profile can name."""

    by: RegisteredBy = RegisteredBy.CERTIFICATE
    profile: str = ""
    issuer_by: IssuerBy = IssuerBy.CERTIFICATE
    attributes: tuple[str, ...] = ()
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    replaces: str | None = None
    """The id of a registration, or the SHA-256 of its certificate or key."""


def registration_from(
    certificates: Sequence[x509.Certificate], wish: Wish, *, among: Iterable[Registration]
) -> Registration:
    """Return the registration of a certificate; `among` are those that its entity has already.

    Raises:
        RegistrationRefusedError: it cannot be read, could never bind, would name nobody, or replaces what is not there.

    """
    try:
        return _registration(certificates, wish, tuple(among))
    except UNREADABLE as error:
        # Parts of a certificate are read when they are asked for.
        raise RegistrationRefusedError(Unfit.MALFORMED, found=type(error).__name__) from error


def _registration(
    certificates: Sequence[x509.Certificate], wish: Wish, among: tuple[Registration, ...]
) -> Registration:
    leaf = certificates[0]
    # Who is named must be legible, however the certificate is registered.
    names_of(leaf)
    if is_authority(leaf):
        raise RegistrationRefusedError(Unfit.AUTHORITY, found=leaf.subject.rfc4514_string())
    _check_interval(leaf, wish)
    replaced = None
    if wish.replaces is not None:
        named = named_by(wish.replaces, among)
        if named is None:
            raise RegistrationRefusedError(Unfit.UNKNOWN_PREDECESSOR, found=wish.replaces)
        replaced = named.id
    registration = Registration(
        by=wish.by,
        certificate_sha256=fingerprint(leaf),
        spki_sha256=key_fingerprint(leaf),
        profile=_profile(leaf, certificates[1], wish) if wish.by is RegisteredBy.PROFILE else None,
        valid_from=wish.valid_from,
        valid_to=wish.valid_to,
        certificate_ends=leaf.not_valid_after_utc,
        replaces=replaced,
    )
    if registration.id == replaced:
        # The very same again replaces nothing.
        return replace(registration, replaces=None)
    return registration


def named_by(reference: str, among: Iterable[Registration]) -> Registration | None:
    """Return the one registration that an id, or a certificate's or key's SHA-256, names; None if it is not exactly one."""
    wanted = reference.lower()
    found = [each for each in among if wanted in {each.id, each.certificate_sha256} or each.value == wanted]
    return found[0] if len(found) == 1 else None


def _check_interval(leaf: x509.Certificate, wish: Wish) -> None:
    begins, ends = wish.valid_from, wish.valid_to
    if begins is not None and ends is not None and begins >= ends:
        raise RegistrationRefusedError(
            Unfit.EMPTY_INTERVAL, found=f"{begins.isoformat()} – {ends.isoformat()}"
        )
    valid = (leaf.not_valid_before_utc, leaf.not_valid_after_utc)
    # A key or a profile outlives the certificate that shows it; a certificate does not.
    over = begins is not None and begins > valid[1] and wish.by is RegisteredBy.CERTIFICATE
    if over or (ends is not None and ends <= valid[0]):
        raise RegistrationRefusedError(
            Unfit.OUTSIDE_VALIDITY, found=" – ".join(each.isoformat() for each in valid)
        )


def _profile(leaf: x509.Certificate, issuer: x509.Certificate, wish: Wish) -> SubjectProfile:
    if not is_authority(issuer):
        raise RegistrationRefusedError(Unfit.NOT_AN_AUTHORITY, found=issuer.subject.rfc4514_string())
    # An anchor may stand above other authorities; the path decides then, each time.
    if wish.issuer_by is not IssuerBy.ANCHOR and not is_issued_by(leaf, issuer):
        raise RegistrationRefusedError(Unfit.NOT_ISSUED_BY, found=issuer.subject.rfc4514_string())
    by_key = wish.issuer_by is IssuerBy.SPKI
    subject = _subject(leaf, wish.attributes)
    if not IDENTIFYING & {name for name, _ in subject}:
        raise RegistrationRefusedError(Unfit.NOT_IDENTIFYING, found=", ".join(name for name, _ in subject))
    return SubjectProfile(
        name=wish.profile,
        issuer_by=wish.issuer_by,
        issuer_sha256=key_fingerprint(issuer) if by_key else fingerprint(issuer),
        subject=subject,
    )


def _subject(leaf: x509.Certificate, attributes: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    names = names_of(leaf)
    chosen = sorted(set(attributes or (each for each in ATTRIBUTES if found_in(names, each))))
    subject = []
    for name in chosen:
        values = found_in(names, name) if name in ATTRIBUTES else []
        if len(values) != 1 or values[0][1] != 1 or not values[0][0]:
            raise RegistrationRefusedError(Unfit.ATTRIBUTE, found=name)
        subject.append((name, values[0][0]))
    if "OU" not in chosen and found_in(names, "OU"):
        # Such a profile would not even match the certificate that it is made from.
        raise RegistrationRefusedError(Unfit.ATTRIBUTE, found="OU")
    return tuple(subject)
