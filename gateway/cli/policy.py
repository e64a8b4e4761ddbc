"""`vanthu policy`: print the default policy on signatures, or check one of one's own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def policy(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]",
            help="Tệp chính sách cần kiểm tra · policy file to check.",
            show_default="in chính sách mặc định · print the default one",
        ),
    ] = None,
) -> None:
    """In chính sách chữ ký mặc định, hoặc kiểm tra một tệp. Print the default policy, or check a file.

    Example: vanthu policy > policy.toml

    A policy says which algorithms count, what must be known of revocation, which
    signatures an agency's documents must bear, and what else a verdict warns of.
    For a file, its label is printed as verdicts will state it.
    """
    from certs.policy import default_text  # noqa: PLC0415 - start-up time
    from gateway.cli.verification.inputs import load_policy  # noqa: PLC0415 - start-up time

    if file is None:
        sys.stdout.buffer.write(default_text())
        sys.stdout.flush()
    else:
        print(load_policy(file).label)
