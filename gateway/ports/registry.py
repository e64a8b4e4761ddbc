"""The port for agencies, members, certificates and other gateways."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gateway.records import PeerGateway
from routing.agencies import Agency, CertificateBinding, Directory, Member


class Registry(Protocol):
    """Agencies, members, certificates and peers: versioned, never updated in place."""

    async def directory(self) -> Directory:
        """Return the current snapshot; cheap when the version is unchanged."""

    async def peers(self) -> tuple[PeerGateway, ...]:
        """Return the gateways whose envelopes are believed."""

    async def load_agencies(self, agencies: Sequence[Agency], *, actor: str, source_sha256: str) -> Directory:
        """Make these the agencies in force from now on as one new version; the same content again makes no new version.

        Certificates registered for an entity that stays are kept. Logs `registry_activated` with version, hashes and counts.
        """

    async def put_member(self, member: Member, *, actor: str) -> Directory:
        """Add a member or replace its name, prefixes and queue, as a new version. Logs `member_added` or `member_changed`."""

    async def bind_certificate(
        self, code: str, binding: CertificateBinding, *, pem: bytes, actor: str
    ) -> Directory:
        """Register a certificate for the entity that bears `code` now, as a new version. Logs `certificate_bound`.

        Raises:
            KeyError: no agency bears this code.

        """

    async def put_peer(self, peer: PeerGateway, *, actor: str) -> None:
        """Believe envelopes of this gateway from now on, under this key only. Logs `key_rotated` with purpose `peer`."""
