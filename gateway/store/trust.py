"""`ports.TrustStore` over a database: each change is one new version, activated and logged in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Final, NamedTuple, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from sqlalchemy import Connection

from certs.admission import admit
from certs.errors_authority import InadmissibleError
from gateway.errors_trust import (
    AlreadyRetiredError,
    AlreadyTrustedError,
    TrustStoreError,
    UnknownTrustError,
    WindowReversedError,
)
from gateway.records import Event
from gateway.store import trust_content as content
from gateway.store.database import Database
from gateway.store.reading import Head
from gateway.store.staging import Staging
from gateway.store.writer import Writer
from gateway.trusted import Terms, Trusted, TrustVersion, terms_as_json
from routing.errors import printable
from routing.log import Kind

T = TypeVar("T")

NO_SUBJECT: Final = "-"
"""Stands in a log entry for a subject that is empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Addition:
    """An authority to be relied upon."""

    certificate: x509.Certificate
    sha256: str
    terms: Terms
    actor: str
    replace: bool = False


class _Retirement(NamedTuple):
    sha256: str
    at: datetime | None
    reason: str
    actor: str


class SqlTrustStore:
    """Anchors and intermediates."""

    def __init__(self, database: Database, writer: Writer, staging: Staging) -> None:
        self._database = database
        self._writer = writer
        self._staging = staging
        self._known: TrustVersion | None = None

    async def current(self) -> TrustVersion:
        """See `ports.TrustStore`."""
        return self._keep(await self._database.read(self._current))

    async def at_version(self, version: int) -> TrustVersion:
        """See `ports.TrustStore`."""
        return await self._database.read(partial(_at_version, version=version))

    async def version_at(self, moment: datetime) -> int:
        """See `ports.TrustStore`."""
        return await self._database.read(partial(content.newest_until, moment=moment))

    async def add(
        self, certificate: x509.Certificate, terms: Terms, *, actor: str, replace: bool = False
    ) -> TrustVersion:
        """See `ports.TrustStore`."""
        addition = _Addition(
            certificate=certificate, sha256=_sha256(certificate), terms=terms, actor=actor, replace=replace
        )
        return self._keep(await self._writer.write(self._add_all, addition))

    async def take_over(self, certificate: x509.Certificate, *, actor: str) -> bool:
        """See `ports.TrustStore`."""
        sha256 = _sha256(certificate)
        if await self._database.read(partial(content.was_ever_here, sha256=sha256)):
            return False
        addition = _Addition(certificate=certificate, sha256=sha256, terms=Terms(), actor=actor)
        made = await self._writer.write(self._take_over_all, addition)
        return made is not None and self._keep(made) is made

    async def retire(self, sha256: str, *, at: datetime | None, reason: str, actor: str) -> TrustVersion:
        """See `ports.TrustStore`."""
        return self._keep(await self._writer.write(self._retire_all, _Retirement(sha256, at, reason, actor)))

    def _keep(self, made: TrustVersion) -> TrustVersion:
        """Remember the newest version that this process has seen, so that the next look need not read it."""
        if self._known is None or self._known.version < made.version:
            self._known = made
        return made

    def _current(self, connection: Connection) -> TrustVersion:
        return self._version(connection, content.head(connection))

    def _version(self, connection: Connection, head: Head) -> TrustVersion:
        known = self._known
        if known is not None and (known.version, known.sha256) == head:
            return known
        return content.version_of(connection, head)

    def _add_all(
        self, connection: Connection, now: datetime, items: Sequence[_Addition]
    ) -> list[TrustVersion | Exception]:
        return [_refused_or_made(partial(self._add, connection, now), item) for item in items]

    def _add(self, connection: Connection, now: datetime, item: _Addition) -> TrustVersion:
        before = self._version(connection, content.head(connection, to_change=True))
        known = before.find(item.sha256)
        if known is not None and not item.replace:
            raise AlreadyTrustedError(sha256=item.sha256)
        role = admit(item.certificate, at=now)
        item.terms.require_for(role, subject=printable(item.certificate.subject.rfc4514_string()))
        if known is not None and (known.terms, known.reason) == (item.terms, ""):
            return before
        new = Trusted(
            sha256=item.sha256,
            certificate=item.certificate,
            role=role,
            terms=item.terms,
            reason="",
            actor=item.actor,
            changed_at=now,
            since_version=before.version + 1,
        )
        kind = Kind.TRUST_ADDED if known is None else Kind.TRUST_CHANGED
        return self._make(connection, before, new, kind)

    def _take_over_all(
        self, connection: Connection, now: datetime, items: Sequence[_Addition]
    ) -> list[TrustVersion | Exception | None]:
        return [self._take_over(connection, now, item) for item in items]

    def _take_over(
        self, connection: Connection, now: datetime, item: _Addition
    ) -> TrustVersion | Exception | None:
        """Add an authority; None if it was added meanwhile."""
        outcome = _refused_or_made(partial(self._add, connection, now), item)
        return None if isinstance(outcome, AlreadyTrustedError) else outcome

    def _retire_all(
        self, connection: Connection, now: datetime, items: Sequence[_Retirement]
    ) -> list[TrustVersion | Exception]:
        return [_refused_or_made(partial(self._retire, connection, now), item) for item in items]

    def _retire(self, connection: Connection, now: datetime, item: _Retirement) -> TrustVersion:
        before = self._version(connection, content.head(connection, to_change=True))
        known = before.find(item.sha256)
        if known is None:
            raise UnknownTrustError(sha256=item.sha256)
        terms, until = known.terms, item.at or now
        if terms.trusted_until is not None and terms.trusted_until <= until:
            raise AlreadyRetiredError(sha256=item.sha256, since=terms.trusted_until.isoformat())
        if terms.trusted_from is not None and until < terms.trusted_from:
            raise WindowReversedError(
                trusted_from=terms.trusted_from.isoformat(), trusted_until=until.isoformat()
            )
        new = replace(
            known,
            terms=replace(terms, trusted_until=until),
            reason=item.reason,
            actor=item.actor,
            changed_at=now,
            since_version=before.version + 1,
        )
        return self._make(connection, before, new, Kind.TRUST_RETIRED)

    def _make(self, connection: Connection, before: TrustVersion, new: Trusted, kind: Kind) -> TrustVersion:
        others = (each for each in before.certificates if each.sha256 != new.sha256)
        made = content.activate(connection, before, new, (*others, new))
        stated = terms_as_json(new.terms)
        codes = {"agency_codes": stated.pop("codes")} if "codes" in stated else {}
        fields = {
            "trust_number": made.version,
            "trust_sha256": made.sha256,
            "certificate_sha256": new.sha256,
            "certificate_subject": printable(new.subject) or NO_SUBJECT,
            "role": new.role.value,
            "actor": new.actor,
            **stated,
            **codes,
        }
        self._staging.stage(connection, new.changed_at, [Event(kind=kind, fields=fields)])
        return made


def _refused_or_made(change: Callable[[T], TrustVersion], item: T) -> TrustVersion | Exception:
    """Make a change, or return why it is refused; a refused change has written nothing."""
    try:
        return change(item)
    except (TrustStoreError, InadmissibleError) as error:
        return error


def _at_version(connection: Connection, *, version: int) -> TrustVersion:
    sha256 = content.sha256_at(connection, version)
    if sha256 is None:
        raise KeyError(version)
    return content.version_of(connection, Head(version, sha256))


def _sha256(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA256()).hex()
