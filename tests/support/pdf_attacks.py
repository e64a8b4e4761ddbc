"""What an attacker does to a signed PDF, or a fraudulent signer to one: revisions added, ranges moved, CMS objects spoiled."""

from __future__ import annotations

import asyncio
import hashlib
import re
from typing import Any, Final

from asn1crypto import cms
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name, pdf_string
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import PageObject
from pyhanko.sign import fields

from tests.support import pki
from tests.support.pdf import Signer, page, update

ByteRange = tuple[int, int, int, int]
_RANGE: Final = re.compile(rb"/ByteRange \[[0-9 ]+\]")
_DRAW: Final = b"BT /F1 12 Tf 50 700 Td (1.000.000.000 dong) Tj ET"


def _stream(writer: IncrementalPdfFileWriter, data: bytes = _DRAW, **entries: Any) -> generic.IndirectObject:
    dictionary = {pdf_name("/" + name): value for name, value in entries.items()}
    return writer.add_object(generic.StreamObject(dictionary, stream_data=data))


def _first_page(writer: IncrementalPdfFileWriter) -> generic.DictionaryObject:
    found: generic.DictionaryObject = writer.root["/Pages"]["/Kids"][0].get_object()
    writer.update_container(found)
    return found


def _appearance(writer: IncrementalPdfFileWriter) -> generic.DictionaryObject:
    drawn = _stream(
        writer,
        Type=pdf_name("/XObject"),
        Subtype=pdf_name("/Form"),
        BBox=generic.ArrayObject(map(generic.NumberObject, (0, 0, 400, 400))),
    )
    return generic.DictionaryObject({pdf_name("/N"): drawn})


def _rect() -> generic.ArrayObject:
    return generic.ArrayObject(map(generic.NumberObject, (50, 400, 450, 800)))


def page_added(writer: IncrementalPdfFileWriter) -> None:
    """Add a page."""
    box = generic.ArrayObject(map(generic.NumberObject, (0, 0, 595, 842)))
    writer.insert_page(PageObject(contents=_stream(writer), media_box=box))


def page_removed(writer: IncrementalPdfFileWriter) -> None:
    """Take the only page away."""
    pages = writer.root["/Pages"]
    pages["/Kids"] = generic.ArrayObject()
    writer.update_container(pages)


def page_redrawn(writer: IncrementalPdfFileWriter) -> None:
    """Draw another page in the place of one (shadow replace)."""
    _first_page(writer)["/Contents"] = _stream(writer)


def annotation_added(writer: IncrementalPdfFileWriter) -> None:
    """Cover the page with a stamp (evil annotation)."""
    stamp = generic.DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/Annot"),
            pdf_name("/Subtype"): pdf_name("/Stamp"),
            pdf_name("/Rect"): _rect(),
            pdf_name("/AP"): _appearance(writer),
        }
    )
    target = _first_page(writer)
    target[pdf_name("/Annots")] = generic.ArrayObject([*target.get("/Annots", ()), writer.add_object(stamp)])


def annotation_removed(writer: IncrementalPdfFileWriter) -> None:
    """Take away what covers the page (shadow hide)."""
    _first_page(writer)[pdf_name("/Annots")] = generic.ArrayObject()


def catalog_changed(writer: IncrementalPdfFileWriter) -> None:
    """Have something happen when the document is opened."""
    action = {pdf_name("/S"): pdf_name("/JavaScript"), pdf_name("/JS"): pdf_string("app.alert(1)")}
    writer.root[pdf_name("/OpenAction")] = generic.DictionaryObject(action)
    writer.update_root()


def form_filled(writer: IncrementalPdfFileWriter) -> None:
    """Fill in the field of `form`."""
    field = writer.root["/AcroForm"]["/Fields"][0].get_object()
    field[pdf_name("/V")] = pdf_string("1.000.000.000")
    field[pdf_name("/AP")] = _appearance(writer)
    writer.update_container(field)


def font_swapped(writer: IncrementalPdfFileWriter) -> None:
    """Give the form another font, under the name of the one that its fields are drawn with (shadow replace)."""
    resources = writer.root["/AcroForm"]["/DR"]
    resources["/Font"] = generic.DictionaryObject({pdf_name("/F1"): _stream(writer)})
    writer.update_container(resources)


def font_named_anew(writer: IncrementalPdfFileWriter) -> None:
    """Have the form's fields drawn with a font that was there all along, without adding any object (shadow replace)."""
    form = writer.root["/AcroForm"]
    other = writer.root["/Pages"]["/Kids"][0].get_object()["/Resources"]["/Font"].raw_get("/F1")
    fonts = generic.DictionaryObject({pdf_name("/F1"): other})
    form[pdf_name("/DR")] = generic.DictionaryObject({pdf_name("/Font"): fonts})
    writer.update_container(form)


def fields_whitened(writer: IncrementalPdfFileWriter) -> None:
    """Have the form's fields drawn in white."""
    form = writer.root["/AcroForm"]
    form[pdf_name("/DA")] = pdf_string("/F1 12 Tf 1 g")
    writer.update_container(form)


def fields_aligned(writer: IncrementalPdfFileWriter) -> None:
    """Have the form's fields drawn to the right."""
    form = writer.root["/AcroForm"]
    form[pdf_name("/Q")] = generic.NumberObject(2)
    writer.update_container(form)


def appearances_needed(writer: IncrementalPdfFileWriter) -> None:
    """Have viewers draw all form fields anew."""
    form = writer.root["/AcroForm"]
    form[pdf_name("/NeedAppearances")] = generic.BooleanObject(True)
    writer.update_container(form)


def empty_field_added(writer: IncrementalPdfFileWriter) -> None:
    """Cover the page with a signature field that is never signed."""
    fields.append_signature_field(writer, fields.SigFieldSpec("Trong", box=(50, 400, 450, 800)))


def timestamp_shown(writer: IncrementalPdfFileWriter) -> None:
    """Cover the page with a document time stamp, which nobody looks into."""
    value = {
        pdf_name("/Type"): pdf_name("/DocTimeStamp"),
        pdf_name("/SubFilter"): pdf_name("/ETSI.RFC3161"),
        pdf_name("/Contents"): generic.ByteStringObject(b"0\x00"),
    }
    field = generic.DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/Annot"),
            pdf_name("/Subtype"): pdf_name("/Widget"),
            pdf_name("/FT"): pdf_name("/Sig"),
            pdf_name("/T"): pdf_string("Dau"),
            pdf_name("/Rect"): _rect(),
            pdf_name("/AP"): _appearance(writer),
            pdf_name("/V"): writer.add_object(generic.DictionaryObject(value)),
        }
    )
    reference = writer.add_object(field)
    form = writer.root["/AcroForm"]
    form["/Fields"].append(reference)
    writer.update_container(form["/Fields"])
    writer.update_container(form)
    target = _first_page(writer)
    target[pdf_name("/Annots")] = generic.ArrayObject([*target.get("/Annots", ()), reference])


def signature_cleared(writer: IncrementalPdfFileWriter) -> None:
    """Take the signature out of its field."""
    field = next(
        each.get_object() for each in writer.root["/AcroForm"]["/Fields"] if "/V" in each.get_object()
    )
    del field["/V"]
    writer.update_container(field)


def form() -> bytes:
    """Return an unsigned PDF with a text field and the font that it is drawn with."""

    def add(writer: IncrementalPdfFileWriter) -> None:
        field = generic.DictionaryObject(
            {
                pdf_name("/Type"): pdf_name("/Annot"),
                pdf_name("/Subtype"): pdf_name("/Widget"),
                pdf_name("/FT"): pdf_name("/Tx"),
                pdf_name("/T"): pdf_string("SoTien"),
                pdf_name("/V"): pdf_string("1.000"),
                pdf_name("/Rect"): _rect(),
            }
        )
        reference = writer.add_object(field)
        font = generic.DictionaryObject({pdf_name("/F1"): _stream(writer, b"font")})
        resources = writer.add_object(generic.DictionaryObject({pdf_name("/Font"): font}))
        entries = {
            pdf_name("/Fields"): generic.ArrayObject([reference]),
            pdf_name("/DR"): resources,
            pdf_name("/SigFlags"): generic.NumberObject(3),
        }
        writer.root[pdf_name("/AcroForm")] = writer.add_object(generic.DictionaryObject(entries))
        writer.update_root()
        _first_page(writer)[pdf_name("/Annots")] = generic.ArrayObject([reference])

    return update(page(), add)


def byte_range_of(content: bytes) -> ByteRange:
    """Return the ByteRange of the last signature in a file."""
    found = _RANGE.findall(content)[-1]
    first, before, second, after = (int(number) for number in re.findall(rb"[0-9]+", found))
    return first, before, second, after


def ranged(content: bytes, byte_range: ByteRange, signer: Signer | None = None) -> bytes:
    """Sign a file anew, over just these octets: what is outside can be changed without anybody noticing."""
    _, before, second, _ = byte_range_of(content)
    old = _RANGE.findall(content)[-1]
    text = b"/ByteRange [" + b" ".join(str(number).encode() for number in byte_range)
    content = content.replace(old, text.ljust(len(old) - 1) + b"]")
    start, length, other, rest = byte_range
    digest = hashlib.sha256(content[start : start + length] + content[other : other + rest]).digest()
    made = asyncio.run((signer or Signer(pki.signer())).async_sign(digest, "sha256", use_pades=True))
    room = second - before - 2
    value: bytes = made.dump()
    return content[: before + 1] + value.hex().ljust(room, "0").encode() + content[second - 1 :]


def signer_info(info: cms.ContentInfo) -> cms.SignerInfo:
    """Return the only SignerInfo of a CMS object."""
    (found,) = info["content"]["signer_infos"]
    return found


def cms_of(content: bytes) -> cms.ContentInfo:
    """Return the CMS object of the first signature in a file."""
    from io import BytesIO  # noqa: PLC0415

    return cms.ContentInfo.load(PdfFileReader(BytesIO(content)).embedded_signatures[0].pkcs7_content)
