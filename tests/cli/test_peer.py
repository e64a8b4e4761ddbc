"""`vanthu peer`: what an administrator does so that two gateways meet, as text and as JSON."""

from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.cli import run
from gateway.keys import SigningKey
from tests.cli.world import Served


def call(gateway: Served, *arguments: str) -> int:
    """Run a verb as the administrator."""
    return run(["peer", *arguments, "--url", gateway.url, "--token", gateway.token("admin")])


def test_a_gateway_from_its_key_to_its_end(gateway: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """The key of one is registered at another, changed, listed, and ended."""
    north = SigningKey(name="gw.north/axis", private=Ed25519PrivateKey.generate()).verifier

    assert run(["peer", "key", "--url", gateway.url]) == 0
    told = capsys.readouterr()
    assert told.out.strip().startswith("vanthu.local/axis+")
    assert "vanthu.local" in told.err

    assert call(gateway, "add", "gw.north", f"{north}\n", "--json") == 0
    assert json.loads(capsys.readouterr().out)["shares_payloads"] is False
    assert call(gateway, "add", "gw.north", north, "--shares-payloads") == 0
    assert "có · yes" in capsys.readouterr().out

    assert call(gateway, "list") == 0
    shown = capsys.readouterr().out
    assert "gw.north" in shown
    assert "cổng này · this one" in shown

    assert call(gateway, "end", "gw.north") == 0
    assert "Đã thôi tin cậy cổng" in capsys.readouterr().out
    assert call(gateway, "list", "--json") == 0
    assert [each["name"] for each in json.loads(capsys.readouterr().out)["items"]] == ["vanthu.local"]


def test_what_is_refused_says_what_to_do(gateway: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """The wrong key of the right gateway, and a system for a gateway that nobody registered."""
    wrong = SigningKey(name="gw.north/routing", private=Ed25519PrivateKey.generate()).verifier

    assert call(gateway, "add", "gw.north", wrong) == 1
    assert "gw.north/axis" in capsys.readouterr().err
    added = [*("member", "add", "x", "--name", "X"), *("--prefix", "G22", "--gateway", "gw.north")]
    assert run([*added, "--url", gateway.url, "--token", gateway.token("admin")]) == 1
    assert "vanthu peer add" in capsys.readouterr().err
