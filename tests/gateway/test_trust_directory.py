"""The folder of trust anchors: what it holds is in force a moment later, unless it is broken."""

import asyncio
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs.errors import BadTrustBundleError
from certs.errors_revocation import BadRevocationListError
from certs.revocation import Revocation
from gateway.ports import TrustSource
from gateway.trust_directory import DirectoryTrust
from tests.support import pki
from tests.support.crl import crl, revoked

ROOT = pki.root().certificate
AUTHORITY = pki.authority().certificate
STRANGER = pki.stranger().certificate


def put(folder: Path, name: str, *certificates: x509.Certificate, encoding: Encoding = Encoding.PEM) -> None:
    """Write a bundle as an operator's tool does: aside, then renamed."""
    draft = folder / "draft"
    draft.write_bytes(b"".join(certificate.public_bytes(encoding) for certificate in certificates))
    draft.rename(folder / name)


@pytest.fixture
def source(tmp_path: Path) -> DirectoryTrust:
    """Lend a source over a folder that trusts one root."""
    put(tmp_path, "root.pem", ROOT)
    return DirectoryTrust(tmp_path)


def test_reads_all_bundles(tmp_path: Path) -> None:
    """PEM and DER files count, several certificates in one too; other files do not."""
    put(tmp_path, "root.crt", ROOT, encoding=Encoding.DER)
    put(tmp_path, "more.pem", AUTHORITY, STRANGER)
    (tmp_path / "README.txt").write_text("not a certificate")
    (tmp_path / "folder.pem").mkdir()
    source: TrustSource = DirectoryTrust(tmp_path)

    assert set(pki.roots_of(source.trust())) == {ROOT, STRANGER}
    assert source.trust().intermediates == (AUTHORITY,)


def test_empty_folder_trusts_nobody(tmp_path: Path) -> None:
    """A folder that is empty, or was missing, has no anchors."""
    source = DirectoryTrust(tmp_path / "missing" / "trust")

    assert pki.roots_of(source.trust()) == ()
    assert (tmp_path / "missing" / "trust").is_dir()


def test_change_takes_effect(source: DirectoryTrust, tmp_path: Path) -> None:
    """A file that is added, replaced or removed changes what is in force; an earlier value stays what it was."""
    before = source.trust()
    put(tmp_path, "more.pem", STRANGER)
    assert source.refresh()
    assert set(pki.roots_of(source.trust())) == {ROOT, STRANGER}

    put(tmp_path, "root.pem", AUTHORITY)
    assert source.refresh()
    assert pki.roots_of(source.trust()) == (STRANGER,)

    (tmp_path / "more.pem").unlink()
    assert source.refresh()
    assert pki.roots_of(source.trust()) == ()
    assert pki.roots_of(before) == (ROOT,)


def test_nothing_new(source: DirectoryTrust, tmp_path: Path) -> None:
    """Without a change nothing is read; the same certificates in other files are no change of trust."""
    before = source.trust()
    assert not source.refresh()
    assert source.trust() is before

    put(tmp_path, "again.pem", ROOT)
    assert not source.refresh()
    assert source.trust().version == before.version


def test_broken_file_changes_nothing(
    source: DirectoryTrust, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a broken file the last good anchors stay, the file is named, and reported only once."""
    put(tmp_path, "good.pem", STRANGER)
    (tmp_path / "bad.pem").write_bytes(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    assert not source.refresh()
    assert not source.refresh()

    assert pki.roots_of(source.trust()) == (ROOT,)
    assert "bad.pem" in source.problem
    assert capsys.readouterr().out.count("trust_not_refreshed") == 1

    (tmp_path / "bad.pem").unlink()
    assert source.refresh()
    assert set(pki.roots_of(source.trust())) == {ROOT, STRANGER}
    assert source.problem == ""


def test_certificate_of_no_authority(source: DirectoryTrust, tmp_path: Path) -> None:
    """An agency's own certificate in the folder is a mistake, not an anchor."""
    put(tmp_path, "agency.crt", pki.signer()[0], encoding=Encoding.DER)

    assert not source.refresh()
    assert "agency.crt" in source.problem


def test_folder_that_vanished(source: DirectoryTrust, tmp_path: Path) -> None:
    """When the folder cannot be read the last good anchors stay."""
    tmp_path.rename(tmp_path.with_name("elsewhere"))

    assert not source.refresh()
    assert pki.roots_of(source.trust()) == (ROOT,)
    assert source.problem


def test_broken_from_the_start(tmp_path: Path) -> None:
    """A gateway does not start with a folder that it cannot understand."""
    (tmp_path / "bad.crt").write_bytes(b"junk")
    with pytest.raises(BadTrustBundleError, match=r"bad\.crt"):
        DirectoryTrust(tmp_path)


async def test_watch(source: DirectoryTrust, tmp_path: Path) -> None:
    """A watched folder takes effect by itself."""
    await asyncio.to_thread(put, tmp_path, "more.pem", STRANGER)
    watching = asyncio.create_task(source.watch(interval=0.01))
    async with asyncio.timeout(10):
        while len(source.trust().anchors) < 2:
            await asyncio.sleep(0.01)
    watching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watching


def put_list(folder: Path, name: str, data: bytes) -> None:
    """Write a revocation list as an operator's tool does."""
    (folder / "draft").write_bytes(data)
    (folder / "draft").rename(folder / name)


def test_revocation_lists(source: DirectoryTrust, tmp_path: Path) -> None:
    """Lists in DER and PEM come into force, are replaced and go, with anchors and mode beside them."""
    before = source.trust()
    put_list(tmp_path, "root.crl", crl(pki.root(), revoked(pki.signer()[0])))
    put(tmp_path, "authority.pem", AUTHORITY)
    put_list(tmp_path, "authority.crl", crl(pki.authority(), encoding=Encoding.PEM))
    assert source.refresh()
    first = source.trust()
    assert sorted(len(each.entries) for each in first.lists) == [0, 1]
    assert first.version != before.version
    assert first.revocation is Revocation.SOFT

    put_list(tmp_path, "root.crl", crl(pki.root()))
    assert source.refresh()
    assert [len(each.entries) for each in source.trust().lists] == [0, 0]
    # What did not change was not read again.
    assert source.trust().lists[0] is first.lists[0]

    (tmp_path / "root.crl").unlink()
    (tmp_path / "authority.crl").unlink()
    assert source.refresh()
    assert source.trust().lists == ()
    assert before.lists == ()


def test_mode_of_revocation(tmp_path: Path) -> None:
    """The mode that the gateway was started with stays through every reading."""
    source = DirectoryTrust(tmp_path, revocation=Revocation.REQUIRE)
    put(tmp_path, "root.pem", ROOT)
    assert source.refresh()

    assert source.trust().revocation is Revocation.REQUIRE


def test_list_that_is_out_of_date_is_kept(source: DirectoryTrust, tmp_path: Path) -> None:
    """What it names stays revoked."""
    put_list(tmp_path, "old.crl", crl(pki.root(), this_update=pki.AT - pki.YEAR))

    assert source.refresh()
    assert len(source.trust().lists) == 1


def test_list_that_cannot_be_verified(source: DirectoryTrust, tmp_path: Path) -> None:
    """A forged list changes nothing and is named; so does one whose signer is not held, until it is."""
    put_list(tmp_path, "root.crl", crl(pki.root()))
    assert source.refresh()
    put_list(tmp_path, "forged.crl", crl(pki.stranger()))
    assert not source.refresh()
    assert "forged.crl: not signed by" in source.problem
    assert len(source.trust().lists) == 1
    with pytest.raises(BadRevocationListError, match=r"forged\.crl"):
        DirectoryTrust(tmp_path)

    put(tmp_path, "stranger.pem", STRANGER)
    assert source.refresh()
    assert len(source.trust().lists) == 2
    # Its signer gone, a list that was good before is not any more.
    (tmp_path / "stranger.pem").unlink()
    assert not source.refresh()
    assert "forged.crl" in source.problem
