"""Log entries: what is written can be read back, and nothing else can."""

from datetime import datetime, timedelta, timezone
from hashlib import sha256
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.errors_log import (
    EntryKindUnknown,
    EntryMalformed,
    EntryTooLarge,
    EntryVersionUnknown,
    LogError,
    NotCanonical,
)
from routing.log import FIRST_SEQ, MAX_LEAF, SHAPES, Kind, commitment, leaf, read_leaf
from routing.log_kinds import DOCUMENT_KINDS, REQUIRED
from tests.routing.entries import AT, MEMBERS, SHA256, entry, required

BODY: dict[str, Any] = {
    "v": 1,
    "kind": "rejected",
    "t": 1751302800123,
    "instance": "gw-1",
    "document_id": "doc-1",
    "seq": 1,
    "reason": "registry.code_closed",
}


def test_an_entry_is_one_canonical_object() -> None:
    """The bytes are fixed: the format that auditors read cannot change unseen."""
    raw = leaf(
        Kind.RETURNED,
        t=AT,
        instance="gw-1",
        document_id="doc-1",
        seq=3,
        prev=bytes(range(32)),
        recipient="H57.4",
        attempt=2,
        reason="axis.unroutable",
    )
    assert raw == (
        b'{"attempt":2,"document_id":"doc-1","instance":"gw-1","kind":"returned",'
        b'"prev":"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",'
        b'"reason":"axis.unroutable","recipient":"H57.4","seq":3,"t":1751302800123,"v":1}'
    )


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_can_be_written_and_read(kind: Kind) -> None:
    """An entry of any kind, with the members it must have, comes back as it was."""
    read = read_leaf(entry(kind))
    of_document = kind in DOCUMENT_KINDS
    assert (read.kind, read.t, read.instance) == (kind, AT, "gw-1")
    assert (read.document_id, read.seq) == (("doc-1", FIRST_SEQ) if of_document else (None, None))
    assert read.prev is None
    assert dict(read.fields) == required(kind)


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in Kind for name in REQUIRED[kind]])
def test_every_required_member_is_required(kind: Kind, name: str) -> None:
    """Without any one of the members of its kind an entry is not written."""
    members = required(kind)
    del members[name]
    of_document: dict[str, Any] = {"document_id": "doc-1", "seq": 1} if kind in DOCUMENT_KINDS else {}
    with pytest.raises(EntryMalformed, match=f"{name}: it is missing"):
        leaf(kind, t=AT, instance="gw-1", **of_document, **members)


def test_every_required_member_has_a_shape() -> None:
    """There is no required member that could hold anything, and none that these tests do not know."""
    names = {name for members in REQUIRED.values() for name in members}
    assert names <= SHAPES.keys()
    assert names == MEMBERS.keys()
    assert REQUIRED.keys() == set(Kind)


def test_further_members_are_passed_on() -> None:
    """A member that no table names is kept; so are commitments and verdicts."""
    verdict = {"indication": "TOTAL_PASSED", "chain": [SHA256]}
    read = read_leaf(entry(Kind.ACCEPTED, verdict=verdict, commitments={"subject": SHA256}, note=["a", True]))
    assert read.fields["verdict"] == verdict
    assert read.fields["note"] == ["a", True]


def test_the_chain_is_hexadecimal_in_the_entry_and_bytes_in_python() -> None:
    """The hash of the previous entry is written so that it can be searched for."""
    raw = entry(Kind.PUBLISH_ATTEMPT, seq=2, prev=b"\xab" * 32)
    assert b'"prev":"' + b"ab" * 32 + b'"' in raw
    assert read_leaf(raw).prev == b"\xab" * 32


def test_time_is_utc_milliseconds() -> None:
    """Any aware time is accepted, and comes back in UTC without what is finer than a millisecond."""
    hanoi = timezone(timedelta(hours=7))
    raw = leaf(
        Kind.CLOCK_ALARM,
        t=datetime(2025, 7, 1, 0, 0, 0, 123_999, hanoi),
        instance="gw-1",
        reason="clock.jump",
    )
    assert read_leaf(raw).t == AT


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("payload_sha256", "AB" * 32),
        ("payload_sha256", "ab" * 31),
        ("payload_sha256", SHA256 + "\n"),
        ("payload_sha256", 7),
        ("payload_size", -1),
        ("payload_size", True),
        ("payload_size", "1"),
        ("sender", ""),
        ("sender", "x" * 1025),
        ("sender", 1),
        ("recipients", []),
        ("recipients", "H57.4"),
        ("recipients", [""]),
        ("reason", "Văn bản bị từ chối"),
        ("reason", "a" * 1025),
        ("reason", 1),
        ("commitments", {"subject": "in clear"}),
        ("commitments", [SHA256]),
        ("verdict", "TOTAL_PASSED"),
    ],
)
def test_members_of_the_wrong_shape_are_refused(name: str, value: Any) -> None:
    """A member is of its shape in every kind, required or not."""
    with pytest.raises(EntryMalformed, match=f"{name}: it has the wrong shape"):
        entry(Kind.ACCEPTED, **{name: value})


def test_the_version_cannot_be_given() -> None:
    """A further member cannot take the place of the version."""
    with pytest.raises(EntryMalformed, match="v: the name is reserved"):
        entry(Kind.REJECTED, v=2)


def test_naive_time_is_refused() -> None:
    """A time without a zone says nothing."""
    with pytest.raises(EntryMalformed, match="no time zone"):
        leaf(Kind.CLOCK_ALARM, t=AT.replace(tzinfo=None), instance="gw-1", reason="clock.jump")


@pytest.mark.parametrize(
    ("kind", "history", "reason"),
    [
        (Kind.REJECTED, {"seq": 1}, "document_id: it is missing"),
        (Kind.REJECTED, {"document_id": "doc-1"}, "seq: it is missing"),
        (Kind.REJECTED, {"document_id": "", "seq": 1}, "document_id: it has the wrong shape"),
        (Kind.REJECTED, {"document_id": "doc-1", "seq": 0}, "seq: a history begins with 1"),
        (Kind.REJECTED, {"document_id": "doc-1", "seq": 2}, "prev: every entry but the first"),
        (
            Kind.REJECTED,
            {"document_id": "doc-1", "seq": 1, "prev": bytes(32)},
            "prev: every entry but the first",
        ),
        (
            Kind.REJECTED,
            {"document_id": "doc-1", "seq": 2, "prev": bytes(31)},
            "prev: it has the wrong shape",
        ),
        (Kind.CLOCK_ALARM, {"document_id": "doc-1"}, "document_id: this kind belongs to no document"),
        (Kind.CLOCK_ALARM, {"seq": 1}, "seq: this kind belongs to no document"),
        (Kind.CLOCK_ALARM, {"prev": bytes(32)}, "prev: this kind belongs to no document"),
    ],
)
def test_numbering_and_chaining_are_checked(kind: Kind, history: dict[str, Any], reason: str) -> None:
    """An entry of a document is numbered and, from the second on, chained; others are neither."""
    with pytest.raises(EntryMalformed, match=reason):
        leaf(kind, t=AT, instance="gw-1", reason="clock.jump", **history)


def test_an_entry_fits_a_tile_bundle() -> None:
    """65,534 bytes are written and read, 65,535 are neither."""
    spare = MAX_LEAF - len(entry(Kind.REJECTED, padding=""))
    raw = entry(Kind.REJECTED, padding="x" * spare)
    assert len(raw) == MAX_LEAF
    read_leaf(raw)
    with pytest.raises(EntryTooLarge, match="65535 bytes"):
        entry(Kind.REJECTED, padding="x" * (spare + 1))
    with pytest.raises(EntryTooLarge):
        read_leaf(raw + b" ")


def test_values_that_entries_cannot_hold_are_refused() -> None:
    """Floats and null do not get into the log."""
    with pytest.raises(NotCanonical):
        entry(Kind.REJECTED, score=0.5)  # type: ignore[arg-type]  # that is the point


def test_the_example_body_is_an_entry() -> None:
    """The body that the next tests spoil is good to begin with."""
    assert read_leaf(rfc8785.dumps(BODY)).kind is Kind.REJECTED


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"v": 2}, EntryVersionUnknown),
        ({"v": True}, EntryVersionUnknown),
        ({"v": "1"}, EntryVersionUnknown),
        ({"v": None}, EntryVersionUnknown),
        ({"kind": "approved"}, EntryKindUnknown),
        ({"kind": ["rejected"]}, EntryKindUnknown),
        ({"kind": None}, EntryKindUnknown),
        ({"t": -1}, EntryMalformed),
        ({"t": 2**53 - 1}, EntryMalformed),
        ({"t": "1751302800123"}, EntryMalformed),
        ({"t": None}, EntryMalformed),
        ({"instance": None}, EntryMalformed),
        ({"instance": 1}, EntryMalformed),
        ({"seq": "1"}, EntryMalformed),
        ({"prev": "00" * 32}, EntryMalformed),
        ({"reason": None}, EntryMalformed),
    ],
)
def test_reading_fails_closed(change: dict[str, Any], error: type[LogError]) -> None:
    """An entry of another version or kind, or not as the rules have it, is refused and not skipped (None: left out)."""
    body = {name: value for name, value in (BODY | change).items() if value is not None}
    with pytest.raises(error):
        read_leaf(rfc8785.dumps(body))


def test_reading_refuses_other_spellings() -> None:
    """Only the exact bytes that were written are an entry."""
    raw = entry(Kind.REJECTED)
    for other in (raw + b"\n", raw.replace(b":", b": ", 1), b'{"v":1,' + raw[1:], raw[:-1] + b',"v":1}'):
        with pytest.raises(NotCanonical):
            read_leaf(other)


@settings(max_examples=50)
@given(st.sampled_from(Kind), st.data())
def test_every_flipped_bit_changes_or_spoils_an_entry(kind: Kind, data: st.DataObject) -> None:
    """A changed byte gives another entry or none, never the same one and never another exception."""
    raw = entry(kind)
    bit = data.draw(st.integers(0, 8 * len(raw) - 1))
    changed = bytearray(raw)
    changed[bit // 8] ^= 1 << bit % 8
    try:
        read = read_leaf(bytes(changed))
    except LogError:
        return
    assert read != read_leaf(raw)


def test_commitment_is_salted_hash() -> None:
    """A commitment is SHA-256 over salt and value, in hexadecimal; text counts as UTF-8."""
    salt = bytes(range(32))
    expected = sha256(salt + "Về việc sáp nhập".encode()).hexdigest()
    assert commitment("Về việc sáp nhập", salt) == commitment("Về việc sáp nhập".encode(), salt) == expected


@pytest.mark.parametrize("size", [0, 31, 33])
def test_commitment_needs_a_full_salt(size: int) -> None:
    """A salt of another length would make salt and value run together, or the value guessable."""
    with pytest.raises(ValueError, match="32 bytes"):
        commitment("x", bytes(size))
