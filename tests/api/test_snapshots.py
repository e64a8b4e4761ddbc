"""The registry as a signed file over HTTP: whole, as a delta, unchanged, and at various times."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from routing.agencies import Agency
from routing.errors_snapshot import SnapshotExpiredError
from routing.note import Verifier, parse_verifier_key
from routing.snapshot import Delta, Known, Snapshot, open_delta, open_snapshot
from routing.snapshot_lines import Certificate
from tests.api.world import HANOI, NOW, World, certificate_pem, world

pytestmark = pytest.mark.asyncio(loop_scope="session")

SNAPSHOT = "/v1/registry/snapshot"
ZIPPED: Mapping[str, str] = {"Accept-Encoding": "gzip"}
PLAIN: Mapping[str, str] = {"Accept-Encoding": "identity"}


async def key(gateway: World) -> tuple[Verifier, ...]:
    """Return the key of the registry, as the gateway publishes it."""
    listed = (await gateway.call("GET", "/v1/keys", token=None)).json["keys"]
    return tuple(parse_verifier_key(each["verifier_key"]) for each in listed if each["purpose"] == "registry")


async def fetched(
    gateway: World, *, known: Known | None = None, headers: Mapping[str, str] = PLAIN
) -> Snapshot:
    """Fetch the whole and verify it."""
    answer = await gateway.call("GET", SNAPSHOT, token="nobody", headers=headers)
    assert answer.status == 200
    return open_snapshot(answer.body, await key(gateway), known=known, at=gateway.clock())


async def delta(gateway: World, known: Known) -> Delta:
    """Fetch what changed and verify it."""
    answer = await gateway.call("GET", f"{SNAPSHOT}?since={known.version}")
    assert answer.status == 200
    return open_delta(answer.body, await key(gateway), known=known, at=gateway.clock())


async def test_the_whole_registry(tmp_path: Path) -> None:
    """Everything that is in force or will be is there, with registered certificates; whatever form it is sent in."""
    async with world(tmp_path) as gateway:
        await gateway.post("/v1/agencies/H26/certificates", certificate_pem("H26"), "application/x-pem-file")
        found = await fetched(gateway)

        directory = await gateway.store.registry.directory()
        assert found.header.version == directory.version
        assert found.header.registry == "gw.test/registry"
        assert found.header.issued == NOW
        agencies = [each for each in found.items if isinstance(each, Agency)]
        assert {each.code for each in agencies} == {each.code for each in directory.agencies()}
        assert [each.pem.encode() for each in found.items if isinstance(each, Certificate)] == [
            certificate_pem("H26")
        ]
        assert (await fetched(gateway, headers=ZIPPED)).lines == found.lines


async def test_unchanged(gateway: World) -> None:
    """Who has this version is told so; the head of the answer alone can be had, too."""
    first = await gateway.call("HEAD", SNAPSHOT)
    second = await gateway.call("GET", SNAPSHOT, headers={"If-None-Match": first.headers["ETag"]})

    assert (first.status, first.body) == (200, b"")
    assert (second.status, second.body) == (304, b"")
    assert second.headers["ETag"] == first.headers["ETag"]
    assert (await gateway.call("GET", SNAPSHOT, token=None)).status == 401


async def test_signed_anew(tmp_path: Path) -> None:
    """The same content is signed anew each hour; without that it expires."""
    async with world(tmp_path) as gateway:
        first = await gateway.call("GET", SNAPSHOT, headers=PLAIN)
        gateway.clock.turn(minutes=59)
        same = await gateway.call("GET", SNAPSHOT, headers=PLAIN)
        gateway.clock.turn(minutes=1)
        later = await fetched(gateway)

        assert same.body == first.body
        assert later.header.issued == NOW + timedelta(hours=1)
        with pytest.raises(SnapshotExpiredError):
            open_snapshot(first.body, await key(gateway), known=None, at=NOW + timedelta(hours=24))


async def test_deltas(tmp_path: Path) -> None:
    """What changed is what leads from one version to the next; that nothing did is signed as well."""
    async with world(tmp_path) as gateway:
        first = await fetched(gateway)
        nothing = await delta(gateway, first.header.known)
        renamed = replace(HANOI, name="Hệ thống mới")
        await gateway.store.registry.put_member(renamed, actor="test")
        something = await delta(gateway, first.header.known)
        second = await fetched(gateway, known=first.header.known)

        assert (nothing.added, nothing.removed) == ((), ())
        assert (len(something.added), len(something.removed)) == (1, 1)
        assert something.apply(first.lines) == second.lines
        assert something.header.known == second.header.known
        again = await gateway.call("GET", f"{SNAPSHOT}?since={first.header.version}", headers=ZIPPED)
        assert again.headers["Content-Encoding"] == "gzip"


async def test_unknown_version(gateway: World) -> None:
    """From a version of which nothing is known no delta can be had."""
    answer = await gateway.call("GET", f"{SNAPSHOT}?since=999")

    assert (answer.status, answer.json["code"]) == (410, "registry.snapshot_version_gone")
    assert (await gateway.call("GET", f"{SNAPSHOT}?since=-1")).status == 400


async def test_old_files_go(tmp_path: Path) -> None:
    """Only so many versions are kept."""
    async with world(tmp_path) as gateway:
        last = await fetched(gateway)
        for number in range(20):
            await gateway.store.registry.put_member(replace(HANOI, name=f"Tên {number}"), actor="test")
            last = await fetched(gateway)

        names = sorted(path.name for path in (tmp_path / "snapshots").iterdir())
        assert len(names) == 16
        stored = gzip.decompress((tmp_path / "snapshots" / f"{last.header.version}.jsonl.gz").read_bytes())
        assert stored.endswith(last.lines[-1] + b"\n")
