"""Findings: whatever speaks against a message (or is worth a warning), in one shape for the API, the command line and the log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from certs.errors import TrustError
from gateway.errors import GatewayError
from routing.errors import RoutingError
from schemas.errors import SchemaError


class Level(StrEnum):
    """What a finding does to the outcome. `UNDECIDED` is never treated as a pass."""

    REFUSE = "refuse"
    UNDECIDED = "undecided"
    WARNING = "warning"


Fault: TypeAlias = SchemaError | TrustError | RoutingError | GatewayError
"""An error of any package: they share code, texts, facts and place (`errors.py` of each)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding: stable code, both languages, what to do, and where."""

    code: str
    level: Level
    vi: str
    en: str
    fix_vi: str
    fix_en: str
    xpath: str | None = None
    line: int | None = None
    clause: str | None = None
    """The clause that a document departs from; faults of other kinds have none."""
    key: str | None = None
    facts: Mapping[str, object]

    @classmethod
    def of(cls, fault: Fault, *, level: Level | None = None) -> Finding:
        """Make a finding from an error of `schemas`, `certs`, `routing` or the gateway."""
        return cls(
            code=fault.code,
            level=level or (Level.UNDECIDED if fault.retry else Level.REFUSE),
            vi=fault.vi.format(**fault.facts),
            en=fault.en.format(**fault.facts),
            fix_vi=fault.fix_vi.format(**fault.facts),
            fix_en=fault.fix_en.format(**fault.facts),
            xpath=fault.xpath,
            line=fault.line,
            clause=fault.clause if isinstance(fault, SchemaError) else None,
            key=getattr(fault, "key", None),
            facts=fault.facts,
        )

    def as_json(self) -> dict[str, object]:
        """Return the finding as the API and `vanthu check --json` show it."""
        places = (("xpath", self.xpath), ("line", self.line), ("key", self.key))
        where = {name: value for name, value in places if value is not None}
        return {
            "code": self.code,
            "level": self.level.value,
            "en": self.en,
            "vi": self.vi,
            "fix_en": self.fix_en,
            "fix_vi": self.fix_vi,
            **({"clause": self.clause} if self.clause is not None else {}),
            **({"where": where} if where else {}),
        }
