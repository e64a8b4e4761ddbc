"""`vanthu log verify`: untouched evidence passes, and any single change of it is found and named.

The changes are made to a copied database behind the gateway's back, as somebody with the operator's rights could.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import obstore
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Table

from gateway.app import running
from gateway.cli import run
from gateway.cli.audit import AuditResult, Conclusion, audit_database
from gateway.clock import utc_now
from gateway.keys import load_keys
from gateway.payloads_s3 import S3Payloads
from gateway.settings import Settings
from gateway.store.errors import StoreError
from gateway.store.tables import metadata
from routing.note import Verifier, parse_verifier_key, verifier_key
from tests.cli.world import Served, copy_evidence, start_and_stop
from tests.support.s3 import ObjectStore, objects

ORIGIN = "vanthu.local/routing"
NO_EVIDENCE = {
    *("outbox", "axis_message", "readiness", "registry_preparation", "contact", "upstream_registry"),
    *("ledger_day", "ledger_head", "dead_letter", "resend_order"),
}
"""Tables that only say what is still to be done, whom to call, until when an upstream's registry may be relied upon, or sums.

What died, and who ordered what to be done with it, is told by entries of the log.
"""

UNVOUCHED = {
    **dict.fromkeys(
        (
            *("log_entry.id", "agency.id", "certificate.id", "member.id", "peer.id", "trust_certificate.id"),
            *("change_approval.id", "officer_key.id", "flow.id"),
        ),
        "a row number",
    ),
    **dict.fromkeys(("log_head.id", "registry_head.id", "trust_head.id"), "the only row"),
    "arrival.reply_queue": "where the receipt goes; it went there already",
    "notice.id": "a name; of two for one entry the second is found",
    "log_checkpoint.signed_at": "not part of what was signed",
    "delivery.ask_at": "only says when a lost receipt is asked for",
    "flow.last_due_at": "only says when the next message is due at the earliest",
    "credential.label": "a note for people",
    "credential.created_at": "the entry's own time counts",
    **dict.fromkeys(
        (f"parked.{name}" for name in ("sender_as_sent", "document_id", "number", "subject")),
        "for people; the document itself counts",
    ),
    **dict.fromkeys(
        (
            f"parked.{name}"
            for name in ("queue", "key", "next_at", "lease_until", "fence", "attempts", "reason")
        ),
        "only says what is still to be done, and why; of a refusal the log gives the reason",
    ),
    **dict.fromkeys(("change_set.revision", "change_set.changed_at"), "only say when it was last touched"),
    **dict.fromkeys(
        ("change_set.counts", "change_content.diff"), "for people; they follow from what was signed"
    ),
    "idempotency.message_id": "only where it leads to another message with the same bytes",
}
"""Columns that nothing vouches for, and why that is good enough."""


_OTHER_NUMBER = (
    "UPDATE message SET number = '999/VP-TH' WHERE id = (SELECT min(id) FROM message WHERE kind = 'edoc')"
)


@pytest.fixture
def database(evidence: Path, tmp_path: Path) -> Path:
    """Return a copy of the evidence that may be altered, without the triggers that would refuse."""
    path = copy_evidence(evidence, tmp_path / "copy")
    with closing(sqlite3.connect(path)) as connection:
        _drop_triggers(connection)
    return path


def _drop_triggers(connection: sqlite3.Connection) -> None:
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for (name,) in names:
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.commit()


def _key(folder: Path) -> Verifier:
    return parse_verifier_key(load_keys(folder / "keys", gateway="vanthu.local").log.verifier)


def _audit(database: Path) -> AuditResult:
    folder = database.parent
    return audit_database(
        str(database), verifiers=(_key(folder),), payloads=folder / "payloads", at=utc_now()
    )


def _change(database: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = 1")
        assert connection.execute(statement, values).rowcount == 1
        connection.commit()


def test_untouched_evidence_is_valid(evidence: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The database of a running or stopped gateway passes, and the report counts what was checked."""
    code = run(["log", "verify", "--database", str(evidence / "vanthu.db")])

    shown = capsys.readouterr().out
    assert code == 0
    assert "NGUYÊN VẸN" in shown
    assert "văn bản · documents" in shown
    assert "--vkey" in shown


def test_a_gateway_that_has_done_nothing_yet_is_valid(tmp_path: Path) -> None:
    """Its registry is empty, and that is what version 0 says."""

    async def start() -> None:
        async with running(Settings(data=tmp_path, port=0, log_level="error")):
            pass

    asyncio.run(start())

    assert _audit(tmp_path / "vanthu.db").findings == []


def test_running_gateway_can_be_audited(gateway: Served) -> None:
    """The database of a gateway at work passes as well, and is not disturbed."""
    assert run(["log", "verify", "--database", str(gateway.folder / "vanthu.db")]) == 0


def test_what_is_being_prepared_is_no_part_of_any_version(database: Path) -> None:
    """Rows after the newest version are a finding, unless a large change is being written, or broke off while it was."""
    (version,) = _read(database, "SELECT version FROM registry_head")
    _change(
        database,
        "INSERT INTO agency (code, entity_id, name, kind, successors, aliases, since_version) "
        "VALUES ('H99', 'e', 'Xã', 'commune', '[]', '[]', ?)",
        version + 1,
    )
    assert [each.where.partition("[")[0] for each in _audit(database).findings] == ["agency"]

    _change(
        database,
        "INSERT INTO registry_preparation (id, version, token, lease_until) VALUES (1, ?, 't', 0)",
        version + 1,
    )
    assert _audit(database).findings == []

    _change(database, "UPDATE registry_preparation SET version = version + 1")
    assert len(_audit(database).findings) == 1


def _read(database: Path, query: str) -> tuple[Any, ...]:
    with closing(sqlite3.connect(database)) as connection:
        return tuple(connection.execute(query).fetchone())


def test_report_for_machines(evidence: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With `--json` the same comes as one document; a key that the auditor brings counts as pinned."""
    key = str(_key(evidence))
    code = run(["log", "verify", "--database", str(evidence / "vanthu.db"), "--vkey", key, "--json"])

    report = json.loads(capsys.readouterr().out)
    assert code == 0
    assert (report["outcome"], report["key"], report["key_pinned"]) == ("valid", key, True)
    assert report["covered"] == report["entries"] > 0
    assert report["findings"] == []


def _altered(value: Any, kind: type) -> Any:
    """Return another value that the column can hold: one bit, one letter, the opposite, or a number far off."""
    if value is None:
        return {int: 1_000_000, bytes: bytes(32)}.get(kind, "x")
    if kind is bool:
        return int(not value)
    if isinstance(value, int):
        return value + 1_000_000
    if isinstance(value, bytes):
        middle = len(value) // 2
        return value[:middle] + bytes([value[middle] ^ 1]) + value[middle + 1 :]
    middle = len(value) // 2
    return value[:middle] + chr(ord(value[middle]) ^ 1) + value[middle + 1 :] if value else "x"


def _alterations(database: Path) -> Iterator[tuple[str, Callable[[sqlite3.Connection], int]]]:
    """Yield, for every column of evidence, how to alter it in the first row that has a value there."""
    for table in metadata.sorted_tables:
        if table.name in NO_EVIDENCE:
            continue
        for column in table.columns:
            yield f"{table.name}.{column.name}", _alteration(table, column.name, column.type.python_type)


def _alteration(table: Table, column: str, kind: type) -> Callable[[sqlite3.Connection], int]:
    def alter(connection: sqlite3.Connection) -> int:
        names = [each.name for each in table.columns]
        query = f"SELECT * FROM {table.name} ORDER BY {column} IS NULL LIMIT 1"  # noqa: S608 - our own names
        row = connection.execute(query).fetchone()
        value = _altered(row[names.index(column)], kind)
        where = " AND ".join(f"{name} IS ?" for name in names)
        statement = f"UPDATE {table.name} SET {column} = ? WHERE {where}"  # noqa: S608 - our own names
        return connection.execute(statement, (value, *row)).rowcount

    return alter


def test_every_altered_column_is_found(database: Path) -> None:
    """Whatever column of evidence is altered in one row, the audit says so, except where nothing vouches for it."""
    kept = database.read_bytes()
    unnoticed = []
    for name, alter in _alterations(database):
        database.write_bytes(kept)
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("PRAGMA ignore_check_constraints = 1")
            assert alter(connection) == 1, name
            connection.commit()
        result = _audit(database)
        if result.conclusion is not Conclusion.INVALID:
            unnoticed.append(name)
        else:
            assert all(finding.where for finding in result.findings)

    assert set(unnoticed) <= UNVOUCHED.keys()


@pytest.mark.parametrize(
    "table",
    [
        *("message", "evidence", "reference", "body", "delivery", "arrival", "log_entry", "log_node"),
        *("registry_version", "agency", "member", "certificate", "peer", "credential", "receipt_key"),
        *("trust_version", "trust_certificate"),
        *("parked", "first_seen", "notice", "flow"),
        *("change_set", "change_content", "change_approval", "officer_key"),
    ],
)
def test_removed_row_is_found(database: Path, table: str) -> None:
    """A row that was taken away is missed."""
    names = ", ".join(column.name for column in metadata.tables[table].primary_key)
    first = f"SELECT {names} FROM {table} LIMIT 1"  # noqa: S608 - our own names
    _change(database, f"DELETE FROM {table} WHERE ({names}) = ({first})")  # noqa: S608 - our own names

    assert _audit(database).conclusion is Conclusion.INVALID


@pytest.mark.parametrize(
    ("table", "finding"),
    [
        ("message", "message[x]"),
        ("delivery", "delivery[x]"),
        ("credential", "credential[x]"),
        ("parked", "parked[x]"),
        ("change_set", "change_set[x]"),
        ("notice", "notice[x]"),
    ],
)
def test_smuggled_row_is_found(database: Path, table: str, finding: str) -> None:
    """A row that the log never heard of is named."""
    columns = ", ".join(column.name for column in metadata.tables[table].columns if column.name != "id")
    values = f"SELECT 'x', {columns} FROM {table} LIMIT 1"  # noqa: S608 - our own names
    _change(database, f"INSERT INTO {table} (id, {columns}) {values}")

    assert ("evidence.unlogged", finding) in [(each.code, each.where) for each in _audit(database).findings]


def test_smuggled_arrival_is_found(database: Path) -> None:
    """An arrival at an agency to which the letter never went is named."""
    names = ", ".join(column.name for column in metadata.tables["arrival"].columns)
    values = names.replace("id,", "'x',", 1).replace("code", "'G22'", 1)
    _change(database, f"INSERT INTO arrival ({names}) SELECT {values} FROM arrival LIMIT 1")  # noqa: S608 - our own names

    assert ("evidence.unlogged", "arrival[x]") in [
        (each.code, each.where) for each in _audit(database).findings
    ]


def test_smuggled_link_is_found(database: Path) -> None:
    """A link that no entry speaks of, for instance a recall that never was, is named."""
    values = "SELECT message_id, about_id, 'recalls', noted_at FROM reference LIMIT 1"
    _change(database, f"INSERT INTO reference (message_id, about_id, relation, noted_at) {values}")

    (finding,) = _audit(database).findings
    assert finding.code == "evidence.unlogged"
    assert finding.where.startswith("reference[")


def test_smuggled_gateway_key_is_found(database: Path) -> None:
    """A gateway whose key nobody logged is named."""
    _change(database, "INSERT INTO peer (name, verifier_key, since) VALUES ('evil', 'k', 0)")

    assert any(each.code == "evidence.unlogged" for each in _audit(database).findings)


def test_smuggled_anchor_is_found(database: Path) -> None:
    """An authority that nobody added, or one that nobody retired or let speak for everybody, is named."""
    names = ", ".join(
        column.name for column in metadata.tables["trust_certificate"].columns if column.name != "id"
    )
    values = names.replace("since_version", "4").replace("until_version", "NULL")
    _change(
        database,
        f"INSERT INTO trust_certificate ({names}) SELECT {values} FROM trust_certificate LIMIT 1",  # noqa: S608 - our own names
    )

    found = {(each.code, each.where) for each in _audit(database).findings}
    assert ("evidence.differs", "trust_certificate[4].until_version") in found
    assert ("evidence.unlogged", "trust_certificate[4]") in found


def test_before_anything_was_set_up(tmp_path: Path) -> None:
    """The evidence of a gateway that has only just started is whole."""
    asyncio.run(start_and_stop(tmp_path / "data"))

    assert run(["log", "verify", "--database", str(tmp_path / "data" / "vanthu.db")]) == 0


def test_smuggled_receipt_key_is_found(database: Path) -> None:
    """A key for receipts that nobody logged is named: whoever holds it could sign in the gateway's name."""
    _change(database, "INSERT INTO receipt_key (verifier_key, valid_from) VALUES ('k', 0)")

    assert ("evidence.unlogged", "receipt_key[k]") in [
        (each.code, each.where) for each in _audit(database).findings
    ]


def test_altered_registered_certificate_is_found(database: Path) -> None:
    """The certificate that is kept must be the one that was registered."""
    _change(database, "UPDATE certificate SET pem = ?", b"no certificate")

    (finding,) = _audit(database).findings
    assert finding.where == "certificate[1].pem"


@pytest.mark.parametrize(
    ("change", "column"),
    [("spki_sha256 = zeroblob(32)", "spki_sha256"), ("certificate_ends = 0", "certificate_ends")],
)
def test_altered_facts_of_a_registered_certificate_are_found(
    database: Path, change: str, column: str
) -> None:
    """Its key and its end are what the certificate says."""
    _change(database, f"UPDATE certificate SET {change}")  # noqa: S608 - our own words

    (finding,) = _audit(database).findings
    assert finding.where == f"certificate[1].{column}"


def test_invented_revocation_is_found(database: Path) -> None:
    """What became of a registration is in the registry's hash."""
    revoked = {"revoked": {"since": "2020-01-01T00:00:00+00:00", "reason": "", "compromised": False}}
    _change(database, "UPDATE certificate SET terms = ?", json.dumps(revoked))

    assert any(each.where.startswith("registry_version[") for each in _audit(database).findings)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ("documents = documents + 1", ".documents"),
        ("documents = 0", ".documents"),
        ("last_seen = last_seen + 1000", ".last_seen"),
        ("entity_id = 'x'", "]"),
        ("certificate_sha256 = zeroblob(32)", "]"),
    ],
)
def test_invented_sighting_is_found(database: Path, change: str, where: str) -> None:
    """Nothing was seen that no acceptance speaks of."""
    _change(database, f"UPDATE certificate_sighting SET {change}")  # noqa: S608 - our own words

    (finding,) = _audit(database).findings
    assert finding.where.startswith("certificate_sighting[")
    assert finding.where.endswith(where)


def _payload(database: Path) -> Path:
    return next(path for path in (database.parent / "payloads").rglob("*") if path.is_file())


def test_altered_big_body_is_found(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One changed byte in a document that is kept as a file gives exit 1, and the file is named."""
    path = _payload(database)
    path.chmod(0o600)
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes(content)

    assert run(["log", "verify", "--database", str(database)]) == 1
    assert path.name[:16] in capsys.readouterr().out


def test_missing_big_body_is_found(database: Path) -> None:
    """A file that is gone is missed."""
    _payload(database).unlink()

    assert [each.code for each in _audit(database).findings] == ["evidence.missing"]


def test_without_the_folder_of_big_bodies(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A database that was copied alone is not enough to conclude; with the folder named it is."""
    folder = database.parent / "payloads"
    elsewhere = database.parent / "elsewhere"
    folder.rename(elsewhere)

    assert run(["log", "verify", "--database", str(database)]) == 2
    assert run(["log", "verify", "--database", str(database), "--payloads", str(elsewhere)]) == 0
    assert "evidence.no_payloads" in capsys.readouterr().out


def test_big_bodies_in_a_bucket(database: Path, object_store: ObjectStore, tmp_path: Path) -> None:
    """Where big bodies lie in a bucket it is read; one that is altered there, or gone, is found."""
    path = _payload(database)
    url = object_store.bucket()
    asyncio.run(S3Payloads.at(url, tmp_path / "cache").put(path.read_bytes(), path.name))
    key = "/".join(path.parts[-3:])
    path.unlink()
    command = ["log", "verify", "--database", str(database), "--payloads", url]

    assert run(command) == 0
    obstore.put(objects(url), key, b"something else")
    assert run(command) == 1
    obstore.delete(objects(url), key)
    assert run(command) == 1


def test_without_a_key(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without any key nothing is proven: exit 2, and the report says what is missing."""
    shutil.rmtree(database.parent / "keys")

    assert run(["log", "verify", "--database", str(database)]) == 2
    assert "evidence.no_key" in capsys.readouterr().out


def test_alteration_is_found_without_a_key_too(database: Path) -> None:
    """What contradicts itself needs no signature to be found."""
    shutil.rmtree(database.parent / "keys")
    _change(database, _OTHER_NUMBER)

    assert run(["log", "verify", "--database", str(database)]) == 1


def test_key_file_beside_the_database(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A `log.vkey` beside the database is used, with the advice to keep the key elsewhere."""
    (database.parent / "log.vkey").write_text(f"{_key(database.parent)}\n")
    shutil.rmtree(database.parent / "keys")

    assert run(["log", "verify", "--database", f"sqlite:///{database}"]) == 0
    assert "log.vkey" in capsys.readouterr().out.replace("\n", "").replace(" ", "")


def test_another_key_does_not_vouch(evidence: Path) -> None:
    """Under a key that did not sign, the checkpoints count for nothing."""
    stranger = verifier_key(ORIGIN, Ed25519PrivateKey.generate().public_key())

    assert run(["log", "verify", "--database", str(evidence / "vanthu.db"), "--vkey", stranger]) == 1


@pytest.mark.parametrize("key", ["no key", "name+00000000+AAAA"])
def test_unreadable_key(evidence: Path, key: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A key that is none is said to be none."""
    assert run(["log", "verify", "--database", str(evidence / "vanthu.db"), "--vkey", key]) == 3
    assert "Khóa kiểm tra không đọc được" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"no key", b""])
def test_unreadable_key_file(database: Path, content: bytes) -> None:
    """A gateway's key file that holds no key is said to hold none."""
    path = database.parent / "keys" / "log.key"
    path.chmod(0o600)
    path.write_bytes(content)

    assert run(["log", "verify", "--database", str(database)]) == 3


def test_no_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A path without a database gives exit 3 and a code."""
    assert run(["log", "verify", "--database", str(tmp_path / "none.db")]) == 3
    assert "store.damaged_database" in capsys.readouterr().err


def test_value_of_the_wrong_kind_is_found(database: Path) -> None:
    """A value that means nothing is a finding with its place, and the other parts are still looked at."""
    _change(database, "UPDATE body SET body = 'text' WHERE rowid = (SELECT min(rowid) FROM body)")
    _change(database, _OTHER_NUMBER)

    assert {each.where.partition("[")[0] for each in _audit(database).findings} >= {"body", "message"}


def test_broken_file_is_invalid(database: Path) -> None:
    """A database that breaks off while it is read is damaged evidence, not a defect of the command."""
    content = database.read_bytes()
    database.write_bytes(content[: len(content) // 2])

    assert run(["log", "verify", "--database", str(database)]) == 1


def test_cut_log_is_found(database: Path) -> None:
    """Cutting off the newest entries contradicts the checkpoint that was signed over them."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("DELETE FROM log_entry WHERE tree_index = (SELECT max(tree_index) FROM log_entry)")
        connection.commit()

    assert "log.truncated" in [each.code for each in _audit(database).findings]


@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_flipped_bit_is_told(database: Path, data: st.DataObject) -> None:
    """Whatever bit of the file is flipped, the audit ends with a conclusion or a reason, never with a crash."""
    kept = database.with_suffix(".kept")
    if not kept.exists():
        shutil.copy(database, kept)
    content = bytearray(kept.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= 1 << data.draw(st.integers(0, 7))
    database.write_bytes(content)

    with suppress(StoreError):
        assert _audit(database).conclusion in Conclusion
