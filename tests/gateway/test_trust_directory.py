"""The trust folder: whole files of authorities' certificates, and lists that were verified."""

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs.errors import BadTrustBundleError
from certs.errors_revocation import BadRevocationListError
from certs.trust import Trust
from gateway.trust_directory import TrustDirectory
from tests.support import pki
from tests.support.crl import crl, revoked
from tests.support.folders import put, put_list

ROOT = pki.root().certificate
AUTHORITY = pki.authority().certificate
STRANGER = pki.stranger().certificate


def found(folder: Path) -> set[tuple[str, x509.Certificate]]:
    """Return what is in a folder."""
    return {(each.name, each.certificate) for each in TrustDirectory(folder).certificates()}


def test_all_bundles(tmp_path: Path) -> None:
    """PEM and DER files count, several certificates in one too; other files do not."""
    put(tmp_path, "root.crt", ROOT, encoding=Encoding.DER)
    put(tmp_path, "more.pem", AUTHORITY, STRANGER)
    (tmp_path / "README.txt").write_text("not a certificate")
    (tmp_path / "folder.pem").mkdir()

    assert found(tmp_path) == {("root.crt", ROOT), ("more.pem", AUTHORITY), ("more.pem", STRANGER)}


def test_a_folder_that_is_missing(tmp_path: Path) -> None:
    """It is made; until then it cannot be read."""
    directory = TrustDirectory(tmp_path / "missing" / "trust")
    with pytest.raises(FileNotFoundError):
        directory.look()

    directory.make()

    assert (directory.look(), directory.certificates()) == ((), ())


def test_broken_files(tmp_path: Path) -> None:
    """A file that is no certificate's, or an agency's own certificate, is named."""
    put(tmp_path, "good.pem", ROOT)
    (tmp_path / "bad.pem").write_bytes(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    with pytest.raises(BadTrustBundleError, match=r"bad\.pem"):
        found(tmp_path)
    (tmp_path / "bad.pem").write_bytes(b"junk")
    with pytest.raises(BadTrustBundleError, match=r"bad\.pem"):
        found(tmp_path)

    put(tmp_path, "bad.pem", pki.signer()[0])
    with pytest.raises(BadTrustBundleError, match=r"bad\.pem: not an authority"):
        found(tmp_path)


def test_a_change_can_be_seen(tmp_path: Path) -> None:
    """Files that are added, replaced or removed change the look of the folder; others do not."""
    directory = TrustDirectory(tmp_path)
    looks = [directory.look()]
    put(tmp_path, "root.pem", ROOT)
    looks.append(directory.look())
    put(tmp_path, "root.pem", STRANGER)
    looks.append(directory.look())
    put_list(tmp_path, "root.crl", b"list")
    looks.append(directory.look())
    (tmp_path / "root.pem").unlink()
    looks.append(directory.look())
    assert len(set(looks)) == len(looks)

    (tmp_path / "README.txt").write_text("nothing")
    assert directory.look() == looks[-1]


def test_lists(tmp_path: Path) -> None:
    """Lists in DER and PEM are read; what did not change is not read again."""
    trust = Trust.from_pem(ROOT.public_bytes(Encoding.PEM), AUTHORITY.public_bytes(Encoding.PEM))
    directory = TrustDirectory(tmp_path)
    put_list(tmp_path, "root.crl", crl(pki.root(), revoked(pki.signer()[0])))
    put_list(tmp_path, "authority.crl", crl(pki.authority(), encoding=Encoding.PEM))
    first = directory.with_revocation(trust).lists
    assert sorted(len(each.entries) for each in first) == [0, 1]

    put_list(tmp_path, "root.crl", crl(pki.root()))
    second = directory.with_revocation(trust).lists
    assert [len(each.entries) for each in second] == [0, 0]
    assert second[0] is first[0]


def test_a_list_out_of_date_is_kept(tmp_path: Path) -> None:
    """What it names stays revoked."""
    put_list(tmp_path, "old.crl", crl(pki.root(), this_update=pki.AT - pki.YEAR))

    assert len(TrustDirectory(tmp_path).with_revocation(pki.trust()).lists) == 1


def test_a_list_that_cannot_be_verified(tmp_path: Path) -> None:
    """A forged list is named, and a list that was good is not any more under a trust without its signer."""
    directory = TrustDirectory(tmp_path)
    put_list(tmp_path, "root.crl", crl(pki.root()))
    assert len(directory.with_revocation(pki.trust()).lists) == 1
    with pytest.raises(BadRevocationListError, match=r"root\.crl: not signed by"):
        directory.with_revocation(Trust(anchors=pki.anchored(STRANGER)))

    put_list(tmp_path, "forged.crl", crl(pki.stranger()))
    with pytest.raises(BadRevocationListError, match=r"forged\.crl"):
        directory.with_revocation(pki.trust())
