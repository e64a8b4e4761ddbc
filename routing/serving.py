"""For which bodies a connected system is to serve its prefixes.

A prefix is served for the *entity* that bears it (`routing.members`). Whoever connects a system names
prefixes; which body each of them means follows from the directory here: the one that bears it, or will, or
did. A system may serve one prefix for the old body and for the new one; both are kept then.
"""

from collections.abc import Iterable
from datetime import datetime

from routing.agencies import Directory, Member


def services_for(
    prefixes: Iterable[str],
    *,
    known: Member | None,
    directory: Directory,
    at: datetime,
    since: datetime | None = None,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return prefixes with the entity of each, one prefix twice where it is served for two bodies.

    `known` is the system as it is connected: what it serves for a body stays so. A prefix that is new to it is
    bound to whoever bears it at `at`. With `since`, every prefix is bound also to whoever bears it from that
    moment on. One that nobody ever bears is bound to nobody: its entity is empty, and it serves whoever will.
    """
    before: dict[str, list[str]] = {}
    for prefix, entity in known.services() if known is not None else ():
        if entity:
            before.setdefault(prefix, []).append(entity)
    services: list[tuple[str, str]] = []
    for prefix in prefixes:
        entities = list(before.get(prefix, ()))
        if since is not None or not entities:
            entities.append(bearer_of(prefix, directory=directory, at=at if since is None else since))
        services += [(prefix, entity) for entity in dict.fromkeys(entities)]
    bound = tuple(entity for _, entity in services)
    return tuple(prefix for prefix, _ in services), bound if any(bound) else ()


def bearer_of(prefix: str, *, directory: Directory, at: datetime) -> str:
    """Return the entity that bears a code at `at`, else the next that will, else the last that did, else nothing."""
    agency = directory.agency(prefix, at)
    if agency is not None:
        return agency.entity_id
    versions = directory.versions(prefix)
    later = [each for each in versions if each.valid_from is not None and each.valid_from > at]
    chosen = later[:1] or versions[-1:]
    return chosen[0].entity_id if chosen else ""
