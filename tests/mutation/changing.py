"""Putting the code of a mutant into the modules that are loaded, without loading anything again."""

from __future__ import annotations

import ast
import functools
import gc
import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, Final

from certs.known_paths import KnownPaths
from tests.mutation.mutants import Mutant

_PACKAGES: Final = ("certs.", "gateway.", "routing.", "schemas.", "tests.")


class Inapplicable(Exception):  # noqa: N818 - not an error: it is tried in another way
    """What a mutant changes cannot be changed in a module that is loaded."""


def forget() -> None:
    """Empty what the verifier remembers of calls before; of paths, that of every trust there is."""
    for paths in [each for each in gc.get_objects() if isinstance(each, KnownPaths)]:
        paths.__init__()  # type: ignore[misc]  # the same trust goes on with it
    for name, module in list(sys.modules.items()):
        if name.startswith("certs."):
            for value in list(vars(module).values()):
                if hasattr(value, "cache_clear"):
                    value.cache_clear()


def change(mutant: Mutant) -> frozenset[tuple[str, str]]:
    """Change what is loaded and return the functions, by module and name, that may behave in another way.

    Raises: Inapplicable; or anything, if the mutant cannot even be loaded.
    """
    module = sys.modules.get(mutant.module.removesuffix(".py").replace("/", "."))
    if module is None:
        raise Inapplicable
    scope = mutant.name.partition(":")[0]
    if scope == "module":
        touched = _change_values(module, mutant.source)
    else:
        touched = frozenset({(mutant.module, _change_function(module, scope, mutant.source))})
    return touched


def _change_function(module: ModuleType, scope: str, source: str) -> str:
    holder: Any = module
    names: list[str] = []
    for name in scope.split("."):
        holder = vars(holder).get(name)
        names.append(name)
        if not isinstance(holder, type):
            break
    function = _unwrapped(holder)
    name = ".".join(names)
    if name != scope:
        raise Inapplicable  # what was made of a function inside another one is not found again
    codes = [
        code for code in _codes(compile(source, module.__file__ or "", "exec")) if code.co_qualname == name
    ]
    if function is None or len(codes) != 1 or codes[0].co_freevars != function.__code__.co_freevars:
        raise Inapplicable
    function.__code__ = codes[0]
    return name


def _unwrapped(found: Any) -> FunctionType | None:
    if isinstance(found, property):
        found = found.fget
    if isinstance(found, classmethod | staticmethod):
        found = found.__func__
    if isinstance(found, functools.cached_property):
        found = found.func
    while hasattr(found, "__wrapped__"):
        found = found.__wrapped__
    return found if isinstance(found, FunctionType) else None


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def _change_values(module: ModuleType, source: str) -> frozenset[tuple[str, str]]:
    """Make the values of a module anew, and put them wherever the old ones are."""
    tree = ast.parse(source)
    tree.body = [each for each in tree.body if isinstance(each, ast.Assign | ast.AnnAssign)]
    values = dict(vars(module))
    # If this raises, so does an import of the module, and everything is red.
    exec(compile(tree, module.__file__ or "", "exec"), values)  # noqa: S102 - the module's own code
    new = {
        id(before): (before, values[name])
        for name, before in vars(module).items()
        if not name.startswith("__") and values[name] is not before and values[name] != before
    }
    holders: set[str] = set()
    for name, other in list(sys.modules.items()):
        if not name.startswith(_PACKAGES):
            continue
        for key, value in list(vars(other).items()):
            if id(value) in new and new[id(value)][0] is value:
                setattr(other, key, new[id(value)][1])
                holders.add(name)
    return frozenset(_functions(holders))


def _functions(names: set[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        path = name.replace(".", "/") + ".py"
        file = sys.modules[name].__file__
        if file is None or not path.startswith("certs/"):
            continue
        for code in _codes(compile(Path(file).read_bytes(), file, "exec")):
            yield path, code.co_qualname
