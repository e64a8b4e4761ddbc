"""A short way to `vanthu verify`: the plainest command lines are read here, without what builds all the other verbs.

A verification takes some ten milliseconds, and building the whole command twenty times that. Whatever is not plainly right (help,
an unknown option, a value that is none, a contradiction) is left to `gateway/cli/verify.py`, which says what is wrong with it.
Invariant: both make the same `Request` of the same command line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from gateway.cli.exits import Exit
from gateway.cli.moments import FORMATS, moment
from gateway.cli.verifying import Request
from gateway.cli.verifying import verify as verify_request

_SEVERAL: Final = ("--trust-anchor", "--intermediate", "--crl", "--ocsp")
_ONE: Final = ("--time", "--type", "--binding", "--registry", "--policy", "--data", "--json")
_SUBJECT: Final = "subject.serialNumber"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """A command line that was read: what to verify, and where the report goes."""

    request: Request
    json_to: str | None


def verify(plain: Plain) -> Exit:
    """Verify as asked.

    Raises:
        UnreadableFileError: the list of agencies cannot be used.
        OSError: a file cannot be read or written.

    """
    return verify_request(plain.request, json_to=plain.json_to)


def read(arguments: Sequence[str]) -> Plain | None:
    """Read what follows the verb; None if it is not plainly right."""
    files: list[Path] = []
    several: dict[str, list[Path]] = {name: [] for name in _SEVERAL}
    one: dict[str, str] = {}
    rest = iter(arguments)
    for argument in rest:
        if _is_value(argument):
            files.append(Path(argument))
            continue
        value = next(rest, "")
        if argument in several and _is_value(value):
            several[argument].append(Path(value))
        elif argument in _ONE and argument not in one and (_is_value(value) or value == "-"):
            one[argument] = value
        else:
            return None
    if len(files) != 1:
        return None
    return _plain(files[0], several, one)


def _is_value(value: str) -> bool:
    return bool(value) and not value.startswith("-")


def _plain(file: Path, several: dict[str, list[Path]], one: dict[str, str]) -> Plain | None:
    kind = one.get("--type", "edxml")
    bound = [name for name in ("--binding", "--registry") if name in one]
    if kind not in {"edxml", "xmldsig", "pdf", "cert", "tst"} or len(bound) > (kind in {"edxml", "pdf"}):
        return None
    if "--data" in one and kind != "tst":
        return None
    if one.get("--binding", _SUBJECT) != _SUBJECT:
        return None
    times = list(_moments(one["--time"])) if "--time" in one else [moment(None)]
    if not times:
        return None
    request = Request(
        file=file,
        kind=kind,  # type: ignore[arg-type]  # one of the five, by the lines above
        anchors=tuple(several["--trust-anchor"]),
        intermediates=tuple(several["--intermediate"]),
        lists=tuple(several["--crl"]),
        answers=tuple(several["--ocsp"]),
        at=times[0],
        by_subject="--binding" in one,
        registry=Path(one["--registry"]) if "--registry" in one else None,
        policy=Path(one["--policy"]) if "--policy" in one else None,
        data=Path(one["--data"]) if "--data" in one else None,
    )
    return Plain(request=request, json_to=one.get("--json"))


def _moments(text: str) -> Iterator[datetime]:
    """Yield the moment that a text means in the first form that fits; nothing if none does, or it is outside the calendar."""
    for form in FORMATS:
        try:
            at = datetime.strptime(text, form)  # noqa: DTZ007 - without a zone it is Vietnam time
        except ValueError:
            continue
        if 1 < at.year < 9999:  # noqa: PLR2004 - the first and the last year have moments that UTC has not
            yield moment(at)
