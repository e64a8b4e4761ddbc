"""Trials in copies of one process that has everything loaded: a fork, the changed code in place of the old, and the tests.

First every test and every vector runs once without a mutant, and what each of them calls is kept. A mutant is then tried only
by those that call the changed function, in a fork, shortest first. What is not noticed there is tried once more from nothing
(`tests.mutation.trial`), so that nothing rests on what is kept here: it only has to be right about what is noticed.
"""

from __future__ import annotations

import gc
import io
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, Final

import pytest

from gateway.cli.verifying import Request, examine
from tests.mutation.changing import Inapplicable, change, forget
from tests.mutation.mutants import Mutant
from tests.vectors.judging import differences, request_of

_SECONDS: Final = 120
_SLOW: Final = 0.4
"""A check that takes longer is left to the trial from nothing."""
_PAUSE: Final = 0.005
_NOT_APPLICABLE: Final = 3


@dataclass(slots=True, kw_only=True)
class Check:
    """A test or a vector: how it is run, what it calls, how long it takes and how many mutants it was the one to notice."""

    run: Callable[[], bool]
    calls: frozenset[tuple[str, str]] = frozenset()
    seconds: float = 0.0
    noticed: int = 0


@dataclass(slots=True, kw_only=True)
class Trials:
    """A plugin of pytest that runs the tests once, and then for each mutant those that could notice it.

    `unnoticed` are the mutants that none of them noticed, `untried` those that cannot be put into what is loaded.
    """

    mutants: list[Mutant]
    attacks: Path
    root: Path
    workers: int
    tell: Callable[[Mutant], None]
    unnoticed: list[Mutant] = field(default_factory=list)
    untried: list[Mutant] = field(default_factory=list)
    is_sound: bool = True
    _has_failed: bool = False
    _checks: list[Check] = field(default_factory=list)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Hear of what is red."""
        self._has_failed |= report.failed

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run all checks once, then those that matter for each mutant."""
        self._checks = [
            *(Check(run=partial(self._passes, item)) for item in session.items),
            *self._vectors(),
        ]
        for check in self._checks:
            self._record(check)
        forget()
        gc.collect()
        gc.freeze()
        if self.is_sound:
            self._try_all()
        return True

    def _passes(self, item: pytest.Item) -> bool:
        self._has_failed = False
        item.ihook.pytest_runtest_protocol(item=item, nextitem=None)
        return not self._has_failed

    def _vectors(self) -> Iterator[Check]:
        manifest = json.loads((self.attacks / "manifest.json").read_text(encoding="utf-8"))
        for entry in manifest["vectors"]:
            request = request_of(self.attacks, entry)
            yield Check(run=partial(_is_as_expected, request, entry))

    def _record(self, check: Check) -> None:
        prefix = str(self.root / "certs") + os.sep
        calls: set[tuple[str, str]] = set()

        def hear(frame: FrameType, _event: str, _argument: object) -> None:
            code = frame.f_code
            if code.co_filename.startswith(prefix):
                calls.add((code.co_filename, code.co_qualname.partition(".<locals>")[0]))

        started = time.perf_counter()
        with _traced(hear):
            self.is_sound &= check.run()
        check.seconds = time.perf_counter() - started
        check.calls = frozenset((str(Path(path).relative_to(self.root)), name) for path, name in calls)

    def _try_all(self) -> None:
        waiting = list(reversed(self.mutants))
        running: dict[int, _Running] = {}
        while waiting or running:
            while waiting and len(running) < self.workers:
                child = self._fork(waiting.pop())
                running[child.pid] = child
            time.sleep(_PAUSE)
            for child in list(running.values()):
                status = child.status()
                if status is not None:
                    del running[child.pid]
                    self._conclude(child, status)

    def _conclude(self, child: _Running, status: int) -> None:
        if status == 0 and child.mutant.name.startswith("module:"):
            self.untried.append(child.mutant)  # what was made of a value before is not made again
        elif status == 0:
            self.unnoticed.append(child.mutant)
            self.tell(child.mutant)
        elif status == _NOT_APPLICABLE:
            self.untried.append(child.mutant)
        else:
            told = os.read(child.told, 20)
            if told:
                self._checks[int(told)].noticed += 1
        os.close(child.told)

    def _fork(self, mutant: Mutant) -> _Running:
        told, tell = os.pipe()
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                status = self._try(mutant, tell)
            finally:
                os._exit(status)
        os.close(tell)
        return _Running(mutant=mutant, pid=pid, told=told, until=time.monotonic() + _SECONDS)

    def _try(self, mutant: Mutant, tell: int) -> int:
        os.setpgid(0, 0)
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        try:
            changed = change(mutant)
        except Inapplicable:
            return _NOT_APPLICABLE
        relevant = [number for number, check in enumerate(self._checks) if changed.intersection(check.calls)]
        order = sorted(
            relevant, key=lambda number: (-self._checks[number].noticed, self._checks[number].seconds)
        )
        for number in order:
            if not self._checks[number].run():
                os.write(tell, str(number).encode())
                return 1
        return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Running:
    mutant: Mutant
    pid: int
    told: int
    until: float

    def status(self) -> int | None:
        """Return how it ended, or None while it has not; whatever takes too long has been noticed."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > self.until:
            os.killpg(self.pid, signal.SIGKILL)
        return None


def _is_as_expected(request: Request, entry: dict[str, Any]) -> bool:
    return not differences(examine(request).as_json(), entry)


@contextmanager
def _traced(hear: Callable[[FrameType, str, object], None]) -> Iterator[None]:
    before = sys.gettrace()
    sys.settrace(hear)
    try:
        yield
    finally:
        sys.settrace(before)


def run(trials: Trials, tests: Iterable[str]) -> None:
    """Run pytest with the plugin.

    Raises: SystemExit when something is red without a mutant.
    """
    arguments = ["-q", "-s", "-p", "no:cacheprovider", *tests]
    output = io.StringIO()
    with redirect_stdout(output):
        status = pytest.main(arguments, plugins=[trials])
    if not trials.is_sound or status not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
        raise SystemExit(f"{output.getvalue()}\nsomething is red without a mutant")
