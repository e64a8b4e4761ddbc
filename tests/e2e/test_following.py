"""Two gateways: one keeps the registry, the other follows it, and a change made there takes effect here at its instant."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.cli import run
from gateway.distribution.following import ALLOWANCE, Follower
from routing.agencies import Agency
from routing.agency_csv import parse_agencies
from routing.log import Kind
from routing.snapshot import LIFE
from schemas.document import Organization
from tests.api.world import AGENCIES, NOW, World, a_document, certificate_pem, world

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Pair:
    """Who is followed, and who follows."""

    upstream: World
    follower: World

    @property
    def following(self) -> Follower:
        """What asks the upstream."""
        found = self.follower.context.follower
        assert found is not None
        return found

    def turn(self, step: timedelta) -> None:
        """Let time pass for both."""
        for each in (self.upstream, self.follower):
            each.clock.turn(seconds=step.total_seconds())


@asynccontextmanager
async def following(folder: Path) -> AsyncIterator[Pair]:
    """Run both."""
    async with world(folder / "upstream") as upstream, connected(folder, upstream) as follower:
        yield Pair(upstream, follower)


@asynccontextmanager
async def connected(folder: Path, upstream: World) -> AsyncIterator[World]:
    """Run a gateway that follows another."""
    token = folder / "upstream.token"
    if not token.exists():
        token.write_text(upstream.tokens["nobody"])
        token.chmod(0o600)
    async with world(
        folder / "follower",
        agencies="",
        registry_upstream=upstream.url,
        registry_upstream_key=upstream.context.keys.registry.verifier,
        registry_upstream_token=token,
    ) as follower:
        assert follower.context.follower is not None
        await follower.context.follower.look()
        yield follower


async def change(upstream: World, **facts: object) -> None:
    """Change what the upstream says of the office of Tây Ninh."""
    agencies = [
        replace(each, **facts) if each.code == "H53.1" else each  # type: ignore[arg-type]
        for each in parse_agencies(AGENCIES.encode())
    ]
    await upstream.store.registry.load_agencies(agencies, actor="test", source_sha256="11" * 32)


def contents(gateway_agencies: object) -> set[object]:
    """Return agencies as a set."""
    return set(gateway_agencies)  # type: ignore[call-overload, no-any-return]


async def test_a_change_takes_effect_at_its_instant(tmp_path: Path) -> None:
    """What is decided upstream with a future date is known here at once, and in force here from its instant on."""
    to_office = (Organization(organ_id="H53.1"),)
    async with following(tmp_path) as pair:
        await pair.upstream.post(
            "/v1/agencies/H26/certificates", certificate_pem("H26"), "application/x-pem-file"
        )
        await change(pair.upstream, valid_to=NOW + HOUR, successors=("H53",))
        await pair.following.look()

        theirs = await pair.upstream.store.registry.directory()
        ours = await pair.follower.store.registry.directory()
        assert contents(ours.agencies()) == contents(theirs.agencies())
        [registered] = [each for each in ours.agencies() if each.certificates]
        assert registered.code == "H26"
        before = await pair.follower.send(a_document(recipients=to_office))
        pair.turn(HOUR)
        after = await pair.follower.send(a_document(recipients=to_office))

        assert before.status == 201
        assert (after.status, after.json["code"]) == (422, "registry.code_closed")
        assert "H53" in after.json["fix_en"]
        entries = [each for each in await pair.follower.log() if each.kind is Kind.REGISTRY_ACTIVATED]
        assert entries[-1].fields["change"] == f"gw.test/registry {theirs.version}"
        assert entries[-1].fields["actor"] == "gw.test/registry"
        shown = (await pair.follower.call("GET", "/readyz", token=None)).json["checks"]["registry"]
        assert shown["upstream_version"] == theirs.version
    database = tmp_path / "follower" / "vanthu.db"
    assert await asyncio.to_thread(run, ["log", "verify", "--database", str(database)]) == 0


async def test_the_same_again_changes_nothing(tmp_path: Path) -> None:
    """Asking again makes no version, also after a restart, and also if what was kept on disk is gone."""
    async with world(tmp_path / "upstream") as upstream:
        async with connected(tmp_path, upstream) as follower:
            version = (await follower.store.registry.directory()).version
            assert follower.context.follower is not None
            await follower.context.follower.look()
            assert (await follower.store.registry.directory()).version == version
        (tmp_path / "follower" / "snapshots" / "upstream.lines.gz").unlink()
        await change(upstream, name="Văn phòng mới")
        async with connected(tmp_path, upstream) as follower:
            directory = await follower.store.registry.directory()
            assert directory.version == version + 1
            renamed = directory.agency("H53.1", NOW)
            assert isinstance(renamed, Agency)
            assert renamed.name == "Văn phòng mới"


async def test_nothing_is_decided_by_old_data(tmp_path: Path) -> None:
    """Once what is known is out of date, nothing is accepted or refused until the upstream answers again."""
    async with following(tmp_path) as pair:
        pair.turn(LIFE + ALLOWANCE - timedelta(seconds=1))
        still = await pair.follower.send(a_document())
        pair.turn(timedelta(seconds=1))
        first = a_document()
        stale = await pair.follower.send(first)
        ready = await pair.follower.call("GET", "/readyz", token=None)
        await pair.following.look()
        again = await pair.follower.send(first)

        assert still.status == 201
        assert (stale.status, stale.json["code"]) == (503, "registry.upstream_stale")
        assert stale.json["outcome"] == "undecided"
        assert ready.status == 503
        assert again.status == 201


async def test_the_registry_is_not_changed_here(tmp_path: Path) -> None:
    """Lists and certificates are refused with where to go; connected systems are this gateway's own."""
    async with following(tmp_path) as pair:
        lists = await pair.follower.post("/v1/registry/agencies", AGENCIES.encode(), "text/csv")
        pem = await pair.follower.post(
            "/v1/agencies/H26/certificates", certificate_pem("H26"), "application/x-pem-file"
        )
        for refused in (lists, pem):
            assert (refused.status, refused.json["code"]) == (409, "registry.follows_upstream")
            assert pair.upstream.url in refused.json["en"]
        member = b'{"id":"moi","name":"M","prefixes":["G22"]}'
        assert (await pair.follower.post("/v1/members", member, "application/json")).status == 201


@pytest.mark.parametrize("fault", ["another_key", "no_token"])
async def test_who_is_not_believed(tmp_path: Path, fault: str) -> None:
    """A registry signed with another key is not taken over; without a token nothing comes. Nothing is decided then."""
    async with world(tmp_path / "upstream") as upstream:
        keys = upstream.context.keys
        key = keys.registry if fault == "no_token" else replace(keys.axis, name=keys.registry.name)
        token = tmp_path / "token"
        token.write_text("vt_none" if fault == "no_token" else upstream.tokens["nobody"])
        token.chmod(0o600)
        async with world(
            tmp_path / "follower",
            agencies="",
            registry_upstream=upstream.url,
            registry_upstream_key=key.verifier,
            registry_upstream_token=token,
        ) as follower:
            assert follower.context.follower is not None
            await follower.context.follower.look()

            assert follower.context.follower.error
            assert len(await follower.store.registry.directory()) == 0
            assert (await follower.send(a_document())).json["code"] == "registry.upstream_stale"
