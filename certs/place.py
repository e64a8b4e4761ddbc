"""Where the signature must be, and that there is only one such place.

Whoever wraps a signed document or its header into another (signature wrapping) needs the original and the false one side by
side. Invariant: after these checks the document has one envelope, one header and one MessageHeader, whatever else it holds, so
that no two readers can mean different ones.
"""

from collections.abc import Iterable

from lxml import etree

from certs.errors import SignatureMisplacedError, SignatureShapeError
from certs.rules import ShapeRule


def check_place(signature: etree._Element, path: tuple[str, ...] | None) -> None:
    """Refuse a signature elsewhere than at `path` or, if that is None, one that is the document element.

    Raises: SignatureMisplacedError.
    """
    place = tuple([signature.tag, *[element.tag for element in signature.iterancestors()]][::-1])
    is_right = len(place) > 1 if path is None else place == path
    if not is_right:
        expected = "/*//Signature" if path is None else _readable(path)
        raise SignatureMisplacedError(line=signature.sourceline, found=_readable(place), expected=expected)


def check_once(tree: etree._ElementTree, names: Iterable[str]) -> None:
    """Refuse a document in which one of these elements, given by expanded names, stands twice.

    Raises: SignatureShapeError.
    """
    found = set()
    for element in tree.iter(*names):
        name = element.tag
        if name in found:
            raise SignatureShapeError(ShapeRule.REPEATED, line=element.sourceline, found=_local(name))
        found.add(name)


def _readable(path: Iterable[object]) -> str:
    return "".join("/" + _local(name) for name in path)


def _local(name: object) -> str:
    return str(name).rpartition("}")[2]
