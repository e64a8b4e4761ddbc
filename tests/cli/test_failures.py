"""Every failure that can be foreseen is explained in words, on standard error, with its exit code."""

from __future__ import annotations

import pytest

from gateway.cli.exits import Exit
from gateway.cli.failures import explain
from gateway.cli.output import UnreadableFileError
from gateway.client.errors import ProblemError, UnexpectedAnswerError, UnreachableError
from gateway.errors import DataInUseError
from gateway.settings import SettingsError


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (ProblemError(422, {"code": "a.b", "vi": "Sai."}), Exit.REFUSED, "✗ a.b"),
        (ProblemError(503, {"code": "a.b", "outcome": "undecided"}), Exit.UNDECIDED, "could not decide"),
        (ProblemError(401, {"code": "access.token_missing"}), Exit.REFUSED, "HTTP 401"),
        (UnreachableError("http://x", "refused"), Exit.UNREACHABLE, "http://x"),
        (UnexpectedAnswerError("http://x", 200, "html"), Exit.UNREACHABLE, "không phải cổng Vanthu"),
        (UnreadableFileError(vi="Không đọc được x", en="cannot read x"), Exit.UNREADABLE, "cannot read x"),
        (DataInUseError(folder="/x"), Exit.UNREACHABLE, "service.data_in_use"),
        (SettingsError("VANTHU_X is not a setting"), Exit.USAGE, "VANTHU_X"),
        (PermissionError(13, "Permission denied", "/x/y"), Exit.UNREADABLE, "/x/y: Permission denied"),
        (OSError("broken"), Exit.UNREADABLE, "broken"),
        (RuntimeError("surprise"), Exit.BROKEN, "RuntimeError: surprise"),
    ],
    ids=[
        "no",
        "not now",
        "no access",
        "silence",
        "stranger",
        "file",
        "folder",
        "setting",
        "system",
        "device",
        "defect",
    ],
)
def test_explained(error: Exception, code: Exit, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The words name what happened, the code says it to scripts, and standard output stays clean."""
    assert explain(error) is code
    told = capsys.readouterr()
    assert said in told.err
    assert told.out == ""


def test_many_faults_of_one_kind_are_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    """More than three faults of one kind are numbered under one summary."""
    faults = [{"code": "registry.bad_row", "vi": f"Dòng {n}", "en": f"Row {n}"} for n in range(2, 7)]

    explain(ProblemError(422, {"code": "registry.file_refused", "vi": "Bị từ chối", "errors": faults}))

    told = capsys.readouterr().err
    assert told.count("registry.bad_row") == 0
    assert all(f"Dòng {n}" in told for n in range(2, 7))


def test_hostile_texts_stay_texts(capsys: pytest.CaptureFixture[str]) -> None:
    """What another machine says is printed without control characters and never read as markup."""
    explain(ProblemError(422, {"code": "a.b\x1b[2J", "vi": "[red]x[/red] \u202eabc"}))

    told = capsys.readouterr().err
    assert "\x1b" not in told
    assert "\u202e" not in told
    assert "[red]x[/red]" in told
