"""What pyHanko imports without reading a PDF needing it, and what stands in its place.

Its packages import what signs, draws, connects and validates certificates along with what reads, and that is half of the cost of
starting the process. So those packages are here without their own code, from which each module that is needed is imported by its
name, and modules of which only names are used, in annotations and as base classes, are stand-ins. Invariant: a stand-in does
nothing and is nothing; whatever would use one while a file is being read raises, and then that file was not decided.
"""

from __future__ import annotations

import sys
from abc import ABCMeta
from collections.abc import Iterable
from importlib.util import find_spec
from types import ModuleType
from typing import Final

PACKAGES: Final = ("pyhanko.sign", "pyhanko.sign.signers", "pyhanko.sign.validation", "pyhanko_certvalidator")
"""Packages that are imported without what their `__init__` would import."""

MODULES: Final = (
    "aiohttp",
    "asyncio",
    "cryptography.hazmat.primitives.serialization.pkcs12",
    "pyhanko.config",
    "pyhanko.config.api",
    "pyhanko.config.errors",
    "pyhanko.keys",
    "pyhanko.pdf_utils.content",
    "pyhanko.pdf_utils.font",
    "pyhanko.pdf_utils.layout",
    "pyhanko.pdf_utils.text",
    "pyhanko.sign.signers.constants",
    "pyhanko.sign.validation.settings",
    "pyhanko.sign.validation.qualified",
    "pyhanko.sign.validation.qualified.q_status",
    "pyhanko.sign.validation.qualified.tsp",
    "pyhanko.sign.validation.utils",
    "pyhanko.stamp",
    "pyhanko_certvalidator.authority",
    "pyhanko_certvalidator.errors",
    "pyhanko_certvalidator.ltv",
    "pyhanko_certvalidator.ltv.errors",
    "pyhanko_certvalidator.path",
    "pyhanko_certvalidator.policy_decl",
    "pyhanko_certvalidator.sig_validate",
    "pyhanko_certvalidator.validate",
    "tzlocal",
)
"""Modules that are not imported at all."""


class _Nothing(ABCMeta):
    """The class of what a stand-in holds: classes that can be named, indexed, inherited from and caught, and nothing else."""

    def __getattr__(cls, name: str) -> _Nothing:
        """Give names in it something to be."""
        return _nothing(name)

    def __getitem__(cls, item: object) -> _Nothing:
        """Let it be used as a generic type."""
        return cls

    def __call__(cls, *arguments: object, **_named: object) -> object:
        """Let modules make their defaults of it."""
        return super().__call__(*arguments)


class _StandIn(ModuleType):
    """A module of which only names are used."""

    def __getattr__(self, name: str) -> _Nothing:
        """Give names something to be, and always the same."""
        found = _nothing(name)
        setattr(self, name, found)
        return found


def leave_out(packages: Iterable[str] = PACKAGES, modules: Iterable[str] = MODULES) -> None:
    """Put stand-ins in the place of what is not needed; to be called before anything of pyHanko is imported.

    Raises: ModuleNotFoundError if a package is not installed.
    """
    for name in packages:
        spec = find_spec(name)
        if spec is None or spec.submodule_search_locations is None:
            raise ModuleNotFoundError(name=name)
        package = _StandIn(name) if "." not in name else ModuleType(name)
        package.__path__ = spec.submodule_search_locations
        _enter(package)
    for name in modules:
        _enter(_StandIn(name))


def _enter(module: ModuleType) -> None:
    parent, _, name = module.__name__.rpartition(".")
    sys.modules[module.__name__] = module
    if parent in sys.modules:
        setattr(sys.modules[parent], name, module)


def _nothing(name: str) -> _Nothing:
    if name.startswith("__"):
        raise AttributeError(name)
    return _Nothing(name, (Exception,), {})
