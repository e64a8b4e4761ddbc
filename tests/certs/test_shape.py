"""Which rule of its form a signature breaks is told."""

from collections.abc import Callable

import pytest

from certs.rules import ShapeRule
from tests.support.signing import Recipe, forge, judge, refused
from tests.support.xades import Properties


def _object_first(text: str) -> str:
    """Put the Object before KeyInfo."""
    start, end = text.index("<ds:Object>"), text.index("</ds:Object>") + len("</ds:Object>")
    return (text[:start] + text[end:]).replace("<ds:KeyInfo>", text[start:end] + "<ds:KeyInfo>")


MISPLACED: dict[str, tuple[Callable[[], bytes], ShapeRule]] = {
    "Object with good properties before KeyInfo": (
        lambda: Properties(after=_object_first).signed(),
        ShapeRule.OBJECT,
    ),
    "Object in KeyInfo": (
        lambda: forge(
            Recipe(after_signing=lambda text: text.replace("</ds:KeyInfo>", "<ds:Object/></ds:KeyInfo>"))
        ),
        ShapeRule.CONTENT,
    ),
    "another element in SignedInfo": (
        lambda: forge(
            Recipe(
                before_signing=lambda text: text.replace("</ds:SignedInfo>", "<ds:KeyName/></ds:SignedInfo>")
            )
        ),
        ShapeRule.CONTENT,
    ),
    "References in another element": (
        lambda: forge(
            Recipe(after_signing=lambda text: text.replace("</ds:KeyInfo>", "<ds:Reference/></ds:KeyInfo>"))
        ),
        ShapeRule.CONTENT,
    ),
}


@pytest.mark.parametrize("name", MISPLACED)
def test_element_at_another_place(name: str) -> None:
    """What is wrong is told by what is misplaced and where."""
    make, rule = MISPLACED[name]

    refused(judge(make()), "signature_shape", rule)
