"""A host or a database that cannot be used just now, from outside: 503 with Retry-After, never an internal error."""

from __future__ import annotations

import asyncio
import errno
from pathlib import Path

import pytest

from gateway.api.excuses import excused
from gateway.errors import OverloadedError
from gateway.store import SqlStore
from tests.api.world import World, a_document, world
from tests.support.postgres import Cluster

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_database_that_nobody_can_connect_to(tmp_path: Path, postgres: Cluster) -> None:
    """Sending, receiving and whatever is refused are answered with 503; when it is back, everything goes on."""
    name = await asyncio.to_thread(postgres.create)
    async with world(tmp_path, database=postgres.url(name)) as gateway:
        await asyncio.to_thread(_connections, postgres, name, allowed=False)

        answers = [
            await gateway.send(a_document()),
            await gateway.call("GET", "/v1/inbox"),
            await gateway.call("POST", "/v1/members", token="hanoi", body=b"{}"),
            await gateway.call("GET", "/v1/inbox", token=None),
        ]
        await asyncio.to_thread(_connections, postgres, name, allowed=True)

        assert [(each.status, each.json["code"]) for each in answers] == [(503, "store.unavailable")] * 4
        assert all(int(each.headers["Retry-After"]) for each in answers)
        assert await _served(gateway)


async def _served(gateway: World) -> bool:
    """Ask as a client does, until there is an answer that counts; at most as often as a broken pool has connections."""
    for _ in range(20):
        answer = await gateway.call("GET", "/v1/inbox")
        if answer.status != 503:
            return answer.status == 200
    return False


def _connections(postgres: Cluster, name: str, *, allowed: bool) -> None:
    """Let a database take connections, or end all that it has and let it take no more."""
    postgres.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS {str(allowed).lower()}')
    if not allowed:
        postgres.execute(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608 - a name of ours
        )


@pytest.mark.parametrize(
    "number", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE, errno.EROFS]
)
async def test_host_without_room(gateway: World, number: int) -> None:
    """A full or failing disk, and too many open files, are the gateway's trouble and pass: its callers come again."""
    found = excused(OSError(number, "whatever the system says"), store=gateway.store)

    assert isinstance(found, OverloadedError)


async def test_other_errors_stay_as_they_are(gateway: World) -> None:
    """A defect is not excused."""
    for error in (OSError(errno.EINVAL, "?"), FileNotFoundError(errno.ENOENT, "?"), KeyError("?")):
        assert excused(error, store=gateway.store) is error
    assert isinstance(gateway.store, SqlStore)
