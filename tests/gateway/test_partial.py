"""Documents of which only some pieces are here: whole and byte-identical, or not there; and never more than there is room for."""

from __future__ import annotations

import asyncio
import hashlib
import os
import resource
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import PayloadDiffersError
from gateway.errors_segments import SegmentsMissingError
from gateway.partial import PartialFolder
from gateway.pieces import SEGMENT, Piece, Unfinished, Whole
from gateway.ports import NoRoomError

ROOM = 64 * 2**20
FAR = datetime(2100, 1, 1, tzinfo=UTC)


def folder(root: Path, *, room: int = ROOM, documents: int = 1000, reserve: int = 0) -> PartialFolder:
    """Return the implementation as a process that starts now would have it."""
    return PartialFolder(root / "partial", room=room, documents=documents, reserve=reserve)


def a_document(pieces: int = 3, *, last: int = 1000) -> bytes:
    """Return bytes of so many pieces."""
    return os.urandom((pieces - 1) * SEGMENT + last)


def announced(body: bytes, *, gateway: str = "gw.north") -> Whole:
    """Return what a gateway says of a body."""
    return Whole(gateway=gateway, sha256=hashlib.sha256(body).hexdigest(), size=len(body))


def pieces_of(body: bytes) -> list[Piece]:
    """Cut a body."""
    return [
        Piece(index=index, content=body[index * SEGMENT : (index + 1) * SEGMENT])
        for index in range(-(-len(body) // SEGMENT))
    ]


async def test_what_came_in_pieces_is_whole_again(tmp_path: Path) -> None:
    """In any order, over several writes, seen by another process than the one that wrote; asked twice, it is there twice."""
    body = a_document(5)
    whole, pieces = announced(body), pieces_of(body)

    assert await folder(tmp_path).write(whole, [pieces[4], pieces[1]]) == 2
    with pytest.raises(SegmentsMissingError, match="2 of the 5"):
        await folder(tmp_path).finish(whole)
    assert await folder(tmp_path).write(whole, [pieces[0], pieces[1], pieces[3], pieces[2]]) == 3

    path = await folder(tmp_path).finish(whole)
    assert path is not None
    assert path.read_bytes() == body
    assert await folder(tmp_path).write(whole, pieces) == 0
    assert await folder(tmp_path).finish(whole) == path
    assert path.stat().st_mode & 0o077 == 0

    path.unlink()
    assert await folder(tmp_path).finish(whole) is None
    assert await folder(tmp_path).unfinished() == Unfinished(documents=0, size=0)


@given(st.data())
@settings(deadline=None, max_examples=60)
def test_any_order_any_repeats_any_losses(data: st.DataObject) -> None:
    """Whatever comes, however often and however grouped, with restarts between: byte-identical, or undecided and not refused."""
    body = a_document(data.draw(st.integers(1, 6)), last=data.draw(st.integers(1, SEGMENT)))
    whole, pieces = announced(body), pieces_of(body)
    coming = data.draw(st.lists(st.lists(st.sampled_from(pieces), max_size=4), max_size=8))
    here = {piece.index for batch in coming for piece in batch}

    async def play(root: Path) -> None:
        for batch in coming:
            await folder(root).write(whole, batch)
        if coming and len(here) < whole.count:
            with pytest.raises(SegmentsMissingError):
                await folder(root).finish(whole)
            await folder(root).write(whole, pieces)  # the sender's next attempt
        path = await folder(root).finish(whole)
        assert (path is not None) is bool(coming)
        assert path is None or path.read_bytes() == body

    with TemporaryDirectory() as root:
        asyncio.run(play(Path(root)))


async def test_what_one_gateway_sends_never_touches_anothers(tmp_path: Path) -> None:
    """Two senders of the same hash: false bytes of one do not get into the document of the other."""
    body = a_document()
    mine, theirs = announced(body), announced(body, gateway="gw.west")
    false = [Piece(index=piece.index, content=bytes(len(piece.content))) for piece in pieces_of(body)]
    partial = folder(tmp_path)

    await partial.write(theirs, false)
    await partial.write(mine, pieces_of(body))

    with pytest.raises(PayloadDiffersError):
        await partial.finish(theirs)
    path = await partial.finish(mine)
    assert path is not None
    assert path.read_bytes() == body


async def test_a_document_that_is_not_what_was_announced_begins_anew(tmp_path: Path) -> None:
    """All pieces are dropped, so that the next attempt is not spoiled by them."""
    body = a_document()
    whole, pieces = announced(body), pieces_of(body)
    partial = folder(tmp_path)
    await partial.write(whole, [Piece(index=0, content=bytes(SEGMENT)), *pieces[1:]])

    with pytest.raises(PayloadDiffersError):
        await partial.finish(whole)
    assert await partial.finish(whole) is None

    assert await partial.write(whole, pieces) == len(pieces)
    path = await partial.finish(whole)
    assert path is not None
    assert path.read_bytes() == body


@pytest.mark.parametrize("lost", [".data", ".have"])
async def test_half_of_the_files_counts_for_nothing(tmp_path: Path, lost: str) -> None:
    """Wherever a crash left one file without the other, nothing is believed to be there, and all of it can come again."""
    body = a_document()
    whole, pieces = announced(body), pieces_of(body)
    await folder(tmp_path).write(whole, pieces)
    [gone] = (tmp_path / "partial").glob(f"*/*{lost}")
    gone.unlink()

    await folder(tmp_path).write(whole, pieces[:1])
    with pytest.raises(SegmentsMissingError, match="1 of the 3"):
        await folder(tmp_path).finish(whole)

    await folder(tmp_path).write(whole, pieces)
    path = await folder(tmp_path).finish(whole)
    assert path is not None
    assert path.read_bytes() == body


async def test_a_file_that_was_begun_and_no_more(tmp_path: Path) -> None:
    """Names without content, as a crash right after the first step leaves them, are no document."""
    body = a_document()
    whole, pieces = announced(body), pieces_of(body)
    await folder(tmp_path).write(whole, pieces)
    for path in (tmp_path / "partial").glob("*/*"):
        os.truncate(path, 0)

    with pytest.raises(SegmentsMissingError, match="0 of the 3"):
        await folder(tmp_path).finish(whole)
    assert await folder(tmp_path).write(whole, pieces) == 3


async def test_one_gateway_has_no_more_than_its_room(tmp_path: Path) -> None:
    """What is announced counts, not what came; others, and what has its place already, are not concerned."""
    bodies = [a_document() for _ in range(3)]
    size = len(bodies[0])
    partial = folder(tmp_path, room=2 * size)
    for body in bodies[:2]:
        await partial.write(announced(body), pieces_of(body)[:1])

    with pytest.raises(NoRoomError):
        await partial.write(announced(bodies[2]), pieces_of(bodies[2])[:1])

    assert await partial.unfinished() == Unfinished(documents=2, size=2 * size)
    await partial.write(announced(bodies[0]), pieces_of(bodies[0]))
    await partial.write(announced(bodies[2], gateway="gw.west"), pieces_of(bodies[2]))
    path = await partial.finish(announced(bodies[0]))
    assert path is not None
    path.unlink()
    await partial.write(announced(bodies[2]), pieces_of(bodies[2]))


async def test_ten_thousand_tiny_claims(tmp_path: Path) -> None:
    """A gateway that announces without end gets so many places and no more; nothing is on the disk for the others."""
    partial = folder(tmp_path, documents=50)
    refused = 0
    for number in range(10_000):
        body = b"%d" % number
        try:
            await partial.write(announced(body), pieces_of(body))
        except NoRoomError:
            refused += 1

    assert refused == 9_950
    assert (await partial.unfinished()).documents == 50
    assert len(list((tmp_path / "partial").glob("*/*"))) == 100


async def test_an_enormous_claim_takes_no_disk(tmp_path: Path) -> None:
    """Files take the room of what came; what would not fit on the disk is not begun."""
    size = 2**60
    whole = Whole(gateway="gw.north", sha256="ab" * 32, size=size)
    with pytest.raises(NoRoomError):
        await folder(tmp_path, room=2 * size).write(whole, [Piece(index=0, content=bytes(SEGMENT))])
    assert await folder(tmp_path).unfinished() == Unfinished(documents=0, size=0)

    smaller = Whole(gateway="gw.north", sha256="ab" * 32, size=ROOM)
    await folder(tmp_path).write(smaller, [Piece(index=7, content=os.urandom(SEGMENT))])
    used = sum(path.stat().st_blocks * 512 for path in (tmp_path / "partial").rglob("*") if path.is_file())
    assert used < 3 * SEGMENT


async def test_the_disk_keeps_its_reserve(tmp_path: Path) -> None:
    """With less room on the disk than is to stay free, nothing is begun."""
    body = a_document()
    reserve = shutil.disk_usage(tmp_path).free + 2**40

    with pytest.raises(NoRoomError):
        await folder(tmp_path, reserve=reserve).write(announced(body), pieces_of(body))


async def test_a_full_disk_lets_pieces_go(tmp_path: Path) -> None:
    """Where the system refuses to write, nothing counts as here; with room again, the same pieces are taken."""
    body = a_document()
    whole, pieces = announced(body), pieces_of(body)
    partial = folder(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (SEGMENT, hard))
    try:
        with pytest.raises(NoRoomError):
            await partial.write(whole, pieces)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    with pytest.raises(SegmentsMissingError, match="0 of the 3"):
        await partial.finish(whole)

    assert await partial.write(whole, pieces) == 3
    path = await partial.finish(whole)
    assert path is not None
    assert path.read_bytes() == body


async def test_a_takeover_by_another_host(tmp_path: Path) -> None:
    """Pieces that the first host acknowledged are on its disk: the second decides nothing, and the next attempt heals it."""
    body = a_document(4)
    whole, pieces = announced(body), pieces_of(body)
    first, second = (tmp_path / host for host in ("first", "second"))
    for host in (first, second):
        host.mkdir()
    await folder(first).write(whole, pieces[:2])
    await folder(second).write(whole, pieces[2:])
    with pytest.raises(SegmentsMissingError, match="2 of the 4"):
        await folder(second).finish(whole)

    await folder(second).write(whole, pieces)

    path = await folder(second).finish(whole)
    assert path is not None
    assert path.read_bytes() == body


async def test_what_was_abandoned_is_dropped_and_counted(tmp_path: Path) -> None:
    """Of what got no piece since a moment nothing is left; a piece that comes again keeps its document."""
    old, kept, done = a_document(), a_document(), a_document()
    partial = folder(tmp_path)
    for body in (old, kept):
        await partial.write(announced(body), pieces_of(body)[:1])
    await partial.write(announced(done), pieces_of(done))
    await partial.finish(announced(done))
    past = (datetime.now(UTC) - timedelta(days=2)).timestamp()  # the files' own clock
    for path in (tmp_path / "partial").glob("*/*"):
        os.utime(path, (past, past))
    await partial.write(announced(kept), pieces_of(kept)[:1])

    assert await partial.sweep(before=datetime.now(UTC) - timedelta(days=1)) == 2
    assert await partial.unfinished() == Unfinished(documents=1, size=len(kept))
    assert await partial.finish(announced(old)) is None
    assert await partial.sweep(before=FAR) == 1
    assert list((tmp_path / "partial").glob("*/*")) == []


async def test_many_at_once(tmp_path: Path) -> None:
    """Two attempts to send one document, to two addressees, in two processes: it is whole once, and both find it."""
    body = a_document(8)
    whole, pieces = announced(body), pieces_of(body)
    one, other = folder(tmp_path), folder(tmp_path)
    batches = [pieces[at : at + 2] for at in range(0, 8, 2)]

    written = await asyncio.gather(
        *(partial.write(whole, batch) for partial in (one, other) for batch in batches)
    )
    paths = await asyncio.gather(one.finish(whole), other.finish(whole))

    assert sum(written) == 8
    assert paths[0] == paths[1]
    assert paths[0] is not None
    assert paths[0].read_bytes() == body


async def test_names_come_from_hashes_only(tmp_path: Path) -> None:
    """No path is made of what is no hash."""
    for sha256, size in (("../../x", 1), ("AB" * 32, 1), ("ab" * 32, 0), ("ab" * 32, -1)):
        with pytest.raises(ValueError, match="not the hash"):
            await folder(tmp_path).write(Whole(gateway="gw", sha256=sha256, size=size), [])
