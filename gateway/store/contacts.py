"""`ports.Contacts` over a database: rows that are deleted when they are replaced, because nobody may keep them longer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, insert, select

from gateway.ports.contacts import Contact, Subject
from gateway.store.database import Database
from gateway.store.tables import contact
from gateway.store.writer import Writer


class _Replacement(NamedTuple):
    subject: Subject
    contacts: tuple[Contact, ...]


class SqlContacts:
    """Whom to call."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    async def of(self, subject: Subject) -> tuple[Contact, ...]:
        """See `ports.Contacts`."""
        return await self._database.read(lambda connection: _of(connection, subject))

    async def replace(self, subject: Subject, contacts: Sequence[Contact]) -> None:
        """See `ports.Contacts`."""
        await self._writer.write(_replace, _Replacement(subject, tuple(contacts)))


def _replace(connection: Connection, _now: datetime, items: Sequence[_Replacement]) -> list[None]:
    for subject, contacts in items:
        connection.execute(delete(contact).where(_is_of(subject)))
        rows = [
            {"subject_kind": subject.kind.value, "subject": subject.id, **asdict(each)} for each in contacts
        ]
        if rows:
            connection.execute(insert(contact), rows)
    return [None] * len(items)


def _of(connection: Connection, subject: Subject) -> tuple[Contact, ...]:
    columns = (contact.c.name, contact.c.role, contact.c.phone, contact.c.email)
    rows = connection.execute(select(*columns).where(_is_of(subject)).order_by(contact.c.id))
    return tuple(Contact(**row._asdict()) for row in rows)


def _is_of(subject: Subject) -> ColumnElement[bool]:
    return (contact.c.subject_kind == subject.kind.value) & (contact.c.subject == subject.id)
