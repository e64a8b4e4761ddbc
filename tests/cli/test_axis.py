"""`vanthu axis topology` on the command line: its forms, and what it refuses; `tests/e2e/test_topology.py` has a broker."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.cli import run
from gateway.cli.exits import Exit
from tests.cli.world import Served
from tests.support.rabbitmq import free_ports


def topology(gateway: Served, *arguments: str) -> int:
    """Run the command against a gateway."""
    return run(["axis", "topology", *arguments, "--url", gateway.url, "--token", gateway.token("admin")])


def test_definitions(gateway: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """Accounts are left out, and that is said, where nobody could come in with them."""
    assert topology(gateway) == 0
    bare = capsys.readouterr()
    assert topology(gateway, "--certificates", "--vhost", "vanthu") == 0
    full = json.loads(capsys.readouterr().out)

    assert set(json.loads(bare.out)) == {"exchanges", "queues", "bindings"}
    assert "--passwords" in bare.err
    assert {"member.hanoi", "member.tuyenquang"} <= {each["name"] for each in full["users"]}
    assert {each["password_hash"] for each in full["users"]} == {""}
    assert {each["vhost"] for each in full["queues"]} == {"vanthu"}


def test_table_and_commands(gateway: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Tables are for people; commands name the files of the passwords, which are made."""
    assert topology(gateway, "--table") == 0
    table = capsys.readouterr().out
    assert topology(gateway, "--commands", "--passwords", str(tmp_path / "p"), "--part", "accounts") == 0
    script = capsys.readouterr().out
    password = (tmp_path / "p" / "member.hanoi").read_text(encoding="ascii").strip()

    assert "member.hanoi" in table
    assert f"< {tmp_path / 'p' / 'member.hanoi'}" in script
    assert "import_definitions" not in script
    assert password
    assert password not in script


@pytest.mark.parametrize(
    "arguments",
    [
        ("--table", "--apply"),
        ("--apply",),
        ("--part", "everything"),
        ("--apply", "--broker", "http://admin@127.0.0.1", "--part", "queues"),
        ("--apply", "--broker", "amqp://admin@127.0.0.1", "--certificates"),
    ],
)
def test_what_is_asked_for_does_not_fit(gateway: Served, arguments: tuple[str, ...]) -> None:
    """Contradictions, and addresses that are none, are wrong usage."""
    assert topology(gateway, *arguments) == Exit.USAGE


def test_no_broker(gateway: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """A broker that cannot be reached is told in one line, without the password."""
    (port,) = free_ports(1)

    assert (
        topology(gateway, "--apply", "--broker", f"amqp://admin:geheim@127.0.0.1:{port}/", "--part", "queues")
        == Exit.UNREACHABLE
    )
    told = capsys.readouterr().err
    assert str(port) in told
    assert "geheim" not in told
    assert "Traceback" not in told


def test_no_management(gateway: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same of the management API."""
    (port,) = free_ports(1)
    management = f"http://admin@127.0.0.1:{port}"

    assert (
        topology(
            gateway,
            *("--apply", "--part", "accounts", "--passwords", str(tmp_path), "--management", management),
        )
        == Exit.UNREACHABLE
    )
    assert "axis.broker_refused" in capsys.readouterr().err
