"""The revocation lists (`*.crl`) and OCSP answers (`*.ocsp`) in the trust folder: the operator's own, and those that are kept.

Invariants: a file of the operator's that cannot be verified is an error, so that nobody believes it to count; one that the
gateway keeps by itself (`KEPT`) and that no authority in force answers for any more counts for nothing, and is told once; what
was verified against the same authorities before is not read again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeAlias

import structlog

from certs.errors import BadTrustBundleError
from certs.ocsp import OcspAnswer
from certs.revocation_list import RevocationList
from certs.trust import Trust

SUFFIXES: Final = frozenset({".crl", ".ocsp"})
KEPT: Final = "kept-"
"""How the names of files begin that the gateway writes by itself."""

_Items: TypeAlias = tuple[RevocationList, ...] | tuple[OcspAnswer, ...]
_log = structlog.get_logger()


class RevocationFiles:
    """What was read of such files; every method reads the disk, so call them from a thread."""

    def __init__(self) -> None:
        self._taken: dict[tuple[str, str], _Items] = {}
        """By the trust that they were verified against and their file's content."""
        self._told: frozenset[str] = frozenset()

    def read(self, paths: Sequence[Path], trust: Trust) -> Trust:
        """Return a trust with the lists and answers of these files.

        Raises:
            BadTrustBundleError: one of the operator's cannot be verified.
            OSError: a file cannot be read.

        """
        taken: dict[tuple[str, str], _Items] = {}
        refused: dict[str, str] = {}
        for path in paths:
            data = path.read_bytes()
            key = (trust.version, hashlib.sha256(data).hexdigest())
            try:
                taken[key] = self._taken.get(key) or _verified(path, data, trust)
            except BadTrustBundleError as error:
                if not path.name.startswith(KEPT):
                    raise type(error)(reason=f"{path.name}: {error.facts['reason']}") from error
                refused[path.name] = str(error)
        for name in refused.keys() - self._told:
            _log.warning("kept_list_not_used", file=name, reason=refused[name])
        self._taken, self._told = taken, frozenset(refused)
        found = dict.fromkeys(each for items in taken.values() for each in items)
        return replace(
            trust,
            lists=tuple(each for each in found if isinstance(each, RevocationList)),
            responses=tuple(each for each in found if isinstance(each, OcspAnswer)),
        )


def _verified(path: Path, data: bytes, trust: Trust) -> _Items:
    if path.suffix == ".ocsp":
        return OcspAnswer.read(data, issuers=trust.authorities())
    return RevocationList.read(data, issuers=trust.authorities())
