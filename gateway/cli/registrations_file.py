"""Registrations in a file, as `vanthu cert list --json` prints them, for examining at a desk as a gateway would.

Invariant: a file is taken whole or not at all, and each registration must still have the id that it was printed with.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from gateway.cli.output import UnreadableFileError, read_file
from routing.agencies import Agency
from routing.registrations import (
    IssuerBy,
    RegisteredBy,
    Registration,
    Revocation,
    SubjectProfile,
    Suspension,
)


class _Attribute(msgspec.Struct, frozen=True):
    attribute: str
    value: str


class _Profile(msgspec.Struct, frozen=True):
    name: str
    issuer_by: IssuerBy
    issuer_sha256: str
    subject: tuple[_Attribute, ...]


class _Suspension(msgspec.Struct, frozen=True):
    since: datetime
    until: datetime | None
    reason: str
    resumed_because: str | None


class _Revocation(msgspec.Struct, frozen=True):
    since: datetime
    reason: str
    compromised: bool


class _Registration(msgspec.Struct, frozen=True):
    id: str
    by: RegisteredBy
    certificate_sha256: str
    spki_sha256: str | None
    profile: _Profile | None
    valid_from: datetime | None
    valid_to: datetime | None
    certificate_ends: datetime | None
    replaces: str | None
    suspensions: tuple[_Suspension, ...]
    revoked: _Revocation | None


class _Agency(msgspec.Struct, frozen=True):
    code: str
    registrations: tuple[_Registration, ...]


class _Agencies(msgspec.Struct, frozen=True):
    agencies: tuple[_Agency, ...]


def with_registrations(agencies: tuple[Agency, ...], file: Path) -> tuple[Agency, ...]:
    """Give each agency the registrations that the file has for its code, beside those of its own.

    Raises:
        UnreadableFileError: the file cannot be read, is not such a list, or names a code that no agency has.

    """
    content = read_file(file)
    try:
        listed = {each.code: tuple(map(_registration, each.registrations)) for each in _agencies(content)}
        _refuse_strangers(listed.keys() - {agency.code for agency in agencies})
    except (msgspec.MsgspecError, ValueError, UnicodeDecodeError) as error:
        raise UnreadableFileError(
            vi=f"Không dùng được danh sách đăng ký {file}", en=f"{file}: {error}"
        ) from error
    return tuple(
        replace(agency, certificates=(*agency.certificates, *listed.get(agency.code, ())))
        for agency in agencies
    )


def _refuse_strangers(codes: AbstractSet[str]) -> None:
    if codes:
        raise ValueError(f"no agency has the code {min(codes)}")


def _agencies(content: bytes) -> tuple[_Agency, ...]:
    """Read the list of all agencies, or that of one."""
    whole = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
    if "agencies" in whole:
        return msgspec.json.decode(content, type=_Agencies).agencies
    return (msgspec.json.decode(content, type=_Agency),)


def _registration(each: _Registration) -> Registration:
    registration = Registration(
        by=each.by,
        certificate_sha256=each.certificate_sha256,
        spki_sha256=each.spki_sha256,
        profile=None if each.profile is None else _profile(each.profile),
        valid_from=_utc(each.valid_from),
        valid_to=_utc(each.valid_to),
        certificate_ends=_utc(each.certificate_ends),
        replaces=each.replaces,
        suspensions=tuple(
            Suspension(
                since=one.since.astimezone(UTC),
                until=_utc(one.until),
                reason=one.reason,
                resumed_because=one.resumed_because,
            )
            for one in each.suspensions
        ),
        revocation=None
        if each.revoked is None
        else Revocation(
            since=each.revoked.since.astimezone(UTC),
            reason=each.revoked.reason,
            compromised=each.revoked.compromised,
        ),
    )
    if registration.id != each.id:
        raise ValueError(f"the registration {each.id} is not what it was")
    return registration


def _profile(profile: _Profile) -> SubjectProfile:
    return SubjectProfile(
        name=profile.name,
        issuer_by=profile.issuer_by,
        issuer_sha256=profile.issuer_sha256,
        subject=tuple((each.attribute, each.value) for each in profile.subject),
    )


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)
