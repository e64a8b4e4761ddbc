"""Examples in the documentation run, in order, as one program or one shell would run them."""

import json
import re
import shlex
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.cli import run
from gateway.clock import utc_now
from routing.errors_snapshot import SnapshotOlderError
from routing.log import Kind
from routing.note import verifier_key
from routing.receipt import key_name, sign_receipt
from routing.receipt_entry import receipt_of
from routing.registry_hash import agency_line
from routing.snapshot import body_of, sign_header
from routing.snapshot_lines import content_sha256
from tests.routing.entries import AT, entry
from tests.support.documents import edxml
from tests.support.registry import home_agencies

ROOT = Path(__file__).parents[2]
EXAMPLE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ vanthu (receipt verify .*)$", re.MULTILINE)


def test_the_library_works_as_its_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The examples read, refuse, extract, write, validate and follow a document."""
    monkeypatch.chdir(tmp_path)
    Path("van-ban.edxml").write_bytes(edxml())
    names: dict[str, object] = {}
    for example in EXAMPLE.findall((ROOT / "docs" / "edxml-library.md").read_text(encoding="utf-8")):
        exec(compile(example, "docs/edxml-library.md", "exec"), names)  # noqa: S102 - our own page
    told = capsys.readouterr().out
    for expected in (
        "7816 VPCP-TTĐT",
        "application/pdf",
        "schema.malformed_agency_code",
        "QĐ 20/2020",
        "03 False ['advanced', 'advanced', 'late']",
    ):
        assert expected in told
    assert Path("7816-vpcp-ttdt.pdf").read_bytes().startswith(b"%PDF-")
    assert Path("tra-loi.edxml").stat().st_size


def test_receipts_are_checked_as_their_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The commands and the program on the page accept what the gateway signs, and refuse it for another document."""
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "receipts.md").read_text(encoding="utf-8")
    body, key = edxml(), Ed25519PrivateKey.generate()
    Path("cong-van.edxml").write_bytes(body)
    raw = entry(Kind.ACCEPTED, payload_sha256=sha256(body).hexdigest(), payload_size=len(body))
    Path("ban-ghi.json").write_bytes(raw)
    receipt = receipt_of(raw, gateway="vanthu.example", origin="vanthu.example/routing")
    assert receipt is not None
    signed = sign_receipt(receipt, key=key, key_name=key_name("vanthu.example"))
    Path("bien-nhan.json").write_text(json.dumps({"receipts": [signed]}))
    published = {
        "purpose": "receipt",
        "verifier_key": verifier_key(key_name("vanthu.example"), key.public_key()),
        "valid_from": AT.isoformat(),
        "valid_until": (AT + timedelta(days=1)).isoformat(),
    }
    Path("khoa-cong.json").write_text(json.dumps({"gateway": "vanthu.example", "keys": [published]}))

    commands = COMMAND.findall(page)
    assert [run(shlex.split(each)) for each in commands] == [0, 0]
    capsys.readouterr()
    for example in EXAMPLE.findall(page):
        exec(compile(example, "docs/receipts.md", "exec"), {})  # noqa: S102 - our own page
    told = capsys.readouterr().out.split()
    assert told == ["Receipt", "vanthu.example", AT.isoformat(), sha256(body).hexdigest()]
    Path("cong-van.edxml").write_bytes(body + b"\n")
    assert run(shlex.split(commands[0])) == 1


def test_the_registry_is_used_as_its_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The program on the page takes a snapshot as often as it likes, and refuses one that goes back."""
    monkeypatch.chdir(tmp_path)
    [example] = EXAMPLE.findall((ROOT / "docs" / "registry-snapshot.md").read_text(encoding="utf-8"))
    program = compile(example, "docs/registry-snapshot.md", "exec")
    key, name = Ed25519PrivateKey.generate(), "vanthu.example/registry"
    published = {"purpose": "registry", "verifier_key": verifier_key(name, key.public_key())}
    Path("khoa-cong.json").write_text(json.dumps({"gateway": "vanthu.example", "keys": [published]}))
    lines = sorted(map(agency_line, home_agencies()))
    facts: dict[str, Any] = {"sha256_of_content": content_sha256(lines), "at": utc_now(), "key": key}
    body = body_of(lines)

    def issue(version: int) -> None:
        header = sign_header(body, version=version, key_name=name, **facts)
        Path("danh-muc.jsonl").write_bytes(header + body)

    for version in (7, 8, 8):
        issue(version)
        exec(program, {})  # noqa: S102 - our own page
    assert capsys.readouterr().out.splitlines()[-1] == (
        "vanthu.example/registry 8 Ủy ban nhân dân thành phố Hà Nội"
    )
    issue(7)
    with pytest.raises(SnapshotOlderError):
        exec(program, {})  # noqa: S102 - our own page
