"""The port for following another gateway's registry: what was seen of it last, and taking over what it says now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from routing.agency_change import AgencyChange
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
    """What a statement of the upstream makes of the local registry: a change of its agencies, and all registrations."""

    state: UpstreamState
    change: AgencyChange
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
        """Take over a version of the upstream, and return the version of the local registry in which it is in force.

        One transaction: the local version, the entry `registry_activated` that names the upstream's version and hash, and the
        state. A version that was taken over before, or is older than that, changes nothing; content that is in force already
        makes no version.

        Raises:
            StaleRegistryError: the local version of which the change speaks is not in force any more.
            RegistryInconsistent: what comes out would contradict itself; nothing changes.

        """
