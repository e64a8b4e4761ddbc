"""`vanthu ledger`, of a running gateway and of a database at rest: the equation, the gaps with their ids, and the exit codes."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gateway.cli import run
from tests.cli.world import Served, copy_evidence


@pytest.fixture
def database(evidence: Path, tmp_path: Path) -> Path:
    """Return a copy of the evidence that may be altered."""
    return copy_evidence(evidence, tmp_path / "copy")


def change(database: Path, statement: str) -> str:
    """Alter one delivery that has arrived, behind the gateway's back, and return its id."""
    with closing(sqlite3.connect(database)) as connection:
        query = "SELECT min(id) FROM delivery WHERE state IN ('received', 'acknowledged')"
        (delivery_id,) = connection.execute(query).fetchone()
        assert connection.execute(statement, (delivery_id,)).rowcount == 1
        connection.commit()
    return str(delivery_id)


def offline(database: Path, capsys: pytest.CaptureFixture[str], *, exits: int) -> dict[str, Any]:
    """Count a database offline."""
    assert run(["ledger", "--database", str(database), "--json"]) == exits
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_a_running_gateway(gateway: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """Everything is counted, and nothing is lost; for people and for machines."""
    line = ["ledger", "--recount", "--url", gateway.url, "--token", gateway.token("admin")]
    assert run(line) == 0
    shown = capsys.readouterr().out
    assert "balanced: nothing is lost" in shown
    assert "tiếp nhận · accepted" in shown
    assert "ngày · day" in shown

    assert run([*line, "--json", "--days", "0"]) == 0
    found = json.loads(capsys.readouterr().out)
    totals = found["totals"]
    assert (found["outcome"], found["gaps"], found["days"]) == ("balanced", [], [])
    assert totals["accepted"] == sum(
        totals[term] for term in ("delivered", "pending", "held", "refused", "expired")
    )
    assert totals["accepted"] > 0


def test_not_for_a_connected_system(gateway: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """A decided no."""
    assert run(["ledger", "--url", gateway.url, "--token", gateway.token("hanoi")]) == 1
    assert "access.role_missing" in capsys.readouterr().err


def test_a_database_at_rest(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same numbers, without a gateway, and nothing is changed."""
    before = database.read_bytes()
    found = offline(database, capsys, exits=0)
    assert (found["outcome"], found["totals"]["gap"]) == ("balanced", 0)
    assert sum(day["accepted"] for day in found["days"]) == found["totals"]["accepted"]
    assert database.read_bytes() == before


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("DELETE FROM delivery WHERE id = ?", "delivery_missing"),
        ("UPDATE delivery SET state = 'queued' WHERE id = ?", "state_unfounded"),
    ],
)
def test_a_gap_is_named(
    database: Path, capsys: pytest.CaptureFixture[str], statement: str, kind: str
) -> None:
    """Exit 1, and the id of what is missing, for machines and for people."""
    lost = change(database, statement)
    found = offline(database, capsys, exits=1)
    assert {(gap["kind"], each["id"]) for gap in found["gaps"] for each in gap["first"]} >= {(kind, lost)}

    assert run(["ledger", "--database", f"sqlite:///{database}"]) == 1
    shown = capsys.readouterr().out
    assert kind in shown
    assert lost in shown


def test_big_bodies_are_looked_for(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Beside the database, or where `--payloads` says; a body is missed only while somebody still has to get it."""
    change(database, "UPDATE delivery SET state = 'queued' WHERE id = ?")
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("DELETE FROM body")
        connection.commit()
    nowhere = tmp_path / "nowhere"
    assert run(["ledger", "--database", str(database), "--payloads", str(nowhere), "--json"]) == 1
    kinds = {gap["kind"] for gap in json.loads(capsys.readouterr().out)["gaps"]}
    assert "body_missing" in kinds


def test_what_is_no_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It cannot be read, which is neither balanced nor a gap."""
    path = tmp_path / "x.db"
    path.write_text("không phải cơ sở dữ liệu")
    assert run(["ledger", "--database", str(path)]) == 3
    shutil.rmtree(tmp_path)
    assert "store.damaged_database" in capsys.readouterr().err
