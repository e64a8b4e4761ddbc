"""Agency identifier codes in every form that travels (QĐ 20/2020/QĐ-TTg Điều 4-6, QCVN 102:2016/BTTTT).

A code is matched against ASCII grammars as it was sent; only XML white space around it is dropped. It is
never normalised until it matches: a code with a look-alike or invisible character names nobody.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from schemas.errors import BadAgencyCode, ForeignCharacter, NullAgencyCode
from schemas.names import XML_SPACE


class Scheme(StrEnum):
    """The rules by which a code was made."""

    QD20 = "vn-qd20"
    """Decision 20/2020, Article 4: level 1 first, such as H26.21.1."""
    QCVN102 = "vn-qcvn102"
    """Four groups, level 1 last, such as 000.01.21.H26."""
    QCVN102_SHORT = "vn-qcvn102-3"
    """Three groups, level 1 last, older than the four, such as 01.21.H26."""
    ENTERPRISE = "vn-enterprise"
    """Enterprise registration number, Decision 20/2020, Article 5."""
    IDENTIFIER = "vn-z"
    """Identification scheme Z01 to Z99, Decision 20/2020, Article 6."""


_LONGEST: Final = 35
_QD20: Final = re.compile(r"[A-Y][0-9]{2}(?:\.[0-9A-Z]+)*")
_GRAMMARS: Final = (
    (Scheme.QD20, _QD20),
    # Two digits in the first group are against the rule, yet some systems write them; parse() warns.
    (Scheme.QCVN102, re.compile(r"[0-9]{2,3}\.[0-9]{2}\.[0-9]{2}\.[A-Z][A-Z0-9][0-9]")),
    (Scheme.QCVN102_SHORT, re.compile(r"[0-9]{2}\.[0-9]{2}\.[A-Z][A-Z0-9][0-9]")),
    (Scheme.ENTERPRISE, re.compile(r"[0-9]{10}(?:-?[0-9]{3})?")),
    (Scheme.IDENTIFIER, re.compile(r"Z(?:0[1-9]|[1-9][0-9])[!-~]{1,32}")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyCode:
    """A code that obeys one of the grammars, exactly as it was sent."""

    scheme: Scheme
    value: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a code; white space of XML around it does not count.

        Raises: ForeignCharacter, NullAgencyCode or plain BadAgencyCode (QĐ 20/2020 Điều 4-6, QCVN 102).
        """
        value = text.strip(XML_SPACE)
        if len(value) <= _LONGEST:
            for scheme, grammar in _GRAMMARS:
                if grammar.fullmatch(value):
                    return cls(scheme=scheme, value=value)
        raise _fault(value)

    def __str__(self) -> str:
        """Return the code as it was sent."""
        return self.value

    @property
    def is_unusual(self) -> bool:
        """Whether the code breaks its rule in a way that is seen in practice and tolerated."""
        return self.scheme is Scheme.QCVN102 and self.value.index(".") != len("000")

    def suggested_qd20(self) -> str | None:
        """Return the QĐ 20/2020 form that an old code most likely has now, as a hint and nothing more.

        The groups are turned round and zero groups dropped. Agencies were free to choose other codes, so
        only the registry's table says what a code really became.
        """
        if self.scheme not in {Scheme.QCVN102, Scheme.QCVN102_SHORT}:
            return None
        *lower, first = self.value.split(".")
        groups = (str(int(group)) for group in reversed(lower) if int(group))
        suggestion = ".".join((first, *groups))
        return suggestion if _QD20.fullmatch(suggestion) else None


def _fault(value: str) -> BadAgencyCode:
    """Say as exactly as possible why a text is not a code."""
    if value.lower() == "null":
        return NullAgencyCode(value=value)
    for position, character in enumerate(value, start=1):
        if not "!" <= character <= "~":
            name = unicodedata.name(character, "CONTROL CHARACTER")
            named = f"U+{ord(character):04X} {name}"
            return ForeignCharacter(value=value, character=named, position=position)
    return BadAgencyCode(value=value)
