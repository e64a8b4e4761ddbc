"""RSASSA-PSS with parameters, the only algorithm that has any; the rest is in the attacks."""

import pytest
from cryptography.hazmat.primitives import hashes

from certs.issue import KeyType
from certs.verdict import Indication
from tests.support import pki
from tests.support.signing import MORE, MORE_2007, SHA256, Recipe, codes, forge, judge

SHA384 = MORE + "sha384"
MGF1 = MORE_2007 + "MGF1"
ORDER_MIXED = "<p:TrailerField>1</p:TrailerField><p:SaltLength>32</p:SaltLength>"


def parameters(
    digest: str | None = None,
    mask: str | None = None,
    mask_digest: str | None = None,
    salt: str | None = None,
    trailer: str | None = None,
) -> str:
    """Return RSAPSSParams; `None` leaves a parameter to its default."""
    inner = f'<ds:DigestMethod Algorithm="{mask_digest}"/>' if mask_digest else ""
    content = (
        (f'<ds:DigestMethod Algorithm="{digest}"/>' if digest else "")
        + (f'<p:MaskGenerationFunction Algorithm="{mask}">{inner}</p:MaskGenerationFunction>' if mask else "")
        + (f"<p:SaltLength>{salt}</p:SaltLength>" if salt is not None else "")
        + (f"<p:TrailerField>{trailer}</p:TrailerField>" if trailer is not None else "")
    )
    return f'<p:RSAPSSParams xmlns:p="{MORE_2007}">{content}</p:RSAPSSParams>'


def recipe(content: str, hash_: hashes.HashAlgorithm) -> Recipe:
    """Sign with the generic identifier of RSASSA-PSS."""
    return Recipe(
        identity=pki.signer(KeyType.RSA_2048),
        method=MORE_2007 + "rsa-pss",
        method_content=content,
        hash=hash_,
        pss=True,
    )


@pytest.mark.parametrize(
    ("content", "hash_", "name"),
    [
        ("", hashes.SHA256(), "rsa-pss-sha256"),
        (parameters(), hashes.SHA256(), "rsa-pss-sha256"),
        (parameters(SHA256, MGF1, SHA256, "32", "1"), hashes.SHA256(), "rsa-pss-sha256"),
        (parameters(SHA384, MGF1, SHA384, "48"), hashes.SHA384(), "rsa-pss-sha384"),
    ],
)
def test_parameters_that_spell_out_a_listed_algorithm(
    content: str, hash_: hashes.HashAlgorithm, name: str
) -> None:
    """Parameters are accepted where a fixed identifier exists for them."""
    verdict = judge(forge(recipe(content, hash_)))
    assert verdict.indication is Indication.TOTAL_PASSED
    assert verdict.algorithm == name


@pytest.mark.parametrize(
    "content",
    [
        parameters(MORE + "md5", MGF1, MORE + "md5"),
        parameters(SHA384, MGF1, SHA256),
        parameters(SHA384),
        parameters(SHA256, "urn:mask"),
        parameters(SHA256, salt="20"),
        parameters(SHA256, salt=""),
        parameters(SHA256, trailer="2"),
        parameters().replace("></p:", f">{ORDER_MIXED}</p:"),
        parameters().replace("></p:", "><p:SaltLength>32</p:SaltLength><p:SaltLength>20</p:SaltLength></p:"),
        parameters().replace("></p:", "><p:Unknown/></p:"),
    ],
)
def test_other_parameters(content: str) -> None:
    """Any other combination, or an unclear one, is forbidden."""
    assert codes(judge(forge(recipe(content, hashes.SHA256())))) == ["algorithm_forbidden"]


def test_parameters_of_an_algorithm_that_has_none() -> None:
    """A fixed identifier takes no parameters."""
    other = recipe(parameters(), hashes.SHA256())
    other.method = MORE_2007 + "sha256-rsa-MGF1"
    assert codes(judge(forge(other))) == ["algorithm_forbidden"]
