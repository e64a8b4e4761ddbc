"""Declared types against found ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.declared_type import fits
from schemas.office_type import DOC, DOCX, OLE_FILE, PPTX, XLS, XLSX, ZIP
from schemas.text_type import HTML, MAIL, SVG, TEXT, XML

PDF = "application/pdf"
RAR = "application/x-rar-compressed"


@pytest.mark.parametrize(
    ("declared", "detected"),
    [
        (PDF, PDF),
        (" Application/PDF; name=a ", PDF),
        ("pdf", PDF),
        (".pdf", PDF),
        ("application/x-pdf", PDF),
        ("application/octet-stream", PDF),
        ("", ZIP),
        ("application/octet-stream", None),
        ("application/doc", DOC),
        ("application/msword", DOC),
        ("application/docx", DOCX),
        ("application/msword", DOCX),
        ("application/xsl", XLS),
        ("application/xslx", XLSX),
        ("application/vnd.ms-excel", XLSX),
        ("application/pptx", PPTX),
        ("application/docx", OLE_FILE),
        (DOCX, OLE_FILE),
        ("application/x-zip-compressed", ZIP),
        ("application/zip", ZIP),
        ("application/vnd.rar", RAR),
        ("application/x-rar", RAR),
        ("image/jpg", "image/jpeg"),
        ("image/png", "image/png"),
        ("text/plain; charset=utf-8", TEXT),
        ("text/csv", TEXT),
        ("application/json", TEXT),
        ("text/xml", XML),
        ("application/atom+xml", XML),
        ("text/html", HTML),
        ("image/svg+xml", SVG),
        ("message/rfc822", MAIL),
        ("application/pkcs7-signature", "application/pkcs7-mime"),
        ("application/x-pkcs7-mime", "application/pkcs7-mime"),
        ("application/odt", "application/vnd.oasis.opendocument.text"),
        ("application/acad", "image/vnd.dwg"),
        ("application/something", None),
        ("text/plain", None),
        ("application/doc", None),
    ],
)
def test_fitting(declared: str, detected: str | None) -> None:
    """Usual names, extensions, the SDK's spelling, and types that say nothing."""
    assert fits(declared, detected)


@pytest.mark.parametrize(
    ("declared", "detected"),
    [
        (PDF, ZIP),
        (PDF, None),
        ("pdf", None),
        (PDF, TEXT),
        ("application/zip", PDF),
        ("application/zip", DOCX),
        ("application/zip", None),
        ("application/docx", ZIP),
        ("application/docx", None),
        (DOCX, None),
        ("application/doc", DOCX),
        ("text/plain", ZIP),
        ("text/plain", PDF),
        ("image/png", "image/jpeg"),
        ("application/something", PDF),
        ("application/pdf", XML),
        ("application/pdf", OLE_FILE),
    ],
)
def test_differing(declared: str, detected: str | None) -> None:
    """A sure type that is another, and a sure type that is not found."""
    assert not fits(declared, detected)


@given(st.text(max_size=40), st.sampled_from([None, PDF, ZIP, TEXT, XML, OLE_FILE, "image/png"]))
def test_any_text_can_be_declared(declared: str, detected: str | None) -> None:
    """Every text fits or differs, as it would with another case."""
    assert fits(declared.upper(), detected) == fits(declared.lower(), detected)
