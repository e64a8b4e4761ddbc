"""The lines of a snapshot of the registry: agencies, members, and the certificates that registrations name.

A line is one JSON object with one member, ``agency``, ``member`` or ``certificate``. The first two are the lines of which the
registry's hash is made (`routing.registry_hash`). A certificate proves itself: a registration names its SHA-256.

Invariant: a line is taken only if writing what was read gives the same octets again, so that two different lines are never the
same thing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from json import JSONEncoder
from typing import Any, Final

import msgspec
from cryptography import x509

from certs.certificate import fingerprint, key_fingerprint
from certs.unreadable import UNREADABLE
from routing.agencies import Agency
from routing.errors_snapshot import SnapshotMalformedError
from routing.members import Member
from routing.registration_record import registration_of
from routing.registrations import Registration
from routing.registry_hash import agency_line, member_line
from routing.status import Status

LONGEST: Final = 256 * 1024
"""Octets of a line."""

_CANONICAL = JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
_TRIPLE: Final = 3
_CERTIFICATE: Final = b'{"certificate":'


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate that a registration was shown with, in PEM, perhaps with its authority's after it."""

    sha256: str
    pem: str


Item = Agency | Member | Certificate


class _Agency(msgspec.Struct, forbid_unknown_fields=True):
    aliases: tuple[str, ...]
    certificates: tuple[list[Any], ...]
    code: str
    entity_id: str
    forward_until: str
    kind: str
    name: str
    parent: str | None
    status: Status
    successors: tuple[str, ...]
    valid_from: str
    valid_to: str


class _Member(msgspec.Struct, forbid_unknown_fields=True):
    entities: tuple[str, ...]
    gateway: str
    id: str
    name: str
    prefixes: tuple[str, ...]
    queue: str


class _Certificate(msgspec.Struct, forbid_unknown_fields=True):
    pem: str
    sha256: str


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    agency: _Agency | None = None
    member: _Member | None = None
    certificate: _Certificate | None = None


_decode = msgspec.json.Decoder(_Line).decode


def write_line(item: Item) -> bytes:
    """Return the line of an item."""
    if isinstance(item, Agency):
        return agency_line(item)
    if isinstance(item, Member):
        return member_line(item)
    return _CANONICAL.encode({"certificate": {"pem": item.pem, "sha256": item.sha256}}).encode()


def read_line(line: bytes, *, row: int) -> Item:
    """Read a line; `row` is its place in the file, for the error.

    Raises:
        SnapshotMalformedError: it is no line of a snapshot, or is spelled in another way than it would be written.

    """
    if len(line) > LONGEST:
        raise malformed(row, vi="dòng quá dài", en="the line is too long")
    try:
        item = _item(_decode(line))
        is_canonical = write_line(item) == line
    except (msgspec.MsgspecError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        raise malformed(row, vi="dòng không đọc được", en="the line cannot be read") from None
    if not is_canonical:
        raise malformed(row, vi="dòng không ở dạng chuẩn tắc", en="the line is not in its canonical form")
    return item


def content_sha256(lines: Iterable[bytes]) -> str:
    """Return the hash of the registry of which these are the lines: SHA-256 over the sorted digests of agencies and members."""
    digests = sorted(sha256(line).digest() for line in lines if not line.startswith(_CERTIFICATE))
    return sha256(b"".join(digests)).hexdigest()


def malformed(row: int, *, vi: str, en: str) -> SnapshotMalformedError:
    """Say what is wrong with a snapshot, and where."""
    return SnapshotMalformedError(row=row, reason_vi=vi, reason_en=en)


def completed(registration: Registration, pems: Mapping[str, str]) -> Registration:
    """Return a registration with what follows from its certificate: the key, and the end.

    Raises:
        SnapshotMalformedError: the certificate is not there, or has another key than is registered.

    """
    pem = pems.get(registration.certificate_sha256)
    if pem is None:
        raise malformed(0, vi="thiếu một chứng thư số đã đăng ký", en="a registered certificate is missing")
    found = x509.load_pem_x509_certificate(pem.encode())
    key = key_fingerprint(found)
    if registration.spki_sha256 not in {None, key}:
        raise malformed(
            0, vi="một chứng thư số có khóa khác khóa đã đăng ký", en="a certificate has another key"
        )
    return replace(registration, spki_sha256=key, certificate_ends=found.not_valid_after_utc)


def _item(line: _Line) -> Item:
    if line.agency is not None:
        return _agency_of(line.agency)
    if line.member is not None:
        facts = line.member
        if len(facts.entities) != len(facts.prefixes):
            raise ValueError("each prefix has an entity")
        return Member(
            id=facts.id,
            name=facts.name,
            prefixes=facts.prefixes,
            queue=facts.queue,
            gateway=facts.gateway,
            entities=facts.entities,
        )
    if line.certificate is not None:
        return _certificate_of(line.certificate)
    raise ValueError("a line has one member")


def _agency_of(facts: _Agency) -> Agency:
    return Agency(
        code=facts.code,
        entity_id=facts.entity_id,
        name=facts.name,
        parent=facts.parent,
        kind=facts.kind,
        valid_from=_moment(facts.valid_from),
        valid_to=_moment(facts.valid_to),
        successors=facts.successors,
        aliases=facts.aliases,
        certificates=tuple(map(_registration, facts.certificates)),
        status=facts.status,
        forward_until=_moment(facts.forward_until),
    )


def _registration(fields: list[Any]) -> Registration:
    if not _TRIPLE <= len(fields) <= _TRIPLE + 1 or not all(
        isinstance(each, str) for each in fields[:_TRIPLE]
    ):
        raise ValueError("a registration is a triple with terms")
    certificate_sha256, valid_from, valid_to, *terms = fields
    return registration_of(
        certificate_sha256=certificate_sha256,
        spki_sha256=None,
        valid_from=_moment(valid_from),
        valid_to=_moment(valid_to),
        certificate_ends=None,
        terms=terms[0] if terms else {},
    )


def _certificate_of(facts: _Certificate) -> Certificate:
    try:
        found = x509.load_pem_x509_certificate(facts.pem.encode())
        key_fingerprint(found)
    except UNREADABLE as error:
        raise ValueError("no certificate") from error
    if fingerprint(found) != facts.sha256:
        raise ValueError("another certificate")
    return Certificate(sha256=facts.sha256, pem=facts.pem)


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
