"""The hardened parser: what it takes, what it refuses, and what an attack may cost."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from schemas.errors import (
    DoctypeForbidden,
    FileError,
    NotUtf8,
    NotXml,
    ProcessingInstruction,
    TooComplex,
    TooLarge,
    UnboundPrefix,
)
from schemas.xml_parser import LIMITS, Limits, _check_tree, parse_tree
from tests.schemas.attacks import ATTACKS
from tests.support.documents import edxml


@pytest.fixture(scope="module")
def outcome() -> dict[str, tuple[str, float, float]]:
    """Run all attacks in a process of their own."""
    command = [sys.executable, "-m", "tests.schemas.attacks"]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, check=True, timeout=60)
    result: dict[str, tuple[str, float, float]] = json.loads(done.stdout)
    return result


@pytest.mark.parametrize(
    ("attack", "code"), [(attack.__name__, code) for attack, code in ATTACKS.items()], ids=lambda value: value
)
def test_attacks_are_refused_soon_and_cheaply(
    outcome: dict[str, tuple[str, float, float]], attack: str, code: str
) -> None:
    """Every attack is refused for its own reason, within a second of CPU time and without the memory it is after."""
    refused_as, seconds, megabytes = outcome[attack]
    assert refused_as == code
    assert seconds < 1
    assert megabytes < 100


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_attacks_in_a_file_are_refused_alike(tmp_path: Path, attack: object) -> None:
    """A file on disk is refused for the same reason as its octets."""
    assert callable(attack)
    path = tmp_path / "attack.edxml"
    path.write_bytes(attack())
    with pytest.raises(FileError) as caught:
        parse_tree(path)
    assert caught.value.code == ATTACKS[attack]


def test_a_document_is_parsed_from_octets_and_from_disk(tmp_path: Path) -> None:
    """Both sources give the same tree, octet for octet."""
    file = edxml()
    path = tmp_path / "document.edxml"
    path.write_bytes(file)
    assert etree.tostring(parse_tree(path)) == etree.tostring(parse_tree(file))


def test_large_text_is_kept_whole(tmp_path: Path) -> None:
    """Text beyond libxml2's own limit and across many pieces arrives unchanged."""
    text = "tiếng Việt, có dấu; " * 600_000
    file = f"<a><b/>{'<c/>' * 1_000}<d>{text}</d></a>".encode()
    path = tmp_path / "large.xml"
    path.write_bytes(file)
    for source in (file, path):
        assert parse_tree(source).findtext("d") == text


def test_the_size_limit_is_exact(tmp_path: Path) -> None:
    """A file of exactly the limit is taken, one octet more is not."""
    path = tmp_path / "sized.xml"
    for size in (1_000, 1_001):
        path.write_bytes(b"<a>" + b"x" * (size - 7) + b"</a>")
        for source in (path, path.read_bytes()):
            if size == 1_000:
                parse_tree(source, limits=Limits(max_bytes=1_000))
                continue
            with pytest.raises(TooLarge) as caught:
                parse_tree(source, limits=Limits(max_bytes=1_000))
            assert caught.value.facts == {"size": 1_001, "limit": 1_000}


def test_a_source_without_a_size_is_still_limited() -> None:
    """What claims to be empty but is not, such as a device, is read no further than the limit."""
    with pytest.raises(TooLarge):
        parse_tree(Path("/dev/zero"), limits=Limits(max_bytes=10))


def test_each_limit_is_exact() -> None:
    """Depth, attributes, names, declarations and markup are taken up to the limit and not beyond."""
    limits = Limits(max_depth=3, max_attributes=2, max_name=4, max_markup=9)
    parse_tree(b"<a><b><c/></b></a>", limits=limits)
    parse_tree(b"<aaaa bbbb='' xmlns:c='uuuu'/>", limits=limits)
    for file, limit in (
        (b"<a><b><c><d/></c></b></a>", "depth"),
        (b"<a b='' c='' d=''/>", "attributes"),
        (b"<a xmlns:b='u' xmlns:c='u'><d xmlns:e='u'/></a>", "namespaces"),
        (b"<aaaaa/>", "name"),
        (b"<a bbbbb=''/>", "name"),
        (b"<b:a xmlns:b='uuuuu'/>", "name"),
        (b"<a>" + b"<b/>" * 8 + b"</a>", "markup"),
    ):
        with pytest.raises(TooComplex) as caught:
            parse_tree(file, limits=limits)
        assert caught.value.facts["limit"] == limit


def test_markup_is_counted_in_large_pieces_too() -> None:
    """Beyond the few that are looked for one by one, the rest is counted as exactly."""
    file = b"<a>" + b"<b/>" * 1_000 + b"x" * 100_000 + b"</a>"
    parse_tree(file, limits=Limits(max_markup=1_002))
    with pytest.raises(TooComplex):
        parse_tree(file, limits=Limits(max_markup=1_001))


@pytest.mark.parametrize(
    ("file", "line", "reason"),
    [
        (b"<a>\n<b></a>", 2, "tag mismatch"),
        (b"<a>\n", 2, "Premature end"),
        (b"<a/>\n<b/>", 2, "Extra content"),
        (b"<a>\n&nobody;</a>", 2, "Entity 'nobody' not defined"),
        (b"<a b='&nobody;'/>", 1, "Entity 'nobody' not defined"),
        (b"<a>\x01</a>", 1, "invalid Char"),
        (b"<a>&#0;</a>", 1, "invalid xmlChar"),
        (b"<a b='1' b='2'/>", 1, "redefined"),
        (b'<?xml version="2.0"?><a/>', 1, "Unsupported version"),
        (b"<a><!DOCTYPE b></a>", 1, "StartTag"),
    ],
)
def test_malformed_xml_is_located(file: bytes, line: int, reason: str) -> None:
    """The first complaint of the XML library is passed on with its line."""
    with pytest.raises(NotXml) as caught:
        parse_tree(file)
    assert caught.value.line == line
    assert reason in str(caught.value.facts["reason"])


def test_malformed_xml_far_into_a_file_is_located() -> None:
    """A fault behind several pieces has the right line."""
    with pytest.raises(NotXml) as caught:
        parse_tree(b"<a>" + b"x\n" * 500_000 + b"&nobody;</a>")
    assert caught.value.line == 500_001


@pytest.mark.parametrize(
    "file",
    [
        b"<a>\xff</a>",
        b"<a>\xc0\xaf</a>",
        b"<a>\xed\xa0\x80</a>",
        b"<a>caf\xe9</a>",
        b"<a>\0</a>",
        b"<\0a\0/\0>\0",
        b'<?xml version="1.0" encoding="windows-1258"?><a/>',
        "<a/>".encode("utf-16"),
    ],
)
def test_only_utf8_is_read(file: bytes) -> None:
    """Other encodings, declared or not, broken UTF-8 and NUL are refused."""
    with pytest.raises(NotUtf8):
        parse_tree(file)


def test_instructions_are_found_anywhere() -> None:
    """A processing instruction is refused wherever it stands, a comment or text that looks like one is not."""
    for file in (b"<a><?x y?></a>", b"<a/><?x y?>", b"<a><b>t<?x?>t</b></a>"):
        with pytest.raises(ProcessingInstruction) as caught:
            parse_tree(file)
        assert caught.value.facts["target"] == "x"
    parse_tree(b"<a><!-- <?x y?> --><![CDATA[<?x y?>]]></a>")


def test_a_doctype_that_only_the_parser_saw_is_refused() -> None:
    """Should the look at the first octets ever miss a DOCTYPE, the tree still shows it."""
    tree = etree.ElementTree(etree.fromstring(b"<!DOCTYPE a [<!ELEMENT a ANY>]><a/>"))
    with pytest.raises(DoctypeForbidden):
        _check_tree(tree, LIMITS)


def test_comments_and_space_are_kept() -> None:
    """Nothing is dropped from the tree that a signature could cover."""
    file = b"<!-- a --><a> <!-- b -->\n <b/> </a><!-- c -->"
    assert etree.tostring(parse_tree(file)) == file


def test_nothing_is_fetched(tmp_path: Path) -> None:
    """Neither inclusion nor schema hints make the parser read another file."""
    secret = tmp_path / "secret.xml"
    secret.write_text("<secret/>")
    file = (
        f'<a xmlns:xi="http://www.w3.org/2001/XInclude" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        f' xsi:noNamespaceSchemaLocation="{secret.as_uri()}"><xi:include href="{secret.as_uri()}"/></a>'
    )
    assert b"secret/" not in etree.tostring(parse_tree(file.encode()))


def test_a_missing_file_is_not_a_finding() -> None:
    """That a path cannot be read says nothing about a document."""
    with pytest.raises(FileNotFoundError):
        parse_tree(Path("/nowhere/document.edxml"))


@settings(max_examples=200)
@given(st.binary(max_size=400) | st.text("<>&!?-[]ax=\"'/ ;#\n\ufeff\0", max_size=60).map(str.encode))
def test_any_octets_are_a_tree_or_refused(file: bytes) -> None:
    """No octets make the parser fail in another way than by a finding."""
    try:
        tree = parse_tree(file)
    except FileError:
        return
    assert not tree.xpath("//processing-instruction()")
    assert tree.docinfo.internalDTD is None


@pytest.mark.parametrize(
    ("file", "prefix", "declared"),
    [
        (b"<a>\n<b xlink:href='x'/></a>", "xlink", 'xmlns:xlink="http://www.w3.org/1999/xlink"'),
        (b"<a>\n<edXML:b/></a>", "edXML", 'xmlns:edXML="http://www.mic.gov.vn/TBT/QCVN_102_2016"'),
        (b"<a>\n<b my:c=''><d></b></a>", "my", 'xmlns:my="\u2026"'),
    ],
)
def test_unbound_prefixes(file: bytes, prefix: str, declared: str) -> None:
    """A prefix without a declaration is named, together with the declaration that is missing."""
    with pytest.raises(UnboundPrefix) as caught:
        parse_tree(file)
    assert caught.value.facts == {"prefix": prefix, "declaration": declared}
    assert caught.value.line == 2
