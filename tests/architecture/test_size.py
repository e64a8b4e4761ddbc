"""Modules and functions stay small enough to be read in one go (CONTRIBUTING, "Shape")."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("gateway", "schemas", "certs", "routing")
MODULE_LINES = 300
FUNCTION_LINES = 40
MODULES = sorted(
    path.relative_to(ROOT)
    for package in PACKAGES
    for path in (ROOT / package).rglob("*.py")
    if "versions" not in path.parts
)


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count a function's lines without its docstring."""
    docstring = ast.get_docstring(function, clean=False)
    described = docstring.count("\n") + 1 if docstring else 0
    return (function.end_lineno or function.lineno) - function.lineno + 1 - described


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_module_is_small(module: Path) -> None:
    """No module is longer than 300 lines, no function longer than 40."""
    text = (ROOT / module).read_text(encoding="utf-8")

    assert text.count("\n") <= MODULE_LINES
    assert {f.name: _lines(f) for f in _functions(ast.parse(text)) if _lines(f) > FUNCTION_LINES} == {}
