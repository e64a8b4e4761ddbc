"""Whether the type that a sender declares fits the content.

Declared types are as free as the software that writes them: the axis's SDK builds them from the extension, its own spelling
mistakes included (application/xsl, application/xslx), others write only "pdf". So a declared type fits if it is a usual name
of the type found, or ends in a usual extension of it.
"""

from types import MappingProxyType
from typing import Final

from schemas.file_type import CMS, PDF, RTF
from schemas.office_type import DOC, DOCX, MSG, OLE_FILE, PPT, PPTX, XLS, XLSX, ZIP
from schemas.text_type import HTML, MAIL, SVG, TEXT, XML

_UNKNOWN: Final = frozenset(
    {
        "",
        "application/octet-stream",
        "application/binary",
        "application/x-download",
        "application/force-download",
        "*/*",
    }
)
_NAMES: Final = MappingProxyType(
    {
        PDF: ("pdf",),
        ZIP: ("zip", "zip-compressed"),
        DOC: ("doc", "msword", "dot", "word"),
        DOCX: ("docx", "msword", "dotx", "word"),
        XLS: ("xls", "xsl", "vnd.ms-excel", "msexcel", "excel"),
        XLSX: ("xlsx", "xslx", "vnd.ms-excel", "msexcel", "excel"),
        PPT: ("ppt", "vnd.ms-powerpoint", "mspowerpoint", "powerpoint"),
        PPTX: ("pptx", "vnd.ms-powerpoint", "mspowerpoint", "powerpoint"),
        MSG: ("msg",),
        RTF: ("rtf", "richtext", "doc", "msword"),
        CMS: ("p7m", "p7s", "p7c", "pkcs7-mime", "pkcs7-signature", "cms"),
        HTML: ("htm", "html", "xhtml+xml", "plain", "txt"),
        SVG: ("svg", "svg+xml", "xml", "plain", "txt"),
        MAIL: ("eml", "rfc822", "plain", "txt"),
        "image/jpeg": ("jpg", "jpeg", "jpe", "pjpeg"),
        "image/tiff": ("tif", "tiff"),
        "image/bmp": ("bmp", "ms-bmp"),
        "image/vnd.dwg": ("dwg", "acad", "autocad"),
        "image/heic": ("heic", "heif"),
        "audio/mpeg": ("mp3", "mpeg", "mpga"),
        "audio/mp4": ("m4a", "mp4"),
        "video/mp4": ("mp4", "m4v"),
        "video/quicktime": ("mov", "quicktime"),
        "video/x-ms-wmv": ("wmv", "ms-wmv", "asf", "ms-asf"),
        "application/x-rar-compressed": ("rar", "vnd.rar", "rar-compressed"),
        "application/x-7z-compressed": ("7z", "7z-compressed"),
        "application/gzip": ("gz", "tgz", "gzip"),
        "application/vnd.oasis.opendocument.text": ("odt",),
        "application/vnd.oasis.opendocument.spreadsheet": ("ods",),
        "application/vnd.oasis.opendocument.presentation": ("odp",),
    }
)
# What any OLE file may be when its parts do not tell; encrypted OOXML is such a file too.
_OLE_NAMES: Final = tuple(name for kind in (DOC, DOCX, XLS, XLSX, PPT, PPTX, MSG) for name in _NAMES[kind])
_TEXT_NAMES: Final = (
    "txt",
    "json",
    "csv",
    "sql",
    "log",
    "xml",
    "yaml",
    "javascript",
    "rfc822",
    "eml",
    "ms-excel",
    "vnd.ms-excel",
)
_XML_NAMES: Final = ("xml", "plain", "txt", "html", "htm", "xhtml+xml")
# Declared so, a content that is none of the known types is not what it is said to be.
_CERTAIN: Final = (
    PDF,
    ZIP,
    DOCX,
    XLSX,
    PPTX,
    RTF,
    "image/jpeg",
    "image/png",
    "image/gif",
    "application/x-rar-compressed",
)


def fits(declared: str, detected: str | None) -> bool:
    """Return whether a declared type may stand for the content; what says nothing always may."""
    said = declared.partition(";")[0].strip().lower()
    if said in _UNKNOWN or said == detected:
        return True
    kind, _, name = said.rpartition("/")
    name = name.removeprefix(".").removeprefix("x-")
    if detected is None:
        return not any(said == certain or name == _NAMES.get(certain, ("",))[0] for certain in _CERTAIN)
    if detected == TEXT:
        return kind == "text" or name in _TEXT_NAMES or name == "plain"
    if detected == XML:
        return name in _XML_NAMES or name.endswith("+xml")
    if detected == OLE_FILE:
        return name in _OLE_NAMES or said in {DOCX, XLSX, PPTX}
    usual = detected.rpartition("/")[2].removeprefix("x-")
    return name == usual or name in _NAMES.get(detected, ())
