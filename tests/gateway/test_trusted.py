"""What is relied upon, at one version: its hash, and what of it ends when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from hypothesis import given
from hypothesis import strategies as st

from certs.admission import Role
from certs.anchor import Usage
from certs.revocation import Revocation
from gateway.trusted import Terms, Trusted, TrustVersion, content_sha256, expiring
from tests.support import pki
from tests.support.store_samples import NOON

ROOT = pki.root().certificate
AUTHORITY = pki.authority().certificate
DAY = timedelta(days=1)


def held(
    terms: Terms, *, certificate: x509.Certificate = ROOT, actor: str = "a", reason: str = ""
) -> Trusted:
    """Return a certificate that is relied upon on these terms."""
    return Trusted(
        sha256=certificate.fingerprint(hashes.SHA256()).hex(),
        certificate=certificate,
        role=Role.ANCHOR,
        terms=terms,
        reason=reason,
        actor=actor,
        changed_at=NOON,
        since_version=1,
    )


def test_the_end_is_whichever_comes_first() -> None:
    """The validity of the certificate or the end of our trust."""
    end = ROOT.not_valid_after_utc
    assert held(Terms()).ends_at == end
    assert held(Terms(trusted_until=end - DAY)).ends_at == end - DAY
    assert held(Terms(trusted_until=end + DAY)).ends_at == end


def test_what_is_to_be_watched() -> None:
    """What is not retired, the first to end first; what has run out by itself still wants to be dealt with."""
    retired = held(Terms(trusted_until=NOON))
    soon = held(Terms(trusted_until=NOON + 10 * DAY), certificate=pki.stranger().certificate)
    later = held(Terms(), certificate=AUTHORITY)
    version = TrustVersion(version=1, sha256="", certificates=(later, retired, soon))

    assert version.to_watch(NOON) == (soon, later)
    assert expiring(version, NOON, days=10) == ()
    assert expiring(version, NOON, days=11) == expiring(version, NOON) == (soon,)
    end = AUTHORITY.not_valid_after_utc
    assert expiring(version, end - 60 * DAY) == ()
    assert expiring(version, end - 59 * DAY) == expiring(version, end + DAY) == (later,)


_MOMENTS = st.none() | st.datetimes(timezones=st.just(UTC), min_value=datetime(2000, 1, 1))  # noqa: DTZ001 - Hypothesis adds the zone
_TERMS = st.builds(
    Terms,
    usages=st.frozensets(st.sampled_from(Usage), min_size=1),
    trusted_from=_MOMENTS,
    trusted_until=_MOMENTS,
    revocation=st.none() | st.sampled_from(Revocation),
    codes=st.lists(st.sampled_from(("H26", "G22", "H53.1"))).map(tuple),
    note=st.text(max_size=10),
)


@given(one=_TERMS, other=_TERMS, reason=st.text(max_size=5))
def test_the_hash_is_of_everything_that_counts(one: Terms, other: Terms, reason: str) -> None:
    """Two contents have one hash exactly if they are the same, in whatever order and whoever made them."""
    second = replace(held(Terms(), certificate=AUTHORITY), role=Role.INTERMEDIATE)
    assert content_sha256([held(one), second]) == content_sha256([second, held(one, actor="b")])
    assert (content_sha256([held(one)]) == content_sha256([held(other)])) == (one == other)
    assert (content_sha256([held(one)]) == content_sha256([held(one, reason=reason)])) == (reason == "")
