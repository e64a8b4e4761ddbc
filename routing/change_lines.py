"""A change of agencies as the text that officers sign by its hash: one line for each version closed or added.

A line is RFC 8785 JSON, ``{"added": {…}}`` or ``{"closed": {…}}`` with all that is compared of a version; lines are
sorted as bytes and each ends in a line feed. Anyone who has the text can compute the hash without this software.

Invariant: the SHA-256 of `lines_of(change)` is `routing.changes.diff.diff_sha256(change)`, and `change_of` reads the
same change back.
"""

from collections.abc import Mapping
from datetime import datetime
from json import JSONEncoder, loads
from typing import Any

from routing.agencies import Agency
from routing.agency_change import AgencyChange
from routing.registrations import text_of
from routing.status import Status

_CANONICAL = JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def lines_of(change: AgencyChange) -> bytes:
    """Return the text of a change."""
    lines = [
        _CANONICAL.encode({name: version_fields(agency)}).encode()
        for name, agencies in (("added", change.added), ("closed", change.closed))
        for agency in agencies
    ]
    lines.sort()
    return b"".join(line + b"\n" for line in lines)


def change_of(lines: bytes, *, base_version: int) -> AgencyChange:
    """Read the text of a change.

    Raises:
        ValueError: it is none.

    """
    found: dict[str, list[Agency]] = {"added": [], "closed": []}
    try:
        for line in lines.splitlines():
            ((name, facts),) = loads(line).items()
            found[name].append(_version(facts))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a change of agencies: {error}") from error
    return AgencyChange(base_version=base_version, closed=tuple(found["closed"]), added=tuple(found["added"]))


def version_fields(agency: Agency) -> dict[str, Any]:
    """Return what is compared of a version of a code."""
    return {
        "aliases": sorted(agency.aliases),
        "code": agency.code,
        "entity_id": agency.entity_id,
        "forward_until": text_of(agency.forward_until),
        "kind": agency.kind,
        "name": agency.name,
        "parent": agency.parent,
        "status": agency.status.value,
        "successors": list(agency.successors),
        "valid_from": text_of(agency.valid_from),
        "valid_to": text_of(agency.valid_to),
    }


def _version(facts: Mapping[str, Any]) -> Agency:
    return Agency(
        code=facts["code"],
        entity_id=facts["entity_id"],
        name=facts["name"],
        parent=facts["parent"],
        kind=facts["kind"],
        valid_from=_moment(facts["valid_from"]),
        valid_to=_moment(facts["valid_to"]),
        successors=tuple(facts["successors"]),
        aliases=tuple(facts["aliases"]),
        status=Status(facts["status"]),
        forward_until=_moment(facts["forward_until"]),
    )


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
