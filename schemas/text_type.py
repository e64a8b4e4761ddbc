"""Whether a file is text, and which kind: HTML, XML, e-mail, a script, or plain text.

Text is what decodes as UTF-8, or as UTF-16 with its mark, without control characters. A script is told by how it begins and
by most of its lines, so that a letter that quotes a command stays a letter.
"""

import codecs
import re
from typing import Final

TEXT: Final = "text/plain"
HTML: Final = "text/html"
XML: Final = "application/xml"
SVG: Final = "image/svg+xml"
MAIL: Final = "message/rfc822"
SHELL: Final = "application/x-sh"
BATCH: Final = "application/x-bat"
POWERSHELL: Final = "application/x-powershell"

_ENCODINGS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"", "utf-8"),
)
_CONTROL: Final = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_LINES: Final = 200
_SAMPLE: Final = 8_192  # characters by which scripts and mail are told

# Each comment is taken as a whole: a pattern that tried every way to part them would never come to an end.
_PROLOG: Final = r"\s*(?:<\?xml[^>]*>\s*)?(?>(?:<!--(?>.*?-->)\s*)*)"
_SVG: Final = re.compile(rf"{_PROLOG}(?:<!DOCTYPE svg[^>]*>\s*)?<svg[\s>]", re.DOTALL)
_XHTML: Final = re.compile(
    rf"{_PROLOG}(?:<!doctype\s+html|<(?:html|head|body)[\s>])", re.DOTALL | re.IGNORECASE
)
_XML: Final = re.compile(r"\s*<\?xml\s")
_FIELD: Final = re.compile(r"([!-9;-~]+):")
_MAIL_SURE: Final = frozenset({"received", "return-path", "message-id", "mime-version", "delivered-to"})
_BATCH: Final = re.compile(
    r"@?(?:echo\s+off|setlocal|chcp\s+\d+)\b|@(?:call|cls|cmd|del|powershell|rem|set|start|title)\s",
    re.IGNORECASE,
)
_BATCH_REMARK: Final = re.compile(r"::|@?rem\b", re.IGNORECASE)
# Whole commands, because "Add-on" and "Read-only" are words of other languages too.
_CMDLET: Final = (
    r"\b(?:Write-(?:Host|Output|Error|Verbose|Warning)|(?:ForEach|Where|Select|Sort|New)-Object|Test-Path"
    r"|(?:Get|Set|Add|Clear)-(?:ChildItem|Content|Item|ItemProperty|Location|Process|Service|WmiObject|CimInstance)"
    r"|(?:Copy|Move|New|Remove|Rename)-Item|Set-(?:ExecutionPolicy|StrictMode|MpPreference|Variable)|Add-(?:Type|MpPreference)"
    r"|Invoke-(?:Expression|WebRequest|RestMethod|Command|Item)|(?:Import|Install)-Module|Out-(?:File|Null|String)"
    r"|Start-(?:Process|Sleep|Job|Service|BitsTransfer)|Stop-(?:Process|Service))\b"
)
_SURE: Final = re.compile(
    rf"{_CMDLET}|\[CmdletBinding\(|^#requires\s+-|\biex\b\s*[($\"']", re.IGNORECASE | re.MULTILINE
)
_BEGINNING: Final = re.compile(
    rf"\$[A-Za-z_][\w:.]*\s*[+|]?=[^=]|{_CMDLET}|\[[A-Za-z]|param\s*\(|function\s|using\s+namespace\s|#requires\s|iex\b"
    r"|(?:if|try|foreach)\s*[({]",
    re.IGNORECASE,
)
_CODE: Final = re.compile(
    rf"[{{}}()\[$]|.*[{{;|(`]$|.*{_CMDLET}|(?:if|else|foreach|for|while|try|catch|return|iex|param|function|using)\b",
    re.IGNORECASE,
)
_BLOCK_COMMENT: Final = re.compile(r"<#(?>.*?(?:#>|\Z))", re.DOTALL)


def as_text(head: bytes, *, is_whole: bool) -> str | None:
    """Return the text that a file begins with, or None if it is not text; a head may end within a character."""
    mark, encoding = next((mark, encoding) for mark, encoding in _ENCODINGS if head.startswith(mark))
    text = _decoded(head[len(mark) :], encoding, is_whole=is_whole)
    return None if text is None or _CONTROL.search(text) else text


def is_utf8(head: bytes, *, is_whole: bool) -> bool:
    """Return whether a file begins as valid UTF-8, control characters or not."""
    return _decoded(head, "utf-8", is_whole=is_whole) is not None


def _decoded(head: bytes, encoding: str, *, is_whole: bool) -> str | None:
    try:
        return codecs.getincrementaldecoder(encoding)().decode(head, final=is_whole)
    except UnicodeDecodeError:
        return None


def text_type(text: str) -> str:
    """Return the media type of a text."""
    sample = text[:_SAMPLE]
    for pattern, kind in ((_SVG, SVG), (_XHTML, HTML), (_XML, XML)):
        if pattern.match(text):
            return kind
    if _is_batch(sample):
        return BATCH
    if _is_powershell(sample):
        return POWERSHELL
    return MAIL if _is_mail(sample) else TEXT


def _lines_of(text: str) -> list[str]:
    """Return the first lines that are not empty."""
    return [line.strip() for line in text.splitlines()[:_LINES] if line.strip()]


def _is_batch(text: str) -> bool:
    """Return whether the first line that is no remark is one with which only batch files begin."""
    first = next((line for line in _lines_of(text) if not _BATCH_REMARK.match(line)), "")
    return _BATCH.match(first) is not None


def _is_powershell(text: str) -> bool:
    """Return whether a text names a command of PowerShell, begins like a script, and is code for the greater part."""
    if not _SURE.search(text):
        return False
    lines = _lines_of(_BLOCK_COMMENT.sub("", text))
    code = [line for line in lines if not line.startswith("#") or line.lower().startswith("#requires")]
    if not code or not _BEGINNING.match(code[0]):
        return False
    return sum(_CODE.match(line) is not None for line in code) * 2 >= len(code)


def _is_mail(text: str) -> bool:
    """Return whether a text begins with header fields of e-mail (RFC 5322 §2.2), one of them telling."""
    names = set()
    for line in text.splitlines()[:_LINES]:
        if not line:
            break
        field = _FIELD.match(line)
        if field is not None:
            names.add(field[1].lower())
        elif not names or line[0] not in " \t":
            return False
    return bool(names & _MAIL_SURE) and len(names) > 1
