"""Signatures of the plain form, which nearly all have: one Reference, to the document, and SignedInfo in exclusive canonical XML.

All that `certs.shape`, `certs.signed_info` and `certs.methods` ask of such a signature follows from its skeleton, so it is asked
once for each skeleton, and remembered. Signatures with XAdES, in other forms or with faults are read step by step
(`certs.verify`), and so is one that cannot be read here: nothing is refused in this module. Invariants:

- what is remembered follows from the octets of the skeleton alone, all of which are compared; a large one is not remembered,
  because anybody may send it;
- the octets that the signature is verified over are made of the very form and digest that are relied upon: whatever the tree
  holds, nothing is read that the signer did not sign.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from lxml import etree

from certs.c14n import parse_own
from certs.errors import TrustError
from certs.methods import Methods, resolve_methods
from certs.shape import check_content
from certs.signed_info import (
    MAX_CERTIFICATES,
    certificate_elements,
    read_signed_info,
    strictly_decoded,
)
from certs.skeleton import filled, nth, skeleton_of
from certs.xades import find_properties
from certs.xmldsig import read_canonically

MOST: Final = 512
"""Skeletons that are remembered."""
LARGEST: Final = 1 << 12
"""Octets of one."""

_DIGEST, _VALUE = 0, 1
"""The numbers of DigestValue and SignatureValue: there is no other value in SignedInfo."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What a skeleton says; `before` and `after` are the canonical SignedInfo around the digest."""

    uri: str | None
    methods: Methods
    before: bytes
    after: bytes
    certificates: tuple[int, ...]
    """Which of the values are certificates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainSignature:
    """What a signature says; `octets` are those that `value` is over."""

    uri: str | None
    methods: Methods
    digest: bytes
    octets: bytes
    value: bytes
    certificates: tuple[bytes, ...]


def read_plain(signature: etree._Element) -> PlainSignature | None:
    """Read a signature of the plain form; None if it has another or any fault."""
    skeleton, values = skeleton_of(etree.tostring(signature, encoding="UTF-8", with_tail=False))
    form = form_of(skeleton) if len(skeleton) <= LARGEST else None
    if form is None:
        return None
    try:
        return PlainSignature(
            uri=form.uri,
            methods=form.methods,
            digest=strictly_decoded(values[_DIGEST]),
            octets=form.before + values[_DIGEST] + form.after,
            value=strictly_decoded(values[_VALUE]),
            certificates=tuple(sorted({strictly_decoded(values[place]) for place in form.certificates})),
        )
    except ValueError:
        return None


@lru_cache(maxsize=MOST)
def form_of(skeleton: bytes) -> Form | None:
    """Return what follows from a skeleton; None if it is not that of a plain signature without faults."""
    xml, count = filled(skeleton)
    try:
        return _form(parse_own(xml).getroot(), {nth(number).decode(): number for number in range(count)})
    except TrustError:
        return None


def _form(signature: etree._Element, numbers: Mapping[str, int]) -> Form | None:
    """Return what follows from a signature in which each value says its number.

    Raises: TrustError for whatever is wrong with it.
    """
    if find_properties(signature) is not None:
        return None
    check_content(signature)
    copy, canonical = read_canonically(signature[0])
    info = read_signed_info(copy.getroot(), has_properties=False)
    methods = resolve_methods(info, errors=[])
    if canonical is None or methods is None:
        return None
    digest, value, *certificates = (
        numbers.get(each.text or "")
        for each in (signature[0][2][-1], signature[1], *certificate_elements(signature))
    )
    # What is read must be all that is not in the skeleton, and the digest all of that in SignedInfo.
    if (digest, value) != (_DIGEST, _VALUE) or None in certificates or len(certificates) > MAX_CERTIFICATES:
        return None
    before, after = canonical.split(b">" + nth(_DIGEST) + b"<")
    return Form(
        uri=info.document.uri,
        methods=methods,
        before=before + b">",
        after=b"<" + after,
        certificates=tuple(each for each in certificates if each is not None),
    )
