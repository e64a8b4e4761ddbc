"""What people are told of a change, and the hash that they sign."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest
import rfc8785

from routing.agencies import entity_id
from routing.agency_change import AgencyChange
from routing.changes.apply import applied
from routing.changes.diff import Diff, counts, diff, diff_sha256
from routing.changes.operation import Op, Operation
from routing.changes.undo import rollback
from routing.status import Status
from tests.support.changes import after, an_opening, an_operation, made, numbered
from tests.support.registry import AFTER, BEFORE, CUT_OVER, a_directory, an_agency

OPERATIONS = numbered(
    an_operation(Op.CLOSE, "H26.2", successors=("H26.1",)),
    an_operation(Op.RENAME, "H26", name="Thành phố Mới"),
    an_operation(Op.SUSPEND, "H26.1"),
    an_operation(Op.RESUME, "H26.1", valid_from=AFTER),
    an_operation(Op.RECONSTITUTE, "G22", valid_from=AFTER),
    an_opening("H26.106", parent="H26"),
)


def told(*operations: Operation) -> list[tuple[Op, str, bool]]:
    """Return (operation, code, withdrawn) of what operations over the home scenario do."""
    directory = a_directory()
    return [(each.op, each.code, each.withdrawn) for each in diff(applied(operations, directory), directory)]


def test_a_diff_says_what_was_asked_for() -> None:
    """Each operation appears once, by moment and code, with the versions on both sides of its moment."""
    directory = a_directory()
    change = applied(OPERATIONS, directory)
    found = diff(change, directory)
    assert [(each.instant, each.op, each.code, each.withdrawn) for each in found] == [
        (CUT_OVER, Op.RENAME, "H26", False),
        (CUT_OVER, Op.SUSPEND, "H26.1", False),
        (CUT_OVER, Op.OPEN, "H26.106", False),
        (CUT_OVER, Op.CLOSE, "H26.2", False),
        (AFTER, Op.RECONSTITUTE, "G22", False),
        (AFTER, Op.RESUME, "H26.1", False),
    ]
    closed = replace(directory.versions("H26.2")[0], valid_to=CUT_OVER, successors=("H26.1",))
    assert found[3] == Diff(code="H26.2", op=Op.CLOSE, instant=CUT_OVER, before=closed, after=None)
    assert found[2].before is None
    assert (found[0].before or found[1]).code == "H26"
    assert [each.name if each else None for each in (found[0].before, found[0].after)] == [
        "Ủy ban nhân dân thành phố Hà Nội",
        "Thành phố Mới",
    ]


def test_a_diff_is_the_same_before_and_after_the_change_was_made() -> None:
    """What was done can be told later, from the version that was made."""
    directory = a_directory()
    change = applied(OPERATIONS, directory)
    assert diff(change, after(change, directory)) == diff(change, directory)


def test_what_is_not_to_be_any_more_is_told_as_withdrawn() -> None:
    """An earlier end takes the place of the planned one."""
    planned = made(a_directory(), an_operation(Op.CLOSE, "H26.2", valid_from=AFTER, successors=("H26.1",)))
    found = diff(applied((an_operation(),), planned), planned)
    assert [(each.instant, each.op, each.withdrawn) for each in found] == [
        (CUT_OVER, Op.CLOSE, False),
        (AFTER, Op.CLOSE, True),
    ]
    assert found[1].before is not None
    assert found[1].before.successors == ("H26.1",)


def test_a_change_of_what_follows_is_not_told_again() -> None:
    """A version that is split keeps its beginning, and its end if that is the same."""
    planned = made(a_directory(), an_operation(Op.CLOSE, "H26.105", valid_from=AFTER, successors=("H26.1",)))
    rename = an_operation(Op.RENAME, "H26.105", name="Mới", valid_from=CUT_OVER.replace(hour=20))
    assert [each.op for each in diff(applied((rename,), planned), planned)] == [Op.RENAME]


def test_annulment_takes_back_the_opening() -> None:
    """What never counted was never opened."""
    assert told(an_operation(Op.ANNUL, "H26.105")) == [
        (Op.OPEN, "H26.105", True),
        (Op.ANNUL, "H26.105", False),
    ]
    assert told(an_operation(Op.ANNUL, "H26.105", valid_from=AFTER)) == [(Op.ANNUL, "H26.105", False)]


def test_a_correction_of_what_holds_since_ever_has_no_moment() -> None:
    """A version without a beginning that is replaced as a whole is shown both ways."""
    directory = a_directory((an_agency("H26"),))
    change = AgencyChange(
        base_version=1, closed=(an_agency("H26"),), added=(an_agency("H26", "Thành phố Mới"),)
    )
    assert [(each.instant, each.op, each.withdrawn) for each in diff(change, directory)] == [
        (None, Op.OPEN, True),
        (None, Op.OPEN, False),
    ]


def test_counts() -> None:
    """How many codes, how many of each operation and at each moment, and what is withdrawn."""
    directory = a_directory()
    change = applied(OPERATIONS, directory)
    found = counts(diff(change, directory))
    assert (found.codes, found.withdrawn) == (5, 0)
    assert found.per_op == dict.fromkeys(set(Op) - {Op.ANNUL}, 1)
    assert found.per_instant == {CUT_OVER: 4, AFTER: 2}
    undone = rollback(change, after(change, directory), now=BEFORE)
    back = counts(diff(undone, after(change, directory)))
    assert (back.codes, back.withdrawn, back.per_op) == (5, 6, {})


def test_the_hash_is_over_canonical_lines() -> None:
    """Anybody with RFC 8785 and SHA-256 can compute it."""
    change = applied(numbered(an_operation(successors=("H26.1", "H26"))), a_directory())
    fields: dict[str, Any] = {
        "aliases": ["000.00.02.H26"],
        "code": "H26.2",
        "entity_id": entity_id("H26.2", None),
        "forward_until": "",
        "kind": "department",
        "name": "Sở Nội vụ thành phố Hà Nội",
        "parent": "H26",
        "status": "active",
        "successors": [],
        "valid_from": "",
        "valid_to": "",
    }
    ended = fields | {"successors": ["H26.1", "H26"], "valid_to": "2025-06-30T17:00:00+00:00"}
    lines = sorted(rfc8785.dumps(each) + b"\n" for each in ({"closed": fields}, {"added": ended}))
    assert diff_sha256(change) == hashlib.sha256(b"".join(lines)).hexdigest()


def test_the_hash_does_not_depend_on_what_was_done_meanwhile() -> None:
    """An unrelated version, a registered certificate and the order of the rows leave it as it is."""
    directory = a_directory()
    change = applied(OPERATIONS, directory)
    meanwhile = made(directory, an_operation(Op.RENAME, "H53", name="Mới", valid_from=AFTER))
    again = applied(OPERATIONS[::-1], meanwhile)
    assert again.base_version == change.base_version + 1
    assert diff_sha256(again) == diff_sha256(change)
    shuffled = replace(
        change,
        closed=tuple(replace(each, reconstituted_at=AFTER) for each in change.closed[::-1]),
        added=tuple(replace(each, certificates=an_agency(certificates=("ab" * 32,)).certificates) for each in change.added[::-1]),
    )  # fmt: skip
    assert diff_sha256(shuffled) == diff_sha256(change)


@pytest.mark.parametrize(
    "other",
    [
        {"name": "x"},
        {"parent": "H53"},
        {"kind": "x"},
        {"entity_id": entity_id("H26.2", AFTER)},
        {"code": "H26.3"},
        {"aliases": ()},
        {"successors": ("H26", "H26.1")},
        {"forward_until": AFTER},
        {"valid_from": BEFORE},
        {"valid_to": AFTER},
        {"status": Status.SUSPENDED},
    ],
    ids=str,
)
def test_the_hash_depends_on_everything_that_is_changed(other: dict[str, Any]) -> None:
    """Any other version added, or closed, is another change."""
    change = applied((an_operation(successors=("H26.1", "H26")),), a_directory())
    hashes = {
        diff_sha256(change),
        diff_sha256(replace(change, added=(replace(change.added[0], **other),))),
        diff_sha256(replace(change, closed=(replace(change.closed[0], **other),))),
        diff_sha256(replace(change, closed=change.added, added=change.closed)),
        diff_sha256(replace(change, closed=())),
    }
    assert len(hashes) == 5
