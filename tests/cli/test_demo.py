"""What the demo is made of: the shipped PDF, the throw-away PKI, the letter."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pybase64
import pytest
from rich.text import Text

from gateway.clock import utc_now
from gateway.demo.cast import HANOI, SIDES, TUYEN_QUANG
from gateway.demo.letter import PDF_NAME, SUBJECT, change_one_byte, write_letter
from gateway.demo.make_pdf import SUBJECT as PDF_SUBJECT
from gateway.demo.narration import WIDTH, Narrator, shorten
from gateway.demo.pki import LIFETIME, ROOT_FILE, identities
from tests.cli.world import ROOT, lines_wider_than

PDF = (ROOT / "gateway/demo" / PDF_NAME).read_bytes()


def test_pdf_is_whole() -> None:
    """The shipped letter is one page; each offset of its cross-reference table leads to the object that it names."""
    start = int(re.findall(rb"startxref\n(\d+)\n%%EOF", PDF)[-1])
    table = PDF[start:].split(b"trailer")[0].splitlines()
    offsets = [int(line.split()[0]) for line in table[3:]]

    assert PDF.startswith(b"%PDF-1.")
    assert table[0] == b"xref"
    assert [PDF[offset:].split(b"\n")[0] for offset in offsets] == [
        b"%d 0 obj" % number for number in range(1, len(offsets) + 1)
    ]
    assert PDF.count(b"/Type /Page\n") == 1
    assert PDF.count(b"/FontFile2") > 0


def test_pdf_is_about_what_the_letter_says() -> None:
    """The PDF's title is the subject of the edXML document, with all its diacritics."""
    assert PDF_SUBJECT == SUBJECT
    assert SUBJECT.encode("utf-16-be").hex().encode() in PDF


def test_identities_are_kept(tmp_path: Path) -> None:
    """The second run gets the same certificates, and the root's private key is nowhere."""
    at = utc_now()
    first = identities(SIDES, folder=tmp_path / "keys", trust_folder=tmp_path / "trust", at=at)
    again = identities(SIDES, folder=tmp_path / "keys", trust_folder=tmp_path / "trust", at=at)

    assert {code: each.certificate for code, each in again.items()} == {
        code: each.certificate for code, each in first.items()
    }
    assert len(list(tmp_path.rglob("*.key"))) == len(SIDES)


def test_identities_are_made_anew(tmp_path: Path) -> None:
    """Lapsed certificates, a broken key file and a missing root all lead to a complete new infrastructure."""
    folders = {"folder": tmp_path / "keys", "trust_folder": tmp_path / "trust"}
    at = utc_now()

    def makes_new(moment: timedelta = timedelta()) -> bool:
        before = (tmp_path / "keys/hanoi.pem").read_bytes() if (tmp_path / "keys").exists() else b""
        identities(SIDES, **folders, at=at + moment)
        return (tmp_path / "keys/hanoi.pem").read_bytes() != before

    assert makes_new()
    assert not makes_new()
    assert makes_new(LIFETIME)
    (tmp_path / "trust" / ROOT_FILE).unlink()
    assert makes_new()
    (tmp_path / "keys/tuyenquang.key").unlink()
    (tmp_path / "keys/tuyenquang.key").write_text("no key")
    assert makes_new()


def test_identity_of_a_foreign_kind_is_replaced(tmp_path: Path) -> None:
    """A key of another algorithm, left there by someone, is not used."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 - for this test only
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - for this test only
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    at = utc_now()
    identities(SIDES, folder=tmp_path, trust_folder=tmp_path, at=at)
    foreign = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "hanoi.key").unlink()
    (tmp_path / "hanoi.key").write_bytes(foreign)

    identities(SIDES, folder=tmp_path, trust_folder=tmp_path, at=at)

    assert (tmp_path / "hanoi.key").read_bytes() != foreign


def test_letters_differ_and_forgeries_by_one_byte(tmp_path: Path) -> None:
    """Each letter has its own DocumentId; a forged one differs in exactly one byte of the PDF and nothing else."""
    keys = identities(SIDES, folder=tmp_path, trust_folder=tmp_path, at=utc_now())
    first = write_letter(HANOI, TUYEN_QUANG, keys[HANOI.code])
    second = write_letter(HANOI, TUYEN_QUANG, keys[HANOI.code])
    forged = change_one_byte(first)

    assert first.document.document_id != second.document.document_id
    before, after = _pdf(first.signed), _pdf(forged)
    assert sum(one != other for one, other in zip(before, after, strict=True)) == 1
    assert forged.replace(pybase64.b64encode(after), pybase64.b64encode(before)) == first.signed


def _pdf(xml: bytes) -> bytes:
    found = re.search(rb"ContentTransferEncoded[^>]*>([^<]+)<", xml)
    assert found is not None
    return pybase64.b64decode(found[1])


@pytest.mark.parametrize("width", [10, 40, 200])
def test_long_lines_are_shortened(width: int) -> None:
    """A line that is too long keeps its beginning and its end."""
    text = "".join(chr(97 + n % 26) for n in range(150))
    short = shorten(text, width)

    assert len(short) == min(width, len(text))
    assert short[0] == text[0]
    assert short[-1] == text[-1]


def test_steps_are_told_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    """A step's facts, tables and lines come under its number, in the order in which they were said."""
    narrator = Narrator()
    narrator.title("Tên", "name")
    with narrator.step("Một", "one") as step:
        step.fact("nhãn · label", "đầu ", ("tiếp", "bold"))
        step.table([("a", Text("b"))], styles=("", "dim"))
        step.fact("sau · after", "cuối")
        step.lines("x" * 150)
    with narrator.aside("Ngoài lề", "aside") as step:
        step.fact("k", "v")

    told = capsys.readouterr().out
    assert [
        told.index(part) for part in ("Tên", " 1  Một  one", "đầu tiếp", "a  b", "cuối", "x…x", "Ngoài lề")
    ] == sorted(
        told.index(part) for part in ("Tên", " 1  Một  one", "đầu tiếp", "a  b", "cuối", "x…x", "Ngoài lề")
    )
    assert lines_wider_than(WIDTH, told) == []
