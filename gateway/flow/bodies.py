"""Where the body of a submission is read from, and how it becomes durable.

Invariant: a body that is not small is durable, under its hash, before the acceptance that names it is committed.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from gateway.flow.accepting import Submission
from gateway.flow.spool import Spooled
from gateway.ports import Payloads


async def make_durable(payloads: Payloads, submission: Submission) -> None:
    """Keep the body by its hash, wherever it is now."""
    body = submission.body
    if submission.parked is not None:
        await payloads.promote(submission.parked.parked.id, body.sha256)
    elif body.memory is not None:
        await payloads.put(body.memory, body.sha256)
    elif body.path is not None:
        await payloads.adopt(body.path, body.sha256)


async def source_of(payloads: Payloads, body: Spooled) -> bytes | Path:
    """Return what a body is read from: its own file is gone once an attempt to accept it has made it durable."""
    if body.path is None:
        return body.source
    return await asyncio.to_thread(_standing, payloads, body.path, body.sha256)


def _standing(payloads: Payloads, path: Path, sha256: str) -> Path:
    return path if path.exists() else payloads.path(sha256)
