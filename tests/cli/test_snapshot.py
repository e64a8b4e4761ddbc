"""`vanthu registry snapshot` and `vanthu member contacts`: fetched from a gateway, verified without one."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from gateway.cli import run
from tests.cli.world import Served, lines_wider_than


def _call(gateway: Served, *arguments: str, who: str = "admin") -> int:
    return run([*arguments, "--url", gateway.url, "--token", gateway.token(who)])


@pytest.fixture
def kept(gateway: Served, tmp_path: Path) -> Path:
    """Return the file of keys that was kept."""
    path = tmp_path / "keys.json"
    assert run(["receipt", "keys", "-o", str(path), "--url", gateway.url]) == 0
    return path


@pytest.fixture
def file(gateway: Served, tmp_path: Path) -> Path:
    """Return a snapshot that was fetched."""
    path = tmp_path / "registry.jsonl"
    assert _call(gateway, "registry", "snapshot", "get", "-o", str(path), who="hanoi") == 0
    return path


def _verify(file: Path, kept: Path, *more: str) -> int:
    return run(["registry", "snapshot", "verify", str(file), "--key", str(kept), *more])


def test_good(file: Path, kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A snapshot verifies under the kept keys, plain and compressed, for people and for machines."""
    capsys.readouterr()
    assert _verify(file, kept) == 0
    shown = capsys.readouterr().out
    assert "Bản chụp danh mục hợp lệ" in shown
    assert lines_wider_than(100, shown) == []

    zipped = file.with_suffix(".gz")
    zipped.write_bytes(gzip.compress(file.read_bytes()))
    assert _verify(zipped, kept, "--json", "--known", str(file)) == 0
    told = json.loads(capsys.readouterr().out)
    agencies = file.read_text().count('{"agency":')
    assert (told["outcome"], told["kind"], told["agencies"]) == ("valid", "snapshot", agencies)


def test_not_good(file: Path, kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Altered, out of date, of an unknown key, or something else: each has its exit."""
    altered = file.with_suffix(".altered")
    altered.write_bytes(file.read_bytes().replace("Hà Nội".encode(), "Hà Nôi".encode()))

    assert _verify(altered, kept) == 1
    assert "registry.snapshot_altered" in capsys.readouterr().err
    assert _verify(file, kept, "--at", "2099-01-01") == 1
    assert "registry.snapshot_expired" in capsys.readouterr().err
    assert _verify(kept, kept) == 3
    assert _verify(file.with_suffix(".none"), kept) == 3
    capsys.readouterr()
    axis = [each for each in json.loads(kept.read_text())["keys"] if each["purpose"] == "axis"]
    assert run(["registry", "snapshot", "verify", str(file), "--key", axis[0]["verifier_key"], "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["outcome"] == "undecided"


def test_a_delta(
    gateway: Served, file: Path, kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A delta is verified with the file from which it leads on, and is of no use without."""
    capsys.readouterr()
    assert _verify(file, kept, "--json") == 0
    version = json.loads(capsys.readouterr().out)["version"]
    assert (
        _call(gateway, "member", "add", f"m{tmp_path.name[-8:].strip('_')}", "--name", "M", "--prefix", "G97")
        == 0
    )
    delta = tmp_path / "delta.jsonl"
    arguments = ("registry", "snapshot", "get", "--since", str(version), "-o", str(delta))
    assert _call(gateway, *arguments) == 0
    capsys.readouterr()

    assert _verify(delta, kept) == 3
    capsys.readouterr()
    assert _verify(delta, kept, "--known", str(file), "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["kind"], told["version"] > version) == ("delta", True)


def test_contacts(gateway: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """Contacts are set, shown and removed."""
    person = "Lê Thị Hoa;văn thư;+84 24 3804 3100;hoa@hanoi.gov.vn"
    assert _call(gateway, "member", "contacts", "hanoi", "--set", person) == 0
    assert _call(gateway, "member", "contacts", "hanoi", who="hanoi") == 0
    assert capsys.readouterr().out.count("hoa@hanoi.gov.vn") == 2
    assert _call(gateway, "member", "contacts", "hanoi", who="tuyenquang") == 1
    assert _call(gateway, "member", "contacts", "hanoi", "--clear") == 0
    assert "nobody is known" in capsys.readouterr().out
    assert _call(gateway, "member", "contacts", "hanoi", "--clear", "--set", "A") == 64
    assert _call(gateway, "member", "contacts", "hanoi", "--set", ";;;;") == 64
