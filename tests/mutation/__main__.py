"""The command: `python -m tests.mutation [--module certs/shape.py]… [--list] [--name TEXT] [--quick] [--workers N]`.

Ends with 1 if a mutant survives that is not known to be equivalent, or one that is said to be equivalent does not exist any more.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Final

from tests.mutation.mutants import Mutant, mutants_of
from tests.mutation.trial import Copy, likely_tests
from tests.mutation.warm import Trials, run
from tests.vectors.build_attacks import build, vectors

ROOT: Final = Path(__file__).parents[2]
EQUIVALENT: Final = Path(__file__).with_name("equivalent.toml")
_NOT_CHECKS: Final = ("errors*", "indication", "rules", "issue", "sign", "__init__")
"""Modules that hold texts, words and what makes signatures: nothing in them accepts or refuses."""


def modules() -> list[str]:
    """Return the modules with checks."""
    paths = sorted((ROOT / "certs").glob("*.py"))
    return [
        str(path.relative_to(ROOT))
        for path in paths
        if not any(path.match(f"{name}.py") for name in _NOT_CHECKS)
    ]


def equivalents() -> dict[str, dict[str, str]]:
    """Return the reasons why mutants survive, by module and name."""
    return tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))


def chosen(names: list[str], part: str) -> Iterator[Mutant]:
    """Yield the mutants of modules whose name contains a text."""
    for module in names:
        for mutant in mutants_of(module, (ROOT / module).read_text(encoding="utf-8")):
            if part in mutant.name:
                yield mutant


def survivors(mutants: list[Mutant], workers: int, *, is_quick: bool) -> Iterator[Mutant]:
    """Yield those that nobody notices: in forks of one process first, and what is left once more from nothing."""
    with tempfile.TemporaryDirectory(prefix="vanthu-mutants-") as temporary:
        folder = Path(temporary)
        attacks = folder / "attacks"
        build(attacks, vectors())
        trials = Trials(mutants=mutants, attacks=attacks, root=ROOT, workers=workers, tell=_tell)
        tests = sorted({test for mutant in mutants for test in likely_tests(mutant.module, ROOT)})
        run(trials, tests if is_quick and tests else ["tests/certs"])
        if is_quick:
            yield from trials.unnoticed
        left = trials.untried if is_quick else [*trials.untried, *trials.unnoticed]
        if left:
            yield from _from_nothing(left, folder, workers, is_quick=is_quick)


def _tell(mutant: Mutant) -> None:
    print(f"not noticed yet {mutant.module}:{mutant.line} {mutant.name}", file=sys.stderr, flush=True)


def _from_nothing(mutants: list[Mutant], folder: Path, workers: int, *, is_quick: bool) -> Iterator[Mutant]:
    copies: SimpleQueue[Copy] = SimpleQueue()
    for number in range(workers):
        copies.put(Copy.of(ROOT, folder / f"copy-{number}", folder / "attacks", is_quick=is_quick))
    sound = copies.get()
    if not sound.is_sound(mutants[0].module):
        raise SystemExit("something is red without a mutant")
    copies.put(sound)

    def trial(mutant: Mutant) -> bool:
        copy = copies.get()
        try:
            return copy.survives(mutant)
        finally:
            copies.put(copy)

    with ThreadPoolExecutor(workers) as pool:
        for mutant, survived in zip(mutants, pool.map(trial, mutants), strict=True):
            if survived:
                yield mutant


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument(
        "--module", action="append", help="a module such as certs/shape.py; all of certs without"
    )
    parser.add_argument("--name", default="", help="only mutants whose name contains this")
    parser.add_argument("--quick", action="store_true", help="only the vectors and the tests of the module")
    parser.add_argument("--workers", type=int, default=2, help="how many are tried at the same time")
    parser.add_argument("--list", action="store_true", help="name the mutants and try none")
    options = parser.parse_args()
    names = options.module or modules()
    mutants = list(chosen(names, options.name))
    if options.list:
        for mutant in mutants:
            print(f"{mutant.module}:{mutant.line} {mutant.name}")
        return 0
    known = {(module, name) for module, entries in equivalents().items() for name in entries}
    found = {(mutant.module, mutant.name) for mutant in mutants}
    gone = [] if options.name else [each for each in known if each[0] in names and each not in found]
    tried = [each for each in mutants if (each.module, each.name) not in known]
    survived: Counter[str] = Counter()
    for mutant in survivors(tried, options.workers, is_quick=options.quick):
        survived[mutant.module] += 1
        print(f"survived {mutant.module}:{mutant.line} {mutant.name}", flush=True)
    for module, name in gone:
        print(f"equivalent.toml names what does not exist: {module} {name}")
    for module in names:
        all_of, tried_of = (sum(each.module == module for each in some) for some in (mutants, tried))
        print(f"{module}: {all_of} mutants, {all_of - tried_of} equivalent, {survived[module]} survived")
    return 1 if survived or gone else 0


if __name__ == "__main__":
    sys.exit(main())
