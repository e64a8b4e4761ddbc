"""A revoked authority gives way to another certificate of it only if everything on that way is known to be good."""

from __future__ import annotations

from functools import partial

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs.chain import choose_path, find_path, revocation_of
from certs.detours import around_revoked
from certs.indication import Indication, SubIndication
from certs.issue import new_root
from certs.known_paths import CertificatePath
from certs.revocation import Revocation, RevocationData, Standing, Status
from certs.trust import Trust
from certs.verdict import Verdict
from tests.support import pki
from tests.support.crl import crl, read, revoked
from tests.support.signing import Recipe, forge, judge, refused

AT = pki.AT
ROOT = pki.root()
OTHER = new_root("Gốc khác", AT - pki.YEAR)
BELOW = pki.authority()
CROSS = pki.certificate(
    OTHER,
    name=BELOW.certificate.subject,
    public_key=BELOW.key,
    is_authority=True,
    key_usage=pki.usage("key_cert_sign", "crl_sign"),
)
LEAF = pki.certificate(BELOW)
SUPERSEDED = x509.ReasonFlags.superseded


def verdict(*lists: bytes, held: tuple[x509.Certificate, ...] = (BELOW.certificate, CROSS)) -> Verdict:
    """Judge a document whose signer has an authority with two certificates."""
    bundles = [each.public_bytes(Encoding.PEM) for each in (ROOT.certificate, OTHER.certificate, *held)]
    trust = Trust.from_pem(*bundles, lists=lists, revocation=Revocation.REQUIRE)
    return judge(forge(Recipe(identity=(LEAF, pki.key()))), trust=trust)


@pytest.mark.parametrize("order", [(BELOW.certificate, CROSS), (CROSS, BELOW.certificate)], ids=["a", "b"])
@pytest.mark.parametrize("bad", [BELOW.certificate, CROSS], ids=["first", "cross"])
def test_another_way(bad: x509.Certificate, order: tuple[x509.Certificate, ...]) -> None:
    """Whichever of the two certificates is revoked, the other one leads to its own anchor."""
    entry = revoked(bad, reason=SUPERSEDED)
    lists = (
        crl(ROOT, *([entry] if bad is BELOW.certificate else [])),
        crl(OTHER, *([entry] if bad is CROSS else [])),
    )
    found = verdict(*lists, crl(BELOW), held=order)
    assert found.indication is Indication.TOTAL_PASSED
    expected = OTHER if bad is BELOW.certificate else ROOT
    assert found.signer is not None
    assert found.signer.anchor_sha256 == found.chain[-1]
    assert len(found.chain) == 3
    assert found.chain[-1] != found.chain[1]
    assert expected.certificate.subject != bad.issuer


@pytest.mark.parametrize("bad", [BELOW.certificate, CROSS], ids=["first", "cross"])
def test_another_way_by_what_came_along(bad: x509.Certificate) -> None:
    """Where nothing is held, lists that came with the message lead round a revoked authority as well."""
    bundles = (ROOT.certificate, OTHER.certificate, BELOW.certificate, CROSS)
    trust = Trust.from_pem(
        *(each.public_bytes(Encoding.PEM) for each in bundles), revocation=Revocation.REQUIRE
    )
    entry = revoked(bad, reason=SUPERSEDED)
    came = (
        read(crl(ROOT, *([entry] if bad is BELOW.certificate else []))),
        read(crl(OTHER, *([entry] if bad is CROSS else [])), OTHER.certificate),
        read(crl(BELOW), BELOW.certificate),
    )

    path = choose_path([LEAF], (), trust=trust, at=AT, came_with=RevocationData(lists=came))
    assert len(path) == 3
    assert bad not in path


def test_no_other_way() -> None:
    """Both revoked, or nothing known of the other: the revoked one refuses."""
    both = (crl(ROOT, revoked(BELOW.certificate)), crl(OTHER, revoked(CROSS)), crl(BELOW))
    refused(verdict(*both), "authority_revoked")
    silent = verdict(crl(ROOT, revoked(BELOW.certificate)), crl(BELOW))
    assert silent.indication is Indication.INDETERMINATE
    assert silent.sub_indication in {SubIndication.REVOKED_CA_NO_POE, SubIndication.TRY_LATER}
    only = verdict(crl(ROOT, revoked(BELOW.certificate)), crl(BELOW), held=(BELOW.certificate,))
    refused(only, "authority_revoked")


def around(*lists: bytes) -> list[CertificatePath]:
    """Return the ways around what is revoked between the signer and the first root."""
    bundles = [each.public_bytes(Encoding.PEM) for each in (ROOT.certificate, OTHER.certificate)]
    bundles += [each.public_bytes(Encoding.PEM) for each in (BELOW.certificate, CROSS)]
    trust = Trust.from_pem(*bundles, lists=lists)
    look = partial(revocation_of, trust=trust, at=AT)
    search = partial(find_path, others=(), trust=trust, at=AT)
    return list(around_revoked((LEAF, BELOW.certificate, ROOT.certificate), look=look, search=search))


def test_which_ways_there_are() -> None:
    """Only around a revoked authority, only where all is known to be good, and never by way of a stolen key."""
    listed = crl(ROOT, revoked(BELOW.certificate, reason=SUPERSEDED))
    stolen = [
        crl(ROOT, revoked(BELOW.certificate, reason=reason))
        for reason in (x509.ReasonFlags.key_compromise, x509.ReasonFlags.ca_compromise)
    ]

    assert around(listed, crl(OTHER), crl(BELOW)) == [(LEAF, CROSS, OTHER.certificate)]
    assert around(crl(ROOT), crl(OTHER), crl(BELOW)) == []
    assert around(listed, crl(BELOW)) == []
    assert around(listed, crl(OTHER)) == []
    assert around(listed, crl(OTHER, revoked(CROSS)), crl(BELOW)) == []
    assert [around(each, crl(OTHER), crl(BELOW)) for each in stolen] == [[], []]
    assert around(listed, crl(OTHER), crl(BELOW, revoked(LEAF))) == []


def test_where_nothing_is_searched() -> None:
    """Without an authority in between there is no way round, nor where nobody or the signer is revoked."""
    good, bad = (Status(standing=standing) for standing in (Standing.GOOD, Standing.REVOKED))
    path = (LEAF, BELOW.certificate, ROOT.certificate)

    def search(leaf: x509.Certificate, *, without: frozenset[x509.Certificate]) -> CertificatePath:
        raise AssertionError(leaf, without)

    def ways(path: CertificatePath, *statuses: Status) -> list[CertificatePath]:
        return list(around_revoked(path, look=lambda _: statuses, search=search))

    assert ways(path, good, good) == ways(path, bad, good) == ways(path, bad, bad) == []
    assert list(around_revoked(path[::2], look=search, search=search)) == []  # type: ignore[arg-type]  # not called


def test_revoked_signer() -> None:
    """A revoked signer is revoked on every way."""
    lists = (crl(ROOT, revoked(BELOW.certificate)), crl(OTHER), crl(BELOW, revoked(LEAF)))
    assert verdict(*lists).indication is Indication.INDETERMINATE
