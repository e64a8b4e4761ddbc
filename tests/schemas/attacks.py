"""Files that are made to cost an XML parser dear, and how they are to be refused.

Run as a program, it parses each of them and prints what happened, for a test that limits time and memory.
"""

import json
import resource
import time
from collections.abc import Callable
from typing import Final

from schemas.errors import SchemaError
from schemas.xml_parser import parse_tree

MEGABYTE: Final = 1 << 20


def billion_laughs() -> bytes:
    """Give entities that expand to a billion others."""
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE z [<!ENTITY l0 "lol">{entities}]><z>&l9;</z>'.encode()


def external_entity() -> bytes:
    """Give an entity that stands for a file of the machine."""
    return b'<!DOCTYPE z [<!ENTITY f SYSTEM "file:///etc/passwd">]><z>&f;</z>'


def default_attributes() -> bytes:
    """Give a DTD that adds an Id to every element."""
    return b'<!DOCTYPE z [<!ATTLIST z Id ID "X">]><z/>'


def deep_nesting() -> bytes:
    """Give a thousand levels, which libxml2 itself would take."""
    return b"<a>" * 1_000 + b"</a>" * 1_000


def bottomless_nesting() -> bytes:
    """Give more levels than libxml2 takes."""
    return b"<a>" * 49_000 + b"</a>" * 49_000


def many_attributes() -> bytes:
    """Give one element with 60,000 attributes."""
    return b"<a " + b" ".join(b'a%d=""' % n for n in range(60_000)) + b"/>"


def millions_of_attributes() -> bytes:
    """Give as many attributes as the size allows."""
    return b"<a " + b" ".join(b'a%d=""' % n for n in range(1_500_000)) + b"/>"


def many_namespaces() -> bytes:
    """Give one element with 60,000 namespace declarations and many children."""
    return b"<a " + b" ".join(b'xmlns:a%d="u"' % n for n in range(60_000)) + b">" + b"<b/>" * 30_000 + b"</a>"


def layered_namespaces() -> bytes:
    """Give declarations spread over nested elements, so that no element has many of its own."""
    return b"".join(b'<a xmlns:p%d="u" xmlns:q%d="u">' % (n, n) for n in range(60)) + b"</a>" * 60


def tiny_elements() -> bytes:
    """Give five million elements."""
    return b"<a>" + b"<b/>" * 5_000_000 + b"</a>"


def comment_flood() -> bytes:
    """Give two million comments."""
    return b"<a>" + b"<!---->" * 2_000_000 + b"</a>"


def long_name() -> bytes:
    """Give an element name of many megabytes."""
    return b"<" + b"n" * (15 * MEGABYTE) + b"/>"


def rather_long_name() -> bytes:
    """Give an element name that libxml2 takes."""
    return b"<a><" + b"n" * 10_000 + b"/></a>"


def long_attribute_name() -> bytes:
    """Give an attribute name that libxml2 takes."""
    return b"<a " + b"n" * 10_000 + b"=''/>"


def long_namespace() -> bytes:
    """Give a namespace name that canonicalization would repeat in each child."""
    return b'<a xmlns:p="' + b"u" * MEGABYTE + b'">' + b"<p:b/>" * 10_000 + b"</a>"


def too_many_octets() -> bytes:
    """Give a file beyond the size limit."""
    return b"<a>" + b"x" * (20 * MEGABYTE) + b"</a>"


def endless_prolog() -> bytes:
    """Give a file that is all comment."""
    return b"<!--" + b"x" * (15 * MEGABYTE)


def endless_space() -> bytes:
    """Give a file that is all white space."""
    return b" " * (15 * MEGABYTE)


def processing_instruction() -> bytes:
    """Give a processing instruction inside the document."""
    return b"<a><b><?php echo 1 ?></b></a>"


def trailing_instruction() -> bytes:
    """Give a processing instruction after the document."""
    return b"<a/><?xml-stylesheet href='x'?>"


def leading_instruction() -> bytes:
    """Give a processing instruction before the document."""
    return b"<?xml version='1.0'?><!-- c --><?xml-stylesheet href='x'?><a/>"


def references_without_end() -> bytes:
    """Give four million character references in a file that then breaks off."""
    return b"<a>" + b"&#65;" * 4_000_000


def undefined_entity() -> bytes:
    """Give a reference to an entity that nobody defined."""
    return b"<a>&nobody;</a>"


ATTACKS: Final[dict[Callable[[], bytes], str]] = {
    billion_laughs: "schema.doctype_forbidden",
    external_entity: "schema.doctype_forbidden",
    default_attributes: "schema.doctype_forbidden",
    deep_nesting: "schema.too_complex",
    bottomless_nesting: "schema.too_complex",
    many_attributes: "schema.too_complex",
    millions_of_attributes: "schema.too_complex",
    many_namespaces: "schema.too_complex",
    layered_namespaces: "schema.too_complex",
    tiny_elements: "schema.too_complex",
    comment_flood: "schema.too_complex",
    long_name: "schema.too_complex",
    rather_long_name: "schema.too_complex",
    long_attribute_name: "schema.too_complex",
    long_namespace: "schema.too_complex",
    too_many_octets: "schema.too_large",
    endless_prolog: "schema.too_complex",
    endless_space: "schema.too_complex",
    processing_instruction: "schema.processing_instruction",
    trailing_instruction: "schema.processing_instruction",
    leading_instruction: "schema.processing_instruction",
    references_without_end: "schema.not_xml",
    undefined_entity: "schema.not_xml",
}


def main() -> None:
    """Print for each attack the code of its refusal, the CPU seconds it took and the megabytes it needed."""
    outcome = {}
    for attack in ATTACKS:
        file = attack()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start = time.process_time()
        try:
            parse_tree(file)
            code = "accepted"
        except SchemaError as refusal:
            code = refusal.code
        seconds = time.process_time() - start
        megabytes = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        outcome[attack.__name__] = (code, seconds, megabytes)
    print(json.dumps(outcome))  # noqa: T201 - this is how the test gets the outcome


if __name__ == "__main__":
    main()
