"""The command as a whole: help with examples for every verb, a quick start, exit codes for wrong usage."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gateway.cli import run
from gateway.cli.exits import Exit
from tests.cli.world import ROOT, command

VERBS = (
    *(("serve",), ("demo",), ("check",), ("schema",), ("show",), ("compose",), ("send",), ("version",)),
    ("verify",),
    ("policy",),
    *(("parked", "list"), ("parked", "withdraw")),
    *(("inbox", "list"), ("inbox", "get"), ("inbox", "ack"), ("registry", "load")),
    *(("member", "add"), ("token", "issue"), ("log", "verify"), ("verdict", "replay")),
    *(("cert", verb) for verb in ("register", "list", "suspend", "resume", "revoke", "calendar")),
    *(("agency", "find"), ("agency", "show"), ("member", "list"), ("member", "contacts")),
    *(("registry", "snapshot", "get"), ("registry", "snapshot", "verify")),
    *(
        ("registry", verb)
        for verb in (
            *("propose", "changes", "show", "diff", "impact", "approve", "emergency", "release", "withdraw"),
            *("rollback", "status", "versions", "template"),
        )
    ),
    *(("registry", "key", verb) for verb in ("new", "show", "register", "list")),
    ("axis", "topology"),
    *(("receipt", "get"), ("receipt", "keys"), ("receipt", "verify")),
)
"""Seconds of processor time that the command may take to begin."""


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_help_shows_an_example(verb: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """Each verb's help says in Vietnamese and English what it does, and how it is typed."""
    assert run([*verb, "--help"]) == 0

    shown = capsys.readouterr().out
    assert f"vanthu {' '.join(verb)}" in shown
    assert "Example:" in shown


def test_help_names_every_verb_and_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    """The overview lists all verbs and what the exit codes mean."""
    assert run(["--help"]) == 0

    shown = " ".join(capsys.readouterr().out.split())
    assert all(verb[0] in shown for verb in VERBS)
    assert all(f"{code.value} " in shown for code in Exit if code is not Exit.INTERRUPTED)


def test_exit_codes_are_documented() -> None:
    """docs/cli.md has a row for each exit code."""
    page = (ROOT / "docs/cli.md").read_text(encoding="utf-8")

    assert [code for code in Exit if f"| {code.value} |" not in page] == []


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_every_verb_is_documented(verb: tuple[str, ...]) -> None:
    """docs/cli.md speaks of each verb."""
    assert f"`vanthu {' '.join(verb)}" in (ROOT / "docs/cli.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("arguments", [["check"], ["nothing"], ["send", "--bad"], []], ids=str)
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Wrong usage gives exit 64, which no outcome has, and points to the help."""
    assert run(arguments) == 64

    told = capsys.readouterr()
    assert "--help" in told.out + told.err


def test_exit_codes_reach_the_shell(tmp_path: Path) -> None:
    """The process ends with the code that the verb decided on."""
    assert command("check", tmp_path / "none").returncode == 3
    assert command("check").returncode == 64
    assert command("version").returncode == 0


@pytest.mark.parametrize("profile", ["strict", "tolerant"])
def test_schema(profile: str) -> None:
    """The schema is printed byte for byte as it is shipped."""
    shipped = (ROOT / f"schemas/xsd/edxml-{profile}.xsd").read_text(encoding="utf-8")

    assert command("schema", profile).stdout == shipped
    assert command("schema", "other").returncode == 64


def test_version() -> None:
    """The version is on standard output, alone."""
    assert command("version").stdout.startswith("vanthu ")


def test_heavy_modules_wait() -> None:
    """Beginning a verb imports neither the server nor the database nor the console."""
    script = "import sys, gateway.cli.commands; print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True
    )
    heavy = {"aiohttp", "sqlalchemy", "lxml.etree", "cryptography", "uvloop", "structlog", "gateway.app"}

    assert heavy & set(result.stdout.split()) == set()
