"""The audit: an honest log is valid, and every way of tampering with one is found where it was done."""

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.audit import MAX_FINDINGS, AuditReport, Outcome, audit
from routing.checkpoint import Checkpoint
from routing.findings import (
    AuditFinding,
    CheckpointContradicted,
    CheckpointUnreadable,
    EntryAltered,
    EntryOutOfPlace,
    EntryUnreadable,
    HistoryBroken,
    HistoryGap,
    HistoryIllegal,
    LogTruncated,
    LogUnsigned,
    NodeAltered,
)
from routing.log import Kind
from routing.merkle import EMPTY_ROOT, leaf_hash
from routing.note import Verifier
from tests.routing.entries import ORIGIN, Log, entry

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
LIFE = (Kind.ACCEPTED, Kind.PUBLISH_ATTEMPT, Kind.BROKER_CONFIRMED, Kind.DELIVERED_RECEIPT)
FOUND = tuple[type[AuditFinding], int]


def a_log(documents: int = 5, *, every: int = 3) -> Log:
    """Make an honest log: the lives of some documents side by side, with a checkpoint every few entries."""
    log = Log(KEY)
    log.checkpoint()
    log.add(Kind.LOG_OPENED)
    for kind in LIFE:
        for number in range(documents):
            log.add(kind, f"doc-{number}")
            if log.frontier.size % every == 0:
                log.checkpoint()
    if log.checkpoints[-1][0] != log.frontier.size:
        log.checkpoint()
    return log


def found(report: AuditReport) -> list[FOUND]:
    """Give type and index of every finding."""
    return [(type(finding), finding.index) for finding in report.findings]


@pytest.mark.parametrize("with_nodes", [True, False])
def test_an_honest_log_is_valid(*, with_nodes: bool) -> None:
    """Nothing is found, and the summary counts what there is."""
    log = a_log()
    report = log.audit(with_nodes=with_nodes)
    assert (report.outcome, found(report), report.found) == (Outcome.VALID, [], 0)
    assert (report.entries, report.documents, report.staged, report.uncovered) == (21, 5, 0, 0)
    assert report.checkpoints == len(log.checkpoints) == 8
    assert report.root == log.frontier.root()
    assert report.last_checkpoint == Checkpoint(origin=ORIGIN, size=21, root=log.frontier.root())


def test_an_empty_log_is_valid_with_its_checkpoint() -> None:
    """A log that was signed while it was empty is valid and empty."""
    log = Log(KEY)
    log.checkpoint()
    report = log.audit()
    assert (report.outcome, report.entries, report.root) == (Outcome.VALID, 0, EMPTY_ROOT)


def test_entries_after_the_last_checkpoint_are_counted() -> None:
    """What no checkpoint covers yet is no fault, but is told."""
    log = a_log()
    log.add(Kind.CLOCK_ALARM)
    log.stage(Kind.ACCEPTED, "doc-new")
    log.stage(Kind.PUBLISH_ATTEMPT, "doc-new")
    report = log.audit()
    assert (report.outcome, report.entries, report.uncovered, report.staged) == (Outcome.VALID, 22, 1, 2)


def test_staged_entries_are_checked_too() -> None:
    """An entry that waits for its place must be well formed and follow its document's history."""
    log = a_log()
    log.stage(Kind.RELEASED, "doc-1")
    log.rows.append((None, b"{}", leaf_hash(b"{}")))
    assert found(log.audit()) == [(HistoryIllegal, 21), (EntryUnreadable, 22)]


def test_the_same_size_may_be_signed_again() -> None:
    """A heartbeat signs the same log once more."""
    log = a_log()
    log.checkpoint()
    assert log.audit().outcome is Outcome.VALID


def test_without_checkpoints_nothing_is_decided() -> None:
    """A log that nobody signed is neither proven nor disproven; nor is an empty one."""
    for log in (a_log(), Log(KEY)):
        log.checkpoints.clear()
        report = log.audit()
        assert report.outcome is Outcome.UNDECIDED
        assert found(report) == [(LogUnsigned, report.entries)]
        assert report.uncovered == report.entries


# Each spoils an honest log of 21 entries, with checkpoints at 0, 3, 6 … 21, in one way.


def alter_leaf(log: Log) -> None:
    """Change the bytes of entry 8, which is of doc-2."""
    index, raw, stored = log.rows[8]
    log.rows[8] = (index, raw.replace(b'"attempt":1', b'"attempt":2'), stored)


def alter_leaf_beyond_reading(log: Log) -> None:
    """Break the bytes of entry 8."""
    index, raw, stored = log.rows[8]
    log.rows[8] = (index, raw + b" ", stored)


def alter_leaf_and_hash(log: Log) -> None:
    """Change the bytes of entry 16, which is its document's last, and the hash beside it."""
    raw = log.rows[16][1].replace(b"gw.other", b"gw.owner")
    log.rows[16] = (16, raw, leaf_hash(raw))


def alter_everything(log: Log) -> None:
    """Change the same and make the whole tree fit, but for the checkpoints."""
    alter_leaf_and_hash(log)
    rows, checkpoints = log.rows, log.checkpoints
    log.__init__(log.key)  # type: ignore[misc]  # begins anew
    for _, raw, _ in rows:
        log.put(raw)
    log.checkpoints = checkpoints


def alter_hash(log: Log) -> None:
    """Change the hash beside entry 20, the last one."""
    log.rows[20] = (20, log.rows[20][1], bytes(32))


def alter_hash_in_the_middle(log: Log) -> None:
    """Change the hash beside entry 8, which the next entry of doc-2 names."""
    log.rows[8] = (8, log.rows[8][1], bytes(32))


def alter_node(log: Log) -> None:
    """Change one stored node."""
    log.nodes[2, 3] = bytes(32)


def lose_node(log: Log) -> None:
    """Delete one stored node."""
    del log.nodes[1, 2]


def drop_entry(log: Log) -> None:
    """Delete entry 8."""
    del log.rows[8]


def drop_entry_and_close_up(log: Log) -> None:
    """Delete entry 8 and renumber what follows."""
    del log.rows[8]
    log.rows = [(at, raw, stored) for at, (_, raw, stored) in enumerate(log.rows)]


def repeat_entry(log: Log) -> None:
    """Write entry 8 twice."""
    log.rows.insert(9, log.rows[8])


def swap_entries(log: Log) -> None:
    """Exchange two entries of different documents, in their places."""
    (_, *first), (_, *second) = log.rows[6], log.rows[7]
    log.rows[6], log.rows[7] = (6, *second), (7, *first)  # type: ignore[assignment]  # a list is not seen as two


def truncate(log: Log) -> None:
    """Cut off the last two entries."""
    del log.rows[19:]


def truncate_with_checkpoint(log: Log) -> None:
    """Cut off the last two entries and the last but one checkpoint."""
    del log.rows[19:]
    del log.checkpoints[-2]


def forge_checkpoint(log: Log) -> None:
    """Change the size in a checkpoint."""
    size, note = log.checkpoints[4]
    log.checkpoints[4] = (size, note.replace("\n12\n", "\n11\n"))


def sign_with_other_key(log: Log) -> None:
    """Sign a checkpoint with a key that is not the log's."""
    log.checkpoints.pop()
    log.key, own = OTHER, log.key
    log.checkpoint()
    log.key = own


def sign_for_other_log(log: Log) -> None:
    """Store another log's checkpoint."""
    log.checkpoints.pop()
    log.checkpoint(origin="gw.other.example")


def misfile_checkpoint(log: Log) -> None:
    """Store a checkpoint under another size."""
    log.checkpoints[4] = (13, log.checkpoints[4][1])


def sign_other_root(log: Log) -> None:
    """Sign what never was."""
    log.checkpoint(root=bytes(32))


def add_stranger(log: Log) -> None:
    """Let an accepted document be delivered to someone it was not addressed to."""
    log.add(Kind.PUBLISH_ATTEMPT, "doc-1", recipient="H99")
    log.checkpoint()


SPOILED: list[tuple[Callable[[Log], None], list[FOUND], bool]] = [
    (alter_leaf, [(EntryAltered, 8)], True),
    (
        alter_leaf_beyond_reading,
        [(EntryAltered, 8), (EntryUnreadable, 8), (HistoryGap, 13)],
        True,
    ),
    (alter_leaf_and_hash, [(NodeAltered, 17)], True),
    (alter_leaf_and_hash, [(CheckpointContradicted, 18), (CheckpointContradicted, 21)], False),
    (alter_everything, [(CheckpointContradicted, 18), (CheckpointContradicted, 21)], True),
    (alter_hash, [(EntryAltered, 20), (CheckpointContradicted, 21)], True),
    (
        alter_hash_in_the_middle,
        [(EntryAltered, 8), (CheckpointContradicted, 9), (NodeAltered, 9), (HistoryBroken, 13)],
        True,
    ),
    (alter_node, [(NodeAltered, 15)], True),
    (alter_node, [], False),
    (lose_node, [(NodeAltered, 5)], True),
    (drop_entry, [(EntryOutOfPlace, 9), (HistoryGap, 13)], True),
    (repeat_entry, [(EntryOutOfPlace, 8)], True),
    (swap_entries, [(NodeAltered, 7)], True),
    (truncate, [(LogTruncated, 19)], True),
    (truncate_with_checkpoint, [(LogTruncated, 19)], True),
    (forge_checkpoint, [(CheckpointUnreadable, 12)], True),
    (sign_with_other_key, [(CheckpointUnreadable, 21)], True),
    (sign_for_other_log, [(CheckpointUnreadable, 21)], True),
    (misfile_checkpoint, [(CheckpointUnreadable, 13)], True),
    (sign_other_root, [(CheckpointContradicted, 21)], True),
    (add_stranger, [(HistoryIllegal, 21)], True),
]


@pytest.mark.parametrize(("spoil", "expected", "with_nodes"), SPOILED)
def test_tampering_is_found(spoil: Callable[[Log], None], expected: list[FOUND], *, with_nodes: bool) -> None:
    """Each way of tampering is found at its place, and does not bury the rest under what follows from it."""
    log = a_log()
    spoil(log)
    report = log.audit(with_nodes=with_nodes)
    assert found(report) == expected
    assert report.outcome is (Outcome.INVALID if expected else Outcome.VALID)


def test_closing_up_does_not_hide_a_missing_entry() -> None:
    """Renumbering makes the tree wrong from there on, and the document's history still has its gap."""
    log = a_log()
    drop_entry_and_close_up(log)
    kinds = {kind for kind, _ in found(log.audit())}
    assert {NodeAltered, HistoryGap, LogTruncated} <= kinds


def test_without_nodes_the_tree_ends_where_entries_are_missing() -> None:
    """Checkpoints that cannot be compared any more are not passed over in silence."""
    log = a_log()
    drop_entry(log)
    report = log.audit(with_nodes=False)
    assert found(report) == [
        (EntryOutOfPlace, 9),
        (CheckpointUnreadable, 9),
        (CheckpointUnreadable, 12),
        (HistoryGap, 13),
        *((CheckpointUnreadable, size) for size in (15, 18, 21)),
    ]
    assert report.root is None
    assert report.last_checkpoint is not None
    assert (report.last_checkpoint.size, report.uncovered) == (6, 15)


def test_missing_nodes_leave_the_tree_as_computed() -> None:
    """Where what is stored cannot take the place of what was computed, the audit goes on with the latter."""
    log = a_log()
    log.nodes.clear()
    report = log.audit()
    assert {kind for kind, _ in found(report)} == {NodeAltered}
    assert report.checkpoints == len(log.checkpoints)


def test_checkpoints_out_of_order_are_compared_by_stored_nodes() -> None:
    """A checkpoint that comes late is held against the stored subtrees, if there are any."""
    log = a_log()
    log.checkpoints.append(log.checkpoints.pop(2))
    assert log.audit().outcome is Outcome.VALID
    last = log.audit().last_checkpoint
    assert last is not None
    assert last.size == 21
    assert found(log.audit(with_nodes=False)) == [(CheckpointUnreadable, 6)]


def test_the_wrong_keys_open_nothing() -> None:
    """With keys that signed nothing here, no checkpoint counts."""
    report = a_log().audit(verifiers=[Verifier.of(ORIGIN, OTHER.public_key())])
    assert report.outcome is Outcome.INVALID
    assert {kind for kind, _ in found(report)} == {CheckpointUnreadable, LogUnsigned}
    assert "known key" in str(report.findings[0])


def test_findings_are_bounded_and_counted() -> None:
    """A log that is wrong from end to end is reported with its first hundred faults and their number."""
    log = Log(KEY)
    for _ in range(MAX_FINDINGS + 20):
        log.put(b"not an entry")
    log.checkpoint()
    report = log.audit()
    assert (len(report.findings), report.found) == (MAX_FINDINGS, MAX_FINDINGS + 20)
    assert report.findings[-1].index == MAX_FINDINGS - 1
    assert report.outcome is Outcome.INVALID
    few = audit(log.rows, checkpoints=log.checkpoints, origin=ORIGIN, verifiers=[], max_findings=3)
    assert len(few.findings) == 3


def test_findings_speak_both_languages() -> None:
    """Every finding can be told in English and Vietnamese from its facts."""
    for spoil, _, with_nodes in SPOILED:
        log = a_log()
        spoil(log)
        for finding in log.audit(with_nodes=with_nodes).findings:
            assert str(finding)
            assert finding.vi.format(**finding.facts)


@settings(max_examples=150)
@given(st.data())
def test_every_flipped_bit_is_found(data: st.DataObject) -> None:
    """Whatever single bit of the stored log is flipped, the log is no longer valid."""
    log = a_log(documents=3)
    where = data.draw(st.sampled_from(["leaf", "hash", "node", "note"]))
    if where == "note":
        at = data.draw(st.integers(0, len(log.checkpoints) - 1))
        size, note = log.checkpoints[at]
        raw = flip(note.encode(), data)
        log.checkpoints[at] = (size, raw.decode(errors="surrogateescape"))
    elif where == "node":
        place = data.draw(st.sampled_from([place for place in log.nodes if place[0]]))
        log.nodes[place] = flip(log.nodes[place], data)
    else:
        at = data.draw(st.integers(0, len(log.rows) - 1))
        index, leaf, stored = log.rows[at]
        log.rows[at] = (
            (index, flip(leaf, data), stored) if where == "leaf" else (index, leaf, flip(stored, data))
        )
    report = log.audit()
    assert report.outcome is Outcome.INVALID


def flip(raw: bytes, data: st.DataObject) -> bytes:
    """Flip one bit."""
    bit = data.draw(st.integers(0, 8 * len(raw) - 1))
    changed = bytearray(raw)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_an_entry_of_no_document_has_no_history() -> None:
    """Entries about the gateway itself do not count as documents."""
    log = Log(KEY)
    log.put(entry(Kind.LOG_QUERY))
    log.checkpoint()
    report = log.audit()
    assert (report.outcome, report.documents) == (Outcome.VALID, 0)
