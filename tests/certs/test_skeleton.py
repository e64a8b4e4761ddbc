"""A skeleton and its values are all of a text, and nothing that was left in it looks like a value."""

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from certs.skeleton import filled, nth, skeleton_of

_BASE64 = st.text(alphabet="ABCxyz019+/= \n", min_size=0, max_size=40)
_CONTENT = st.one_of(
    _BASE64, st.sampled_from(["&gt;" * 16, "AAAA&#13;AAAAAAAAAAAA", " " * 40, "ê" * 20, nth(0).decode()])
)


def _element(text: str, attribute: str, children: list[str]) -> str:
    return f'<a b="{attribute}">{text}{"".join(children)}</a>'


_XML = st.recursive(
    st.builds(_element, _CONTENT, _BASE64, st.just([])),
    lambda inner: st.builds(
        _element, _CONTENT, st.sampled_from(["", ">", f">{'A' * 20}"]), st.lists(inner, max_size=3)
    ),
    max_leaves=6,
)


@given(_XML)
def test_nothing_is_lost(xml: str) -> None:
    """The values put back at the marks give the very text, so two texts with one skeleton differ in values only."""
    octets, values = skeleton_of(xml.encode())
    marks = octets.split(b">\0<")
    assert len(marks) == len(values) + 1
    between = [b">" + value + b"<" for value in values]
    assert (
        b"".join(part for pair in zip(marks, [*between, b""], strict=True) for part in pair) == xml.encode()
    )


@given(_XML)
def test_values_are_texts_that_are_not_blank(xml: str) -> None:
    """Each value is the text between two tags, of Base64 and white space, and not only white space."""
    texts = [text.strip() for text in etree.fromstring(xml).itertext()]
    for value in skeleton_of(xml.encode())[1]:
        assert value.strip()
        assert value.decode().strip() in texts


@given(_XML)
def test_what_is_filled_in_is_told_from_what_was_there(xml: str) -> None:
    """A filled skeleton has that skeleton again, and its values are the numbers of the marks: no text that stayed is like one."""
    octets, values = skeleton_of(xml.encode())
    text, count = filled(octets)
    assert skeleton_of(text) == (octets, [nth(number) for number in range(count)])
    assert count == len(values)
    numbers = {nth(number).decode() for number in range(count)}
    assert sum(each in numbers for each in etree.fromstring(text).itertext()) == count


def test_white_space_is_no_value() -> None:
    """Blank text is part of the form: text must not stand where only white space may."""
    assert skeleton_of(b"<a>" + b" " * 40 + b"<b/></a>")[1] == []
    text = b"\n" + b" " * 40 + b"A" * 16
    assert skeleton_of(b"<a>" + text + b"<b/></a>")[1] == [text]
