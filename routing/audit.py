"""The audit of a whole log: recompute everything from the entries, believe only the checkpoint keys.

What must hold, in the order in which each entry is taken:

1. the entry stands at its place: indexes run 0, 1, 2 …;
2. its bytes hash to the leaf hash stored with it (RFC 6962 §2.1);
3. its bytes are an entry of known version and kind (`routing.log`);
4. it is numbered and chained to the entry before in its document's history, and may follow it
   (`routing.history`);
5. every subtree that it completes has the hash that is stored for it;
6. every checkpoint of the size now reached is signed for this log and has this root;

and at the end: 7. no checkpoint is larger than the log; 8. some checkpoint vouches for it at all.

A log without checkpoints is not proven false, but nothing can be said of it either: that is the third
outcome. Who audits should mix into `checkpoints` those kept elsewhere, by auditors, witnesses or receipts:
a log cut short together with its own checkpoints shows no other way. Entries after the last checkpoint are
well formed and chained, but the operator could still change them; the report counts them as uncovered.

Memory: the right edge of the tree, and per document the head of its history. Where a stored hash is found
wrong the audit goes on with the stored one, so that one alteration is one finding, not one with every later
checkpoint.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from routing.checkpoint import Checkpoint, open_checkpoint
from routing.errors_log import LogError
from routing.findings import (
    AuditFinding,
    CheckpointContradicted,
    CheckpointUnreadable,
    EntryAltered,
    EntryOutOfPlace,
    EntryUnreadable,
    LogTruncated,
    LogUnsigned,
    NodeAltered,
)
from routing.history import History
from routing.log import read_leaf
from routing.merkle import Frontier, ReadNode, leaf_hash
from routing.note import Verifier

MAX_FINDINGS: Final = 100


class Outcome(StrEnum):
    """What an audit comes to."""

    VALID = "valid"
    INVALID = "invalid"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """What was audited and what was found; `findings` holds the first of all that were `found`."""

    outcome: Outcome
    findings: tuple[AuditFinding, ...]
    found: int
    entries: int
    """Entries in the tree."""
    staged: int
    """Entries that are written but not in the tree yet."""
    documents: int
    checkpoints: int
    """Checkpoints that were found genuine and in agreement with the entries."""
    last_checkpoint: Checkpoint | None
    root: bytes | None
    """Root over all entries; None if entries are missing and the tree could not be followed."""

    @property
    def uncovered(self) -> int:
        """Return the number of entries in the tree that no checkpoint vouches for yet."""
        return self.entries - (self.last_checkpoint.size if self.last_checkpoint else 0)


def audit(
    entries: Iterable[tuple[int | None, bytes, bytes]],
    *,
    checkpoints: Iterable[tuple[int, str]],
    origin: str,
    verifiers: Iterable[Verifier],
    nodes: ReadNode | None = None,
    max_findings: int = MAX_FINDINGS,
) -> AuditReport:
    """Check a log from its first entry to its last and report everything that is wrong with it.

    `entries` gives (index, bytes, stored leaf hash) in the order of the log; entries that wait to be put in
    the tree come last, with index None. `checkpoints` gives (size, signed note) by rising size. `nodes`
    reads the stored hashes of complete subtrees, level 0 being the stored leaf hashes; without it step 5 is
    left out. `verifiers` are the keys of the log `origin`, got from somewhere else than the log.
    """
    run = _Run(
        checkpoints=checkpoints,
        origin=origin,
        verifiers=tuple(verifiers),
        nodes=nodes,
        max_findings=max_findings,
    )
    run.compare_checkpoints()
    for index, raw, stored in entries:
        run.take(index, raw, stored)
    return run.finish()


class _Run:
    """One audit under way."""

    def __init__(
        self,
        *,
        checkpoints: Iterable[tuple[int, str]],
        origin: str,
        verifiers: tuple[Verifier, ...],
        nodes: ReadNode | None,
        max_findings: int,
    ) -> None:
        self._checkpoints = iter(checkpoints)
        self._next = next(self._checkpoints, None)
        self._origin = origin
        self._verifiers = verifiers
        self._nodes = nodes
        self._max_findings = max_findings
        self._findings: list[AuditFinding] = []
        self._found = 0
        self._invalid = False
        self._size = 0
        self._staged = 0
        self._histories: dict[str, History] = {}
        self._frontier: Frontier | None = Frontier()
        self._agreed = 0
        self._last: Checkpoint | None = None

    def take(self, index: int | None, raw: bytes, stored: bytes) -> None:
        """Check one entry, and the checkpoints of the size that it brings the tree to."""
        if index is None:
            self._read(self._size + self._staged, raw, stored)
            self._staged += 1
            return
        if index != self._size:
            self._report(EntryOutOfPlace(index=index, expected=self._size))
            if index < self._size:
                return
            self._skip_to(index)
        self._read(index, raw, stored)
        self._grow(index, stored)
        self.compare_checkpoints()

    def compare_checkpoints(self) -> None:
        """Hold every checkpoint that is due against the tree as it is now."""
        while self._next is not None and self._next[0] <= self._size:
            size, note = self._next
            self._next = next(self._checkpoints, None)
            checkpoint = self._open(size, note)
            if checkpoint is None:
                continue
            root = self._root_at(size)
            if root is None:
                self._report(CheckpointUnreadable(index=size, reason="there is nothing to hold it against."))
            elif root != checkpoint.root:
                self._report(CheckpointContradicted(index=size))
            else:
                self._agreed += 1
                if self._last is None or self._last.size <= size:
                    self._last = checkpoint

    def finish(self) -> AuditReport:
        """Look for checkpoints beyond the end, and sum up."""
        beyond = 0
        while self._next is not None:
            size, note = self._next
            self._next = next(self._checkpoints, None)
            if self._open(size, note) is not None:
                beyond = max(beyond, size)
        if beyond:
            self._report(LogTruncated(index=self._size, size=beyond))
        elif not self._agreed:
            self._report(LogUnsigned(index=self._size))
        decided = Outcome.INVALID if self._invalid else Outcome.UNDECIDED
        return AuditReport(
            outcome=decided if self._found else Outcome.VALID,
            findings=tuple(self._findings),
            found=self._found,
            entries=self._size,
            staged=self._staged,
            documents=len(self._histories),
            checkpoints=self._agreed,
            last_checkpoint=self._last,
            root=self._frontier.root() if self._frontier else None,
        )

    def _report(self, finding: AuditFinding) -> None:
        self._found += 1
        self._invalid = self._invalid or not finding.retry
        if len(self._findings) < self._max_findings:
            self._findings.append(finding)

    def _read(self, index: int, raw: bytes, stored: bytes) -> None:
        """Check the entry by itself and in its document's history (steps 2 to 4)."""
        if leaf_hash(raw) != stored:
            self._report(EntryAltered(index=index))
        try:
            entry = read_leaf(raw)
        except LogError as error:
            self._report(EntryUnreadable(index=index, reason=str(error), reason_code=error.code))
            return
        if entry.document_id is None:
            return
        history = self._histories.get(entry.document_id)
        if history is None:
            history = self._histories[entry.document_id] = History()
        for finding in history.follow(entry, index=index, entry_hash=stored):
            self._report(finding)

    def _grow(self, index: int, stored: bytes) -> None:
        """Add the leaf to the tree and check the subtrees that it completes (step 5)."""
        self._size = index + 1
        if self._frontier is None:
            return
        completed = self._frontier.append(stored)
        if self._nodes is None:
            return
        for level, node, value in completed[1:]:
            if _stored_node(self._nodes, level, node) != value:
                self._report(NodeAltered(index=index, level=level, node=node))
                self._frontier = self._load(self._size) or self._frontier
                return

    def _skip_to(self, index: int) -> None:
        """Go on after missing entries, with the stored subtrees in their place if there are any."""
        self._frontier = self._load(index)
        self._size = index
        self.compare_checkpoints()

    def _root_at(self, size: int) -> bytes | None:
        """Return the root at the size reached, or at an earlier one from the stored subtrees."""
        frontier = self._frontier if size == self._size else self._load(size)
        return frontier.root() if frontier else None

    def _load(self, size: int) -> Frontier | None:
        if self._nodes is None:
            return None
        try:
            return Frontier.load(size, self._nodes)
        except LookupError:
            return None

    def _open(self, size: int, note: str) -> Checkpoint | None:
        """Open a stored checkpoint, or report why it cannot be relied on."""
        try:
            checkpoint = open_checkpoint(note, origin=self._origin, verifiers=self._verifiers)
        except LogError as error:
            self._report(CheckpointUnreadable(index=size, reason=str(error), reason_code=error.code))
            return None
        if checkpoint.size != size:
            self._report(CheckpointUnreadable(index=size, reason=f"it is of size {checkpoint.size}."))
            return None
        return checkpoint


def _stored_node(read: ReadNode, level: int, node: int) -> bytes | None:
    try:
        return read(level, node)
    except LookupError:
        return None
