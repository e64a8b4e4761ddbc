"""`vanthu registry`: a change from file to version, by two officers, against a running gateway."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.cli import run
from gateway.clock import utc_now
from tests.cli.world import Served, lines_wider_than

FUTURE = (utc_now() + timedelta(days=30)).isoformat()
PAGE_WIDTH = 100


class Office:
    """Two officers with keys at a running gateway."""

    def __init__(self, gateway: Served, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.gateway = gateway
        self.folder = folder
        self.capsys = capsys
        self.tokens = {"admin": gateway.token("admin")}

    def call(self, who: str, *arguments: str) -> int:
        """Run a verb as somebody."""
        self.capsys.readouterr()
        return run([*arguments, "--url", self.gateway.url, "--token", self.tokens[who]])

    def ask(self, who: str, *arguments: str, code: int = 0) -> Any:
        """Run a verb for JSON."""
        assert self.call(who, *arguments, "--json") == code
        return json.loads(self.capsys.readouterr().out)

    def admit(self, name: str) -> str:
        """Give an officer a token, and register a new key."""
        made = self.ask("admin", "token", "issue", "--role", "registry", "--label", name)
        self.tokens[name] = made["token"]
        path = self.key(name)
        assert run(["registry", "key", "new", path, "--json"]) == 0
        vkey: str = json.loads(self.capsys.readouterr().out)["verifier_key"]
        assert self.call("admin", "registry", "key", "register", made["credential_id"], vkey) == 0
        return vkey

    def key(self, name: str) -> str:
        """Name an officer's key file."""
        return str(self.folder / f"{name}.key")

    def file(self, name: str, *rows: str) -> str:
        """Write a file of changes."""
        path = self.folder / name
        path.write_text("\n".join(("op,code,name,parent,kind,valid_from", *rows, "")), encoding="utf-8")
        return str(path)


@pytest.fixture
def office(gateway: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Office:
    """Return an office with two officers."""
    made = Office(gateway, tmp_path, capsys)
    for name in ("an", "binh"):
        made.admit(name)
    return made


def test_a_change_by_two_officers(office: Office) -> None:
    """Propose, look, approve: each step says whose turn it is, and the version is made while the approver waits."""
    rows = (f"open,H26.77,Sở Thử nghiệm,H26,department,{FUTURE}", f"rename,H26,Hà Nội mới,,,{FUTURE}")
    change = office.ask(
        "an", "registry", "propose", office.file("them.csv", *rows), "--key", office.key("an")
    )
    assert (change["title"], change["waits_for"]) == ("them.csv", "approver")
    name = change["id"]
    for verb in ("show", "diff", "impact"):
        assert office.call("binh", "registry", verb, name) == 0
        shown = office.capsys.readouterr().out
        assert lines_wider_than(PAGE_WIDTH, shown) == []
    assert office.call("binh", "registry", "diff", name) == 0
    assert "Sở Thử nghiệm" in office.capsys.readouterr().out

    assert office.call("an", "registry", "approve", name, "--key", office.key("an")) == 1
    assert "registry.same_officer" in office.capsys.readouterr().err
    made = office.ask(
        "binh",
        "registry",
        "approve",
        name,
        "--key",
        office.key("binh"),
        "--sha256",
        change["diff_sha256"][:12],
    )
    assert (made["state"], made["waits_for"]) == ("scheduled", "instant")

    assert office.call("an", "registry", "status") == 0
    assert name in office.capsys.readouterr().out
    versions = office.ask("an", "registry", "versions", "--limit", "1")
    assert versions["items"][0]["change"] == name
    assert office.call("an", "registry", "versions") == 0
    assert office.call("an", "registry", "changes", "--state", "scheduled") == 0
    assert name in office.capsys.readouterr().out

    undo = office.ask("an", "registry", "rollback", name, "--held", "--key", office.key("an"))
    assert (undo["rolls_back"], undo["held"]) == (name, True)
    held = office.ask("binh", "registry", "approve", undo["id"], "--key", office.key("binh"))
    assert held["waits_for"] == "release"
    done = office.ask("an", "registry", "release", undo["id"])
    assert done["version"] == made["version"] + 1
    assert office.ask("an", "registry", "show", name)["state"] == "rolled_back"


def test_faults_are_a_table(office: Office) -> None:
    """Every fault is shown with its row, the draft is kept, and a better file takes its place."""
    bad = office.file("sai.csv", f"close,H26.404,,,,{FUTURE}", "open,h26,Sai,,department,hôm qua")
    assert office.call("an", "registry", "propose", bad) == 1
    shown = office.capsys.readouterr().out
    assert "H26.404" in shown
    assert "lỗi" in shown
    change = office.ask("an", "registry", "propose", bad, "--key", office.key("an"), code=1)
    assert change["state"] == "draft"
    good = office.file("dung.csv", f"open,H26.78,Sở,H26,department,{FUTURE}")
    better = office.ask("an", "registry", "propose", good, "--replace", change["id"])
    assert (better["id"], better["waits_for"]) == (change["id"], "proposer")
    signed = office.ask("an", "registry", "propose", change["id"], "--key", office.key("an"))
    assert signed["waits_for"] == "approver"
    gone = office.ask("binh", "registry", "withdraw", change["id"], "--reason", "nhầm tệp")
    assert (gone["state"], gone["reason"]) == ("withdrawn", "nhầm tệp")


def test_another_diff_than_the_one_seen(office: Office) -> None:
    """With the hash of what was looked at, nothing else is signed."""
    change = office.ask(
        "an", "registry", "propose", office.file("a.csv", f"open,H26.79,Sở,H26,department,{FUTURE}")
    )
    arguments = ("registry", "propose", change["id"], "--key", office.key("an"), "--sha256", "00")
    assert office.call("an", *arguments) == 3
    assert change["diff_sha256"] in office.capsys.readouterr().err.replace("\n", "").replace(" ", "")


def test_an_emergency(office: Office) -> None:
    """One officer alone, and the second one ratifies."""
    now = (utc_now() + timedelta(seconds=30)).isoformat()
    path = office.file("khan.csv", f"suspend,H60.1,,,,{now}")
    change = office.ask("an", "registry", "propose", path, "--title", "Khẩn")
    arguments = ("registry", "emergency", change["id"], "--key", office.key("an"), "--reason", "khóa bị lộ")
    made = office.ask("an", *arguments, "--hours", "2")
    assert (made["waits_for"], made["emergency"]) == ("ratification", "khóa bị lộ")
    assert office.call("binh", "registry", "status") == 0
    assert change["id"] in office.capsys.readouterr().out
    ratified = office.ask("binh", "registry", "approve", change["id"], "--key", office.key("binh"))
    assert ratified["expires_at"] is None
    assert office.call("an", "registry", "show", change["id"]) == 0


def test_keys(office: Office, tmp_path: Path) -> None:
    """A key is made once, readable by its owner alone, and its public half can be shown again."""
    path = tmp_path / "chi.key"
    assert run(["registry", "key", "new", str(path)]) == 0
    vkey = office.capsys.readouterr().out.splitlines()[-1]
    assert vkey.startswith("chi+")
    assert path.stat().st_mode & 0o077 == 0
    assert run(["registry", "key", "new", str(path)]) == 3
    assert run(["registry", "key", "new", str(tmp_path / "x.key"), "--name", "có dấu cách"]) == 3
    office.capsys.readouterr()
    assert run(["registry", "key", "show", str(path)]) == 0
    assert office.capsys.readouterr().out.strip() == vkey
    assert run(["registry", "key", "show", str(tmp_path / "none.key")]) == 3
    path.chmod(0o644)
    assert office.call("an", "registry", "approve", "x", "--key", str(path)) == 3
    assert office.call("admin", "registry", "key", "list") == 0
    assert "an+" in office.capsys.readouterr().out.replace("\n", "")


@pytest.mark.parametrize("arguments", [["--list"], ["--at", "2030-01-01"]])
def test_whole_lists_need_a_moment(office: Office, arguments: list[str]) -> None:
    """`--list` and `--at` go together, and an id needs a key."""
    path = office.file("x.csv", "")
    assert office.call("an", "registry", "propose", path, *arguments) == 64
    assert office.call("an", "registry", "propose", "0197b2c4-0000-7000-8000-000000000000") == 64
    assert office.call("an", "registry", "propose", str(office.folder / "none.csv")) == 3


def test_templates(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """A template is printed or written, and no file is replaced unasked."""
    assert run(["registry", "template", "changes.csv"]) == 0
    assert b"op,code,name" in capsysbinary.readouterr().out
    path = tmp_path / "mau.xlsx"
    assert run(["registry", "template", "changes.xlsx", "-o", str(path)]) == 0
    assert path.read_bytes().startswith(b"PK")
    assert run(["registry", "template", "agencies.xlsx", "-o", str(path)]) == 3
    assert run(["registry", "template", "agencies.xlsx", "-o", str(path), "--force"]) == 0
    assert run(["registry", "template", "x.csv"]) == 64
