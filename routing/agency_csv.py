"""The list of agencies as a CSV file (RFC 4180), the form in which code administrators keep and exchange it.

A header names the columns, in any order: ``code``, ``name``, ``parent`` and ``kind`` are required;
``valid_from``, ``code_qcvn102`` (older forms) and ``certificate_sha256`` may be left out, and the last two
hold several values separated by spaces. Dates are ISO 8601 with a zone; a day alone begins at midnight in
Vietnam.

Invariants: a file is taken whole or not at all, and every fault in it is reported at once with its row as a
spreadsheet counts them; white space around a cell means nothing, inside a code nothing is repaired; names
are kept in Unicode form NFC; the same file always gives the same entities.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from unicodedata import normalize

from routing.agencies import Agency, entity_id
from routing.errors import BadRow, FileFault, RegistryFault, RegistryFileErrors
from routing.registrations import Registration
from routing.table_file import (
    CANONICAL,
    KIND,
    check_header,
    csv_records,
    is_visible,
    moment_of,
    refused,
    scheme_of,
    spelled_out,
)

REQUIRED = ("code", "name", "parent", "kind")
COLUMNS = (*REQUIRED, "valid_from", "code_qcvn102", "certificate_sha256")
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One agency as written: `number` as a spreadsheet counts, `cells` by column, trimmed."""

    number: int
    cells: dict[str, str]

    def text(self, column: str) -> str:
        return self.cells.get(column, "")

    def fault(self, column: str, reason: RegistryFault, value: str | None = None) -> BadRow:
        shown = self.text(column) if value is None else value
        return BadRow(reason, row=self.number, column=column, value=shown)


def parse_agencies(content: bytes) -> tuple[Agency, ...]:
    """Return the agencies of a CSV file in UTF-8, with or without a byte-order mark, in their order.

    Raises:
        RegistryFileErrors: the file has faults; all of them are reported and nothing of the file is returned.

    """
    records = csv_records(content)
    faults: list[FileFault] = []
    _, header = next(records, (0, []))
    check_header(header, columns=COLUMNS, required=REQUIRED, faults=faults)
    rows: list[_Row] = []
    for number, cells in records:
        if len(cells) == len(header):
            rows.append(_Row(number=number, cells=dict(zip(header, cells, strict=True))))
        else:
            shown = f"{len(cells)} ≠ {len(header)}"
            faults.append(BadRow(RegistryFault.FIELD_COUNT, row=number, value=shown))
    if not rows and not faults:
        raise refused(RegistryFault.EMPTY)
    for row in rows:
        faults += _cell_faults(row)
    faults += _duplicates(rows)
    faults += _broken_parents(rows)
    if faults:
        raise RegistryFileErrors(tuple(sorted(faults, key=lambda fault: fault.row)))
    return tuple(_agency(row) for row in rows)


def format_agencies(agencies: Iterable[Agency]) -> bytes:
    """Return the file that `parse_agencies` reads back, marked as UTF-8 so that spreadsheets show Vietnamese.

    Raises:
        ValueError: an agency has what the file cannot say: an end, successors, more of a certificate than its hash.

    """
    target = io.StringIO(newline="")
    writer = csv.writer(target)
    writer.writerow(COLUMNS)
    for agency in agencies:
        plain = all(
            each == Registration(certificate_sha256=each.certificate_sha256) for each in agency.certificates
        )
        if agency.valid_to is not None or agency.successors or not plain:
            raise ValueError(f"{agency.code}: the file has no column for ends, successors or intervals")
        writer.writerow(
            (
                agency.code,
                agency.name,
                agency.parent or "",
                agency.kind,
                "" if agency.valid_from is None else agency.valid_from.isoformat(),
                " ".join(agency.aliases),
                " ".join(each.certificate_sha256 for each in agency.certificates),
            )
        )
    return target.getvalue().encode("utf-8-sig")


def _cell_faults(row: _Row) -> Iterator[BadRow]:
    """Yield what is wrong with the cells of one row, each looked at on its own."""
    hidden = {column for column, text in row.cells.items() if not is_visible(text)}
    for column in row.cells:
        if column in hidden:
            yield row.fault(column, RegistryFault.INVISIBLE, spelled_out(row.text(column)))
        elif column in _CHECKS:
            yield from _CHECKS[column](row)


def _code_faults(row: _Row) -> Iterator[BadRow]:
    scheme = scheme_of(row.text("code"))
    if scheme not in CANONICAL:
        yield row.fault("code", RegistryFault.GRAMMAR if scheme is None else RegistryFault.OLD_FORM)


def _name_faults(row: _Row) -> Iterator[BadRow]:
    name = row.text("name")
    if not name:
        yield row.fault("name", RegistryFault.EMPTY_NAME)
    elif name[0] in "=+-@":
        yield row.fault("name", RegistryFault.FORMULA)


def _kind_faults(row: _Row) -> Iterator[BadRow]:
    if not KIND.fullmatch(row.text("kind")):
        yield row.fault("kind", RegistryFault.BAD_KIND)


def _date_faults(row: _Row) -> Iterator[BadRow]:
    try:
        moment_of(row.text("valid_from"))
    except (ValueError, OverflowError):
        yield row.fault("valid_from", RegistryFault.BAD_DATE)


def _alias_faults(row: _Row) -> Iterator[BadRow]:
    for alias in row.text("code_qcvn102").split():
        if scheme_of(alias) is None:
            yield row.fault("code_qcvn102", RegistryFault.GRAMMAR, alias)


def _certificate_faults(row: _Row) -> Iterator[BadRow]:
    for certificate in row.text("certificate_sha256").split():
        if not _SHA256.fullmatch(certificate):
            yield row.fault("certificate_sha256", RegistryFault.BAD_CERTIFICATE, certificate)


_CHECKS = {
    "code": _code_faults,
    "name": _name_faults,
    "kind": _kind_faults,
    "valid_from": _date_faults,
    "code_qcvn102": _alias_faults,
    "certificate_sha256": _certificate_faults,
}


def _duplicates(rows: list[_Row]) -> Iterator[BadRow]:
    codes: set[str] = set()
    for row in rows:
        code = row.text("code")
        if code and code in codes:
            yield row.fault("code", RegistryFault.DUPLICATE_CODE)
        codes.add(code)
    aliases: set[str] = set()
    for row in rows:
        for alias in row.text("code_qcvn102").split():
            if alias in codes or alias in aliases:
                yield row.fault("code_qcvn102", RegistryFault.DUPLICATE_ALIAS, alias)
            aliases.add(alias)


def _broken_parents(rows: list[_Row]) -> Iterator[BadRow]:
    """Yield each row whose parent is missing, and one row of each cycle."""
    by_code = {row.text("code"): row for row in rows}
    settled: set[str] = set()
    for row in rows:
        if row.text("parent") and row.text("parent") not in by_code:
            yield row.fault("parent", RegistryFault.MISSING_PARENT)
        path: set[str] = set()
        code = row.text("code")
        while code and code in by_code and code not in settled and code not in path:
            path.add(code)
            code = by_code[code].text("parent")
        if code and code in path:
            yield by_code[code].fault("parent", RegistryFault.PARENT_CYCLE)
        settled |= path


def _agency(row: _Row) -> Agency:
    code = row.text("code")
    since = moment_of(row.text("valid_from"))
    return Agency(
        code=code,
        entity_id=entity_id(code, since),
        name=normalize("NFC", row.text("name")),
        parent=row.text("parent") or None,
        kind=row.text("kind"),
        valid_from=since,
        aliases=tuple(row.text("code_qcvn102").split()),
        certificates=tuple(
            Registration(certificate_sha256=each.lower()) for each in row.text("certificate_sha256").split()
        ),
    )
