"""How much must be known of revocation is said for each anchor."""

from __future__ import annotations

import pytest

from certs.anchor import Anchor
from certs.indication import Indication, SubIndication
from certs.issue import new_root
from certs.revocation import Revocation
from certs.revocation_list import RevocationList
from certs.trust import Trust
from tests.support import pki
from tests.support.crl import crl, revoked
from tests.support.signing import Recipe, codes, forge, judge, refused

ROOT, OTHER = pki.root(), new_root("Gốc khác", pki.AT - pki.YEAR)
SIGNERS = {name: pki.certificate(root) for name, root in (("root", ROOT), ("other", OTHER))}


def trust(*lists: bytes, root: Revocation | None, other: Revocation | None, usual: Revocation) -> Trust:
    """Return a trust in two roots on terms of their own."""
    held = (ROOT.certificate, OTHER.certificate)
    return Trust(
        anchors=(
            Anchor(certificate=ROOT.certificate, revocation=root),
            Anchor(certificate=OTHER.certificate, revocation=other),
        ),
        lists=tuple(each for data in lists for each in RevocationList.read(data, issuers=held)),
        revocation=usual,
    )


def signed(who: str) -> bytes:
    """Return a document signed below one of the roots."""
    return forge(Recipe(identity=(SIGNERS[who], pki.key())))


@pytest.mark.parametrize("usual", Revocation)
def test_nothing_known(usual: Revocation) -> None:
    """Below an anchor that requires it nothing passes unknown, below a soft one it passes and says so, and `off` says nothing."""
    required = judge(signed("root"), trust=trust(root=Revocation.REQUIRE, other=None, usual=usual))
    refused(required, "revocation_unknown")
    assert required.sub_indication is SubIndication.TRY_LATER

    soft = judge(signed("root"), trust=trust(root=Revocation.SOFT, other=Revocation.REQUIRE, usual=usual))
    assert soft.indication is Indication.TOTAL_PASSED
    facts = soft.facts()
    assert facts["revocation"] == [
        {"certificate_sha256": soft.chain[0], "status": "unknown", "why": "missing"}
    ]
    noticed = [each.code for each in (*soft.warnings, *soft.notes)]
    assert "certs.revocation_unknown" in noticed

    off = judge(signed("root"), trust=trust(root=Revocation.OFF, other=Revocation.REQUIRE, usual=usual))
    assert off.indication is Indication.TOTAL_PASSED
    assert "revocation" not in off.facts()
    assert "certs.revocation_unknown" not in [each.code for each in (*off.warnings, *off.notes)]


def test_anchor_without_terms() -> None:
    """An anchor that says nothing follows the trust."""
    for usual, expected in (
        (Revocation.REQUIRE, Indication.INDETERMINATE),
        (Revocation.SOFT, Indication.TOTAL_PASSED),
        (Revocation.OFF, Indication.TOTAL_PASSED),
    ):
        found = judge(signed("other"), trust=trust(root=Revocation.REQUIRE, other=None, usual=usual))
        assert found.indication is expected


def test_revoked() -> None:
    """A revoked certificate is refused below every anchor but one for which nobody wants to know."""
    lists = (crl(ROOT, revoked(SIGNERS["root"])),)
    for mode in (Revocation.REQUIRE, Revocation.SOFT):
        refused(
            judge(signed("root"), trust=trust(*lists, root=mode, other=None, usual=Revocation.OFF)),
            "certificate_revoked",
        )
    off = judge(
        signed("root"), trust=trust(*lists, root=Revocation.OFF, other=None, usual=Revocation.REQUIRE)
    )
    assert codes(off) == []


def test_two_anchors_side_by_side() -> None:
    """The list of one root says nothing about what the other one issued."""
    held = trust(crl(ROOT), root=Revocation.REQUIRE, other=Revocation.REQUIRE, usual=Revocation.SOFT)
    assert judge(signed("root"), trust=held).indication is Indication.TOTAL_PASSED
    assert judge(signed("other"), trust=held).sub_indication is SubIndication.TRY_LATER
    assert held.wants_revocation
    assert not trust(root=Revocation.OFF, other=None, usual=Revocation.OFF).wants_revocation


def test_what_was_not_known_is_noted() -> None:
    """Whose revocation was not known is noted once, with its issuer, and only below anchors where somebody wants to know."""
    held = trust(root=Revocation.SOFT, other=Revocation.OFF, usual=Revocation.SOFT)
    for _ in range(3):
        judge(signed("root"), trust=held)
        judge(signed("other"), trust=held)
    assert held.sought.take() == ((SIGNERS["root"], ROOT.certificate),)
    assert held.sought.take() == ()
    known = trust(crl(ROOT), root=Revocation.REQUIRE, other=None, usual=Revocation.OFF)
    judge(signed("root"), trust=known)
    assert known.sought.take() == ()
