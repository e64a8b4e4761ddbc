"""From a file to what it would do, for the night of 1 July 2025 and for files with faults."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files

import msgspec
import pytest

from gateway.change_sets import Findings, Source, SourceType, pack, unpack
from gateway.flow.change_reading import FAULTS, look_at, look_at_rollback
from routing.agencies import Directory
from routing.agency_csv import parse_agencies
from routing.change_lines import change_of
from routing.change_state import ChangeState

NOW = datetime(2025, 6, 28, tzinfo=UTC)
CUT_OVER = datetime(2025, 6, 30, 17, 0, tzinfo=UTC)


def read(name: str) -> bytes:
    """Return a file of the home scenario."""
    return files("gateway.demo").joinpath(name).read_bytes()


@cache
def evening_before() -> Directory:
    """Return the directory of 30 June 2025."""
    return Directory(7, "00" * 32, parse_agencies(read("agencies-2025-06-30.csv")), ())


def look(content: bytes, kind: SourceType = SourceType.CHANGES_CSV, *, retroactive: bool = False) -> Findings:
    """Look at a file over the directory of the evening before."""
    source = Source(name="x", type=kind, content=content, sha256="", effective_at=CUT_OVER)
    return look_at(source, evening_before(), now=NOW, retroactive=retroactive)


def test_the_night_and_the_way_back() -> None:
    """14,481 operations without a fault; what is signed is the text; taken back beforehand, nothing of it is left."""
    night = look(read("cutover-2025-07-01.csv"))

    assert (night.state, night.fault_count, night.instants) == (ChangeState.VALIDATED, 0, (CUT_OVER,))
    assert night.counts["operations"] == {"close": 11137, "open": 3321, "reconstitute": 23}
    lines = unpack(night.lines)
    assert hashlib.sha256(lines).hexdigest() == night.diff_sha256
    assert len(msgspec.json.decode(unpack(night.diff))) == 14481

    change = change_of(lines, base_version=7)
    after = evening_before().after(change, version=8)
    back = look_at_rollback(change_of(lines, base_version=8), after, at=NOW)
    undone = change_of(unpack(back.lines), base_version=8)
    assert (set(undone.closed), set(undone.added)) == (set(change.added), set(change.closed))


def test_many_faults() -> None:
    """The first thousand are told, and all are counted."""
    rows = "".join(f"close,H99.{number},2025-07-01\n" for number in range(1, FAULTS + 501))
    found = look(f"op,code,valid_from\n{rows}".encode())

    assert (found.state, found.fault_count, len(found.faults)) == (ChangeState.DRAFT, FAULTS + 500, FAULTS)
    assert (found.diff_sha256, unpack(found.lines)) == (None, b"")


def test_a_list_that_says_what_is_so() -> None:
    """A whole list that changes nothing is no change."""
    found = look(read("agencies-2025-06-30.csv"), SourceType.AGENCIES_CSV)

    assert [fault["reason"] for fault in found.faults] == ["no_operations"]


def test_a_list_with_faults() -> None:
    """Faults of a list are told as those of changes are."""
    found = look(b"code,name,parent,kind\nh26,X,,province\n", SourceType.AGENCIES_CSV)

    assert [(fault["row"], fault["column"]) for fault in found.faults] == [(2, "code")]


def test_what_is_packed_is_unpacked() -> None:
    """And what was not packed is said not to be."""
    assert unpack(pack(b"x" * 1000)) == b"x" * 1000
    with pytest.raises(ValueError, match="decompressing"):
        unpack(b"x")
