"""Canonical octets against fixed examples, the cap, and the faults of libxml2 that are worked around."""

from threading import Thread
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from certs.algorithms import EXCLUSIVE, INCLUSIVE, INCLUSIVE_11, Canonicalization
from certs.c14n import (
    FLOOR_OCTETS,
    GROWTH,
    as_root,
    canonicalize,
    inherits_xml_attributes,
    parse_own,
    size_limit,
    spliced,
)
from certs.errors import CanonicalizationFailedError
from certs.xmldsig import read_canonically
from tests.support.signing import read, swollen

DS = "http://www.w3.org/2000/09/xmldsig#"


@pytest.mark.parametrize(
    ("method", "prefixes", "expected"),
    [
        (INCLUSIVE, (), b'<a xmlns="urn:a" xmlns:b="urn:b"><c e="2" b:d="1"></c> x</a>'),
        (INCLUSIVE_11, (), b'<a xmlns="urn:a" xmlns:b="urn:b"><c e="2" b:d="1"></c> x</a>'),
        (EXCLUSIVE, (), b'<a xmlns="urn:a"><c xmlns:b="urn:b" e="2" b:d="1"></c> x</a>'),
        (EXCLUSIVE, ("b",), b'<a xmlns="urn:a" xmlns:b="urn:b"><c e="2" b:d="1"></c> x</a>'),
    ],
)
def test_canonical_form(method: Canonicalization, prefixes: tuple[str, ...], expected: bytes) -> None:
    """Attributes are sorted, comments and the declaration dropped, namespaces where the method wants them."""
    tree = read(
        b"<?xml version='1.0'?><!--x--><a xmlns:b='urn:b'  xmlns='urn:a'><c b:d='1' e='2'/><!--y--> x</a>"
    )
    assert canonicalize(tree, method, prefixes, limit=1000) == expected


SIGNED_INFO = (
    f'<r xmlns="urn:r" xmlns:q="urn:q"><Signature xmlns="{DS}"><SignedInfo><Reference URI=""><Transforms/>'
    "</Reference></SignedInfo></Signature></r>"
)


def test_inclusive_form_of_an_element_in_a_default_namespace() -> None:
    """A SignedInfo in a default namespace gets no `xmlns=""` inside, which lxml by itself would put there."""
    signed_info = read(SIGNED_INFO.encode()).getroot()[0][0]
    octets = canonicalize(as_root(signed_info), INCLUSIVE, (), limit=1000)
    assert (
        octets
        == (
            f'<SignedInfo xmlns="{DS}" xmlns:q="urn:q"><Reference URI=""><Transforms></Transforms></Reference>'
            "</SignedInfo>"
        ).encode()
    )
    assert b'xmlns=""' in etree.tostring(signed_info, method="c14n")


def test_default_namespace_in_a_prefix_list() -> None:
    """`#default` counts in any thread; lxml forgets it unless it has met the word before, which no other test may decide."""
    octets = b'<b:a xmlns:b="urn:b" xmlns="urn:a"><b:c/></b:a>'
    found: list[bytes] = []

    def canonical() -> None:
        tree = read(octets)
        found.extend(
            canonicalize(tree, EXCLUSIVE, prefixes, limit=1000) for prefixes in ((), ("#default",), ("b",))
        )

    thread = Thread(target=canonical)
    thread.start()
    thread.join()
    without = b'<b:a xmlns:b="urn:b"><b:c></b:c></b:a>'
    assert found == [without, without.replace(b"<b:a", b'<b:a xmlns="urn:a"', 1), without]


def test_element_as_root_keeps_its_namespaces_and_loses_its_surroundings() -> None:
    """The nearest declaration of each prefix is in scope; the text after the element is not."""
    tree = read(
        b'<a xmlns="urn:1" xmlns:p="urn:1"><b xmlns="urn:2" xmlns:p="urn:2"><p:c><d/></p:c>tail</b></a>'
    )
    copy = as_root(tree.getroot()[0][0])
    assert (
        canonicalize(copy, INCLUSIVE, (), limit=1000) == b'<p:c xmlns="urn:2" xmlns:p="urn:2"><d></d></p:c>'
    )


@pytest.mark.parametrize("namespace", ["relative", "../x", "#x"])
@pytest.mark.parametrize("method", [INCLUSIVE, EXCLUSIVE])
def test_relative_namespaces_have_no_canonical_form(namespace: str, method: Canonicalization) -> None:
    """A failed canonicalisation raises; it never returns what came out before it failed."""
    tree = read(f'<a>text<b xmlns:r="{namespace}" r:x=""/></a>'.encode())
    with pytest.raises(CanonicalizationFailedError):
        canonicalize(tree, method, (), limit=1000)


def test_limit() -> None:
    """One octet more than the limit is too much."""
    tree = read(b"<a>text</a>")
    assert canonicalize(tree, EXCLUSIVE, (), limit=11) == b"<a>text</a>"
    with pytest.raises(CanonicalizationFailedError, match="10 octets"):
        canonicalize(tree, EXCLUSIVE, (), limit=10)


def test_size_limit() -> None:
    """The limit follows the size that is given or measured, and never goes below a floor."""
    small, large = read(b"<a/>"), read(b"<a>" + b"x" * FLOOR_OCTETS + b"</a>")
    assert size_limit(small, size=None) == FLOOR_OCTETS
    assert size_limit(large, size=None) == GROWTH * (FLOOR_OCTETS + 7)
    assert size_limit(large, size=10 * FLOOR_OCTETS) == GROWTH * 10 * FLOOR_OCTETS


def test_measured_limit_stops_amplification() -> None:
    """A document that swells is stopped at a multiple of its own size even if nobody said how large it was."""
    tree = read(swollen())
    with pytest.raises(CanonicalizationFailedError):
        canonicalize(tree, EXCLUSIVE, (), limit=size_limit(tree, size=None))


@pytest.mark.parametrize(
    ("xml", "inherits"),
    [
        ('<a xml:lang="vi"><b/></a>', True),
        ('<r xml:space="preserve"><a><b/></a></r>', True),
        ('<a lang="vi"><b xml:lang="vi"/></a>', False),
    ],
)
def test_inherited_xml_attributes(xml: str, *, inherits: bool) -> None:
    """Only attributes above the element count, and only those in the XML namespace."""
    element = next(read(xml.encode()).iter("b"))
    assert inherits_xml_attributes(element) is inherits


TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"]) | st.sampled_from("\t\n\r<>&\"'")
)


@given(TEXTS, TEXTS)
def test_canonical_octets_parse_to_the_same_canonical_octets(text: str, attribute: str) -> None:
    """Parsing canonical octets and canonicalising again changes nothing."""
    root = etree.Element("{urn:a}a", {"b": attribute})
    root.text = text
    for method in (INCLUSIVE, EXCLUSIVE):
        octets = canonicalize(etree.ElementTree(root), method, (), limit=10_000)
        again = parse_own(octets)
        assert canonicalize(again, method, (), limit=10_000) == octets
        assert again.getroot().text == (text or None)
        assert again.getroot().get("b") == attribute


MARKED = b"<a>@1@ and @2@</a>"
PUT_IN = {"@1@": lambda: [b"one", b"more"], "@2@": lambda: [b"two"]}


def test_marks() -> None:
    """What the marks stand for takes their places, in any number of pieces."""
    assert b"".join(spliced(MARKED, PUT_IN)) == b"<a>onemore and two</a>"
    assert b"".join(spliced(MARKED, {})) == MARKED


@pytest.mark.parametrize(
    "octets",
    [b"<a>@1@</a>", b"<a>@2@</a>", b"<a>@2@ and @1@</a>", b"<a>@1@ and @2@ and @1@</a>", b"<a>@1@@1@@2@</a>"],
)
def test_marks_out_of_place(octets: bytes) -> None:
    """A mark that is not there, not in its place or there twice is a failure: something else would be hashed."""
    with pytest.raises(CanonicalizationFailedError, match="out of place"):
        list(spliced(octets, PUT_IN))


class _Void:
    """A tree whose canonicalisation ends well and writes nothing, as libxml2's has done on some faults."""

    def write(self, _sink: object, **_options: object) -> None:
        """Write nothing."""


def test_nothing_is_not_a_canonical_form() -> None:
    """No octets at all is a failure even if nobody reported one."""
    with pytest.raises(CanonicalizationFailedError):
        canonicalize(cast("etree._ElementTree", _Void()), EXCLUSIVE, (), limit=1000)


@pytest.mark.parametrize(
    "around",
    [
        "{}",
        '<a xmlns="urn:a">{}</a>',
        '<x:a xmlns:x="urn:a" xmlns="urn:b" xml:lang="vi" x:b="1">{}</x:a>',
        '<a xmlns:ds="urn:other"><b xmlns="http://www.w3.org/2000/09/xmldsig#">{}</b></a>',
        '<ds:a xmlns:ds="http://www.w3.org/2000/09/xmldsig#" xmlns:exc="urn:exc">{}</ds:a>',
    ],
    ids=range(5),
)
@pytest.mark.parametrize(
    "inside",
    [
        '<ds:S xmlns:ds="http://www.w3.org/2000/09/xmldsig#">{}</ds:S>',
        '<S xmlns="http://www.w3.org/2000/09/xmldsig#" xmlns:unused="urn:u">{}</S>',
        '<ds:S xmlns:ds="http://www.w3.org/2000/09/xmldsig#" xmlns="urn:c"><!-- c -->{}</ds:S>',
    ],
    ids=range(3),
)
def test_signed_info_has_one_exclusive_form(around: str, inside: str) -> None:
    """Taken where it stands, it has the octets that it has as a document of its own, and these are what is read."""
    prefix = "ds:" if "<ds:" in inside else ""
    info = (
        f'<{prefix}SignedInfo><{prefix}CanonicalizationMethod Algorithm="{EXCLUSIVE.uri}"/>\n <{prefix}A b="1" a="&#10;"/>'
        f"</{prefix}SignedInfo>tail"
    )
    tree = read(around.format(inside.format(info)).encode())
    signed_info = next(tree.iter("{*}SignedInfo"))
    copy, octets = read_canonically(signed_info)
    expected = canonicalize(as_root(signed_info), EXCLUSIVE, (), limit=FLOOR_OCTETS)

    assert octets == expected
    assert etree.tostring(copy, method="c14n", exclusive=True) == expected
    other = as_root(signed_info)
    other.getroot()[0].set("Algorithm", INCLUSIVE.uri)
    assert read_canonically(other.getroot())[1] is None
