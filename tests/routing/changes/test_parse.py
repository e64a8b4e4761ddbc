"""Change sets as files: CSV, JSON and the rows of a sheet say the same, and nothing that is wrong stops the reading."""

import json
import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.changes.operation import Op, Operation, Unread
from routing.changes.parse import COLUMNS, Media, operations_from_rows, parse_change
from routing.errors import RegistryFault
from routing.errors_change import ChangeReason, ChangeRefused
from tests.support.changes import an_opening, an_operation, cells

MIDNIGHT = "2025-07-01T00:00:00+07:00"
CLOSED = an_operation(
    Op.CLOSE, "H39", successors=("H53", "H26"), forward_until=datetime(2025, 7, 31, 17, tzinfo=UTC)
)
OPENED = an_opening("H53.101", "Ủy ban nhân dân xã Bến Lức", row=3, parent="H53", aliases=("000.00.99.H53",))


def unread(content: bytes, media: Media = Media.CSV) -> list[tuple[int, Unread]]:
    """Return what could not be read, with its row."""
    return [(each.row, cell) for each in parse_change(content, media) for cell in each.unread]


def refusal(content: bytes, media: Media = Media.CSV) -> list[tuple[int, str, str]]:
    """Return (row, column, reason) of what keeps a file from being read at all."""
    with pytest.raises(ChangeRefused) as caught:
        parse_change(content, media)
    return [(each.row, str(each.facts["column"]), str(each.facts["reason"])) for each in caught.value.faults]


def test_all_three_forms_say_the_same() -> None:
    """A CSV file, a sheet with its columns in another order, and JSON lead to the same operations."""
    rows = [
        list(COLUMNS),
        ["close", "H39", "", "", "", MIDNIGHT, "H53;H26", "", "2025-08-01"],
        [
            "open",
            "H53.101",
            "Ủy ban nhân dân xã Bến Lức",
            "H53",
            "commune",
            "2025-07-01",
            "",
            "000.00.99.H53",
            "",
        ],
    ]
    first, second = (
        {
            "op": "close",
            "code": "H39",
            "valid_from": MIDNIGHT,
            "successors": ["H53", "H26"],
            "forward_until": "2025-08-01",
        },
        {
            "op": "open",
            "code": "H53.101",
            "name": "Ủy ban nhân dân xã Bến Lức",
            "parent": "H53",
            "kind": "commune",
            "valid_from": "2025-07-01",
            "code_qcvn102": ["000.00.99.H53"],
            "successors": None,
        },
    )
    of_json = parse_change(json.dumps({"operations": [first, second]}).encode(), Media.JSON)

    assert parse_change(cells(rows), Media.CSV) == (CLOSED, OPENED)
    assert parse_change(b"\xef\xbb\xbf" + cells(rows), Media.CSV) == (CLOSED, OPENED)
    assert operations_from_rows([row[::-1] for row in rows]) == (CLOSED, OPENED)
    assert [each.row for each in of_json] == [1, 2]
    assert tuple(_on_row(each, each.row + 1) for each in of_json) == (CLOSED, OPENED)


def _on_row(operation: Operation, row: int) -> Operation:
    return Operation(**{name: getattr(operation, name) for name in operation.__slots__} | {"row": row})


def test_rows_keep_the_number_that_a_spreadsheet_shows() -> None:
    """Blank rows are passed over and counted."""
    rows = [["", "", ""], ["op", "code", "valid_from"], ["", " ", ""], ["close", " H26.2 ", "2025-07-01"]]
    (operation,) = operations_from_rows(rows)
    assert operation == an_operation(Op.CLOSE, "H26.2", row=4)


def test_an_empty_cell_is_not_the_same_as_none() -> None:
    """An empty cell leaves a description as it is; a dash, or an empty list, says that there is to be nothing."""
    header = ["op", "code", "valid_from", "parent", "code_qcvn102"]
    kept, none = operations_from_rows(
        [header, ["rename", "H26", "2025-07-01", "", ""], ["rename", "H26", "2025-07-01", "-", "-"]]
    )
    assert (kept.parent, kept.aliases, none.parent, none.aliases) == (None, None, "", ())
    row = {"op": "rename", "code": "H26", "valid_from": "2025-07-01", "parent": "-", "code_qcvn102": []}
    (of_json,) = parse_change(json.dumps({"operations": [row]}).encode(), Media.JSON)
    assert (of_json.parent, of_json.aliases) == ("", ())


def test_several_values_are_separated_by_semicolons_or_spaces() -> None:
    """Both ways of writing several codes into one cell are read, and only they."""
    header = ["op", "code", "valid_from", "successors"]
    texts = ["H53;H26", "H53 H26", " H53 ; H26;", "H53\u00a0H26"]
    found = operations_from_rows([header, *(["close", "H39", "2025-07-01", text] for text in texts)])
    assert [each.successors for each in found] == [("H53", "H26")] * 3 + [("H53\u00a0H26",)]


def test_names_are_kept_composed() -> None:
    """A name typed on a system that writes accents apart is the same name."""
    apart = unicodedata.normalize("NFD", "Ủy ban nhân dân xã Bến Lức")
    (operation,) = operations_from_rows(
        [["op", "code", "name", "valid_from"], ["rename", "H26", apart, "2025-07-01"]]
    )
    assert operation.name == "Ủy ban nhân dân xã Bến Lức"


def test_what_cannot_be_read_is_kept_with_its_reason() -> None:
    """An unknown operation, a date without a zone and a row of another length do not stop the reading."""
    content = cells(
        [
            ["op", "code", "valid_from", "forward_until"],
            ["shut", "H26", "2025-07-01", ""],
            ["close", "H39", "2025-07-01T00:00:00", "soon"],
            ["close", "H39", "", ""],
            ["close", "H39", "2025-07-01"],
            ["close", "H39", "0001-01-01", ""],
        ]
    )
    assert unread(content) == [
        (2, Unread(column="op", value="shut", reason=ChangeReason.UNKNOWN_OPERATION)),
        (3, Unread(column="valid_from", value="2025-07-01T00:00:00", reason=RegistryFault.BAD_DATE)),
        (3, Unread(column="forward_until", value="soon", reason=RegistryFault.BAD_DATE)),
        (5, Unread(column="–", value="3 ≠ 4", reason=RegistryFault.FIELD_COUNT)),
        (6, Unread(column="valid_from", value="0001-01-01", reason=RegistryFault.BAD_DATE)),
    ]
    assert [each.op for each in parse_change(content, Media.CSV)][:2] == [None, Op.CLOSE]


def test_an_unknown_column_is_told_with_the_faults_of_the_rows() -> None:
    """A misspelt column is a fault of row 1, beside all others."""
    content = cells([["op", "code", "valid_from", "sucessors"], ["shut", "H26", "2025-07-01", "H53"]])
    assert unread(content) == [
        (1, Unread(column="sucessors", value="", reason=RegistryFault.UNKNOWN_COLUMN)),
        (2, Unread(column="op", value="shut", reason=ChangeReason.UNKNOWN_OPERATION)),
    ]


def test_what_cannot_stand_in_json_is_kept_with_its_reason() -> None:
    """A number for a code, an unknown name, a row that is no object."""
    rows = [
        {"op": 3, "code": "H26", "valid_from": "2025-07-01", "successors": ["H53", 4]},
        {"op": "close", "code": "H26", "valid_from": ["2025-07-01"], "when": "now"},
        "close H26",
    ]
    assert unread(json.dumps({"operations": rows}).encode(), Media.JSON) == [
        (1, Unread(column="op", value="3", reason=ChangeReason.BAD_VALUE)),
        (1, Unread(column="successors", value="['H53', 4]", reason=ChangeReason.BAD_VALUE)),
        (2, Unread(column="valid_from", value="['2025-07-01']", reason=ChangeReason.BAD_VALUE)),
        (2, Unread(column="when", value="now", reason=RegistryFault.UNKNOWN_COLUMN)),
        (3, Unread(column="–", value="close H26", reason=ChangeReason.BAD_VALUE)),
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", (0, "–", "no_operations")),
        (b"op,code,valid_from\r\n", (0, "–", "no_operations")),
        (b"op;code;valid_from\r\nclose;H26;2025-07-01\r\n", (1, "–", "delimiter")),
        (b"op,code\r\nclose,H26\r\n", (1, "valid_from", "missing_column")),
        (b"op,code,valid_from,op\r\nclose,H26,2025-07-01,open\r\n", (1, "op", "repeated_column")),
        (b"op,code,valid_from,x\r\n", (1, "x", "unknown_column")),
        (b"op,code,valid_from\r\nclose,H\xff6,2025-07-01\r\n", (2, "–", "not_utf8")),
        (b'op,code,valid_from\r\nclose,"H26"x,2025-07-01\r\n', (2, "–", "quotes")),
        (b"PK\x03\x04rest of a workbook", (0, "–", "workbook")),
    ],
)
def test_a_file_that_is_no_list_is_refused(content: bytes, expected: tuple[int, str, str]) -> None:
    """Where no row can be read, the file is refused with the reason."""
    assert refusal(content) == [expected]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"{", (0, "–", "not_json")),
        (b"\xff", (0, "–", "not_json")),
        (b"[]", (0, "–", "not_json")),
        (b"3", (0, "–", "not_json")),
        (b'{"operation": []}', (0, "–", "not_json")),
        (b'{"operations": {}}', (0, "operations", "not_json")),
        (b'{"operations": []}', (0, "–", "no_operations")),
        (b'{"operations": [{"op": "close", "op": "open"}]}', (0, "–", "not_json")),
        (b'{"operations": ' + b"[" * 100_000, (0, "–", "not_json")),
    ],
)
def test_json_that_is_no_list_is_refused(content: bytes, expected: tuple[int, str, str]) -> None:
    """Neither broken nor nested nor ambiguous JSON gets through."""
    assert refusal(content, Media.JSON) == [expected]


@given(content=st.binary(max_size=300) | st.text(max_size=300).map(str.encode), media=st.sampled_from(Media))
def test_any_octets_are_operations_or_refused(content: bytes, media: Media) -> None:
    """Nothing but a refusal comes out of octets that are no change set."""
    header = b"op,code,valid_from,successors\n" if media is Media.CSV else b""
    try:
        operations = parse_change(header + content, media)
    except ChangeRefused as error:
        assert error.faults  # noqa: PT017 -- one of two right outcomes
    else:
        assert operations
