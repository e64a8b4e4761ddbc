"""What is held of lists and answers, and found again: one's own, those of another key, and those that came with a message."""

from dataclasses import replace

from certs.revocation_data import NOTHING, RevocationData
from tests.support import ocsp, pki
from tests.support.crl import crl, read

ROOT = pki.root().certificate
SIGNER = pki.signer()[0]
LISTED = read(crl(pki.root()))
ANSWER = ocsp.read(ocsp.answer(pki.root(), SIGNER))


def test_an_authoritys_own_list_is_not_that_of_another_key() -> None:
    """No list counts twice."""
    held = RevocationData(lists=(LISTED,))

    assert held.own_lists(ROOT) == (LISTED,)
    assert held.other_lists(ROOT, above=None, at=pki.AT) == ()


def test_a_list_of_which_nobody_knows_the_signer() -> None:
    """It is nobody's."""
    held = RevocationData(lists=(replace(LISTED, authority="another", signer=None),))

    assert held.other_lists(ROOT, above=ROOT, at=pki.AT) == ()


def test_what_is_held_beside_counts_as_what_came() -> None:
    """Whichever of the two something is in, it is found."""
    elsewhere = replace(LISTED, authority="another")
    held = RevocationData(lists=(elsewhere, LISTED), responses=(ANSWER,))
    came = RevocationData(lists=(replace(elsewhere, sha256="came"),))
    both = held.joined(came)

    assert both.own_lists(ROOT) == (LISTED,)
    assert [each.sha256 for each in both.other_lists(ROOT, above=None, at=pki.AT)] == [
        "came",
        LISTED.sha256,
    ]
    assert both.answers(ROOT, SIGNER.serial_number) == (ANSWER,)
    assert both.answers(ROOT, 1) == ()


def test_there_is_something_if_only_beside() -> None:
    """Nothing that came does not hide what is held."""
    held = RevocationData(lists=(LISTED,))

    assert held.joined(NOTHING) is held
    assert RevocationData(beside=held)
    assert not RevocationData(beside=NOTHING)
