"""Row 24: what is done to a signed PDF, or in one: revisions added, octets left out of what is signed, trailers of one's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm

from certs.indication import Indication, SubIndication
from certs.issue import KeyType
from tests.support import crl, pdf_attacks, pki
from tests.support.pdf import Signer, page, sign, update, with_validation_data
from tests.vectors.attacks.hierarchy import AUTHORITY, Material, below_authority
from tests.vectors.attacks.vector import (
    GOOD,
    PASSED,
    PDF_CHANGED,
    PDF_MODIFIED,
    PDF_RANGE,
    PDF_UNREADABLE,
    PDF_UNSIGNED,
    Answer,
    Vector,
    later,
)

ROW: Final = 24
Make: TypeAlias = Callable[[], bytes]
Change: TypeAlias = Callable[[IncrementalPdfFileWriter], None]

_ENCRYPTED: Final = Answer(
    indication=Indication.INDETERMINATE,
    sub=SubIndication.SIG_CONSTRAINTS_FAILURE,
    code="certs.pdf_encrypted",
)
_UNDECIDED: Final = Answer(
    indication=Indication.INDETERMINATE, sub=SubIndication.TRY_LATER, code="certs.pdf_undecided"
)
_BOX: Final = (50, 50, 200, 100)
_NOT_REVOKED: Final = Material(name="pdf-good.crl", make=lambda: crl.crl(pki.root()))


def _vector(name: str, shows: str, file: Make, answer: Answer) -> Vector:
    row = GOOD if answer is PASSED else ROW
    return Vector(name=f"pdf-{name}", row=row, shows=shows, file=file, answer=answer, kind="pdf")


def _signed_with(key_type: KeyType) -> bytes:
    return sign(page(), Signer(pki.signer(key_type)), digest="sha512")


def _good() -> Iterator[Vector]:
    cases: dict[str, tuple[str, Make]] = {
        "plain": ("signed once", lambda: sign(page())),
        "older": ("signed by older software", lambda: sign(page(), pades=False)),
        "seen": ("the signature has a place on the page", lambda: sign(page(), box=_BOX)),
        "two": ("two signatures", lambda: sign(sign(page()), field="B")),
        "three": (
            "three signatures of several kinds, seen or not",
            lambda: sign(sign(sign(page()), field="B", box=_BOX), field="A", pades=False),
        ),
        "field-that-waited": (
            "an empty field was there before and is signed later",
            lambda: sign(sign(update(page(), pdf_attacks.empty_field_added)), field="Trong"),
        ),
        "form": ("a form that nobody filled in", lambda: sign(sign(pdf_attacks.form()), field="B")),
        "archival": ("validation data follow", lambda: with_validation_data(sign(page()))),
        "archival-two": (
            "validation data between two signatures and after them",
            lambda: with_validation_data(sign(with_validation_data(sign(page())), field="B")),
        ),
        "certified": (
            "certified, more signatures allowed",
            lambda: sign(sign(page(), certify=MDPPerm.FILL_FORMS), field="B"),
        ),
        "certified-closed": (
            "certified, nothing allowed, and only validation data follow",
            lambda: with_validation_data(sign(page(), certify=MDPPerm.NO_CHANGES)),
        ),
        "changed-before": (
            "a page was added before anybody signed",
            lambda: sign(update(page(), pdf_attacks.page_added)),
        ),
        "encrypted-openly": ("encrypted, but no password is needed", lambda: sign(page(password=""))),
    }
    for name, (shows, file) in cases.items():
        yield _vector(name, shows, file, PASSED)
    for key_type in (KeyType.EC_P384, KeyType.RSA_2048, KeyType.RSA_3072):
        yield _vector(
            f"key-{key_type}",
            f"signed with a key {key_type}",
            later(_signed_with, key_type),
            PASSED,
        )
    yield Vector(
        name="pdf-authority",
        row=GOOD,
        shows="the path leads over an authority on the command line, and nobody is revoked",
        file=lambda: sign(page(), Signer(below_authority())),
        answer=PASSED,
        kind="pdf",
        intermediates=(AUTHORITY,),
    )
    yield Vector(
        name="pdf-not-revoked",
        row=GOOD,
        shows="a list says that the signer is not revoked",
        file=lambda: sign(page()),
        answer=PASSED,
        kind="pdf",
        lists=(_NOT_REVOKED,),
    )


_CHANGES: Final[dict[str, tuple[str, Change]]] = {
    "page-added": ("a page was added", pdf_attacks.page_added),
    "page-redrawn": ("a page was replaced (shadow replace)", pdf_attacks.page_redrawn),
    "page-removed": ("the page was removed", pdf_attacks.page_removed),
    "stamp": ("the page was covered (evil annotation)", pdf_attacks.annotation_added),
    "action": ("something happens when it is opened", pdf_attacks.catalog_changed),
    "form-filled": ("a form was filled in", pdf_attacks.form_filled),
    "font": ("the font of the form was exchanged (shadow replace)", pdf_attacks.font_swapped),
    "font-named-anew": ("the form's fields get a font that was there before", pdf_attacks.font_named_anew),
    "white": ("the form's fields get the colour of the paper", pdf_attacks.fields_whitened),
    "appearances": ("viewers draw the form anew", pdf_attacks.appearances_needed),
    "empty-field": ("a field that is never signed covers the page", pdf_attacks.empty_field_added),
    "time-stamp-shown": ("a time stamp covers the page", pdf_attacks.timestamp_shown),
}


def _updated(change: Change) -> bytes:
    return update(sign(pdf_attacks.form()), change)


def _signed_again(change: Change) -> bytes:
    return sign(sign(pdf_attacks.form()), field="B", change=change)


def _changed() -> Iterator[Vector]:
    for name, (shows, change) in _CHANGES.items():
        yield _vector(
            f"later-{name}",
            shows,
            later(_updated, change),
            PDF_MODIFIED,
        )
        if name in {"appearances", "page-removed"}:
            # The software that signs takes the one back, and looks for a page in the other.
            continue
        yield _vector(
            f"sneaky-{name}",
            f"{shows}, in the revision of another signature",
            later(_signed_again, change),
            PDF_MODIFIED,
        )
    yield _vector(
        "later-uncovered",
        "what covered the page was taken away (shadow hide)",
        lambda: update(sign(update(page(), pdf_attacks.annotation_added)), pdf_attacks.annotation_removed),
        PDF_MODIFIED,
    )
    yield _vector(
        "certified-breached",
        "another signature though the certification allows none",
        lambda: sign(sign(page(), certify=MDPPerm.NO_CHANGES), field="B"),
        PDF_MODIFIED,
    )
    yield _vector(
        "certified-filled",
        "a stamp though the certification allows filling in only",
        lambda: update(sign(pdf_attacks.form(), certify=MDPPerm.FILL_FORMS), pdf_attacks.annotation_added),
        PDF_MODIFIED,
    )
    yield _vector(
        "taken-out",
        "the signature was taken out of its field",
        lambda: update(sign(page()), pdf_attacks.signature_cleared),
        PDF_UNSIGNED,
    )
    yield _vector(
        "taken-out-of-two",
        "one of two signatures was taken out",
        lambda: update(sign(sign(page()), field="B"), pdf_attacks.signature_cleared),
        PDF_MODIFIED,
    )


def _moved(*moves: int) -> Make:
    def make() -> bytes:
        content = sign(page())
        first, before, second, after = (
            number + move for number, move in zip(pdf_attacks.byte_range_of(content), moves, strict=True)
        )
        return pdf_attacks.ranged(content, (first, before, second, after))

    return make


def _ranges() -> Iterator[Vector]:
    cases = {
        "gap-before": ("octets before the value are left out", (0, -9, 0, 0)),
        "gap-after": ("octets after the value are left out", (0, 0, 9, -9)),
        "gap-first": ("the first octets are left out", (9, -9, 0, 0)),
        "gap-last": ("the last octets are left out", (0, 0, 0, -9)),
        "overlap-before": ("the octet before the value is a part of it", (0, 1, 0, 0)),
        "overlap-after": ("octets of the value are signed after it", (0, 0, -9, 9)),
    }
    for name, (shows, moves) in cases.items():
        yield _vector(f"range-{name}", shows, _moved(*moves), PDF_RANGE)
    yield _vector("range-as-it-was", "signed anew over the same octets", _moved(0, 0, 0, 0), PASSED)


def _swapped() -> bytes:
    """Put the value of one signature into another file of the same length."""
    signer = Signer(pki.signer(KeyType.RSA_2048))
    mine, other = (sign(page(f"Chi {digit}.000.000 dong"), signer) for digit in "19")
    _, before, second, _ = pdf_attacks.byte_range_of(mine)
    assert pdf_attacks.byte_range_of(other) == pdf_attacks.byte_range_of(mine)
    return other[:before] + mine[before:second] + other[second:]


def _spoofed(root: bytes, *, follows: bool) -> bytes:
    """Append a revision whose trailer names another catalog, and perhaps none before it."""
    content = sign(page())
    before = re.findall(rb"startxref\s+([0-9]+)", content)[-1]
    previous = b"/Prev " + before if follows else b""
    trailer = b"xref\n0 1\n0000000000 65535 f \ntrailer\n<</Size 30 /Root %s %s>>\nstartxref\n%d\n%%%%EOF\n"
    return content + trailer % (root, previous, len(content))


def _octets() -> Iterator[Vector]:
    yield _vector(
        "changed",
        "a signed octet changed",
        lambda: sign(page()).replace(b"/MediaBox", b"/MediaBax"),
        PDF_CHANGED,
    )
    yield _vector(
        "changed-metadata",
        "the reason of the signature changed",
        lambda: sign(page()).replace(b"/Filter /Adobe.PPKLite", b"/Filter /Adobe.PPKLitf"),
        PDF_CHANGED,
    )
    yield _vector("value-of-another", "the value comes from another file", _swapped, PDF_CHANGED)
    yield _vector(
        "spoofed-catalog",
        "a trailer of one's own names another catalog",
        lambda: _spoofed(b"1 0 R", follows=True),
        PDF_UNSIGNED,
    )
    yield _vector(
        "spoofed-trailer",
        "a trailer of one's own forgets everything before",
        lambda: _spoofed(b"1 0 R", follows=False),
        _UNDECIDED,
    )
    yield _vector(
        "spoofed-start",
        "the cross-references are said to be where none are",
        lambda: sign(page()) + b"startxref\n9\n%%EOF\n",
        _UNDECIDED,
    )
    yield _vector(
        "appended-archival",
        "an octet follows validation data",
        lambda: with_validation_data(sign(page())) + b"%",
        PDF_MODIFIED,
    )
    yield _vector(
        "appended-far",
        "so much follows that the end is out of sight",
        lambda: sign(page()) + b"x" * 2000,
        PDF_UNREADABLE,
    )
    yield _vector("cut-off", "the end is missing", lambda: sign(page())[:-10], PDF_UNREADABLE)
    yield _vector("unsigned", "nobody signed", page, PDF_UNSIGNED)
    yield _vector(
        "unsigned-field",
        "a field, and nobody signed",
        lambda: update(page(), pdf_attacks.empty_field_added),
        PDF_UNSIGNED,
    )
    yield _vector("encrypted", "a password is needed", lambda: page(password="secret"), _ENCRYPTED)
    yield _vector("not-one", "no PDF at all", lambda: b"PK\x03\x04" + bytes(1000), PDF_UNREADABLE)
    yield _vector("header-later", "an octet before the header", lambda: b" " + sign(page()), PDF_UNREADABLE)


def vectors() -> Iterator[Vector]:
    """Yield them."""
    for source in (_good, _changed, _ranges, _octets):
        yield from source()
