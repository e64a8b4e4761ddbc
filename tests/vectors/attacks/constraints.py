"""Rows 21 and 22: certificates that may not do what they are used for, and pools of them to get lost in.

Each case is a certificate with what came along, asked about twice: as a file of its own, and as that of a signed document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certs.issue import Authority, KeyType, issue_authority
from tests.support import pki
from tests.support.pki import AT, YEAR
from tests.support.signing import Recipe, forge
from tests.vectors.attacks.hierarchy import ladder, pem
from tests.vectors.attacks.vector import (
    ALGORITHM,
    PASSED,
    SHAPE,
    UNTRUSTED,
    USAGE,
    WEAK_KEY,
    Answer,
    Vector,
)

Chain = tuple[x509.Certificate, ...]
_UNKNOWN: Final = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\0")
_CA_USAGE: Final = pki.usage("key_cert_sign", "crl_sign")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Certificates, the signer's first; its key is `pki.key()` unless said."""

    shows: str
    make: Callable[[], Chain]
    answer: Answer
    row: int = 21


def _leaf(**changes: Any) -> Callable[[], Chain]:
    return lambda: (pki.certificate(pki.root(), **changes),)


def _below(**changes: Any) -> Callable[[], Chain]:
    """Return a good certificate below an authority with changes."""

    def make() -> Chain:
        authority = _authority(pki.root(), **changes)
        return pki.certificate(authority), authority.certificate

    return make


def _authority(above: Authority, **changes: Any) -> Authority:
    key = pki.key(KeyType.EC_P384)
    settings: dict[str, Any] = {
        "is_authority": True,
        "key_usage": _CA_USAGE,
        "subject": "Trung gian",
        **changes,
    }
    return Authority(certificate=pki.certificate(above, public_key=key, **settings), key=key)


def _limited(length: int) -> Callable[[], Chain]:
    """Return a chain of three authorities of which the first allows so many below it."""

    def make() -> Chain:
        first = _authority(pki.root(), path_length=length)
        second = issue_authority(first, "Dưới một", not_before=AT - YEAR, not_after=AT + YEAR)
        third = issue_authority(second, "Dưới hai", not_before=AT - YEAR, not_after=AT + YEAR)
        leaf = pki.certificate(third)
        return leaf, third.certificate, second.certificate, first.certificate

    return make


def _issued_by_leaf() -> Chain:
    certificate, key = pki.signer()
    return pki.certificate(Authority(certificate=certificate, key=key)), certificate


def _tall(height: int) -> Callable[[], Chain]:
    def make() -> Chain:
        steps = ladder(height)
        return pki.certificate(steps[-1]), *(step.certificate for step in reversed(steps))

    return make


def _constrained(*, permitted: bool, directory: bool) -> Callable[[], Chain]:
    """Return a chain whose authority may speak for other names than the signer's."""
    name = x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "LA")])
    other: list[x509.GeneralName] = [x509.DirectoryName(name)] if directory else [x509.DNSName("lao.example")]
    ours: list[x509.GeneralName] = [x509.DNSName("vn.example")]
    constraints = x509.NameConstraints(
        permitted_subtrees=other if permitted else None, excluded_subtrees=None if permitted else ours
    )

    def make() -> Chain:
        authority = _authority(pki.root(), extensions=((constraints, True),))
        names = x509.SubjectAlternativeName([x509.DNSName("a.vn.example")])
        return pki.certificate(authority, extensions=((names, False),)), authority.certificate

    return make


def _purposes(*purposes: x509.ObjectIdentifier) -> tuple[tuple[x509.ExtensionType, bool], ...]:
    return ((x509.ExtendedKeyUsage(purposes), False),)


def _oid(text: str) -> x509.ObjectIdentifier:
    return x509.ObjectIdentifier(text)


def _usages() -> Iterator[tuple[str, Case]]:
    for name, usage, answer in (
        ("signature", pki.usage("digital_signature"), PASSED),
        ("non-repudiation", pki.usage("content_commitment"), PASSED),
        ("both", pki.usage("digital_signature", "content_commitment"), PASSED),
        ("with-encipherment", pki.usage("digital_signature", "key_encipherment"), PASSED),
        ("encipherment", pki.usage("key_encipherment"), USAGE),
        ("data", pki.usage("data_encipherment"), USAGE),
        ("agreement", pki.usage("key_agreement"), USAGE),
        ("cert-sign", pki.usage("digital_signature", "key_cert_sign"), USAGE),
        ("crl-sign", pki.usage("digital_signature", "crl_sign"), USAGE),
        ("none", None, USAGE),
    ):
        yield f"ku-{name}", Case(shows=f"KeyUsage {name}", make=_leaf(key_usage=usage), answer=answer)
    yield (
        "ku-not-critical",
        Case(shows="KeyUsage that is not critical", make=_leaf(usage_is_critical=False), answer=USAGE),
    )
    for name, purposes, answer in (
        ("email", (ExtendedKeyUsageOID.EMAIL_PROTECTION,), PASSED),
        ("client", (ExtendedKeyUsageOID.CLIENT_AUTH,), PASSED),
        ("any", (ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,), PASSED),
        ("document", (_oid("1.3.6.1.5.5.7.3.36"),), PASSED),
        ("document-microsoft", (_oid("1.3.6.1.4.1.311.10.3.12"),), PASSED),
        ("server-and-email", (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.EMAIL_PROTECTION), PASSED),
        ("server", (ExtendedKeyUsageOID.SERVER_AUTH,), USAGE),
        ("code", (ExtendedKeyUsageOID.CODE_SIGNING,), USAGE),
        ("stamping", (ExtendedKeyUsageOID.TIME_STAMPING,), USAGE),
        ("ocsp", (ExtendedKeyUsageOID.OCSP_SIGNING,), USAGE),
    ):
        yield (
            f"eku-{name}",
            Case(
                shows=f"ExtendedKeyUsage {name}", make=_leaf(extensions=_purposes(*purposes)), answer=answer
            ),
        )


def _roles() -> Iterator[tuple[str, Case]]:
    yield (
        "ca-signs",
        Case(
            shows="an authority's certificate signs",
            make=_leaf(is_authority=True, key_usage=_CA_USAGE),
            answer=USAGE,
        ),
    )
    yield (
        "ca-true",
        Case(shows="CA:TRUE in a signer's certificate", make=_leaf(is_authority=True), answer=USAGE),
    )
    yield (
        "leaf-issues",
        Case(shows="a signer's certificate issues another", make=_issued_by_leaf, answer=USAGE),
    )
    yield (
        "ca-without-constraints",
        Case(
            shows="the issuer is no authority, though it may sign certificates",
            make=_below(is_authority=False),
            answer=USAGE,
        ),
    )
    yield (
        "ca-without-cert-sign",
        Case(
            shows="the authority may not sign certificates",
            make=_below(key_usage=pki.usage("crl_sign")),
            answer=USAGE,
        ),
    )
    yield (
        "ca-without-usage",
        Case(shows="the authority has no KeyUsage", make=_below(key_usage=None), answer=PASSED),
    )
    yield (
        "ca-server-only",
        Case(
            shows="the authority is for web servers",
            make=_below(extensions=_purposes(ExtendedKeyUsageOID.SERVER_AUTH)),
            answer=USAGE,
        ),
    )
    yield (
        "ca-email",
        Case(
            shows="the authority is for e-mail",
            make=_below(extensions=_purposes(ExtendedKeyUsageOID.EMAIL_PROTECTION)),
            answer=PASSED,
        ),
    )
    yield (
        "critical",
        Case(
            shows="a critical extension that nobody knows",
            make=_leaf(extensions=((_UNKNOWN, True),)),
            answer=USAGE,
        ),
    )
    yield (
        "uncritical",
        Case(
            shows="an extension that nobody knows", make=_leaf(extensions=((_UNKNOWN, False),)), answer=PASSED
        ),
    )
    yield (
        "ca-critical",
        Case(
            shows="the authority has a critical extension that nobody knows",
            make=_below(extensions=((_UNKNOWN, True),)),
            answer=USAGE,
        ),
    )
    yield (
        "nc-in-leaf",
        Case(
            shows="name constraints in a signer's certificate",
            make=_leaf(extensions=((x509.NameConstraints([x509.DNSName("a.example")], None), True),)),
            answer=USAGE,
        ),
    )
    yield "pathlen-0", Case(shows="pathLen 0, and two authorities below", make=_limited(0), answer=USAGE)
    yield "pathlen-1", Case(shows="pathLen 1, and two authorities below", make=_limited(1), answer=USAGE)
    yield "pathlen-2", Case(shows="pathLen 2, and two authorities below", make=_limited(2), answer=PASSED)
    yield (
        "pathlen-direct",
        Case(shows="pathLen 0, and a signer below", make=_below(path_length=0), answer=PASSED),
    )
    yield (
        "nc-permitted",
        Case(
            shows="the authority may speak for other domains",
            make=_constrained(permitted=True, directory=False),
            answer=USAGE,
        ),
    )
    yield (
        "nc-excluded",
        Case(
            shows="the authority may not speak for this domain",
            make=_constrained(permitted=False, directory=False),
            answer=USAGE,
        ),
    )
    yield (
        "nc-directory",
        Case(
            shows="the authority may speak for another country",
            make=_constrained(permitted=True, directory=True),
            answer=USAGE,
        ),
    )
    yield (
        "weak-ca",
        Case(shows="an authority with an RSA key of 1,024 bits", make=_weak_authority, answer=WEAK_KEY),
    )
    yield (
        "sha224-leaf",
        Case(
            shows="the certificate is signed with SHA-224",
            make=_leaf(hash_=hashes.SHA224()),
            answer=ALGORITHM,
        ),
    )
    for height in (1, 2, 3):
        yield (
            f"tall-{height}",
            Case(shows=f"{height} authorities below the root", make=_tall(height), answer=PASSED),
        )
    for height in (4, 5):
        yield (
            f"tall-{height}",
            Case(shows=f"{height} authorities below the root", make=_tall(height), answer=USAGE),
        )


@cache
def _weak_authority() -> Chain:
    key = pki.small_rsa_key()
    certificate = pki.certificate(
        pki.root(), subject="Yếu", public_key=key, is_authority=True, key_usage=_CA_USAGE
    )
    return pki.certificate(Authority(certificate=certificate, key=key)), certificate


@cache
def _maze(size: int) -> tuple[Chain, Chain]:
    """Return a certificate, and authorities of one name and key that could each have issued it and each other."""
    key = pki.key(KeyType.EC_P521)
    name = pki.root().certificate.subject
    maze = Authority(certificate=pki.root().certificate, key=key)
    walls = tuple(
        pki.certificate(maze, name=name, public_key=key, is_authority=True, key_usage=_CA_USAGE)
        for _ in range(size)
    )
    return (pki.certificate(maze),), walls


def _bomb() -> Chain:
    """Return a certificate below an authority with thousands of name constraints, vouched for by the root."""
    names: list[x509.GeneralName] = [x509.DNSName(f"{number}.example") for number in range(2000)]
    constraints = x509.NameConstraints(permitted_subtrees=names, excluded_subtrees=names)
    authority = _authority(pki.root(), extensions=((constraints, True),))
    alternatives: list[x509.GeneralName] = [x509.DNSName(f"{number}.lao.example") for number in range(1000)]
    leaf = pki.certificate(authority, extensions=((x509.SubjectAlternativeName(alternatives), False),))
    return leaf, authority.certificate


def _pools() -> Iterator[tuple[str, Case]]:
    yield (
        "maze",
        Case(
            shows="authorities that could each have issued the other",
            make=lambda: sum(_maze(5), ()),
            answer=UNTRUSTED,
            row=22,
        ),
    )
    yield "nc-bomb", Case(shows="4,000 name constraints and 1,000 names", make=_bomb, answer=USAGE, row=22)


def _document(chain: Chain) -> bytes:
    return forge(Recipe(identity=(chain[0], pki.key()), certificates=list(chain)))


def _asked(name: str, case: Case, *, alone: bool, together: bool = True) -> Iterator[Vector]:
    row = 0 if case.answer is PASSED else case.row
    if together:
        yield Vector(
            name=f"c-{name}",
            row=row,
            shows=f"{case.shows}: in a signed document",
            file=lambda: _document(case.make()),
            answer=case.answer,
        )
    if alone:
        yield Vector(
            name=f"d-{name}",
            row=row,
            shows=f"{case.shows}: the certificate alone",
            file=lambda: pem(*case.make()),
            answer=case.answer,
            kind="cert",
        )


def _crowds() -> Iterator[Vector]:
    def brought(*more: x509.Certificate) -> bytes:
        return forge(Recipe(certificates=[pki.signer()[0], *more]))

    def strangers(count: int) -> list[x509.Certificate]:
        return [pki.certificate(pki.stranger(), subject=str(number)) for number in range(count)]

    for name, shows, file, answer in (
        ("500-copies", "the certificate 500 times", lambda: brought(*[pki.signer()[0]] * 499), PASSED),
        ("500-others", "500 certificates", lambda: brought(*strangers(499)), SHAPE),
        ("6-others", "the certificate and six others", lambda: brought(*strangers(6)), SHAPE),
        ("5-others", "the certificate and five others", lambda: brought(*strangers(5)), PASSED),
        ("maze-beside", "five authorities of one name and key", lambda: brought(*_maze(5)[1]), PASSED),
        (
            "same-key",
            "six certificates for the signer's key",
            lambda: forge(
                Recipe(
                    identity=(pki.certificate(pki.root()), pki.key()),
                    certificates=[
                        pki.certificate(pki.root(), subject=f"Tên {number}") for number in range(6)
                    ],
                )
            ),
            PASSED,
        ),
    ):
        yield Vector(
            name=f"k16-{name}",
            row=0 if answer is PASSED else 22,
            shows=f"KeyInfo holds {shows}",
            file=file,
            answer=answer,
        )


def vectors() -> Iterator[Vector]:
    """Yield them."""
    for source in (_usages, _roles, _pools):
        for name, case in source():
            yield from _asked(name, case, alone=True)
    yield from _crowds()
