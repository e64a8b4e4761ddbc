"""Rows 19 and 20: certificates out of their time, revoked certificates, and lists that prove nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from certs.issue import Authority, issue_authority
from tests.support import pki
from tests.support.crl import crl, revoked, scope
from tests.support.pki import AT, DAY, YEAR
from tests.support.signing import Recipe, forge
from tests.vectors.attacks.hierarchy import AUTHORITY, STRANGER, Material, below_authority
from tests.vectors.attacks.vector import (
    AUTHORITY_REVOKED,
    EXPIRED,
    PASSED,
    REVOKED,
    TOO_EARLY,
    UNKNOWN,
    UNTRUSTED,
    Answer,
    Vector,
    signed,
)

_SECOND: Final = timedelta(seconds=1)
_URI: Final = [x509.UniformResourceIdentifier("http://127.0.0.1:9/a.crl")]
_OTHER_URI: Final = [x509.UniformResourceIdentifier("http://127.0.0.1:9/b.crl")]


def _by(ca: Callable[[], Authority] = pki.root, **changes: Any) -> Callable[[], bytes]:
    def make() -> bytes:
        certificate = pki.certificate(ca(), **changes)
        return forge(Recipe(identity=(certificate, pki.key()), certificates=[certificate, ca().certificate]))

    return make


def _aging(*, not_before: datetime, not_after: datetime) -> Callable[[], bytes]:
    """Sign below an authority that has its own time, within the signer's."""

    def make() -> bytes:
        authority = issue_authority(pki.root(), "Có hạn", not_before=not_before, not_after=not_after)
        leaf = pki.certificate(authority, not_before=AT - 3 * YEAR, not_after=AT + 3 * YEAR)
        return forge(Recipe(identity=(leaf, pki.key()), certificates=[leaf, authority.certificate]))

    return make


def _times() -> Iterator[Vector]:
    window: dict[str, Any] = {"not_before": AT - DAY, "not_after": AT + DAY}
    cases: dict[str, tuple[str, Callable[[], bytes], datetime, Answer]] = {
        "expired": ("the certificate expired", _by(not_after=AT - DAY), AT, EXPIRED),
        "expired-long-ago": (
            "the certificate expired",
            _by(not_before=AT - 9 * YEAR, not_after=AT - 8 * YEAR),
            AT,
            EXPIRED,
        ),
        "not-yet-valid": ("the certificate is not valid yet", _by(not_before=AT + DAY), AT, TOO_EARLY),
        "boundary-first": ("at the first second", _by(**window), AT - DAY, PASSED),
        "boundary-before": ("a second before the first", _by(**window), AT - DAY - _SECOND, TOO_EARLY),
        "boundary-last": ("at the last second", _by(**window), AT + DAY, PASSED),
        "boundary-after": ("a second after the last", _by(**window), AT + DAY + _SECOND, EXPIRED),
        "authority-expired": (
            "the authority's certificate expired before the signer's",
            _aging(not_before=AT - 4 * YEAR, not_after=AT - DAY),
            AT,
            EXPIRED,
        ),
        "authority-short": (
            "the authority's certificate was valid within the signer's time only, and expired",
            _aging(not_before=AT - YEAR, not_after=AT - DAY),
            AT,
            EXPIRED,
        ),
        "authority-early": (
            "the authority's certificate is not valid yet",
            _aging(not_before=AT + DAY, not_after=AT + YEAR),
            AT,
            TOO_EARLY,
        ),
        "authority-inside": (
            "the authority's certificate is valid for a day",
            _aging(not_before=AT - DAY, not_after=AT + DAY),
            AT,
            PASSED,
        ),
        "root-expired": ("the root itself expired", signed(), AT + 30 * YEAR, EXPIRED),
        "root-early": ("before there was a root", signed(), AT - 20 * YEAR, TOO_EARLY),
        "expired-stranger": (
            "expired, and never trusted",
            _by(pki.stranger, not_after=AT - DAY),
            AT,
            UNTRUSTED,
        ),
        "signed-earlier": (
            "valid when it was signed, as the document says, but not at the time that counts",
            _by(not_after=AT - DAY),
            AT + DAY,
            EXPIRED,
        ),
    }
    for name, (shows, file, at, answer) in cases.items():
        yield Vector(
            name=f"c-{name}", row=0 if answer is PASSED else 19, shows=shows, file=file, answer=answer, at=at
        )


def _list(name: str, make: Callable[[], bytes]) -> Material:
    return Material(name=f"{name}.crl", make=make)


def _of_root(*entries: Callable[[], x509.RevokedCertificate], **changes: Any) -> Callable[[], bytes]:
    return lambda: crl(pki.root(), *(entry() for entry in entries), **changes)


def _signer_revoked(**changes: Any) -> Callable[[], x509.RevokedCertificate]:
    return lambda: revoked(pki.signer()[0], **changes)


def _other_revoked() -> x509.RevokedCertificate:
    return revoked(pki.root().certificate)


def _pointed(points: list[x509.UniformResourceIdentifier]) -> Callable[[], bytes]:
    point = x509.DistributionPoint(full_name=points, relative_name=None, reasons=None, crl_issuer=None)
    return _by(extensions=((x509.CRLDistributionPoints([point]), False),))


_REASONS: Final = tuple(reason for reason in x509.ReasonFlags if reason.name != "remove_from_crl")
_GOOD_LIST: Final = _list("good", _of_root())


def _revoked() -> Iterator[Vector]:
    for reason in _REASONS:
        if reason is x509.ReasonFlags.unspecified:
            continue
        yield _asked(
            f"c-revoked-{reason.value.lower()}",
            f"revoked: {reason.value}",
            REVOKED,
            _of_root(_signer_revoked(reason=reason)),
        )
    for name, shows, answer, make in (
        ("revoked", "revoked, without a reason", REVOKED, _of_root(_signer_revoked())),
        ("revoked-now", "revoked at the very time", REVOKED, _of_root(_signer_revoked(since=AT))),
        ("revoked-later", "revoked a second later", PASSED, _of_root(_signer_revoked(since=AT + _SECOND))),
        (
            "revoked-on-later-list",
            "revoked before, known after",
            REVOKED,
            _of_root(_signer_revoked(since=AT - DAY), this_update=AT + 10 * DAY),
        ),
        (
            "revoked-on-stale-list",
            "revoked according to a list that is out of date",
            REVOKED,
            _of_root(_signer_revoked(since=AT - 40 * DAY), this_update=AT - 30 * DAY),
        ),
        ("revoked-other", "another certificate is revoked", PASSED, _of_root(_other_revoked)),
        (
            "revoked-many",
            "one of 5,000",
            REVOKED,
            lambda: crl(pki.root(), *_crowd(), revoked(pki.signer()[0])),
        ),
    ):
        yield _asked(f"c-{name}", shows, answer, make)


def _crowd() -> Iterator[x509.RevokedCertificate]:
    for number in range(1, 5001):
        yield x509.RevokedCertificateBuilder().serial_number(number).revocation_date(AT - DAY).build()


def _asked(
    name: str,
    shows: str,
    answer: Answer,
    *lists: Callable[[], bytes],
    file: Callable[[], bytes] | None = None,
) -> Vector:
    return Vector(
        name=name,
        row=0 if answer is PASSED else 20,
        shows=shows,
        file=file or signed(),
        answer=answer,
        lists=tuple(_list(f"{name}-{number}", make) for number, make in enumerate(lists)),
    )


def _forged(data: bytes) -> bytes:
    return data[:-8] + bytes(octet ^ 0xFF for octet in data[-8:])


def _bad_lists() -> Iterator[Vector]:
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\0")
    delta = x509.DeltaCRLIndicator(1)
    stranger_crl = lambda: crl(pki.stranger())  # noqa: E731 - one case of many
    some = frozenset({x509.ReasonFlags.key_compromise})
    cases: dict[str, tuple[str, Callable[[], bytes]]] = {
        "stale": ("the list is out of date", _of_root(this_update=AT - 30 * DAY)),
        "stale-second": ("the list was due a second ago", _of_root(next_update=AT - _SECOND)),
        "later": ("the list was issued later", _of_root(this_update=AT + DAY)),
        "forged": ("the list's signature is wrong", lambda: _forged(crl(pki.root()))),
        "stranger": ("the list is by an authority that has the root's name", stranger_crl),
        "other-issuer": ("the list is by another authority", lambda: crl(pki.authority())),
        "by-signer": (
            "the list is by the signer itself",
            lambda: crl(Authority(certificate=pki.signer()[0], key=pki.signer()[1])),
        ),
        "cas-only": (
            "the list is about authorities only",
            _of_root(extensions=scope(only_contains_ca_certs=True)),
        ),
        "attributes-only": (
            "the list is about attribute certificates",
            _of_root(extensions=scope(only_contains_attribute_certs=True)),
        ),
        "indirect": ("the list is indirect", _of_root(extensions=scope(indirect_crl=True))),
        "some-reasons": (
            "the list is about some reasons",
            _of_root(extensions=scope(only_some_reasons=some)),
        ),
        "other-point": (
            "the list is for another distribution point",
            _of_root(extensions=scope(full_name=_OTHER_URI)),
        ),
        "delta": ("the list is a delta", _of_root(extensions=((delta, True),))),
        "critical": (
            "the list has a critical extension that nobody knows",
            _of_root(extensions=((unknown, True),)),
        ),
        "sha224": ("the list is signed with SHA-224", _of_root(hash_=hashes.SHA224())),
        "text": ("the list is no list", lambda: b"text"),
        "certificate": (
            "the list is a certificate",
            lambda: pki.root().certificate.public_bytes(Encoding.DER),
        ),
        "empty": ("the list is empty", lambda: b""),
        "cut": ("the list ends early", lambda: crl(pki.root())[:-40]),
    }
    for name, (shows, make) in cases.items():
        yield _asked(f"r-{name}", shows, UNKNOWN, make)
    yield _asked(
        "r-forged-beside-good",
        "a forged list that revokes, beside a good one that does not",
        PASSED,
        lambda: _forged(crl(pki.root(), revoked(pki.signer()[0]))),
        _of_root(),
    )
    yield _asked(
        "r-stranger-revokes",
        "a stranger with the root's name revokes the certificate",
        PASSED,
        lambda: crl(pki.stranger(), revoked(pki.signer()[0])),
        _of_root(),
    )
    yield _asked(
        "r-newer-clears",
        "an older list revokes, a newer one does not any more",
        PASSED,
        _of_root(_signer_revoked(), this_update=AT - 3 * DAY),
        _of_root(),
    )
    yield _asked(
        "r-newer-revokes",
        "a newer list revokes, an older one did not",
        REVOKED,
        _of_root(this_update=AT - 3 * DAY),
        _of_root(_signer_revoked()),
    )
    yield _asked(
        "r-users-only",
        "a list about signers only",
        PASSED,
        _of_root(extensions=scope(only_contains_user_certs=True)),
    )
    yield _asked(
        "r-point",
        "a list for the certificate's distribution point",
        PASSED,
        _of_root(extensions=scope(full_name=_URI)),
        file=_pointed(_URI),
    )
    yield _asked(
        "r-point-other",
        "a list for another distribution point than the certificate's",
        UNKNOWN,
        _of_root(extensions=scope(full_name=_OTHER_URI)),
        file=_pointed(_URI),
    )
    yield _asked("r-pem", "a list in PEM", PASSED, _of_root(encoding=Encoding.PEM))
    yield _asked(
        "r-fresh",
        "a list that the authority issued with a clock ahead of ours",
        PASSED,
        _of_root(this_update=AT + timedelta(minutes=4)),
    )
    yield _asked("r-last-second", "the last second of a list", PASSED, _of_root(next_update=AT))


def _authorities() -> Iterator[Vector]:
    below = lambda: forge(Recipe(identity=below_authority()))  # noqa: E731 - one case of many
    own = _list("authority-own", lambda: crl(pki.authority()))
    root_good = _GOOD_LIST
    root_revokes = _list("authority-revoked", lambda: crl(pki.root(), revoked(pki.authority().certificate)))
    own_revokes = _list("below-revoked", lambda: crl(pki.authority(), revoked(below_authority()[0])))
    root_same_serial = _list("root-same-serial", lambda: crl(pki.root(), revoked(below_authority()[0])))
    users = _list("root-users-only", lambda: crl(pki.root(), extensions=scope(only_contains_user_certs=True)))
    for name, shows, lists, answer in (
        ("both-good", "a list of each authority", (own, root_good), PASSED),
        (
            "authority-revoked",
            "the intermediate authority is revoked",
            (own, root_revokes),
            AUTHORITY_REVOKED,
        ),
        ("leaf-revoked-below", "the intermediate revoked the signer", (own_revokes, root_good), REVOKED),
        ("both-revoked", "both are revoked", (own_revokes, root_revokes), REVOKED),
        ("only-leaf-known", "the root's list is missing", (own,), UNKNOWN),
        ("only-authority-known", "the intermediate's list is missing", (root_good,), UNKNOWN),
        (
            "wrong-authority-revokes",
            "the root names the signer's number, which the intermediate gave",
            (own, root_same_serial),
            PASSED,
        ),
        ("root-users-only", "the root's list is not about authorities", (own, users), UNKNOWN),
        (
            "authority-revoked-unknown-leaf",
            "the intermediate is revoked, the signer unknown",
            (root_revokes,),
            AUTHORITY_REVOKED,
        ),
    ):
        yield Vector(
            name=f"r-chain-{name}",
            row=0 if answer is PASSED else 20,
            shows=shows,
            file=below,
            answer=answer,
            intermediates=(AUTHORITY,),
            lists=lists,
        )
    yield Vector(
        name="r-untrusted-with-list",
        row=20,
        shows="a good list makes no stranger trusted",
        file=_by(pki.stranger),
        answer=UNTRUSTED,
        lists=(_GOOD_LIST,),
        intermediates=(STRANGER,),
    )


def vectors() -> Iterator[Vector]:
    """Yield them."""
    yield from _times()
    yield from _revoked()
    yield from _bad_lists()
    yield from _authorities()
