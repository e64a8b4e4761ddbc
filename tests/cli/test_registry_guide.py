"""The commands of docs/registry.md, as they stand there, from the first key to the last step."""

from __future__ import annotations

import json
import re
import shlex
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.cli import run
from gateway.clock import utc_now
from tests.cli.world import ROOT, Served

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ vanthu (.*)$", re.MULTILINE)
KEYS = {"an.key": "an", "binh.key": "binh"}


class Desk:
    """Runs the commands of the page at a gateway, each as the officer whose key it names."""

    def __init__(self, gateway: Served, capsys: pytest.CaptureFixture[str]) -> None:
        self._gateway = gateway
        self._capsys = capsys
        self._tokens = {"admin": gateway.token("admin")}
        self.change = "ID"

    def call(self, who: str, *arguments: str) -> Any:
        """Run a verb for JSON."""
        self._capsys.readouterr()
        where = ("--url", self._gateway.url, "--token", self._tokens[who])
        code = run([*arguments, *where, "--json"])
        told = self._capsys.readouterr()
        assert code == 0, told
        return json.loads(told.out)

    def admit(self, name: str) -> None:
        """Give an officer a token and register the key that lies in the folder."""
        made = self.call("admin", "token", "issue", "--role", "registry", "--label", name)
        self._tokens[name] = made["token"]
        if not Path(f"{name}.key").exists():
            assert run(["registry", "key", "new", f"{name}.key"]) == 0
        self._capsys.readouterr()
        assert run(["registry", "key", "show", f"{name}.key", "--json"]) == 0
        vkey = json.loads(self._capsys.readouterr().out)["verifier_key"]
        self.call("admin", "registry", "key", "register", made["credential_id"], vkey)

    def follow(self, line: str) -> None:
        """Run one line of the page."""
        words = [self.change if word == "ID" else word for word in shlex.split(line)]
        who = next((KEYS[word] for word in words if word in KEYS), "an")
        answer = self.call(who, *words)
        if words[:2] == ["registry", "propose"]:
            self.change = answer["id"]


def test_the_page(
    gateway: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the page shows works as it says, in its order."""
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "registry.md").read_text(encoding="utf-8")
    blocks = [COMMAND.findall(block) for block in BLOCK.findall(page)]
    keys, steps, emergency = blocks
    assert run(shlex.split(keys[0])) == 0
    desk = Desk(gateway, capsys)
    for name in ("an", "binh"):
        desk.admit(name)
    at = (utc_now() + timedelta(days=60)).isoformat()
    head = "op,code,name,parent,kind,valid_from\n"
    Path("doi.csv").write_text(f"{head}open,H60.88,Sở Nội vụ,H60,department,{at}\n", encoding="utf-8")
    for line in steps:
        desk.follow(line)
    assert desk.call("an", "registry", "show", desk.change)["state"] == "scheduled"

    Path("khan.csv").write_text(f"{head}rename,H60.88,Sở,,,{at}\n", encoding="utf-8")
    desk.follow("registry propose khan.csv")
    for line in emergency:
        desk.follow(line)
    assert desk.call("an", "registry", "show", desk.change)["waits_for"] == "ratification"
    ratified = desk.call("binh", "registry", "approve", desk.change, "--key", "binh.key")
    assert ratified["expires_at"] is None
