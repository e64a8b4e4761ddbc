"""Opening databases: schema, durability settings, several processes, lost connections, and the rest of `ports.Store`."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from certs.certificate import key_fingerprint
from gateway.store import SqlStore
from gateway.store.database import head_revision, open_database
from gateway.store.errors import (
    DamagedDatabaseError,
    OutcomeUnknownError,
    StoreClosedError,
    UnknownSchemaError,
    UnsafeDatabaseError,
    UnsupportedDatabaseError,
)
from gateway.store.tables import metadata
from tests.support.pki import signer
from tests.support.postgres import Cluster
from tests.support.store_samples import Clock, an_acceptance
from tests.support.stores import Stores, run

SCHEMA = {
    "sqlite": "SELECT type, name, sql FROM sqlite_master WHERE type IN ('table', 'index') AND tbl_name <> 'alembic_version'",
    "postgresql": """
        SELECT 'column', table_name, column_name || ' ' || data_type || ' ' || is_nullable || ' ' || ordinal_position
        FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'
        UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes
        WHERE schemaname = 'public' AND tablename <> 'alembic_version'
        UNION ALL SELECT 'constraint', conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND conname NOT LIKE 'alembic%'
    """,
}

_MESSAGE_BEFORE = (
    "INSERT INTO message (id, kind, about, gateway, member_id, sender_code, sender_as_sent, document_id, number, subject, "
    "sha256, size, accepted_at, registry_version, verdict) "
    "VALUES ('{}', '{}', {}, 'g', 'm', 'H26', 'H26', 'd-1', '', '', '', 0, 1, 1, '{{}}')"
)
_BEFORE_0018 = ("DROP INDEX ix_delivery_ask_at", "ALTER TABLE delivery DROP COLUMN ask_at")
_BEFORE_0016 = (
    *_BEFORE_0018,
    *(f"DROP TABLE {name}" for name in ("dead_letter", "resend_order")),
    "DROP INDEX ix_axis_message_dead",
    *(f"ALTER TABLE axis_message DROP COLUMN {name}" for name in ("deliveries", "died_of")),
)
_BEFORE_0015 = (
    *_BEFORE_0016,
    *(f"DROP INDEX {name}" for name in ("ix_outbox_due", "ix_outbox_deliver_by", "ix_outbox_in_flight")),
    "DROP INDEX ix_arrival_urgent",
    "DROP TABLE flow",
    *(
        f"ALTER TABLE {table} DROP COLUMN {name}"
        for table, names in {
            "message": ("priority", "deliver_by"),
            "delivery": ("flow_seq", "late_state"),
            "outbox": ("priority", "flow", "flow_seq", "deliver_by"),
            "arrival": ("flow_seq", "priority"),
            "parked": ("deliver_by",),
        }.items()
        for name in names
    ),
    "CREATE INDEX ix_outbox_next_at_id ON outbox (next_at, id)",
)
_BEFORE_0011 = (
    *(f"DROP TABLE {name}" for name in ("change_content", "change_approval", "change_set", "officer_key")),
    "DROP INDEX ix_delivery_under_way",
    "DROP INDEX ix_message_accepted_at",
)
_BEFORE_0017 = (
    *_BEFORE_0015,
    "DROP TABLE ledger_day",
    "DROP TABLE ledger_head",
    "DROP INDEX ix_delivery_owed",
)
_BEFORE_0014 = (
    *_BEFORE_0017,
    "ALTER TABLE peer DROP COLUMN shares_payloads",
)
_BEFORE_0010 = (
    *_BEFORE_0014,
    "DROP TABLE contact",
    "DROP TABLE upstream_registry",
    *_BEFORE_0011,
    "DROP TABLE notice",
    "ALTER TABLE arrival DROP COLUMN resolved_code",
    "ALTER TABLE arrival DROP COLUMN chosen_at",
    "DROP INDEX ix_delivery_held",
    *(
        f"ALTER TABLE delivery DROP COLUMN {name}"
        for name in ("resolved_code", "resolved_version", "chosen_at", "held_since", "former_members")
    ),
    "ALTER TABLE registry_version DROP COLUMN recipe",
    "DROP TABLE registry_preparation",
    "DROP INDEX ix_agency_code",
    "DROP INDEX ix_agency_since_version",
)
_BEFORE_0004 = (
    *_BEFORE_0010,
    "ALTER TABLE agency DROP COLUMN status",
    "ALTER TABLE agency DROP COLUMN forward_until",
    "ALTER TABLE member DROP COLUMN entities",
    "DROP TABLE receipt_key",
    "DROP TABLE parked",
    "DROP TABLE first_seen",
    "DROP TABLE evidence",
    "DROP TABLE certificate_sighting",
    *(f"ALTER TABLE certificate DROP COLUMN {name}" for name in ("spki_sha256", "certificate_ends", "terms")),
    *(f"DROP TABLE {name}" for name in ("trust_certificate", "trust_version", "trust_head")),
)
_BEFORE_0003 = (
    *_BEFORE_0004,
    "DROP TABLE reference",
    "DROP INDEX ix_message_business",
    "DROP INDEX ix_message_sender_code_number",
    *(
        f"ALTER TABLE message DROP COLUMN {name}"
        for name in ("business_type", "reason", "refers_to", "promulgation_date", "stated_at", "staff")
    ),
    "UPDATE alembic_version SET version_num = '0002'",
    _MESSAGE_BEFORE.format("d", "edoc", "NULL"),
    _MESSAGE_BEFORE.format("s", "status", "'d'"),
    (
        "INSERT INTO arrival (id, message_id, code, as_sent, member_id, queue, reply_queue, receipt, arrived_at) VALUES "
        "('a', 's', 'H53', 'H53', 'm', 'q', 'q', '', 5)"
    ),
)
"""Statements that take a database back to revision 0002, with a document and a status about it that arrived."""

ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
"""What can only happen to a connection over which a server decides."""


@contextmanager
def engine_of(url: str) -> Iterator[Engine]:
    """Lend an engine that keeps no connection."""
    engine = create_engine(url, poolclass=NullPool)
    yield engine
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of a database that holds nothing yet."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'deep' / 'folder' / 'vanthu.db'}"
        return
    cluster: Cluster = request.getfixturevalue("postgres")
    name = cluster.create()
    yield cluster.url(name)
    cluster.drop(name)


def schema(url: str) -> list[tuple[str, ...]]:
    """Return a database's own description of its schema."""
    statement = SCHEMA["sqlite" if url.startswith("sqlite") else "postgresql"]
    # A column that was added later stands after a gap of its own.
    return sorted(
        tuple(re.sub(r"\s+([,)])?", lambda gap: gap[1] or " ", str(value)) for value in row)
        for row in run(url, statement)
    )


def test_migrations_and_tables_agree(database_url: str) -> None:
    """Alembic finds nothing to migrate between the newest revision and the tables that the code uses."""
    with engine_of(database_url) as engine, engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})

        assert compare_metadata(context, metadata) == []


@pytest.mark.parametrize(
    ("database_url", "empty_url"), [("sqlite", "sqlite"), ("postgresql", "postgresql")], indirect=True
)
def test_migrations_and_tables_agree_to_the_letter(database_url: str, empty_url: str) -> None:
    """The database describes the migrated schema as it describes the tables: partial indexes and constraints too."""
    if empty_url.startswith("sqlite"):
        Path(empty_url.removeprefix("sqlite:///")).parent.mkdir(parents=True)
    with engine_of(empty_url) as engine:
        metadata.create_all(engine)

    assert schema(database_url) == schema(empty_url)


def test_empty_database_gets_the_newest_schema(empty_url: str) -> None:
    """Opening an empty database, in a folder that does not exist yet, makes it ready; opening it again changes nothing."""
    for _ in range(2):
        open_database(empty_url).close()

        assert run(empty_url, "SELECT version_num FROM alembic_version") == [(head_revision(),)]
        assert run(empty_url, "SELECT size FROM log_head") == [(0,)]


def test_a_status_from_before_links_were_kept(database_url: str) -> None:
    """Migrating gives a status that had arrived the link of which the log speaks; documents of before were new ones."""
    for statement in _BEFORE_0003:
        run(database_url, statement)

    open_database(database_url).close()

    assert run(database_url, "SELECT message_id, about_id, relation, noted_at FROM reference") == [
        ("s", "d", "answers", 5)
    ]
    assert run(database_url, "SELECT id, business_type FROM message ORDER BY id") == [("d", 0), ("s", None)]


def test_versions_from_before_keep_their_recipe(database_url: str) -> None:
    """Migrating says of every version that is there that it was hashed by the first recipe."""
    for statement in (*_BEFORE_0010, "UPDATE alembic_version SET version_num = '0009'"):
        run(database_url, statement)
    values = f"7, {_octets(database_url, bytes(32))}, 1, 'a', 's'"
    run(
        database_url,
        f"INSERT INTO registry_version (version, sha256, activated_at, actor, source) VALUES ({values})",  # noqa: S608 - our own
    )

    open_database(database_url).close()

    assert run(database_url, "SELECT recipe FROM registry_version WHERE version = 7") == [(1,)]


def test_gateways_from_before_share_the_payload_store(database_url: str) -> None:
    """Migrating says of every gateway that was known already that it shares the store: it had to."""
    for statement in (*_BEFORE_0014, "UPDATE alembic_version SET version_num = '0013'"):
        run(database_url, statement)
    run(database_url, "INSERT INTO peer (name, verifier_key, since) VALUES ('gw.old', 'k', 1)")

    open_database(database_url).close()

    assert run(database_url, "SELECT name FROM peer WHERE shares_payloads") == [("gw.old",)]


def test_deliveries_from_before_are_asked_about(database_url: str) -> None:
    """Migrating makes it time to ask about what had arrived, and about nothing else."""
    for statement in (*_BEFORE_0018, "UPDATE alembic_version SET version_num = '0016'"):
        run(database_url, statement)
    run(database_url, _MESSAGE_BEFORE.format("d", "edoc", "NULL"))
    for position, state in enumerate(("received", "acknowledged", "confirmed")):
        values = f"'{state}', 'd', {position}, 'H53', 'H53', 'm', 'q', '{state}', 1, 7"
        run(
            database_url,
            "INSERT INTO delivery (id, message_id, position, code, as_sent, member_id, queue, state, attempts, updated_at) "  # noqa: S608 - our own
            f"VALUES ({values})",
        )

    open_database(database_url).close()

    assert run(database_url, "SELECT id, ask_at FROM delivery WHERE ask_at IS NOT NULL") == [("received", 7)]


def test_certificates_from_before_are_registrations(database_url: str) -> None:
    """Migrating reads key and end from the certificates that are there; one that cannot be read stays as it was."""
    for statement in (*_BEFORE_0004, "UPDATE alembic_version SET version_num = '0003'"):
        run(database_url, statement)
    certificate = signer()[0]
    for pem in (certificate.public_bytes(Encoding.PEM), b"PEM"):
        values = f"'e', {_octets(database_url, bytes(32))}, {_octets(database_url, pem)}, 1"
        run(
            database_url,
            f"INSERT INTO certificate (entity_id, certificate_sha256, pem, since_version) VALUES ({values})",  # noqa: S608 - our own
        )

    open_database(database_url).close()

    read, unread = run(
        database_url, "SELECT spki_sha256, certificate_ends, terms FROM certificate ORDER BY id"
    )
    ends = int(certificate.not_valid_after_utc.timestamp() * 1_000_000)
    assert (bytes(read[0]).hex(), *read[1:]) == (key_fingerprint(certificate), ends, "{}")
    assert unread == (None, None, "{}")


def _octets(url: str, value: bytes) -> str:
    """Write octets as the database's own literal."""
    return f"x'{value.hex()}'" if url.startswith("sqlite") else f"decode('{value.hex()}', 'hex')"


def test_processes_that_open_an_empty_database_together(empty_url: str) -> None:
    """Several processes that start at once wait for the one that migrates."""
    with ThreadPoolExecutor(4) as threads:
        for database in list(threads.map(open_database, [empty_url] * 4)):
            database.close()

    assert run(empty_url, "SELECT count(*) FROM registry_head") == [(1,)]


def test_database_of_a_newer_version_is_refused(database_url: str) -> None:
    """An older program keeps its hands off a schema that it does not know."""
    run(database_url, "UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(UnknownSchemaError, match="9999"):
        open_database(database_url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "no url",
        "sqlite://",
        "sqlite:///:memory:",
        "mysql://root:secret@db/vanthu",
        "postgresql+asyncpg://vanthu:secret@db/vanthu",
    ],
)
def test_unsupported_database_is_refused(url: str) -> None:
    """What is neither an SQLite file nor PostgreSQL is refused, and its password is not repeated."""
    with pytest.raises(UnsupportedDatabaseError) as raised:
        open_database(url)

    assert "secret" not in str(raised.value)


def test_sqlite_without_write_ahead_log_is_refused() -> None:
    """A database that cannot have a write-ahead log, such as one in memory, is not durable."""
    with pytest.raises(UnsafeDatabaseError, match="journal_mode"):
        open_database("sqlite:///file:nothing?mode=memory&uri=true")


def test_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """A file of something else is left alone."""
    path = tmp_path / "letter.txt"
    path.write_bytes(b"Kinh gui: Uy ban nhan dan\n" * 400)

    with pytest.raises(DamagedDatabaseError, match="not a database"):
        open_database(f"sqlite:///{path}")

    assert path.read_bytes().startswith(b"Kinh gui")


def test_unreachable_server_is_an_error(tmp_path: Path) -> None:
    """A server that is not there is the driver's to report."""
    with pytest.raises(OperationalError):
        open_database(f"postgresql+psycopg://nobody@/nothing?host={tmp_path}")


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes"])
def test_unsafe_postgresql_is_refused(postgres: Cluster, postgres_template: str, setting: str) -> None:
    """A server that may lose what it committed is not used."""
    with _server_setting(postgres, setting), pytest.raises(UnsafeDatabaseError, match=setting):
        open_database(postgres.url(postgres_template))

    open_database(postgres.url(postgres_template)).close()


@contextmanager
def _server_setting(cluster: Cluster, setting: str) -> Iterator[None]:
    """Switch a setting of the whole server off for a while."""

    def reload(change: str, value: str) -> None:
        cluster.execute(f"ALTER SYSTEM {change}")
        cluster.execute("SELECT pg_reload_conf()")
        while run(cluster.url("postgres"), f"SHOW {setting}") != [(value,)]:
            continue

    reload(f"SET {setting} = off", "off")
    try:
        yield
    finally:
        reload(f"RESET {setting}", "on")


async def test_commits_are_durable_on_every_connection(store: SqlStore) -> None:
    """The connection that writes has the settings under which COMMIT means on disk."""
    sqlite = {"PRAGMA journal_mode": "wal", "PRAGMA synchronous": "2", "PRAGMA foreign_keys": "1"}
    postgresql = {"SHOW synchronous_commit": "on"}
    dialect = store.database.writes.dialect.name

    def look() -> dict[str, str]:
        questions = sqlite if dialect == "sqlite" else postgresql
        with store.database.writes.connect() as connection:
            return {each: str(connection.execute(text(each)).scalar_one()) for each in questions}

    assert await asyncio.to_thread(look) in (sqlite, postgresql)


async def test_readers_cannot_write(store: SqlStore) -> None:
    """A query that tries to write is refused by the database."""
    with pytest.raises(OperationalError if "sqlite" in store.database.reads.url.drivername else Exception):
        await store.database.read(lambda connection: connection.execute(text("DELETE FROM readiness")))


async def test_ready_writes_for_real(store: SqlStore, stores: Stores, clock: Clock) -> None:
    """Readiness is a committed write, the first time and every time."""
    for _ in range(2):
        clock.turn(seconds=5)

        await store.ready()

        assert await stores.rows("SELECT tried_at FROM readiness") == [(int(clock.now.timestamp() * 1e6),)]


async def test_ready_raises_what_is_wrong(store: SqlStore, stores: Stores) -> None:
    """A database that refuses writes is not ready."""
    stores.is_sound = False
    await stores.tamper("DROP TABLE readiness")

    with pytest.raises(Exception, match="readiness"):
        await store.ready()


async def test_closed_store_refuses(store: SqlStore) -> None:
    """After close, writes are refused, and closing again is harmless."""
    await store.close()
    await store.close()

    with pytest.raises(StoreClosedError):
        await store.documents.accept(an_acceptance())


async def test_close_finishes_what_was_asked(stores: Stores) -> None:
    """Writes that were under way when the store closed are committed."""
    store = await stores.open()
    writes = [asyncio.create_task(store.documents.accept(an_acceptance(b"%d" % n))) for n in range(30)]
    await asyncio.sleep(0)

    await store.close()

    assert [answer.replayed for answer in await asyncio.gather(*writes)] == [False] * 30


async def test_time_is_the_databases_own(stores: Stores) -> None:
    """Without a clock the database says what time it is, in whole milliseconds."""
    store = await stores.open(clock=None)

    accepted = await store.documents.accept(an_acceptance())

    now = "SELECT strftime('%s', 'now')" if "sqlite" in stores.url else "SELECT extract(epoch FROM now())"
    [(seconds,)] = await stores.rows(now)
    assert abs(accepted.message.accepted_at.timestamp() - float(seconds)) < 60
    assert accepted.message.accepted_at.microsecond % 1000 == 0
    assert (await store.documents.backlog())["outbox_due"] == 1


async def test_own_key_is_registered_once(stores: Stores) -> None:
    """Opening with the same key changes nothing; with another key the old one ends."""
    for _ in range(2):
        await stores.open()
    renewed = await stores.open(own_verifier_key="gw-north+ffffffff+another")

    peers = await renewed.registry.peers()

    assert [peer.verifier_key for peer in peers] == ["gw-north+ffffffff+another"]
    assert await stores.rows("SELECT count(*) FROM peer") == [(2,)]


async def test_store_that_cannot_be_opened_is_closed(stores: Stores) -> None:
    """If opening fails half-way, nothing is left running and the next attempt works."""
    with pytest.raises(Exception, match="plus sign"):
        await stores.open(gateway_name="bad name+x")

    await stores.open()


@ON_POSTGRESQL
async def test_lost_connections_are_replaced(store: SqlStore, stores: Stores) -> None:
    """When the server ends every connection, the next write and the next read get new ones."""
    await store.documents.accept(an_acceptance(b"1"))
    await stores.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )

    accepted = await store.documents.accept(an_acceptance(b"2"))

    assert await store.documents.message(accepted.message.id) == accepted.message


@ON_POSTGRESQL
async def test_connection_lost_during_commit_is_an_unknown_outcome(store: SqlStore, stores: Stores) -> None:
    """Nobody is told "no" when it may have been "yes"; the retry finds out."""
    await stores.tamper(
        "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$"
    )
    await stores.tamper(
        "CREATE CONSTRAINT TRIGGER die AFTER INSERT ON message DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION die()"
    )
    attempts = [an_acceptance(b"%d" % n) for n in range(5)]

    answers = await asyncio.gather(*map(store.documents.accept, attempts), return_exceptions=True)
    await stores.tamper("DROP TRIGGER die ON message")
    again = await asyncio.gather(*map(store.documents.accept, attempts))

    assert {type(answer) for answer in answers} == {OutcomeUnknownError}
    assert [answer.replayed for answer in again] == [False] * 5


@ON_POSTGRESQL
async def test_server_that_is_gone_is_reported_to_everyone(stores: Stores) -> None:
    """Without a server every waiting write fails, and the store works again when the server is back."""
    store = await stores.open()
    name = make_url(stores.url).database
    admin = make_url(stores.url).set(database="postgres").render_as_string()
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"

    await asyncio.to_thread(_autocommit, admin, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
    await asyncio.to_thread(run, admin, end, name=name)
    answers = await asyncio.gather(
        *(store.documents.accept(an_acceptance(b"%d" % n)) for n in range(10)), return_exceptions=True
    )
    await asyncio.to_thread(_autocommit, admin, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')

    assert {type(answer) for answer in answers} == {OperationalError}
    assert (await store.documents.accept(an_acceptance(b"after"))).replayed is False


def _autocommit(url: str, statement: str) -> None:
    with engine_of(url) as engine, engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text(statement))
