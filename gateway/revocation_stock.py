"""`ports.RevocationStock` over the trust folder: `kept-*.crl`, `kept-*.ocsp` and, beside them, records in `revocation.json`.

Each (authority, scope) has one file for its complete list and one for its delta list, each certificate one for its answer.
Invariants:

- nothing is written that was not verified against the authorities in force, and nothing older replaces anything newer, even where
  several processes write: who writes holds the lock and reads what is there first;
- a file appears whole or not at all.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Final, TypeAlias

import msgspec
from cryptography import x509

from certs.errors import BadTrustBundleError
from certs.ocsp import OcspAnswer
from certs.revocation_list import RevocationList, split_lists
from certs.trust import Trust
from gateway.errors_revocation import OlderListError
from gateway.ports.revocation import Kept, Origin
from gateway.revocation_files import KEPT

RECORDS: Final = "revocation.json"

Item: TypeAlias = RevocationList | OcspAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class _Records:
    """What `revocation.json` holds."""

    sources: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By the name of a file: the SHA-256 of what is in it, and where that came from."""
    origins: dict[str, Origin] = field(default_factory=dict)


class FolderStock:
    """The stock in a folder that is there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def keep(self, data: bytes, *, trust: Trust, source: str) -> tuple[Kept, ...]:
        """See `ports.RevocationStock`."""
        return await asyncio.to_thread(self._keep, data, trust, source)

    async def sources(self) -> dict[str, str]:
        """See `ports.RevocationStock`."""
        return dict((await asyncio.to_thread(self._records)).sources.values())

    async def origins(self) -> tuple[Origin, ...]:
        """See `ports.RevocationStock`."""
        return tuple((await asyncio.to_thread(self._records)).origins.values())

    async def record(self, *origins: Origin) -> None:
        """See `ports.RevocationStock`."""
        await asyncio.to_thread(self._change, {each.key: each for each in origins}, frozenset())

    async def forget(self, *origins: Origin) -> None:
        """See `ports.RevocationStock`."""
        await asyncio.to_thread(self._change, {}, frozenset(each.key for each in origins))

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[bool]:
        """See `ports.RevocationStock`."""
        lock = await asyncio.to_thread(self._try_lock)
        try:
            yield lock is not None
        finally:
            if lock is not None:
                await asyncio.to_thread(lock.close)

    def _keep(self, data: bytes, trust: Trust, source: str) -> tuple[Kept, ...]:
        issuers = trust.authorities()
        found = [(each, der) for der in _split(data) for each in _verified(der, issuers)]
        # Of two in one file the newer is written last.
        found.sort(key=lambda pair: pair[0].this_update)
        with self._locked():
            changes = [(each, der, self._is_new(each, trust, issuers)) for each, der in found]
            sources = {}
            for each, der, is_new in changes:
                if is_new:
                    path = self._path(each)
                    self._write(path, der)
                    sources[path.name] = (each.sha256, source)
            if sources:
                records = self._records()
                self._save(replace(records, sources=records.sources | sources))
        return tuple(_kept(each, changed=is_new) for each, _, is_new in changes)

    def _is_new(self, item: Item, trust: Trust, issuers: tuple[x509.Certificate, ...]) -> bool:
        """Tell whether something is not there yet.

        Raises:
            OlderListError: something newer is.

        """
        held: tuple[Item, ...] = (*trust.lists, *trust.responses)
        others = [each for each in held if _key(each) == _key(item)]
        path = self._path(item)
        if path.exists():
            # One whose signer is not relied upon any more says nothing here.
            with suppress(BadTrustBundleError):
                others += [each for each in _verified(path.read_bytes(), issuers) if _key(each) == _key(item)]
        for other in others:
            if _is_older(item, other):
                raise OlderListError(issuer=item.issuer, found=_age_of(item), held=_age_of(other))
        return all(each.sha256 != item.sha256 for each in others)

    def _path(self, item: Item) -> Path:
        name = hashlib.sha256(repr(_key(item)).encode()).hexdigest()[:32]
        return self._folder / f"{KEPT}{name}.{item.kind}"

    def _change(self, changed: Mapping[str, Origin], gone: frozenset[str]) -> None:
        with self._locked():
            records = self._records()
            origins = {key: each for key, each in records.origins.items() if key not in gone} | dict(changed)
            self._save(replace(records, origins=origins))

    def _records(self) -> _Records:
        try:
            return msgspec.json.decode((self._folder / RECORDS).read_bytes(), type=_Records)
        except (FileNotFoundError, msgspec.MsgspecError):
            # Nothing rests on it: what is kept is verified anew, and what is to be fetched is learnt anew.
            return _Records()

    def _save(self, records: _Records) -> None:
        self._write(self._folder / RECORDS, msgspec.json.encode(records))

    def _write(self, path: Path, data: bytes) -> None:
        draft = path.with_name(f".{path.name}.{os.getpid()}.part")
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self._folder / "revocation.lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _try_lock(self) -> IO[bytes] | None:
        lock = (self._folder / "fetching.lock").open("wb")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return None
        return lock


def _split(data: bytes) -> tuple[bytes, ...]:
    return (data,) if _is_answer(data) else split_lists(data)


def _verified(data: bytes, issuers: tuple[x509.Certificate, ...]) -> tuple[Item, ...]:
    if _is_answer(data):
        return OcspAnswer.read(data, issuers=issuers)
    return RevocationList.read(data, issuers=issuers)


def _is_answer(data: bytes) -> bool:
    """Tell an OCSP response from a list: it begins with its status, an ENUMERATED (RFC 6960 §4.2.1)."""
    start = 2 + (data[1] & 0x7F if data[1] & 0x80 else 0) if len(data) > 1 else 0
    return data[:1] == b"\x30" and data[start : start + 1] == b"\x0a"


def _key(item: Item) -> tuple[object, ...]:
    """Return what two lists or answers have in common if one takes the other's place."""
    if isinstance(item, OcspAnswer):
        return item.kind, item.authority, item.serial_number
    scope = item.scope
    names = sorted(map(repr, scope.points)) if scope.points is not None else None
    reasons = sorted(each.name for each in scope.reasons)
    about = (scope.users_only, scope.authorities_only, names, reasons)
    return item.kind, item.authority, about, item.base is not None


def _is_older(item: Item, other: Item) -> bool:
    if isinstance(item, RevocationList) and isinstance(other, RevocationList):
        numbers = (item.number, other.number)
        if None not in numbers and (item.number or 0) < (other.number or 0):
            return True
    return item.this_update < other.this_update


def _age_of(item: Item) -> str:
    number = f"{item.number}, " if isinstance(item, RevocationList) and item.number is not None else ""
    return number + item.this_update.isoformat()


def _kept(item: Item, *, changed: bool) -> Kept:
    return Kept(
        kind=item.kind,
        issuer=item.issuer,
        number=item.number if isinstance(item, RevocationList) else None,
        serial_number=item.serial_number if isinstance(item, OcspAnswer) else None,
        sha256=item.sha256,
        this_update=item.this_update,
        next_update=item.next_update,
        changed=changed,
    )
