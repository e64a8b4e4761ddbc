"""`vanthu schema`: print one of the XML Schemas of edXML that come with this package."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from schemas.profiles import Profile, xsd


def schema(
    profile: Annotated[
        Profile,
        typer.Argument(
            help="strict: như phần mềm ghi · as written; tolerant: như cổng đọc · as read.",
            show_default=False,
        ),
    ],
) -> None:
    """In lược đồ XML của edXML. Print an XML Schema of edXML.

    Example: vanthu schema strict > edxml-strict.xsd

    The schemas are our own; the official text of QCVN 102:2016/BTTTT could not
    be obtained. docs/conformance.md says what rests on what.
    """
    sys.stdout.buffer.write(xsd(profile))
    sys.stdout.flush()
