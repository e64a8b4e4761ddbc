"""The namespace of edXML and the other names met under it (QCVN 102:2016/BTTTT).

A reader matches on namespace and local name, never on the prefix.
"""

from typing import Final

NAMESPACE: Final = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
PREFIX: Final = "edXML"
XML_SPACE: Final = " \t\r\n"

# What to say of a namespace that is known to be wrong: Vietnamese, English.
KNOWN_WRONG: Final = {
    "": ("không có không gian tên", "no namespace at all"),
    "http://www.e-doc.vn/Schema/": (
        "phong bì SOAP dùng trước QCVN 102:2016",
        "the SOAP envelope in use before QCVN 102:2016",
    ),
    "http://www.go.vn/eDoc": ("tên đoán sai, trục không nhận", "a wrong guess that the axis does not take"),
    "http://edxml.gov.vn/schema": (
        "tên bịa trong tài liệu do máy viết, không cơ quan nào ban hành",
        "an invented name from machine-written texts, issued by nobody",
    ),
}
# Prefixes that files use without declaring them, most often xlink in a manifest.
_USUAL: Final = {
    PREFIX: NAMESPACE,
    "xlink": "http://www.w3.org/1999/xlink",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
}
UNKNOWN_NAMESPACE: Final = ("không phải không gian tên của edXML", "not the namespace of edXML")


def qualified(name: str) -> str:
    """Return the expanded name of an edXML element, as lxml writes it."""
    return f"{{{NAMESPACE}}}{name}"


def split(tag: str) -> tuple[str, str]:
    """Return namespace ("" for none) and local name of an expanded name."""
    if tag.startswith("{"):
        namespace, _, local = tag[1:].rpartition("}")
        return namespace, local
    return "", tag


def declaration(prefix: str) -> str:
    """Return the declaration that a file lacks which uses a prefix without it."""
    return f'xmlns:{prefix}="{_USUAL.get(prefix, "…")}"'
