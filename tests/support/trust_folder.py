"""A trust folder as the only thing that is relied upon: every authority in it is, without reserve."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from certs.errors import BadTrustBundleError
from certs.revocation import Revocation
from certs.trust import Trust
from gateway.trust_directory import TrustDirectory


class FolderTrust:
    """`TrustSource` over a folder."""

    def __init__(self, folder: Path, *, revocation: Revocation = Revocation.SOFT) -> None:
        self._path = folder
        self._folder = TrustDirectory(folder)
        self._revocation = revocation
        self._trust = self._read()
        self.problem = ""

    def trust(self) -> Trust:
        """Return what was in the folder at the last reading that succeeded."""
        return self._trust

    def look(self) -> bool:
        """Read the folder, and return whether another trust is in force."""
        before = self._trust.version
        try:
            self._trust = self._read()
        except BadTrustBundleError as error:
            self.problem = str(error)
        return self._trust.version != before

    async def refresh(self) -> bool:
        """Read the folder in a thread."""
        return await asyncio.to_thread(self.look)

    def _read(self) -> Trust:
        bundles = [path.read_bytes() for path in sorted(self._path.glob("*.pem"))]
        trust = replace(Trust.from_pem(*bundles), revocation=self._revocation)
        return self._folder.with_revocation(trust)
