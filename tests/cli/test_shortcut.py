"""The short way to `vanthu verify` reads what the long way reads, and leaves everything else to it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from gateway.cli import run, shortcut
from gateway.cli.commands import app
from tests.cli.world import ROOT, clean_environment
from tests.support import pki, tsa
from tests.support.crl import crl
from tests.support.ocsp import answer
from tests.support.signing import forge

TIME = ("--time", "2026-07-01T00:00:00Z")
PLAIN = [
    ("file",),
    ("file", *TIME),
    (*TIME, "file", "--type", "xmldsig"),
    ("--trust-anchor", "root.pem", "file", *TIME, "--intermediate", "root.pem", "--crl", "root.crl"),
    ("file", "--trust-anchor", "root.pem", "--trust-anchor", "root.pem", *TIME),
    ("file", "--trust-anchor", "root.pem", "--ocsp", "signer.ocsp", "--ocsp", "root.crl", *TIME),
    ("file", "--trust-anchor", "root.pem", "--binding", "subject.serialNumber", *TIME),
    ("file", "--trust-anchor", "root.pem", "--registry", "agencies.csv", *TIME),
    ("root.pem", "--type", "cert", "--trust-anchor", "root.pem", "--time", "2026-07-01"),
    ("file", "--time", "2026-07-01T07:00:00.5+07:00"),
    ("token", "--type", "tst", "--data", "file", "--trust-anchor", "root.pem", *TIME),
    ("token", "--type", "tst", "--trust-anchor", "root.pem", *TIME),
    ("file", *TIME, "--type", "pdf", "--binding", "subject.serialNumber"),
    ("file", "--time", "2026-07-01T07:00:00", "--trust-anchor", "root.pem"),
]
NOT_PLAIN = [
    (),
    ("--help",),
    ("-h",),
    ("file", "file"),
    ("file", "--type", "docx"),
    ("file", "--type"),
    ("file", "--type=edxml"),
    ("file", "--type", "cert", "--type", "edxml"),
    ("file", "--time", "now"),
    ("file", "--time", "0001-01-01"),
    ("file", "--binding", "subject"),
    ("file", "--binding", "subject.serialNumber", "--registry", "agencies.csv"),
    ("file", "--type", "cert", "--registry", "agencies.csv"),
    ("file", "--trust-anchor", "--crl"),
    ("file", "--trust-anchor", ""),
    ("file", "--unknown", "x"),
    ("file", "--data", "file"),
    ("token", "--type", "tst", "--data", "file", "--data", "file"),
    ("file", "--", "x"),
]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with everything that the command lines name, as the current one."""
    (tmp_path / "file").write_bytes(forge())
    (tmp_path / "root.pem").write_bytes(pki.root().certificate.public_bytes(Encoding.PEM))
    (tmp_path / "root.crl").write_bytes(crl(pki.root()))
    (tmp_path / "signer.ocsp").write_bytes(answer(pki.root(), pki.signer()[0]))
    (tmp_path / "agencies.csv").write_text(
        "code,name,parent,kind,code_qcvn102\nG01,Bộ Công an,,central,000.00.00.G01\n"
    )
    (tmp_path / "token").write_bytes(tsa.Stamp(data=(tmp_path / "file").read_bytes()).token())
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("arguments", PLAIN, ids=" ".join)
def test_same_report(arguments: tuple[str, ...], desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A plain command line gives the same report and the same exit either way."""
    timed = arguments if "--time" in arguments else (*arguments, *TIME)
    assert shortcut.read(arguments) is not None
    short = run(["verify", *timed, "--json", "-"])
    told = capsys.readouterr().out

    long = app(args=["verify", *timed, "--json", "-"], prog_name="vanthu", standalone_mode=False)
    assert (long, capsys.readouterr().out) == (short, told)
    assert told.startswith("{")


@pytest.mark.parametrize("arguments", NOT_PLAIN, ids=" ".join)
def test_left_to_the_long_way(arguments: tuple[str, ...], desk: Path) -> None:
    """What is not plainly right is not read here; the long way shows help or refuses it, or knows what it means."""
    assert shortcut.read(arguments) is None


@given(
    st.lists(
        st.sampled_from(
            [*"x-", "file", "", "--json", "--time", "--type", "--crl", "--ocsp", "cert", "--binding"]
        )
    )
)
def test_any_command_line(arguments: list[str]) -> None:
    """Whatever is read has one file and no option without its value."""
    plain = shortcut.read(arguments)

    if plain is not None:
        named = [*plain.request.lists, plain.request.file]
        assert all(not str(path).startswith("-") for path in named)
        assert str(plain.request.file) in arguments


def test_what_is_not_needed_is_not_imported(desk: Path) -> None:
    """A plain verification imports neither the other verbs nor the console."""
    script = (
        "import sys; from gateway.cli import run; "
        f"run(['verify', {str(desk / 'file')!r}, '--json', {str(desk / 'out')!r}]); print(*sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=clean_environment(),
        check=True,
        capture_output=True,
        text=True,
    )

    assert {"typer", "pydantic", "rich", "aiohttp", "sqlalchemy"} & set(result.stdout.split()) == set()
    assert "certs.verify" in result.stdout.split()
