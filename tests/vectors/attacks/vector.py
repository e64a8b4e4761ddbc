"""A vector: a file, how `vanthu verify` is asked about it, and what it must answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final, Literal, TypeAlias, TypeVarTuple

from certs.indication import Indication, SubIndication
from tests.support import pki
from tests.support.signing import TEMPLATE, Recipe, forge
from tests.vectors.attacks.hierarchy import ROOT, Material

Values = TypeVarTuple("Values")
Kind: TypeAlias = Literal["edxml", "xmldsig", "cert", "pdf", "tst"]

SUFFIXES: Final[dict[Kind, str]] = {
    "edxml": "edxml",
    "xmldsig": "xml",
    "cert": "pem",
    "pdf": "pdf",
    "tst": "tst",
}
PROCESSOR_SECONDS: Final = 1.0
MEMORY_MB: Final = 200
GOOD: Final = 0
"""The row of files that are in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What must come out; `code` is that of the first finding, None after a pass or where several are right."""

    indication: Indication
    sub: SubIndication | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector:
    """One file with its question and its answer."""

    name: str
    row: int
    shows: str
    file: Callable[[], bytes] = field(repr=False)
    answer: Answer
    kind: Kind = "edxml"
    anchors: tuple[Material, ...] = (ROOT,)
    intermediates: tuple[Material, ...] = ()
    lists: tuple[Material, ...] = ()
    data: Material | None = None
    at: datetime = pki.AT
    by_subject: bool = False

    @property
    def path(self) -> str:
        """Return where the file is, in the folder of all."""
        return f"files/{self.name}.{SUFFIXES[self.kind]}"

    @property
    def materials(self) -> tuple[Material, ...]:
        """Return every other file that the command line names."""
        data = () if self.data is None else (self.data,)
        return (*self.anchors, *self.intermediates, *self.lists, *data)

    def entry(self) -> dict[str, Any]:
        """Return the line of the manifest."""
        return {
            "name": self.name,
            "file": self.path,
            "row": self.row,
            "shows": self.shows,
            "type": self.kind,
            "anchors": [each.path for each in self.anchors],
            "intermediates": [each.path for each in self.intermediates],
            "crl": [each.path for each in self.lists],
            "data": self.data.path if self.data is not None else None,
            "time": self.at.isoformat().replace("+00:00", "Z"),
            "binding": "subject.serialNumber" if self.by_subject else None,
            "expected": {
                "indication": self.answer.indication.value,
                "sub_indication": self.answer.sub.value if self.answer.sub else None,
                "code": self.answer.code,
            },
            "ceilings": {"processor_seconds": PROCESSOR_SECONDS, "memory_mb": MEMORY_MB},
        }


def signed(recipe: Recipe | None = None, template: str = TEMPLATE, **changes: Any) -> Callable[[], bytes]:
    """Return how to make a signed document, which is made when it is needed."""
    return partial(_signed, recipe, template, changes)


def _signed(recipe: Recipe | None, template: str, changes: dict[str, Any]) -> bytes:
    return forge(recipe or Recipe(**changes), template)


def later(make: Callable[[*Values], bytes], *values: *Values) -> Callable[[], bytes]:
    """Return how to make a file from values that are there already."""
    return lambda: make(*values)


def swapped(make: Callable[[], bytes], *changes: tuple[str, str]) -> Callable[[], bytes]:
    """Return how to make a file with each text exchanged once; a text that is not there is a mistake."""

    def change() -> bytes:
        text = make().decode()
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new, 1)
        return text.encode()

    return change


_FAILED, _UNDECIDED = Indication.TOTAL_FAILED, Indication.INDETERMINATE
_SUB = SubIndication

PASSED: Final = Answer(indication=Indication.TOTAL_PASSED)
UNSIGNED: Final = Answer(indication=Indication.NO_SIGNATURE_FOUND, code="certs.no_signature")
DECORATIVE: Final = Answer(indication=Indication.NO_SIGNATURE_FOUND, code="certs.legacy_signature")
MISSHAPEN: Final = Answer(indication=_FAILED, sub=_SUB.FORMAT_FAILURE)
SHAPE: Final = Answer(indication=_FAILED, sub=_SUB.FORMAT_FAILURE, code="certs.signature_shape")
SEVERAL: Final = Answer(indication=_FAILED, sub=_SUB.FORMAT_FAILURE, code="certs.several_signatures")
MISPLACED: Final = Answer(indication=_FAILED, sub=_SUB.FORMAT_FAILURE, code="certs.signature_misplaced")
NO_CANONICAL: Final = Answer(
    indication=_FAILED, sub=_SUB.FORMAT_FAILURE, code="certs.canonicalization_failed"
)
NOT_COVERED: Final = Answer(indication=_FAILED, sub=_SUB.SIGNED_DATA_NOT_FOUND, code="certs.not_covered")
CHANGED: Final = Answer(indication=_FAILED, sub=_SUB.HASH_FAILURE, code="certs.digest_mismatch")
PROPERTIES_CHANGED: Final = Answer(indication=_FAILED, sub=_SUB.HASH_FAILURE, code="certs.properties_changed")
WRONG_VALUE: Final = Answer(indication=_FAILED, sub=_SUB.SIG_CRYPTO_FAILURE, code="certs.signature_wrong")
TRANSFORM: Final = Answer(
    indication=_UNDECIDED, sub=_SUB.SIG_CONSTRAINTS_FAILURE, code="certs.transform_forbidden"
)
ALGORITHM: Final = Answer(
    indication=_UNDECIDED, sub=_SUB.CRYPTO_CONSTRAINTS_FAILURE, code="certs.algorithm_forbidden"
)
WEAK_KEY: Final = Answer(
    indication=_UNDECIDED, sub=_SUB.CRYPTO_CONSTRAINTS_FAILURE, code="certs.key_too_weak"
)
NO_CERTIFICATE: Final = Answer(
    indication=_UNDECIDED, sub=_SUB.NO_SIGNING_CERTIFICATE_FOUND, code="certs.no_certificate"
)
BAD_CERTIFICATE: Final = Answer(
    indication=_UNDECIDED, sub=_SUB.NO_SIGNING_CERTIFICATE_FOUND, code="certs.malformed_certificate"
)
UNTRUSTED: Final = Answer(
    indication=_UNDECIDED, sub=_SUB.NO_CERTIFICATE_CHAIN_FOUND, code="certs.untrusted_certificate"
)
EXPIRED: Final = Answer(
    indication=_UNDECIDED, sub=_SUB.OUT_OF_BOUNDS_NO_POE, code="certs.certificate_expired"
)
TOO_EARLY: Final = Answer(
    indication=_UNDECIDED, sub=_SUB.NOT_YET_VALID, code="certs.certificate_not_yet_valid"
)
USAGE: Final = Answer(indication=_UNDECIDED, sub=_SUB.CHAIN_CONSTRAINTS_FAILURE, code="certs.key_usage")
REVOKED: Final = Answer(indication=_UNDECIDED, sub=_SUB.REVOKED_NO_POE, code="certs.certificate_revoked")
AUTHORITY_REVOKED: Final = Answer(
    indication=_UNDECIDED, sub=_SUB.REVOKED_CA_NO_POE, code="certs.authority_revoked"
)
UNKNOWN: Final = Answer(indication=_UNDECIDED, sub=_SUB.TRY_LATER, code="certs.revocation_unknown")
NO_ANCHOR: Final = Answer(indication=_UNDECIDED, sub=_SUB.TRY_LATER, code="certs.no_trust_anchors")
NAMED_WRONGLY: Final = Answer(
    indication=_UNDECIDED, sub=_SUB.SIG_CONSTRAINTS_FAILURE, code="certs.signing_certificate"
)
UNBOUND: Final = Answer(
    indication=_UNDECIDED, sub=_SUB.SIG_CONSTRAINTS_FAILURE, code="verify.binding_mismatch"
)
NOT_A_CERTIFICATE: Final = Answer(
    indication=_FAILED, sub=_SUB.FORMAT_FAILURE, code="verify.not_a_certificate"
)
PDF_MODIFIED: Final = Answer(
    indication=_UNDECIDED, sub=_SUB.SIG_CONSTRAINTS_FAILURE, code="certs.pdf_modified"
)
PDF_CHANGED: Final = Answer(indication=_FAILED, sub=_SUB.HASH_FAILURE, code="certs.pdf_digest_mismatch")
PDF_SHAPE: Final = Answer(indication=_FAILED, sub=_SUB.FORMAT_FAILURE, code="certs.pdf_signature_shape")
PDF_RANGE: Final = Answer(indication=_UNDECIDED, sub=_SUB.FORMAT_FAILURE, code="certs.pdf_byte_range")
PDF_UNREADABLE: Final = Answer(indication=_FAILED, sub=_SUB.FORMAT_FAILURE, code="certs.pdf_unreadable")
PDF_UNSIGNED: Final = Answer(indication=Indication.NO_SIGNATURE_FOUND, code="certs.pdf_unsigned")
