"""`vanthu trust`: an administrator's day with the trust store, against a gateway that runs as a process of its own."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from certs.issue import Authority, issue, issue_authority, new_root
from gateway.cli import run
from gateway.clock import utc_now
from tests.cli.world import Served, lines_wider_than, served

DAY = timedelta(days=1)


@pytest.fixture
def root() -> Authority:
    """Return a root that no other test uses."""
    return new_root("Tổ chức chứng thực thử, có dấu phẩy", utc_now() - DAY)


def put(folder: Path, certificate: x509.Certificate, encoding: Encoding = Encoding.PEM) -> str:
    """Write a certificate, and return the path."""
    path = folder / "certificate.pem"
    path.write_bytes(certificate.public_bytes(encoding))
    return str(path)


def sha256_of(certificate: x509.Certificate) -> str:
    """Return the name by which a certificate goes."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def call(gateway: Served, *arguments: str, who: str = "admin") -> int:
    """Run the command."""
    return run(["trust", *arguments, "--url", gateway.url, "--token", gateway.token(who)])


def answer(gateway: Served, capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """Run the command for a machine."""
    capsys.readouterr()
    assert call(gateway, *arguments, "--json") == 0
    return json.loads(capsys.readouterr().out)


def test_added_listed_retired(
    gateway: Served, root: Authority, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An anchor with all its terms is relied upon, shown with its days, and retired by the start of its SHA-256."""
    terms = ["--usage", "signature", "--revocation", "require", "--code", "H26", "--code", "H60.1"]
    window = ["--from", "2026-01-01", "--until", f"{utc_now() + 20 * DAY:%Y-%m-%dT%H:%M:%S+0000}"]
    sha256 = sha256_of(root.certificate)
    assert call(gateway, "add", put(tmp_path, root.certificate), *terms, *window, "--note", "QĐ 12") == 0
    assert "Đã tin cậy · relied upon" in capsys.readouterr().out

    assert call(gateway, "list") == 0
    shown = capsys.readouterr().out
    assert lines_wider_than(100, shown) == []
    for words in (
        sha256[:12],
        "Tổ chức chứng thực thử, có dấu phẩy",
        "gốc · anchor",
        "đang tin cậy · in force",
        "chỉ · only signature",
        "thu hồi · revocation require",
        "mã · codes H26, H60.1",
        "QĐ 12",
        "từ · from 01/01/2026",
        "! 19",
    ):
        assert words in shown

    assert call(gateway, "retire", sha256[:16].upper(), "--reason", "khóa bị lộ") == 0
    assert "Thôi tin cậy từ" in capsys.readouterr().out
    assert call(gateway, "list") == 0
    assert sha256[:12] not in capsys.readouterr().out
    assert call(gateway, "list", "--all") == 0
    shown = capsys.readouterr().out
    assert sha256[:12] in shown
    assert "khóa bị lộ" in shown
    assert call(gateway, "retire", sha256, "--reason", "lần nữa") == 1
    assert "trust.already_retired" in capsys.readouterr().err


def test_for_machines(
    gateway: Served, root: Authority, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every answer is one JSON document; times without a zone are Vietnam's; the same terms again change nothing."""
    file = put(tmp_path, root.certificate, Encoding.DER)
    arguments = ("add", file, "--until", "2030-01-01", "--replace")
    added, again = (answer(gateway, capsys, *arguments) for _ in range(2))

    assert (added["changed"], again["changed"]) == (True, False)
    assert added["certificate"]["trusted_until"] == "2029-12-31T17:00:00Z"
    assert added["certificate"]["usages"] == ["signature", "timestamp"]
    listed = answer(gateway, capsys, "list")
    assert listed["version"] == added["version"]
    assert sha256_of(root.certificate) in {each["sha256"] for each in listed["certificates"]}
    at = ("--at", "2029-06-01T00:00:00+07:00", "--reason", "thử")
    retired = answer(gateway, capsys, "retire", sha256_of(root.certificate), *at)
    assert retired["certificate"]["trusted_until"] == "2029-05-31T17:00:00Z"
    assert retired["certificate"]["state"] == "in_force"


def test_a_subordinate(
    gateway: Served, root: Authority, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It becomes an intermediate, and is listed as one."""
    now = utc_now()
    below = issue_authority(root, "Cấp dưới", not_before=now, not_after=now + 5 * DAY)
    file = put(tmp_path, below.certificate)
    assert call(gateway, "add", file, "--code", "H26") == 1
    assert "trust.terms_of_intermediate" in capsys.readouterr().err

    assert call(gateway, "add", file) == 0
    assert "cấp dưới · intermediate" in capsys.readouterr().out
    assert call(gateway, "retire", sha256_of(below.certificate)[:8], "--reason", "thử") == 0


def test_refused(
    gateway: Served, root: Authority, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is no authority's, backwards or unreadable is refused with what to do, and a mistyped name leads nowhere."""
    now = utc_now()
    leaf, _ = issue(root, subject_common_name="Cơ quan", not_before=now, not_after=now + DAY)
    assert call(gateway, "add", put(tmp_path, leaf)) == 1
    assert "certs.not_an_authority" in capsys.readouterr().err
    file = put(tmp_path, root.certificate)
    assert call(gateway, "add", file, "--from", "2028-01-01", "--until", "2027-01-01") == 1
    assert "trust.window_reversed" in capsys.readouterr().err
    assert call(gateway, "add", file, who="hanoi") == 1
    assert "access.role_missing" in capsys.readouterr().err
    (tmp_path / "junk.pem").write_bytes(b"\xff\x00junk")
    assert call(gateway, "add", str(tmp_path / "junk.pem")) == 1
    assert "certs.authority_unreadable" in capsys.readouterr().err
    assert call(gateway, "add", str(tmp_path / "none.pem")) == 3
    for name in ("abc", "zzzz", "0" * 20):
        capsys.readouterr()
        assert call(gateway, "retire", name, "--reason", "thử") == 3
        assert "names 0 certificates" in " ".join(capsys.readouterr().err.split())
    assert call(gateway, "retire", "0" * 64, "--reason", "thử") == 1
    assert "trust.unknown_certificate" in capsys.readouterr().err


def test_an_empty_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """That nobody is relied upon is told in words."""
    with served(tmp_path / "data") as gateway:
        assert call(gateway, "list") == 0

    assert "no authority is relied upon" in capsys.readouterr().out
