"""`ports.Accounts` over a database: credentials are issued once, never changed, and revoked once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from functools import partial
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, bindparam, insert, select, update

from gateway.credentials import Credential
from gateway.records import Event
from gateway.store.database import Database
from gateway.store.staging import Staging
from gateway.store.tables import credential
from gateway.store.writer import Writer
from routing.log import Kind

NO_MEMBER: Final = "-"
"""Stands in a log entry for the member of a credential that belongs to none, such as an auditor's."""

_FIELDS: Final = tuple(field.name for field in fields(Credential))
_ONE: Final = select(*(credential.c[name] for name in _FIELDS)).where(credential.c.id == bindparam("id"))
_REVOKE: Final = (
    update(credential)
    .where(credential.c.id == bindparam("row_id"), credential.c.revoked_at.is_(None))
    .values(revoked_at=bindparam("now"))
)


class _Issue(NamedTuple):
    credential: Credential
    actor: str


class _Revocation(NamedTuple):
    credential_id: str
    actor: str


class SqlAccounts:
    """Credentials."""

    def __init__(self, database: Database, writer: Writer, staging: Staging) -> None:
        self._database = database
        self._writer = writer
        self._staging = staging

    async def credential(self, credential_id: str) -> Credential | None:
        """See `ports.Accounts`."""
        return await self._database.read(partial(_credential, credential_id=credential_id))

    async def issue(self, credential: Credential, *, actor: str) -> None:
        """See `ports.Accounts`.

        Raises:
            IntegrityError: the id was given to a credential before.

        """
        await self._writer.write(self._issue, _Issue(credential, actor))

    async def revoke(self, credential_id: str, *, actor: str) -> bool:
        """See `ports.Accounts`; True also when it was revoked before, which is logged no second time."""
        return await self._writer.write(self._revoke, _Revocation(credential_id, actor))

    async def is_empty(self) -> bool:
        """See `ports.Accounts`."""
        return await self._database.read(_is_empty)

    def _issue(self, connection: Connection, now: datetime, items: Sequence[_Issue]) -> list[None]:
        connection.execute(insert(credential), [_row(item.credential) for item in items])
        events = [
            _event(Kind.CREDENTIAL_ISSUED, item.credential, item.actor, _grant(item.credential))
            for item in items
        ]
        self._staging.stage(connection, now, events)
        return [None] * len(items)

    def _revoke(self, connection: Connection, now: datetime, items: Sequence[_Revocation]) -> list[bool]:
        results = []
        for item in items:
            known = _credential(connection, credential_id=item.credential_id)
            results.append(known is not None)
            if known is None:
                continue
            if connection.execute(_REVOKE, {"row_id": known.id, "now": now}).rowcount:
                self._staging.stage(connection, now, [_event(Kind.CREDENTIAL_REVOKED, known, item.actor, {})])
        return results


def _credential(connection: Connection, *, credential_id: str) -> Credential | None:
    row = connection.execute(_ONE, {"id": credential_id}).one_or_none()
    if row is None:
        return None
    facts = row._asdict()
    return Credential(**{**facts, "roles": frozenset(facts["roles"])})


def _is_empty(connection: Connection) -> bool:
    return connection.execute(select(credential.c.id).limit(1)).first() is None


def _row(source: Credential) -> dict[str, Any]:
    return {**{name: getattr(source, name) for name in _FIELDS}, "roles": sorted(source.roles)}


def _grant(issued: Credential) -> dict[str, Any]:
    """Say what was granted. The hash of the secret opens nothing, and shows a secret that was exchanged later."""
    expiry = {} if issued.expires_at is None else {"expires": issued.expires_at.isoformat()}
    return {"roles": sorted(issued.roles), "secret_sha256": issued.secret_sha256, **expiry}


def _event(kind: Kind, about: Credential, actor: str, fields: dict[str, Any]) -> Event:
    member = about.member_id or NO_MEMBER
    return Event(kind=kind, fields={"credential": about.id, "member": member, "actor": actor, **fields})
