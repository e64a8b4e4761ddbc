"""The Merkle tree over the entries of the routing log: RFC 6962 §2.1, with the proofs of RFC 9162 §2.1.

A tree of n entries is described by the hashes of its *complete* subtrees. Node (level, index) covers the
2^level entries from index·2^level; level 0 holds the leaf hashes. Complete subtrees never change once they
exist, so they can be stored for ever, and every root and proof of every earlier size can be made from them.

Invariants: all hashes are 32 bytes of SHA-256; leaves and nodes are hashed with different prefixes, so that
neither can pass for the other; a proof either verifies or raises, there is no boolean to forget.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Self, TypeAlias

from routing.errors_log import NotConsistent, NotIncluded, ProofRange

HASH_SIZE = 32
EMPTY_ROOT = sha256().digest()

ReadNode: TypeAlias = Callable[[int, int], bytes]
"""Gives the stored hash of the complete subtree (level, index); raises LookupError if there is none."""

Node: TypeAlias = tuple[int, int, bytes]
"""A complete subtree: level, index, hash."""


def leaf_hash(entry: bytes) -> bytes:
    """Hash the bytes of one entry (RFC 6962 §2.1)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees into the one above them (RFC 6962 §2.1)."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a tree: what is needed to append to it and to know its root, and no more.

    It holds one hash for each binary digit 1 of its size, the largest subtree first.
    """

    __slots__ = ("_edge", "_size")

    def __init__(self) -> None:
        self._edge: list[bytes] = []
        self._size = 0

    @classmethod
    def load(cls, size: int, read: ReadNode) -> Self:
        """Rebuild the frontier of the first `size` entries from stored nodes.

        Raises:
            LookupError: from `read`, if a node is not stored.

        """
        frontier = cls()
        frontier._edge = [read(level, index) for level, index in _cover(0, size)]
        frontier._size = size
        return frontier

    @property
    def size(self) -> int:
        """Return the number of entries in the tree."""
        return self._size

    def append(self, entry_hash: bytes) -> list[Node]:
        """Add one leaf hash; return the subtrees it completes, the leaf itself first, then upwards."""
        index = self._size
        completed = [(0, index, entry_hash)]
        self._size = index + 1
        level = 0
        edge = self._edge
        while index & 1:
            entry_hash = sha256(b"\x01" + edge.pop() + entry_hash).digest()
            level += 1
            index >>= 1
            completed.append((level, index, entry_hash))
        edge.append(entry_hash)
        return completed

    def root(self) -> bytes:
        """Return the root of the tree as it is now (RFC 6962 §2.1)."""
        return _fold(self._edge)


def inclusion_proof(index: int, size: int, read: ReadNode) -> tuple[bytes, ...]:
    """Make the proof that entry `index` is in the tree of `size`, lowest hash first (RFC 6962 §2.1.1).

    Raises:
        ProofRange: if there is no such entry in a tree of this size.
        LookupError: from `read`, if a node is not stored.

    """
    if not 0 <= index < size:
        raise ProofRange(first=index, size=size)
    low, high = 0, size
    proof: list[bytes] = []
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            proof.append(_range_root(middle, high, read))
            high = middle
        else:
            proof.append(_range_root(low, middle, read))
            low = middle
    return tuple(reversed(proof))


def consistency_proof(old: int, new: int, read: ReadNode) -> tuple[bytes, ...]:
    """Make the proof that the tree of `new` entries extends the tree of `old` entries (RFC 6962 §2.1.2).

    Every tree extends the empty one and itself; those two proofs are empty.

    Raises:
        ProofRange: if `old` is negative or larger than `new`.
        LookupError: from `read`, if a node is not stored.

    """
    if not 0 <= old <= new:
        raise ProofRange(first=old, size=new)
    if old in {0, new}:
        return ()
    low, high = 0, new
    proof: list[bytes] = []
    while high != old:
        middle = low + _split(high - low)
        if old <= middle:
            proof.append(_range_root(middle, high, read))
            high = middle
        else:
            proof.append(_range_root(low, middle, read))
            low = middle
    if low:
        proof.append(_range_root(low, high, read))
    return tuple(reversed(proof))


def verify_inclusion(
    entry_hash: bytes, *, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Check that `entry_hash` is leaf `index` of the tree `size`, `root` (RFC 9162 §2.1.3.2).

    Raises:
        NotIncluded: if the proof has the wrong shape or leads to another root.

    """
    if not 0 <= index < size:
        raise NotIncluded(index=index, size=size, reason="there is no such entry in a tree of this size")
    if any(len(node) != HASH_SIZE for node in (entry_hash, root, *proof)):
        raise NotIncluded(index=index, size=size, reason="a hash does not have 32 bytes")
    position, last, node = index, size - 1, entry_hash
    for sibling in proof:
        if last == 0:
            raise NotIncluded(index=index, size=size, reason="the proof is too long")
        if position & 1 or position == last:
            node = node_hash(sibling, node)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            node = node_hash(node, sibling)
        position >>= 1
        last >>= 1
    if last:
        raise NotIncluded(index=index, size=size, reason="the proof is too short")
    if node != root:
        raise NotIncluded(index=index, size=size, reason="it leads to another root")


def verify_consistency(
    *, old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Check that the tree `new`, `new_root` extends the tree `old`, `old_root` (RFC 9162 §2.1.4.2).

    Raises:
        NotConsistent: if the proof has the wrong shape or leads to other roots.

    """
    if not 0 <= old <= new:
        raise NotConsistent(old=old, new=new, reason="the older log is the larger one")
    if any(len(node) != HASH_SIZE for node in (old_root, new_root, *proof)):
        raise NotConsistent(old=old, new=new, reason="a hash does not have 32 bytes")
    if old in {0, new}:
        expected = new_root if old else EMPTY_ROOT
        if proof or old_root != expected:
            raise NotConsistent(old=old, new=new, reason="the proof should be empty, or the roots differ")
        return
    if old & (old - 1) == 0:
        proof = (old_root, *proof)
    if not proof:
        raise NotConsistent(old=old, new=new, reason="the proof is too short")
    if _consistent_roots(old, new, proof) != (old_root, new_root):
        raise NotConsistent(old=old, new=new, reason="it leads to other roots")


def _consistent_roots(old: int, new: int, proof: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Fold a consistency proof into the two roots that it stands for."""
    position, last = old - 1, new - 1
    while position & 1:
        position >>= 1
        last >>= 1
    old_node = new_node = proof[0]
    for sibling in proof[1:]:
        if last == 0:
            raise NotConsistent(old=old, new=new, reason="the proof is too long")
        if position & 1 or position == last:
            old_node = node_hash(sibling, old_node)
            new_node = node_hash(sibling, new_node)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            new_node = node_hash(new_node, sibling)
        position >>= 1
        last >>= 1
    if last:
        raise NotConsistent(old=old, new=new, reason="the proof is too short")
    return old_node, new_node


def _split(count: int) -> int:
    """Return the largest power of two below `count` (RFC 6962 §2.1)."""
    return 1 << ((count - 1).bit_length() - 1)


def _cover(low: int, high: int) -> list[tuple[int, int]]:
    """Name the complete subtrees that make up the entries from `low` to `high`, left to right.

    `low` must be a multiple of the largest power of two in `high - low`, as it is wherever a tree is split.
    """
    nodes = []
    while low < high:
        level = (high - low).bit_length() - 1
        nodes.append((level, low >> level))
        low += 1 << level
    return nodes


def _fold(edge: Sequence[bytes]) -> bytes:
    if not edge:
        return EMPTY_ROOT
    root = edge[-1]
    for left in reversed(edge[:-1]):
        root = node_hash(left, root)
    return root


def _range_root(low: int, high: int, read: ReadNode) -> bytes:
    return _fold([read(level, index) for level, index in _cover(low, high)])
