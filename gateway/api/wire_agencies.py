"""How agencies look on the wire, beside `gateway.api.wire`: in lists, with their history, and members in lists."""

from __future__ import annotations

from datetime import datetime

from gateway.api.wire import moment
from gateway.peers import PeerGateway
from gateway.records import Json
from routing.agencies import Agency, Directory, Member
from routing.search import Hit, Page, version_at
from routing.status import Status


def page(found: Page, directory: Directory, *, at: datetime) -> dict[str, Json]:
    """Write a page of agencies."""
    return {
        "at": moment(at),
        "registry_version": directory.version,
        "items": [_hit(each) for each in found.hits],
        "next": found.after,
        "suggestions": [{"code": each.code, "name": each.name} for each in found.suggestions],
    }


def _hit(hit: Hit) -> dict[str, Json]:
    return {**version(hit.agency), "code": hit.agency.code, **status(hit.status)}


def status(found: Status) -> dict[str, Json]:
    """Write what a code is."""
    return {"status": found.value, "status_vi": found.vi, "status_en": found.en}


def version(agency: Agency) -> dict[str, Json]:
    """Write one version of a code."""
    return {
        "name": agency.name,
        "kind": agency.kind,
        "parent": agency.parent,
        "entity_id": agency.entity_id,
        "valid_from": moment(agency.valid_from),
        "valid_to": moment(agency.valid_to),
        "successors": agency.successors,
    }


def background(code: str, directory: Directory, *, at: datetime) -> dict[str, Json]:
    """Write what goes beyond one version: what the code is at a moment, what it was and will be, and whom it took over."""
    found = directory.status(code, at)
    return {
        **status(found or Status.CLOSED),
        "versions": [
            {**version(each), **status(each.status), "forward_until": moment(each.forward_until)}
            for each in directory.versions(code)
        ],
        "predecessors": [
            {
                "code": each.code,
                "name": each.name,
                "entity_id": each.entity_id,
                "valid_to": moment(each.valid_to),
            }
            for each in directory.predecessors(code, at)
        ],
    }


def history(code: str, directory: Directory, *, as_sent: str, at: datetime) -> dict[str, Json]:
    """Write everything that is known of a code, whether or not it is in force."""
    shown = version_at(directory, code, at)
    member = directory.member_for(code, at)
    parent = None if shown is None or shown.parent is None else version_at(directory, shown.parent, at)
    return {
        "code": code,
        "as_sent": as_sent,
        "at": moment(at),
        "name": None if shown is None else shown.name,
        "kind": None if shown is None else shown.kind,
        "parent": None if parent is None else {"code": parent.code, "name": parent.name},
        "successors": [] if shown is None else _named(shown.successors, directory, at),
        **background(code, directory, at=at),
        "aliases": sorted({alias for each in directory.versions(code) for alias in each.aliases}),
        "member": None
        if member is None
        else {"id": member.id, "name": member.name, "prefix": directory.prefix_for(code, at)},
        "registry_version": directory.version,
    }


def _named(codes: tuple[str, ...], directory: Directory, at: datetime) -> list[Json]:
    found = ((code, version_at(directory, code, at)) for code in codes)
    return [{"code": code, "name": None if each is None else each.name} for code, each in found]


def members(directory: Directory) -> dict[str, Json]:
    """Write every connected system."""
    return {
        "registry_version": directory.version,
        "items": [member(each) for each in sorted(directory.members, key=lambda each: each.id)],
    }


def peer(found: PeerGateway, *, own: str) -> dict[str, Json]:
    """Write a gateway that is believed; `own` is this one's name."""
    return {
        "name": found.name,
        "verifier_key": found.verifier_key,
        "shares_payloads": found.shares_payloads,
        "is_this": found.name == own,
    }


def member(found: Member) -> dict[str, Json]:
    """Write a connected system in a list."""
    return {
        "id": found.id,
        "name": found.name,
        "prefixes": found.prefixes,
        "entities": [entity or None for _, entity in found.services()],
        "queue": found.queue,
        "gateway": found.gateway,
    }
