"""What tests of reading have in common: parse a file and look at the findings."""

from collections.abc import Callable

import pytest
from lxml import etree

from schemas.errors import SchemaError, SchemaErrors
from schemas.names import PREFIX, qualified
from schemas.parse import Parsed, parse
from schemas.xml_parser import parse_tree
from tests.support.documents import AT, edit, find

Change = Callable[[etree._Element], None]


def read(file: bytes) -> Parsed:
    """Parse a file as of the evening before the change."""
    return parse(parse_tree(file), at=AT)


def refusals(file: bytes) -> tuple[SchemaError, ...]:
    """Give the findings that refuse a file."""
    with pytest.raises(SchemaErrors) as caught:
        read(file)
    return caught.value.errors


def refusal(file: bytes) -> SchemaError:
    """Give the only finding that refuses a file."""
    errors = refusals(file)
    assert len(errors) == 1, [(error.code, error.xpath, error.facts) for error in errors]
    return errors[0]


def warning(file: bytes) -> SchemaError:
    """Give the only warning about a file that is taken."""
    warnings = read(file).warnings
    assert len(warnings) == 1, [(finding.code, finding.xpath, finding.facts) for finding in warnings]
    return warnings[0]


def with_text(file: bytes, path: str, text: str | None) -> bytes:
    """Give a file with another text in the first element found by a path of local names."""

    def change(root: etree._Element) -> None:
        find(root, path).text = text

    return edit(file, change)


def without(file: bytes, path: str) -> bytes:
    """Give a file without the first element found by a path of local names."""

    def change(root: etree._Element) -> None:
        element = find(root, path)
        parent = element.getparent()
        assert parent is not None
        parent.remove(element)

    return edit(file, change)


def with_child(file: bytes, path: str, name: str, text: str | None = None) -> bytes:
    """Give a file with one more child, in the namespace of edXML, under an element."""

    def change(root: etree._Element) -> None:
        etree.SubElement(find(root, path), qualified(name)).text = text

    return edit(file, change)


def xpath(path: str) -> str:
    """Give the XPath of an element below the MessageHeader by its path of local names."""
    header = "edXML/edXMLEnvelope/edXMLHeader/MessageHeader"
    return "".join(f"/{PREFIX}:{name}" for name in f"{header}/{path}".rstrip("/").split("/"))
