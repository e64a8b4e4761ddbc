"""From an open PDF file to facts about the signatures in it, with pyHanko's reader (ISO 32000-2 §12.8, ETSI EN 319 142-1).

Runs only in a process of its own, with limits (`gateway.pdf_worker`). Invariants: no filled signature field is left out, whatever
its SubFilter; what a signature is over is worked out here from the octets of the file, never taken from the reader; a signature
that is over all octets needs no comparison of revisions, so the file's other faults do not matter to it; any error that is not
about the form of the file goes up, and then nothing was decided.
"""

import hashlib
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from pyhanko.pdf_utils import generic, misc
from pyhanko.pdf_utils.crypt import AuthStatus
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature, extract_contents

from certs.pdf_changes import change_after
from certs.pdf_cms import CmsShapeError, read_cms
from certs.pdf_facts import MAX_SIGNATURES, Coverage, DocumentTimestamp, PdfFacts, PdfSignature
from certs.pdf_rules import Obstacle, PdfChange, PdfShapeRule

_HEADER: Final = b"%PDF-"
_END: Final = re.compile(rb"startxref\s+[0-9]{1,12}\s+%%EOF")
_TAIL: Final = 1024
_CHUNK: Final = 1 << 18
_PARTS: Final = 4
_TIMESTAMP: Final = "/DocTimeStamp"
_SUBFILTERS: Final = frozenset({"/adbe.pkcs7.detached", "/ETSI.CAdES.detached"})

_MALFORMED: Final = (misc.PdfError, ValueError)

ByteRange = tuple[int, int, int, int]


class _FieldShapeError(Exception):
    """A signature field does not hold what it must."""


def read_pdf(file: BinaryIO) -> PdfFacts:
    """Return what is true of the signatures in a PDF.

    Raises: whatever pyHanko raises on a file that it can open but not make sense of.
    """
    if file.read(len(_HEADER)) != _HEADER:
        return PdfFacts(unreadable="no PDF header")
    if not _ends_well(file, file.seek(0, 2)):
        return PdfFacts(unreadable="no startxref and end-of-file marker")
    try:
        return _facts(PdfFileReader(file), lenient=False)
    except _MALFORMED:
        # What a strict reader minds is seen in good files, too; but then no two revisions are compared.
        pass
    try:
        return _facts(PdfFileReader(file, strict=False), lenient=True)
    except _MALFORMED as error:
        return PdfFacts(unreadable=str(error))


def _ends_well(file: BinaryIO, end: int) -> bool:
    """Tell whether a revision can end at a place; pyHanko would look for its marks octet by octet, however long that took."""
    file.seek(max(end - _TAIL, 0))
    return _END.search(file.read(min(_TAIL, end))) is not None


def _facts(reader: PdfFileReader, *, lenient: bool) -> PdfFacts:
    if reader.encrypted and reader.decrypt("").status is AuthStatus.FAILED:
        return PdfFacts(encrypted=True)
    signatures: list[PdfSignature] = []
    timestamps: list[DocumentTimestamp] = []
    for count, (name, field) in enumerate(_filled_fields(reader)):
        if count == MAX_SIGNATURES:
            return PdfFacts.undecided(Obstacle.SIZE)
        value = field.raw_get("/V").get_object()
        if isinstance(value, generic.DictionaryObject) and value.get("/Type") == _TIMESTAMP:
            timestamps.append(_timestamp(reader, name, field, value))
        else:
            signatures.append(_signature(reader, name, field, value, lenient=lenient))
    return PdfFacts(
        signatures=tuple(sorted(signatures, key=lambda each: each.revision)),
        timestamps=tuple(sorted(timestamps, key=lambda each: each.revision)),
    )


def _filled_fields(reader: PdfFileReader) -> Iterator[tuple[str, generic.DictionaryObject]]:
    for name, _, field in enumerate_sig_fields(reader, filled_status=True):
        found = field.get_object()
        if not isinstance(found, generic.DictionaryObject):
            raise misc.PdfReadError("a signature field is no dictionary")
        yield str(name), found


def _signature(
    reader: PdfFileReader, name: str, field: generic.DictionaryObject, value: object, *, lenient: bool
) -> PdfSignature:
    sub_filter, revision = None, _revision(reader, field)
    try:
        value = _dictionary(field, value)
        sub_filter = str(value.get("/SubFilter", ""))[1:] or None
        contents, byte_range = _contents(value), _byte_range(value)
        cms = read_cms(contents)
        _check_sub_filter(value)
    except (_FieldShapeError, CmsShapeError) as error:
        rule = error.rule if isinstance(error, CmsShapeError) else PdfShapeRule.DICTIONARY
        return PdfSignature(field=name, sub_filter=sub_filter, revision=revision, shape=rule)
    embedded = EmbeddedPdfSignature(reader, field, name)
    contiguous = _is_contiguous(reader.stream, byte_range, contents)
    coverage = _coverage(embedded, byte_range) if contiguous else Coverage.UNCLEAR
    digest = _digest(reader.stream, byte_range, cms.digest) if cms.digest is not None else None
    return PdfSignature(
        field=name,
        sub_filter=sub_filter,
        revision=embedded.signed_revision,
        cms=cms,
        contiguous=contiguous,
        coverage=coverage,
        change=_change(embedded, reader, coverage, lenient=lenient),
        digest_matches=digest is not None and digest == cms.message_digest,
        signed_sha256=_digest(reader.stream, byte_range, "sha256").hex(),
        certifies=embedded.docmdp_level is not None,
        claimed_time=_claimed_time(embedded),
    )


def _dictionary(field: generic.DictionaryObject, value: object) -> generic.DictionaryObject:
    if not isinstance(value, generic.DictionaryObject) or not _is_indirect(field):
        raise _FieldShapeError
    return value


def _check_sub_filter(value: generic.DictionaryObject) -> None:
    if value.get("/SubFilter") not in _SUBFILTERS:
        raise CmsShapeError(PdfShapeRule.SUB_FILTER)


def _is_indirect(field: generic.DictionaryObject) -> bool:
    return isinstance(field.raw_get("/V"), generic.IndirectObject)


def _revision(reader: PdfFileReader, field: generic.DictionaryObject) -> int:
    return int(reader.xrefs.get_last_change(field.raw_get("/V").reference)) if _is_indirect(field) else 0


def _contents(value: generic.DictionaryObject) -> bytes:
    try:
        return bytes(extract_contents(value))
    except misc.PdfReadError as error:
        raise _FieldShapeError from error


def _claimed_time(embedded: EmbeddedPdfSignature) -> str | None:
    """Return the signing time of CMS or, where there is none, that of the signature dictionary."""
    try:
        claimed = embedded.self_reported_timestamp
    except (misc.PdfError, ValueError, TypeError):
        return None
    return claimed.isoformat().replace("+00:00", "Z") if claimed is not None else None


def _byte_range(value: generic.DictionaryObject) -> ByteRange:
    found: Any = value.raw_get("/ByteRange") if "/ByteRange" in value else ()
    if (
        not isinstance(found, generic.ArrayObject)
        or len(found) != _PARTS
        or not all(isinstance(part, int) and part >= 0 for part in found)
    ):
        raise _FieldShapeError
    first, before, second, after = (int(part) for part in found)
    return first, before, second, after


def _is_contiguous(stream: BinaryIO, byte_range: ByteRange, contents: bytes) -> bool:
    """Tell whether a signature is over everything up to some place but its own value, which is all that stands in the gap."""
    first, before, second, after = byte_range
    end = stream.seek(0, 2)
    if first != 0 or before <= 0 or second <= before or second + after > end:
        return False
    stream.seek(before)
    gap = stream.read(second - before)
    try:
        return gap[:1] == b"<" and gap[-1:] == b">" and bytes.fromhex(gap[1:-1].decode("ascii")) == contents
    except ValueError:
        return False


def _coverage(embedded: EmbeddedPdfSignature, byte_range: ByteRange) -> Coverage:
    _, _, second, after = byte_range
    stream = embedded.reader.stream
    if stream.seek(0, 2) == second + after:
        return Coverage.ENTIRE_FILE
    if not _ends_well(stream, second + after):
        return Coverage.CONTIGUOUS_BLOCK_FROM_START
    return Coverage[embedded.evaluate_signature_coverage().name]


def _change(
    embedded: EmbeddedPdfSignature, reader: PdfFileReader, coverage: Coverage, *, lenient: bool
) -> PdfChange:
    match coverage:
        case Coverage.ENTIRE_FILE:
            return PdfChange.NONE
        case Coverage.ENTIRE_REVISION:
            return change_after(embedded, reader, lenient=lenient)
        case _:
            return PdfChange.OTHER


def _digest(stream: BinaryIO, byte_range: ByteRange, name: str) -> bytes:
    digest = hashlib.new(name)
    first, before, second, after = byte_range
    for start, length in ((first, before), (second, after)):
        stream.seek(start)
        left = length
        while left and (chunk := stream.read(min(left, _CHUNK))):
            digest.update(chunk)
            left -= len(chunk)
    return digest.digest()


def _timestamp(
    reader: PdfFileReader, name: str, field: generic.DictionaryObject, value: generic.DictionaryObject
) -> DocumentTimestamp:
    try:
        contents, byte_range = _contents(value), _byte_range(value)
    except _FieldShapeError:
        contents, byte_range = b"", (0, 0, 0, 0)
    contiguous = _is_contiguous(reader.stream, byte_range, contents)
    return DocumentTimestamp(
        field=name,
        revision=_revision(reader, field),
        token=contents,
        contiguous=contiguous,
        covered_sha256=_digest(reader.stream, byte_range, "sha256").hex() if contiguous else None,
    )
