"""Where in a file a finding is: an XPath that people can read and tools can evaluate, and a line.

The XPath uses the prefix edXML for the namespace of edXML, whatever prefix the file itself uses.
"""

from typing import Final

from lxml import etree

from schemas.names import NAMESPACE, PREFIX, split

_FULL_COUNTER: Final = 65_535


def xpath_of(element: etree._Element) -> str:
    """Return the absolute XPath of an element, with positions where a name is repeated."""
    steps = [_step(element), *(_step(ancestor) for ancestor in element.iterancestors())]
    return "/" + "/".join(reversed(steps))


def line_of(element: etree._Element) -> int | None:
    """Return the line where the element starts, or None where libxml2's counter is full."""
    line = element.sourceline
    return None if line == _FULL_COUNTER else line


def _step(element: etree._Element) -> str:
    """Return one step of the path."""
    namespace, local = split(str(element.tag))
    if namespace == NAMESPACE:
        name, alike = f"{PREFIX}:{local}", str(element.tag)
    elif namespace:
        name, alike = f"*[local-name()='{local}']", f"{{*}}{local}"
    else:
        name, alike = local, local
    before = sum(1 for _ in element.itersiblings(alike, preceding=True))
    alone = not before and next(element.itersiblings(alike), None) is None
    return name if alone else f"{name}[{before + 1}]"
