"""Searching the registry without holding up the event loop: one index per version of the directory, made when first asked for.

Invariant: an answer is about the directory that was handed in, however the registry changes meanwhile.
"""

from __future__ import annotations

import asyncio

from routing.agencies import Directory
from routing.names import NameIndex
from routing.search import Criteria, Page, search


class AgencySearch:
    """Keeps the index of the directory that was asked about last; safe to ask concurrently."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._made: tuple[Directory, NameIndex] | None = None

    async def page(self, directory: Directory, criteria: Criteria) -> Page:
        """Return what is found."""
        index = await self._index(directory)
        return await asyncio.to_thread(search, directory, index, criteria)

    async def _index(self, directory: Directory) -> NameIndex:
        # Callers share the making of an index, which takes a second for a whole country.
        async with self._turn:
            if self._made is None or self._made[0] is not directory:
                index = await asyncio.to_thread(_index_of, directory)
                self._made = (directory, index)
            return self._made[1]


def _index_of(directory: Directory) -> NameIndex:
    return NameIndex((each.code, each.name) for each in directory.agencies())
