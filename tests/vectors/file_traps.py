"""Traps in the file itself: octets, XML, namespaces."""

from typing import Final

from schemas.names import NAMESPACE
from tests.vectors.trap import DOCUMENT, STATUS, Trap, swap

_PLAIN: Final = DOCUMENT.replace(b"edXML:", b"").replace(b' xmlns:edXML="', b' xmlns:unused="')
_LATIN: Final = DOCUMENT.decode().encode("ascii", "xmlcharrefreplace").replace(b"UTF-8", b"ISO-8859-1", 1)


def _in_namespace(name: str) -> bytes:
    """Give the document in another namespace."""
    return DOCUMENT.replace(NAMESPACE.encode(), name.encode())


FILE_TRAPS: Final = (
    Trap(
        name="stray-bytes-before-declaration",
        about="A chunk length left over from HTTP stands before the XML declaration.",
        file=b"1f3a\r\n" + DOCUMENT,
        refused="schema.bytes_before_xml",
    ),
    Trap(
        name="line-break-before-declaration",
        about="An empty line stands before the XML declaration, where XML allows nothing.",
        file=b"\r\n" + DOCUMENT,
        refused="schema.bytes_before_xml",
    ),
    Trap(
        name="byte-order-mark",
        about="A UTF-8 byte order mark is no fault.",
        file=b"\xef\xbb\xbf" + DOCUMENT,
    ),
    Trap(
        name="mismatched-tags",
        about="An end tag belongs to another element.",
        file=swap(DOCUMENT, ("</edXML:Place>", "</edXML:Plase>")),
        refused="schema.not_xml",
    ),
    Trap(
        name="cut-off",
        about="The file ends in the middle of an attachment.",
        file=DOCUMENT[:-120],
        refused="schema.not_xml",
    ),
    Trap(
        name="unbound-xlink-prefix",
        about="A .NET manifest uses the prefix xlink without declaring it.",
        file=swap(DOCUMENT, ("<edXML:Reference>", '<edXML:Reference xlink:href="cid:van-ban-1">')),
        refused="schema.unbound_prefix",
    ),
    Trap(
        name="unbound-edxml-prefix",
        about="The prefix edXML itself is not declared.",
        file=swap(DOCUMENT, (f' xmlns:edXML="{NAMESPACE}"', "")),
        refused="schema.unbound_prefix",
    ),
    Trap(
        name="no-prefixes",
        about="Everything stands in the default namespace; prefixes are of no account.",
        file=_PLAIN,
        reads={"code.number": "7816"},
    ),
    Trap(
        name="doctype-with-entity",
        about="A document type declares an entity that names a local file.",
        file=swap(DOCUMENT, ("?>\n", '?>\n<!DOCTYPE edXML [<!ENTITY x SYSTEM "file:///etc/hostname">]>\n')),
        refused="schema.doctype_forbidden",
    ),
    Trap(
        name="style-sheet",
        about="A processing instruction names a style sheet.",
        file=swap(DOCUMENT, ("?>\n", '?>\n<?xml-stylesheet href="edxml.xsl"?>\n')),
        refused="schema.processing_instruction",
    ),
    Trap(
        name="utf-16",
        about="The file is UTF-16.",
        file=STATUS.decode().replace("UTF-8", "UTF-16", 1).encode("utf-16"),
        refused="schema.not_utf8",
    ),
    Trap(
        name="other-encoding-declared",
        about="The file declares ISO 8859-1.",
        file=_LATIN,
        refused="schema.not_utf8",
    ),
    Trap(
        name="comments-between-elements",
        about="Comments between elements of the header change nothing.",
        file=swap(
            DOCUMENT,
            ("<edXML:From>", "<!-- Nơi gửi -->\n        <edXML:From><!-- mã định danh -->"),
            ("<edXML:Subject>", "<!-- Trích yếu --><edXML:Subject>"),
        ),
        reads={"sender.organ_id": "G22"},
    ),
    Trap(
        name="comment-in-a-value",
        about="A comment inside a code would make it two codes, depending on who reads it.",
        file=swap(DOCUMENT, ("<edXML:OrganId>G22<", "<edXML:OrganId>G2<!-- -->2<")),
        refused="schema.bad_value",
    ),
    Trap(
        name="namespace-of-old-envelope",
        about="The namespace of the SOAP envelope in use before QCVN 102:2016.",
        file=_in_namespace("http://www.e-doc.vn/Schema/"),
        refused="schema.wrong_namespace",
    ),
    Trap(
        name="namespace-guessed",
        about="A namespace that was guessed and that the axis does not take.",
        file=_in_namespace("http://www.go.vn/eDoc"),
        refused="schema.wrong_namespace",
    ),
    Trap(
        name="namespace-invented",
        about="A namespace that occurs only in texts written by machines.",
        file=_in_namespace("http://edxml.gov.vn/schema"),
        refused="schema.wrong_namespace",
    ),
)
