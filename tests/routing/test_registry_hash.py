"""The two recipes of the registry's hash, and digests that follow from the ones before."""

import hashlib
from dataclasses import replace

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from routing.agencies import Agency
from routing.registrations import text_of
from routing.registry_hash import Digests, registry_sha256
from routing.status import Status
from tests.support.registry import AFTER, HANOI, MEMBERS, an_agency, home_agencies

LINES = st.sets(st.integers(0, 400), max_size=40)


def numbered(numbers: set[int]) -> list[Agency]:
    """Return one agency for each number."""
    return [an_agency(f"H26.{number}") for number in numbers]


def test_versions_of_before_keep_their_recipe() -> None:
    """Recipe 1: sorted lines with a line feed each, without what came into the lines later."""
    agency = an_agency("H39", successors=("H53",), certificates=("aa" * 32,), valid_to=AFTER)
    fields = {
        "aliases": [],
        "certificates": [["aa" * 32, "", ""]],
        "code": "H39",
        "entity_id": agency.entity_id,
        "kind": "province",
        "name": agency.name,
        "parent": None,
        "successors": ["H53"],
        "valid_from": "",
        "valid_to": text_of(AFTER),
    }
    member = {
        "gateway": HANOI.gateway,
        "id": HANOI.id,
        "name": HANOI.name,
        "prefixes": ["H26"],
        "queue": HANOI.queue,
    }
    lines = sorted(rfc8785.dumps(line) + b"\n" for line in ({"agency": fields}, {"member": member}))
    later = replace(agency, status=Status.SUSPENDED, forward_until=AFTER)

    assert registry_sha256([agency], [HANOI], recipe=1) == hashlib.sha256(b"".join(lines)).hexdigest()
    assert registry_sha256([later], [HANOI], recipe=1) == registry_sha256([agency], [HANOI], recipe=1)
    assert registry_sha256([later], [HANOI]) != registry_sha256([agency], [HANOI])


def test_an_unknown_recipe_is_refused() -> None:
    """A version that a later gateway made is not judged by a recipe of now."""
    with pytest.raises(ValueError, match="recipe 3"):
        registry_sha256((), (), recipe=3)


def test_nothing_hashes_alike_by_every_recipe() -> None:
    """The empty registry, version 0, needs no recipe."""
    assert registry_sha256((), (), recipe=1) == registry_sha256((), ()) == hashlib.sha256().hexdigest()


def test_every_line_is_canonical() -> None:
    """The digest of a line is that of its RFC 8785 form, certificates and members included."""
    agency = an_agency("H39", certificates=("bb" * 32, "aa" * 32), successors=("H53", "H26"))
    fields = {
        "aliases": [],
        "certificates": [["aa" * 32, "", ""], ["bb" * 32, "", ""]],
        "code": "H39",
        "entity_id": agency.entity_id,
        "forward_until": "",
        "kind": "province",
        "name": agency.name,
        "parent": None,
        "status": "active",
        "successors": ["H53", "H26"],
        "valid_from": "",
        "valid_to": "",
    }
    assert Digests.of([agency], ()).octets == hashlib.sha256(rfc8785.dumps({"agency": fields})).digest()


@given(before=LINES, gone=LINES, come=LINES)
def test_digests_follow_from_the_ones_before(before: set[int], gone: set[int], come: set[int]) -> None:
    """Whatever goes and comes, also the same line, they are those of what is there then."""
    gone &= before
    come -= before - gone
    old = Digests.of(numbered(before), MEMBERS)

    new = old.after(closed=numbered(gone), added=numbered(come), left=MEMBERS[:1], joined=(MEMBERS[0],))

    assert new == Digests.of(numbered((before - gone) | come), MEMBERS)
    assert new.sha256 == registry_sha256(numbered((before - gone) | come), MEMBERS)


def test_a_line_that_is_not_there_cannot_go() -> None:
    """Digests that belong to something else are not made worse."""
    digests = Digests.of(home_agencies(), ())
    for each in (an_agency("H01"), an_agency("H99"), an_agency("G01")):
        with pytest.raises(ValueError, match="not there"):
            digests.after(closed=[each])
    with pytest.raises(ValueError, match="not there"):
        digests.after(left=[HANOI])
