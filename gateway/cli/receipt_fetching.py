"""The work behind `vanthu receipt get` and `vanthu receipt keys`: what the gateway answers, kept in a file as it is.

Invariant: a file that is there already is not replaced unasked, because what it holds may be the older evidence.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from gateway.cli.drafts import draft_of
from gateway.cli.output import show_facts, show_verdict
from gateway.cli.remote import Result, Work
from gateway.client import Client


def receipts(document_id: str, *, output: Path | None, force: bool) -> Work:
    """Fetch every receipt of a document."""

    async def work(client: Client) -> Result:
        return _kept(await client.receipts(document_id), output, force=force, member="receipts")

    return work


def keys(*, output: Path | None, force: bool) -> Work:
    """Fetch the gateway's verifier keys."""

    async def work(client: Client) -> Result:
        return _kept(await client.keys(), output, force=force, member="keys")

    return work


def _kept(answer: dict[str, Any], output: Path | None, *, force: bool, member: str) -> Result:
    text = json.dumps(answer, ensure_ascii=False, indent=2) + "\n"
    if output is None:
        return Result(value=answer, show=lambda _: _print(text))
    with draft_of(output, force=force) as draft:
        draft.write_text(text, encoding="utf-8")

    def show(console: Console) -> None:
        show_verdict(console, good=True, vi=f"Đã ghi {output}", en="written")
        show_facts(console, [(f"số mục · {member}", len(answer.get(member, ())))])

    return Result(value=answer, show=show)


def _print(text: str) -> None:
    sys.stdout.write(text)
