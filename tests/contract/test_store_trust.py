"""The contract of `ports.TrustStore`: versions that only grow, one entry for each change, and nothing ever forgotten."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import hashes

from certs.admission import Role
from certs.anchor import Anchor, Usage, Window
from certs.errors_authority import AuthorityExpiredError, NotAnAuthorityError
from certs.issue import Authority, new_root
from certs.policy import default_policy
from certs.revocation import Revocation
from gateway.errors_trust import (
    AlreadyRetiredError,
    AlreadyTrustedError,
    TermsOfIntermediateError,
    UnknownTrustError,
    WindowReversedError,
)
from gateway.store import SqlStore
from gateway.trusted import Terms, TrustVersion, content_sha256
from routing.log import Kind, LogEntry, read_leaf
from tests.support import pki
from tests.support.store_samples import EMPTY_REGISTRY, NOON, Clock
from tests.support.stores import Stores

ROOT = pki.root().certificate
AUTHORITY = pki.authority().certificate
ROOT_SHA256 = ROOT.fingerprint(hashes.SHA256()).hex()
AUTHORITY_SHA256 = AUTHORITY.fingerprint(hashes.SHA256()).hex()
DAY = timedelta(days=1)
POLICY = default_policy()
STRICT = Terms(
    usages=frozenset({Usage.SIGNATURE}),
    trusted_from=NOON - DAY,
    trusted_until=NOON + 300 * DAY,
    revocation=Revocation.REQUIRE,
    codes=("H26", "G22"),
    note="theo Quyết định 12/QĐ",
)


async def add(store: SqlStore, authority: Authority, terms: Terms | None = None) -> TrustVersion:
    """Rely on an authority, as an administrator does."""
    return await store.trust.add(authority.certificate, terms or Terms(), actor="admin")


async def logged(stores: Stores) -> list[LogEntry]:
    """Return all entries about trust."""
    rows = await stores.rows("SELECT leaf FROM log_entry ORDER BY id")
    entries = [read_leaf(bytes(leaf)) for (leaf,) in rows]
    return [entry for entry in entries if "trust_sha256" in entry.fields]


async def test_a_new_store_relies_on_nobody(store: SqlStore) -> None:
    """Version 0 is empty."""
    assert await store.trust.current() == TrustVersion(version=0, sha256=EMPTY_REGISTRY, certificates=())
    assert await store.trust.at_version(0) == await store.trust.current()
    assert await store.trust.version_at(NOON) == 0


async def test_an_anchor_and_all_its_terms(store: SqlStore, stores: Stores) -> None:
    """Every term comes back, for another process too; the entry names certificate, terms, actor and version."""
    made = await add(store, pki.root(), STRICT)

    fresh = await (await stores.open()).trust.current()
    [held] = fresh.certificates
    assert fresh == made
    assert (held.certificate, held.sha256, held.role) == (ROOT, ROOT_SHA256, Role.ANCHOR)
    assert (held.terms, held.reason, held.since_version) == (STRICT, "", 1)
    assert (held.actor, held.changed_at) == ("admin", NOON)
    assert (made.version, made.sha256) == (1, content_sha256([held]))
    [entry] = await logged(stores)
    assert entry.kind is Kind.TRUST_ADDED
    assert entry.fields == {
        "trust_number": 1,
        "trust_sha256": made.sha256,
        "certificate_sha256": ROOT_SHA256,
        "certificate_subject": ROOT.subject.rfc4514_string(),
        "role": "anchor",
        "actor": "admin",
        "usages": ["signature"],
        "trusted_from": (NOON - DAY).isoformat(),
        "trusted_until": (NOON + 300 * DAY).isoformat(),
        "revocation": "require",
        "agency_codes": ["H26", "G22"],
    }


async def test_what_a_verification_gets(store: SqlStore) -> None:
    """Anchors come with their terms, intermediates with their window, and the number says which version it was."""
    await add(store, pki.root(), STRICT)
    made = await add(store, pki.authority(), Terms(trusted_until=NOON + DAY))

    trust = made.trust(revocation=Revocation.OFF, policy=POLICY)

    anchor = Anchor(
        certificate=ROOT,
        usages=STRICT.usages,
        trusted_from=STRICT.trusted_from,
        trusted_until=STRICT.trusted_until,
        revocation=STRICT.revocation,
        codes=STRICT.codes,
    )
    assert (trust.anchors, trust.intermediates) == ((anchor,), (AUTHORITY,))
    assert trust.windows == (Window(certificate=AUTHORITY, trusted_until=NOON + DAY),)
    assert (trust.revocation, trust.number) == (Revocation.OFF, 2)


async def test_a_subordinate_is_an_intermediate(store: SqlStore) -> None:
    """What did not sign itself is no anchor, and has no terms of one."""
    made = await add(store, pki.authority())

    assert [each.role for each in made.certificates] == [Role.INTERMEDIATE]
    for terms in (Terms(codes=("H26",)), Terms(revocation=Revocation.OFF), replace(STRICT, codes=())):
        with pytest.raises(TermsOfIntermediateError):
            await store.trust.add(AUTHORITY, terms, actor="admin", replace=True)
    assert (await store.trust.current()).version == 1


async def test_refused_changes_change_nothing(store: SqlStore, stores: Stores, clock: Clock) -> None:
    """A refused change is no version and no entry, and its neighbours in the transaction stand."""
    await add(store, pki.root())
    expired = new_root("Hết hạn", NOON - timedelta(days=21 * 365))
    backwards = Terms(trusted_from=NOON, trusted_until=NOON)

    outcomes = await asyncio.gather(
        add(store, pki.root()),
        store.trust.add(pki.signer()[0], Terms(), actor="admin"),
        add(store, expired),
        store.trust.add(ROOT, backwards, actor="admin", replace=True),
        store.trust.retire("00" * 32, at=None, reason="", actor="admin"),
        add(store, pki.stranger()),
        return_exceptions=True,
    )

    assert [type(outcome) for outcome in outcomes] == [
        AlreadyTrustedError,
        NotAnAuthorityError,
        AuthorityExpiredError,
        WindowReversedError,
        UnknownTrustError,
        TrustVersion,
    ]
    assert (await store.trust.current()).version == 2
    assert [entry.fields["trust_number"] for entry in await logged(stores)] == [1, 2]


async def test_retiring_keeps_the_row(store: SqlStore, stores: Stores, clock: Clock) -> None:
    """A retired anchor stays with the end of its time, so that what was signed before can be judged."""
    await add(store, pki.root(), STRICT)
    clock.turn(days=10)

    made = await store.trust.retire(ROOT_SHA256, at=None, reason="khóa bị lộ", actor="ops")

    [held] = made.certificates
    assert held.terms == replace(STRICT, trusted_until=NOON + 10 * DAY)
    assert (held.reason, held.actor, held.changed_at) == ("khóa bị lộ", "ops", NOON + 10 * DAY)
    trust = made.trust(revocation=Revocation.SOFT, policy=POLICY)
    assert trust.anchors_for(Usage.SIGNATURE, NOON + 9 * DAY) == (ROOT,)
    assert trust.anchors_for(Usage.SIGNATURE, NOON + 10 * DAY) == ()
    entry = (await logged(stores))[-1]
    assert (entry.kind, entry.fields["trusted_until"]) == (
        Kind.TRUST_RETIRED,
        (NOON + 10 * DAY).isoformat(),
    )
    assert "reason" not in entry.fields
    rows = await stores.rows("SELECT since_version, until_version FROM trust_certificate ORDER BY id")
    assert rows == [(1, 2), (2, None)]


async def test_retiring_only_shortens(store: SqlStore) -> None:
    """The end may come earlier, up to the beginning, and never later."""
    await add(store, pki.root(), Terms(trusted_from=NOON))
    await store.trust.retire(ROOT_SHA256, at=NOON + 5 * DAY, reason="", actor="ops")

    for later in (NOON + 5 * DAY, NOON + 6 * DAY):
        with pytest.raises(AlreadyRetiredError):
            await store.trust.retire(ROOT_SHA256, at=later, reason="", actor="ops")
    with pytest.raises(WindowReversedError):
        await store.trust.retire(ROOT_SHA256, at=NOON - DAY, reason="", actor="ops")
    made = await store.trust.retire(ROOT_SHA256, at=NOON, reason="chưa từng", actor="ops")
    assert made.certificates[0].terms.trusted_until == NOON
    assert made.version == 3


async def test_terms_are_replaced_only_when_asked(store: SqlStore, stores: Stores) -> None:
    """A retired certificate can be relied upon again, on terms that somebody states; the same terms make no version."""
    await add(store, pki.root())
    await store.trust.retire(ROOT_SHA256, at=None, reason="nhầm", actor="ops")
    with pytest.raises(AlreadyTrustedError):
        await add(store, pki.root())

    made = await store.trust.add(ROOT, STRICT, actor="admin", replace=True)
    again = await store.trust.add(ROOT, STRICT, actor="admin", replace=True)

    assert (made.version, again) == (3, made)
    assert (made.certificates[0].terms, made.certificates[0].reason) == (STRICT, "")
    assert [entry.kind for entry in await logged(stores)] == [
        Kind.TRUST_ADDED,
        Kind.TRUST_RETIRED,
        Kind.TRUST_CHANGED,
    ]


async def test_taken_over_once(store: SqlStore, stores: Stores) -> None:
    """What was ever here is not taken over again, retired or not."""
    assert await store.trust.take_over(ROOT, actor="folder")
    assert not await store.trust.take_over(ROOT, actor="folder")
    await store.trust.retire(ROOT_SHA256, at=None, reason="", actor="ops")
    assert not await store.trust.take_over(ROOT, actor="folder")

    assert [entry.fields["actor"] for entry in await logged(stores)] == ["folder", "ops"]


async def test_two_processes_take_over_the_same(stores: Stores) -> None:
    """Of processes that find one file at the same time, one takes it over."""
    processes = [await stores.open() for _ in range(2)]

    answers = await asyncio.gather(
        *(each.trust.take_over(ROOT, actor="folder") for each in (*processes, *processes))
    )

    assert sorted(answers) == [False, False, False, True]
    assert len(await logged(stores)) == 1


async def test_every_version_can_be_seen_again(store: SqlStore, stores: Stores, clock: Clock) -> None:
    """What was relied upon then is known by version and by moment, in any process."""
    made = [await store.trust.current(), await add(store, pki.root())]
    clock.turn(hours=1)
    made.append(await add(store, pki.authority()))
    clock.turn(hours=1)
    made.append(await store.trust.retire(ROOT_SHA256, at=None, reason="", actor="ops"))

    reader = (await stores.open()).trust
    assert [await reader.at_version(version) for version in range(4)] == made
    moments = (NOON - DAY, NOON, NOON + timedelta(minutes=61), NOON + DAY)
    assert [await reader.version_at(moment) for moment in moments] == [0, 1, 2, 3]
    with pytest.raises(KeyError):
        await reader.at_version(4)


async def test_every_process_sees_a_change(stores: Stores) -> None:
    """A change is what the next question in any process gets; without one the answer is the same object."""
    writer, reader = (await stores.open()).trust, (await stores.open()).trust
    first = await reader.current()
    assert await reader.current() is first

    made = await writer.add(ROOT, Terms(), actor="admin")

    assert await reader.current() == made
    assert await reader.current() is await reader.current()


async def test_concurrent_changes_of_two_processes_are_all_kept(stores: Stores) -> None:
    """Versions are given out one by one, whoever asks."""
    processes = [(await stores.open()).trust for _ in range(2)]
    roots = [new_root(f"Gốc {number}", NOON).certificate for number in range(8)]

    made = await asyncio.gather(
        *(processes[number % 2].add(root, Terms(), actor="ops") for number, root in enumerate(roots))
    )

    assert sorted(each.version for each in made) == list(range(1, 9))
    final = await processes[0].current()
    assert {each.certificate for each in final.certificates} == set(roots)
    assert final.sha256 == content_sha256(final.certificates)
