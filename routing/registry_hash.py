"""The hash that stands for the whole content of one version of the registry, in log entries and statements.

Each agency version and each member is one line of RFC 8785 JSON. There are two recipes, and a version keeps the one
that it was made with:

1. SHA-256 over the lines, sorted as bytes, each with a line feed at its end. Its lines know neither the status of a
   code, nor how long it is forwarded, nor for which entities a member serves its prefixes.
2. SHA-256 over the SHA-256 digests of the lines, sorted as bytes. A change of few lines costs little, because the
   digests of the others are kept (`Digests`).

Invariants: the hash depends on the content alone, not on the order in which it comes, nor on the way that led there.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import merge
from json import JSONEncoder
from json.encoder import encode_basestring as quoted
from typing import Final, Self

from routing.agency import Agency
from routing.members import Member
from routing.registration_record import registration_fields
from routing.registrations import text_of

RECIPE: Final = 2
"""The recipe of the versions that are made now."""

_CANONICAL = JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
_LATER_IN_AGENCIES: Final = ("status", "forward_until")
_LATER_IN_MEMBERS: Final = ("entities",)
_SIZE: Final = hashlib.sha256().digest_size


@dataclass(frozen=True, slots=True)
class Digests:
    """The SHA-256 digests of all lines, sorted, one after the other."""

    octets: bytes

    @classmethod
    def of(cls, agencies: Iterable[Agency], members: Iterable[Member]) -> Self:
        """Return the digests of this content."""
        return cls(b"".join(_sorted(_digests(agencies, members))))

    @property
    def sha256(self) -> str:
        """The hash of the content, by recipe 2."""
        return hashlib.sha256(self.octets).hexdigest()

    def after(
        self,
        *,
        closed: Iterable[Agency] = (),
        added: Iterable[Agency] = (),
        left: Iterable[Member] = (),
        joined: Iterable[Member] = (),
    ) -> Self:
        """Return the digests when these lines are gone and those are there.

        Raises:
            ValueError: a line is not there that is to go.

        """
        # A place is the number of digests before it; what goes at a place goes before anything comes there.
        gone = ((self._place(each), 0, each) for each in _sorted(_digests(closed, left)))
        come = ((self._place(each), 1, each) for each in _sorted(_digests(added, joined)))
        pieces: list[bytes] = []
        done = 0
        for place, comes, digest in merge(gone, come):
            pieces.append(self.octets[done * _SIZE : place * _SIZE])
            done = max(done, place)
            if comes:
                pieces.append(digest)
            elif self.octets[done * _SIZE : (done + 1) * _SIZE] == digest:
                done += 1
            else:
                raise ValueError("a line is not there that is to go")
        pieces.append(self.octets[done * _SIZE :])
        return type(self)(b"".join(pieces))

    def _place(self, digest: bytes) -> int:
        """Return how many digests are smaller."""
        low, high = 0, len(self.octets) // _SIZE
        while low < high:
            middle = (low + high) // 2
            if self.octets[middle * _SIZE : (middle + 1) * _SIZE] < digest:
                low = middle + 1
            else:
                high = middle
        return low


def registry_sha256(agencies: Iterable[Agency], members: Iterable[Member], *, recipe: int = RECIPE) -> str:
    """Return the SHA-256, in hex, of the registry's content, whatever order it comes in.

    Order counts only among successors, where the first is the default. `reconstituted_at` is left out because it
    follows from the rest.

    Raises:
        ValueError: there is no such recipe.

    """
    if recipe == RECIPE:
        return Digests.of(agencies, members).sha256
    if recipe != 1:
        raise ValueError(f"no recipe {recipe} for the hash of a registry")
    lines = [_without({"agency": _agency_fields(each)}, _LATER_IN_AGENCIES) for each in agencies]
    lines += [_without({"member": _member_fields(each)}, _LATER_IN_MEMBERS) for each in members]
    return hashlib.sha256(b"".join(sorted(line.encode() + b"\n" for line in lines))).hexdigest()


def _digests(agencies: Iterable[Agency], members: Iterable[Member]) -> list[bytes]:
    digests = [hashlib.sha256(_agency_line(each).encode()).digest() for each in agencies]
    lines = (_CANONICAL.encode({"member": _member_fields(each)}) for each in members)
    return digests + [hashlib.sha256(line.encode()).digest() for line in lines]


def _sorted(digests: Iterable[bytes]) -> Iterator[bytes]:
    """Yield digests in order, sorting few at a time: sorting a hundred thousand at once would keep other threads waiting."""
    alike: defaultdict[int, list[bytes]] = defaultdict(list)
    for each in digests:
        alike[each[0]].append(each)
    for first in sorted(alike):
        yield from sorted(alike[first])


def _without(line: dict[str, dict[str, object]], names: tuple[str, ...]) -> str:
    for fields in line.values():
        for name in names:
            del fields[name]
    return _CANONICAL.encode(line)


def _agency_line(agency: Agency) -> str:
    """Return the line of an agency: what encoding `_agency_fields` gives, written out because there are so many."""
    certificates = "[]"
    if agency.certificates:
        certificates = _CANONICAL.encode(_agency_fields(agency)["certificates"])
    parent = "null" if agency.parent is None else quoted(agency.parent)
    return (
        f'{{"agency":{{"aliases":[{",".join(map(quoted, sorted(agency.aliases)))}],"certificates":{certificates},'
        f'"code":{quoted(agency.code)},"entity_id":{quoted(agency.entity_id)},'
        f'"forward_until":"{text_of(agency.forward_until)}","kind":{quoted(agency.kind)},'
        f'"name":{quoted(agency.name)},"parent":{parent},"status":"{agency.status.value}",'
        f'"successors":[{",".join(map(quoted, agency.successors))}],'
        f'"valid_from":"{text_of(agency.valid_from)}","valid_to":"{text_of(agency.valid_to)}"}}}}'
    )


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


def agency_line(agency: Agency) -> bytes:
    """Return the line of an agency version, as others read it (`routing.snapshot_lines`)."""
    return _agency_line(agency).encode()


def member_line(member: Member) -> bytes:
    """Return the line of a member, as others read it (`routing.snapshot_lines`)."""
    return _CANONICAL.encode({"member": _member_fields(member)}).encode()
