"""What is held of revocation, indexed by who it is about: lists by their issuer, answers by issuer and serial number.

Invariant: a look-up never walks over what is about other authorities. A list signed with another key of the same authority counts
where the path itself shows that it is the same: the certificate of the new key was issued with the key that issued the
certificate in question, or by the authority above it (RFC 5280 §6.3.3 (f), RFC 4210 §4.4), and it is for signing lists. A name
alone never does.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Final, Self, TypeVar

from cryptography import x509

from certs.authority import authority_of, is_issued_by, key_usage_of
from certs.certificate import name_of
from certs.ocsp import OcspAnswer
from certs.revocation_list import RevocationList

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")


def _grouped(pairs: Iterable[tuple[_Key, _Value]]) -> dict[_Key, tuple[_Value, ...]]:
    groups: dict[_Key, list[_Value]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return {key: tuple(values) for key, values in groups.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationData:
    """Lists and answers; `beside` is what else is held, so that what came with one message is added without copying the rest."""

    lists: tuple[RevocationList, ...] = ()
    responses: tuple[OcspAnswer, ...] = ()
    beside: "RevocationData | None" = field(default=None, repr=False)
    _own: dict[str, tuple[RevocationList, ...]] = field(init=False, repr=False, compare=False)
    _named: dict[str, tuple[RevocationList, ...]] = field(init=False, repr=False, compare=False)
    _answers: dict[tuple[str, int], tuple[OcspAnswer, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index everything once."""
        object.__setattr__(self, "_own", _grouped((each.authority, each) for each in self.lists))
        object.__setattr__(self, "_named", _grouped((each.issuer, each) for each in self.lists))
        answers = (((each.authority, each.serial_number), each) for each in self.responses)
        object.__setattr__(self, "_answers", _grouped(answers))

    def __bool__(self) -> bool:
        """Tell whether there is anything."""
        return bool(self.lists or self.responses or self.beside)

    def joined(self, other: Self) -> Self:
        """Return both together; the other one may be small, and costs little if it is empty."""
        return replace(other, beside=self) if other else self

    def own_lists(self, issuer: x509.Certificate) -> tuple[RevocationList, ...]:
        """Return the lists signed with an authority's own key."""
        found = self._own.get(authority_of(issuer), ())
        return found + self.beside.own_lists(issuer) if self.beside else found

    def other_lists(
        self, issuer: x509.Certificate, *, above: x509.Certificate | None, at: datetime
    ) -> tuple[RevocationList, ...]:
        """Return the lists signed with another key of an authority; `above` is who stands above it in the path."""
        authority = authority_of(issuer)
        found = tuple(
            each
            for each in self._named.get(name_of(issuer), ())
            if each.authority != authority
            and each.signer is not None
            and _is_same(each.signer, issuer=issuer, above=above, at=at)
        )
        return found + self.beside.other_lists(issuer, above=above, at=at) if self.beside else found

    def answers(self, issuer: x509.Certificate, serial_number: int) -> tuple[OcspAnswer, ...]:
        """Return the answers about one certificate of an authority."""
        found = self._answers.get((authority_of(issuer), serial_number), ())
        return found + self.beside.answers(issuer, serial_number) if self.beside else found


def _is_same(
    signer: x509.Certificate, *, issuer: x509.Certificate, above: x509.Certificate | None, at: datetime
) -> bool:
    """Tell whether another key is that of the authority, valid at the time and for signing lists."""
    usage = key_usage_of(signer)
    return (
        usage is not None
        and usage.crl_sign
        and signer.not_valid_before_utc <= at <= signer.not_valid_after_utc
        and (vouches(issuer, signer) or (above is not None and vouches(above, signer)))
    )


@lru_cache(maxsize=256)
def vouches(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    """Tell whether a certificate was issued with the key of another."""
    return is_issued_by(certificate, issuer)


NOTHING: Final = RevocationData()
