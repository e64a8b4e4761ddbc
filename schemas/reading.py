"""Reading one element at a time, gathering every finding instead of stopping at the first.

A `Part` groups the children of an element by name, so that their order and prefixes are of no account.
Readers that need a value which is missing report it and return a placeholder; placeholders never leave the
package, because a message with a refusing finding is not returned (see `schemas.parse`).
"""

from functools import cache
from typing import Final

from lxml import etree

from schemas.codes import AgencyCode
from schemas.errors import (
    BadAgencyCode,
    BadValue,
    EmptyElement,
    MissingElement,
    RepeatedElement,
    SchemaError,
    TooLong,
    UnknownElement,
    UnusualAgencyCode,
    WrongNamespace,
)
from schemas.location import line_of, xpath_of
from schemas.names import KNOWN_WRONG, UNKNOWN_NAMESPACE, XML_SPACE, qualified, split

# A hostile file could have a fault in each of its elements; nobody reads more than these.
MAX_FINDINGS: Final = 100
# Nothing in a header is longer than this by any reading of the standard.
MAX_TEXT: Final = 10_000

PLAIN_TEXT: Final = {
    "expected_vi": "chữ liền, không có phần tử con hay chú thích",
    "expected_en": "plain text without elements or comments in it",
}


class Findings:
    """What was found so far, refusing and not."""

    __slots__ = ("errors", "warnings")

    def __init__(self) -> None:
        self.errors: list[SchemaError] = []
        self.warnings: list[SchemaError] = []

    def add(self, kind: type[SchemaError], element: etree._Element, **facts: object) -> None:
        """Note a finding at an element."""
        self.place(kind(xpath=None, line=None, **facts), element)

    def place(self, finding: SchemaError, element: etree._Element) -> None:
        """Note where a finding belongs and keep it, unless there are MAX_FINDINGS of its level already."""
        found = self.warnings if finding.level == "warning" else self.errors
        if len(found) < MAX_FINDINGS:
            finding.xpath, finding.line = xpath_of(element), line_of(element)
            found.append(finding)


@cache
def _by_tag(names: tuple[str, ...]) -> dict[str, str]:
    """Return the names under their expanded form, which is what a tree gives quickest."""
    return {qualified(name): name for name in names}


class Part:
    """An element whose children are looked up by name, each name being one that the standard knows there."""

    __slots__ = ("children", "element", "findings")

    def __init__(
        self,
        element: etree._Element,
        known: tuple[str, ...],
        findings: Findings,
        *,
        foreign: frozenset[str] = frozenset(),
    ) -> None:
        """Group the children; names in `foreign` may stand in any namespace and are passed over."""
        self.element = element
        self.findings = findings
        self.children: dict[str, list[etree._Element]] = {}
        names = _by_tag(known)
        for child in element.iterchildren("*"):
            name = names.get(str(child.tag))
            if name is None:
                self._pass_over(child, known, foreign)
            elif name in self.children:
                self.children[name].append(child)
            else:
                self.children[name] = [child]

    def _pass_over(self, child: etree._Element, known: tuple[str, ...], foreign: frozenset[str]) -> None:
        """Report an element that does not belong here, unless it is expected and read by others."""
        namespace, name = split(str(child.tag))
        if name in foreign:
            return
        if name not in known:
            self.findings.add(UnknownElement, child, name=name)
            return
        about_vi, about_en = KNOWN_WRONG.get(namespace, UNKNOWN_NAMESPACE)
        facts = {"name": name, "found": namespace, "about_vi": about_vi, "about_en": about_en}
        self.findings.add(WrongNamespace, child, **facts)

    def each(self, name: str) -> list[etree._Element]:
        """Return all children of a name."""
        return self.children.get(name, [])

    def maybe(self, name: str) -> etree._Element | None:
        """Return the only child of a name, or None; several are a fault."""
        found = self.children.get(name)
        if found is None:
            return None
        if len(found) > 1:
            self.findings.add(RepeatedElement, found[1], name=name, count=len(found))
        return found[0]

    def one(self, name: str) -> etree._Element | None:
        """Return the only child of a name; its absence is a fault."""
        child = self.maybe(name)
        if child is None:
            self.findings.add(MissingElement, self.element, name=name)
        return child

    def required(self, name: str, *, longest: int = MAX_TEXT, most: int = MAX_TEXT) -> str:
        """Return the text of a required child, or "" with a finding; lengths as in `leaf_text`."""
        child = self.one(name)
        if child is None:
            return ""
        text = leaf_text(child, self.findings, longest=longest, most=most)
        if text == "":
            self.findings.add(EmptyElement, child, name=name)
        return text or ""

    def text(self, name: str, *, longest: int = MAX_TEXT) -> str | None:
        """Return the text of an optional child; absent and empty are the same."""
        child = self.maybe(name)
        return None if child is None else leaf_text(child, self.findings, longest=longest) or None

    def texts(self, name: str, *, longest: int = MAX_TEXT) -> tuple[str, ...]:
        """Return the texts of all children of a name that have one."""
        found = (leaf_text(child, self.findings, longest=longest) for child in self.each(name))
        return tuple(text for text in found if text)

    def agency(self, name: str = "OrganId") -> str:
        """Return the code in a required child, or "" with a finding (QĐ 20/2020 Điều 4-6)."""
        text = self.required(name)
        return self._code(text, self.children[name][0]) if text else ""

    def agencies(self, name: str = "OrganId") -> tuple[str, ...]:
        """Return the codes in all children of a name, each of which has to hold one."""
        found = []
        for child in self.each(name):
            text = leaf_text(child, self.findings)
            if text == "":
                self.findings.add(EmptyElement, child, name=name)
            found.append(self._code(text, child) if text else "")
        return tuple(found)

    def _code(self, text: str, element: etree._Element) -> str:
        """Return a text if it is an agency code, or "" with a finding."""
        try:
            code = AgencyCode.parse(text)
        except BadAgencyCode as fault:
            self.findings.place(fault, element)
            return ""
        if code.is_unusual:
            self.findings.add(UnusualAgencyCode, element, value=code.value)
        return code.value


def leaf_text(
    element: etree._Element, findings: Findings, *, longest: int = MAX_TEXT, most: int = MAX_TEXT
) -> str | None:
    """Return the text of an element without the white space around it, or None with a finding.

    Beyond `longest` characters there is a warning, beyond `most` a refusal. A comment or element inside a
    value is refused: what the text is would depend on who reads it.
    """
    text = (element.text or "").strip(XML_SPACE)
    if len(text) <= longest and len(text) <= most and not len(element):
        return text
    name = split(str(element.tag))[1]
    if len(element):
        findings.add(BadValue, element, name=name, value=text, **PLAIN_TEXT)
        return None
    if len(text) > most:
        expected = {"expected_vi": f"tối đa {most} ký tự", "expected_en": f"at most {most} characters"}
        findings.add(BadValue, element, name=name, value=text, **expected)
        return None
    findings.add(TooLong, element, name=name, length=len(text), longest=longest)
    return text
