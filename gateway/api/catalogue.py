"""Every error that the four packages can name, found in their modules and described for people.

The modules are found, not named: a page about errors must not tie the API to the parts that it does not know (`gateway.store`).
Invariant: a class belongs to the catalogue if it has a code of its own and no class below it is more exact, or if `ALSO_RAISED`
names it.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Final

from gateway.api.problem_status import STATUS

PACKAGES: Final = ("schemas", "certs", "routing", "gateway")
ALSO_RAISED: Final = frozenset({"schema.malformed_agency_code", "certs.bad_trust_bundle"})
"""Codes of classes that are raised themselves although more exact ones stand below them."""

_MODULES: Final = re.compile(r"findings|errors(_(?!page)\w+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One error code: its texts are templates, in which ‹name› stands for a fact."""

    code: str
    status: int
    retry: bool
    vi: str
    en: str
    fix_vi: str
    fix_en: str
    about: str
    clause: str
    """The clause that the error always rests on; empty where that depends on the element, or where there is none."""


def error_classes() -> tuple[type[Exception], ...]:
    """Return every concrete error class of the four packages, in the order of their codes."""
    found = {each for module in _modules() for _, each in inspect.getmembers(module, inspect.isclass)}
    errors = {each for each in found if issubclass(each, Exception) and _is_ours(each)}
    return tuple(sorted((each for each in errors if _is_concrete(each, errors)), key=_code))


@cache
def entries() -> tuple[Entry, ...]:
    """Describe every code in the table."""
    return tuple(_entry(each) for each in error_classes())


def _modules() -> Iterator[ModuleType]:
    for name in PACKAGES:
        package = importlib.import_module(name)
        for each in pkgutil.walk_packages(package.__path__, f"{name}."):
            if _MODULES.fullmatch(each.name.rpartition(".")[2]) or ".errors." in each.name:
                yield importlib.import_module(each.name)


def _is_ours(each: type[Exception]) -> bool:
    return each.__module__.partition(".")[0] in PACKAGES and all(
        isinstance(getattr(each, name, None), str) for name in ("code", "vi", "en", "fix_vi", "fix_en")
    )


def _is_concrete(each: type[Exception], errors: set[type[Exception]]) -> bool:
    if "code" not in vars(each):
        return False
    return _code(each) in ALSO_RAISED or not any(
        other is not each and issubclass(other, each) for other in errors
    )


def _code(each: type[Exception]) -> str:
    return str(vars(each)["code"])


def _entry(each: type[Exception]) -> Entry:
    texts = {name: _readable(getattr(each, name)) for name in ("vi", "en", "fix_vi", "fix_en")}
    return Entry(
        code=_code(each),
        status=STATUS[_code(each)],
        retry=getattr(each, "retry", False),
        about=(inspect.getdoc(each) or "")
        .partition(" Facts:")[0]
        .partition("; facts:")[0]
        .partition("\n")[0],
        clause=getattr(each, "own_clause", None) or "",
        **texts,
    )


def _readable(template: str) -> str:
    return template.replace("{", "‹").replace("}", "›")
