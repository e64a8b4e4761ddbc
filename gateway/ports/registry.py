"""The port for agencies, members, certificates and other gateways."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from gateway.peers import PeerGateway
from gateway.sighting import Sighting
from routing.agencies import Agency, Directory, Member
from routing.agency_change import AgencyChange
from routing.registration_changes import StatusChange
from routing.registrations import Registration


class Registry(Protocol):
    """Agencies, members, certificates and peers: versioned, never updated in place."""

    async def directory(self) -> Directory:
        """Return the current snapshot; cheap when the version is unchanged."""

    async def directory_at(self, asked: int | datetime) -> Directory:
        """Return the directory of an older version, or of the one that was in force at a recorded moment.

        With `Directory.agency(code, at)` that says what was known then to be in force at `at`.

        Raises:
            KeyError: there is no such version.

        """

    async def peers(self) -> tuple[PeerGateway, ...]:
        """Return the gateways whose envelopes are believed."""

    async def load_agencies(self, agencies: Sequence[Agency], *, actor: str, source_sha256: str) -> Directory:
        """Make these the agencies in force from now on as one new version; the same content again makes no new version.

        Certificates registered for an entity that stays are kept. Logs `registry_activated` with version, hashes and counts.
        """

    async def change_agencies(
        self, change: AgencyChange, *, actor: str, source: str, change_id: str
    ) -> Directory:
        """Make a change of agencies as one new version, or nothing of it; an empty change makes no new version.

        Certificates of an entity stay with it as long as it has a version. Logs `registry_activated` with version,
        hashes, counts and `change`, which is `change_id`; `source` is the hash of where the change was read from.

        Raises:
            StaleRegistryError: the version that the change speaks of is not in force any more.
            RegistryInconsistent: it closes what is not there, or agencies and members together would contradict
                themselves.

        """

    async def put_member(self, member: Member, *, actor: str) -> Directory:
        """Add a member or replace its name, prefixes and queue, as a new version. Logs `member_added` or `member_changed`."""

    async def register_certificate(
        self, code: str, registration: Registration, *, pem: bytes, actor: str
    ) -> Directory:
        """Register a certificate for the entity that bears `code` now, as a new version. Logs `certificate_bound`.

        Raises:
            KeyError: no agency bears this code.

        """

    async def change_registration(
        self, code: str, reference: str, change: StatusChange, *, actor: str
    ) -> Directory:
        """Suspend, resume or revoke a registration of the entity that bears `code` now, as a new version.

        `reference` is its id, or a certificate or key that one registration names. Logs `certificate_suspended`,
        `certificate_resumed` or `certificate_revoked`.

        Raises:
            KeyError: no agency bears this code, or it has no such registration.
            RegistrationStateError: it is not in a state in which this can be done; nothing changes.

        """

    async def sightings(self) -> tuple[Sighting, ...]:
        """Return when each certificate last signed a document that was accepted here."""

    async def put_peer(self, peer: PeerGateway, *, actor: str) -> None:
        """Believe envelopes of this gateway from now on, under this key and on these terms only.

        Logs `key_rotated` with purpose `peer`, or `peer_changed` if its key stays.
        """

    async def end_peer(self, name: str, *, actor: str) -> bool:
        """Believe nothing of this gateway any more; return whether it was believed. Logs `peer_removed`."""
