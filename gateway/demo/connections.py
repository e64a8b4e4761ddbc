"""Setting the stage: the list of agencies in force, and both systems connected with a token each.

Invariant: doing it again changes nothing; tokens that are still good are used again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from gateway.client import Client, ProblemError
from gateway.demo.cast import Side
from gateway.demo.narration import MARKED, QUIET, Narrator, count
from gateway.demo.pki import ROOT_NAME, Identity, write_secret

AGENCIES = "agencies-2025-06-30.csv"


async def load_registry(narrator: Narrator, admin: Client) -> None:
    """Put the shipped list of agencies in force."""
    with narrator.step("Nạp danh mục mã định danh", "load the registry of agency codes") as step:
        content = await asyncio.to_thread(files("gateway.demo").joinpath(AGENCIES).read_bytes)
        loaded = await admin.load_agencies(content)
        state = "mới nạp · new" if loaded.changed else "đã có sẵn · in force already"
        step.fact(
            "danh mục · registry",
            (f"{count(loaded.agencies)} cơ quan", MARKED),
            f", phiên bản {loaded.version}  ",
            (state, QUIET),
        )
        step.fact("mã băm · sha256", loaded.sha256)


async def connect(
    narrator: Narrator, admin: Client, sides: Sequence[Side], keys: Mapping[str, Identity], folder: Path
) -> dict[str, str]:
    """Connect the systems and return a token for each by its member id."""
    with narrator.step("Kết nối hai hệ thống văn bản", "connect two document systems") as step:
        tokens = await _good_tokens(admin.url, sides, folder)
        for side in sides:
            await admin.add_member(side.member_id, name=side.member_name, prefixes=(side.prefix,))
            if side.member_id not in tokens:
                made = await admin.issue_member_token(side.member_id, label="demo")
                tokens[side.member_id] = made.token
                await asyncio.to_thread(write_secret, token_file(folder, side), made.token.encode())
            certificate = keys[side.code].certificate
            step.fact(side.member_id, side.member_name, (f"  phục vụ · serves {side.prefix}", QUIET))
            step.fact(
                "  chứng thư · cert",
                (side.holder, MARKED),
                f"  serialNumber={side.code}",
                (f"  đến {certificate.not_valid_after_utc:%m/%Y}", QUIET),
            )
        step.fact(
            "gốc tin cậy · trust root", ROOT_NAME, ("  chỉ trong thư mục này · in this folder only", QUIET)
        )
    return tokens


def token_file(folder: Path, side: Side) -> Path:
    """Return where a side's token is kept."""
    return folder / f"{side.member_id}.token"


async def _good_tokens(url: str, sides: Sequence[Side], folder: Path) -> dict[str, str]:
    """Return the kept tokens that the gateway still takes."""
    good = {}
    for side in sides:
        token = await asyncio.to_thread(_read, token_file(folder, side))
        if token is None:
            continue
        async with Client(url, token=token) as client:
            try:
                await client.inbox(limit=1)
            except ProblemError:
                continue
        good[side.member_id] = token
    return good


def _read(path: Path) -> str | None:
    return path.read_text().strip() if path.exists() else None
