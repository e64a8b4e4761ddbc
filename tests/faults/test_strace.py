"""The injection at one system call really injects: the N-th fails or kills, and what comes before and after does not."""

from __future__ import annotations

import asyncio
import errno
import os
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.faults.strace import Injection, StraceError, injecting

RECORDS = 5
_WRITER = f"""
RECORDS = {RECORDS}
import os, sys
file = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
print("ready", flush=True)
sys.stdin.readline()
failed = []
for number in range(RECORDS):
    try:
        os.write(file, b"x")
        os.fsync(file)
    except OSError as error:
        failed.append(str(number) + ":" + str(error.errno))
sys.stderr.write(" ".join(failed) or "none")
"""


async def _write(file: Path, injection: Injection | None) -> tuple[int, str, bool, Counter[str]]:
    """Let a process write records under an injection; return its end, what failed, whether it was injected, and the calls."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _WRITER, str(file)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    await process.stdout.readline()
    async with injecting(process.pid, injection, output=file.with_suffix(".strace")) as attached:
        _, said = await process.communicate(b"go\n")
    return process.returncode or 0, said.decode(), attached.has_happened, attached.calls


@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
@pytest.mark.parametrize(("call", "written"), [("write", RECORDS - 1), ("fsync", RECORDS)])
async def test_one_call_fails(tmp_path: Path, call: str, written: int, error: str) -> None:
    """The third call of its kind fails with the error that was asked for, and none else."""
    injection = Injection(call=call, when=3, error=error)

    code, failed, happened, _ = await _write(tmp_path / "records", injection)

    assert (code, failed, happened) == (0, f"2:{getattr(errno, error)}", True)
    assert (tmp_path / "records").stat().st_size == written


async def test_several_calls_fail(tmp_path: Path) -> None:
    """A disk that is broken for a while fails all that comes meanwhile."""
    injection = Injection(call="write", when=1, times=4, error="EIO")

    _, failed, _, _ = await _write(tmp_path / "records", injection)

    assert failed == " ".join(f"{number}:{errno.EIO}" for number in range(4))


@pytest.mark.parametrize("call", ["write", "fsync"])
@pytest.mark.parametrize("when", range(1, RECORDS + 1))
async def test_death_at_one_call(tmp_path: Path, call: str, when: int) -> None:
    """The process dies before the call does anything: exactly what was written before is there."""
    code, _, happened, _ = await _write(tmp_path / "records", Injection(call=call, when=when))

    assert (code, happened) == (-9, True)
    assert (tmp_path / "records").stat().st_size == (when - 1 if call == "write" else when)


async def test_beyond_the_last_call_nothing_happens(tmp_path: Path) -> None:
    """So a loop over N knows when it is through; and calls can be counted without any injection."""
    _, failed, happened, calls = await _write(tmp_path / "records", Injection(call="write", when=1000))
    *_, counted = await _write(tmp_path / "records", None)

    assert (failed, happened) == ("none", False)
    assert calls == counted
    assert calls["fsync"] == RECORDS


async def test_thread_that_is_not_there(tmp_path: Path) -> None:
    """An injection that cannot be made is an error, and not a run without one."""
    process = await asyncio.create_subprocess_exec("true")
    await process.wait()

    with pytest.raises(StraceError):
        async with injecting(process.pid, Injection(call="write", when=1), output=tmp_path / "out"):
            os.abort()
