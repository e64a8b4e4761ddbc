"""The trial of one mutant from nothing: in a copy of the tree, all vectors first, then tests, until one goes red."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.mutation.mutants import Mutant

_COPIED: Final = ("certs", "gateway", "routing", "schemas", "tests", "pyproject.toml")
_IGNORED: Final = shutil.ignore_patterns("__pycache__", "*.pyc", "messages", "traps", "e2e", "faults")
SECONDS: Final = 300
"""A mutant that takes longer does not come to an end, which somebody notices."""
_TIMESTAMPS: Final = ("test_timestamp", "test_xades_timestamps")
_LISTS: Final = ("test_revocation", "test_revocation_rules")
_TESTS: Final[dict[str, tuple[str, ...]]] = {
    "answers_at": ("test_answers_at", "test_ocsp"),
    "chain": ("test_chain", "test_detours"),
    "certificate": ("test_certificate", "test_unreadable"),
    "der": ("test_der", *_TIMESTAMPS),
    "evidence": ("test_evidence", "test_judgement", "test_stapled"),
    "judgement": ("test_judgement", "test_stapled", "test_xades_timestamps"),
    "lists_at": ("test_lists_at", *_LISTS),
    "methods": ("test_methods", "test_attacks_on_content", "test_attacks_on_keys"),
    "ocsp_signature": ("test_ocsp",),
    "pdf": ("test_pdf_facts", "test_pdf", "test_pdf_timestamps"),
    "pdf_changes": ("test_pdf_changes", "test_pdf"),
    "pdf_cms": ("test_pdf_cms", "test_pdf"),
    "pdf_reading": ("test_pdf_reading", "test_pdf"),
    "pdf_rules": ("test_pdf",),
    "place": ("test_attacks_on_content",),
    "policy_file": ("test_policy",),
    "refusal": ("test_chain", "test_attacks_on_keys"),
    "revocation": _LISTS,
    "revocation_data": ("test_revocation_data", *_LISTS),
    "revocation_list": ("test_revocation_list", *_LISTS),
    "revocation_scope": _LISTS,
    "roles": ("test_chain", "test_timestamp"),
    "shape": ("test_shape", "test_attacks_on_content", "test_xades"),
    "signed_info": ("test_signed_info", "test_parts", "test_attacks_on_content"),
    "timestamp_info": _TIMESTAMPS,
    "timestamp_signature": _TIMESTAMPS,
    "timestamp_token": _TIMESTAMPS,
    "trust": ("test_trust", "test_revocation_per_anchor"),
    "verdict": (
        *("test_verdict", "test_xades_timestamps", "test_pdf_timestamps"),
        *("test_revocation_per_anchor", "test_revocation"),
    ),
    "xmldsig": ("test_verify", "test_verdict", "test_attacks_on_keys", "test_attacks_on_content"),
}
"""The tests of a module that are most likely to notice, where they are not those of its name."""


def likely_tests(module: str, root: Path) -> list[str]:
    """Return the tests that are most likely to notice what happens to a module."""
    stem = Path(module).stem
    names = _TESTS.get(stem, (f"test_{stem}",))
    return [f"tests/certs/{name}.py" for name in names if (root / f"tests/certs/{name}.py").exists()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A copy of the tree, in which one mutant at a time is tried, and the vectors that were built for all."""

    folder: Path
    attacks: Path
    is_quick: bool

    @classmethod
    def of(cls, root: Path, folder: Path, attacks: Path, *, is_quick: bool) -> Copy:
        """Copy what the tests of the verifier need."""
        folder.mkdir()
        for name in _COPIED:
            source = root / name
            if source.is_dir():
                shutil.copytree(source, folder / name, ignore=_IGNORED)
            else:
                shutil.copy2(source, folder / name)
        return cls(folder=folder, attacks=attacks, is_quick=is_quick)

    def survives(self, mutant: Mutant) -> bool:
        """Tell whether nobody notices a mutant."""
        path = self.folder / mutant.module
        original = path.read_text(encoding="utf-8")
        path.write_text(mutant.source, encoding="utf-8")
        try:
            return all(self._passes(step) for step in self._steps(path))
        finally:
            path.write_text(original, encoding="utf-8")

    def is_sound(self, module: str) -> bool:
        """Tell whether all is green without a mutant; else nothing could be said of any."""
        return all(self._passes(step) for step in self._steps(self.folder / module))

    def _steps(self, module: Path) -> list[tuple[str, ...]]:
        likely = likely_tests(str(module.relative_to(self.folder)), self.folder)
        pytest = ("-m", "pytest", "-x", "-q", "-p", "no:cacheprovider")
        steps: list[tuple[str, ...]] = [("-m", "tests.mutation.vectors", str(self.attacks))]
        if likely:
            steps.append((*pytest, *likely))
        if not self.is_quick:
            steps.append((*pytest, "tests/certs", *(f"--ignore={path}" for path in likely)))
        return steps

    def _passes(self, arguments: tuple[str, ...]) -> bool:
        try:
            done = subprocess.run(
                [sys.executable, *arguments],
                cwd=self.folder,
                env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
                capture_output=True,
                check=False,
                timeout=SECONDS,
            )
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0
