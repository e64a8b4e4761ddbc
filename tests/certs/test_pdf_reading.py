"""Signature fields are found and measured: what a signature is over is worked out from the octets of the file alone."""

from __future__ import annotations

import hashlib
from functools import cache
from io import BytesIO
from typing import Final

import pytest

from certs.pdf_facts import MAX_SIGNATURES, Coverage, PdfFacts, PdfSignature
from certs.pdf_reading import read_pdf
from certs.pdf_rules import Obstacle, PdfChange, PdfShapeRule
from tests.support import tsa
from tests.support.pdf import page, sign, update
from tests.support.pdf_attacks import cms_of, timestamp_shown

ROOM: Final = 6000
"""Hexadecimal digits of Contents."""
SIGNATURE: Final = b"/Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached"


@cache
def _cms() -> bytes:
    made: bytes = cms_of(sign(page())).dump()
    return made


def _written(*objects: bytes, form: bytes = b"<</Fields[4 0 R]/SigFlags 3>>") -> bytes:
    """Return a file of a catalog, a page and more objects, from the fourth on."""
    bodies = (
        b"<</Type/Catalog/Pages 2 0 R/AcroForm %b>>" % form,
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>",
        *objects,
    )
    content, places = b"%PDF-1.7\n", []
    for number, body in enumerate(bodies, 1):
        places.append(len(content))
        content += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    rows = b"".join(b"%010d 00000 n \n" % place for place in places)
    table = b"xref\n0 %d\n0000000000 65535 f \n%b" % (len(bodies) + 1, rows)
    trailer = b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(bodies) + 1, len(content))
    return content + table + trailer


FIELD: Final = b"<</FT/Sig/T(A)/V 5 0 R>>"
NUMBERS: Final = b"0 1111111111 2222222222 3333333333"


def _value(
    entries: bytes = SIGNATURE, *, byte_range: bytes = b"/ByteRange[" + NUMBERS + b"]", contents: bytes = b""
) -> bytes:
    held = contents or b"<" + _cms().hex().encode().ljust(ROOM, b"0") + b">"
    return b"<<" + entries + byte_range + b"/Contents" + held + b">>"


def _measured(content: bytes, *changes: int) -> bytes:
    """Write the ByteRange that leaves nothing but the value out, or one that is off by something in each place."""
    start, end = content.index(b"<30") if b"<30" in content else content.index(b"<3"), 0
    end = content.index(b">", start) + 1
    numbers = (0, start, end, len(content) - end)
    first, *rest = (number + change for number, change in zip(numbers, changes or (0, 0, 0, 0), strict=True))
    return content.replace(NUMBERS, b"%d" % first + b"".join(b" %010d" % number for number in rest))


def _only(content: bytes) -> PdfSignature:
    (signature,) = read_pdf(BytesIO(content)).signatures
    return signature


def test_a_field() -> None:
    """A signature over everything but its value is over the whole file; no signature of this file is good."""
    content = _measured(_written(FIELD, _value()))
    found = _only(content)

    assert (found.field, found.sub_filter, found.shape) == ("A", "ETSI.CAdES.detached", None)
    assert (found.contiguous, found.coverage, found.change) == (True, Coverage.ENTIRE_FILE, PdfChange.NONE)
    assert not found.digest_matches
    assert found.revision == 0
    assert found.signed_sha256 == hashlib.sha256(content.replace(_between(content), b"")).hexdigest()
    assert not found.certifies
    assert found.claimed_time is None


def _between(content: bytes) -> bytes:
    start = content.index(b"/Contents<") + len(b"/Contents")
    return content[start : content.index(b">", start) + 1]


def test_a_gap_without_brackets() -> None:
    """What is left out begins and ends with the brackets of the value."""
    written = _written(FIELD, _value())
    for changes in ((0, 1, 0, 0), (0, 0, -1, 1), (0, 1, -1, 1)):
        assert not _only(_measured(written, *changes)).contiguous


def test_an_empty_first_part() -> None:
    """A first part of no octets is none, even if the value stood at the very beginning."""
    content = _written(FIELD, _value())
    end = content.index(_between(content)) + len(_between(content))
    numbers = b"0 0000000000 %010d %010d" % (end, len(content) - end)
    assert not _only(content.replace(NUMBERS, numbers)).contiguous


RANGES: Final = {
    "begins later": (1, 0, 0, 0),
    "begins and ends later": (1, -1, 0, 0),
    "gap before": (0, -1, 0, 0),
    "value partly": (0, 1, 0, 0),
    "gap after": (0, 0, 1, -1),
    "value partly at its end": (0, 0, -1, 1),
    "more than there is": (0, 0, 0, 1),
    "long gap": (0, -8, 8, -8),
}


@pytest.mark.parametrize("name", RANGES)
def test_ranges(name: str) -> None:
    """Any other range leaves something out or has something twice."""
    found = _only(_measured(_written(FIELD, _value()), *RANGES[name]))

    assert not found.contiguous
    assert (found.coverage, found.change) == (Coverage.UNCLEAR, PdfChange.OTHER)


def test_range_that_ends_early() -> None:
    """What is not over the end of the file is not over a revision, unless one ends there."""
    found = _only(_measured(_written(FIELD, _value()), 0, 0, 0, -9))

    assert found.contiguous
    assert (found.coverage, found.change) == (Coverage.CONTIGUOUS_BLOCK_FROM_START, PdfChange.OTHER)


@pytest.mark.parametrize(
    ("before", "second"),
    [(b"0000000000", b"2222222222"), (b"0000000010", b"0000000010"), (b"0000000010", b"0000000009")],
)
def test_ranges_in_another_order(before: bytes, second: bytes) -> None:
    """The first part is not empty, and the second begins behind it."""
    numbers = b"0 " + before + b" " + second + b" 0000000001"
    assert not _only(_written(FIELD, _value()).replace(NUMBERS, numbers)).contiguous


@pytest.mark.parametrize(
    "contents",
    [
        b"(0" + b"\\000" * 1500 + b")",
        b"<" + b"30" * 40 + b" >",
        b"<30 " + b"00" * 40 + b">",
        b"<" + b"30" * 40 + b"3>",
    ],
    ids=["literal", "space", "space inside", "odd"],
)
def test_gap_that_is_no_plain_value(contents: bytes) -> None:
    """What stands in the gap is the value in hexadecimal digits and nothing else; and the rest of it is no CMS object."""
    assert _only(_written(FIELD, _value(contents=contents))).shape is PdfShapeRule.CMS


def test_value_with_room_between() -> None:
    """White space between the digits is nothing; anything else would not be the value."""
    digits = _cms().hex().encode()
    content = _written(FIELD, _value(contents=b"<" + digits[:20] + b" " + digits[20:] + b">"))

    assert _only(_measured(content)).contiguous
    assert _only(_measured(content)).coverage is Coverage.ENTIRE_FILE
    assert not _only(_measured(content).replace(b"<" + digits[:20], b" <" + digits[:19])).contiguous


SHAPES: Final[dict[str, tuple[bytes, PdfShapeRule]]] = {
    "no range": (_value(byte_range=b"", contents=b"<30>"), PdfShapeRule.DICTIONARY),
    "three numbers": (_value(byte_range=b"/ByteRange[0 1 2]", contents=b"<30>"), PdfShapeRule.DICTIONARY),
    "five numbers": (_value(byte_range=b"/ByteRange[0 1 2 3 4]", contents=b"<30>"), PdfShapeRule.DICTIONARY),
    "a name": (_value(byte_range=b"/ByteRange[0 1 2/X]", contents=b"<30>"), PdfShapeRule.DICTIONARY),
    "a fraction": (_value(byte_range=b"/ByteRange[0 1 2 3.5]", contents=b"<30>"), PdfShapeRule.DICTIONARY),
    "less than nothing": (
        _value(byte_range=b"/ByteRange[0 1 2 -3]", contents=b"<30>"),
        PdfShapeRule.DICTIONARY,
    ),
    "a number": (_value(byte_range=b"/ByteRange 4", contents=b"<30>"), PdfShapeRule.DICTIONARY),
    "no contents": (b"<<" + SIGNATURE + b"/ByteRange[0 1 2 3]>>", PdfShapeRule.DICTIONARY),
    "contents that are none": (_value(contents=b"[1]"), PdfShapeRule.DICTIONARY),
    "no CMS": (_value(contents=b"<30>"), PdfShapeRule.CMS),
    "no dictionary": (b"[1]", PdfShapeRule.DICTIONARY),
    "text": (b"(x)", PdfShapeRule.DICTIONARY),
    "nothing": (b"<<>>", PdfShapeRule.DICTIONARY),
}


@pytest.mark.parametrize("name", SHAPES)
def test_shapes(name: str) -> None:
    """A field whose value is no signature dictionary holds a signature all the same, a broken one."""
    value, rule = SHAPES[name]
    found = _only(_written(FIELD, value))

    assert (found.shape, found.cms, found.contiguous) == (rule, None, False)


@pytest.mark.parametrize(
    "kind", [b"/SubFilter/ETSI.RFC3161", b"/SubFilter/adbe.x509.rsa_sha1", b"/SubFilter/adbe.pkcs7.sha1", b""]
)
def test_kinds(kind: bytes) -> None:
    """Two kinds of signature are read."""
    found = _only(_written(FIELD, _value(b"/Type/Sig" + kind)))
    assert found.shape is PdfShapeRule.SUB_FILTER
    assert found.sub_filter == (kind[len("/SubFilter/") :].decode() or None)


def test_older_kind() -> None:
    """Plain CMS is the other one."""
    found = _only(_measured(_written(FIELD, _value(b"/Type/Sig/SubFilter/adbe.pkcs7.detached"))))
    assert (found.shape, found.sub_filter, found.contiguous) == (None, "adbe.pkcs7.detached", True)


def test_value_in_the_field() -> None:
    """A dictionary that stands in the field itself belongs to no revision of its own."""
    found = _only(_written(FIELD.replace(b"5 0 R", _value())))
    assert (found.shape, found.revision) == (PdfShapeRule.DICTIONARY, 0)


@pytest.mark.parametrize("count", [1, MAX_SIGNATURES, MAX_SIGNATURES + 1])
def test_many_fields(count: int) -> None:
    """So many signatures are looked at; a file with more is not decided."""
    fields = [b"<</FT/Sig/T(A%d)/V %d 0 R>>" % (number, 4 + count) for number in range(count)]
    listed = b" ".join(b"%d 0 R" % (4 + number) for number in range(count))
    form = b"<</Fields[%b]>>" % listed
    facts = read_pdf(BytesIO(_written(*fields, b"<<>>", form=form)))

    if count <= MAX_SIGNATURES:
        assert (len(facts.signatures), facts.obstacle) == (count, None)
    else:
        assert facts == PdfFacts.undecided(Obstacle.SIZE)


def test_document_time_stamps() -> None:
    """They are told apart from signatures, measured as these are, and not looked into."""
    token = tsa.seq(tsa.integer(1))
    held = b"<" + token.hex().encode().ljust(40, b"0") + b">"
    stamp = _measured(_written(FIELD, _value(b"/Type/DocTimeStamp/SubFilter/ETSI.RFC3161", contents=held)))
    (found,) = read_pdf(BytesIO(stamp)).timestamps
    assert (found.field, found.token, found.contiguous) == ("A", token.ljust(20, b"\0"), True)
    assert found.covered_sha256 is not None

    (moved,) = read_pdf(BytesIO(_written(FIELD, _value(b"/Type/DocTimeStamp", contents=held)))).timestamps
    assert (moved.contiguous, moved.covered_sha256) == (False, None)
    (broken,) = read_pdf(BytesIO(_written(FIELD, b"<</Type/DocTimeStamp>>"))).timestamps
    assert (broken.token, broken.contiguous) == (b"", False)


def test_parts_that_overlap() -> None:
    """A second part that begins before the first one ends leaves no gap, whatever the file ends with."""
    held = b"<3003020101>"
    content = _written(FIELD, _value(b"/Type/DocTimeStamp", contents=held)) + held
    before = len(content) - len(held)
    for second in (5, before):
        numbers = b"0 %010d %010d %010d" % (before, second, 1)
        (found,) = read_pdf(BytesIO(content.replace(NUMBERS, numbers))).timestamps
        assert (found.token, found.contiguous) == (bytes.fromhex("3003020101"), False)


@pytest.mark.parametrize(
    ("gap", "is_value"), [(b"<3003020101>", True), (b"x3003020101>", False), (b"<3003020101x", False)]
)
def test_brackets(gap: bytes, *, is_value: bool) -> None:
    """The value stands in its brackets, or something else is what was left out."""
    written = _written(FIELD, _value(b"/Type/DocTimeStamp", contents=b"<3003020101>")) + gap
    numbers = b"0 %010d %010d %010d" % (len(written) - len(gap), len(written), 0)
    (found,) = read_pdf(BytesIO(written.replace(NUMBERS, numbers))).timestamps

    assert found.contiguous is is_value


def test_revisions() -> None:
    """A time stamp that was added later belongs to that revision."""
    facts = read_pdf(BytesIO(update(sign(page()), timestamp_shown)))
    assert [each.revision for each in facts.signatures] == [1]
    assert [each.revision for each in facts.timestamps] == [2]


def test_claimed_time() -> None:
    """Without a time in the CMS object it is that of the dictionary, and without either there is none."""

    def claimed(entry: bytes) -> str | None:
        return _only(_measured(_written(FIELD, _value(SIGNATURE + entry)))).claimed_time

    assert claimed(b"") is None
    assert claimed(b"/M(D:20260601070000+07'00')") == "2026-06-01T07:00:00+07:00"
    assert claimed(b"/M(D:20260601000000Z)") == "2026-06-01T00:00:00Z"
    for odd in (b"/M(yesterday)", b"/M 5", b"/M(D:20269901000000Z)"):
        assert claimed(odd) is None
    plain = _only(sign(page(), pades=False))
    assert plain.claimed_time is not None
    assert plain.claimed_time.endswith("Z")


def test_certifying() -> None:
    """A signature with DocMDP certifies."""
    reference = b"/Reference[<</TransformMethod/DocMDP/TransformParams<</P 2/V/1.2>>>>]"
    assert _only(_measured(_written(FIELD, _value(SIGNATURE + reference)))).certifies


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"%PDF", "header"),
        (b"x%PDF-1.7\nstartxref\n0\n%%EOF", "header"),
        (b"%PDF-1.7\nstartxref\n0\n", "startxref"),
        (b"%PDF-1.7\n%%EOF", "startxref"),
        (b"%PDF-1.7\nstartxref\n0\n%%EOF" + b" " * 1024, "startxref"),
    ],
)
def test_what_is_no_pdf(content: bytes, said: str) -> None:
    """A header at the very beginning, and marks near the end."""
    facts = read_pdf(BytesIO(content))
    assert facts.unreadable is not None
    assert said in facts.unreadable


@pytest.mark.parametrize(("old", "new"), [(b"1 0 obj\n", b"1 0 obj-"), (b"xref\n0 6", b"xxef\n0 6")])
def test_what_a_reader_cannot_read(old: bytes, new: bytes) -> None:
    """What breaks the rules of PDF makes a file that cannot be read, not one that was not examined."""
    content = _written(FIELD, _value())
    assert content.count(old) == 1
    facts = read_pdf(BytesIO(content.replace(old, new)))
    assert (facts.unreadable is None, facts.signatures) == (False, ())


def test_marks_near_the_end() -> None:
    """So far from the end the marks are looked for."""
    content = page()
    room = 1024 - len(content[content.rindex(b"startxref") :])
    assert read_pdf(BytesIO(content + b"\n" * room)).unreadable is None
    assert read_pdf(BytesIO(content + b"\n" * (room + 1))).unreadable is not None
