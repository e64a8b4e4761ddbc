"""The list of agencies as a CSV file: everything or nothing, with every fault reported."""

import csv
import io
import time
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gateway.demo
from routing.agencies import Agency, entity_id
from routing.agency_csv import COLUMNS, format_agencies, parse_agencies
from routing.errors import BadFile, BadRow, RegistryFileErrors
from routing.registrations import Registration
from routing.registry_hash import registry_sha256
from routing.table_file import is_visible
from tests.support.registry import AFTER, CUT_OVER, an_agency

DEMO = Path(gateway.demo.__file__).with_name("agencies-2025-06-30.csv")
HEADER = "code,name,parent,kind,valid_from,code_qcvn102,certificate_sha256"
SHA = "ab" * 32


def a_file(*rows: str, header: str = HEADER) -> bytes:
    """Return a file of the given rows."""
    return "\r\n".join((header, *rows, "")).encode()


def faults(content: bytes) -> list[tuple[int, str, str, str]]:
    """Return (row, column, value, reason) of every fault in a file."""
    with pytest.raises(RegistryFileErrors) as caught:
        parse_agencies(content)
    assert str(caught.value).startswith(
        f"The list of agencies is refused: {len(caught.value.faults)} faults."
    )
    return [
        (fault.row, str(fault.facts["column"]), str(fault.facts["value"]), str(fault.facts["reason"]))
        for fault in caught.value.faults
    ]


def test_a_row_becomes_an_agency() -> None:
    """Every column reaches its field; white space around a cell does not count."""
    content = a_file(
        'H26,"Ủy ban nhân dân, thành phố ""Hà Nội""",,province,,,',
        f" H26.2 , Sở Nội vụ ,H26,department,2025-07-01T00:00:00+07:00,000.00.02.H26 00.02.H26,{SHA.upper()} {'cd' * 32}",
    )
    province, department = parse_agencies(content)
    assert province.name == 'Ủy ban nhân dân, thành phố "Hà Nội"'
    assert province.parent is None
    assert department == Agency(
        code="H26.2",
        entity_id=entity_id("H26.2", CUT_OVER),
        name="Sở Nội vụ",
        parent="H26",
        kind="department",
        valid_from=CUT_OVER,
        aliases=("000.00.02.H26", "00.02.H26"),
        certificates=(
            Registration(certificate_sha256=SHA),
            Registration(certificate_sha256="cd" * 32),
        ),
    )


def test_columns_come_in_any_order_and_some_may_be_missing() -> None:
    """Columns are known by their names; dates, older forms and certificates are optional."""
    (agency,) = parse_agencies(a_file("province,,Hà Nội,H26", header="kind,parent,name,code"))
    assert agency == replace(an_agency("H26", "Hà Nội"), entity_id=entity_id("H26", None))


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
def test_byte_order_mark_and_line_ends_do_not_matter(mark: bytes, ending: bytes) -> None:
    """Files of any editor give the same agencies; blank rows are passed over."""
    content = mark + a_file("H26,Hà Nội,,province,,,", "", ",,,,,,", "H53,Tây Ninh,,province,,,")
    assert [each.code for each in parse_agencies(content.replace(b"\r\n", ending))] == ["H26", "H53"]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-07-01", CUT_OVER),
        ("2025-07-01T00:00:00+07:00", CUT_OVER),
        ("2025-06-30T17:00:00Z", CUT_OVER),
        ("2025-06-30 17:00+00:00", CUT_OVER),
        ("", None),
    ],
)
def test_dates_become_utc(text: str, moment: datetime | None) -> None:
    """A day begins at midnight in Vietnam; a time has a zone."""
    (agency,) = parse_agencies(a_file(f"H26,Hà Nội,,province,{text},,"))
    assert agency.valid_from == moment


def test_names_are_kept_composed() -> None:
    """A name typed on a system that writes accents apart is the same name."""
    apart = unicodedata.normalize("NFD", "Ủy ban nhân dân tỉnh Điện Biên")
    (agency,) = parse_agencies(a_file(f"H18,{apart},,province,,,"))
    assert agency.name == "Ủy ban nhân dân tỉnh Điện Biên"


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("h26,Hà Nội,,province,,,", ("code", "h26", "grammar")),
        (",Hà Nội,,province,,,", ("code", "", "grammar")),
        ("Н26,Hà Nội,,province,,,", ("code", "Н26", "grammar")),
        ("000.00.00.H26,Hà Nội,,province,,,", ("code", "000.00.00.H26", "old_form")),
        ("H26\u200b,Hà Nội,,province,,,", ("code", "H26\\u200b", "invisible")),
        ("H26,Hà\u200bNội,,province,,,", ("name", "Hà\\u200bNội", "invisible")),
        ("H26,Hà\u00a0Nội,,province,,,", ("name", "Hà\\u00a0Nội", "invisible")),
        ("H26,\u202eiộN àH,,province,,,", ("name", "\\u202eiộN àH", "invisible")),
        ("H26,A\u3164B,,province,,,", ("name", "A\\u3164B", "invisible")),
        ("H26,A\x00B,,province,,,", ("name", "A\\u0000B", "invisible")),
        ('H26,"Hà\nNội",,province,,,', ("name", "Hà\\u000aNội", "invisible")),
        ("H26, ,,province,,,", ("name", "", "empty_name")),
        ("H26,=1+1,,province,,,", ("name", "=1+1", "formula")),
        ("H26,Hà Nội,,,,,", ("kind", "", "bad_kind")),
        ("H26,Hà Nội,,Tỉnh,,,", ("kind", "Tỉnh", "bad_kind")),
        ("H26,Hà Nội,,province,01/07/2025,,", ("valid_from", "01/07/2025", "bad_date")),
        ("H26,Hà Nội,,province,2025-02-30,,", ("valid_from", "2025-02-30", "bad_date")),
        ("H26,Hà Nội,,province,2025-07-01T00:00,,", ("valid_from", "2025-07-01T00:00", "bad_date")),
        ("H26,Hà Nội,,province,20250701,,", ("valid_from", "20250701", "bad_date")),
        ("H26,Hà Nội,,province,0001-01-01,,", ("valid_from", "0001-01-01", "bad_date")),
        ("H26,Hà Nội,,province,,000.1137.H53,", ("code_qcvn102", "000.1137.H53", "grammar")),
        ("H26,Hà Nội,,province,,00.00.H26 00.00.H26,", ("code_qcvn102", "00.00.H26", "duplicate_alias")),
        ("H26,Hà Nội,,province,,H26,", ("code_qcvn102", "H26", "duplicate_alias")),
        (f"H26,Hà Nội,,province,,,{SHA[:-1]}", ("certificate_sha256", SHA[:-1], "bad_certificate")),
        ("H26,Hà Nội,,province,,,AB:CD", ("certificate_sha256", "AB:CD", "bad_certificate")),
        ("H26.2,Sở Nội vụ,H26,department,,,", ("parent", "H26", "missing_parent")),
        ("H26,Hà Nội,H26,province,,,", ("parent", "H26", "parent_cycle")),
        ("H26,Hà Nội,,province", ("–", "4 ≠ 7", "field_count")),
        ("H26,Hà Nội,,province,,,,", ("–", "8 ≠ 7", "field_count")),
    ],
)
def test_a_fault_is_named_with_its_place(row: str, fault: tuple[str, str, str]) -> None:
    """Each kind of fault has its row, column, value and reason, and nothing of the file is loaded."""
    assert faults(a_file("G22,Văn phòng Chính phủ,,central,,,", row)) == [(3, *fault)]


def test_all_faults_are_reported_at_once_in_the_order_of_the_file() -> None:
    """An administrator corrects the whole file in one go."""
    content = a_file(
        "H26.1,A,H26.9,department,,000.00.01.H26,",
        "h26,,,province,,,",
        "",
        "H26.1,B,,department,,000.00.01.H26,",
        "H01,C,H02,province,,,,,",
        "H02,D,H03,province,,,",
        "H03,E,H02,province,?,,?",
    )
    assert faults(content) == [
        (2, "parent", "H26.9", "missing_parent"),
        (3, "code", "h26", "grammar"),
        (3, "name", "", "empty_name"),
        (5, "code", "H26.1", "duplicate_code"),
        (5, "code_qcvn102", "000.00.01.H26", "duplicate_alias"),
        (6, "–", "9 ≠ 7", "field_count"),
        (7, "parent", "H03", "parent_cycle"),
        (8, "valid_from", "?", "bad_date"),
        (8, "certificate_sha256", "?", "bad_certificate"),
    ]


def test_a_long_cycle_is_found_once() -> None:
    """A row that leads into a cycle is not blamed for it."""
    content = a_file(
        "H26.1.1,A,H26.1,unit,,,", "H26.1,B,H26,unit,,,", "H26,C,H26.2,unit,,,", "H26.2,D,H26.1,unit,,,"
    )
    assert faults(content) == [(3, "parent", "H26", "parent_cycle")]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", (0, "–", "", "empty")),
        (b"\r\n,,\r\n", (0, "–", "", "empty")),
        (a_file(), (0, "–", "", "empty")),
        (b"PK\x03\x04\x14\x00", (0, "–", "", "workbook")),
        (HEADER.encode() + b"\nH26,H\xc3\xa0 N\xf4i,,,,,\n", (2, "–", "", "not_utf8")),
        ("code,name".encode("utf-16"), (1, "–", "", "not_utf8")),
        (a_file("H26;x;;", header="code;name;parent;kind"), (1, "–", "code;name;parent;kind", "delimiter")),
        (a_file("H26\tx", header="code\tname"), (1, "–", "code\\u0009name", "delimiter")),
        (a_file('H26,"Hà Nội,,province,,,'), (2, "–", "unexpected end of data", "quotes")),
        (a_file('H26,"Hà" Nội,,province,,,'), (2, "–", "',' expected after '\"'", "quotes")),
        (a_file("H26,x,", header="code,name,kind"), (1, "parent", "", "missing_column")),
    ],
)
def test_an_unreadable_file_says_what_to_change(content: bytes, fault: tuple[int, str, str, str]) -> None:
    """A wrong encoding, delimiter, workbook or header is one fault of the whole file."""
    assert faults(content) == [fault]


def test_unknown_columns_do_not_hide_faults_in_rows() -> None:
    """A column that the format does not have is a fault beside the others."""
    assert faults(a_file("H26,,,province,x", header="code,name,parent,kind,valid_to")) == [
        (1, "valid_to", "", "unknown_column"),
        (2, "name", "", "empty_name"),
    ]


def test_faults_of_the_header_come_together() -> None:
    """Missing, repeated and unknown columns are reported at once."""
    assert faults(a_file("x", header="code,code,Name,kind")) == [
        (1, "Name", "", "unknown_column"),
        (1, "name", "", "missing_column"),
        (1, "parent", "", "missing_column"),
        (1, "code", "", "repeated_column"),
    ]


def test_faults_speak_both_languages() -> None:
    """The refusal and each fault have Vietnamese and English texts with the row in them."""
    with pytest.raises(RegistryFileErrors) as caught:
        parse_agencies(a_file("h26,Hà Nội,,province,,,"))
    (fault,) = caught.value.faults
    assert isinstance(fault, BadRow)
    assert str(fault) == "Row 2, column code, value “h26”: it does not follow the grammar of agency codes."
    assert (
        fault.vi.format(**fault.facts) == "Dòng 2, cột code, giá trị “h26”: không đúng cấu trúc mã định danh."
    )
    assert caught.value.vi.format(**caught.value.facts).endswith(fault.vi.format(**fault.facts))
    with pytest.raises(RegistryFileErrors) as caught:
        parse_agencies(b"")
    (fault,) = caught.value.faults
    assert isinstance(fault, BadFile)
    assert str(fault) == "The list of agencies cannot be read: it names no agencies."


def test_the_demo_list_is_accepted_in_time() -> None:
    """The home scenario's 11,677 agencies are read in well under the second that an administrator waits."""
    content = DEMO.read_bytes()
    began = time.process_time()
    agencies = parse_agencies(content)
    assert time.process_time() - began < 2  # measured: 0.3 s
    assert len(agencies) == 11_677
    assert parse_agencies(format_agencies(agencies)) == agencies


def test_the_same_list_in_another_order_has_the_same_hash() -> None:
    """Sorting a file in a spreadsheet changes nothing."""
    header, *rows = DEMO.read_bytes().splitlines()[:500]
    rows = [row for row in rows if row.split(b",")[2] in {b"", b"H26"} or b'"' in row]
    one, two = (parse_agencies(b"\n".join([header, *each])) for each in (rows, rows[::-1]))
    assert one != two
    assert registry_sha256(one, ()) == registry_sha256(two, ())


@pytest.mark.parametrize(
    "agency",
    [
        an_agency(valid_to=AFTER),
        an_agency(successors=("H27",)),
        an_agency(certificates=(Registration(certificate_sha256=SHA, valid_to=AFTER),)),
    ],
)
def test_what_the_file_cannot_say_is_not_written(agency: Agency) -> None:
    """Writing never widens: an end or an interval that would be lost stops it."""
    with pytest.raises(ValueError, match="no column"):
        format_agencies([agency])


NAMES = (
    st.text(
        alphabet=st.characters(exclude_categories=["C", "Z"], include_characters=" "), min_size=1, max_size=30
    )
    .map(lambda text: unicodedata.normalize("NFC", text).strip())
    .filter(lambda text: bool(text) and text[0] not in "=+-@" and is_visible(text))
)
CODES = st.from_regex(r"[A-Y][0-9]{2}(\.[0-9A-Z]{1,2}){0,2}", fullmatch=True) | st.from_regex(
    r"[0-9]{10}", fullmatch=True
)


@st.composite
def registries(draw: st.DrawFn) -> tuple[Agency, ...]:
    """Draw a list that a file can hold: parents come earlier, older forms are different."""
    codes = draw(st.lists(CODES, min_size=1, max_size=8, unique=True))
    aliases = iter(
        draw(st.lists(st.from_regex(r"([0-9]{2}\.){2}[A-Z][0-9]{2}", fullmatch=True), unique=True))
    )
    agencies = []
    for i, code in enumerate(codes):
        since = draw(
            st.none() | st.datetimes(datetime(1000, 1, 1), datetime(3000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
        )
        mine = [alias for alias in [next(aliases, None)] if alias is not None]
        parent = draw(st.none() | st.sampled_from(codes[:i])) if i else None
        certificates = draw(st.lists(st.binary(min_size=32, max_size=32), max_size=2))
        agencies.append(
            replace(
                an_agency(code, draw(NAMES), kind="unit", valid_from=since, aliases=tuple(mine)),
                parent=parent,
                certificates=tuple(Registration(certificate_sha256=each.hex()) for each in certificates),
            )
        )
    return tuple(agencies)


@given(agencies=registries())
def test_what_is_written_is_read_back(agencies: tuple[Agency, ...]) -> None:
    """A file written from agencies gives the same agencies, whatever their names hold."""
    assert parse_agencies(format_agencies(agencies)) == agencies


@given(agencies=registries(), order=st.permutations(COLUMNS))
def test_the_order_of_columns_does_not_matter(agencies: tuple[Agency, ...], order: list[str]) -> None:
    """Moving columns about in a spreadsheet changes nothing."""
    rows = list(csv.DictReader(io.StringIO(format_agencies(agencies).decode("utf-8-sig"), newline="")))
    target = io.StringIO(newline="")
    writer = csv.DictWriter(target, fieldnames=order)
    writer.writeheader()
    writer.writerows(rows)
    assert parse_agencies(target.getvalue().encode()) == agencies


@given(
    content=st.binary(max_size=200)
    | st.text(alphabet='codenamparkid,;"\n H26.', max_size=200).map(str.encode)
)
def test_any_bytes_give_agencies_or_faults(content: bytes) -> None:
    """No file makes the reader fail in another way than by naming its faults."""
    for candidate in (content, HEADER.encode() + b"\n" + content):
        try:
            assert parse_agencies(candidate)
        except RegistryFileErrors as error:
            assert error.faults  # noqa: PT017 -- the error is one of two right outcomes


def test_a_second_load_names_the_same_entities() -> None:
    """Entities are named by code and beginning, so a reload is recognised and a later body is not the earlier."""
    content = a_file("H53,Tây Ninh,,province,,,")
    later = a_file(f"H53,Tây Ninh,,province,{CUT_OVER.isoformat()},,")
    assert parse_agencies(content)[0].entity_id == parse_agencies(content)[0].entity_id
    assert parse_agencies(content)[0].entity_id != parse_agencies(later)[0].entity_id
