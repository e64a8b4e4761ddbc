"""The media type of a file by its content, whatever it is called and declared as.

Signatures of pictures, sound, films and archives come from `filetype`; text, office files and programs are told here,
because a signature of two octets says nothing about a text, and because `filetype` tells office files by the order of
their parts. Programs are looked for first: a file that would run is one, whatever else it may pass for.
"""

import re
from typing import Final

from filetype.types import archive, audio, image, video

from schemas.measure import OLE, Measurement
from schemas.office_type import JAR, MSI, ole_type, zip_type
from schemas.text_type import BATCH, POWERSHELL, SHELL, as_text, text_type
from schemas.zip_directory import is_zip

PDF: Final = "application/pdf"
RTF: Final = "application/rtf"
CMS: Final = "application/pkcs7-mime"
WINDOWS: Final = "application/vnd.microsoft.portable-executable"
ELF: Final = "application/x-elf"
MACH_O: Final = "application/x-mach-binary"
JAVA: Final = "application/java-vm"
SHORTCUT: Final = "application/x-ms-shortcut"

PROGRAMS: Final = frozenset({WINDOWS, ELF, MACH_O, JAVA, SHORTCUT, SHELL, BATCH, POWERSHELL, MSI, JAR})
"""What runs when it is opened, or by name."""

# Of the matchers that filetype has, those that look at enough octets; its matcher for zstd can be made to recurse without end.
_MATCHERS: Final = (
    *(image.Jpeg(), image.Png(), image.Gif(), image.Webp(), image.Tiff(), image.Psd(), image.Heic(), image.Avif()),
    *(image.Dwg(), audio.M4a(), audio.Ogg(), audio.Flac(), audio.Wav(), audio.Amr(), audio.Mp3()),
    *(video.M3gp(), video.Mp4(), video.Mov(), video.Avi(), video.Wmv(), video.Mkv(), video.Webm(), video.Mpeg()),
    *(archive.Tar(), archive.Rar(), archive.Gz(), archive.Bz2(), archive.SevenZ(), archive.Xz(), archive.Cab()),
)  # fmt: skip
_MATCHED_WITHIN: Final = 8_192

_PROGRAMS: Final = (
    (re.compile(rb"\x7fELF"), ELF),
    (re.compile(rb"\xfe\xed\xfa[\xce\xcf]|[\xce\xcf]\xfa\xed\xfe"), MACH_O),
    (re.compile(rb"\xca\xfe\xba\xbe"), JAVA),  # also a Mach-O file for several processors
    (re.compile(rb"\x4c\0\0\0\x01\x14\x02\0"), SHORTCUT),
    (re.compile(rb"#![ \t]*/"), SHELL),  # what is packed into a script may follow it
)
_DOS_HEADER: Final = 64
_SIGNATURES: Final = (
    (re.compile(rb"(?:\xef\xbb\xbf)?%PDF-"), PDF),
    (re.compile(rb"\{\\rtf"), RTF),
    (re.compile(rb"%!PS"), "application/postscript"),
    # ContentInfo of RFC 5652 §3: a SEQUENCE that begins with the OID of signed, enveloped, ... data.
    (
        re.compile(
            rb"\x30(?:\x80|\x81.|\x82..|\x83...|\x84....)\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07[\x02-\x06]",
            re.DOTALL,
        ),
        CMS,
    ),
    (re.compile(rb"-----BEGIN (?:PKCS7|CMS)-----"), CMS),
    (re.compile(rb"BM.{4}\0\0\0\0", re.DOTALL), "image/bmp"),
    (re.compile(rb"\x28\xb5\x2f\xfd"), "application/zstd"),
)
_LATE_PDF: Final = re.compile(rb"%PDF-\d\.\d")
_LATE_WITHIN: Final = 1_024  # ISO 32000-1, Annex H, note 13


def detected_type(measured: Measurement) -> str | None:
    """Return the media type of a file, or None if it is none that is known here."""
    head = measured.head
    if not head:
        return None
    text = as_text(head, is_whole=len(head) == measured.size)
    found = _program(head, is_text=text is not None) or _container(measured) or _signed(_SIGNATURES, head)
    if found is None and text is None:
        found = _matched(head)
    return found or _late_pdf(head) or (None if text is None else text_type(text))


def _program(head: bytes, *, is_text: bool) -> str | None:
    """Return the type of a program that is recognised by its first octets."""
    is_dos = head.startswith(b"MZ") and len(head) >= _DOS_HEADER and not is_text
    return WINDOWS if is_dos else _signed(_PROGRAMS, head)


def _container(measured: Measurement) -> str | None:
    """Return the type of a file that holds others, by what is in it."""
    if is_zip(measured.head):
        return zip_type(measured)
    return ole_type(measured.directory) if measured.head.startswith(OLE) else None


def _signed(signatures: tuple[tuple[re.Pattern[bytes], str], ...], head: bytes) -> str | None:
    """Return the type whose signature a file begins with."""
    return next((kind for signature, kind in signatures if signature.match(head)), None)


def _matched(head: bytes) -> str | None:
    """Return what `filetype` says of a file that is not text."""
    sample = head[:_MATCHED_WITHIN]
    return next((str(matcher.mime) for matcher in _MATCHERS if matcher.match(sample)), None)


def _late_pdf(head: bytes) -> str | None:
    """Return whether a PDF file begins after something else, as its readers allow."""
    return PDF if _LATE_PDF.search(head, 0, _LATE_WITHIN) and b" obj" in head else None
