"""`vanthu agency` and `vanthu member list`, against a gateway that runs as a process of its own."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.cli import run
from tests.cli.world import Served, lines_wider_than


def _call(gateway: Served, *arguments: str, who: str = "hanoi") -> int:
    return run([*arguments, "--url", gateway.url, "--token", gateway.token(who)])


def _answer(gateway: Served, capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert _call(gateway, *arguments, "--json") == 0
    return json.loads(capsys.readouterr().out)


def test_find(gateway: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """A name without diacritics finds the agency, in a table and as JSON."""
    assert _call(gateway, "agency", "find", "van phong ha noi") == 0
    shown = capsys.readouterr().out

    assert "H26.1" in shown
    assert "đang hoạt động" in shown
    assert lines_wider_than(100, shown) == []
    found = _answer(gateway, capsys, "agency", "find", "uy ban", "--prefix", "H26", "--at", "2030-01-01")
    assert [each["code"] for each in found["items"]] == ["H26", "H26.1"]


def test_nothing_is_found(gateway: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """A mistyped code gets suggestions, and the exit says that nothing was found."""
    assert _call(gateway, "agency", "find", "H06") == 1

    assert "H60" in capsys.readouterr().out


def test_show(gateway: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """Everything about a code, also under an older form."""
    assert _call(gateway, "agency", "show", "000.00.00.H60") == 0
    shown = capsys.readouterr().out

    assert "H60 Ủy ban nhân dân Tỉnh Tuyên Quang: đang hoạt động · active" in shown
    assert lines_wider_than(100, shown) == []
    assert _answer(gateway, capsys, "agency", "show", "H60.1")["parent"]["code"] == "H60"
    assert _call(gateway, "agency", "show", "H99") == 1


def test_members(gateway: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """An administrator sees the systems; a system does not."""
    assert _call(gateway, "member", "list", who="admin") == 0
    assert "tuyenquang" in capsys.readouterr().out
    assert _call(gateway, "member", "list") == 1
