"""Registering certificates and what becomes of registrations: each change closes a row and adds one, in a new version."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeVar

from sqlalchemy import Connection

from gateway.ports import StaleRegistryError
from gateway.records import Event, Json
from gateway.store import content
from gateway.store.errors import RegistryBusyError
from gateway.store.reading import Head
from gateway.store.staging import Staging
from gateway.store.tables import certificate
from routing.agencies import Agency, Directory
from routing.errors import RoutingError
from routing.log import Kind
from routing.registering import named_by
from routing.registration_changes import Resume, Revoke, StatusChange, Suspend, added, changed
from routing.registrations import Registration, profile_fields, text_of

T = TypeVar("T")
R = TypeVar("R")

_KINDS: Final = {
    Suspend: Kind.CERTIFICATE_SUSPENDED,
    Resume: Kind.CERTIFICATE_RESUMED,
    Revoke: Kind.CERTIFICATE_REVOKED,
}


class NewRegistration(NamedTuple):
    """A certificate to be registered for whoever bears the code."""

    code: str
    registration: Registration
    pem: bytes
    actor: str


class ChangedRegistration(NamedTuple):
    """What shall become of a registration of whoever bears the code."""

    code: str
    reference: str
    change: StatusChange
    actor: str


class Registrations:
    """The operations behind `ports.Registry.register_certificate` and `change_registration`."""

    def __init__(self, staging: Staging, known: Callable[[Connection, Head], Directory]) -> None:
        self._staging = staging
        self._known = known

    def register(
        self, connection: Connection, now: datetime, items: Sequence[NewRegistration]
    ) -> list[Directory | Exception]:
        """Register certificates."""
        return [undone_if_refused(connection, self._register, now, item) for item in items]

    def change(
        self, connection: Connection, now: datetime, items: Sequence[ChangedRegistration]
    ) -> list[Directory | Exception]:
        """Suspend, resume and revoke."""
        return [undone_if_refused(connection, self._change, now, item) for item in items]

    def _register(self, connection: Connection, now: datetime, item: NewRegistration) -> Directory:
        before = content.head_to_change(connection)
        bearer, directory = self._bearer(connection, before, item.code, now)
        if not added(bearer.certificates, item.registration, at=now):
            return directory
        made = _next(directory, bearer, (*bearer.certificates, item.registration))
        content.add_registration(
            connection, made.version, entity_id=bearer.entity_id, registration=item.registration, pem=item.pem
        )
        return self._activate(
            connection, now, made, bearer, item.registration, kind=Kind.CERTIFICATE_BOUND, actor=item.actor
        )

    def _change(self, connection: Connection, now: datetime, item: ChangedRegistration) -> Directory:
        before = content.head_to_change(connection)
        bearer, directory = self._bearer(connection, before, item.code, now)
        found = named_by(item.reference, bearer.certificates)
        if found is None:
            raise KeyError(item.reference)
        after = changed(found, item.change, at=now)
        rows = content.registration_rows(connection, before.version, bearer.entity_id)
        row_id, pem = next((row_id, pem) for row_id, each, pem in rows if each == found)
        others = tuple(each for each in bearer.certificates if each != found)
        made = _next(directory, bearer, (*others, after))
        content.close(connection, certificate, [row_id], made.version)
        content.add_registration(
            connection, made.version, entity_id=bearer.entity_id, registration=after, pem=pem
        )
        kind = _KINDS[type(item.change)]
        # The reason is a sentence, and stands in the registry, of which the entry names the hash.
        told: dict[str, Json] = {}
        if after.revocation is not None:
            told = {"since": text_of(after.revocation.since), "compromised": after.revocation.compromised}
        return self._activate(connection, now, made, bearer, after, kind=kind, actor=item.actor, **told)

    def _bearer(
        self, connection: Connection, head: Head, code: str, now: datetime
    ) -> tuple[Agency, Directory]:
        directory = self._known(connection, head)
        bearer = directory.agency(code, now)
        if bearer is None:
            raise KeyError(code)
        return bearer, directory

    def _activate(
        self,
        connection: Connection,
        now: datetime,
        made: Directory,
        bearer: Agency,
        registration: Registration,
        *,
        kind: Kind,
        actor: str,
        **told: Json,
    ) -> Directory:
        sha256 = registration.certificate_sha256
        content.activate(connection, now, made, actor=actor, source=f"certificate {sha256}")
        fields = {
            "certificate_sha256": sha256,
            "registration": registration.id,
            "entity": bearer.entity_id,
            "agency": bearer.code,
            "actor": actor,
            **(_facts(registration) if kind is Kind.CERTIFICATE_BOUND else {}),
            **told,
            "registry_version": made.version,
            "registry_sha256": made.sha256,
        }
        self._staging.stage(connection, now, [Event(kind=kind, fields=fields)])
        return made


def _next(directory: Directory, bearer: Agency, certificates: tuple[Registration, ...]) -> Directory:
    return directory.moved(version=directory.version + 1, certificates={bearer.entity_id: certificates})


def _facts(registration: Registration) -> dict[str, Any]:
    """Return what was registered; of a subject only which attributes count, for their values may be personal."""
    facts: dict[str, Any] = {"by": registration.by.value, "spki_sha256": registration.spki_sha256}
    facts |= {"valid_from": text_of(registration.valid_from), "valid_to": text_of(registration.valid_to)}
    facts["replaces"] = registration.replaces
    if registration.profile is not None:
        shown = profile_fields(registration.profile)
        facts |= {
            "profile": shown["name"],
            "issuer_by": shown["issuer_by"],
            "issuer_sha256": shown["issuer_sha256"],
        }
        facts["attributes"] = [name for name, _ in registration.profile.subject]
    return {name: value for name, value in facts.items() if value not in (None, "")}


def undone_if_refused(
    connection: Connection, change: Callable[[Connection, datetime, T], R], now: datetime, item: T
) -> R | Exception:
    """Make a change, or take back what it wrote if the registry refuses it, so that its neighbours in the transaction stand."""
    point = connection.begin_nested()
    try:
        made = change(connection, now, item)
    except (RoutingError, RegistryBusyError, StaleRegistryError, KeyError) as error:
        point.rollback()
        return error
    point.commit()
    return made
