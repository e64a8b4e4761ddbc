"""What each operation makes of the versions of its code, and when it makes no sense."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from routing.agencies import Agency, entity_id
from routing.changes.operation import Op, Operation
from routing.status import Status
from tests.support.changes import an_opening, an_operation, faults, made, numbered
from tests.support.registry import AFTER, BEFORE, CUT_OVER, a_directory, an_agency, home_agencies

DAY = timedelta(days=1)
LATER = CUT_OVER + 7 * DAY
SOJOURN = "Sở Nội vụ thành phố Hà Nội"


def history(code: str, *operations: Operation) -> list[tuple[datetime | None, datetime | None, str, str]]:
    """Return (from, to, name, status) of each version of a code after operations over the home scenario."""
    return [
        (each.valid_from, each.valid_to, each.name, each.status.value)
        for each in made(a_directory(), *operations).versions(code)
    ]


def test_opening_gives_a_code_to_a_new_entity() -> None:
    """The version is active from the moment on, and is whoever takes the code at that moment."""
    operation = an_opening("H26.106", "Phường Mới", parent="H26", aliases=("000.06.00.H26",))
    assert made(a_directory(), operation).versions("H26.106") == (
        Agency(
            code="H26.106",
            entity_id=entity_id("H26.106", CUT_OVER),
            name="Phường Mới",
            parent="H26",
            kind="commune",
            valid_from=CUT_OVER,
            aliases=("000.06.00.H26",),
        ),
    )


def test_closing_ends_the_entity_in_favour_of_others() -> None:
    """The version ends at the moment, with successors in their order and the time of forwarding."""
    before = a_directory().versions("H26.2")[0]
    operation = an_operation(Op.CLOSE, "H26.2", successors=("H26.1", "H26"), forward_until=LATER)
    assert made(a_directory(), operation).versions("H26.2") == (
        replace(before, valid_to=CUT_OVER, successors=("H26.1", "H26"), forward_until=LATER),
    )


def test_closing_drops_what_was_planned_for_the_entity() -> None:
    """A renaming planned for later does not bring a closed code back."""
    renamed = made(a_directory(), an_operation(Op.RENAME, "H26.2", name="Mới", valid_from=LATER))
    assert len(renamed.versions("H26.2")) == 2
    assert [each.valid_to for each in made(renamed, an_operation()).versions("H26.2")] == [CUT_OVER]


def test_closing_may_come_earlier_than_planned() -> None:
    """The end that was planned gives way, with its successors."""
    planned = made(a_directory(), an_operation(valid_from=LATER, successors=("H26.1",)))
    (version,) = made(planned, an_operation()).versions("H26.2")
    assert (version.valid_to, version.successors) == (CUT_OVER, ())


def test_reconstitution_gives_the_code_to_another_entity() -> None:
    """The old body ends, the new one has its description and older forms unless the row says otherwise."""
    operation = an_operation(Op.RECONSTITUTE, "H26", name="Thành phố Mới", successors=("H26", "H26.1"))
    old, new = made(a_directory(), operation).versions("H26")
    assert (old.valid_to, old.successors, old.entity_id) == (
        CUT_OVER,
        ("H26", "H26.1"),
        entity_id("H26", None),
    )
    assert new == replace(
        old,
        entity_id=entity_id("H26", CUT_OVER),
        name="Thành phố Mới",
        valid_from=CUT_OVER,
        valid_to=None,
        successors=(),
        reconstituted_at=CUT_OVER,
    )


def test_reconstitution_does_not_pass_certificates_on() -> None:
    """Certificates are the old body's."""
    directory = a_directory((an_agency("H26", certificates=("ab" * 32,)),))
    old, new = made(directory, an_operation(Op.RECONSTITUTE, "H26")).versions("H26")
    assert (len(old.certificates), new.certificates) == (1, ())


def test_renaming_describes_the_same_entity_otherwise() -> None:
    """Name, parent, kind and older forms change from the moment on; what is not said stays."""
    operation = an_operation(Op.RENAME, "H26.2", name="Sở Mới", parent="", aliases=())
    old, new = made(a_directory(), operation).versions("H26.2")
    assert old == replace(a_directory().versions("H26.2")[0], valid_to=CUT_OVER)
    assert new == replace(old, name="Sở Mới", parent=None, aliases=(), valid_from=CUT_OVER, valid_to=None)


def test_renaming_keeps_a_planned_end() -> None:
    """The successors belong to the version that ends, not to the one before it."""
    planned = made(
        a_directory(), an_operation(valid_from=LATER, successors=("H26.1",), forward_until=LATER + DAY)
    )
    old, new = made(planned, an_operation(Op.RENAME, "H26.2", name="Sở Mới")).versions("H26.2")
    assert (old.valid_to, old.successors, old.forward_until) == (CUT_OVER, (), None)
    assert (new.valid_to, new.successors, new.forward_until) == (LATER, ("H26.1",), LATER + DAY)


def test_suspension_and_resumption() -> None:
    """The code is suspended in between, the same entity throughout."""
    operations = numbered(
        an_operation(Op.RESUME, "H26.2", valid_from=LATER), an_operation(Op.SUSPEND, "H26.2")
    )
    assert history("H26.2", *operations) == [
        (None, CUT_OVER, SOJOURN, "active"),
        (CUT_OVER, LATER, SOJOURN, "suspended"),
        (LATER, None, SOJOURN, "active"),
    ]
    versions = made(a_directory(), *operations).versions("H26.2")
    assert {each.entity_id for each in versions} == {entity_id("H26.2", None)}


def test_what_is_said_holds_beyond_what_was_planned_in_another_respect() -> None:
    """A suspension outlasts a planned renaming, and a renaming a planned suspension, up to a planned change of the same."""
    renamed = made(
        a_directory(),
        *numbered(
            an_operation(Op.RENAME, "H26.2", name="Một", valid_from=AFTER),
            an_operation(Op.SUSPEND, "H26.2", valid_from=LATER),
        ),
    )
    versions = made(renamed, an_operation(Op.SUSPEND, "H26.2")).versions("H26.2")
    assert [(each.name, each.status) for each in versions] == [
        (SOJOURN, Status.ACTIVE),
        (SOJOURN, Status.SUSPENDED),
        ("Một", Status.SUSPENDED),
        ("Một", Status.SUSPENDED),
    ]
    versions = made(renamed, an_operation(Op.RENAME, "H26.2", name="Hai", kind="unit")).versions("H26.2")
    assert [(each.name, each.kind, each.status) for each in versions] == [
        (SOJOURN, "department", Status.ACTIVE),
        ("Hai", "unit", Status.ACTIVE),
        ("Một", "unit", Status.ACTIVE),
        ("Một", "unit", Status.SUSPENDED),
    ]


def test_annulment_from_the_beginning_and_later() -> None:
    """A code annulled from its first moment never counted; later, it counts until then. Either names the right code."""
    wrong = made(a_directory(), an_opening("H26.106", parent="H26"))
    (version,) = made(wrong, an_operation(Op.ANNUL, "H26.106", successors=("H26.105",))).versions("H26.106")
    assert (version.status, version.valid_from, version.successors) == (
        Status.ANNULLED,
        CUT_OVER,
        ("H26.105",),
    )
    versions = made(
        wrong, an_operation(Op.ANNUL, "H26.106", successors=("H26.105",), valid_from=AFTER)
    ).versions("H26.106")
    assert [(each.status, each.valid_to, each.successors) for each in versions] == [
        (Status.ACTIVE, AFTER, ("H26.105",)),
        (Status.ANNULLED, None, ("H26.105",)),
    ]


def test_an_annulled_code_is_free_again() -> None:
    """What was issued in error is issued rightly, at the same moment, later, or before it."""
    wrong = made(a_directory(), an_opening("H26.106", "Nhầm", parent="H26", valid_from=AFTER))
    annulled = made(wrong, an_operation(Op.ANNUL, "H26.106", valid_from=AFTER))
    for moment in (CUT_OVER, AFTER):
        (version,) = made(annulled, an_opening("H26.106", valid_from=moment)).versions("H26.106")
        assert (version.valid_from, version.status) == (moment, Status.ACTIVE)
    old, new = made(annulled, an_opening("H26.106", valid_from=LATER)).versions("H26.106")
    assert (old.status, old.valid_to, new.valid_from) == (Status.ANNULLED, LATER, LATER)


def test_annulment_leaves_a_later_entity_alone() -> None:
    """The annulled version ends where another entity takes the code."""
    twice = made(a_directory(), an_operation(Op.RECONSTITUTE, "H26.2", valid_from=LATER))
    versions = made(twice, an_operation(Op.ANNUL, "H26.2")).versions("H26.2")
    assert [(each.status, each.valid_to) for each in versions] == [
        (Status.ACTIVE, CUT_OVER),
        (Status.ANNULLED, LATER),
        (Status.ACTIVE, None),
    ]


def test_operations_on_one_code_follow_each_other_in_time() -> None:
    """Opened, renamed and closed by one change set, whatever the order of its rows."""
    operations = numbered(
        an_operation(Op.CLOSE, "H26.106", valid_from=LATER),
        an_operation(Op.RENAME, "H26.106", name="Hai", valid_from=AFTER),
        an_opening("H26.106", "Một", parent="H26"),
    )
    assert faults(a_directory(), *operations) == []
    assert history("H26.106", *operations) == [
        (CUT_OVER, AFTER, "Một", "active"),
        (AFTER, LATER, "Hai", "active"),
    ]


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (an_operation(Op.CLOSE, "H99"), ("code", "H99", "unknown_code")),
        (an_operation(Op.RENAME, "H99", name="x"), ("code", "H99", "unknown_code")),
        (an_operation(Op.RECONSTITUTE, "H99"), ("code", "H99", "unknown_code")),
        (an_operation(Op.SUSPEND, "H99"), ("code", "H99", "unknown_code")),
        (an_operation(Op.RESUME, "H99"), ("code", "H99", "unknown_code")),
        (an_operation(Op.ANNUL, "H99"), ("code", "H99", "unknown_code")),
        (an_operation(Op.CLOSE, "H26.21"), ("code", "H26.21", "not_in_force")),
        (an_operation(Op.CLOSE, "H26.105", valid_from=BEFORE), ("code", "H26.105", "not_in_force")),
        (an_operation(Op.CLOSE, "H26.105"), ("valid_from", "2025-07-01T00:00:00+07:00", "empty_interval")),
        (an_operation(Op.RECONSTITUTE, "H53"), ("valid_from", "2025-07-01T00:00:00+07:00", "empty_interval")),
        (an_opening("H26"), ("code", "H26", "already_in_force")),
        (an_opening("H26.105", valid_from=BEFORE), ("valid_from", "2025-06-30T19:00:00+07:00", "overlap")),
        (an_operation(Op.RESUME, "H26.2"), ("code", "H26.2", "not_suspended")),
        (an_operation(Op.RENAME, "H26.2"), ("code", "H26.2", "unchanged")),
        (an_operation(Op.RENAME, "H26.2", name=SOJOURN, parent="H26"), ("code", "H26.2", "unchanged")),
    ],
    ids=str,
)
def test_an_operation_out_of_place(operation: Operation, expected: tuple[str, str, str]) -> None:
    """What cannot be done with a code at that moment is one fault, with the row, column and reason."""
    assert faults(a_directory(), operation) == [(2, *expected)]


def test_a_code_suspended_twice() -> None:
    """Only what is active can be suspended."""
    suspended = made(a_directory(), an_operation(Op.SUSPEND, "H26.2"))
    assert faults(suspended, an_operation(Op.SUSPEND, "H26.2", valid_from=AFTER)) == [
        (2, "code", "H26.2", "already_suspended")
    ]


def test_an_annulled_code_can_only_be_opened() -> None:
    """Nothing else can be done with what never counted."""
    annulled = made(a_directory(), an_operation(Op.ANNUL, "H26.105"))
    assert faults(annulled, an_operation(Op.CLOSE, "H26.105", valid_from=AFTER)) == [
        (2, "code", "H26.105", "not_in_force")
    ]


def test_a_reconstitution_before_a_later_one_overlaps() -> None:
    """A new entity may not reach into the time of one that is planned."""
    twice = made(a_directory(), an_operation(Op.RECONSTITUTE, "H26.2", valid_from=LATER))
    assert [fault[-1] for fault in faults(twice, an_operation(Op.RECONSTITUTE, "H26.2"))] == ["overlap"]


def test_an_overlap_is_the_fault_of_the_row_that_opens() -> None:
    """Not of one that renames what was opened before it reaches into the time of another entity."""
    rows = numbered(
        an_opening("H26.105", valid_from=BEFORE - DAY),
        an_operation(Op.RENAME, "H26.105", valid_from=BEFORE, name="Hai"),
    )
    assert faults(a_directory(), *rows, now=BEFORE - DAY) == [
        (2, "valid_from", "2025-06-29T19:00:00+07:00", "overlap")
    ]


def test_two_rows_about_one_code_at_one_moment() -> None:
    """The second row is a fault: a repetition if it says the same, else a contradiction."""
    rows = numbered(
        an_operation(Op.CLOSE, "H26.2"),
        an_operation(Op.CLOSE, "H26.2"),
        an_operation(Op.CLOSE, "H26.1"),
        an_opening("H26.1"),
    )
    assert faults(a_directory(), *rows) == [
        (3, "code", "H26.2", "repeated"),
        (5, "code", "H26.1", "contradiction"),
    ]


def test_the_home_scenario_is_what_the_tests_take_it_for() -> None:
    """The cut-over closes a district and gives H53 to a new body."""
    assert {each.code for each in home_agencies() if each.valid_to == CUT_OVER} == {"H26.21", "H39", "H53"}
