"""The contract of `ports.Contacts`: what was given last, and nothing of what was there before, anywhere."""

from __future__ import annotations

from gateway.ports.contacts import Contact, Subject, SubjectKind
from gateway.store import SqlStore
from tests.support.stores import Stores

HANOI = Subject(kind=SubjectKind.MEMBER, id="hanoi")
BODY = Subject(kind=SubjectKind.AGENCY, id="hanoi")
FIRST = Contact(name="Nguyễn Văn A", role="trực kỹ thuật", phone="+84 24 1234 5678", email="a@hanoi.gov.vn")
SECOND = Contact(name="Trần Thị B", phone="0912345678")


async def test_contacts(store: SqlStore) -> None:
    """They come back in order, for whom they were given."""
    assert await store.contacts.of(HANOI) == ()

    await store.contacts.replace(HANOI, [FIRST, SECOND])

    assert await store.contacts.of(HANOI) == (FIRST, SECOND)
    assert await store.contacts.of(BODY) == ()


async def test_nothing_is_left(store: SqlStore, stores: Stores) -> None:
    """Who is replaced is gone from the database, makes no version of the registry, and is in no entry of the log."""
    before = await stores.rows("SELECT count(*) FROM log_entry")
    await store.contacts.replace(HANOI, [FIRST])
    await store.contacts.replace(HANOI, [SECOND])

    assert await stores.rows("SELECT name FROM contact") == [(SECOND.name,)]
    await store.contacts.replace(HANOI, [])
    assert await stores.rows("SELECT name FROM contact") == []
    assert await stores.rows("SELECT count(*) FROM log_entry") == before
    assert (await store.registry.directory()).version == 0
