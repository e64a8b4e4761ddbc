"""The contract of `ports.UpstreamRegistry`: a version is taken over once, as one local version with one entry, or not at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from certs.certificate import fingerprint, key_fingerprint
from certs.issue import issue, new_root
from gateway.ports import StaleRegistryError
from gateway.ports.upstream import Followed, Registered, UpstreamState
from gateway.store import SqlStore
from routing.agencies import Agency
from routing.agency_change import AgencyChange
from routing.errors import RegistryInconsistent
from routing.log import Kind, LogEntry, read_leaf
from routing.registrations import Registration
from tests.support.registry import HANOI, an_agency
from tests.support.store_samples import NOON
from tests.support.stores import Stores

HOUR = timedelta(hours=1)
FIRST = UpstreamState(
    registry="up/registry", version=5, sha256="55" * 32, issued=NOON, expires=NOON + 24 * HOUR
)
SECOND = replace(FIRST, version=6, sha256="66" * 32)


def registered(agency: Agency) -> Registered:
    """Return a certificate that is registered for an agency."""
    found, _ = issue(
        new_root("Gốc", NOON - HOUR),
        subject_common_name=agency.code,
        not_before=NOON - HOUR,
        not_after=NOON + HOUR,
    )
    registration = Registration(
        certificate_sha256=fingerprint(found),
        spki_sha256=key_fingerprint(found),
        certificate_ends=found.not_valid_after_utc,
    )
    pem = found.public_bytes(Encoding.PEM).decode()
    return Registered(entity_id=agency.entity_id, registration=registration, pem=pem)


def followed(
    state: UpstreamState, *added: Agency, base: int = 0, closed: tuple[Agency, ...] = (), **more: Registered
) -> Followed:
    """Return what a statement makes of the local registry."""
    change = AgencyChange(base_version=base, closed=closed, added=added)
    return Followed(state=state, change=change, registrations=frozenset(more.values()))


async def activations(stores: Stores) -> list[LogEntry]:
    """Return the entries about versions that came from the upstream."""
    rows = await stores.rows("SELECT leaf FROM log_entry ORDER BY id")
    entries = [read_leaf(bytes(leaf)) for (leaf,) in rows]
    return [each for each in entries if each.kind is Kind.REGISTRY_ACTIVATED]


async def test_a_version_is_taken_over(store: SqlStore, stores: Stores) -> None:
    """Agencies and registrations are in force in one version, and one entry names the upstream's version and hash."""
    agency = an_agency()
    certificate = registered(agency)
    assert await store.upstream.state("up/registry") is None

    assert await store.upstream.follow(followed(FIRST, agency, one=certificate)) == 1

    directory = await store.registry.directory()
    [held] = directory.agencies()
    assert (held.code, held.certificates) == ("H26", (certificate.registration,))
    assert await store.upstream.state("up/registry") == FIRST
    assert await store.upstream.certificates(1) == {
        certificate.registration.certificate_sha256: certificate.pem
    }
    [entry] = await activations(stores)
    assert entry.fields["upstream"] == entry.fields["actor"] == "up/registry"
    assert (entry.fields["upstream_version"], entry.fields["upstream_sha256"]) == (5, FIRST.sha256)
    assert (entry.fields["added"], entry.fields["registrations"]) == (1, 1)


async def test_once(store: SqlStore, stores: Stores) -> None:
    """The same version again, and an older one, change nothing, whichever process brings them."""
    other = await stores.open()
    agency = an_agency()
    await store.upstream.follow(followed(SECOND, agency))

    assert await other.upstream.follow(followed(SECOND, agency)) == 1
    assert await other.upstream.follow(followed(FIRST, closed=(agency,), base=1)) == 1

    assert await store.upstream.state("up/registry") == SECOND
    assert len(await activations(stores)) == 1
    assert len(await store.registry.directory()) == 1


async def test_content_that_is_in_force(store: SqlStore, stores: Stores) -> None:
    """A version of the upstream that changes nothing here is noted and makes no version."""
    await store.upstream.follow(followed(FIRST, an_agency()))

    assert await store.upstream.follow(followed(SECOND, base=1)) == 1
    assert await store.upstream.state("up/registry") == SECOND
    assert len(await activations(stores)) == 1


async def test_the_next_version(store: SqlStore) -> None:
    """What the upstream no longer says is closed: agencies, and registrations that it no longer has."""
    agency, office = an_agency(), an_agency("H26.1", "Văn phòng")
    await store.upstream.follow(followed(FIRST, agency, office, one=registered(agency)))
    another = registered(agency)

    assert await store.upstream.follow(followed(SECOND, closed=(office,), base=1, one=another)) == 2

    [held] = (await store.registry.directory()).agencies()
    assert held.certificates == (another.registration,)


async def test_a_change_of_another_version(store: SqlStore) -> None:
    """A change that was computed for an older local version is not made, and nothing is noted."""
    await store.registry.put_member(HANOI, actor="ops")

    with pytest.raises(StaleRegistryError):
        await store.upstream.follow(followed(FIRST, an_agency()))

    assert await store.upstream.state("up/registry") is None
    assert await store.upstream.follow(followed(FIRST, an_agency(), base=1)) == 2


async def test_a_contradiction(store: SqlStore, stores: Stores) -> None:
    """Content that contradicts itself is refused as a whole."""
    twice = (an_agency(), an_agency(name="Khác"))

    with pytest.raises(RegistryInconsistent):
        await store.upstream.follow(followed(FIRST, *twice))

    assert await store.upstream.state("up/registry") is None
    assert await activations(stores) == []
    assert (await store.registry.directory()).version == 0


async def test_signed_anew(store: SqlStore) -> None:
    """A later statement of the same version extends it; an earlier one, or one of another content, does not."""
    await store.upstream.follow(followed(FIRST, an_agency()))
    later = replace(FIRST, issued=NOON + HOUR, expires=NOON + 25 * HOUR)

    await store.upstream.extend(later)
    await store.upstream.extend(FIRST)
    await store.upstream.extend(replace(later, sha256="00" * 32, expires=NOON + 99 * HOUR))

    assert await store.upstream.state("up/registry") == later
