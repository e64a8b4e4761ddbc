"""Differences between the tables and the log, and how they are told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

SHOWN = 80
"""Characters of a value that a finding shows."""

Pairs = Mapping[str, tuple[object, object]]
"""By field: what the log says, and what the table says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Something that is not as the log says; `incomplete` if it could only not be looked at."""

    code: str
    where: str
    vi: str
    en: str
    incomplete: bool = False


def differs(where: str, name: str, *, logged: object, found: object) -> Difference:
    """Say that a field of a row is not what the log says."""
    return Difference(
        code="evidence.differs",
        where=f"{where}.{name}",
        vi=f"Giá trị “{_short(found)}” khác với nhật ký: “{_short(logged)}”.",
        en=f"The value “{_short(found)}” is not what the log says: “{_short(logged)}”.",
    )


def missing(where: str) -> Difference:
    """Say that what the log speaks of is gone."""
    return Difference(
        code="evidence.missing",
        where=where,
        vi="Nhật ký có nhắc tới nhưng cơ sở dữ liệu không còn.",
        en="The log speaks of it, but it is not there any more.",
    )


def unlogged(where: str) -> Difference:
    """Say that the log does not speak of something."""
    return Difference(
        code="evidence.unlogged",
        where=where,
        vi="Có trong cơ sở dữ liệu nhưng nhật ký không hề nhắc tới.",
        en="It is in the database, but the log does not speak of it.",
    )


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def compare(where: str, pairs: Pairs) -> Iterator[Difference]:
    """Yield a difference for each field whose logged and found values are not the same."""
    for name, (logged, found) in pairs.items():
        if logged != found:
            yield differs(where, name, logged=logged, found=found)
