"""`vanthu serve --workers`: what is refused before anything is started, and what the parent's end tells."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from gateway.cli import run
from gateway.keys import load_keys
from tests.cli.world import command

HUB = {
    "VANTHU_DATABASE": "postgresql+psycopg://nobody@127.0.0.1:1/none",
    "VANTHU_AXIS": "amqp://guest:guest@127.0.0.1:1/",
}


@pytest.mark.parametrize(
    ("missing", "named"),
    [("VANTHU_DATABASE", "PostgreSQL (VANTHU_DATABASE)"), ("VANTHU_AXIS", "RabbitMQ (VANTHU_AXIS)")],
)
def test_what_serves_one_process_is_refused(
    tmp_path: Path,
    missing: str,
    named: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """SQLite and the embedded link are for one process; the message says what to set, and nothing is made."""
    for name, value in HUB.items():
        if name != missing:
            monkeypatch.setenv(name, value)

    assert run(["serve", "--workers", "2", "--data", str(tmp_path)]) == 64
    assert named in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    """Workers could share the port with another program unnoticed; the parent looks first."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        result = command("serve", "--workers", "2", "--data", tmp_path, "--port", port, environment=HUB)

    assert result.returncode == 4
    assert "is taken by another program" in " ".join(result.stderr.split())


def test_what_stops_the_first_worker_is_told(tmp_path: Path) -> None:
    """A key that others can read stops the start as it does without workers: the same words, the same exit code."""
    load_keys(tmp_path / "keys", gateway="vanthu.local")
    (tmp_path / "keys" / "log.key").chmod(0o640)

    result = command("serve", "--workers", "2", "--port", "0", "--data", tmp_path, environment=HUB)

    assert result.returncode == 3
    assert "keys.file_exposed" in result.stderr
