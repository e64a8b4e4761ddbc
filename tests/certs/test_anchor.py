"""Anchors are relied upon for a use and for a time, and the path builder keeps to it."""

from datetime import datetime

import pytest

from certs.anchor import Anchor, Usage, Window
from certs.chain import find_path, required_of
from certs.errors import NoTrustAnchorsError, UntrustedCertificateError
from certs.revocation import Revocation
from certs.trust import Trust
from tests.support import pki

ROOT = pki.root().certificate
LEAF = pki.signer()[0]


def _trust(anchor: Anchor, *more: Anchor) -> Trust:
    return Trust(anchors=(anchor, *more))


@pytest.mark.parametrize(
    ("start", "end", "is_relied_upon"),
    [
        (None, None, True),
        (pki.AT, None, True),
        (None, pki.AT, False),
        (pki.AT + pki.DAY, None, False),
        (pki.AT - pki.DAY, pki.AT + pki.DAY, True),
    ],
)
def test_the_window_is_half_open(start: datetime | None, end: datetime | None, is_relied_upon: bool) -> None:
    """An anchor counts from its first instant up to, and not with, its last."""
    anchor = Anchor(certificate=ROOT, trusted_from=start, trusted_until=end)
    assert anchor.serves(Usage.SIGNATURE, pki.AT) is is_relied_upon
    assert bool(_trust(anchor).anchors_for(Usage.SIGNATURE, pki.AT)) is is_relied_upon


def test_a_path_known_from_before_ends_with_its_window() -> None:
    """What was found while an anchor counted is not used once it does not."""
    trust = _trust(
        Anchor(certificate=ROOT, trusted_until=pki.AT + pki.DAY),
        Anchor(certificate=pki.stranger().certificate),
    )
    assert find_path(LEAF, (), trust=trust, at=pki.AT)[-1] == ROOT
    with pytest.raises(UntrustedCertificateError):
        find_path(LEAF, (), trust=trust, at=pki.AT + pki.DAY)


def test_an_anchor_for_timestamps_is_none_for_signatures() -> None:
    """A time-stamping authority's root says nothing of who signed a document."""
    trust = _trust(Anchor(certificate=ROOT, usages=frozenset({Usage.TIMESTAMP})))
    with pytest.raises(NoTrustAnchorsError):
        find_path(LEAF, (), trust=trust, at=pki.AT)


def test_an_anchor_can_demand_more_than_the_trust() -> None:
    """The terms of the anchor go before those of the trust."""
    path = find_path(LEAF, (), trust=pki.trust(), at=pki.AT)
    assert required_of(path, trust=pki.trust()) is Revocation.SOFT
    strict = _trust(Anchor(certificate=ROOT, revocation=Revocation.REQUIRE))
    assert required_of(path, trust=strict) is Revocation.REQUIRE


def test_the_terms_are_part_of_the_version() -> None:
    """Two trusts with the same certificates on other terms are not the same."""
    anchors = (
        Anchor(certificate=ROOT),
        Anchor(certificate=ROOT, usages=frozenset({Usage.SIGNATURE})),
        Anchor(certificate=ROOT, trusted_until=pki.AT),
        Anchor(certificate=ROOT, trusted_from=pki.AT),
        Anchor(certificate=ROOT, revocation=Revocation.OFF),
        Anchor(certificate=ROOT, codes=("H26",)),
    )
    assert len({_trust(anchor).version for anchor in anchors}) == len(anchors)


def test_terms_of_a_stranger() -> None:
    """What is no anchor has no terms."""
    with pytest.raises(KeyError):
        pki.trust().terms_of(pki.stranger().certificate)


AUTHORITY = pki.authority()
BELOW = pki.certificate(AUTHORITY)


def test_a_path_leads_through_an_intermediate_only_in_its_window() -> None:
    """Outside it nothing does, whether the intermediate is held or comes with the message, or did so before."""
    window = Window(certificate=AUTHORITY.certificate, trusted_until=pki.AT + pki.DAY)
    bare = Trust(anchors=pki.anchored(ROOT), windows=(window,))
    holding = Trust(anchors=pki.anchored(ROOT), intermediates=(AUTHORITY.certificate,), windows=(window,))
    for trust, brought in (
        (bare, (AUTHORITY.certificate,)),
        (holding, ()),
        (holding, (AUTHORITY.certificate,)),
    ):
        assert find_path(BELOW, brought, trust=trust, at=pki.AT) == (BELOW, AUTHORITY.certificate, ROOT)
        with pytest.raises(UntrustedCertificateError):
            find_path(BELOW, brought, trust=trust, at=pki.AT + pki.DAY)


@pytest.mark.parametrize(
    ("start", "end", "holds"),
    [
        (None, None, True),
        (pki.AT, None, True),
        (None, pki.AT, False),
        (pki.AT + pki.DAY, None, False),
        (pki.AT - pki.DAY, pki.AT + pki.DAY, True),
    ],
)
def test_the_window_of_an_intermediate(start: datetime | None, end: datetime | None, holds: bool) -> None:
    """It is half-open too, and part of the version."""
    window = Window(certificate=AUTHORITY.certificate, trusted_from=start, trusted_until=end)
    trust = Trust(anchors=pki.anchored(ROOT), windows=(window,))
    assert trust.barred(pki.AT) == (frozenset() if holds else {AUTHORITY.certificate})
    assert trust.version != pki.trust().version


def test_the_number_is_no_part_of_the_version() -> None:
    """The same trust from another version of the store is the same trust."""
    assert Trust(anchors=pki.anchored(ROOT), number=7).version == pki.trust().version
