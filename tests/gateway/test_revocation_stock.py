"""What is kept of revocation: verified, never replaced by anything older, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs.errors import BadTrustBundleError
from certs.revocation import Revocation
from certs.trust import Trust
from gateway.errors_revocation import OlderListError
from gateway.ports.revocation import Origin
from gateway.revocation_stock import FolderStock
from tests.support import pki
from tests.support.crl import crl, revoked, scope
from tests.support.ocsp import REVOKED, answer
from tests.support.signing import forge, judge
from tests.support.trust_folder import FolderTrust

AT, DAY = pki.AT, pki.DAY
ROOT = pki.root()
SIGNER = pki.signer()[0]
TRUST = Trust(anchors=pki.anchored(ROOT.certificate))


def numbered(
    value: int, *entries: x509.RevokedCertificate, days: int = 0, encoding: Encoding = Encoding.DER
) -> bytes:
    """Return a list of the root with a number, issued so many days before the others."""
    extensions = ((x509.CRLNumber(value), False),)
    return crl(ROOT, *entries, this_update=AT - (1 + days) * DAY, extensions=extensions, encoding=encoding)


@pytest.fixture
def stock(tmp_path: Path) -> FolderStock:
    """Lend an empty stock."""
    return FolderStock(tmp_path)


async def test_newer_replaces_older(stock: FolderStock, tmp_path: Path) -> None:
    """Of one authority and scope there is one file: the newest. The same again changes nothing."""
    (first,) = await stock.keep(numbered(1, days=1), trust=TRUST, source="import")
    assert (first.kind, first.number, first.changed) == ("crl", 1, True)
    newest = numbered(2)
    (second,) = await stock.keep(newest, trust=TRUST, source="http://x/")
    (again,) = await stock.keep(newest, trust=TRUST, source="import")

    assert (second.changed, again.changed) == (True, False)
    (file,) = tmp_path.glob("kept-*.crl")
    assert file.read_bytes() == newest
    assert await stock.sources() == {second.sha256: "http://x/"}


@pytest.mark.parametrize(
    "older",
    [numbered(2, days=1), numbered(1, days=-1), numbered(3, days=2), crl(ROOT, this_update=AT - 9 * DAY)],
    ids=["date", "number", "date although number", "no number"],
)
async def test_older_replaces_nothing(stock: FolderStock, tmp_path: Path, older: bytes) -> None:
    """Neither an older date nor a smaller number gets in the way of what is held, kept or the operator's."""
    newest = numbered(2, revoked(SIGNER))
    await stock.keep(newest, trust=TRUST, source="import")
    with pytest.raises(OlderListError, match="Something newer"):
        await stock.keep(older, trust=TRUST, source="import")
    (file,) = tmp_path.glob("kept-*.crl")
    assert file.read_bytes() == newest
    file.unlink()
    operators = Trust.from_pem(ROOT.certificate.public_bytes(Encoding.PEM), lists=[newest])
    with pytest.raises(OlderListError):
        await stock.keep(older, trust=operators, source="import")


async def test_each_scope_has_its_own(stock: FolderStock, tmp_path: Path) -> None:
    """Lists of other scopes, delta lists and answers stand beside each other."""
    users = crl(ROOT, extensions=scope(only_contains_user_certs=True))
    delta = crl(ROOT, extensions=((x509.CRLNumber(3), False), (x509.DeltaCRLIndicator(2), True)))
    said = [answer(ROOT, each) for each in (SIGNER, pki.certificate(ROOT))]
    for data in (numbered(2), users, delta, *said):
        await stock.keep(data, trust=TRUST, source="import")

    assert len(list(tmp_path.glob("kept-*.crl"))) == 3
    assert len(list(tmp_path.glob("kept-*.ocsp"))) == 2


@pytest.mark.parametrize(
    "data",
    [
        crl(pki.stranger()),
        answer(pki.stranger(), SIGNER),
        b"junk",
        b"",
        b"0",
        crl(ROOT)[:-1],
        b"\x30\x03\x0a\x01\x03",
    ],
    ids=range(7),
)
async def test_what_is_not_verified_is_not_written(stock: FolderStock, tmp_path: Path, data: bytes) -> None:
    """Whatever cannot be verified leaves no trace."""
    with pytest.raises(BadTrustBundleError):
        await stock.keep(data, trust=TRUST, source="import")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("kept-")] == []


async def test_all_of_a_file_or_nothing(stock: FolderStock, tmp_path: Path) -> None:
    """One bad list in a file refuses the others."""
    bad = crl(pki.stranger(), encoding=Encoding.PEM)
    with pytest.raises(BadTrustBundleError):
        await stock.keep(numbered(1, encoding=Encoding.PEM) + bad, trust=TRUST, source="import")
    assert list(tmp_path.glob("kept-*")) == []
    both = numbered(2, encoding=Encoding.PEM) + numbered(1, days=1, encoding=Encoding.PEM)
    kept = await stock.keep(both, trust=TRUST, source="import")
    assert [each.number for each in kept] == [1, 2]
    (file,) = tmp_path.glob("kept-*")
    assert file.read_bytes()[:1] == b"\x30"


async def test_every_process_takes_it_over(stock: FolderStock, tmp_path: Path) -> None:
    """What is kept is read with the operator's own files; if its authority is gone it counts for nothing and breaks nothing."""
    (tmp_path / "root.pem").write_bytes(ROOT.certificate.public_bytes(Encoding.PEM))
    source = FolderTrust(tmp_path, revocation=Revocation.SOFT)
    await stock.keep(answer(ROOT, SIGNER, REVOKED), trust=source.trust(), source="import")
    await stock.keep(numbered(1), trust=source.trust(), source="import")
    assert source.look()
    assert (len(source.trust().lists), len(source.trust().responses)) == (1, 1)
    assert [error.code for error in judge(forge(), trust=source.trust()).errors] == [
        "certs.certificate_revoked"
    ]

    (tmp_path / "root.pem").write_bytes(pki.authority().certificate.public_bytes(Encoding.PEM))
    assert source.look()
    assert (source.trust().lists, source.trust().responses, source.problem) == ((), (), "")
    (tmp_path / "operators.crl").write_bytes(numbered(1))
    assert not source.look()
    assert "operators.crl" in source.problem


async def test_records(stock: FolderStock, tmp_path: Path) -> None:
    """What is known of addresses outlives the process; a file of records that is broken is begun anew."""
    one = Origin(url="http://x/1.crl", etag='"1"', tried_at=AT, due_at=AT + DAY, wanted_at=AT)
    two = Origin(url="http://x/ocsp", question="30", wanted_at=AT)
    await stock.record(one, two)
    assert set(await FolderStock(tmp_path).origins()) == {one, two}
    await stock.forget(two)
    assert await stock.origins() == (one,)
    (tmp_path / "revocation.json").write_text("{")
    assert await stock.origins() == ()
    await stock.record(two)
    assert await stock.origins() == (two,)


async def test_one_fetches_at_a_time(stock: FolderStock, tmp_path: Path) -> None:
    """While one process fetches another one does not; afterwards it may."""
    other = FolderStock(tmp_path)
    async with stock.turn() as is_ours:
        assert is_ours
        async with other.turn() as is_theirs:
            assert not is_theirs
    async with other.turn() as is_theirs:
        assert is_theirs
