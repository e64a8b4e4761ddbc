"""What was found in one signature: facts, kept apart from what they mean (`certs.judgement`).

Nothing here depends on whom we trust, on the time or on a policy, so a document can be judged again from its evidence, years
later and under other rules, without the document (EU DSS calls this diagnostic data). Invariants:

- `errors` are faults that no trust, time or policy can mend: form, coverage, forbidden algorithms, a value or digest that is
  wrong;
- `signers` made the value of the signature: their keys verify it over the SignedInfo;
- `signed_view_sha256` is there only if the digest of the document was found to be the one that was signed.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import pybase64
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs.errors import TrustError
from certs.indication import Form, Scope
from certs.stapled import NO_VALUES, StapledValues

VERSION: Final = 1
MOST_RECORDED: Final = 64 * 1024
"""Octets of one list or answer up to which it is recorded; a larger one can be read in the document itself."""
_TEXTS: Final = ("algorithm", "digest", "canonicalization", "signing_time", "signed_view_sha256")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A time-stamp token that came with the signature, and the octets that it must be over; empty if there are none."""

    token: bytes
    stamped: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The facts about one signature; names of algorithms are the short ones of the allow-list."""

    errors: tuple[TrustError, ...] = ()
    scope: Scope = Scope.NONE
    form: Form = Form.XMLDSIG
    algorithm: str | None = None
    digest: str | None = None
    canonicalization: str | None = None
    signing_time: str | None = None
    """When the signer says that it signed, as written."""
    signers: tuple[x509.Certificate, ...] = ()
    """The certificates with which it can have been signed; several may carry one key."""
    certificates: tuple[x509.Certificate, ...] = ()
    """All certificates that came along; trusted for nothing."""
    stamps: tuple[Stamp, ...] = ()
    revocation_values: StapledValues = NO_VALUES
    """Lists and answers on revocation that came along; believed only as far as they verify."""
    signed_view_sha256: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the evidence as a JSON document without nulls and floats, which `read` takes back."""
        every = tuple(dict.fromkeys((*self.signers, *self.certificates)))
        return {
            "v": VERSION,
            "errors": [_record(error) for error in self.errors],
            "scope": self.scope.value,
            "form": self.form.value,
            "certificates": [_text(each.public_bytes(Encoding.DER)) for each in every],
            "signers": len(self.signers),
            "stamps": [{"token": _text(each.token), "stamped": _text(each.stamped)} for each in self.stamps],
            **_recorded_octets("revocation_lists", self.revocation_values.lists),
            **_recorded_octets("ocsp_answers", self.revocation_values.answers),
            **{name: value for name in _TEXTS if (value := getattr(self, name)) is not None},
        }

    @classmethod
    def read(cls, recorded: Mapping[str, Any]) -> Self:
        """Take back what `as_json` returned.

        Raises: ValueError, KeyError or TypeError when it is something else.
        """
        if recorded["v"] != VERSION:
            raise ValueError(f"evidence of version {recorded['v']}")
        every = tuple(x509.load_der_x509_certificate(_octets(text)) for text in recorded["certificates"])
        return cls(
            errors=tuple(_recorded(**error) for error in recorded["errors"]),
            scope=Scope(recorded["scope"]),
            form=Form(recorded["form"]),
            signers=every[: recorded["signers"]],
            certificates=every,
            stamps=tuple(
                Stamp(token=_octets(each["token"]), stamped=_octets(each["stamped"]))
                for each in recorded.get("stamps", ())
            ),
            revocation_values=StapledValues(
                lists=tuple(map(_octets, recorded.get("revocation_lists", ()))),
                answers=tuple(map(_octets, recorded.get("ocsp_answers", ()))),
            ),
            **{name: recorded.get(name) for name in _TEXTS},
        )


def _text(octets: bytes) -> str:
    return pybase64.b64encode(octets).decode()


def _octets(text: str) -> bytes:
    return pybase64.b64decode(text, validate=True)


def _recorded_octets(name: str, values: Iterable[bytes]) -> dict[str, list[str]]:
    texts = [_text(each) for each in values if len(each) <= MOST_RECORDED]
    return {name: texts} if texts else {}


def _record(error: TrustError) -> dict[str, Any]:
    places = (("xpath", error.xpath), ("line", error.line))
    facts = {name: fact if isinstance(fact, int) else str(fact) for name, fact in error.facts.items()}
    return {
        "code": error.code,
        "facts": facts,
        **{name: value for name, value in places if value is not None},
    }


def _recorded(
    code: str, *, facts: Mapping[str, object], xpath: str | None = None, line: int | None = None
) -> TrustError:
    """Return an error as it was when it was recorded; one that this software does not know any more is still an error."""
    kind = next((each for each in _kinds(TrustError) if each.code == code), TrustError)
    error = kind.__new__(kind)
    TrustError.__init__(error, xpath=xpath, line=line, **facts)
    return error


def _kinds(kind: type[TrustError]) -> Iterator[type[TrustError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from _kinds(each)
