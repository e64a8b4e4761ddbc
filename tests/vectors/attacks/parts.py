"""Signatures that are over their own KeyInfo too, and those that signxml writes as XML-DSig and as XAdES."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from lxml import etree
from signxml.algorithms import (
    CanonicalizationMethod,
    DigestAlgorithm,
    SignatureConstructionMethod,
    SignatureMethod,
)
from signxml.signer import XMLSigner
from signxml.xades.xades import XAdESSigner

from certs.issue import KeyType
from tests.support import pki
from tests.support.signing import (
    DS,
    ENVELOPED,
    EXCLUSIVE,
    INCLUSIVE,
    MARK,
    SHA256,
    TEMPLATE,
    Recipe,
    forge,
    read,
    x509_certificates,
)
from tests.vectors.attacks.vector import (
    ALGORITHM,
    PASSED,
    PROPERTIES_CHANGED,
    SHAPE,
    TRANSFORM,
    Answer,
    Vector,
    later,
)

_CANONICAL: Final = f'<ds:Transform Algorithm="{EXCLUSIVE}"></ds:Transform>'
_PLACEHOLDER: Final = f'<ds:Signature xmlns:ds="{DS}" Id="placeholder"/>'


def with_key_info(
    *,
    identifier: str = ' Id="key"',
    attributes: str = ' URI="#key"',
    transforms: str = _CANONICAL,
    method: str = SHA256,
    canonical: str = EXCLUSIVE,
    count: int = 1,
    template: str = TEMPLATE,
    after: Callable[[str], str] = lambda text: text,
) -> bytes:
    """Sign a document and the signature's KeyInfo; the defaults are good."""
    data = f"<ds:X509Data>{x509_certificates([pki.signer()[0]])}</ds:X509Data>"
    written = f"<ds:Transforms>{transforms}</ds:Transforms>" if transforms else ""

    def complete(text: str) -> str:
        info = next(read(template.replace(MARK, text).encode()).iter(f"{{{DS}}}KeyInfo"))
        alone = etree.fromstring(etree.tostring(info, with_tail=False))
        octets = etree.tostring(alone, method="c14n", exclusive=canonical == EXCLUSIVE)
        digest = base64.b64encode(hashlib.sha256(octets).digest()).decode()
        reference = (
            f'<ds:Reference{attributes}>{written}<ds:DigestMethod Algorithm="{method}"/>'
            f"<ds:DigestValue>{digest}</ds:DigestValue></ds:Reference>"
        )
        return text.replace("</ds:SignedInfo>", f"{reference * count}</ds:SignedInfo>", 1)

    recipe = Recipe(
        key_info=f"<ds:KeyInfo{identifier}>{data}</ds:KeyInfo>", before_signing=complete, after_signing=after
    )
    return forge(recipe, template)


_GOOD: Final[dict[str, Callable[[], bytes]]] = {
    "exclusive": with_key_info,
    "inclusive": partial(
        with_key_info,
        transforms=f'<ds:Transform Algorithm="{INCLUSIVE}"></ds:Transform>',
        canonical=INCLUSIVE,
    ),
    "no-transforms": partial(with_key_info, transforms="", canonical=INCLUSIVE),
}
_BAD: Final[dict[str, tuple[str, Callable[[], bytes], Answer]]] = {
    "changed": (
        "something was added to KeyInfo",
        partial(
            with_key_info,
            after=lambda text: text.replace("</ds:X509Data>", "</ds:X509Data><ds:KeyName>x</ds:KeyName>"),
        ),
        PROPERTIES_CHANGED,
    ),
    "no-id": ("KeyInfo has no identifier", partial(with_key_info, identifier=""), SHAPE),
    "upper-id": ("KeyInfo has an ID", partial(with_key_info, identifier=' ID="key"'), SHAPE),
    "twice": ("two References to KeyInfo", partial(with_key_info, count=2), SHAPE),
    "type": (
        "the Reference to KeyInfo has a type",
        partial(with_key_info, attributes=f' URI="#key" Type="{DS}Object"'),
        SHAPE,
    ),
    "elsewhere": (
        "the second Reference is to the body",
        partial(with_key_info, attributes=' URI="#body"'),
        SHAPE,
    ),
    "enveloped": (
        "the signature is taken out of its KeyInfo",
        partial(with_key_info, transforms=f'<ds:Transform Algorithm="{ENVELOPED}"/>'),
        TRANSFORM,
    ),
    "sha1": (
        "the digest of KeyInfo is said to be SHA-1",
        partial(with_key_info, method=f"{DS}sha1"),
        ALGORITHM,
    ),
    **{
        f"duplicate-{word}": (
            f"another element has the identifier of KeyInfo as {attribute}",
            partial(
                with_key_info, template=TEMPLATE.replace("<edXML xmlns", f'<edXML {attribute}="key" xmlns')
            ),
            SHAPE,
        )
        for word, attribute in (("same", "Id"), ("upper", "ID"), ("xml", "xml:id"))
    },
}


def _by_signxml(
    kind: type[XMLSigner],
    method: SignatureMethod,
    canonical: CanonicalizationMethod,
    key_type: KeyType,
    always_value: bool,
) -> bytes:
    certificate, key = pki.signer(key_type)
    signer = kind(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm=method,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=canonical,
    )
    root = etree.fromstring(TEMPLATE.replace(MARK, _PLACEHOLDER).encode())
    signed = signer.sign(root, key=key, cert=[certificate], always_add_key_value=always_value)
    return etree.tostring(signed, encoding="UTF-8", xml_declaration=True)


def vectors() -> Iterator[Vector]:
    """Yield them."""
    for name, file in _GOOD.items():
        yield Vector(
            name=f"v-keyinfo-signed-{name}", row=0, shows="KeyInfo is signed, too", file=file, answer=PASSED
        )
    for name, (shows, bad, answer) in _BAD.items():
        yield Vector(name=f"s-keyinfo-{name}", row=4, shows=shows, file=bad, answer=answer)
    for kind, word in ((XMLSigner, "xmldsig"), (XAdESSigner, "xades")):
        for method, key_type in (
            (SignatureMethod.RSA_SHA256, KeyType.RSA_2048),
            (SignatureMethod.SHA256_RSA_MGF1, KeyType.RSA_2048),
            (SignatureMethod.ECDSA_SHA256, KeyType.EC_P256),
            (SignatureMethod.ECDSA_SHA512, KeyType.EC_P521),
        ):
            for canonical in (
                CanonicalizationMethod.CANONICAL_XML_1_0,
                CanonicalizationMethod.CANONICAL_XML_1_1,
                CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
            ):
                # With other methods signxml itself cannot read back a KeyValue.
                for value in (False, True) if method.name.endswith("A_SHA256") else (False,):
                    short = (
                        canonical.name.removeprefix("CANONICAL_XML_")
                        .removesuffix("_XML_CANONICALIZATION_1_0")
                        .lower()
                    )
                    # It digests the properties exclusively and names no transform for them, which means inclusively.
                    is_wrong = kind is XAdESSigner and short == "exclusive"
                    yield Vector(
                        name=f"v-signxml-{word}-{method.name.lower()}-{short}{'-value' if value else ''}",
                        row=4 if is_wrong else 0,
                        shows=f"signed by signxml as {word} with {method.name}",
                        file=later(_by_signxml, kind, method, canonical, key_type, value),
                        answer=PROPERTIES_CHANGED if is_wrong else PASSED,
                    )
