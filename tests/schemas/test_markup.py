"""What octets say of their markup: never less than what the tree holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import TooComplex
from schemas.markup import LIMITS, Limits, Markup
from schemas.prolog import PROLOG_BYTES
from schemas.xml_parser import _check_tree, parse_tree
from tests.support.documents import edxml

# An expanded xml:* name has 36 characters of namespace that stand nowhere in the file.
SMALL = Limits(max_depth=4, max_attributes=3, max_name=40)

_NAMES = st.sampled_from(["a", "p:a", "n" * 39, "n" * 40, "n" * 41, "ê" * 20, "ê" * 41])
_VALUES = st.sampled_from(["", ">", "&gt;", "=", "v" * 50, "&#65;" * 10])
_ATTRIBUTES = st.lists(
    st.one_of(
        st.tuples(_NAMES, _VALUES),
        st.tuples(
            st.sampled_from(["xmlns", "xmlns:p", "xmlns:q"]), st.sampled_from(["u", "u" * 40, "u" * 41])
        ),
    ),
    max_size=4,
    unique_by=lambda attribute: attribute[0],
)
_TEXTS = st.sampled_from(["", "t" * 60, ">", "=", "<![CDATA[<a>]]>", "<!-- <b> -->", "<?x y?>"])


def _written(name: str, attributes: list[tuple[str, str]], content: list[str]) -> str:
    inside = "".join(f" {key}='{value}'" for key, value in attributes)
    return f"<{name}{inside}>{''.join(content)}</{name}>"


_DOCUMENTS = st.recursive(
    _TEXTS,
    lambda inner: st.builds(_written, _NAMES, _ATTRIBUTES, st.lists(inner, max_size=3)),
    max_leaves=8,
).map(lambda inner: f"<r xmlns:p='u'>{inner}</r>".encode())


def _outcome(file: bytes, limits: Limits) -> str:
    try:
        parse_tree(file, limits=limits)
    except TooComplex as error:
        return str(error.facts["limit"])
    except Exception as error:  # noqa: BLE001  # whatever it is, it must be the same
        return type(error).__name__
    return "taken"


@given(_DOCUMENTS)
def test_what_the_octets_say_the_tree_says_too(file: bytes) -> None:
    """A file is taken or refused for the same reason whether the tree is walked or not."""
    roomy = _outcome(file, Limits(max_depth=4))
    if roomy != "taken":
        return
    expected = "taken"
    try:
        _check_tree(parse_tree(file), SMALL)
    except TooComplex as error:
        expected = str(error.facts["limit"])
    assert _outcome(file, SMALL) == expected


def _is_slight(*chunks: bytes, limits: Limits = LIMITS) -> bool:
    markup = Markup(limits)
    for chunk in chunks:
        markup.count(chunk)
    return markup.is_slight


def test_a_usual_document_is_slight() -> None:
    """The walk is spared where it matters, and a long text makes no difference."""
    assert _is_slight(edxml())
    assert _is_slight(b"<a>" + b"AAAA" * 4_000 + b"</a>")


@pytest.mark.parametrize(
    "chunks",
    [
        (),
        (b"<" + b"a" * 513 + b"/>",),
        (b"<a>" + b"t" * 600 + b"<b " + b"c" * 513 + b"=''/></a>",),
        (b"<a b='>' " + b"c" * 513 + b"=''/>",),
        (b"<a>" + b"<b c=''/>" * 65 + b"</a>",),
        (b"<a", b"a" * 513 + b"/>"),
        (b"<a>" + b"t" * PROLOG_BYTES + b"</a>",),
    ],
)
def test_what_may_be_too_much_is_looked_at(chunks: tuple[bytes, ...]) -> None:
    """Long tags, many attributes, and a file in several pieces or a large one are not slight."""
    assert not _is_slight(*chunks)


def test_the_longest_tag_is_exact() -> None:
    """A tag as long as a name may be is short, one octet more is not."""
    assert _is_slight(b"<aaaa>" + b"t" * 10 + b"</a>", limits=Limits(max_name=4))
    assert not _is_slight(b"<aaaaa>" + b"t" * 10 + b"</a>", limits=Limits(max_name=4))
