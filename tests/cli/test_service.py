"""`vanthu serve` and `vanthu demo` as people run them: as processes, stopped by signals."""

from __future__ import annotations

import re
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.cli import run
from gateway.keys import load_keys
from tests.cli.world import SECONDS, Served, command, lines_wider_than, started


@contextmanager
def _taken_port() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Run the demo to its end once; return its data folder and what it said."""
    folder = tmp_path_factory.mktemp("demo")
    result = command("demo", "--exit", "--data", folder, "--port", "0")
    assert (result.returncode, result.stderr) == (0, "")
    return folder, result.stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=str)
def test_serve_stops_on_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    """A gateway makes its data folder and administrator's token, and ends with exit 0 when told to stop."""
    data = tmp_path / "data"
    with started("serve", "--port", "0", "--data", data, until="listening") as (process, _):
        process.send_signal(number)
        process.communicate(timeout=SECONDS)

    assert process.returncode == 0
    assert (data / "vanthu.db").exists()
    assert (data / "admin.token").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("variable", "value"),
    [("VANTHU_PROT", "1"), ("VANTHU_PORT", "x"), ("VANTHU_LOG_LEVEL", "x")],
    ids=["name", "number", "level"],
)
def test_serve_refuses_bad_settings(
    tmp_path: Path,
    variable: str,
    value: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A mistyped setting stops the start with exit 64 and its name."""
    monkeypatch.setenv(variable, value)

    assert run(["serve", "--data", str(tmp_path)]) == 64
    assert variable in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_serve_can_ignore_the_environment(tmp_path: Path) -> None:
    """With `--config-free` the variables do not count; those of the client never do."""
    environment = {"VANTHU_PROT": "1", "VANTHU_CLIENT_URL": "http://x"}
    with _taken_port() as port:
        result = command(
            "serve", "--config-free", "--data", tmp_path, "--port", str(port), environment=environment
        )

    assert result.returncode == 4


@pytest.mark.parametrize("name", ["log", "receipt", "axis"])
def test_serve_refuses_an_exposed_key(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A key file that others can read stops the start with exit 3, its name and what to do."""
    load_keys(tmp_path / "keys", gateway="vanthu.local")
    (tmp_path / "keys" / f"{name}.key").chmod(0o640)

    assert run(["serve", "--port", "0", "--data", str(tmp_path)]) == 3

    told = "".join(capsys.readouterr().err.split())
    assert "keys.file_exposed" in told
    assert f"chmod400{tmp_path}/keys/{name}.key" in told


@pytest.mark.parametrize(
    ("key", "code", "exit_code"),
    [
        ("{folder}/none.key", "keys.file_unusable", 3),
        ("pkcs11:token=vanthu", "keys.bad_token_address", 64),
        (
            "pkcs11:token=t;object=o?module-path={folder}/p.so&pin-source={folder}/pin",
            "keys.token_module",
            64,
        ),
    ],
    ids=["file", "address", "module"],
)
def test_serve_refuses_a_receipt_key_that_is_none(
    tmp_path: Path,
    key: str,
    code: str,
    exit_code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A key for receipts that cannot be used stops the start, and the code says why."""
    (tmp_path / "pin").write_text("1234")
    (tmp_path / "pin").chmod(0o400)
    monkeypatch.setenv("VANTHU_RECEIPT_KEY", key.format(folder=tmp_path))

    assert run(["serve", "--port", "0", "--data", str(tmp_path / "data")]) == exit_code
    assert code in capsys.readouterr().err


def test_serve_refuses_an_unusable_database(tmp_path: Path) -> None:
    """A database that cannot be used stops the start with its code."""
    result = command("serve", "--data", tmp_path, environment={"VANTHU_DATABASE": "mysql://x"})

    assert result.returncode == 3
    assert "store.unsupported_database" in result.stderr


def test_data_folder_of_another_gateway(gateway: Served) -> None:
    """Two gateways never share a data folder; the second is told so with exit 4."""
    result = command("serve", "--data", gateway.folder, "--port", "0")

    assert result.returncode == 4
    assert "service.data_in_use" in result.stderr


@pytest.mark.parametrize(("verb", "advice"), [("serve", "vanthu serve --port"), ("demo", "make run PORT=")])
def test_taken_port(tmp_path: Path, verb: str, advice: str) -> None:
    """If another program has the port, that is said, with the command that helps."""
    with _taken_port() as port:
        result = command(verb, "--data", tmp_path, "--port", str(port))

    assert result.returncode == 4
    assert f"Cổng {port} đang có chương trình khác dùng" in result.stderr
    assert f"{advice}{'' if advice.endswith('=') else ' '}{port + 1}" in result.stderr
    assert "Traceback" not in result.stderr


def test_demo_tells_the_whole_story(told: tuple[Path, str]) -> None:
    """Signature, route with names, identical bytes, status, refusal, entries, checkpoint and audit are all there."""
    _, said = told

    for fact in (
        "11.677 cơ quan",
        "TOTAL_PASSED",
        "H26.1 Văn phòng Ủy ban nhân dân Thành phố Hà Nội",
        "→ H60.1 Văn phòng Ủy ban nhân dân Tỉnh Tuyên Quang",
        "✓ giống hệt từng byte",
        "03 Đã tiếp nhận",
        "✗ certs.digest_mismatch",
        "│ vanthu.local/routing",
        "│ — vanthu.local/routing ",
        "NHẬT KÝ VÀ CHỨNG CỨ NGUYÊN VẸN",
        "/docs",
    ):
        assert fact in said
    assert re.search(r"#\d+ accepted\b.*\n +[0-9a-f]{64}\n", said)
    assert re.search(r"#\d+ rejected\b.*certs\.digest_mismatch", said)


def test_demo_fits_the_page_without_colour(told: tuple[Path, str]) -> None:
    """In a pipe the story has no escape sequences and no line over 100 columns."""
    _, said = told

    assert "\x1b" not in said
    assert lines_wider_than(100, said) == []


def test_demo_keeps_secrets_to_itself(told: tuple[Path, str]) -> None:
    """Keys and tokens are files that only their owner reads, the root's key is not kept, and no token is printed."""
    folder, said = told
    secrets = [*folder.rglob("*.key"), *folder.rglob("*.token")]

    assert {path.name for path in (folder / "demo").glob("*.key")} == {"hanoi.key", "tuyenquang.key"}
    assert [path for path in secrets if path.stat().st_mode & 0o077] == []
    assert all(path.read_text().strip() not in said for path in folder.rglob("*.token"))


def test_demo_again_on_the_same_data(told: tuple[Path, str]) -> None:
    """A second run uses registry, keys and tokens again, sends a new letter, and the audit covers both."""
    folder, _ = told
    kept = {path: path.read_bytes() for path in (folder / "demo").glob("*.[kpt][eo][ykm]*")}

    result = command("demo", "--exit", "--data", folder, "--port", "0")

    assert result.returncode == 0
    assert "đã có sẵn" in result.stdout
    assert {path: path.read_bytes() for path in kept} == kept
    assert "NGUYÊN VẸN" in result.stdout


def test_demo_keeps_serving_until_stopped(told: tuple[Path, str]) -> None:
    """With `--keep` the gateway stays up after the story, and Ctrl-C ends it with exit 0."""
    folder, _ = told
    with started("demo", "--keep", "--data", folder, "--port", "0", until="Ctrl-C") as (process, _lines):
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=SECONDS)

    assert process.returncode == 0


def test_demo_interrupted(told: tuple[Path, str]) -> None:
    """Ctrl-C in the middle of the story stops it with exit 130 and no traceback."""
    folder, _ = told
    with started("demo", "--data", folder, "--port", "0", until="Khởi động cổng") as (process, _lines):
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=SECONDS)

    assert process.returncode == 130
    assert "Traceback" not in rest
