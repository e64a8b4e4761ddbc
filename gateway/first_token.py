"""The administrator's token that the very first start makes, so that there is somebody who can make the others."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Final

from gateway.flow.access import new_token
from gateway.ports import Clock, Store
from gateway.settings import Settings

ADMIN_ROLES: Final = frozenset({"admin", "registry", "auditor"})


def admin_token_file(settings: Settings) -> Path:
    """Return the file for the token that the very first start makes."""
    return settings.data / "admin.token"


async def first_token(store: Store, settings: Settings, clock: Clock) -> None:
    """On the very first start make the administrator's token and leave it in a file that only this user can read."""
    if await store.accounts.is_empty():
        token, credential = new_token(
            label="first administrator", member_id=None, roles=ADMIN_ROLES, at=clock()
        )
        await asyncio.to_thread(_write_secret, admin_token_file(settings), token)
        await store.accounts.issue(credential, actor="gateway")


def _write_secret(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text + "\n")
