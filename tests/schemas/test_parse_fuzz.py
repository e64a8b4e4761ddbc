"""Damaged files: whatever comes in, a message or findings come out."""

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from schemas.errors import FileError, SchemaError, SchemaErrors
from schemas.names import NAMESPACE, PREFIX, qualified
from schemas.xml_parser import parse_tree
from tests.schemas.checks import read
from tests.support.documents import edxml, status_edxml

PIECES = (
    b"<",
    b">",
    b"</",
    b"&",
    b"\0",
    b"\xff",
    b"<!--",
    b"-->",
    b"<?x?>",
    b"]]>",
    b"<![CDATA[",
    b"null",
    b"9999999999",
    b"\xe2\x80\x8b",
    b'xmlns=""',
    b"<edXML:From/>",
    b"<edXML:Type>",
    b"</edXML:Subject>",
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """Give a good file after a few cuts, copies and insertions."""
    file = draw(st.sampled_from((edxml(), status_edxml())))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(file)))
        end = min(len(file), start + draw(st.integers(0, 200)))
        piece = draw(st.sampled_from(PIECES) | st.just(file[start:end]) | st.binary(max_size=4))
        file = file[:start] + piece + file[draw(st.sampled_from((start, end))) :]
    return file


@settings(max_examples=300)
@given(mutated())
def test_mutated_files_are_read_or_refused(file: bytes) -> None:
    """A damaged file is a message or findings, never another failure."""
    try:
        read(file)
    except (FileError, SchemaErrors):
        return


NAMES = tuple(sorted({str(element.tag) for element in parse_tree(edxml()).iter()}))


@st.composite
def rearranged(draw: st.DrawFn) -> bytes:
    """Give a well-formed file whose elements were renamed, removed, moved, emptied or filled at random."""
    tree = parse_tree(draw(st.sampled_from((edxml(), status_edxml()))))
    for _ in range(draw(st.integers(1, 6))):
        elements = list(tree.getroot().iter("*"))[1:]
        if not elements:
            break
        element = draw(st.sampled_from(elements))
        match draw(st.integers(0, 4)):
            case 0:
                element.tag = draw(st.sampled_from((*NAMES, qualified("StatusCode"), "From", "{urn:x}To")))
            case 1:
                element.clear()
            case 2:
                element.text = draw(st.text("0123456789/:=+ abcQ\u200b\n", max_size=20))
            case 3:
                element.append(etree.Comment("c"))
            case _:
                target = draw(st.sampled_from(elements))
                if element not in (target, *target.iterancestors()):
                    target.append(element)
    return etree.tostring(tree, encoding="UTF-8", xml_declaration=True)


@settings(max_examples=300)
@given(rearranged())
def test_rearranged_files_are_read_or_refused(file: bytes) -> None:
    """A well-formed file with anything anywhere is a message or located findings."""
    try:
        found = read(file).warnings
    except SchemaErrors as refused:
        found = refused.errors + refused.warnings
    _check_findings(file, found)


def _check_findings(file: bytes, findings: tuple[SchemaError, ...]) -> None:
    """Every finding has its texts and leads to one element."""
    tree = parse_tree(file)
    for finding in findings:
        assert str(finding)
        assert finding.vi.format(**finding.facts)
        assert finding.fix_vi.format(**finding.facts)
        assert finding.fix_en.format(**finding.facts)
        assert finding.xpath is not None
        found = tree.xpath(finding.xpath, namespaces={PREFIX: NAMESPACE})
        assert isinstance(found, list)
        assert len(found) == 1
