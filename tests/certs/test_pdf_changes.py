"""What was added to a signed PDF gets its very name, each rule of it asked by itself."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Final

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name, pdf_string
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import fields
from pyhanko.sign.fields import FieldMDPAction, FieldMDPSpec, MDPPerm, SigFieldSpec

from certs.pdf_changes import change_after
from certs.pdf_reading import read_pdf
from certs.pdf_rules import PdfChange
from tests.support import pdf_attacks
from tests.support.pdf import page, sign, update, with_validation_data

Writer = IncrementalPdfFileWriter
SEEN: Final = (50, 400, 450, 800)
UNSEEN: Final = (0, 0, 0, 0)


def change_in(content: bytes) -> PdfChange | None:
    """Return what followed the first signature of a file."""
    return read_pdf(BytesIO(content)).signatures[0].change


def _field(box: tuple[int, int, int, int], name: str = "Trong") -> Callable[[Writer], None]:
    def add(writer: Writer) -> None:
        fields.append_signature_field(writer, SigFieldSpec(name, box=box))

    return add


def _stamp(writer: Writer) -> generic.IndirectObject:
    entries = {
        pdf_name("/Type"): pdf_name("/DocTimeStamp"),
        pdf_name("/SubFilter"): pdf_name("/ETSI.RFC3161"),
        pdf_name("/Contents"): generic.ByteStringObject(b"0\x00"),
    }
    return writer.add_object(generic.DictionaryObject(entries))


def _named(writer: Writer, name: str = "Trong") -> generic.DictionaryObject:
    """Return a field of the form, to be changed."""
    found: generic.DictionaryObject = next(
        field for each in writer.root["/AcroForm"]["/Fields"] if (field := each.get_object())["/T"] == name
    )
    writer.update_container(found)
    return found


def _stamped(writer: Writer) -> None:
    """Put a document time stamp into the field that waited."""
    _named(writer)[pdf_name("/V")] = _stamp(writer)


def _with_value(value: generic.PdfObject) -> Callable[[Writer], None]:
    """Add a signature field with a value that is no signature."""

    def add(writer: Writer) -> None:
        _field(SEEN)(writer)
        _named(writer)[pdf_name("/V")] = writer.add_object(value)

    return add


# Document time stamps


def test_time_stamps_that_nobody_sees() -> None:
    """A document time stamp may follow, in a field of its own or in one that waited, if no page shows it."""

    def added(writer: Writer) -> None:
        _field(UNSEEN)(writer)
        _stamped(writer)

    assert change_in(update(sign(page()), added)) is PdfChange.ARCHIVAL
    waiting = sign(update(page(), _field(UNSEEN)))
    assert change_in(update(waiting, _stamped)) is PdfChange.ARCHIVAL


def test_time_stamp_in_a_field_that_is_seen() -> None:
    """An empty field that the signer saw may be signed, but not be covered with a time stamp that nobody looks into."""
    waiting = sign(update(page(), _field(SEEN)))

    assert change_in(sign(waiting, field="Trong")) is PdfChange.ARCHIVAL
    assert change_in(update(waiting, _stamped)) is PdfChange.FORM_FILLING


def test_time_stamp_that_the_signer_saw() -> None:
    """What was there when somebody signed does not speak against what follows."""
    stamped = update(pdf_attacks.form(), pdf_attacks.timestamp_shown)

    assert change_in(sign(sign(stamped), field="B")) is PdfChange.ARCHIVAL


def test_field_that_stays_empty() -> None:
    """A field that the signer saw may go on waiting."""
    assert change_in(sign(sign(update(page(), _field(SEEN))), field="B")) is PdfChange.ARCHIVAL


@pytest.mark.parametrize(
    "value",
    [pdf_string("x"), generic.NumberObject(5), generic.ArrayObject()],
    ids=["text", "number", "array"],
)
def test_value_that_is_no_dictionary(value: generic.PdfObject) -> None:
    """A field that was filled with something else than a signature is a change, and no failure of the software."""
    assert change_in(update(sign(page()), _with_value(value))) is PdfChange.OTHER


def test_field_taken_out() -> None:
    """A field that is gone is a change, too."""

    def remove(writer: Writer) -> None:
        listed = writer.root["/AcroForm"]["/Fields"]
        del listed[0]
        writer.update_container(listed)

    assert change_in(update(sign(pdf_attacks.form()), remove)) is PdfChange.OTHER


# The form


@pytest.mark.parametrize(
    "attack", [pdf_attacks.font_named_anew, pdf_attacks.fields_whitened, pdf_attacks.fields_aligned]
)
def test_fields_drawn_in_another_way(attack: Callable[[Writer], None]) -> None:
    """What viewers draw fields with stays as it was signed, even if no object is new (shadow replace)."""
    content = sign(pdf_attacks.form())

    assert change_in(sign(content, field="B")) is PdfChange.ARCHIVAL
    assert change_in(update(content, attack)) is PdfChange.OTHER
    assert change_in(sign(content, field="B", change=attack)) is PdfChange.FORM_FILLING


def test_names_of_changes() -> None:
    """The name tells what was done."""
    content = sign(pdf_attacks.form())

    assert change_in(update(content, pdf_attacks.form_filled)) is PdfChange.FORM_FILLING
    assert change_in(update(content, pdf_attacks.font_swapped)) is PdfChange.FORM_FILLING
    assert change_in(update(content, pdf_attacks.appearances_needed)) is PdfChange.OTHER
    assert change_in(update(content, pdf_attacks.empty_field_added)) is PdfChange.EMPTY_FIELD
    assert change_in(with_validation_data(content)) is PdfChange.ARCHIVAL
    assert change_in(content) is PdfChange.NONE


def test_worse_than_an_empty_field() -> None:
    """A page that was added is told before a field that was."""

    def both(writer: Writer) -> None:
        pdf_attacks.page_added(writer)
        pdf_attacks.empty_field_added(writer)

    assert change_in(update(sign(page()), both)) is PdfChange.OTHER


# What a signature forbids


def test_certified() -> None:
    """What only the certification forbids is told as that, and anything else as what it is."""
    content = sign(page(), certify=MDPPerm.FILL_FORMS)

    assert change_in(sign(content, field="B")) is PdfChange.ARCHIVAL
    assert change_in(sign(content, field="B", box=SEEN)) is PdfChange.PERMISSIONS
    assert change_in(update(content, pdf_attacks.page_added)) is PdfChange.OTHER


def test_locked_fields() -> None:
    """A signature may lock fields, and others not."""

    def lock(writer: Writer) -> None:
        locked = FieldMDPSpec(FieldMDPAction.INCLUDE, ["B"])
        fields.append_signature_field(writer, SigFieldSpec("ChuKy1", field_mdp_spec=locked))

    content = sign(update(page(), lock))
    assert change_in(sign(content, field="B")) is PdfChange.PERMISSIONS
    assert change_in(sign(content, field="C")) is PdfChange.ARCHIVAL
    assert change_in(update(content, pdf_attacks.page_added)) is PdfChange.OTHER


# The file itself


def test_file_with_faults() -> None:
    """Revisions of a file that a strict reader minds are not compared."""
    reader = PdfFileReader(BytesIO(sign(sign(page()), field="B")))
    first = reader.embedded_signatures[0]

    assert change_after(first, reader, lenient=False) is PdfChange.ARCHIVAL
    assert change_after(first, reader, lenient=True) is PdfChange.UNREADABLE


def test_line_end_after_the_only_revision() -> None:
    """Even a line end that is not signed was appended, if no revision follows that it could belong to."""
    content = sign(page())
    assert content.endswith(b"%%EOF\n")
    first, before, second, after = pdf_attacks.byte_range_of(content)

    assert change_in(pdf_attacks.ranged(content, (first, before, second, after - 1))) is PdfChange.APPENDED


@pytest.mark.parametrize("end", [b"", b"\n", b"\r", b"\r\n"], ids=repr)
def test_line_ends(end: bytes) -> None:
    """The last revision ends with its mark and at most one line end."""
    content = with_validation_data(sign(page())).rstrip()

    assert change_in(content + end) is PdfChange.ARCHIVAL
    assert change_in(content + end + b" ") is PdfChange.APPENDED
    assert change_in(content + end + b"\n\n") is PdfChange.APPENDED


def test_place_that_is_written_in_another_way() -> None:
    """The place of the last revision is written as any software writes it."""
    content = with_validation_data(sign(page()))
    head, _, place = content.rpartition(b"startxref\n")

    assert change_in(head + b"startxref\n0" + place) is PdfChange.APPENDED


def _hybrid(content: bytes) -> bytes:
    """Append a revision with two tables, of which some viewers read only the first one."""
    reader = PdfFileReader(BytesIO(content))
    number = int(reader.trailer["/Size"])
    root = reader.trailer.raw_get("/Root").reference.idnum
    place, before = len(content), int(reader.last_startxref or 0)
    rows = b"\x01" + place.to_bytes(4, "big") + b"\x00"
    stream = (
        b"%d 0 obj\n<</Type/XRef/Size %d/Index[%d 1]/W[1 4 1]/Root %d 0 R/Length %d>>\nstream\n%b\nendstream\nendobj\n"
        % (
            *(number, number + 1, number, root, len(rows)),
            rows,
        )
    )
    table = b"xref\n%d 1\n%010d 00000 n \ntrailer\n<</Size %d/Root %d 0 R/Prev %d/XRefStm %d>>\n" % (
        *(number, place, number + 1, root, before, place),
    )
    return content + stream + table + b"startxref\n%d\n%%%%EOF\n" % (place + len(stream))


def test_hybrid_revisions() -> None:
    """Two tables that different viewers read are no harmless revision; what was there before is what was signed."""
    assert change_in(sign(sign(_hybrid(page())), field="B")) is PdfChange.ARCHIVAL
    assert change_in(_hybrid(sign(page()))) is PdfChange.OTHER
    assert change_in(sign(_hybrid(sign(page())), field="B")) is PdfChange.OTHER
