"""The contract of `ports.UpstreamRegistry`: a statement is taken over once, with one entry, and never goes back."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from cryptography.hazmat.primitives.serialization import Encoding

from certs.certificate import fingerprint, key_fingerprint
from certs.issue import issue, new_root
from gateway.ports.upstream import Followed, Registered, UpstreamState
from gateway.store import SqlStore
from routing.agencies import Agency
from routing.log import Kind, LogEntry, read_leaf
from routing.registrations import Registration
from tests.support.registry import an_agency
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


def followed(state: UpstreamState, *registrations: Registered) -> Followed:
    """Return what a statement says beside agencies."""
    return Followed(state=state, registrations=frozenset(registrations))


async def load(store: SqlStore, *agencies: Agency) -> None:
    """Make these the agencies of the local registry."""
    await store.registry.load_agencies(agencies, actor="up/registry", source_sha256=FIRST.sha256)


async def activations(stores: Stores) -> list[LogEntry]:
    """Return the entries about versions that registrations of the upstream made."""
    rows = await stores.rows("SELECT leaf FROM log_entry ORDER BY id")
    entries = [read_leaf(bytes(leaf)) for (leaf,) in rows]
    return [each for each in entries if "registrations" in each.fields]


async def test_registrations_are_taken_over(store: SqlStore, stores: Stores) -> None:
    """They are in force in one version, and one entry names the upstream's version and hash."""
    agency = an_agency()
    certificate = registered(agency)
    await load(store, agency)
    assert await store.upstream.state("up/registry") is None

    assert await store.upstream.follow(followed(FIRST, certificate)) == 2

    [held] = (await store.registry.directory()).agencies()
    assert (held.code, held.certificates) == ("H26", (certificate.registration,))
    fresh = await (await stores.open()).registry.directory()
    assert fresh.sha256 == (await store.registry.directory()).sha256
    assert list(fresh.agencies()) == [held]
    assert await store.upstream.state("up/registry") == FIRST
    assert await store.upstream.certificates(2) == {
        certificate.registration.certificate_sha256: certificate.pem
    }
    [entry] = await activations(stores)
    assert entry.kind is Kind.REGISTRY_ACTIVATED
    assert (entry.fields["change"], entry.fields["actor"]) == ("up/registry 5", "up/registry")
    assert (entry.fields["source_sha256"], entry.fields["registrations"]) == (FIRST.sha256, 1)


async def test_once(store: SqlStore, stores: Stores) -> None:
    """The same statement again, and an older one, change nothing, whichever process brings them."""
    other = await stores.open()
    agency = an_agency()
    certificate = registered(agency)
    await load(store, agency)
    await store.upstream.follow(followed(SECOND, certificate))

    assert await other.upstream.follow(followed(SECOND, certificate)) == 2
    assert await other.upstream.follow(followed(FIRST)) == 2

    assert await store.upstream.state("up/registry") == SECOND
    assert len(await activations(stores)) == 1


async def test_what_is_in_force_already(store: SqlStore, stores: Stores) -> None:
    """A statement whose registrations are those that are there is noted and makes no version."""
    await load(store, an_agency())

    assert await store.upstream.follow(followed(FIRST)) == 1
    assert await store.upstream.follow(followed(SECOND)) == 1
    assert await store.upstream.state("up/registry") == SECOND
    assert await activations(stores) == []


async def test_the_next_statement(store: SqlStore, stores: Stores) -> None:
    """Registrations that the upstream no longer has are closed, those that it has stay, new ones come after them."""
    agency = an_agency()
    await load(store, agency)
    first, second, third = (registered(agency) for _ in range(3))
    await store.upstream.follow(followed(FIRST, first, second))

    assert await store.upstream.follow(followed(SECOND, second, third)) == 3

    [held] = (await store.registry.directory()).agencies()
    assert held.certificates == (second.registration, third.registration)
    [read] = (await (await stores.open()).registry.directory()).agencies()
    assert read == held
    assert await store.upstream.follow(followed(replace(SECOND, version=7))) == 4
    [bare] = (await store.registry.directory()).agencies()
    assert bare.certificates == ()


async def test_two_at_once(store: SqlStore, stores: Stores) -> None:
    """Of two processes that take the same statement over at once, one makes the version, whoever is first."""
    agency = an_agency()
    certificate = registered(agency)
    await load(store, agency)
    opened = [store, await stores.open(), await stores.open()]

    versions = await asyncio.gather(*(each.upstream.follow(followed(FIRST, certificate)) for each in opened))

    assert versions == [2, 2, 2]
    assert len(await activations(stores)) == 1


async def test_signed_anew(store: SqlStore) -> None:
    """A later statement of the same version extends it; an earlier one, or one of another content, does not."""
    await store.upstream.follow(followed(FIRST))
    later = replace(FIRST, issued=NOON + HOUR, expires=NOON + 25 * HOUR)

    await store.upstream.extend(later)
    await store.upstream.extend(FIRST)
    await store.upstream.extend(replace(later, sha256="00" * 32, expires=NOON + 99 * HOUR))

    assert await store.upstream.state("up/registry") == later
