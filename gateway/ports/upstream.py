"""The port for following another gateway's registry: what was seen of it last, and taking over what it says now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from routing.registrations import Registration


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamState:
    """The newest statement of the upstream that was verified: what it was about, and until when it may be relied upon."""

    registry: str
    """The name of the registry, which is that of the key that signs for it."""

    version: int
    sha256: str
    issued: datetime
    expires: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A registration that the upstream has: whose it is, and the certificate that it was shown with."""

    entity_id: str
    registration: Registration
    pem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A statement of the upstream whose agencies are those of the local registry already, and all registrations that it has."""

    state: UpstreamState
    registrations: frozenset[Registered]


class UpstreamRegistry(Protocol):
    """What is known of an upstream registry. Versions of one registry never go back."""

    async def state(self, registry: str) -> UpstreamState | None:
        """Return the newest statement of this registry that was taken over, or None."""

    async def certificates(self, version: int) -> Mapping[str, str]:
        """Return the certificates (PEM, by SHA-256) of all registrations of one version of the local registry."""

    async def extend(self, state: UpstreamState) -> None:
        """Note that the version which was taken over last was signed anew; an earlier statement changes nothing."""

    async def follow(self, followed: Followed) -> int:
        """Take over what a statement says of registrations, note the statement, and return the version of the local registry.

        One transaction. Registrations that change make a local version, with an entry `registry_activated` that names the
        upstream's version and hash. A statement that was noted before, or is older than that, changes nothing.

        Raises:
            StaleRegistryError: another version came into force meanwhile.

        """
