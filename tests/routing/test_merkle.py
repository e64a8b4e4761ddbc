"""The Merkle tree against the published reference values and against the definition in RFC 6962 §2.1."""

from collections.abc import Callable, Sequence
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.errors_log import NotConsistent, NotIncluded, ProofRange
from routing.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)

# The eight entries and the roots over the first 0, 1 … 8 of them that the Certificate Transparency
# implementations test themselves with.
ENTRIES = tuple(
    map(
        bytes.fromhex,
        ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"),
    )
)
ROOTS = tuple(
    map(
        bytes.fromhex,
        (
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ),
    )
)
NODES = {
    (1, 0): "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    (1, 1): "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    (1, 2): "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    (1, 3): "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    (2, 0): "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    (2, 1): "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    (3, 0): "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}
# Audit paths in the tree of eight, and in the tree of seven, as nodes of the table above or leaves.
PATHS = {
    (0, 8): ((0, 1), (1, 1), (2, 1)),
    (5, 8): ((0, 4), (1, 3), (2, 0)),
    (2, 3): ((1, 0),),
    (1, 5): ((0, 0), (1, 1), (0, 4)),
    (6, 7): ((1, 2), (2, 0)),
    (0, 1): (),
}
CONSISTENCY = {
    (1, 8): ((0, 1), (1, 1), (2, 1)),
    (6, 8): ((1, 2), (1, 3), (2, 0)),
    (2, 5): ((1, 1), (0, 4)),
    (3, 7): ((0, 2), (0, 3), (1, 0), "5-7"),
    (8, 8): (),
    (0, 8): (),
}

Read = Callable[[int, int], bytes]


def naive_root(entries: Sequence[bytes]) -> bytes:
    """Compute the tree hash as RFC 6962 §2.1 defines it, without cleverness."""
    if not entries:
        return sha256(b"").digest()
    if len(entries) == 1:
        return sha256(b"\0" + entries[0]).digest()
    k = _split(len(entries))
    return sha256(b"\1" + naive_root(entries[:k]) + naive_root(entries[k:])).digest()


def naive_path(m: int, entries: Sequence[bytes]) -> list[bytes]:
    """Compute PATH(m, D[n]) as RFC 6962 §2.1.1 defines it."""
    if len(entries) == 1:
        return []
    k = _split(len(entries))
    if m < k:
        return [*naive_path(m, entries[:k]), naive_root(entries[k:])]
    return [*naive_path(m - k, entries[k:]), naive_root(entries[:k])]


def naive_subproof(m: int, entries: Sequence[bytes], *, whole: bool) -> list[bytes]:
    """Compute SUBPROOF(m, D[n], b) as RFC 6962 §2.1.2 defines it."""
    if m == len(entries):
        return [] if whole else [naive_root(entries)]
    k = _split(len(entries))
    if m <= k:
        return [*naive_subproof(m, entries[:k], whole=whole), naive_root(entries[k:])]
    return [*naive_subproof(m - k, entries[k:], whole=False), naive_root(entries[:k])]


def _split(count: int) -> int:
    k = 1
    while k * 2 < count:
        k *= 2
    return k


def grow(entries: Sequence[bytes]) -> tuple[Frontier, Read]:
    """Append every entry and keep the completed nodes."""
    nodes: dict[tuple[int, int], bytes] = {}
    frontier = Frontier()
    for entry in entries:
        for level, index, node in frontier.append(leaf_hash(entry)):
            assert (level, index) not in nodes
            nodes[level, index] = node
    return frontier, lambda level, index: nodes[level, index]


def numbered(count: int) -> list[bytes]:
    """Make `count` different entries."""
    return [b"%d" % number for number in range(count)]


def flips(node: bytes) -> list[bytes]:
    """Give every hash that differs from `node` in one bit."""
    value = int.from_bytes(node)
    return [(value ^ (1 << bit)).to_bytes(len(node)) for bit in range(8 * len(node))]


@pytest.mark.parametrize("size", range(9))
def test_roots_are_the_reference_values(size: int) -> None:
    """The root at every size is the published one, and the one by definition."""
    frontier, _ = grow(ENTRIES[:size])
    assert frontier.size == size
    assert frontier.root() == ROOTS[size] == naive_root(ENTRIES[:size])


def test_nodes_are_the_reference_values() -> None:
    """Every complete subtree of the eight reference entries has the published hash."""
    _, read = grow(ENTRIES)
    assert {place: read(*place).hex() for place in NODES} == NODES
    assert node_hash(read(2, 0), read(2, 1)) == ROOTS[8]
    assert ROOTS[0] == EMPTY_ROOT


@pytest.mark.parametrize(("index", "size"), PATHS)
def test_inclusion_proofs_are_the_reference_values(index: int, size: int) -> None:
    """Audit paths over the reference entries consist of the published nodes."""
    _, read = grow(ENTRIES)
    proof = inclusion_proof(index, size, read)
    assert proof == tuple(read(*place) for place in PATHS[index, size])
    verify_inclusion(leaf_hash(ENTRIES[index]), index=index, size=size, proof=proof, root=ROOTS[size])


@pytest.mark.parametrize(("old", "new"), CONSISTENCY)
def test_consistency_proofs_are_the_reference_values(old: int, new: int) -> None:
    """Consistency proofs over the reference entries consist of the published nodes."""
    _, read = grow(ENTRIES)
    proof = consistency_proof(old, new, read)
    ragged = node_hash(read(1, 2), read(0, 6))
    expected = tuple(ragged if isinstance(place, str) else read(*place) for place in CONSISTENCY[old, new])
    assert proof == expected
    verify_consistency(old=old, new=new, old_root=ROOTS[old], new_root=ROOTS[new], proof=proof)


@settings(max_examples=60)
@given(st.lists(st.binary(max_size=4), max_size=70), st.data())
def test_equals_the_definition(entries: list[bytes], data: st.DataObject) -> None:
    """Root and proofs of any tree are those of the definition, and verify."""
    frontier, read = grow(entries)
    root, size = frontier.root(), len(entries)
    assert root == naive_root(entries)
    old = data.draw(st.integers(0, size))
    path = consistency_proof(old, size, read)
    old_root = naive_root(entries[:old])
    assert list(path) == (naive_subproof(old, entries, whole=True) if old > 0 else [])
    verify_consistency(old=old, new=size, old_root=old_root, new_root=root, proof=path)
    if entries:
        index = data.draw(st.integers(0, size - 1))
        proof = inclusion_proof(index, size, read)
        assert list(proof) == naive_path(index, entries)
        verify_inclusion(leaf_hash(entries[index]), index=index, size=size, proof=proof, root=root)


def test_every_proof_up_to_forty_entries() -> None:
    """All inclusion and consistency proofs of all small trees verify."""
    entries = numbered(40)
    _, read = grow(entries)
    roots = [naive_root(entries[:size]) for size in range(41)]
    for new in range(1, 41):
        for old in range(new):
            proof = inclusion_proof(old, new, read)
            verify_inclusion(leaf_hash(entries[old]), index=old, size=new, proof=proof, root=roots[new])
            path = consistency_proof(old, new, read)
            verify_consistency(old=old, new=new, old_root=roots[old], new_root=roots[new], proof=path)


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 8, 21, 64])
def test_a_frontier_can_be_rebuilt_from_nodes(size: int) -> None:
    """A loaded frontier has the same root and grows in the same way."""
    entries = numbered(70)
    whole, read = grow(entries)
    frontier = Frontier.load(size, read)
    assert (frontier.size, frontier.root()) == (size, naive_root(entries[:size]))
    for entry in entries[size:]:
        assert all(read(level, index) == node for level, index, node in frontier.append(leaf_hash(entry)))
    assert frontier.root() == whole.root()


def test_loading_a_frontier_needs_its_nodes() -> None:
    """A node that is not stored is not guessed."""
    _, read = grow(numbered(4))
    with pytest.raises(LookupError):
        Frontier.load(5, read)


@pytest.mark.parametrize(("index", "size"), [(5, 13), (12, 13), (0, 2), (6, 7), (3, 8)])
def test_every_flipped_bit_breaks_an_inclusion_proof(index: int, size: int) -> None:
    """Neither entry, nor root, nor any hash of the proof can differ in one bit; nor can the index."""
    entries = numbered(size)
    frontier, read = grow(entries)
    root, entry = frontier.root(), leaf_hash(entries[index])
    proof = inclusion_proof(index, size, read)
    changed = [(bad, index, proof, root) for bad in flips(entry)]
    changed += [(entry, index, proof, bad) for bad in flips(root)]
    changed += [(entry, other, proof, root) for other in range(-1, size + 2) if other != index]
    changed += [
        (entry, index, (*proof[:at], bad, *proof[at + 1 :]), root)
        for at in range(len(proof))
        for bad in flips(proof[at])
    ]
    for bad_entry, bad_index, bad_proof, bad_root in changed:
        with pytest.raises(NotIncluded):
            verify_inclusion(bad_entry, index=bad_index, size=size, proof=bad_proof, root=bad_root)


@pytest.mark.parametrize(("old", "new"), [(3, 7), (4, 7), (6, 8), (1, 2), (7, 13), (8, 8), (0, 5)])
def test_every_flipped_bit_breaks_a_consistency_proof(old: int, new: int) -> None:
    """Neither root, nor any hash of the proof can differ in one bit; nor can hashes be left out or added."""
    frontier, read = grow(numbered(new))
    new_root, old_root = frontier.root(), naive_root(numbered(old))
    proof = consistency_proof(old, new, read)
    changed = [(bad, new_root, proof) for bad in flips(old_root)]
    changed += [
        (old_root, new_root, (*proof[:at], bad, *proof[at + 1 :]))
        for at in range(len(proof))
        for bad in flips(proof[at])
    ]
    changed += [(old_root, new_root, (*proof, new_root))]
    changed += [(old_root, new_root, proof[:-1])] if proof else []
    changed += [(old_root, bad, proof) for bad in flips(new_root)] if old else []
    for bad_old, bad_new, bad_proof in changed:
        with pytest.raises(NotConsistent):
            verify_consistency(old=old, new=new, old_root=bad_old, new_root=bad_new, proof=bad_proof)


@pytest.mark.parametrize(
    ("index", "proof_size", "hash_size", "reason"),
    [(2, 0, 32, "too short"), (2, 3, 32, "too long"), (4, 0, 32, "no such"), (2, 2, 31, "32 bytes")],
)
def test_an_inclusion_proof_must_have_its_shape(
    index: int, proof_size: int, hash_size: int, reason: str
) -> None:
    """Too few or too many hashes, hashes of another size, and entries outside the tree are told apart."""
    frontier, read = grow(numbered(4))
    full = (*inclusion_proof(2, 4, read), EMPTY_ROOT)
    proof = [node[:hash_size] for node in full[:proof_size]]
    with pytest.raises(NotIncluded, match=reason):
        verify_inclusion(leaf_hash(b"2"), index=index, size=4, proof=proof, root=frontier.root())


@pytest.mark.parametrize(
    ("old", "new", "proof", "reason"),
    [
        (5, 4, [], "larger one"),
        (-1, 4, [], "larger one"),
        (3, 4, [], "too short"),
        (3, 4, [EMPTY_ROOT], "too short"),
        (3, 4, [EMPTY_ROOT] * 5, "too long"),
        (3, 4, [EMPTY_ROOT] * 3, "other roots"),
        (3, 4, [b""] * 3, "32 bytes"),
        (4, 4, [EMPTY_ROOT], "should be empty"),
    ],
)
def test_a_consistency_proof_must_have_its_shape(old: int, new: int, proof: list[bytes], reason: str) -> None:
    """Too few or too many hashes, hashes of another size, and sizes the wrong way round are told apart."""
    with pytest.raises(NotConsistent, match=reason):
        verify_consistency(
            old=old, new=new, old_root=naive_root(numbered(4)), new_root=naive_root(numbered(4)), proof=proof
        )


@pytest.mark.parametrize(("index", "size"), [(-1, 4), (4, 4), (0, 0)])
def test_no_inclusion_proof_outside_the_tree(index: int, size: int) -> None:
    """An entry that the tree does not have cannot be asked for."""
    _, read = grow(numbered(4))
    with pytest.raises(ProofRange):
        inclusion_proof(index, size, read)


@pytest.mark.parametrize(("old", "new"), [(-1, 4), (5, 4)])
def test_no_consistency_proof_backwards(old: int, new: int) -> None:
    """A proof from a larger log to a smaller one cannot be asked for."""
    _, read = grow(numbered(4))
    with pytest.raises(ProofRange):
        consistency_proof(old, new, read)


def test_a_node_cannot_pass_for_an_entry() -> None:
    """Leaves and nodes are hashed with different prefixes (second-preimage attack)."""
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(left + right) != node_hash(left, right)
