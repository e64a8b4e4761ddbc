"""The work behind `vanthu registry template`: a file to fill in, which the gateway would give, too."""

from __future__ import annotations

import sys
from pathlib import Path

from gateway.change_templates import TEMPLATES
from gateway.cli.drafts import draft_of
from gateway.cli.output import make_console, show_verdict


def template(name: str, *, output: Path | None, force: bool) -> None:
    """Write a template to a file or to standard output.

    Raises:
        UnreadableFileError: there is a file already, or none can be made there.

    """
    content = TEMPLATES[name]()
    if output is None:
        sys.stdout.buffer.write(content)
        return
    with draft_of(output, force=force) as draft:
        draft.write_bytes(content)
    show_verdict(make_console(), good=True, vi=f"Đã ghi {output}", en="written")
