"""Where the consumer kit stores documents: pieces in any order and more than once, each delivery once, nothing spoiled."""

from __future__ import annotations

import os
import random
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.demo.consumer_store import ABANDONED, SEGMENT, Documents, NotForUsError

BODY = random.Random(28).randbytes(3 * SEGMENT + 5)
COUNT = 4


@pytest.fixture
def documents(tmp_path: Path) -> Iterator[Documents]:
    """Open an empty store."""
    with closing(sqlite3.connect(tmp_path / "kit.db")) as database:
        documents = Documents(database=database, files=tmp_path / "files", payloads=None)
        documents.prepare()
        yield documents


def manifest(body: bytes = BODY, **changes: Any) -> dict[str, Any]:
    """Return what a gateway states of a delivery."""
    return {
        "gateway": "gw.a",
        "delivery_id": uuid4().hex,
        "message_id": uuid4().hex,
        "recipient_code": "H53",
        "sha256": sha256(body).hexdigest(),
        "size": len(body),
        **changes,
    }


def pieces(facts: dict[str, Any], body: bytes = BODY) -> list[tuple[dict[str, Any], bytes]]:
    """Cut a document."""
    return [
        ({**facts, "index": index}, body[index * SEGMENT : (index + 1) * SEGMENT]) for index in range(COUNT)
    ]


def test_whole_only_with_the_last_piece(documents: Documents) -> None:
    """As long as one piece is missing, the document is not here; then it is, and once stored no piece is left."""
    facts = manifest()
    *first, last = pieces(facts)
    with pytest.raises(FileNotFoundError, match="0 of 4"):
        documents.whole(facts)
    documents.keep(first)
    with pytest.raises(FileNotFoundError, match="3 of 4"):
        documents.whole(facts)
    documents.keep([last])

    path = documents.whole(facts)

    assert path.read_bytes() == BODY
    assert [documents.store([(facts, path)]), documents.store([(facts, path)])] == [1, 0]
    assert documents.has(facts)
    assert documents.database.execute("SELECT count(*) FROM piece").fetchone() == (0,)


@given(
    order=st.lists(st.integers(0, COUNT - 1), max_size=12),
    commits=st.lists(st.booleans(), min_size=12, max_size=12),
)
def test_any_order_and_any_repeats(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], commits: list[bool]
) -> None:
    """Whatever comes in whatever order and however often, opened anew in between: whole exactly when each piece came."""
    folder, facts = tmp_path_factory.mktemp("kit"), manifest()
    cut = pieces(facts)
    for index, anew in zip(order, commits, strict=False):
        with closing(sqlite3.connect(folder / "kit.db")) as database:
            documents = Documents(database=database, files=folder / "files", payloads=None)
            documents.prepare()
            documents.keep([cut[index]] if anew else [cut[index], cut[index]])
    with closing(sqlite3.connect(folder / "kit.db")) as database:
        documents = Documents(database=database, files=folder / "files", payloads=None)
        documents.prepare()
        try:
            assert documents.whole(facts).read_bytes() == BODY
        except FileNotFoundError:
            assert set(order) != set(range(COUNT))
        else:
            assert set(order) == set(range(COUNT))


def test_pieces_of_what_is_stored_are_dropped(documents: Documents) -> None:
    """What is repeated after it was stored leaves nothing behind, also when its file was taken away since."""
    facts = manifest()
    documents.keep(pieces(facts))
    documents.store([(facts, path := documents.whole(facts))])
    path.unlink()

    documents.keep(pieces(facts))

    assert list(documents.files.iterdir()) == []


def test_one_gateway_does_not_spoil_another(documents: Documents) -> None:
    """Other bytes under the same delivery by another gateway become another document, and no document without its hash."""
    facts = manifest()
    forged = {**facts, "gateway": "gw.b"}
    documents.keep([*pieces(facts), *pieces(forged, bytes(len(BODY)))])

    with pytest.raises(NotForUsError):
        documents.whole(forged)

    assert documents.whole(facts).read_bytes() == BODY
    with pytest.raises(FileNotFoundError):
        documents.whole(forged)


def test_a_piece_that_the_disk_has_no_room_for_is_not_here(documents: Documents) -> None:
    """A full disk is told, and after it the same pieces make the document whole."""
    facts = manifest()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * SEGMENT, limits[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            documents.keep(pieces(facts))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    with pytest.raises(FileNotFoundError, match="0 of 4"):
        documents.whole(facts)

    documents.keep(pieces(facts))

    assert documents.whole(facts).read_bytes() == BODY


@pytest.mark.parametrize("age", [0, ABANDONED + 60])
def test_what_never_became_whole_goes_some_day(documents: Documents, age: int) -> None:
    """Pieces without the rest are kept for a week after the last one; what a row names is kept for ever."""
    kept, facts = manifest(), manifest()
    documents.keep([*pieces(kept), *pieces(facts)[1:]])
    documents.store([(kept, stored := documents.whole(kept))])
    for path in documents.files.iterdir():
        os.utime(path, (at := path.stat().st_mtime - age, at))

    documents.prepare()

    assert stored.read_bytes() == BODY
    with pytest.raises(FileNotFoundError, match="0 of 4" if age else "3 of 4"):
        documents.whole(facts)
    assert len(list(documents.files.iterdir())) == (1 if age else 2)


def test_the_shared_folder_is_copied(tmp_path: Path) -> None:
    """What a gateway shares becomes a file of ours: the gateway removes its own some day."""
    facts = manifest()
    digest = facts["sha256"]
    shared = tmp_path / "shared" / digest[:2] / digest[2:4] / digest
    with closing(sqlite3.connect(":memory:")) as database:
        documents = Documents(database=database, files=tmp_path / "files", payloads=tmp_path / "shared")
        documents.prepare()
        with pytest.raises(FileNotFoundError):
            documents.whole(facts)
        shared.parent.mkdir(parents=True)
        shared.write_bytes(BODY)

        path = documents.whole(facts)
        shared.write_bytes(b"another")

        assert path.read_bytes() == BODY
        with pytest.raises(NotForUsError):
            documents.whole(facts)
        with pytest.raises(NotForUsError):
            documents.whole(manifest(sha256="../" * 21 + "x"))
