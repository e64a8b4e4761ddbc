"""The hash that stands for the whole content of one version of the registry, in log entries and statements.

Invariant: the hash depends on the content alone, not on the order in which it comes.
"""

import hashlib
from collections.abc import Iterable
from json import JSONEncoder

from routing.agency import Agency
from routing.members import Member
from routing.registration_record import registration_fields
from routing.registrations import text_of

_CANONICAL = JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def registry_sha256(agencies: Iterable[Agency], members: Iterable[Member]) -> str:
    """Return the SHA-256, in hex, of the registry's content, whatever order it comes in.

    Each agency version and each member is one line of RFC 8785 JSON; the lines are sorted as bytes and each
    ends in a line feed. Order counts only among successors, where the first is the default.
    `reconstituted_at` is left out because it follows from the rest.
    """
    lines = [_CANONICAL.encode({"agency": _agency_fields(agency)}).encode() for agency in agencies]
    lines += [_CANONICAL.encode({"member": _member_fields(member)}).encode() for member in members]
    lines.sort()
    return hashlib.sha256(b"".join(line + b"\n" for line in lines)).hexdigest()


def _agency_fields(agency: Agency) -> dict[str, object]:
    certificates = sorted(map(registration_fields, agency.certificates), key=_CANONICAL.encode)
    return {
        "aliases": sorted(agency.aliases),
        "certificates": certificates,
        "code": agency.code,
        "entity_id": agency.entity_id,
        "forward_until": text_of(agency.forward_until),
        "kind": agency.kind,
        "name": agency.name,
        "parent": agency.parent,
        "status": agency.status.value,
        "successors": agency.successors,
        "valid_from": text_of(agency.valid_from),
        "valid_to": text_of(agency.valid_to),
    }


def _member_fields(member: Member) -> dict[str, object]:
    return {
        "entities": [entity for _, entity in sorted(member.services())],
        "gateway": member.gateway,
        "id": member.id,
        "name": member.name,
        "prefixes": sorted(member.prefixes),
        "queue": member.queue,
    }
