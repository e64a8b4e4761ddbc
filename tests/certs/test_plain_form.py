"""Signatures of the plain form are read as others are, only quicker; what is not plain or has a fault is left to be read so."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography import x509

from certs.plain_form import LARGEST, PlainSignature, form_of, read_plain
from certs.shape import find_signature
from certs.verdict import Indication
from tests.certs.test_parts import signed as signed_with_key_info
from tests.support import pki
from tests.support.signing import (
    ENVELOPED,
    EXCLUSIVE,
    INCLUSIVE,
    MORE,
    TEMPLATE,
    Recipe,
    forge,
    judge,
    read,
    refused,
    x509_certificates,
)
from tests.support.step_by_step import step_by_step
from tests.support.xades import TYPE, Properties

ID = TEMPLATE.replace("<edXML ", '<edXML Id="all" ', 1)
PREFIXES = f'<ec:InclusiveNamespaces xmlns:ec="{EXCLUSIVE}" PrefixList="edXML"/>'
KEY_VALUE = (
    "<ds:KeyInfo><ds:KeyName>VanPhongChinhPhuKyVanBan</ds:KeyName><ds:KeyValue><ds:RSAKeyValue>"
    f"<ds:Modulus>{'AQAB' * 64}</ds:Modulus><ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>"
    f"<ds:X509Data>{x509_certificates([pki.signer()[0]])}</ds:X509Data></ds:KeyInfo>"
)


def plain(xml: bytes) -> PlainSignature | None:
    """Read the signature of a document."""
    return read_plain(find_signature(read(xml)))


def others(count: int) -> list[x509.Certificate]:
    """Return the signer's certificate and others."""
    return [
        pki.signer()[0],
        *(pki.certificate(pki.root(), subject=f"Số {number}") for number in range(count - 1)),
    ]


PLAIN: dict[str, Callable[[], bytes]] = {
    "usual": forge,
    "the document by its Id": lambda: forge(Recipe(uri=' URI="#all"'), ID),
    "default namespace": lambda: forge(Recipe(default_namespace=True)),
    "key value and name beside the certificate": lambda: forge(Recipe(key_info=KEY_VALUE)),
    "no certificate": lambda: forge(Recipe(key_info="")),
    "six certificates": lambda: forge(Recipe(certificates=others(6))),
    "one certificate twice": lambda: forge(Recipe(certificates=[*others(2), *others(1)])),
    "inclusive form of the document": lambda: forge(
        Recipe(transforms=(f'Algorithm="{ENVELOPED}">', f'Algorithm="{INCLUSIVE}">'), view_is_exclusive=False)
    ),
    "prefixes of the document": lambda: forge(
        Recipe(
            transforms=(f'Algorithm="{ENVELOPED}">', f'Algorithm="{EXCLUSIVE}">{PREFIXES}'),
            view_prefixes=("edXML",),
        )
    ),
    "another digest than the document's": lambda: forge().replace(b"000.00.00.H01", b"000.00.00.H02"),
    "another value than the signature's": lambda: forge(Recipe(raw_value=lambda value: value[::-1])),
}
OTHER: dict[str, Callable[[], bytes]] = {
    "XAdES": lambda: Properties().signed(),
    "signed KeyInfo": signed_with_key_info,
    "inclusive form of SignedInfo": lambda: forge(Recipe(canonicalization=INCLUSIVE)),
    "prefixes of SignedInfo": lambda: forge(
        Recipe(canonicalization_content=PREFIXES, signed_info_prefixes=("edXML",))
    ),
    "a forbidden method": lambda: forge(Recipe(method=MORE + "hmac-sha256")),
    "a comment": lambda: forge(
        Recipe(after_signing=lambda text: text.replace("</ds:SignedInfo>", "</ds:SignedInfo><!-- -->"))
    ),
    "text where none may be": lambda: forge(
        Recipe(after_signing=lambda text: text.replace("</ds:SignedInfo>", f"</ds:SignedInfo>{'A' * 20}"))
    ),
    "seven certificates": lambda: forge(Recipe(certificates=others(7))),
    "a certificate that is not Base64": lambda: forge(
        Recipe(after_signing=lambda text: text.replace("</ds:X509Certificate>", "A</ds:X509Certificate>"))
    ),
    "a short digest": lambda: forge(Recipe(digest=b"short")),
    "a short digest after a long text": lambda: forge(
        Recipe(
            digest=b"short",
            before_signing=lambda text: text.replace(
                'sha256"/>', f'sha256">{"A" * 43}=</ds:DigestMethod>', 1
            ),
        )
    ),
    "a short certificate": lambda: forge(
        Recipe(
            key_info="<ds:KeyInfo><ds:X509Data><ds:X509Certificate>MAA=</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
        )
    ),
    "properties that nobody signed": lambda: Properties(
        after=lambda text: text.replace(
            text[text.index(f'<ds:Reference Type="{TYPE}"') : text.index("</ds:SignedInfo>")], "", 1
        )
    ).signed(),
    "a short value": lambda: forge(Recipe(raw_value=lambda value: value[:3])),
    "a digest with a carriage return": lambda: forge(
        Recipe(before_signing=lambda text: text.replace("</ds:DigestValue>", "&#13;</ds:DigestValue>"))
    ),
    "too large a form": lambda: forge(
        Recipe(
            key_info="<ds:KeyInfo><ds:KeyName>"
            + "tên " * LARGEST
            + f"</ds:KeyName><ds:X509Data>{x509_certificates([pki.signer()[0]])}</ds:X509Data></ds:KeyInfo>"
        )
    ),
}


@pytest.mark.parametrize("name", PLAIN)
def test_a_plain_signature_is_read_as_any_other(name: str) -> None:
    """All that is read is what the step by step reading finds, the first time and the second."""
    xml = PLAIN[name]()
    for _ in range(2):
        found = plain(xml)
        assert found is not None
        assert found == step_by_step(find_signature(read(xml)))


@pytest.mark.parametrize("name", OTHER)
def test_any_other_is_left_alone(name: str) -> None:
    """Nothing is read, and nothing refused."""
    for _ in range(2):
        assert plain(OTHER[name]()) is None


def test_a_known_form_lets_no_other_text_through() -> None:
    """Once the form is known, text in the place of white space, or white space in the place of a value, is another form."""
    spaced = Recipe(
        after_signing=lambda text: text.replace("</ds:SignedInfo>", "</ds:SignedInfo>" + " " * 40)
    )
    xml = forge(spaced)
    assert judge(xml).indication is Indication.TOTAL_PASSED
    assert plain(xml) is not None
    refused(judge(xml.replace(b" " * 40, b"A" * 40)), "signature_shape")
    refused(judge(xml.replace(b" " * 40, b" " * 20 + b"A" * 20)), "signature_shape")


def test_what_is_verified_is_what_is_read() -> None:
    """The octets that the value is over hold the digest that was read, and change with it."""
    first, second = plain(forge()), plain(forge(template=TEMPLATE.replace("H01", "H02")))
    assert first is not None
    assert second is not None
    assert first.digest != second.digest
    assert first.octets != second.octets
    assert replace(second, digest=b"", octets=b"", value=b"") == replace(
        first, digest=b"", octets=b"", value=b""
    )


def test_a_form_is_worked_out_once() -> None:
    """The second signature of one piece of software costs no more reading."""
    plain(forge())
    before = form_of.cache_info()
    plain(forge(template=TEMPLATE.replace("H01", "H02")))
    after = form_of.cache_info()
    assert (after.misses, after.hits) == (before.misses, before.hits + 1)


def test_a_signature_over_less_is_not_verified() -> None:
    """Nobody is the signer of a document for having signed a part of it, and no work is done for it."""
    xml = forge(
        Recipe(uri=' URI="#part"'), TEMPLATE.replace("<edXML:MessageHeader", '<edXML:MessageHeader Id="part"')
    )
    assert plain(xml) is not None
    verdict = judge(xml)
    refused(verdict, "not_covered")
    assert (verdict.evidence.signers, verdict.algorithm, verdict.signer) == ((), None, None)
