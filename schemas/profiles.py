"""The two XML Schemas of edXML that come with this package, by name; no parser is needed to hand them on.

Origin and standing of each declaration: `schemas/xsd/SOURCES.md`.
"""

from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

_FOLDER: Final = Path(__file__).with_name("xsd")


class Profile(StrEnum):
    """How much a schema asks for."""

    STRICT = "strict"
    """What `schemas.serialize` writes: every element in its place, with its length and form."""
    TOLERANT = "tolerant"
    """What `schemas.parse` takes, as far as XSD 1.0 can say it: nothing that the reader accepts is refused."""


@cache
def xsd(profile: Profile) -> bytes:
    """Return a schema as it is shipped (UTF-8)."""
    return (_FOLDER / f"edxml-{profile.value}.xsd").read_bytes()
