"""Which of the lists that are held speak at a moment, and what each kind of them can be replaced by."""

from dataclasses import replace

from cryptography import x509

from certs.lists_at import ListsAt, current_lists
from certs.revocation_data import RevocationData
from certs.revocation_list import RevocationList
from certs.rules import RevocationGap
from certs.standing import Standing
from tests.support import pki
from tests.support.crl import crl, read, revoked, scope

AT, DAY = pki.AT, pki.DAY
ROOT = pki.root()
SIGNER = pki.signer()[0]


def _delta(*, number: int = 2, **changes: object) -> RevocationList:
    """Return a delta list that revokes the signer."""
    extensions = ((x509.CRLNumber(number), False), (x509.DeltaCRLIndicator(1), True))
    return read(crl(ROOT, revoked(SIGNER), extensions=extensions, **changes))  # type: ignore[arg-type]  # the call checks


def _complete(number: int | None, **changes: object) -> RevocationList:
    extensions = ((x509.CRLNumber(number), False),) if number is not None else ()
    return read(crl(ROOT, extensions=extensions, **changes))  # type: ignore[arg-type]  # the call checks


def _is_revoked(*lists: RevocationList) -> bool:
    return bool(list(ListsAt(lists, at=AT, known=AT).revoked(SIGNER.serial_number)))


def _gaps(*lists: RevocationList) -> list[RevocationGap | None]:
    return [status.gap for status in ListsAt(lists, at=AT, known=AT).gaps(SIGNER)]


def test_the_fresher_of_two_scopes_is_named() -> None:
    """Where several lists make a certificate good, the newest of them is the source."""
    users = read(crl(ROOT, extensions=scope(only_contains_user_certs=True), this_update=AT - 2 * DAY))
    everybody = _complete(1, this_update=AT - DAY)

    for held in ((users, everybody), (everybody, users)):
        (found,) = ListsAt(held, at=AT, known=AT).good(SIGNER)
        assert (found.standing, found.source) == (Standing.GOOD, everybody)


def test_what_comes_later_is_told_only_if_it_could_help() -> None:
    """A delta list makes nobody good, nor does a list about others."""
    authorities = scope(only_contains_ca_certs=True)
    late = AT + DAY

    assert _gaps(_complete(1, this_update=late)) == [RevocationGap.NOT_YET]
    assert _gaps(_delta(this_update=late)) == []
    assert _gaps(read(crl(ROOT, this_update=late, extensions=authorities))) == []
    assert _gaps(read(crl(ROOT, this_update=AT - 9 * DAY, extensions=authorities))) == []


def test_what_replaces_a_delta_list() -> None:
    """Only a complete list of the same authority and scope that is not older, by date and by number."""
    delta = _delta(this_update=AT - DAY)
    newer = _complete(3, this_update=AT)

    assert not _is_revoked(delta, newer)
    assert not _is_revoked(delta, _complete(None, this_update=AT))
    assert _is_revoked(delta, _complete(1, this_update=AT))
    assert _is_revoked(delta, replace(newer, authority="another"))
    assert _is_revoked(delta, _complete(3, this_update=AT - 2 * DAY))
    others = read(crl(ROOT, this_update=AT, extensions=scope(only_contains_ca_certs=True)))
    assert _is_revoked(delta, others)


def test_lists_without_a_number() -> None:
    """They are older than any of the same second that has one, and no number is higher than theirs."""
    plain, numbered = _complete(None), _complete(5)
    older = _complete(None, this_update=AT - 2 * DAY)

    assert current_lists([plain, numbered], at=AT) == [numbered]
    assert current_lists([older, numbered], at=AT) == [numbered]


def test_delta_lists_are_not_current() -> None:
    """What must be fetched again is said by complete lists."""
    complete = _complete(1)

    assert current_lists([_delta(this_update=AT), complete], at=AT) == [complete]
    assert RevocationData(lists=(complete,)).own_lists(ROOT.certificate) == (complete,)
