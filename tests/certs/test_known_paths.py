"""What was found good is found again without a search, but only while it is good."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certs.chain import find_path
from certs.errors import CertificateExpiredError, CertificateNotYetValidError, UntrustedCertificateError
from certs.issue import issue
from certs.known_paths import MOST, KnownPaths
from certs.trust import Trust
from tests.support import pki
from tests.support.pki import AT, DAY, YEAR


def _trust() -> Trust:
    return Trust(anchors=pki.anchored(pki.root().certificate), intermediates=(pki.authority().certificate,))


def test_a_known_path_is_the_path() -> None:
    """The second answer is the first, whatever else came with the message the first time."""
    trust, (leaf, _) = _trust(), pki.signer()
    first = find_path(leaf, (), trust=trust, at=AT)

    assert find_path(leaf, (), trust=trust, at=AT + DAY) is first
    assert find_path(leaf, (pki.stranger().certificate,), trust=trust, at=AT) == first


def test_knowledge_ends_with_validity() -> None:
    """A path that was good yesterday is refused as if it had never been seen, before and after its time."""
    trust, (leaf, _) = _trust(), pki.signer()
    find_path(leaf, (), trust=trust, at=AT)

    with pytest.raises(CertificateExpiredError):
        find_path(leaf, (), trust=trust, at=AT + 2 * YEAR)
    with pytest.raises(CertificateNotYetValidError):
        find_path(leaf, (), trust=trust, at=AT - 2 * YEAR)


@given(st.integers(-3 * 365, 12 * 365))
def test_knowing_changes_no_answer(days: int) -> None:
    """At any moment a trust that knows the path says what one that does not says."""
    leaf, _ = issue(
        pki.authority(),
        subject_common_name="x",
        not_before=AT - YEAR,
        not_after=AT + 20 * YEAR,
        subject_serial_number="x",
    )
    knowing, at = _trust(), AT + timedelta(days=days)
    find_path(leaf, (), trust=knowing, at=AT)

    def answer(trust: Trust) -> object:
        try:
            return find_path(leaf, (), trust=trust, at=at)
        except (CertificateExpiredError, CertificateNotYetValidError) as error:
            return type(error)

    assert answer(knowing) == answer(_trust())


def test_another_trust_knows_nothing() -> None:
    """What is known under one trust is nothing under another."""
    leaf, _ = pki.signer()
    find_path(leaf, (), trust=_trust(), at=AT)

    with pytest.raises(UntrustedCertificateError):
        find_path(leaf, (), trust=Trust(anchors=pki.anchored(pki.stranger().certificate)), at=AT)


def test_what_is_not_known() -> None:
    """Nothing is known of what was never added, at no moment at all."""
    for at in (AT, datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)):
        assert KnownPaths().get("x", at) is None


def test_there_is_an_end_to_knowing() -> None:
    """Its size is bounded, and what is new is known."""
    known, (leaf, _) = KnownPaths(), pki.signer()
    for number in range(3 * MOST):
        known.add(number, (leaf,))

    found = [number for number in range(3 * MOST) if known.get(number, AT)]
    assert len(found) <= MOST
    assert found[-1] == 3 * MOST - 1
