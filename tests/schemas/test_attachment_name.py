"""Names of attachments made safe."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.attachment_name import LONGEST, LONGEST_UTF8, safe_name

names = (
    st.text()
    | st.text(st.sampled_from("aẾ\u0323 ./\\:C\u200b\u202eCONx¹1\U0001f600"))
    | st.text(min_size=140).map("{}.pdf".format)
)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("7816-vpcp-ttđt.pdf", "7816-vpcp-ttđt.pdf"),
        ("Công văn số 12.docx", "Công văn số 12.docx"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\Windows\\win.ini", "win.ini"),
        ("C:\\a\\b.pdf", "b.pdf"),
        ("C:b.pdf", "b.pdf"),
        ("a/b/", "b"),
        ("a.pdf:luồng", "a.pdf_luồng"),
        ("ca\u0301o.pdf", "cáo.pdf"),
        ("gpj\u202efdp.exe", "gpjfdp.exe"),
        ("a\u200bb\ufeff\n\x00.pdf", "ab.pdf"),
        ("a\u00a0b\u3000c.pdf", "a b c.pdf"),
        ('<>:"|?*.pdf', "_______.pdf"),
        ("a.pdf. . ", "a.pdf"),
        ("  a.pdf", "a.pdf"),
        ("con", "_con"),
        ("NUL.tar.gz", "_NUL.tar.gz"),
        ("COM¹ .txt", "_COM¹ .txt"),
        ("CONG.txt", "CONG.txt"),
        ("CON" + " " * 200 + ".txt", "_CON.txt"),
        ("", "tep-dinh-kem"),
        ("..", "tep-dinh-kem"),
        ("/\u200b/", "tep-dinh-kem"),
        ("C:", "tep-dinh-kem"),
        ("." * 200 + ".pdf", ".pdf"),
        ("a" * 200 + ".pdf", "a" * 146 + ".pdf"),
        ("ế" * 200 + ".pdf", "ế" * 83 + ".pdf"),
        ("a" * 200, "a" * 150),
        ("a." + "b" * 200, "a." + "b" * 148),
    ],
)
def test_examples(name: str, safe: str) -> None:
    """Paths, invisible characters, what Windows forbids, and length."""
    assert safe_name(name) == safe


@given(names)
def test_laws(name: str) -> None:
    """Safe names stay as they are, fit everywhere, and lead nowhere."""
    safe = safe_name(name)
    assert safe_name(safe) == safe
    assert 0 < len(safe) <= LONGEST
    assert len(safe.encode()) <= LONGEST_UTF8
    assert not set(safe) & set('/\\<>:"|?*')
    assert not any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for char in safe)
    assert safe.rstrip(" .") == safe
    assert unicodedata.is_normalized("NFC", safe)


@given(st.from_regex(r"[A-Za-z0-9ăâđêôơư_-]{4,60}( [a-z0-9]{1,20}){0,3}\.[a-z]{1,5}", fullmatch=True))
def test_ordinary_names_stay(name: str) -> None:
    """Letters, digits, spaces and an extension need no change."""
    assert safe_name(unicodedata.normalize("NFC", name)) == unicodedata.normalize("NFC", name)
